"""Which part of an array every trip of a loop fills alike: array privatization (Tu and Padua 1993).

    for _ in range(steps):
        p[0] = 0.0
        for j in range(1, n):
            p[j] = 1.0 / (a + p[j - 1])      # reads what this trip has written
        u = u * p

An array that a loop carries begins each trip after the first with what the trip before has left there. It makes no
difference to who reads only what the trip has certainly written already, or what no trip ever writes. The parts that
an op certainly writes are boxes, an interval for each axis (see `places`); those of a loop are the union over its
trips where these are adjacent, none if there is no trip. Where anything is unsure, a read meets what was left there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from adjoint.analysis.places import ONE, ZERO, Form, Places, plus
from adjoint.analysis.versions import Link, is_loop, is_update, loop_parts
from adjoint.ir.core import FOR, Block, Literal, Op, Slot, Value, for_parts
from adjoint.ir.types import PY_INT, ArrayType
from adjoint.rules.names import ADD_AT, GETITEM, UPDATE

Box = tuple[tuple[Form, Form], ...]
"""From a number to another one, exclusive, for each axis."""


class Fresh:
    """An array that the body of a loop makes anew: all versions of it that lead from `first` to some `last` ones."""

    def __init__(self, places: Places, body: Block, first: Value, last: Iterable[Value]) -> None:
        links = [link for version in last for link in links_in(places, body, version)]
        self.are_known = all(is_alone(places, link) for link in links)
        self.written = {first: ()} | {version: () for link in links for version in versions_of(link)}

    def is_same(self, op: Op | None, version: Value) -> bool:
        """Nothing of it is left from another trip."""
        return version in self.written


class Regions:
    """What one trip of a loop has written of an array when it reads it: of `first`, which the loop carries.

    `last` is the version at the end of the trip. That is the same in every trip if all that is stored in the array is.
    """

    def __init__(self, places: Places, loop: Op, first: Value, last: Value) -> None:
        self.places, self.body, self.first, self.last = places, loop.regions[-1], first, last
        self.gains: dict[Op, tuple[Box, ...]] = {}
        self.written: dict[Value, tuple[Box, ...]] = {}
        whole = self._whole(first)
        self.hull = self._hull(whole) if whole is not None else None
        alone = all(is_alone(places, link) for link in links_in(places, self.body, last))
        if whole is not None and self.hull is not None and alone:
            self._walk(self.body, first, last, tuple(self._beyond(whole, self.hull)))

    @property
    def are_known(self) -> bool:
        """Whether all versions of the array in the trip are known."""
        return self.last in self.written

    def is_same(self, op: Op | None, version: Value) -> bool:
        """Whether what an op of the trip reads of a version is the same in every trip; None reads all of it."""
        if version is self.last:
            return True
        box = self._read(op, version)
        return box is not None and self._covers(self.written[version], box)

    # ---- boxes

    def _whole(self, version: Value) -> Box | None:
        type_ = version.type
        assert isinstance(type_, ArrayType)
        found = [self.places.length(type_, axis) for axis in range(type_.ndim or 0)]
        return tuple((ZERO, length) for length in found if length is not None) if None not in found and found else None

    def _box(self, op: Op) -> tuple[Box, bool] | None:
        """A box around the place of a read or of a write, and whether it is that place."""
        whole = self._whole(op.inputs[0]) if isinstance(op.inputs[0], Value) else None
        if whole is None:
            return None
        if "path" in op.attrs:
            return whole, False
        place = self.places.place(op)
        box = [(low, high or end) for (low, high), (_, end) in zip(filled(place, whole), whole, strict=True)]
        return tuple(box), is_plain(op) and None not in place

    def _read(self, op: Op | None, version: Value) -> Box | None:
        """A box around what an op reads of a version."""
        part = op is not None and op.primitive in (GETITEM, ADD_AT) and op.inputs[0] is version
        if op is None or not part or version in op.inputs[1:]:
            return self._whole(version)
        found = self._box(op)
        return None if found is None else found[0]

    def _hull(self, whole: Box) -> Box | None:
        """A box around all that a trip writes."""
        boxes = []
        for op in self.places.writes_in(self.body, self.last):
            found = self._box(op)
            if found is None:
                return None
            boxes.append([
                (self._extreme(low, -1) or ZERO, self._extreme(high, 1) or end)
                for (low, high), (_, end) in zip(found[0], whole, strict=True)
            ])  # fmt: skip
        if not boxes:
            return tuple((ZERO, ZERO) for _ in whole)
        hull = []
        for sides, (_, end) in zip(zip(*boxes, strict=True), whole, strict=True):
            lows, highs = [low for low, _ in sides], [high for _, high in sides]
            low = next((x for x in lows if all(self._is_ordered(x, other) for other in lows)), ZERO)
            high = next((x for x in highs if all(self._is_ordered(other, x) for other in highs)), end)
            hull.append((low, high))
        return tuple(hull)

    def _extreme(self, form: Form, sign: int) -> Form | None:
        """The least (-1) or the greatest (1) that a form is in a trip; None if that is not known."""
        for _ in range(20):
            key = next((key for key in form if self._is_inside_of(self.body, key)), None)
            if key is None:
                return form
            bound = self.places.bounds(key)[0 if form[key] * sign < 0 else 1]
            if bound is None:
                return None
            form = put(form, key, bound)
        return None

    def _is_inside_of(self, block: Block, key: object) -> bool:
        return isinstance(key, Value) and self.places.is_within(key, block)

    def _beyond(self, whole: Box, hull: Box) -> Iterable[Box]:
        """What no trip writes."""
        for axis, ((start, end), (low, high)) in enumerate(zip(whole, hull, strict=True)):
            for side in ((start, low), (high, end)):
                yield (*whole[:axis], side, *whole[axis + 1 :])

    def _is_ordered(self, a: Form, b: Form) -> bool:
        return self.places.is_positive(plus(b, a, -1))

    def _is_inside(self, inner: tuple[Form, Form], outer: tuple[Form, Form]) -> bool:
        return self._is_ordered(outer[0], inner[0]) and self._is_ordered(inner[1], outer[1])

    def _covers(self, boxes: Sequence[Box], read: Box) -> bool:
        """Whether boxes cover what of a place the trip writes anywhere: side by side along one axis."""
        assert self.hull is not None
        target = [
            (hull[0] if self._is_ordered(low, hull[0]) else low, hull[1] if self._is_ordered(hull[1], high) else high)
            for (low, high), hull in zip(read, self.hull, strict=True)
        ]
        return any(self._covers_along(axis, boxes, target) for axis in range(len(target)))

    def _covers_along(self, axis: int, boxes: Sequence[Box], target: Sequence[tuple[Form, Form]]) -> bool:
        others = [k for k in range(len(target)) if k != axis]
        left = [box[axis] for box in boxes if all(self._is_inside(target[k], box[k]) for k in others)]
        (reached, end), ends = target[axis], []
        ends.append(reached)
        for at in ends:
            if self._is_ordered(end, at):
                return True
            for side in [side for side in left if self._is_ordered(side[0], at)]:
                left.remove(side)
                ends.append(side[1])
        return False

    # ---- what a trip has written when a version is there

    def _walk(self, block: Block, first: Value, last: Value, boxes: tuple[Box, ...]) -> None:
        """Note it for the versions of a block, the first of which comes with some boxes."""
        self.written[first] = boxes
        for link in reversed(self.places.versions.chain(block, last)):
            for region, inner in endings(link):
                if is_loop(link.op):
                    parts = loop_parts(link.op)
                    k = parts.final.index(link.after)
                    self._walk(region, parts.carried[k], inner, (*boxes, *self._of_trips(link.op, k, before=True)))
                else:
                    self._walk(region, link.before, inner, boxes)
            boxes = (*boxes, *self._gain(link))
            self.written[link.after] = boxes

    def _gain(self, link: Link) -> tuple[Box, ...]:
        """What an op certainly writes."""
        op = link.op
        if op not in self.gains:
            if is_loop(op):
                self.gains[op] = self._of_trips(op, loop_parts(op).final.index(link.after), before=False)
            elif is_update(op):
                found = self._box(op) if op.primitive is UPDATE else None
                self.gains[op] = (found[0],) if found is not None and found[1] else ()
            else:
                then, other = (self._of_block(r, r.results[op.outputs.index(link.after)]) for r in op.regions)
                self.gains[op] = tuple(box for box in then if box in other)
        return self.gains[op]

    def _of_block(self, block: Block, last: object) -> list[Box]:
        assert isinstance(last, Value)
        return [box for link in self.places.versions.chain(block, last) for box in self._gain(link)]

    def _of_trips(self, loop: Op, k: int, *, before: bool) -> tuple[Box, ...]:
        """What a loop certainly writes of its carried array k: in all its trips, or in those before the present one."""
        if loop.primitive is not FOR or ("stop" in loop.attrs and not before):
            return ()
        each = self._of_block(loop.regions[-1], for_parts(loop).following[k])
        found = [self._union(loop, box, before=before) for box in each]
        return tuple(box for box in found if box is not None)

    def _union(self, loop: Op, box: Box, *, before: bool) -> Box | None:
        """The boxes of all trips of a loop, or of those before the present one, if they are one."""
        index, (low, high) = for_parts(loop).index, self.places.range_of(loop)
        step = for_parts(loop).space[2]
        if low is None or high is None or not isinstance(step, Literal) or step.value not in (1, -1):
            return None
        inside = {key for side in box for form in side for key in form if self._is_inside_of(loop.regions[-1], key)}
        axes = [axis for axis, side in enumerate(box) if any(index in form for form in side)]
        if not axes:
            runs = not before and not inside and self._is_ordered(low, high)
            return box if runs else None
        start, end = box[axes[0]]
        factor = start.get(index, 0)
        if len(axes) > 1 or inside != {index} or not factor or plus(end, start, -1) != {None: abs(factor)}:
            return None
        present: Form = {None: 0, index: 1}
        if before and (step.value > 0) != bool(loop.attrs.get("reverse")):
            high = plus(present, ONE, -1)
        elif before:
            low = plus(present, ONE)
        first, last = (low, high) if factor > 0 else (high, low)
        side = put(start, index, first), put(end, index, last)
        return (*box[: axes[0]], side, *box[axes[0] + 1 :])


def links_in(places: Places, block: Block, last: Value) -> Iterator[Link]:
    """The links that lead to a version in a block, with those inside."""
    for link in places.versions.chain(block, last):
        yield link
        for region, inner in endings(link):
            yield from links_in(places, region, inner)


def endings(link: Link) -> Iterator[tuple[Block, Value]]:
    """The regions of a link, with the version that each ends with."""
    loop = loop_parts(link.op) if is_loop(link.op) else None
    k = (loop.final if loop else link.op.outputs).index(link.after)
    for region in link.op.regions[-1:] if loop else link.op.regions:
        inner = loop.following[k] if loop else region.results[k]
        assert isinstance(inner, Value)
        yield region, inner


def versions_of(link: Link) -> tuple[Value, ...]:
    """The versions that a link brings along: the one after it, and the one that the body of a loop begins with."""
    if not is_loop(link.op):
        return (link.after,)
    parts = loop_parts(link.op)
    return link.after, parts.carried[parts.final.index(link.after)]


def is_alone(places: Places, link: Link) -> bool:
    """Whether a loop gives an array back in the place where it was given it."""
    if not is_loop(link.op):
        return True
    k = loop_parts(link.op).final.index(link.after)
    return places.versions.group(link.op, k) == {k}


def put(form: Form, key: object, value: Form) -> Form:
    """A form with a number in the place of a key."""
    return plus({k: factor for k, factor in form.items() if k is not key}, value, form.get(key, 0))


def filled(place: Sequence[tuple[Form, Form | None] | None], whole: Box) -> list[tuple[Form, Form | None]]:
    """The intervals of all axes; the whole axis where nothing is known."""
    known = [interval if interval is not None else end for interval, end in zip(place, whole, strict=False)]
    return [*known, *whole[len(known) :]]


def is_plain(op: Op) -> bool:
    """Whether an index has numbers and slices without gaps only."""
    index = op.attrs["index"]
    if index is ...:
        return True
    for item in index if isinstance(index, tuple) else (index,):
        if isinstance(item, slice):
            if item.step not in (None, 1):
                return False
        elif not (type(item) is int or (isinstance(item, Slot) and op.inputs[item.index].type == PY_INT)):
            return False
    return True
