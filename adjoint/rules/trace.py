"""Symbolic values: NumPy code in, ops out. Rules run once on these and leave their ops in a block.

`Sym` implements NumPy's dispatch protocols and Python's operators. It has the facts known at compile
time (`ndim`, `dtype`, `shape`) and refuses to become a number. `np.zeros`, `np.eye` and `np.arange`
take no array: pass `like=x`.
"""

from __future__ import annotations

import inspect
import operator
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np

from adjoint.errors import MissingRuleError, TypeInferenceError, UnsupportedError
from adjoint.ir.build import Builder
from adjoint.ir.core import Atom, Literal, Primitive, Slot, Value
from adjoint.ir.types import PY_INT, ArrayType
from adjoint.rules import registry
from adjoint.rules.infer import remember_length


class Tracer:
    """Appends what symbolic values do to a builder.

    `substitutes` maps callables to those that take their place when every operand is a Python scalar
    (`np.cos` -> `math.cos` in the rule of `math.sin`).
    """

    def __init__(self, builder: Builder, substitutes: Mapping[Any, Any] | None = None) -> None:
        self.builder = builder
        self.substitutes = substitutes or {}

    def apply(self, fun: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        """Append a call of a registered function."""
        for arg in args:
            if isinstance(arg, Zero):
                return with_zero(fun, args)
        if fun in self.substitutes and all(map(_is_python_scalar, args)):
            fun = self.substitutes[fun]
        primitive = registry.primitive_of(fun, args)
        if primitive is None:
            raise MissingRuleError(
                f"a rule uses `{registry.name_of(fun)}`, which has no rule itself", self.builder.span
            )
        inputs, attrs = normal_form(primitive, args, kwargs)
        outputs = self.builder.emit(primitive, [self.atom(x) for x in inputs], attrs)
        results = tuple(Sym(value, self) for value in outputs)
        return results[0] if len(results) == 1 else results

    def atom(self, x: Any) -> Atom:
        if isinstance(x, Sym):
            return x.atom
        if isinstance(x, (Value, Literal)):
            return x
        if isinstance(x, Unknown):
            raise MissingRuleError(x.text, self.builder.span, "keep that argument constant")
        return Literal(x)


class Unknown:
    """A cotangent that no rule gives: an error where it is needed."""

    def __init__(self, text: str) -> None:
        self.text = text


def normal_form(
    primitive: Primitive,
    args: Sequence[Any],
    kwargs: Mapping[str, Any],
    is_dynamic: Callable[[Any], bool] | None = None,
) -> tuple[list[Any], dict[str, Any]]:
    """Split the arguments of a call into inputs and static attributes, by the primitive's signature.

    Run-time numbers inside attributes are appended to the inputs and replaced by slots. Attributes at
    their default value are dropped; one that the rule does not know raises TypeError.
    """
    operands, attributes = bound_arguments(primitive, args, kwargs)
    if not attributes and not primitive.sequence:
        return operands, attributes
    is_dynamic = is_dynamic or _is_symbolic
    if primitive.sequence:
        if not isinstance(operands[0], (list, tuple)):
            raise TypeError(f"{primitive.name} needs a list or tuple of arrays")
        operands = list(operands[0])
    known = primitive.attributes
    for name, item in attributes.items():
        if known != ("*",) and name not in known and item is not None and item is not np._NoValue:  # noqa: SLF001  # NumPy's mark of no argument
            raise TypeError(f"the rule of {primitive.name} does not know the argument `{name}`")
    attributes = {name: item for name, item in attributes.items() if name in known or known == ("*",)}
    inputs = list(operands)
    return inputs, {name: _with_slots(item, is_dynamic, inputs) for name, item in attributes.items()}


def _is_symbolic(item: Any) -> bool:
    return isinstance(item, (Sym, Value))


def _with_slots(item: Any, is_dynamic: Callable[[Any], bool], inputs: list[Any]) -> Any:
    """An attribute with slots for its run-time numbers, which become inputs."""
    if is_dynamic(item):
        inputs.append(item)
        return Slot(len(inputs) - 1)
    if isinstance(item, slice):
        return slice(*[_with_slots(part, is_dynamic, inputs) for part in (item.start, item.stop, item.step)])
    if type(item) in (tuple, list):
        return type(item)([_with_slots(part, is_dynamic, inputs) for part in item])
    if type(item) is dict:
        return {key: _with_slots(part, is_dynamic, inputs) for key, part in item.items()}
    return item.value if isinstance(item, Literal) else item


def bound_arguments(
    primitive: Primitive, args: Sequence[Any], kwargs: Mapping[str, Any]
) -> tuple[list[Any], dict[str, Any]]:
    """Operands and attributes of a call by the primitive's signature; without one, by position and by name."""
    if primitive.signature is None:
        return list(args), dict(kwargs)
    if not kwargs and len(args) == primitive.operands and _takes_operands_alone(primitive):
        return list(args), {}
    bound = primitive.signature.bind(*args, **kwargs)
    if primitive.operands is None and not primitive.sequence:
        return list(bound.args), dict(bound.kwargs)
    count = 1 if primitive.sequence else primitive.operands or 0
    names = list(primitive.signature.parameters)
    operands = [bound.arguments[name] for name in names[:count] if name in bound.arguments]
    attributes: dict[str, Any] = {}
    for name in names[count:]:
        if name not in bound.arguments:
            continue
        item, default = bound.arguments[name], primitive.signature.parameters[name]
        if default.kind is default.VAR_KEYWORD:
            attributes.update(item)
        elif item is not default.default:
            attributes[name] = item
    return operands, attributes


@cache
def _takes_operands_alone(primitive: Primitive) -> bool:
    """Whether a call with the operands and nothing else needs no binding: they come first, the rest has defaults."""
    parameters = list(primitive.signature.parameters.values())
    operands, rest = parameters[: primitive.operands], parameters[primitive.operands :]
    return (
        type(primitive.signature) is inspect.Signature  # others bind in their own way
        and not primitive.sequence
        and len(operands) == primitive.operands
        and all(p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD) for p in operands)
        and all(p.default is not p.empty or p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD) for p in rest)
    )


def _is_python_scalar(x: Any) -> bool:
    if isinstance(x, Sym):
        return isinstance(x.atom.type, ArrayType) and x.atom.type.kind == "py"
    return type(x) in (int, float, bool, complex)


def _binary(fun: Any) -> tuple[Callable[..., Any], Callable[..., Any]]:
    def forward(self: Sym, other: Any) -> Any:
        return self.tracer.apply(fun, (self, other), {})

    def backward(self: Sym, other: Any) -> Any:
        return self.tracer.apply(fun, (other, self), {})

    return forward, backward


class Zero:
    """The tangent of an inactive operand inside a `jvp_rule`: it vanishes from sums and absorbs products."""

    __array_priority__ = 2000.0

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        return with_zero(ufunc, inputs)

    def __array_function__(self, fun: Any, types: Any, args: Any, kwargs: Any) -> Any:
        return self

    def __add__(self, other: Any) -> Any:
        return other

    __radd__ = __add__

    def __sub__(self, other: Any) -> Any:
        return self if isinstance(other, Zero) else -other

    def __rsub__(self, other: Any) -> Any:
        return other

    def _absorb(self, *_: Any) -> Zero:
        return self

    __mul__ = __rmul__ = __matmul__ = __rmatmul__ = __truediv__ = __neg__ = __getitem__ = _absorb

    def __getattr__(self, name: str) -> Any:
        if name in ("T", "real", "imag"):
            return self
        if name.startswith("__"):
            raise AttributeError(name)
        return lambda *args, **kwargs: self


ZERO = Zero()


def with_zero(fun: Any, args: Sequence[Any]) -> Any:
    """The result of a function that is linear in its symbolic zeros."""
    if fun in (operator.add, np.add):
        return args[1] if isinstance(args[0], Zero) else args[0]
    if fun in (operator.sub, np.subtract):
        return -args[1] if isinstance(args[0], Zero) and not isinstance(args[1], Zero) else args[0]
    return ZERO


class Sym:
    """A value of the program being traced; behaves as the array that it will be."""

    __slots__ = ("atom", "tracer")
    __array_priority__ = 1000.0

    def __init__(self, atom: Atom, tracer: Tracer) -> None:
        self.atom = atom
        self.tracer = tracer

    # ---- facts known at compile time

    @property
    def type(self) -> ArrayType:
        type_ = self.atom.type
        if not isinstance(type_, ArrayType):
            raise TypeInferenceError(f"a rule needs an array and got {type_}", self.tracer.builder.span)
        return type_

    @property
    def ndim(self) -> int:
        if self.type.shape is None:
            raise TypeInferenceError(
                "the rank of a value is not known here",
                self.tracer.builder.span,
                "give argument types (`--types`, or call the function once), or start the variable with an array",
            )
        return len(self.type.shape)

    @property
    def dtype(self) -> np.dtype[Any]:
        return np.dtype(self.type.dtype or "float64")

    @property
    def shape(self) -> tuple[Any, ...]:
        return tuple(self._length(axis) for axis in range(self.ndim))

    def _length(self, axis: int) -> Any:
        length = self.type.shape[axis] if self.type.shape is not None else None
        if isinstance(length, int):
            return length
        found = self.tracer.apply(DIM, (self,), {"axis": axis})
        if length is not None:
            remember_length(found.atom, length)
        return found

    @property
    def size(self) -> Any:
        return self.tracer.apply(np.size, (self,), {})

    def __len__(self) -> int:
        length = self.shape[0]
        if not isinstance(length, int):
            raise TypeInferenceError(
                "a rule may not depend on a length known at run time only", self.tracer.builder.span
            )
        return length

    # ---- NumPy's dispatch protocols

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        if method != "__call__":
            return self.tracer.apply(getattr(ufunc, method), inputs, kwargs)
        return self.tracer.apply(ufunc, inputs, kwargs)

    def __array_function__(self, fun: Any, types: Any, args: Any, kwargs: Any) -> Any:
        if fun in (np.eye, np.tri):  # these hand on what `like=` comes with: their defaults
            kwargs = {name: item for name, item in kwargs.items() if name in ("M", "k") and item is not None}
        kwargs = {name: item for name, item in kwargs.items() if name != "like"}
        return self.tracer.apply(fun, args, kwargs)

    # ---- operators and methods

    __add__, __radd__ = _binary(operator.add)
    __sub__, __rsub__ = _binary(operator.sub)
    __mul__, __rmul__ = _binary(operator.mul)
    __truediv__, __rtruediv__ = _binary(operator.truediv)
    __floordiv__, __rfloordiv__ = _binary(operator.floordiv)
    __mod__, __rmod__ = _binary(operator.mod)
    __pow__, __rpow__ = _binary(operator.pow)
    __matmul__, __rmatmul__ = _binary(operator.matmul)
    __lt__, __gt__ = _binary(operator.lt)
    __le__, __ge__ = _binary(operator.le)
    __and__, __rand__ = _binary(operator.and_)
    __or__, __ror__ = _binary(operator.or_)

    def __eq__(self, other: object) -> Any:  # symbolic, as for arrays
        return self.tracer.apply(operator.eq, (self, other), {})

    def __ne__(self, other: object) -> Any:
        return self.tracer.apply(operator.ne, (self, other), {})

    __hash__ = object.__hash__

    def __neg__(self) -> Any:
        return self.tracer.apply(operator.neg, (self,), {})

    def __invert__(self) -> Any:
        return self.tracer.apply(operator.invert, (self,), {})

    def __abs__(self) -> Any:
        return self.tracer.apply(np.abs, (self,), {})

    def __getitem__(self, index: Any) -> Any:
        return self.tracer.apply(operator.getitem, (self, index), {})

    @property
    def T(self) -> Any:  # noqa: N802  # NumPy's name
        return self.tracer.apply(np.transpose, (self,), {})

    @property
    def real(self) -> Any:
        return self.tracer.apply(np.real, (self,), {})

    @property
    def imag(self) -> Any:
        return self.tracer.apply(np.imag, (self,), {})

    def __getattr__(self, name: str) -> Any:
        fun = METHODS.get(name)
        if fun is None:
            raise AttributeError(name)
        return lambda *args, **kwargs: self.tracer.apply(fun, (self, *args), kwargs)

    def _refuse(self, *_: Any) -> Any:
        raise UnsupportedError(
            "a rule may branch on rank and dtype, not on values",
            self.tracer.builder.span,
            "use np.where",
        )

    __bool__ = __float__ = __int__ = __index__ = __complex__ = __iter__ = _refuse


METHODS: dict[str, Any] = {
    name: getattr(np, name)
    for name in (
        "sum", "mean", "max", "min", "prod", "var", "std", "cumsum", "cumprod", "dot", "reshape", "transpose", "ravel",
        "squeeze", "swapaxes", "trace", "diagonal", "repeat", "take", "clip", "conj", "conjugate", "round", "argmax",
        "argmin", "argsort", "argpartition", "any", "all", "copy", "nonzero", "searchsorted", "ptp",
    )
    if hasattr(np, name)
}  # fmt: skip
"""Methods of arrays and the functions that they mean; the array is the first argument. Rules may add to it."""


def _dim(x: Any, *, axis: int) -> int:
    """The length of one axis: `x.shape[axis]`."""
    return int(np.shape(x)[axis])


DIM = _dim
registry.nondifferentiable(_dim, infer=lambda inputs, attrs: PY_INT)
