"""Whether what was read from an array is still there later: reads and writes of a loop that never meet.

Indices are linear forms of loop indices and of lengths. A read of `a[i, :j]` outlives a write of `a[i, j]` in the same
trip and in every later one, because j only grows. To show it, the index of the write in a later trip is the one of the
read's trip plus something that is at least 1, and a difference is shown not to be negative by putting in the bounds of
the inner indices first (the test of Banerjee 1988, one axis at a time). Where nothing can be shown, they may meet.
What counts from the end of an axis, `a[1:-1]`, counts from its length, if that is one number all along.
"""

from __future__ import annotations

import operator
from collections.abc import Iterator, Mapping
from typing import Any

from adjoint.analysis.versions import Versions, is_loop, is_update, loop_parts
from adjoint.ir.bounds import reaches
from adjoint.ir.core import FOR, Atom, Block, Literal, Op, Slot, Value, for_parts
from adjoint.ir.types import PY_INT, ArrayType, Dim, Symbol, Type, is_joined, is_of_trip
from adjoint.rules.names import DIM

Form = Mapping[Any, int]
"""A sum of multiples of values; the constant is under None."""

Interval = tuple[Form, Form | None]
"""From a number to another one, exclusive; None is the end of the axis."""

ZERO: Form = {None: 0}
ONE: Form = {None: 1}
NO_MAPPING: Mapping[Value, Form] = {}


def plus(a: Form, b: Form, times: int = 1) -> Form:
    total = dict(a)
    for key, factor in b.items():
        total[key] = total.get(key, 0) + times * factor
    return {key: factor for key, factor in total.items() if factor or key is None}


class Moved:
    """A number of another trip: bounds, as far as they are known."""

    def __init__(self, low: Form | None = None, high: Form | None = None) -> None:
        self.low, self.high = low, high


class Places:
    """What reads of one program outlive."""

    def __init__(self, versions: Versions, body: Block) -> None:
        self.versions = versions
        self.body = body
        self.owner: dict[Block, Op] = {}
        self.home: dict[Value, Block] = {}
        self.order: dict[Op, int] = {}
        for param in body.params:
            self.home[param] = body
        for k, (op, block) in enumerate(versions.home.items()):
            self.order[op] = k
            self.home.update((value, block) for value in op.outputs)
            for region in op.regions:
                self.owner[region] = op
                self.home.update((param, region) for param in region.params)
        self.known: dict[Op, Value | None] = {}
        self.lengths = set(_lengths(body))

    # ---- from a version to the last one

    def survivor(self, read: Op) -> Value | None:
        """The last version of an array, in the body of the function, that still holds what was read; None if unsure."""
        if read not in self.known:
            self.known[read] = self.survivor_in(self.body, read)
        return self.known[read]

    def survivor_in(self, top: Block, read: Op) -> Value | None:
        """The same in one run of a block around the read."""
        version = read.inputs[0]
        block = self.home.get(version)  # type: ignore[arg-type]  # a literal has none
        if block is None or block is top or not isinstance(version, Value):
            return None
        writes: dict[Op, None] = {}  # ordered; behind a branch that gives one array or another an outer chain has none
        while block is not top:
            owner = self.owner[block]
            results = loop_parts(owner).following if is_loop(owner) else block.results
            found = [(k, atom) for k, atom in enumerate(results) if self._leads(block, atom, version)]
            if len(found) != 1:
                return None
            k, last = found[0]
            if is_loop(owner) and self.versions.group(owner, k) != {k}:
                return None
            writes.update(dict.fromkeys(self.writes_in(block, last)))
            version, block = owner.outputs[k], self.versions.home[owner]
        return version if all(self.outlives(read, write, within=top) for write in writes) else None

    def _leads(self, block: Block, last: Atom, version: Value) -> bool:
        if last is version or not isinstance(last, Value):
            return last is version
        return any(link.before is version for link in self.versions.chain(block, last))

    def writes_in(self, block: Block, last: Any) -> Iterator[Op]:
        """The updates behind a version, those of inner loops and branches included."""
        for link in self.versions.chain(block, last):
            yield from self.writes_of(link.op, link.after)

    def writes_of(self, op: Op, after: Value) -> Iterator[Op]:
        """The updates of one array in an op."""
        if is_update(op):
            yield op
        elif is_loop(op):
            for k in self.versions.group(op, loop_parts(op).final.index(after)):
                yield from self.writes_in(op.regions[-1], loop_parts(op).following[k])
        else:
            for region in op.regions:
                yield from self.writes_in(region, region.results[op.outputs.index(after)])

    # ---- a read and a write

    def outlives(self, read: Op, write: Op, *, within: Block | None = None) -> bool:
        """Whether a write, whenever it runs after a read, writes elsewhere; `within` a block, in one run of that."""
        if "path" in write.attrs:
            return False
        ours, theirs = self._loops(read), self._loops(write)
        common = [loop for loop, other in zip(ours, theirs, strict=False) if loop is other]
        first = len(self._loops_of(within)) if within is not None else 0
        place = self.place(read)
        for level in range(first, len(common)):
            loop = common[level]
            moved: dict[Value, Form] = {}
            if loop.primitive is FOR:
                step = for_parts(loop).space[2]
                if not isinstance(step, Literal) or type(step.value) is not int or not step.value:
                    return False
                sign = -step.value if loop.attrs.get("reverse") else step.value
                index = for_parts(loop).index
                moved[index] = {None: 0, index: 1, Moved(low=ONE): sign}
            if not self._apart(place, self.place(write, loop, self._moved(write, loop, moved))):
                return False
        if self.order[write] <= self.order[read]:
            return True
        inner = theirs[len(common)] if len(theirs) > len(common) else None
        mapping = self._moved(write, inner, {}, whole=True) if inner is not None else {}
        return self._apart(place, self.place(write, inner, mapping))

    def _loops(self, op: Op) -> list[Op]:
        return self._loops_of(self.versions.home[op])

    def _loops_of(self, block: Block) -> list[Op]:
        """The loops around a block, the outermost first."""
        found: list[Op] = []
        while block is not self.body:
            owner = self.owner[block]
            if is_loop(owner):
                found.insert(0, owner)
            block = self.versions.home[owner]
        return found

    def _moved(self, write: Op, loop: Op, known: dict[Value, Form], *, whole: bool = False) -> dict[Value, Form]:
        """What the numbers of a loop are in another trip than the one of the read."""
        mapping = dict(known)
        at = self._loops(write)
        for inner in at[at.index(loop) + (0 if whole else 1) :]:
            if inner.primitive is FOR:
                index = for_parts(inner).index
                low, high = self.range_of(inner)
                bounds = [None if form is None else self._renamed(form, loop, mapping) for form in (low, high)]
                mapping[index] = {None: 0, Moved(*bounds): 1}
        return mapping

    def _renamed(self, form: Form, loop: Op, mapping: Mapping[Value, Form]) -> Form | None:
        """A form in another trip; what else is computed in the loop may be any number."""
        total: Form = {None: form.get(None, 0)}
        for key, factor in form.items():
            if key is None:
                continue
            if key in mapping:
                total = plus(total, mapping[key], factor)
            elif isinstance(key, Value) and self._is_inside(key, loop):
                total = plus(total, {Moved(): 1}, factor)
            else:
                total = plus(total, {key: 1}, factor)
        return total

    def _is_inside(self, value: Value, loop: Op) -> bool:
        block = self.home.get(value)
        while block is not None and block is not self.body:
            if self.owner[block] is loop:
                return True
            block = self.versions.home[self.owner[block]]
        return False

    def place(
        self, op: Op, loop: Op | None = None, mapping: Mapping[Value, Form] = NO_MAPPING
    ) -> list[Interval | None]:
        """The interval that an index takes of each axis, in another trip of a loop; None where that is not known."""
        index = op.attrs["index"]
        items = index if isinstance(index, tuple) else (index,)
        found: list[Interval | None] = []
        for axis, item in enumerate(items):
            length = self.length(op.inputs[0].type, axis)
            if item is None or item is ... or isinstance(item, (list, bool)) or hasattr(item, "dtype"):
                return found  # the axes behind it are not counted
            if isinstance(item, slice):
                start, stop = (self._end(op, end, length, loop, mapping) for end in (item.start, item.stop))
                plain = item.step in (None, 1) and (start is not None or item.start is None)
                known = stop is not None or item.stop is None
                found.append((start or ZERO, stop) if plain and known else None)
            else:
                at = self._end(op, item, length, loop, mapping)
                if at is None and isinstance(item, Slot) and op.inputs[item.index].type != PY_INT:
                    return found
                found.append(None if at is None else (at, plus(at, ONE)))
        return found

    def _end(
        self, op: Op, end: Any, length: Form | None, loop: Op | None, mapping: Mapping[Value, Form]
    ) -> Form | None:
        """A number of an index as a form that counts from the front, if that is certain."""
        if end is None:
            return None
        atom = op.inputs[end.index] if isinstance(end, Slot) else Literal(end)
        form = self.form(atom)
        if form is None:
            return None
        if isinstance(atom, Literal) and atom.value < 0:
            return None if length is None else plus(length, form)
        last = length is not None and plus(form, length, -1) == {None: -1}  # -1 of an empty axis, which is as good
        if not last and not self.is_positive(form):
            return None
        return form if loop is None else self._renamed(form, loop, mapping)

    def _apart(self, ours: list[Interval | None], theirs: list[Interval | None]) -> bool:
        """Whether two places differ along some axis."""
        pairs = zip(ours, theirs, strict=False)
        return any(a is not None and b is not None and (self._before(a, b) or self._before(b, a)) for a, b in pairs)

    def _before(self, a: Interval, b: Interval) -> bool:
        return a[1] is not None and self.is_positive(plus(b[0], a[1], -1))

    # ---- numbers

    def form(self, atom: Atom) -> Form | None:
        """An integer as a sum of multiples of numbers that are not computed from others."""
        if isinstance(atom, Literal):
            return {None: atom.value} if type(atom.value) is int else None
        if atom.type != PY_INT:
            return None
        op = self.versions.definitions.get(atom)
        if op is not None and op.primitive is DIM:
            length = self.length(op.inputs[0].type, op.attrs.get("axis"))
            if length is not None:
                return length
        if op is not None and op.primitive.fun in (operator.add, operator.sub):
            a, b = map(self.form, op.inputs)
            if a is not None and b is not None:
                return plus(a, b, 1 if op.primitive.fun is operator.add else -1)
        return self._of_length(atom.length) or {None: 0, atom: 1}

    def length(self, type_: Type, axis: Any) -> Form | None:
        """The length of an axis, if it is the same number wherever it has this name."""
        shape = type_.shape if isinstance(type_, ArrayType) else None
        if shape is None or type(axis) is not int or not -len(shape) <= axis < len(shape):
            return None
        return self._of_length(shape[axis])

    def _of_length(self, dim: Dim | None) -> Form | None:
        """A length; that of a slice is no less than 0, and a difference only where its array is long enough."""
        if isinstance(dim, Symbol):
            exact = dim.name in self.lengths and (dim.offset >= 0 or reaches(Symbol(dim.name), -dim.offset))
            return {Symbol(dim.name): 1, None: dim.offset} if exact else None
        return None if dim is None else {None: dim}

    def is_positive(self, form: Form) -> bool:
        """Whether a form is certainly 0 or more: each number at its worst, the innermost first."""
        for _ in range(20):
            keys = [key for key in form if key is not None]
            if not keys:
                return form.get(None, 0) >= 0
            key = max(keys, key=self._depth)
            low, high = self.bounds(key)
            bound = low if form[key] > 0 else high
            if bound is None:
                return False
            form = plus(plus(form, {key: 1}, -form[key]), bound, form[key])
        return False

    def _depth(self, key: Any) -> int:
        if isinstance(key, Moved):
            return 1000 + len(key.low or ()) + len(key.high or ())
        block = self.home.get(key)
        return 0 if block is None else len(self._loops_of(block))

    def is_within(self, value: Value, block: Block) -> bool:
        """Whether a value is defined in a block, or in a block inside of it."""
        home = self.home[value]
        while home is not block and home is not self.body:
            home = self.versions.home[self.owner[home]]
        return home is block

    def bounds(self, key: Any) -> tuple[Form | None, Form | None]:
        if isinstance(key, Moved):
            return key.low, key.high
        if isinstance(key, Symbol):
            return ZERO, None
        op = self.versions.definitions.get(key)
        if op is not None:
            return (ZERO if op.primitive is DIM else None), None
        loop = self.owner.get(self.home[key])
        if loop is None or loop.primitive is not FOR or for_parts(loop).index is not key:
            return None, None
        return self.range_of(loop)

    def range_of(self, loop: Op) -> tuple[Form | None, Form | None]:
        """The least and the largest number that a loop counts."""
        start, stop, step = for_parts(loop).space
        if not isinstance(step, Literal) or type(step.value) is not int or not step.value:
            return None, None
        first, end = self.form(start), self.form(stop)
        if step.value > 0:
            return first, None if end is None else plus(end, ONE, -1)
        return None if end is None else plus(end, ONE), first


def _lengths(body: Block) -> Iterator[str]:
    """The names of lengths that are one number in the whole program: of what is there once."""
    once = [out for op in body.ops if not op.regions for out in op.outputs]
    for value in (*body.params, *once):
        dims: tuple[Dim, ...] = (value.type.shape or ()) if isinstance(value.type, ArrayType) else ()
        for dim in dims:
            if isinstance(dim, Symbol) and not is_joined(dim) and not is_of_trip(dim):
                yield dim.name
