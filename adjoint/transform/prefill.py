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
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from adjoint.analysis.places import Places
from adjoint.analysis.regions import Fresh, Regions
from adjoint.analysis.trips import varying
from adjoint.analysis.versions import Versions, is_array, is_loop, is_update, loop_parts
from adjoint.ir.build import Builder
from adjoint.ir.core import FOR, IF, Atom, Block, Function, Literal, Op, Value, for_parts
from adjoint.ir.types import PY_BOOL, PY_INT, join
from adjoint.ir.walk import all_ops, block_reads, clone_block, map_functions, reading, substitute
from adjoint.rules.names import ADD_AT, GETITEM
from adjoint.rules.registry import primitive_of
from adjoint.transform.dead_code import effectful_functions, has_effect, prune, slice_of
from adjoint.transform.hoist import is_safe
from adjoint.transform.rewrite import Rewriter, Table
from adjoint.transform.shapes import SHAPES

LENGTHS = Table(SHAPES)
MAKERS = frozenset(
    primitive_of(fun)
    for fun in (np.zeros, np.ones, np.empty, np.full, np.eye, np.zeros_like, np.ones_like, np.empty_like, np.copy)
)
"""Give an array for any lengths, with no exception if these are no less than 0."""


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
        if not is_loop(loop) or not _has_written(Block((), (loop,), ())):
            continue
        versions = versions or Versions(body)
        places: Places | None = None
        refused: set[Value] = set()
        while chosen := _alike(versions, loop, refused, effectful):
            places = places or Places(versions, body)
            attempt = _Attempt(places, loop, chosen, effectful)
            moved = attempt.run()
            if moved is not None:
                return moved
            refused |= attempt.refused
    return None


def _alike(versions: Versions, loop: Op, refused: set[Value], effectful: frozenset[str]) -> dict[Value, list[Value]]:
    """Arrays into which a loop stores the same in every trip, if it finds the same in all of them.

    By the versions that they begin with, which the loop carries or its body makes, those that they end with.
    """
    parts, trip = loop_parts(loop), loop.regions[-1]
    ends = dict(zip(parts.carried, parts.following, strict=True))
    still = {param for param, end in ends.items() if end is param}
    written = {
        param for k, (param, end) in enumerate(ends.items())
        if param not in still and param not in refused and is_array(end) and versions.group(loop, k) == {k}
    }  # fmt: skip
    vary = varying(loop, still | written, effectful)
    while (alike := {param for param in written if ends[param] not in vary}) != written:
        written = alike
        vary = varying(loop, still | written, effectful)
    found = {param: [end] for param in written if isinstance(end := ends[param], Value)}
    for op in trip.ops:
        for out in op.outputs:
            if out not in vary and (links := versions.chain(trip, out)):
                first = links[-1].before
                if versions.home.get(versions.definitions.get(first)) is trip and first not in refused:  # type: ignore[arg-type]
                    found.setdefault(first, []).append(out)
    return found


class _Attempt:
    """Arrays of one loop that are to be filled before it; `refused` are those for which that shows to be wrong.

    An array is meant by its first version: what the loop carries, or what the body makes anew in every trip.
    """

    def __init__(
        self, places: Places, loop: Op, chosen: Mapping[Value, Sequence[Value]], effectful: frozenset[str]
    ) -> None:
        self.places, self.loop, self.chosen, self.effectful = places, loop, chosen, effectful
        self.parts, self.trip = loop_parts(loop), loop.regions[-1]
        self.initial: dict[Value, Atom] = dict(zip(self.parts.carried, self.parts.initial, strict=True))
        self.fresh = {first: None for first in chosen if first not in self.initial}  # ordered
        self.refused: set[Value] = set()
        self.regions: dict[Value, tuple[Value, Regions | Fresh]] = {}  # by the versions of the arrays
        self.filled: dict[Value, Atom] = {}  # versions of the trip itself, and what they are before the loop

    def run(self) -> Block | None:
        for first, last in self.chosen.items():
            regions = (Fresh(self.places, self.trip, first, last) if first in self.fresh
                       else Regions(self.places, self.loop, first, last[0]))  # fmt: skip
            if not regions.are_known:
                self.refused = {first}
                return None
            self.regions.update((version, (first, regions)) for version in regions.written)
        made = [out for op in self.trip.ops for out in op.outputs if out in self.regions and out not in self.fresh]
        makers = slice_of(self.trip, tuple(self.fresh))
        others = tuple(op for op in self.trip.ops if self.fresh.keys().isdisjoint(op.outputs))
        fill = slice_of(replace(self.trip, ops=others), made)
        if not self.can_run_apart() or self.depends(fill) or self.has_effect_before(made):
            self.refused = set(self.chosen)
            return None
        self.refused = self.stale(fill) | self.stale(makers) | (set() if self.are_safe(makers) else set(self.fresh))
        if self.refused:
            return None
        builder = Builder(self.loop.span)
        self.fill(builder, makers, fill, made)
        loop = replace(self.loop, regions=(*self.loop.regions[:-1], self.without(self.trip)))
        ends = zip(self.parts.carried, self.parts.final, strict=True)
        finals = {final: self.filled[self.chosen[first][0]] for first, final in ends if first in self.chosen}
        body = substitute(_replaced(self.places.body, self.loop, (*builder.ops, loop)), finals)
        body = prune(body, self.effectful, keeps_trips=True)
        left = {value for op in all_ops(body) for value in (*op.outputs, *(p for r in op.regions for p in r.params))}
        self.refused = set(self.chosen) & left
        return None if self.refused else body

    def are_safe(self, makers: Block) -> bool:
        """Whether the arrays that the body makes can be made where the loop runs no trip."""
        return not self.depends(makers) and all(map(self.is_safe, makers.ops))

    def is_safe(self, op: Op) -> bool:
        """Whether an op runs without an error, in a loop or not."""
        if op.primitive not in MAKERS:
            return is_safe(op)
        forms = [self.places.form(atom) for atom in op.inputs if atom.type == PY_INT]
        return all(form is not None and self.places.is_positive(form) for form in forms)

    def can_run_apart(self) -> bool:
        """Whether it can be told before the loop if it has a first trip, and it may have one."""
        if self.loop.primitive is FOR:
            step = for_parts(self.loop).space[2]
            if not isinstance(step, Literal) or type(step.value) is not int or not step.value:
                return False
        elif any(has_effect(op, self.effectful) for op in self.loop.regions[0].ops):
            return False
        runs = self.runs(Builder())
        return not isinstance(runs, Literal) or bool(runs.value)

    def depends(self, ops: Block) -> bool:
        """Whether ops read something else of the trip than the arrays, or have an effect."""
        known = {p for p, end in zip(self.parts.carried, self.parts.following, strict=True) if end is p}
        params = set(self.trip.params) - known - set(self.chosen)
        effects = any(has_effect(op, self.effectful) for op in ops.ops)
        return effects or not params.isdisjoint(block_reads(replace(ops, params=())))

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

    def stale(self, fill: Block) -> set[Value]:
        """The arrays of which those ops may read what the trip before has left."""
        found: set[Value] = set()
        for op, version in self.uses(fill):
            first, regions = self.regions[version]
            if first not in found and not regions.is_same(op, version):
                found.add(first)
        return found

    def uses(self, block: Block) -> Iterator[tuple[Op | None, Value]]:
        """The versions that ops read otherwise than to make the next one; what is given on as a whole has no op."""
        for op in block.ops:
            for k, atom in enumerate(op.inputs):
                if atom in self.regions and not self.is_link(op, k):
                    yield (op if op.primitive is GETITEM else None), atom
                elif atom in self.regions and op.primitive is ADD_AT:
                    yield op, atom
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

    def without(self, trip: Block) -> Block:
        """The body that does not fill the arrays; one that it made anew it gives on as it is before the loop."""
        fresh = {version for version, (first, _) in self.regions.items() if first in self.fresh}
        results = tuple(self.filled.get(atom, atom) if atom in fresh else atom for atom in trip.results)
        return replace(self.rewritten(trip), results=results)

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
        read = op if op is not None and op.primitive is GETITEM and op.inputs[0] is atom else None
        if not self.regions[atom][1].is_same(read, atom):
            return atom
        if atom not in self.filled and read is not None:
            return self.filled.get(self.places.survivor_in(self.trip, read), atom)  # type: ignore[arg-type]
        return self.filled.get(atom, atom)

    # ---- before the loop

    def fill(self, builder: Builder, makers: Block, fill: Block, made: Sequence[Value]) -> None:
        """Write what fills the arrays, for a loop that runs."""
        names = dict(self.initial)
        start = clone_block(replace(makers, params=()), dict(names))
        builder.ops += start.ops
        names.update(zip(self.fresh, start.results, strict=True))
        self.filled.update((first, names[first]) for first in self.chosen)
        runs = self.runs(builder)
        copied = clone_block(replace(fill, params=()), dict(names))
        if isinstance(runs, Literal):
            builder.ops += copied.ops
            self.filled.update(zip(made, copied.results, strict=True))
            return
        before = [names[self.regions[version][0]] for version in made]
        outputs = tuple(Value(v.hint, join(v.type, old.type)) for v, old in zip(made, before, strict=True))
        regions = copied, Block((), (), tuple(before))
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
