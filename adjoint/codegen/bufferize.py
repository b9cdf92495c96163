"""Decide where memory is reused: in: a function of pure ops; out: the same with in-place marks and copies.

After this pass every `update` and `add_at` overwrites its first operand (attribute `inplace`), and so do
the sums and products that are marked: of an accumulator, or of an array that nobody reads any more. Explicit
copies stand wherever something must be written that is not ours alone: an argument, a constant, memory that
another live value sees. What the function returns is fresh, writable and shares memory with nothing.

The analysis is optimistic and repeats: it walks the program under the decisions made so far, and where it
meets a conflict it adds a decision (copy this view, copy this operand, copy this result, let the loop own
this variable). Decisions only grow, so it ends. When in doubt it copies.
"""

from __future__ import annotations

from dataclasses import replace

from adjoint.analysis.partial import partial_values
from adjoint.codegen.buffers import with_buffers
from adjoint.codegen.contributions import store_first_contributions
from adjoint.codegen.decisions import Decisions, Rewriter
from adjoint.codegen.facts import Facts, Step
from adjoint.codegen.lists import pop_items
from adjoint.codegen.liveness import Live, values
from adjoint.codegen.order import order_for_reuse
from adjoint.codegen.pressure import lower_pressure
from adjoint.codegen.reuse import zeros_in_dead_arrays
from adjoint.codegen.storage import (
    FOREIGN,
    NONE,
    Storage,
    Storages,
    foreign,
    has_storage,
    is_list_update,
    is_update,
    is_view,
    items_part,
    levels,
    list_storages,
    own_part,
    result_storages,
    storages_of,
)
from adjoint.ir.core import (
    CALL,
    FOR,
    IF,
    PACK,
    WHILE,
    Atom,
    Block,
    Function,
    Op,
    Value,
    for_parts,
    while_parts,
)
from adjoint.ir.types import PACKED, ListType, StackType, Type, list_depth
from adjoint.ir.walk import block_reads
from adjoint.rules.lists import list_get
from adjoint.schedule.snapshots import KEEP, TAKE, THIN, SnapshotsType, family

NOBODY: frozenset[Value] = frozenset()


def bufferize(fn: Function) -> Function:
    """The same program with reuse of memory made explicit, callees included."""
    callees = {name: bufferize(callee) for name, callee in fn.functions.items()}
    fn = order_for_reuse(lower_pressure(zeros_in_dead_arrays(store_first_contributions(fn))))
    decisions = decide(fn)
    body = Rewriter(decisions, partial_values(fn.body)).block(fn.body, {})
    return with_buffers(replace(fn, body=pop_items(body), functions=callees))


def decide(fn: Function) -> Decisions:
    decisions, facts = Decisions(), Facts(fn)
    while decisions.adopt(_Analysis(decisions, facts).function(fn)):
        pass
    return decisions


class _Analysis:
    """One walk under the decisions so far; conflicts become new decisions."""

    def __init__(self, decisions: Decisions, facts: Facts) -> None:
        self.d = decisions
        self.new = Decisions()
        self.facts = facts
        self.table: dict[Value, Storages] = {}
        self.holders: dict[Storage, set[Value]] = {}  # the values that a storage is, or was, in the table for
        self.params_of: dict[Storage, Value] = {}  # the loop variable that a not owned storage stands for
        self.made_in: list[set[Storage]] = []  # storages made in each enclosing loop
        self.written: set[Storage] = set()  # by updates
        self.pushes: list[tuple[Block, int, Storages]] = []
        self.kept_by: list[tuple[tuple[Op, int], Storages]] = []  # the snapshots that hold memory uncopied
        self.snapshot_of: dict[Storage, set[tuple[Op, int]]] = {}  # what is kept, for what comes out of snapshots

    # ---- storages

    def own(self, key: Value | tuple[Block | Op, int], type_: Type) -> Storages:
        """What stands for the memory that is allocated here, the same in every walk."""
        storages = self.facts.memory(key, type_, owned=True)
        for made in self.made_in:
            made.update(storages)
        return storages

    def unowned(self, value: Value) -> Storages:
        return self.facts.memory(value, value.type, owned=False)

    def of(self, atom: Atom) -> Storages:
        return storages_of(self.table, atom)

    def refer(self, value: Value, storages: Storages) -> None:
        """Enter what a value may refer to."""
        self.table[value] = storages
        for storage in storages:
            if storage in self.holders:
                self.holders[storage].add(value)
            else:
                self.holders[storage] = {value}

    def itself(self, atom: Atom) -> Storages:
        """The memory of a value, without that of the items of a list."""
        return own_part(self.of(atom), atom.type)

    def writable(self, storages: Storages) -> bool:
        return all(s.owned and s not in self.d.kept for s in storages)

    def sharing(self, storages: Storages, among: Live) -> set[Value]:
        """The values among these that may see one of the storages; few hold it, while many are live."""
        holders = {value for storage in storages for value in among & self.holders.get(storage, NOBODY)}
        return {value for value in holders if not storages.isdisjoint(self.table[value])}

    # ---- the walk

    def function(self, fn: Function) -> Decisions:
        for param, storage in self.d.owned.items():
            if storage in self.d.kept:
                self.new.refused.add(param)
        for param in fn.params:
            if has_storage(param.type):
                self.refer(param, foreign(param.type))
        self.block(fn.body)
        self.fresh_results(fn.body)
        return self.new

    def block(self, block: Block) -> None:
        for step in self.facts.steps[block]:
            primitive = step.op.primitive
            if primitive is IF:
                self.branch(step.op)
            elif primitive is FOR or primitive is WHILE:
                self.loop(step.op)
            elif primitive in (KEEP, TAKE, THIN):
                self.keep(step.op) if primitive is KEEP else self.take(step.op)
            else:
                self.plain(step)

    def plain(self, step: Step) -> None:
        op = step.op
        if step.keeps:
            self.new.kept.update(*(self.of(atom) for atom in op.inputs))
        if step.changes:
            self.update(op)
        elif step.fresh is None:
            self.refer_results(op)
        else:
            for out, storages in step.fresh:
                for made in self.made_in:
                    made.update(storages)
                self.refer(out, storages)
        if step.sums:
            self.overwriting(step)

    def refer_results(self, op: Op) -> None:
        for out in op.outputs:
            if not has_storage(out.type):
                continue
            if op.primitive is CALL and out.type == PACKED:  # may hold arguments and results of the call
                own = [self.own(value, value.type) for value in op.outputs]
                self.refer(out, NONE.union(*own, *map(self.of, op.inputs)))
            elif op.primitive is CALL or out in self.d.views:
                self.refer(out, self.own(out, out.type))
            else:
                self.refer(out, result_storages(op, self.table, self.own(out, out.type)))

    def update(self, op: Op) -> None:
        target, out = op.inputs[0], op.outputs[0]
        for before, view in self.d.late:
            if before is op:
                self.refer(view, self.own(view, view.type))
        storages = self.itself(target)
        self.written |= storages
        copied = (op, 0) in self.d.operands
        if not copied and not self.make_writable(storages, op):
            self.new.operands.add((op, 0))
            copied = True
        own = self.own(out, out.type)
        if is_list_update(op.primitive):
            made = list_storages(op, self.table, own)
            self.refer(out, made if copied else items_part(made, out.type) | storages)
        else:
            self.refer(out, own if copied else storages)

    # ---- snapshots

    def keep(self, op: Op) -> None:
        """A state becomes a snapshot: as it is, or copied where its memory is to be written."""
        kept = self.of(op.inputs[0])
        for k, atom in enumerate(op.inputs):
            if k and has_storage(atom.type):
                copied = (op, k) in self.d.operands
                item = self.own((op, k), atom.type) if copied else self.of(atom)
                kept |= item
                if not copied:
                    self.kept_by.append(((op, k), item))
        self.refer(op.outputs[0], kept)

    def take(self, op: Op) -> None:
        """What is left of snapshots, and a state again: memory of its own if it was copied."""
        held = self.of(op.inputs[0])
        self.refer(op.outputs[0], held)
        pushes = self.facts.keeps.get(family(op), ())
        for k, out in enumerate(op.outputs):
            if k and has_storage(out.type):
                if all((push, k) in self.d.operands for push in pushes):
                    self.refer(out, self.own((op, k), out.type))
                else:
                    taken = self.unowned(out)
                    self.snapshot_of.update((storage, {(push, k) for push in pushes}) for storage in taken)
                    self.refer(out, taken | held)

    def copy_on_keeping(self, storages: Storages) -> bool:
        """Let the snapshots be copies from which this memory comes; False if they are, or if it does not."""
        found = {place for storage in storages for place in self.snapshot_of.get(storage, ())} - self.d.operands
        self.new.operands |= found
        return bool(found)

    def make_writable(self, storages: Storages, op: Op) -> bool:
        """Whether an update may write memory while others read it later, if need be by decisions elsewhere."""
        if not storages or not self.writable(storages):
            return self.claim(storages)
        target = op.inputs[0]
        seen_by = self.sharing(storages, self.facts.live[op])
        held = {value for value in seen_by if isinstance(value.type, SnapshotsType)}
        seen_by -= held
        if any(value is target or not self.is_copyable_view(value, target) for value in seen_by):
            return False
        late = [value for value in seen_by if self.facts.is_read_as_it_lies(value, op)]
        late.sort(key=self.facts.rank.__getitem__)
        self.new.views.update(seen_by.difference(late))
        self.new.late.update(((op, value), None) for value in late)
        if held:
            self.new.operands.update(place for place, kept in self.kept_by if not storages.isdisjoint(kept))
        return True

    def is_copyable_view(self, value: Value, target: Atom) -> bool:
        """Whether a copy of a value would detach it from the memory of `target`; of a copy it would not."""
        op = self.facts.definitions.get(value)
        if op is None or op.regions or len(op.outputs) != 1 or value in self.d.views:
            return False
        if isinstance(target.type, ListType):  # other views of lists have references of their own
            return op.primitive.fun is list_get
        return is_view(op) and not is_list_update(op.primitive)

    def claim(self, storages: Storages) -> bool:
        """Let the loops own the variables behind storages that are not owned; False if there is no such loop."""
        if not storages.isdisjoint(self.d.kept):
            return False
        if self.copy_on_keeping(storages):
            return True
        params = [self.params_of[s] for s in storages if s in self.params_of]
        unclaimed = [p for p in params if p not in self.d.owned and p not in self.d.refused]
        self.new.owned.update((param, Storage(True, list_depth(param.type))) for param in unclaimed)
        return bool(unclaimed)

    # ---- control flow

    def branch(self, op: Op) -> None:
        for region in op.regions:
            self.block(region)
        for k, out in enumerate(op.outputs):
            if has_storage(out.type):
                self.refer(out, NONE.union(*(self.result(region, k) for region in op.regions)))

    def result(self, block: Block, k: int) -> Storages:
        """What result `k` of a block refers to, once it is copied if that was decided."""
        atom = block.results[k]
        if (block, k) in self.d.results and isinstance(atom, Value):
            return self.own((block, k), atom.type)
        return self.of(atom)

    def loop(self, op: Op) -> None:
        parts = for_parts(op) if op.primitive is FOR else while_parts(op)
        body = op.regions[-1]
        around = self.facts.live[op] | set(block_reads(body))
        if op.primitive is WHILE:
            around |= set(block_reads(op.regions[0]))
        else:
            around |= values(for_parts(op).stacks)  # what is not popped yet
        first = 3 if op.primitive is FOR else 0

        self.made_in.append(set())
        for j, param in enumerate(parts.carried):
            self.enter(op, first + j, parts.initial, j, param, around)
        if op.primitive is WHILE:
            for test_param, param in zip(op.regions[0].params, parts.carried, strict=True):
                self.refer(test_param, self.table.get(param, NONE))
            self.block(op.regions[0])
        if op.primitive is FOR:
            self.pop(op, for_parts(op).elements)
        self.block(body)
        made = self.made_in[-1]
        self.leave(op, body, parts.carried, made)
        self.made_in.pop()

        at = len(parts.carried)
        for stack, size in zip(parts.produced, op.attrs["produced"], strict=True):
            inside = [self.after_trips(parts.carried, body, self.result(body, k)) for k in range(at, at + size)]
            self.pushes += [(body, at + k, storages) for k, storages in enumerate(inside)]
            self.refer(stack, self.own(stack, stack.type).union(*inside))
            at += size
        for j, (param, final) in enumerate(zip(parts.carried, parts.final, strict=True)):
            if not has_storage(final.type):
                continue
            if param in self.d.owned:
                given = self.after_trips(parts.carried, body, self.of(param) | self.result(body, j))
                self.refer(final, frozenset({self.d.owned[param]}) | items_part(given, final.type))
                for outer in self.made_in:
                    outer.add(self.d.owned[param])
            else:
                self.refer(final, self.after_trips(parts.carried, body, self.of(param) | self.result(body, j)))

    def after_trips(self, carried: tuple[Value, ...], body: Block, storages: Storages) -> Storages:
        """What a value of a loop may refer to in any trip: a carried variable is also what trips before made it."""
        numbers = {s: j for j, param in enumerate(carried) if has_storage(param.type) for s in self.unowned(param)}
        found: set[Storage] = set(storages)
        waiting = [s for s in storages if s in numbers]
        while waiting:
            more = self.result(body, numbers[waiting.pop()]) - found
            found |= more
            waiting += (s for s in more if s in numbers)
        return frozenset(found)

    def enter(self, op: Op, at: int, initial: tuple[Atom, ...], j: int, param: Value, around: Live) -> None:
        """What a carried variable refers to in the body, and whether its initial value must be copied."""
        if not has_storage(param.type):
            return
        storages = self.itself(initial[j])
        unowned = self.unowned(param)
        if param in self.d.owned:
            self.made_in[-1].add(self.d.owned[param])
            others = {atom for i, atom in enumerate(initial) if i != j and isinstance(atom, Value)}
            shared = self.sharing(storages, around | others) or any(
                atom is initial[j] for i, atom in enumerate(initial) if i != j
            )
            ready = storages and not shared and (self.writable(storages) or self.claim(storages))
            if has_storage(initial[j].type) and not ready and not self.copy_on_keeping(storages):
                self.new.operands.add((op, at))
            inside = items_part(self.of(initial[j]) | unowned, param.type)
            self.refer(param, frozenset({self.d.owned[param]}) | inside)
        elif isinstance(param.type, StackType):
            self.refer(param, self.of(initial[j]))
        else:
            self.params_of.update((storage, param) for storage in own_part(unowned, param.type))
            self.refer(param, self.of(initial[j]) | unowned)

    def pop(self, op: Op, elements: tuple[Value, ...]) -> None:
        k = 0
        for stack in for_parts(op).stacks:
            for _ in stack.type.elements:  # type: ignore[union-attr]  # the verifier has seen to it
                if has_storage(elements[k].type):
                    self.refer(elements[k], self.of(stack) | self.unowned(elements[k]))
                k += 1

    def leave(self, op: Op, body: Block, carried: tuple[Value, ...], made: set[Storage]) -> None:
        """The next values of owned variables must be ours, made in the loop, and shared with nothing."""
        count = len(carried)
        for j, param in enumerate(carried):
            if param not in self.d.owned or (body, j) in self.d.results or not has_storage(body.results[j].type):
                continue
            storages = own_part(self.result(body, j), param.type)
            elsewhere = [self.result(body, i) for i in range(count) if i != j]
            ours = storages and self.writable(storages) and storages <= made
            if not ours or any(not storages.isdisjoint(other) for other in elsewhere):
                if ours or not self.claim(storages):
                    self.refuse_or_copy(op, body, j, param)
                continue
            for k in range(count, len(body.results)):
                if not storages.isdisjoint(self.result(body, k)):
                    self.new.results.add((body, k))

    def refuse_or_copy(self, op: Op, body: Block, j: int, param: Value) -> None:
        """A copy in every iteration is worth it for a variable that is updated, not for the sake of a sum."""
        if self.d.owned[param] in self.written:
            self.new.results.add((body, j))
            return
        self.new.refused.add(param)
        self.d.operands.discard((op, j + (3 if op.primitive is FOR else 0)))

    # ---- sums and products

    def overwriting(self, step: Step) -> None:
        """Mark `a + b` as `a += b` where `a` is a variable anyway, ours, and dead afterwards."""
        op = step.op
        for k in step.sums:
            acc: Value = op.inputs[k]  # type: ignore[assignment]  # no literal is overwritten
            if not self.is_variable(acc):
                continue
            storages = self.of(acc)
            if not self.writable(storages):
                carried = any(self.params_of.get(s) is acc for s in storages) and self.flows_on(op)
                if carried:
                    self.claim(storages)
                continue
            if storages and not self.sharing(storages, self.facts.live[op]):
                self.new.accumulators[op] = k
                self.refer(op.outputs[0], storages)
                return

    def is_variable(self, value: Value) -> bool:
        op = self.facts.definitions.get(value)
        if op is None or op.regions or is_update(op.primitive) or op in self.new.accumulators:
            return True
        return self.facts.reads[value] > 1

    def flows_on(self, op: Op) -> bool:
        """Whether a sum is what the loop carries to its next iteration, so that owning it needs no copies."""
        return op.outputs[0] in self.facts.following

    # ---- results of the function

    def fresh_results(self, body: Block) -> None:
        taken: Storages = NONE
        packed_here = {out for op in body.ops if op.primitive is PACK for out in op.outputs}
        for k, atom in enumerate(body.results):
            if not has_storage(atom.type):
                continue
            if atom in packed_here:  # a half of a function that calls itself: its caller knows what it holds
                continue
            if isinstance(atom.type, ListType) and len(levels(atom.type)) > 1:
                self.new.results.add((body, k))  # no item may share memory with another one
                continue
            storages = self.result(body, k)
            bad = frozenset(s for s in storages if s in taken or not self.writable(frozenset({s})))
            if isinstance(atom.type, StackType):
                for block, at, inside in self.pushes:
                    if not inside.isdisjoint(bad) and not isinstance(block.results[at].type, StackType):
                        self.new.results.add((block, at))
            elif bad and FOREIGN not in bad and not bad & taken and self.claim(bad):
                continue  # the loop that makes it owns it from the next walk on
            elif bad or (isinstance(atom, Value) and not storages):
                self.new.results.add((body, k))
            taken |= storages
