"""Arrays that every trip of a loop fills alike are filled once, before it.

    for _ in range(steps):                   if steps > 0:
        p[0] = 0.0                               p[0] = 0.0
        for j in range(1, n):                    for j in range(1, n):
            p[j] = -a / (a * p[j - 1] + b)           p[j] = -a / (a * p[j - 1] + b)
            q[j] = (u[j] - a * q[j - 1]) * p[j]  for _ in range(steps):
        ...                                          for j in range(1, n):
                                                         q[j] = (u[j] - a * q[j - 1]) * p[j]
                                                     ...

Loop distribution (Allen and Kennedy 1987) with loop-invariant code motion, on arrays that are written in place. It runs
before a derivative is taken: then the reverse sweep finds the array as it was, rather than to keep what each trip
overwrites of it, and where the array varies, its cotangent goes through what fills it once.

An array is moved if all that is stored in it is the same in every trip (`analysis.trips`), and if nothing reads what
the trip before has left in it (`analysis.regions`). Several versions of a trip may be read, of an array that is filled
twice: each becomes an array of its own. Where the loop runs no trip, nothing is filled. What the trip does before it
has filled the arrays must have no effect, as an exception may come earlier.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable, Iterator
from dataclasses import replace

from adjoint.analysis.places import Places
from adjoint.analysis.regions import Regions
from adjoint.analysis.trips import varying
from adjoint.analysis.versions import Versions, is_array, is_loop, is_update, loop_parts
from adjoint.ir.build import Builder
from adjoint.ir.core import FOR, IF, Atom, Block, Function, Literal, Op, Value, for_parts
from adjoint.ir.types import PY_BOOL, join
from adjoint.ir.walk import all_ops, block_reads, clone_block, map_functions, reading, substitute
from adjoint.rules.names import ADD_AT, GETITEM
from adjoint.rules.registry import primitive_of
from adjoint.transform.dead_code import effectful_functions, has_effect, prune, slice_of
from adjoint.transform.rewrite import Rewriter, table_of
from adjoint.transform.shapes import SHAPES

LENGTHS = table_of(SHAPES)


def prefill(fn: Function) -> Function:
    """The same function, and its callees, in which loops do not fill an array alike again and again."""
    effectful = effectful_functions(fn)
    return map_functions(fn, lambda body: _body(body, effectful) if _has_written(body) else body)


def _body(body: Block, effectful: frozenset[str]) -> Block:
    """The body with all arrays moved that can be; lengths are read from its parameters, which stay as they are."""
    moved, found = body, _once(Rewriter(LENGTHS, body).run(), effectful)
    while found is not None:
        moved, found = found, _once(found, effectful)
    return moved


def _has_written(body: Block) -> bool:
    """Whether a loop of a body may write an array that it carries."""
    return any(is_update(op) for loop in body.ops if loop.regions for op in all_ops(Block((), (loop,), ())))


def _once(body: Block, effectful: frozenset[str]) -> Block | None:
    """The body with the arrays of one loop filled before it; None if there is none."""
    versions: Versions | None = None
    for loop in all_ops(body):
        if not is_loop(loop) or not any(map(is_array, loop_parts(loop).carried)):
            continue
        versions = versions or Versions(body)
        chosen = _alike(loop, _written(versions, loop), effectful)
        places = Places(versions, body) if chosen else None
        while places and chosen:
            attempt = _Attempt(places, loop, chosen, effectful)
            moved = attempt.run()
            if moved is not None:
                return moved
            chosen = _alike(loop, chosen - attempt.refused, effectful)
    return None


def _written(versions: Versions, loop: Op) -> set[int]:
    """The carried arrays that a loop writes in place."""
    parts = loop_parts(loop)
    return {
        k
        for k, end in enumerate(parts.following)
        if is_array(end) and end is not parts.carried[k] and versions.group(loop, k) == {k}
    }


def _alike(loop: Op, numbers: set[int], effectful: frozenset[str]) -> set[int]:
    """Those arrays into which a loop stores the same in every trip, if it finds the same in all of them."""
    parts = loop_parts(loop)
    still = [param for param, end in zip(parts.carried, parts.following, strict=True) if end is param]
    before: set[int] = set()
    while before != numbers:
        before = numbers
        vary = varying(loop, {*still, *(parts.carried[k] for k in numbers)}, effectful)
        numbers = {k for k in numbers if parts.following[k] not in vary}
    return numbers


class _Attempt:
    """Arrays of one loop that are to be filled before it; `refused` are those for which that shows to be wrong."""

    def __init__(self, places: Places, loop: Op, chosen: set[int], effectful: frozenset[str]) -> None:
        self.places, self.loop, self.chosen, self.effectful = places, loop, chosen, effectful
        self.parts, self.trip = loop_parts(loop), loop.regions[-1]
        self.refused: set[int] = set()
        self.regions: dict[Value, tuple[int, Regions]] = {}  # by the versions of the arrays
        self.filled: dict[Value, Atom] = {}  # versions of the trip itself, and what they are before the loop

    def run(self) -> Block | None:
        last = {k: v for k in self.chosen if isinstance(v := self.parts.following[k], Value)}
        for k, version in last.items():
            regions = Regions(self.places, self.loop, self.parts.carried[k], version)
            if not regions.are_known:
                self.refused = {k}
                return None
            self.regions.update((v, (k, regions)) for v in regions.written)
        made = [out for op in self.trip.ops for out in op.outputs if out in self.regions]
        fill = slice_of(self.trip, (*last.values(), *made))
        if not self.can_run_apart() or self.depends(fill) or self.has_effect_before(last.values()):
            self.refused = self.chosen
            return None
        self.refused = self.stale(fill)
        if self.refused:
            return None
        builder = Builder(self.loop.span)
        self.fill(builder, fill, [*last.values(), *made])
        trip = self.rewritten(self.trip)
        loop = replace(self.loop, regions=(*self.loop.regions[:-1], trip))
        finals = {self.parts.final[k]: self.filled[version] for k, version in last.items()}
        body = prune(substitute(_replaced(self.places.body, self.loop, (*builder.ops, loop)), finals), self.effectful)
        params = {param for op in all_ops(body) for region in op.regions for param in region.params}
        self.refused = {k for k in self.chosen if self.parts.carried[k] in params}
        return None if self.refused else body

    def can_run_apart(self) -> bool:
        """Whether it can be told before the loop if it has a first trip."""
        if self.loop.primitive is FOR:
            step = for_parts(self.loop).space[2]
            return isinstance(step, Literal) and type(step.value) is int and step.value != 0
        return not any(has_effect(op, self.effectful) for op in self.loop.regions[0].ops)

    def depends(self, fill: Block) -> bool:
        """Whether the ops that fill the arrays read something else of the trip, or have an effect."""
        params = {
            p for k, p in enumerate(self.parts.carried) if k not in self.chosen and self.parts.following[k] is not p
        }
        params.update(p for p in self.trip.params if p not in self.parts.carried)
        effects = any(has_effect(op, self.effectful) for op in fill.ops)
        return effects or not params.isdisjoint(block_reads(replace(fill, params=())))

    def has_effect_before(self, made: Iterable[Value]) -> bool:
        """Whether a trip does something that can be seen before it has filled the arrays."""
        waiting = set(made)
        for op in self.trip.ops:
            if has_effect(op, self.effectful):
                return True
            waiting.difference_update(op.outputs)
            if not waiting:
                break
        return False

    # ---- who reads the arrays

    def stale(self, fill: Block) -> set[int]:
        """The arrays of which those ops may read what the trip before has left."""
        found: set[int] = set()
        for op, version in self.uses(fill):
            k, regions = self.regions[version]
            if k not in found and not regions.is_same(op, version):
                found.add(k)
        return found

    def uses(self, block: Block) -> Iterator[tuple[Op | None, Value]]:
        """The versions that ops read otherwise than to make the next one; what is given on as a whole has no op."""
        for op in block.ops:
            for k, atom in enumerate(op.inputs):
                if atom in self.regions and (op.primitive is ADD_AT or not self.is_link(op, k)):
                    yield (None if op.regions else op), atom
            for region in op.regions:
                yield from self.uses(region)
                for k, atom in enumerate(region.results):
                    if atom in self.regions and not self.is_link_out(op, k):
                        yield None, atom

    def is_link(self, op: Op, k: int) -> bool:
        """Whether an op makes the next version of what is its input k."""
        if is_update(op):
            return k == 0 and op.outputs[0] in self.regions
        if not is_loop(op):
            return False
        first = 3 if op.primitive is FOR else 0
        carried = loop_parts(op).carried
        return first <= k < first + len(carried) and carried[k - first] in self.regions

    def is_link_out(self, op: Op, k: int) -> bool:
        """Whether result k of a region of an op is the version that the op gives."""
        outputs = loop_parts(op).final if is_loop(op) else op.outputs
        return k < len(outputs) and outputs[k] in self.regions

    def rewritten(self, block: Block) -> Block:
        """A block that reads what is there before the loop, where that is the same."""
        ops = []
        for op in block.ops:
            links = {k for k in range(len(op.inputs)) if self.is_link(op, k)}
            inputs = tuple(a if k in links else self.there(op, a) for k, a in enumerate(op.inputs))
            regions = tuple(
                replace(new, results=tuple(
                    a if self.is_link_out(op, k) else self.there(None, a) for k, a in enumerate(new.results)
                )) for new in map(self.rewritten, op.regions)
            )  # fmt: skip
            ops.append(reading(op, inputs, regions))
        return replace(block, ops=tuple(ops))

    def there(self, op: Op | None, atom: Atom) -> Atom:
        """What an op reads of a version, from before the loop."""
        if not isinstance(atom, Value) or atom not in self.regions:
            return atom
        if not self.regions[atom][1].is_same(None if op is not None and op.regions else op, atom):
            return atom
        if atom not in self.filled and op is not None and op.primitive is GETITEM and op.inputs[0] is atom:
            return self.filled.get(self.places.survivor_in(self.trip, op), atom)  # type: ignore[arg-type]
        return self.filled.get(atom, atom)

    # ---- before the loop

    def fill(self, builder: Builder, fill: Block, made: list[Value]) -> None:
        """Write what fills the arrays, for a loop that runs."""
        names: dict[Value, Atom] = dict(zip(self.parts.carried, self.parts.initial, strict=True))
        self.filled.update((self.parts.carried[k], self.parts.initial[k]) for k in self.chosen)
        runs = self.runs(builder)
        copied = clone_block(replace(fill, params=()), names)
        if isinstance(runs, Literal) and runs.value:
            builder.ops += copied.ops
            self.filled.update(zip(made, copied.results, strict=True))
            return
        initial = [self.parts.initial[self.regions[version][0]] for version in made]
        outputs = tuple(
            Value(version.hint, join(version.type, start.type)) for version, start in zip(made, initial, strict=True)
        )
        regions = copied, Block((), (), tuple(initial))
        builder.append(Op(IF, (runs,), outputs, {}, regions, self.loop.span))
        self.filled.update(zip(made, outputs, strict=True))

    def runs(self, builder: Builder) -> Atom:
        """Whether the loop has a first trip."""
        if self.loop.primitive is not FOR:
            test = self.loop.regions[0]
            copied = clone_block(replace(test, params=()), dict(zip(test.params, self.parts.initial, strict=True)))
            builder.ops += copied.ops
            return copied.results[0]
        start, stop, step = for_parts(self.loop).space
        assert isinstance(step, Literal)
        compare = operator.gt if step.value > 0 else operator.lt
        if isinstance(start, Literal) and isinstance(stop, Literal):
            return Literal(compare(stop.value, start.value))
        primitive = primitive_of(compare)
        assert primitive is not None  # comparisons have rules
        return builder.emit(primitive, (stop, start), types=(PY_BOOL,))[0]


def _replaced(block: Block, old: Op, new: tuple[Op, ...]) -> Block:
    """A block with other ops in the place of one of it or of its regions."""
    ops: list[Op] = []
    for op in block.ops:
        if op is old:
            ops += new
        else:
            ops.append(reading(op, op.inputs, tuple(_replaced(region, old, new) for region in op.regions)))
    return block if tuple(ops) == block.ops else replace(block, ops=tuple(ops))
