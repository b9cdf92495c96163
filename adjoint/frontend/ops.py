"""Ops: bring a call of a primitive to its normal form and append it."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from adjoint.errors import UnsupportedError
from adjoint.frontend import keys
from adjoint.frontend.abstract import (
    NUMBERS,
    Closure,
    Method,
    Partial,
    Rows,
    Span3,
    Static,
    constant_of,
    describe,
    from_constant,
    is_atom,
    make_tuple,
)
from adjoint.frontend.context import NeedStatic
from adjoint.frontend.memory import Memory
from adjoint.ir.core import RAISE, Atom, Literal, Primitive, Slot, Value
from adjoint.ir.tree import Tree
from adjoint.ir.types import UNKNOWN, Type
from adjoint.rules import registry, sparse
from adjoint.rules.infer import ARITHMETIC, remember_arithmetic, remember_length
from adjoint.rules.internal import update, update_view
from adjoint.rules.names import RESULT_CLASSES
from adjoint.rules.trace import DIM, normal_form

DYNAMIC_ATTRIBUTES = frozenset(
    (
        "index", "shape", "newshape", "reps", "repeats", "shift", "pad_width", "num", "start", "stop", "step", "N", "M",
        "k", "offset", "fill_value", "dimensions", "where", "initial", "dx", "nan", "posinf", "neginf", "n", "m",
        "new_shape", "minlength",
    )
)
"""Static arguments in which rules accept numbers known at run time only."""


class Ops(Memory):
    """Appending ops for abstract values."""

    def apply(self, fun: Any, args: list[Any], kwargs: dict[str, Any], node: Any) -> Any:
        """Append a call of a registered function; several results come as a tuple."""
        if fun is operator.matmul and (product := self.sparse_product(args, node)) is not None:
            return product
        args = [self.given(arg) for arg in args]
        kwargs = {name: self.given(value) for name, value in kwargs.items()}
        primitive = registry.primitive_of(fun, args)
        if primitive is None:
            self.error(UnsupportedError, node, f"`{registry.name_of(fun)}` is not supported here")
        with self.at(node):
            try:
                inputs, attrs = normal_form(primitive, args, kwargs, _is_value)
            except TypeError as problem:
                self.refuse(node, str(problem))
            atoms = [self.operand(x, node, primitive) for x in inputs]
            attrs = self.settled(attrs, atoms, primitive, node)
            outputs = self.builder.emit(primitive, atoms, attrs)
        self.note_sharing(self.builder.ops[-1])
        if primitive.fun in ARITHMETIC:
            remember_arithmetic(outputs[0], primitive.fun, atoms)
        results = getattr(primitive.fun, "results", None)
        if results is not None:  # some are known from the options: `c, lower = cho_factor(a)`
            return unraw(results(*outputs, **attrs))
        if len(outputs) > 1 and (cls := RESULT_CLASSES.get(primitive)) is not None:
            return Tree("namedtuple", cls, cls._fields, tuple(outputs))
        return outputs[0] if len(outputs) == 1 else make_tuple(outputs)

    def given(self, value: Any) -> Any:
        """An argument as NumPy's signature sees it."""
        return self.current(value) if is_atom(value) else raw(self.resolved(self.seen(value)))

    def updated(self, base: Any, path: list[Any], index: Any, value: Any, node: Any) -> Any:
        """The array with a part replaced, that of a view where a path leads to one."""
        if path:
            return self.apply(update_view, [base, value], {"index": index, "path": tuple(path)}, node)
        return self.apply(update, [base, value], {"index": index}, node)

    def sparse_product(self, args: list[Any], node: Any) -> Any:
        """The product of an array with a sparse matrix, which does not vary; None for other products."""
        found = [isinstance(arg, Static) and sparse.is_sparse(arg.value) for arg in args]
        if sum(found) != 1:
            return None
        primitive = sparse.LEFT if found[0] else sparse.RIGHT
        with self.at(node):
            atoms = [
                self.sparse_value(x, node) if known else self.operand(raw(self.resolved(x)), node, primitive)
                for x, known in zip(args, found, strict=True)
            ]
            return self.builder.one(primitive, *atoms)

    def sparse_value(self, held: Static, node: Any) -> Value:
        """A sparse matrix that the compiled program is handed at each call."""
        path = self.path_of(held)
        for fact in ("dtype", "shape"):
            self.guard((*path, ("attr", fact)), "equal", getattr(held.value, fact))
        key = (*path, ("sparse", None))
        if key not in self.hidden:
            try:
                self.hidden[key] = self.leaf(path, sparse.type_of_sparse(held.value), None)
            except TypeError as problem:
                self.refuse(node, str(problem))
        return self.hidden[key]  # type: ignore[no-any-return]

    def operand(self, x: Any, node: Any, primitive: Primitive) -> Atom:
        if isinstance(x, (Value, Literal)):
            return x
        if isinstance(x, (tuple, list)):  # a sequence of numbers where NumPy wants an array
            return self.apply(np.array, [unraw(x)], {}, node)  # type: ignore[no-any-return]
        if type(x) in NUMBERS or isinstance(x, (np.generic, str)):
            return Literal(x)
        if isinstance(x, (int, float, complex)):  # a member of an IntEnum, and the like
            plain: Any = next(kind for kind in (int, float, complex) if isinstance(x, kind))
            return Literal(plain(x))
        if (
            x is None
            and primitive.signature
            and any(p.default is None for p in primitive.signature.parameters.values())
        ):
            return Literal(None)  # an operand that may be left out: `np.clip(x, None, 1.0)`
        self.refuse(node, f"`{primitive.name}` is given {worded(x)}, which is no number and no array")

    def settled(self, attrs: dict[str, Any], atoms: list[Atom], primitive: Primitive, node: Any) -> dict[str, Any]:
        """Arguments that rules need at compile time must not hang on run-time numbers."""
        for name, item in attrs.items():
            if name not in DYNAMIC_ATTRIBUTES and isinstance(item, Slot):
                self.as_static(atoms[item.index], node, f"the argument `{name}` of {primitive.name}")
        return attrs

    def dim(self, owner: Atom, axis: int, node: Any) -> Any:
        if owner in self.foreign and axis == 0:
            return self.call_opaque(len, None, [owner], {}, node)
        if owner.type.shape is None:  # type: ignore[union-attr]  # the caller knows that it is an array
            return self.apply(DIM, [owner], {"axis": Literal(axis)}, node)
        length = owner.type.shape[axis]  # type: ignore[union-attr]  # the caller knows that it is an array
        if isinstance(length, int):
            return Literal(length)
        found = self.apply(DIM, [owner], {"axis": Literal(axis)}, node)
        remember_length(found, length)
        return found

    def call_opaque(
        self, fun: Any, method: str | None, args: list[Any], kwargs: dict[str, Any], node: Any, type_: Type = UNKNOWN
    ) -> Any:
        """A call of what has neither a rule nor source: kept, in order, once."""
        raise NotImplementedError

    def as_static(self, atom: Any, node: Any, what: str) -> Any:
        """The value of a number that must be known at compile time; starts lowering anew if it can be."""
        if isinstance(atom, Literal):
            return atom.value
        if atom in self.origins and getattr(atom.type, "dtype", None) in ("int64", "bool"):
            raise NeedStatic(self.origins[atom])
        self.refuse(node, f"{what} must be known at compile time")

    def fold(self, fun: Any, operands: tuple[Any, ...], node: Any) -> Any:
        """Compute an operation on constants now; what raises is left for run time."""
        try:
            return from_constant(fun(*map(constant_of, operands)))
        except Exception:  # noqa: BLE001  # whatever it is, the program raises it when it runs
            return self.apply(fun, list(operands), {}, node)

    def raise_op(self, exception: Any, args: tuple[Any, ...]) -> None:
        inputs: list[Any] = []
        template = tuple(self.template(arg, inputs) for arg in args)
        self.builder.emit(RAISE, inputs, {"exception": exception, "args": template}, types=())

    def template(self, value: Any, inputs: list[Any]) -> Any:
        """An abstract value as a Python object with slots for what is known at run time."""
        keys.refuse_doubts(self, value, self.frame and self.frame.at)
        value = self.current(self.seen(value))
        if isinstance(value, Value):
            inputs.append(value)
            return Slot(len(inputs) - 1)
        if isinstance(value, Tree) and value.kind in ("tuple", "list"):
            items = [self.template(child, inputs) for child in value.children]
            return tuple(items) if value.kind == "tuple" else items
        if isinstance(value, Tree) and value.kind == "dict":
            return {k: self.template(c, inputs) for k, c in zip(value.keys, value.children, strict=True)}
        if isinstance(value, Span3):
            return slice(*(self.template(part, inputs) for part in (value.start, value.stop, value.step)))
        self.rely(value)
        return constant_of(value)


def worded(x: Any) -> str:
    """What NumPy's signature sees, for an error message."""
    return describe(x) if isinstance(x, (Tree, Method, Closure, Partial, Span3)) else repr(x)


def raw(value: Any) -> Any:
    """An abstract value as NumPy's signature sees it: containers and constants unwrapped, atoms kept."""
    if isinstance(value, Tree) and value.kind in ("tuple", "list", "namedtuple"):
        items = [raw(child) for child in value.children]
        return items if value.kind == "list" else tuple(items)
    if isinstance(value, Rows):
        raise UnsupportedError("a list of containers, of a length known at run time only, is given to a function")
    if isinstance(value, Span3) and value.kind == "slice":
        return slice(raw(value.start), raw(value.stop), raw(value.step))
    if isinstance(value, Static):
        return value.value
    return value


def unraw(value: Any) -> Any:
    if isinstance(value, (tuple, list)):
        return make_tuple(map(unraw, value), type(value).__name__)
    return value if is_atom(value) else from_constant(value)


def _is_value(x: Any) -> bool:
    return isinstance(x, Value)
