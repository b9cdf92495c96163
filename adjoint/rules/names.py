"""Names for the primitives that passes look for, once the rule families have entered them."""

from __future__ import annotations

import operator
from dataclasses import dataclass
from typing import Any

import numpy as np

from adjoint.ir.core import Primitive
from adjoint.rules import (  # noqa: F401  # enter their rules
    arithmetic,
    construct,
    eigen,
    factor,
    index,
    internal,
    linalg,
    products,
    reduce,
    shape,
    trace,
    unary,
)
from adjoint.rules.registry import primitive_of


def _named(fun: Any) -> Primitive:
    primitive = primitive_of(fun)
    if primitive is None:
        raise LookupError(f"no rule declares {fun}")
    return primitive


ADD, NP_ADD = _named(operator.add), _named(np.add)
SUB, NP_SUBTRACT = _named(operator.sub), _named(np.subtract)
MUL, NP_MULTIPLY = _named(operator.mul), _named(np.multiply)
DIV, NP_DIVIDE = _named(operator.truediv), _named(np.divide)
POW, NP_POWER = _named(operator.pow), _named(np.power)
NEG, NP_NEGATIVE = _named(operator.neg), _named(np.negative)
POS, NP_POSITIVE = _named(operator.pos), _named(np.positive)
MATMUL, NP_MATMUL = _named(operator.matmul), _named(np.matmul)
GETITEM = _named(operator.getitem)
WHERE = _named(np.where)
SUM = _named(np.sum)
TRANSPOSE, SWAPAXES = _named(np.transpose), _named(np.swapaxes)
EXPAND_DIMS, SQUEEZE, RESHAPE, RAVEL = _named(np.expand_dims), _named(np.squeeze), _named(np.reshape), _named(np.ravel)
REAL, IMAG, CONJ = _named(np.real), _named(np.imag), _named(np.conj)
SIZE, DIM = _named(np.size), _named(trace.DIM)
ZEROS, ZEROS_LIKE, EMPTY = _named(np.zeros), _named(np.zeros_like), _named(np.empty)
BROADCAST_LIKE, SUM_TO = _named(internal.broadcast_like), _named(internal.sum_to)
CAST = _named(internal.cast)
TOTAL_DIVIDE = _named(internal.TOTAL[operator.truediv])
ADD_AT, UPDATE, UPDATE_VIEW = _named(internal.add_at), _named(internal.update), _named(internal.update_view)
WRITTEN_LAST = _named(internal.written_last)

ADDS = frozenset({ADD, NP_ADD})
SUBS = frozenset({SUB, NP_SUBTRACT})
MULS = frozenset({MUL, NP_MULTIPLY})
DIVS = frozenset({DIV, NP_DIVIDE, TOTAL_DIVIDE})
POWS = frozenset({POW, NP_POWER})
NEGS = frozenset({NEG, NP_NEGATIVE})
MATMULS = frozenset({MATMUL, NP_MATMUL})


_MATRIX = np.eye(1)
RESULT_CLASSES = {
    _named(fun): type(fun(_MATRIX))
    for fun in (np.linalg.slogdet, np.linalg.eig, np.linalg.eigh, np.linalg.svd, np.linalg.qr)
}
"""What functions of NumPy call their several results: `np.linalg.eigh(a).eigenvalues`."""


@dataclass(frozen=True, slots=True)
class Family:
    """The four operations and the sign, as operators or as ufuncs: a rewrite stays within one family."""

    add: Primitive
    sub: Primitive
    mul: Primitive
    div: Primitive
    neg: Primitive


OPERATORS = Family(ADD, SUB, MUL, DIV, NEG)
UFUNCS = Family(NP_ADD, NP_SUBTRACT, NP_MULTIPLY, NP_DIVIDE, NP_NEGATIVE)
TOTALS = Family(ADD, SUB, MUL, TOTAL_DIVIDE, NEG)


def family_of(primitive: Primitive) -> Family:
    if primitive in (NP_ADD, NP_SUBTRACT, NP_MULTIPLY, NP_DIVIDE, NP_NEGATIVE):
        return UFUNCS
    return TOTALS if primitive is TOTAL_DIVIDE else OPERATORS
