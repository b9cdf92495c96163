"""One op to one expression: operators print as operators, functions as calls, of arrays also as methods."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import numpy as np

from adjoint.codegen import text
from adjoint.codegen.constants import Constants, dtype_node
from adjoint.codegen.decisions import COPY, FRESH
from adjoint.codegen.fold import ACCESS, Folding
from adjoint.codegen.lists import FUNCTIONS, ListExpressions
from adjoint.codegen.storage import is_basic
from adjoint.ir.core import CALL, FORMAT, FUNCTION, OPAQUE, PACK, UNPACK, Atom, Literal, Op, Slot, Value
from adjoint.ir.types import ArrayType
from adjoint.ir.walk import map_attribute, slots_of
from adjoint.rules import internal
from adjoint.rules.trace import DIM
from adjoint.schedule import snapshots

BINARY: dict[Any, Callable[[], Any]] = {
    operator.add: ast.Add, operator.sub: ast.Sub, operator.mul: ast.Mult, operator.truediv: ast.Div,
    operator.floordiv: ast.FloorDiv, operator.mod: ast.Mod, operator.pow: ast.Pow, operator.matmul: ast.MatMult,
    operator.and_: ast.BitAnd, operator.or_: ast.BitOr, operator.xor: ast.BitXor,
    operator.lshift: ast.LShift, operator.rshift: ast.RShift,
}  # fmt: skip
COMPARE: dict[Any, Callable[[], Any]] = {
    operator.lt: ast.Lt, operator.le: ast.LtE, operator.gt: ast.Gt, operator.ge: ast.GtE, operator.eq: ast.Eq,
    operator.ne: ast.NotEq, operator.is_: ast.Is, operator.is_not: ast.IsNot,
}  # fmt: skip
UNARY: dict[Any, Callable[[], Any]] = {
    operator.neg: ast.USub, operator.pos: ast.UAdd, operator.invert: ast.Invert, operator.not_: ast.Not,
}  # fmt: skip
BOOLEAN: dict[Any, Callable[[], Any]] = {internal.both: ast.And, internal.either: ast.Or}

METHODS: dict[Any, str] = {
    np.sum: "sum", np.reshape: "reshape", np.ravel: "ravel", np.swapaxes: "swapaxes", np.cumsum: "cumsum",
    np.max: "max", np.min: "min", np.prod: "prod", np.mean: "mean", np.repeat: "repeat", np.squeeze: "squeeze",
    np.any: "any", np.all: "all", np.diagonal: "diagonal", np.cumprod: "cumprod", np.argmax: "argmax",
    np.argmin: "argmin", np.trace: "trace", np.dot: "dot",
}  # fmt: skip
"""What is called as a method of an array: the same bits, twice as fast on small arrays, and shorter."""

ATTRIBUTES = {np.transpose: "T", np.real: "real", np.imag: "imag"}

AXIS_FIRST = ("sum", "max", "min", "mean", "prod", "cumsum", "any", "all")


class Expressions(ListExpressions):
    """The expressions of one function, given the names of its variables."""

    def __init__(self, names: Mapping[Value, str], folding: Folding, constants: Constants) -> None:
        self.names = names
        self.folding = folding
        self.constants = constants

    # ---- atoms

    def atom(self, atom: Atom) -> Any:
        """The expression that reads an atom: a name, a constant, or the op that is folded here."""
        if isinstance(atom, Literal):
            return self.constants.literal(atom.value)
        if (op := self.folding.inner(atom)) is not None:
            return self.op(op)
        return text.name(self.names[atom])

    def item(self, item: Any, op: Op) -> Any:
        """An attribute, with the run-time numbers in their places."""
        if isinstance(item, Slot):
            return self.atom(op.inputs[item.index])
        if type(item) in (tuple, list):
            return self.whole_shape(item, op) or text.sequence([self.item(part, op) for part in item], type(item))
        if type(item) is dict:
            return text.dictionary([(self.constants.literal(key), self.item(part, op)) for key, part in item.items()])
        if isinstance(item, slice) and not _is_constant(item):
            parts = [self.item(part, op) for part in (item.start, item.stop, item.step)]
            return text.call(text.name("slice"), parts)
        return self.constants.literal(item)

    def whole_shape(self, items: Any, op: Op) -> Any:
        """`x.shape` for all lengths of one array, in order; None if it is not that."""
        arrays = set()
        for axis, item in enumerate(items):
            atom = op.inputs[item.index] if isinstance(item, Slot) else None
            length = self.folding.inner(atom) if atom is not None else None
            if length is None or length.primitive.fun is not DIM or axis_of(length) != axis:
                return None
            arrays.add(length.inputs[0])
        if len(arrays) != 1:
            return None
        (array,) = arrays
        return text.attribute(self.atom(array), "shape") if getattr(array.type, "ndim", None) == len(items) else None

    # ---- ops

    def op(self, op: Op) -> Any:  # noqa: PLR0911  # a table of forms
        """The expression of an op with one result (or of a call whose results are unpacked)."""
        fun = op.primitive.fun
        if fun in BINARY and len(op.inputs) == 2:
            return text.binary(self.atom(op.inputs[0]), BINARY[fun](), self.atom(op.inputs[1]))
        if fun in COMPARE:
            return ast.Compare(self.atom(op.inputs[0]), [COMPARE[fun]()], [self.atom(op.inputs[1])])
        if fun in UNARY:
            return ast.UnaryOp(UNARY[fun](), self.atom(op.inputs[0]))
        if fun in BOOLEAN:
            return ast.BoolOp(BOOLEAN[fun](), [self.atom(atom) for atom in op.inputs])
        if fun in self.SPECIAL:
            return self.SPECIAL[fun](self, op)
        if op.primitive is snapshots.NONE:
            return self.snapshots(op)
        if op.primitive is FRESH:
            return text.call(self.constants.helper("fresh"), [self.atom(op.inputs[0])])
        if op.primitive in (CALL, FUNCTION):
            operands = [self.atom(atom) for atom in op.inputs]
            callee = text.name(op.attrs["callee"])
            return text.call(callee, operands) if op.primitive is CALL else text.function(callee, operands)
        if op.primitive is PACK:
            return text.sequence([self.atom(atom) for atom in op.inputs])
        if op.primitive is UNPACK:  # assigned to a tuple
            return self.atom(op.inputs[0])
        if op.primitive is ACCESS:
            return self.access(op)
        if op.primitive is OPAQUE:
            return self.opaque(op)
        if op.primitive is FORMAT:
            template = text.attribute(text.constant(op.attrs["template"]), "format")
            return text.call(template, [self.item(arg, op) for arg in op.attrs["args"]])
        return self.call(op)

    def snapshots(self, op: Op) -> Any:
        """An empty list of snapshots."""
        if not op.attrs["disk"]:
            return text.sequence([], list)
        return text.call(self.constants.helper("SnapshotsOnDisk"), [text.number(op.attrs["disk"])])

    def call(self, op: Op) -> Any:
        """A call of the function that the primitive stands for."""
        if hasattr(op.primitive.fun, "arrange"):
            return self.arranged(op)
        slots = slots_of(op)
        operands = [self.atom(atom) for k, atom in enumerate(op.inputs) if k not in slots]
        if op.primitive.sequence:
            operands = [text.sequence(operands, list)]
        positional, keywords = self.arguments(op)
        method = METHODS.get(op.primitive.fun)
        if method and _is_array(op.inputs[0]):
            if op.sweep and [name for name, _ in keywords[:1]] == ["axis"] and method in AXIS_FIRST:
                positional.append(keywords.pop(0)[1])
            return text.call(text.attribute(operands[0], method), operands[1:] + positional, keywords)
        known = FUNCTIONS.get(op.primitive.fun)  # of lists
        function = text.dotted(known) if known else self.constants.reference(op.primitive.fun)
        return text.call(function, operands + positional, keywords)

    def arranged(self, op: Op) -> Any:
        """A call of a function whose operands do not come first, or are parts of its arguments."""
        slots = slots_of(op)
        operands = [
            None if isinstance(atom, Literal) and atom.value is None else self.atom(atom)
            for k, atom in enumerate(op.inputs) if k not in slots
        ]  # fmt: skip
        options = {
            name: self.item(item, op) if has_slots(item) else item
            for name, item in op.attrs.items() if name != "inplace"
        }  # fmt: skip
        args, kwargs = op.primitive.fun.arrange(*operands, **options)  # type: ignore[union-attr]  # tested by `call`
        keywords = [(name, self.packed(item)) for name, item in kwargs.items() if item is not None]
        called = text.call(self.constants.reference(op.primitive.fun), [self.packed(a) for a in args], keywords)
        first_only = getattr(op.primitive.fun, "results", None) is not None
        return text.subscript(called, text.constant(0)) if first_only else called

    def packed(self, arg: Any) -> Any:
        if isinstance(arg, (tuple, list)):
            return text.sequence([self.packed(part) for part in arg], type(arg))
        return arg if isinstance(arg, ast.AST) else self.constants.literal(arg)

    def arguments(self, op: Op) -> tuple[list[Any], list[tuple[str, Any]]]:
        """The attributes: in place while they are required parameters in order, then by name."""
        positional: list[Any] = []
        keywords: list[tuple[str, Any]] = []
        signature = op.primitive.signature
        parameters = dict(signature.parameters) if signature is not None else {}
        for name, item in op.attrs.items():
            if name == "inplace":
                continue
            parameter = parameters.get(name)
            required = parameter is not None and (
                parameter.kind is parameter.POSITIONAL_ONLY
                or (parameter.default is parameter.empty and parameter.kind is parameter.POSITIONAL_OR_KEYWORD)
            )
            if required and not keywords:
                positional.append(self.item(item, op))
            else:
                keywords.append((name, self.item(item, op)))
        return positional, keywords

    def opaque(self, op: Op) -> Any:
        args = [self.item(arg, op) for arg in op.attrs.get("args", ())]
        keywords = [(name, self.item(arg, op)) for name, arg in (op.attrs.get("kwargs") or {}).items()]
        if op.attrs.get("method"):
            return text.call(text.attribute(args[0], op.attrs["method"]), args[1:], keywords)
        function = op.attrs["function"]
        called = self.item(function, op) if isinstance(function, Slot) else self.constants.reference(function)
        return text.call(called, args, keywords)

    def access(self, op: Op) -> Any:
        node = self.atom(op.inputs[0])
        for kind, key in op.attrs["path"]:
            if kind in ("namedtuple", "dataclass"):
                node = text.attribute(node, key)
            else:
                node = text.subscript(node, self.constants.literal(key))
        return node

    # ---- ops with a form of their own

    def getitem(self, op: Op) -> Any:
        return text.subscript(self.atom(op.inputs[0]), self.index(op.attrs["index"], op))

    def index(self, index: Any, op: Op) -> Any:
        """What stands between the brackets: `1:-1, i`."""
        items = index if type(index) is tuple else (index,)
        nodes = [self.index_item(item, op) for item in items]
        return nodes[0] if len(nodes) == 1 else text.sequence(nodes)

    def through(self, op: Op) -> Any:
        """The view of the first operand that the path of a store leads to: `x.T`, `x[1:]`, or a row of it."""
        node = self.atom(written(op))
        for fun, arguments in op.attrs.get("path", ()):
            if fun is operator.getitem:
                node = text.subscript(node, self.index(arguments["index"], op))
            elif fun in ATTRIBUTES and not arguments:
                node = text.attribute(node, ATTRIBUTES[fun])
            else:
                keywords = [(name, self.item(item, op)) for name, item in arguments.items()]
                node = text.call(self.constants.reference(fun), [node], keywords)
        return node

    def index_item(self, item: Any, op: Op) -> Any:
        if isinstance(item, slice):
            parts = [None if p is None else self.item(p, op) for p in (item.start, item.stop, item.step)]
            return ast.Slice(*parts)
        return self.item(item, op)

    def length(self, op: Op) -> Any:
        return text.subscript(text.attribute(self.atom(op.inputs[0]), "shape"), text.constant(axis_of(op)))

    def size(self, op: Op) -> Any:
        if _is_array(op.inputs[0]) and not op.attrs:
            return text.attribute(self.atom(op.inputs[0]), "size")
        return self.call(op)

    def copy(self, op: Op) -> Any:
        source = op.inputs[0]
        made = self.folding.inner(source)
        if made is not None and made.primitive.fun is internal.broadcast_like and _is_array(source):
            value, like = made.inputs[0], made.inputs[1]
            if isinstance(value.type, ArrayType) and value.type.is_scalar and self.folding.inner(like) is None:
                return self.filled("np.full", like, source, [self.atom(value)])
        if op.primitive is COPY or _is_array(source):
            return text.call(text.attribute(self.atom(source), "copy"), [])
        return self.call(op)

    def shape_of(self, atom: Atom) -> Any:
        """`x.shape`; of `x[i]`, which nobody needs otherwise, `x.shape[1:]`, and the one length of `x[:, 0]`."""
        part = self.folding.inner(atom)
        kept = kept_axes(part) if part is not None and part.primitive.fun is operator.getitem else []
        if part is None or not kept or kept != list(range(kept[0], kept[-1] + 1)):
            return text.attribute(self.atom(atom), "shape")
        shape = text.attribute(self.atom(part.inputs[0]), "shape")
        if len(kept) == 1:
            return text.subscript(shape, text.constant(kept[0]))
        first, after = kept[0] or None, kept[-1] + 1
        is_last = after == getattr(part.inputs[0].type, "ndim", None)
        start, stop = (text.constant(end) if end is not None else None for end in (first, None if is_last else after))
        return text.subscript(shape, ast.Slice(start, stop))

    def filled(self, function: str, like: Atom, out: Atom, args: list[Any]) -> Any:
        """`np.zeros(x.shape)`: several times faster than `np.zeros_like(x)`, and never of a subclass."""
        dtype = out.type.dtype if isinstance(out.type, ArrayType) else None
        kind = [dtype_node(np.dtype(dtype))] if dtype not in (None, "float64") else []
        return text.call(text.dotted(function), [self.shape_of(like), *args, *kind])

    def zeros_like(self, op: Op) -> Any:
        return self.constant_like(op, "np.zeros", 0)

    def ones_like(self, op: Op) -> Any:
        return self.constant_like(op, "np.ones", 1)

    def constant_like(self, op: Op, function: str, value: int) -> Any:
        out = op.outputs[0]
        type_ = out.type
        plain = set(op.attrs) <= {"dtype"} and len(op.inputs) == 1
        if plain and isinstance(type_, ArrayType) and type_.dtype is not None:
            made = self.folding.inner(op.inputs[0])
            is_short = made is None or made.primitive.fun is operator.getitem
            if type_.kind == "array" and _is_array(op.inputs[0]) and is_short:
                return self.filled(function, op.inputs[0], out, [])
            if type_.is_scalar and op.sweep and type_.dtype == "float64":
                return text.constant(float(value))
        return self.call(op)

    def transpose(self, op: Op) -> Any:
        if isinstance(op.inputs[0].type, ArrayType) and not _is_array(op.inputs[0]):
            return self.call(op)
        source = self.atom(op.inputs[0])  # an array, or a sparse matrix
        axes = op.attrs.get("axes")
        if axes is None:
            return text.attribute(source, "T")
        return text.call(text.attribute(source, "transpose"), [self.item(axes, op)])

    def swapaxes(self, op: Op) -> Any:
        axes = {op.attrs.get("axis1"), op.attrs.get("axis2")}
        if op.sweep and getattr(op.inputs[0].type, "ndim", None) == 2 and axes in ({-1, -2}, {0, 1}):
            return text.attribute(self.atom(op.inputs[0]), "T")
        return self.call(op)

    def part(self, op: Op) -> Any:
        if op.sweep and _is_array(op.inputs[0]):
            return text.attribute(self.atom(op.inputs[0]), "real" if op.primitive.fun is np.real else "imag")
        return self.call(op)

    def broadcast_like(self, op: Op) -> Any:
        value, like = op.inputs[0], op.inputs[1]
        type_ = like.type
        if isinstance(type_, ArrayType) and type_.is_scalar and type_.kind != "array":
            return self.atom(value)
        if _is_array(like):
            node, out = self.atom(value), op.outputs[0].type
            if isinstance(out, ArrayType) and out.dtype not in (None, "float64") and not _is_array(value):
                node = text.call(dtype_node(np.dtype(out.dtype)), [node])  # an array of a float is one of `float64`
            return text.call(text.dotted("np.broadcast_to"), [node, self.shape_of(like)])
        return self.call(op)

    def cast(self, op: Op) -> Any:
        source, dtype = op.inputs[0], np.dtype(op.attrs["dtype"])
        type_ = source.type
        known = type_.dtype if isinstance(type_, ArrayType) else None
        if isinstance(type_, ArrayType) and known and (not known.startswith("complex") or dtype.kind == "c"):
            if type_.kind == "array":
                return text.call(text.attribute(self.atom(source), "astype"), [self.constants.literal(dtype)])
            if type_.is_scalar and type_.kind in ("py", "np"):
                return text.call(self.constants.literal(dtype), [self.atom(source)])
        return text.call(self.constants.helper("cast"), [self.atom(source)], [("dtype", text.constant(dtype.name))])

    def contains(self, op: Op) -> Any:
        return ast.Compare(self.atom(op.inputs[1]), [ast.In()], [self.atom(op.inputs[0])])

    def marked(self, op: Op) -> Any:
        return self.atom(op.inputs[0])

    SPECIAL: ClassVar[dict[Any, Callable[[Any, Op], Any]]] = {
        operator.getitem: getitem, DIM: length, np.size: size, np.copy: copy, np.zeros_like: zeros_like,
        np.ones_like: ones_like, np.transpose: transpose, np.swapaxes: swapaxes, np.real: part, np.imag: part,
        internal.broadcast_like: broadcast_like, internal.cast: cast, internal.stop_gradient: marked,
        operator.contains: contains, **ListExpressions.LISTS,
    }  # fmt: skip
    """The forms of their own, by the function that a primitive stands for."""


def written(store: Op) -> Atom:
    """What a store writes by name: its first operand, or a row of it."""
    return store.inputs[store.attrs["row"].index if "row" in store.attrs else 0]


def is_whole(store: Op) -> bool:
    """Whether all of a view is written."""
    index = store.attrs["index"]
    return "row" in store.attrs and isinstance(index, slice) and index == slice(None)


def axis_of(length: Op) -> int:
    """Which axis the length is of; a keyword and a positional argument mean the same."""
    axis = length.attrs.get("axis")
    return int(length.inputs[1].value if axis is None else axis)  # type: ignore[union-attr]  # a literal


def kept_axes(part: Op) -> list[int]:
    """The axes that indexing by integers and whole slices leaves as they are; none if it does anything else."""
    count = getattr(part.inputs[0].type, "ndim", None)
    index = part.attrs["index"]
    items = index if type(index) is tuple else (index,)
    if count is None or len(items) > count or not is_basic(items, part.inputs):
        return []
    if any(item is None or item is ... or (isinstance(item, slice) and item != slice(None)) for item in items):
        return []
    return [k for k in range(count) if k >= len(items) or isinstance(items[k], slice)]


def _is_array(atom: Atom) -> bool:
    return isinstance(atom.type, ArrayType) and atom.type.kind == "array" and not isinstance(atom, Literal)


def has_slots(item: Any) -> bool:
    """Whether an attribute holds run-time numbers."""
    found: list[Slot] = []
    map_attribute(item, found.append)
    return bool(found)


def _is_constant(item: slice) -> bool:
    return not any(isinstance(part, Slot) for part in (item.start, item.stop, item.step))
