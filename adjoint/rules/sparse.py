"""Products of arrays with sparse matrices (`scipy.sparse`) that do not vary: `a @ x`, `x @ a`, in reverse with `a.T`.

A sparse matrix is an object to the program: it is handed over at each call, and only its products are known. Nothing
here imports SciPy.
"""

import operator
from typing import Any

import numpy as np

from adjoint.ir.core import Primitive
from adjoint.ir.types import UNKNOWN, ArrayType, ObjectType
from adjoint.rules.infer import array_type
from adjoint.rules.registry import Rule, register_primitive
from adjoint.rules.trace import Sym


def is_sparse(obj: Any) -> bool:
    """Whether an object is a sparse matrix or array of SciPy."""
    return any(cls.__module__.startswith("scipy.sparse") for cls in type(obj).__mro__) and hasattr(obj, "tocsr")


def type_of_sparse(obj: Any) -> ObjectType:
    """The type of a sparse matrix in a program: dtype and shape, by its name. TypeError for what has none."""
    if obj.ndim != 2 or (obj.format == "coo" and obj.shape[0] == 1):  # whose product with a vector SciPy makes a number
        raise TypeError(f"a sparse array of shape {obj.shape} in the format {obj.format!r}: convert it with `.tocsr()`")
    rows, columns = obj.shape
    return ObjectType(f"sparse {obj.dtype.name} {rows} {columns}")


def facts(type_: Any) -> tuple[str, int, int]:
    _, dtype, rows, columns = type_.name.split()
    return dtype, int(rows), int(columns)


def infer_left(inputs, attrs):
    (dtype, rows, _), x = facts(inputs[0].type), inputs[1].type
    if not isinstance(x, ArrayType) or not x.shape:
        return UNKNOWN
    return array_type(None if x.dtype is None else np.result_type(dtype, x.dtype).name, (rows, *x.shape[1:]))


def infer_right(inputs, attrs):
    x, (dtype, _, columns) = inputs[0].type, facts(inputs[1].type)
    if not isinstance(x, ArrayType) or not x.shape:
        return UNKNOWN
    return array_type(None if x.dtype is None else np.result_type(dtype, x.dtype).name, (*x.shape[:-1], columns))


def infer_transposed(inputs, attrs):
    dtype, rows, columns = facts(inputs[0].type)
    return ObjectType(f"sparse {dtype} {columns} {rows}")


LEFT = Primitive("sparse.left", operator.matmul, infer_left, None, 2)
RIGHT = Primitive("sparse.right", operator.matmul, infer_right, None, 2)
TRANSPOSED = Primitive("sparse.transposed", np.transpose, infer_transposed, None, 1)


def emitted(primitive, *operands):
    sym = next(x for x in operands if isinstance(x, Sym))
    (found,) = sym.tracer.builder.emit(primitive, [sym.tracer.atom(x) for x in operands])
    return Sym(found, sym.tracer)


def left_transposed(bar, a, x):
    return (emitted(LEFT, emitted(TRANSPOSED, a), bar),)


def right_transposed(bar, x, a):
    return (emitted(RIGHT, bar, emitted(TRANSPOSED, a)),)


register_primitive(Rule(LEFT, "linear", left_transposed, wrt=(1,)))
register_primitive(Rule(RIGHT, "linear", right_transposed, wrt=(0,)))
register_primitive(Rule(TRANSPOSED, "nondifferentiable", None))
