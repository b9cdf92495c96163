"""Roll arrays back in the reverse sweep, and take from them what the forward sweep read.

`roll_back` rewrites one program for a given choice of arrays. It walks the reverse sweep next to the forward
sweep: the body of a loop that consumes a stack with the body of the loop that produced it, the branches of an
`if` with those of the `if` that it replays. `Sweep` knows there what each forward value is called in the reverse
sweep. A cheap op is repeated where the reverse sweep needs it. If it reads a version of an array that is rolled
back, the updates after it are undone before: `A0 = update(A1, overwritten, index)` undoes
`A1 = update(A0, value, index)`. What is needed besides, such as the overwritten part, is pushed. What nobody pops
any more goes with dead code.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from adjoint.analysis.versions import Chain, Link, is_loop, is_update, loop_parts
from adjoint.ir.core import FOR, IF, Atom, Block, Literal, Op, Value, for_parts
from adjoint.ir.types import StackType
from adjoint.ir.walk import op_reads, reading
from adjoint.rules.names import GETITEM, UPDATE
from adjoint.schedule.cheap import is_cheap, is_elementary
from adjoint.schedule.forward import Groups, Program, op_key
from adjoint.transform.dead_code import split_elements
from adjoint.transform.stacks import is_opposite


class CannotRestoreError(Exception):
    """The arrays chosen cannot be rolled back here."""


def roll_back(body: Block, groups: Groups) -> Block:
    """The program in which the reverse sweep rolls back these arrays, and repeats what is cheap."""
    program = Program(body, groups)
    swept = Sweep(program, body).run(body)
    return program.grown(swept)


class Sweep:
    """One block of the reverse sweep beside the block of the forward sweep that it reverses.

    `owner` is the forward op that the forward block is a region of. The body of the function is both blocks. A
    block that reverses none has an empty forward block.
    """

    def __init__(
        self, program: Program, forward: Block, parent: Sweep | None = None, owner: Op | None = None, region: int = 0
    ) -> None:
        self.program, self.forward, self.parent, self.owner, self.region = program, forward, parent, owner, region
        self.names: dict[Value, Atom] = {}
        self.scope: set[Value] = set()
        self.origin: dict[Value, Value] = {}  # parameters, and the forward values that they are
        self.wanted: dict[Value, Value] = {}  # those that are done again
        self.table: dict[Value, Atom] = {}  # what takes the place of a parameter
        self.taking: set[Value] = set()  # parameters whose place is being taken
        self.chains: list[Chain] = []
        self.extra: dict[Value, Value] = {}  # forward values to push besides, and the parameters that receive them
        self.seen: dict[Any, Value] = {}  # cheap ops of the reverse sweep, and their results
        self.ops: list[Op] = []

    # ---- what a forward value is called here

    def available(self, value: Value) -> bool:
        """Whether a forward value can be had without handing over more."""
        if value in self.names or value in self.scope:
            return True
        if any(chain.gives(value) for chain in self.chains):
            return True
        if not self.is_ours(value):
            return self.parent is None or self.parent.available(value)
        return value in self.wanted.values() or self.can_repeat(value)

    def can_repeat(self, value: Value) -> bool:
        """Whether the op that gives a value is cheap, and what it reads available."""
        op = self.source(value)
        return op is not None and all(map(self.available, op_reads(op)))

    def source(self, value: Value) -> Op | None:
        """The cheap op that gives a value; for one that is stored into an array, the read of that place."""
        op = self.program.definitions.get(value)
        if op is not None and (is_cheap(op) or (is_elementary(op) and self.is_rolled(self.program.operand(op)))):
            return self.later(op) or op
        read = self.program.stored.get(value)
        if read is None:
            return None
        known = any(read.inputs[0] in chain.position for chain in self.chains)
        return self.later(read) or (read if known else None)

    def later(self, read: Op) -> Op | None:
        """A read from a later version that is at hand and still holds the same, so that no write need be undone."""
        if read.primitive is not GETITEM or not isinstance(read.inputs[0], Value):
            return None
        version: Value | None = None
        for chain in self.chains:
            target = chain.position.get(read.inputs[0])
            if target is not None:
                links = chain.links[chain.at : target]
                writes = [write for link in links for write in self.program.places.writes_of(link.op, link.after)]
                if not all(self.program.places.outlives(read, write, within=self.forward) for write in writes):
                    return None
                version = next(value for value, at in chain.position.items() if at == min(chain.at, target))
                break
        else:
            if not self.is_rolled(read.inputs[0]):
                version = self.program.places.survivor(read)
        if version is None or version is read.inputs[0]:
            return None
        return replace(read, inputs=(version, *read.inputs[1:]))

    def is_rolled(self, value: Atom) -> bool:
        """Whether the array that a value is a version of is rolled back around here."""
        sweep: Sweep | None = self
        while sweep is not None:
            if any(value in chain.position for chain in sweep.chains):
                return True
            sweep = sweep.parent
        return False

    def is_ours(self, value: Value) -> bool:
        """Whether a value is defined in our forward block itself."""
        if value in self.forward.params or value in self.program.inserted:
            return value in self.forward.params or self.program.inserted[value] is self.forward
        op = self.program.definitions.get(value)
        return op is not None and self.program.versions.home[op] is self.forward

    def give(self, atom: Atom) -> Atom:
        """A forward value, by whatever way it is to be had."""
        if isinstance(atom, Literal):
            return atom
        if self.parent is None:
            return self.rolled(atom) or atom
        if atom in self.names:
            return self.names[atom]
        if atom in self.scope:
            return atom
        for chain in self.chains:
            if atom in chain.position:
                self.roll(chain, chain.position[atom])
                return self.names[atom]
        if not self.is_ours(atom):
            return self.parent.give(atom)
        return self.repeat(atom) if self.can_repeat(atom) else self.hand_over(atom)

    def repeat(self, value: Value) -> Value:
        """Do the cheap op that gives a value again."""
        op = self.source(value)
        assert op is not None
        inputs = tuple(map(self.give, op.inputs))
        new = Op(op.primitive, inputs, (Value(value.hint, value.type),), op.attrs, (), op.span, "adjoint")
        found = self.seen_before(new)
        if found is None:
            self.ops.append(new)
            found = self.seen[op_key(new)] = new.outputs[0]
        self.names[value] = found
        return found

    def seen_before(self, op: Op) -> Value | None:
        """The result of an equal op of the reverse sweep that is in sight."""
        key, sweep = op_key(op), self
        while sweep.parent is not None:
            if key in sweep.seen:
                return sweep.seen[key]
            sweep = sweep.parent
        return None

    def hand_over(self, value: Value) -> Atom:
        """Let the forward sweep keep a value of our forward block."""
        if self.parent is None:
            return value
        if self.owner is None:
            return self.parent.hand_over(value)
        if value not in self.names:
            if self.owner.primitive is IF:
                self.names[value] = self.parent.hand_over(self.program.gift(self.owner, self.region, value))
            else:
                self.names[value] = self.extra[value] = Value(value.hint, value.type)
        return self.names[value]

    def rolled(self, value: Value) -> Atom | None:
        """In the body of the function: a version, if it can be had from a later one that is rolled back already."""
        if value in self.names:
            return self.names[value]
        update = self.program.successor.get(value)
        if update is None or self.rolled(update.outputs[0]) is None:
            return None
        self.undo(Link(update.outputs[0], update, value))
        return self.names[value]

    # ---- the walk

    def run(self, block: Block) -> Block:
        """The reverse block, rewritten; all chains are rolled back at its end."""
        self.scope.update(block.params)
        for op in block.ops:
            self.visit(op)
            self.scope.update(op.outputs)
        for chain in self.chains:
            self.roll(chain, len(chain.links))
        results = tuple(map(self.read, block.results))
        if tuple(self.ops) == block.ops and results == block.results:
            return block
        return replace(block, ops=tuple(self.ops), results=results)

    def read(self, atom: Atom) -> Atom:
        """What the reverse sweep reads: a parameter, or what takes its place."""
        sweep: Sweep | None = self
        while sweep is not None and isinstance(atom, Value):
            if atom in sweep.wanted and atom not in sweep.table:
                sweep.table[atom] = sweep.give(sweep.wanted[atom])
            if atom in sweep.table:
                return sweep.table[atom]
            sweep = sweep.parent
        return atom

    def visit(self, op: Op) -> None:
        for value in op_reads(op):
            self.read(value)
        if op.primitive is FOR and op.sweep:
            forward = self.reversed_loop(op)
            if forward is not None:
                self.loop(forward, op)
                return
        if op.primitive is IF and op.sweep:
            forward = self.replayed(op)
            if forward is not None:
                self.branch(forward, op)
                return
        regions = tuple(Sweep(self.program, NOTHING, self).run(region) for region in op.regions)
        new = reading(op, tuple(map(self.read, op.inputs)), regions)
        if op.sweep and self.parent is not None and is_cheap(op):
            found = self.seen_before(new)
            if found is not None:
                self.table[op.outputs[0]] = found
                return
            self.seen[op_key(new)] = op.outputs[0]
        self.ops.append(new)

    # ---- loops

    def reversed_loop(self, op: Op) -> Op | None:
        """The forward loop that a loop of the reverse sweep reverses: by its stacks, or by its range and its place."""
        for stack in for_parts(op).stacks:
            source = self.original(stack)
            if source in self.program.produced:
                loop = self.program.produced[source][0]
                return loop if self.home_of(loop) else None
        links = [chain.links[chain.at] for chain in self.chains if chain.at < len(chain.links)]
        for link in links:
            if is_loop(link.op) and link.op.span == op.span and self.is_opposite(link.op, op):
                return link.op
        return None

    def original(self, atom: Atom) -> Any:
        """The forward value that a parameter is."""
        sweep: Sweep | None = self
        while sweep is not None:
            if atom in sweep.origin:
                return sweep.origin[atom]
            sweep = sweep.parent
        return atom

    def home_of(self, op: Op) -> Sweep | None:
        """The sweep whose forward block an op stands in."""
        sweep: Sweep | None = self
        while sweep is not None and self.program.versions.home[op] is not sweep.forward:
            sweep = sweep.parent
        return sweep

    def is_opposite(self, forward: Op, op: Op) -> bool:
        """Whether a loop runs over the range of a forward loop from its end."""
        inputs = tuple(map(self.known, forward.inputs[:3]))
        outputs = tuple(self.known(out) or out for out in forward.outputs)
        if any(atom is None for atom in inputs):
            return False
        named = replace(forward, inputs=inputs, outputs=outputs)  # type: ignore[arg-type]  # names
        return is_opposite(named, replace(op, inputs=tuple(map(self.read, op.inputs))))

    def known(self, atom: Atom) -> Atom | None:
        """The name of a forward value if it has one here already; in the body of the function each has its own."""
        if isinstance(atom, Literal):
            return atom
        sweep = self
        while sweep.parent is not None:
            if atom in sweep.names:
                return sweep.names[atom]
            if sweep.is_ours(atom):
                return None
            sweep = sweep.parent
        return sweep.names.get(atom, atom)

    def loop(self, forward: Op, op: Op) -> None:
        """Let a loop of the reverse sweep roll arrays back in step with it."""
        old, parts, body = for_parts(op), loop_parts(forward), forward.regions[-1]
        inner = Sweep(self.program, body, self, forward)
        group = self.group(forward)
        starts = [self.give(parts.final[k]) for k in group]
        params = [Value(parts.carried[k].hint, parts.carried[k].type) for k in group]
        for k, param in zip(group, params, strict=True):
            last = parts.following[k]
            assert isinstance(last, Value)
            inner.names[last] = param
            inner.chains.append(Chain(last, self.program.versions.chain(body, last)))
        if self.is_opposite(forward, op):
            inner.names[body.params[0]] = old.index
        pairs: list[tuple[Atom, Value]] = []
        for stack, popped in zip(old.stacks, split_elements(old.stacks, old.elements), strict=True):
            loop, pushed = self.program.produced.get(self.original(stack), (None, ()))
            if loop is forward:
                pairs += zip(pushed, popped, strict=True)
        inner.enter(pairs)
        inner.scope.update(params)
        new = inner.run(op.regions[0])
        following = tuple(inner.give(parts.carried[k]) for k in group)
        count = op.attrs["carried"]
        stacks = self.push(forward, inner.extra)
        new_body = Block(
            (old.index, *old.carried, *params, *old.elements, *inner.extra.values()),
            tuple(inner.ops),
            (*new.results[:count], *following, *new.results[count:]),
        )
        outputs = tuple(Value(param.hint, param.type) for param in params)
        inputs = (*map(self.read, op.inputs[: 3 + count]), *starts, *map(self.read, old.stacks), *stacks)
        attrs = {**op.attrs, "carried": count + len(group)}
        if (inputs, new_body.ops, new_body.results) == (op.inputs, op.regions[0].ops, op.regions[0].results):
            self.ops.append(op)
            return
        results = (*op.outputs[:count], *outputs, *op.outputs[count:])
        self.ops.append(replace(op, inputs=inputs, outputs=results, attrs=attrs, regions=(new_body,)))
        for k, output in zip(group, outputs, strict=True):
            self.came_to(forward, parts.initial[k], output)

    def group(self, forward: Op) -> list[int]:
        """The carried arrays to roll back: those chosen, and those on whose chains the loop is."""
        parts = loop_parts(forward)
        group = set(self.program.groups.get(forward.outputs[0], ()))
        for chain in self.chains:
            at = next((k for k, link in enumerate(chain.links) if link.op is forward), None)
            if at is not None:
                if chain.at > at:
                    raise CannotRestoreError
                self.roll(chain, at)
                self.take_reads(chain)
                group |= self.program.versions.group(forward, parts.final.index(chain.links[at].after))
        return sorted(group)

    def came_to(self, forward: Op, version: Atom, name: Value) -> None:
        """Note that an op of the reverse sweep gives the version from before a forward op."""
        for chain in self.chains:
            if chain.at < len(chain.links) and (link := chain.links[chain.at]).op is forward and link.before is version:
                chain.at += 1
        if isinstance(version, Value) and not (self.parent is None and version in self.forward.params):
            self.names[version] = name
            if self.parent is None:
                self.table[version] = name

    def push(self, forward: Op, extra: Mapping[Value, Value]) -> tuple[Atom, ...]:
        """A new stack of a forward loop, by the name that it has here."""
        if not extra:
            return ()
        stack = Value(None, StackType(tuple(value.type for value in extra)))
        self.program.pushes.setdefault(forward.outputs[0], []).append((stack, list(extra)))
        home = self.home_of(forward)
        assert home is not None
        return (home.hand_over(stack),)

    def enter(self, pairs: Iterable[tuple[Atom, Value]]) -> None:
        """Name what is handed over to this block, and choose what of it is done again instead."""
        given: dict[Value, Value] = {}
        for atom, param in pairs:
            if isinstance(atom, Value):
                self.origin[param] = atom
                if given.setdefault(atom, param) is not param:
                    self.wanted[param] = atom  # pushed twice
        self.names.update((a, p) for a, p in given.items() if a not in self.names)
        updates = [link.op for chain in self.chains for link in chain.links if is_update(link.op)]
        kept = set(map(self.program.overwritten, updates))
        order = self.program.order
        for value in sorted(given, key=lambda value: -order.get(value, 0)):
            if self.names[value] is not given[value] or value in kept:
                continue
            del self.names[value]
            if self.can_repeat(value):
                self.wanted[given[value]] = value
            else:
                self.names[value] = given[value]

    # ---- branches

    def replayed(self, op: Op) -> Op | None:
        """The forward `if` that an `if` of the reverse sweep replays."""
        condition = self.read(op.inputs[0])
        for forward in self.forward.ops:
            if forward is op:
                return None
            if forward.primitive is IF and forward.span == op.span and forward.outputs:
                name = forward.inputs[0] if self.parent is None else self.known(forward.inputs[0])
                if name is condition:
                    return forward
        return None

    def branch(self, forward: Op, op: Op) -> None:
        """Roll arrays back in the branches of an `if` of the reverse sweep."""
        rolled: list[Link] = []
        for chain in self.chains:
            at = next((k for k, link in enumerate(chain.links) if link.op is forward), None)
            if at is not None and chain.at <= at:
                self.roll(chain, at)
                self.take_reads(chain)
                rolled.append(chain.links[at])
        regions = []
        for k, (old, region) in enumerate(zip(forward.regions, op.regions, strict=True)):
            inner = self.in_branch(forward, k, rolled)
            pairs = [(a, name) for out, a in zip(forward.outputs, old.results, strict=True)
                     if isinstance(name := self.known(out), Value)]  # fmt: skip
            inner.enter(pairs)
            new = inner.run(region)
            results = (*new.results, *(inner.give(link.before) for link in rolled))
            regions.append(replace(new, ops=tuple(inner.ops), results=results))
        if not rolled and tuple(regions) == op.regions:
            self.ops.append(op)
            return
        outputs = tuple(Value(link.before.hint, link.before.type) for link in rolled)
        inputs, both = (self.read(op.inputs[0]),), (*op.outputs, *outputs)
        self.ops.append(replace(op, inputs=inputs, outputs=both, regions=tuple(regions)))
        for link, output in zip(rolled, outputs, strict=True):
            self.came_to(forward, link.before, output)

    def in_branch(self, forward: Op, k: int, rolled: Sequence[Link]) -> Sweep:
        """The sweep of one branch, in which the versions behind it are at hand."""
        inner = Sweep(self.program, forward.regions[k], self, forward, k)
        for link in rolled:
            last = forward.regions[k].results[forward.outputs.index(link.after)]
            assert isinstance(last, Value)
            inner.names[last] = self.names[link.after]
            inner.chains.append(Chain(last, self.program.versions.chain(forward.regions[k], last)))
        return inner

    # ---- rolling back

    def roll(self, chain: Chain, target: int) -> None:
        """Undo one op after the other."""
        while chain.at < target:
            at = chain.at
            self.take_reads(chain)
            if chain.at > at:
                continue
            link = chain.links[at]
            if is_update(link.op):
                with chain.halt():
                    self.undo(link)
            elif link.op.primitive is IF:
                self.undo_branch(link)
            else:
                raise CannotRestoreError  # a loop that the reverse sweep has no counterpart of
            chain.at += 1

    def take_reads(self, chain: Chain) -> None:
        """Read from the version at hand what will be wanted of it, before it is written."""
        version = next(value for value, position in chain.position.items() if position == chain.at)
        for param, value in self.wanted.items():
            if param not in self.table and param not in self.taking and version in self.versions_in(value):
                self.taking.add(param)  # what is read of an older version, too, rolls on, and comes back here
                self.table[param] = self.give(value)

    def versions_in(self, value: Value) -> set[Value]:
        """The versions of arrays that a value is read from when it is done again."""
        found: set[Value] = set()
        op = None if value in self.names else self.source(value)
        for read in op_reads(op) if op else ():
            if any(read in chain.position for chain in self.chains):
                found.add(read)
            elif self.is_ours(read):
                found |= self.versions_in(read)
        return found

    def undo(self, link: Link) -> None:
        """The version before an update."""
        update = link.op
        part = self.program.overwritten(update)
        old = self.names.get(part) or self.hand_over(part)
        index = tuple(map(self.give, update.inputs[2:]))
        inputs, new = (self.names[link.after], old, *index), Value(link.before.hint, link.before.type)
        primitive = update.primitive if "path" in update.attrs else UPDATE
        self.ops.append(Op(primitive, inputs, (new,), update.attrs, (), update.span, "adjoint"))
        self.names[link.before] = new

    def undo_branch(self, link: Link) -> None:
        """The version before an `if` that the reverse sweep does not replay."""
        condition, regions = self.give(link.op.inputs[0]), []
        for k in range(2):
            inner = self.in_branch(link.op, k, (link,))
            inner.run(NOTHING)
            regions.append(Block((), tuple(inner.ops), (inner.give(link.before),)))
        new = Value(link.before.hint, link.before.type)
        self.ops.append(Op(IF, (condition,), (new,), {}, tuple(regions), link.op.span, "adjoint"))
        self.names[link.before] = new


NOTHING = Block((), (), ())
