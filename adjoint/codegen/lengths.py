"""The lengths of axes at a place in a program: which are one number, and which arrays have them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from itertools import pairwise

from adjoint.codegen.into import goes_by_element
from adjoint.codegen.storage import is_basic
from adjoint.ir.bounds import reaches
from adjoint.ir.build import Builder
from adjoint.ir.core import FOR, WHILE, Atom, Block, Function, Literal, Op, Value
from adjoint.ir.types import PY_INT, ArrayType, Dim, Shape, Symbol, is_joined, is_of_trip, known_not_one
from adjoint.ir.walk import all_ops
from adjoint.rules.index import indexed_shape
from adjoint.rules.names import ADD, ADD_AT, DIM, MATMULS, SUB, UPDATE


class Equal:
    """Lengths that are one number wherever a block runs to its end: their axes meet in it, or in one around it.

    Otherwise NumPy raises an error there: axes that meet are of one length, or one of them has length 1.
    """

    def __init__(self, around: Equal | None = None) -> None:
        self.above: dict[str, tuple[str, int]] = dict(around.above) if around else {}  # (name, plus how many)
        self.order: dict[str, None] = around.order if around else {}  # of names: the first one stands for all

    def see(self, values: Iterable[Value]) -> None:
        """Values in program order."""
        for value in values:
            self.order.update((dim.name, None) for dim in _shape(value) or () if isinstance(dim, Symbol))

    def learn(self, ops: Iterable[Op]) -> None:
        for op in ops:
            if goes_by_element(op):
                self.meet(*(_shape(atom) for atom in op.inputs))
            elif op.primitive in (UPDATE, ADD_AT) and "path" not in op.attrs:
                if is_basic(op.attrs["index"], op.inputs):
                    self.meet(place_of(op), _shape(op.inputs[1]))
            elif op.primitive in MATMULS:
                left, right = map(_shape, op.inputs)
                if left and right:
                    self.meet(left[-1:], (right[0] if len(right) == 1 else right[-2],))

    def meet(self, *shapes: Shape | None) -> None:
        """Shapes that are broadcast together."""
        for axis in range(1, max((len(shape) for shape in shapes if shape), default=0) + 1):
            dims = [shape[-axis] for shape in shapes if shape and len(shape) >= axis]
            named = [dim for dim in dims if isinstance(dim, Symbol) and known_not_one(dim) and _is_certain(dim)]
            for a, b in pairwise(named):
                self.join(a, b)

    def join(self, a: Symbol, b: Symbol) -> None:
        (x, m), (y, n) = self.root(a), self.root(b)
        if x != y:
            first = next((name for name in self.order if name in (x, y)), x)
            self.above[y if first == x else x] = (x, m - n) if first == x else (y, n - m)

    def root(self, dim: Symbol) -> tuple[str, int]:
        name, offset = dim.name, dim.offset
        while name in self.above:
            name, more = self.above[name]
            offset += more
        return name, offset

    def shape(self, shape: Shape) -> Shape:
        """The same for all shapes that are one: by the names that stand for others."""
        return tuple(Symbol(*self.root(dim)) if isinstance(dim, Symbol) else dim for dim in shape)


def equal_lengths(fn: Function) -> dict[Block, Equal]:
    """For each block of a loop, the lengths that are one number there."""
    equal = Equal()
    equal.see(fn.params)
    equal.see(out for op in all_ops(fn.body) for out in op.outputs)
    found: dict[Block, Equal] = {}
    _enter(fn.body, equal, found, inside=False)
    return found


def _enter(block: Block, equal: Equal, found: dict[Block, Equal], *, inside: bool) -> None:
    """A block in a loop runs again and again: all of it counts; before one, what has run counts."""
    if inside:
        found[block] = equal
        equal.learn(block.ops)
    for op in block.ops:
        for region in op.regions:
            _enter(region, Equal(equal), found, inside=inside or op.primitive is FOR or op.primitive is WHILE)
        if not inside:
            equal.learn([op])


def place_of(store: Op) -> Shape | None:
    """The shape of what a store writes."""
    shape: Shape | None = indexed_shape(_shape(store.inputs[0]), store.attrs["index"], store.inputs)  # type: ignore[no-untyped-call]
    return shape


def fills(store: Op, equal: Equal) -> bool:
    """Whether what is stored is an array of the shape and the dtype of the place, a block cut out of an array."""
    array, value, *_ = (atom.type for atom in store.inputs)
    index = store.attrs["index"]
    if "path" in store.attrs or not is_basic(index, store.inputs) or not isinstance(value, ArrayType):
        return False
    if not isinstance(array, ArrayType) or array.dtype != value.dtype or not array.shape or not value.shape:
        return False
    place = place_of(store)
    last = index[len(array.shape) - 1] if isinstance(index, tuple) and len(index) == len(array.shape) else slice(None)
    return place is not None and isinstance(last, slice) and equal.shape(place) == equal.shape(value.shape)


class Lengths:
    """The arrays that are there before a loop."""

    def __init__(self, values: Iterable[Value], partial: Collection[Value]) -> None:
        self.partial = partial
        self.arrays: list[Value] = []
        self.names: set[str] = set()
        self.enter(values)

    def inside(self) -> Lengths:
        """For a block within: what it adds is known there only."""
        return Lengths(self.arrays, self.partial)

    def enter(self, values: Iterable[Value]) -> None:
        """Values that exist from here on."""
        for value in values:
            type_ = value.type
            if isinstance(type_, ArrayType) and type_.kind == "array" and type_.shape and value not in self.partial:
                self.arrays.append(value)
                self.names.update(dim.name for dim in type_.shape if isinstance(dim, Symbol))

    def have(self, shape: Shape) -> bool:
        """Whether a shape can be written down here, for an array to be allocated."""
        return all(isinstance(dim, int) or self.has(dim) for dim in shape)

    def has(self, dim: Symbol) -> bool:
        if dim.name not in self.names or not _is_certain(dim):
            return False
        return dim.offset >= 0 or reaches(Symbol(dim.name), -dim.offset)

    def written(self, builder: Builder, shape: Shape, preferred: Collection[Value]) -> list[Atom]:
        """The numbers of a shape: the lengths of one array that has it, or of arrays that are read anyway."""
        arrays = [array for array in self.arrays if array in preferred]
        alike = [array for array in arrays or self.arrays if Equal().shape(_shape(array) or ()) == Equal().shape(shape)]
        pool = [*alike[:1], *arrays, *self.arrays]
        return [self.length(builder, dim, axis, pool) for axis, dim in enumerate(shape)]

    def length(self, builder: Builder, dim: Dim, axis: int, arrays: list[Value]) -> Atom:
        if isinstance(dim, int):
            return Literal(dim)
        array, axis, offset = next(_with(arrays, dim.name, axis))
        (length,) = builder.emit(DIM, (array,), {"axis": axis}, types=(PY_INT,))
        if (more := dim.offset - offset) != 0:
            (length,) = builder.emit(ADD if more > 0 else SUB, (length, Literal(abs(more))), types=(PY_INT,))
        return length


def _with(arrays: Iterable[Value], name: str, axis: int) -> Iterator[tuple[Value, int, int]]:
    """The arrays that have a length of this name: the axis, the given one if it has it too, and the offset."""
    for array in arrays:
        found = {k: d.offset for k, d in enumerate(_shape(array) or ()) if isinstance(d, Symbol) and d.name == name}
        if found:
            best = axis if axis in found else min(found)
            yield array, best, found[best]


def _shape(atom: Atom) -> Shape | None:
    return atom.type.shape if isinstance(atom.type, ArrayType) else None


def _is_certain(dim: Symbol) -> bool:
    return not is_joined(dim) and not is_of_trip(dim)
