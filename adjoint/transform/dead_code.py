"""Drop what nobody reads: ops, branch results, carried values, and elements of stacks.

Backwards from the results of the function, each value is given its *demand*: nothing, the whole value,
or, for a stack, a demand for each element. A loop is walked to a fixed point, because a carried value
is demanded where its final value or its own parameter is; one that only feeds itself never is. Then one
forward walk rebuilds the function with what is demanded. The two ends of a stack (the loop that produces
it, those that consume it, a branch that hands it on) have one type, so their demands are kept equal.

Ops with an effect stay, and so does an `if`, a loop or a call with one inside. Parameters and results
of functions stay.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from adjoint.ir.core import CALL, FOR, IF, UNPACK, WHILE, Atom, Block, Function, Op, Value, for_parts, while_parts
from adjoint.ir.types import StackType, Type
from adjoint.ir.walk import all_ops, looked_up, lookup, reading

Demand = bool | tuple["Demand", ...]
"""False: unread; True: read as a whole; a tuple: the demands for the elements of a stack."""


def remove_dead_code(fn: Function) -> Function:
    """The same function and callees without what nobody reads; callees that nobody calls go as well."""
    effects = effectful_functions(fn)
    body = prune(fn.body, effects)
    callees = {name: prune(callee.body, effects) for name, callee in fn.functions.items()}
    called = _called_from(body, callees)
    functions = {name: replace(fn.functions[name], body=callees[name]) for name in callees if name in called}
    return replace(fn, body=body, functions=functions)


def slice_of(block: Block, results: Sequence[Atom]) -> Block:
    """What of a block gives some values; an effect that these do not need is no part of it."""
    demands = _Demands(frozenset(), keeps_effects=False)
    demands.function(block := replace(block, results=tuple(results)))
    return _Rebuild(demands).block(block, (True,) * len(block.results), block.params)


def effectful_functions(fn: Function) -> frozenset[str]:
    """The names of the callees that have an effect, or call one that has."""
    found: frozenset[str] = frozenset()
    while True:
        more = frozenset(name for name, callee in fn.functions.items() if block_has_effect(callee.body, found))
        if more == found:
            return found
        found = more


def block_has_effect(block: Block, effectful: frozenset[str]) -> bool:
    return any(op.primitive.effect or _calls(op, effectful) for op in all_ops(block))


def has_effect(op: Op, effectful: frozenset[str]) -> bool:
    """Whether an op, or one inside its regions, may be neither dropped nor repeated."""
    return op.primitive.effect or _calls(op, effectful) or any(block_has_effect(r, effectful) for r in op.regions)


def _calls(op: Op, names: frozenset[str]) -> bool:
    return op.primitive is CALL and op.attrs["callee"] in names


def _called_from(body: Block, callees: Mapping[str, Block]) -> set[str]:
    found: set[str] = set()
    waiting = [body]
    while waiting:
        for op in all_ops(waiting.pop()):
            name = op.attrs.get("callee")  # of a call or of a hook
            if name is not None and name not in found:
                found.add(name)
                waiting.append(callees[name])
    return found


def prune(body: Block, effectful: frozenset[str], *, keeps_trips: bool = False) -> Block:
    """The same block without what nobody reads; `keeps_trips` for what is to be reversed, which reads trip counts."""
    demands = _Demands(effectful, keeps_trips=keeps_trips)
    demands.function(body)
    return _Rebuild(demands).block(body, (True,) * len(body.results), body.params)


# ---- demands


def _join(a: Demand, b: Demand) -> Demand:
    if a is True or b is True:
        return True
    if a is False or b is False:
        return a or b
    return tuple(map(_join, a, b))


class _Demands:
    """The demand of each value; grows until nothing changes."""

    def __init__(
        self, effectful: frozenset[str], *, keeps_effects: bool = True, keeps_trips: bool = False
    ) -> None:
        self.effectful = effectful
        self.keeps_effects = keeps_effects
        self.counts = ("stop", "trips") if keeps_trips else ("stop",)
        self.table: dict[Value, Demand] = {}
        self.kept: dict[Op, bool] = {}
        self.again = False

    def function(self, body: Block) -> None:
        for param in body.params:
            if isinstance(param.type, StackType):
                self.want(param, True)  # made elsewhere, with all its elements
        for op in all_ops(body):
            if op.primitive is UNPACK:
                for out in op.outputs:
                    if isinstance(out.type, StackType):
                        self.want(out, True)
        self.again = True
        while self.again:
            self.again = False
            self.block(body, (True,) * len(body.results))

    def of(self, atom: Atom) -> Demand:
        return self.table.get(atom, False) if isinstance(atom, Value) else False

    def want(self, atom: Atom, demand: Demand) -> None:
        if isinstance(atom, Value) and demand:
            self.table[atom] = _join(self.table.get(atom, False), demand)

    def equal(self, atoms: Sequence[Atom], demand: Demand) -> Demand:
        """One demand for all the names of a stack; those behind us in the walk are seen in another one."""
        for atom in atoms:
            demand = _join(demand, self.of(atom))
        for atom in atoms:
            if isinstance(atom, Value) and demand != self.of(atom):
                self.table[atom] = demand
                self.again = True
        return demand

    def block(self, block: Block, demands: Iterable[Demand]) -> None:
        for atom, demand in zip(block.results, demands, strict=True):
            self.want(atom, demand)
        for op in reversed(block.ops):
            if self.keeps(op):
                self.op(op)

    def keeps(self, op: Op) -> bool:
        """Whether an op stays: something reads it, or it has an effect."""
        for output in op.outputs:  # no `any`: every op of a program comes here, again and again
            if output in self.table:
                return True
        if op not in self.kept:
            self.kept[op] = self.keeps_effects and has_effect(op, self.effectful)
        return self.kept[op]

    def op(self, op: Op) -> None:
        if op.primitive is IF:
            self.branch(op)
        elif op.primitive is FOR:
            self.for_loop(op)
        elif op.primitive is WHILE:
            self.while_loop(op)
        else:
            for atom in op.inputs:
                if isinstance(atom, Value):
                    self.table[atom] = True

    def branch(self, op: Op) -> None:
        then, other = op.regions
        self.want(op.inputs[0], True)
        for output, a, b in zip(op.outputs, then.results, other.results, strict=True):
            if isinstance(output.type, StackType) and self.of(output):
                self.equal((output, a, b), False)
        demands = [self.of(output) for output in op.outputs]
        self.block(then, demands)
        self.block(other, demands)

    def for_loop(self, op: Op) -> None:
        loop = for_parts(op)
        for atom in loop.space:
            self.want(atom, True)
        pushed = self.pushed(loop.pushed, loop.produced, op)
        self.stop(op)
        before: list[bool] | None = None
        while before != (carried := [self.carried(*pair) for pair in zip(loop.final, loop.carried, strict=True)]):
            self.block(op.regions[0], (*carried, *pushed))
            before = carried
        for atom, demand in zip(loop.initial, carried, strict=True):
            self.want(atom, demand)
        self.consumed(loop.stacks, loop.elements)

    def consumed(self, stacks: Sequence[Atom], elements: tuple[Value, ...]) -> None:
        for stack, popped in zip(stacks, split_elements(stacks, elements), strict=True):
            demands = tuple(map(self.of, popped))
            if any(demands):
                self.want(stack, demands)
            whole = self.of(stack)
            for k, param in enumerate(popped):
                if isinstance(param.type, StackType) and (whole is True or (whole and whole[k])):
                    self.equal((param,), True if whole is True else whole[k])

    def pushed(self, atoms: tuple[Atom, ...], produced: tuple[Value, ...], op: Op) -> list[Demand]:
        demands: list[Demand] = []
        waiting = iter(atoms)
        for stack, size in zip(produced, op.attrs["produced"], strict=True):
            wanted = self.of(stack)
            each = (wanted,) * size if isinstance(wanted, bool) else wanted
            both = [
                self.equal((atom,), demand) if demand and isinstance(atom.type, StackType) else demand
                for atom, demand in zip(waiting_items(waiting, size), each, strict=True)
            ]
            if any(both) and not isinstance(wanted, bool):
                self.equal((stack,), tuple(both))
            demands += both
        return demands

    def while_loop(self, op: Op) -> None:
        loop = while_parts(op)
        test, body = op.regions
        pushed = self.pushed(loop.pushed, loop.produced, op)
        self.stop(op)
        before: list[bool] | None = None
        while before != (carried := [self.carried(*z) for z in zip(loop.final, test.params, body.params, strict=True)]):
            self.block(test, (True,))
            self.block(body, (*carried, *pushed))
            before = carried
        for atom, demand in zip(loop.initial, carried, strict=True):
            self.want(atom, demand)

    def stop(self, op: Op) -> None:
        """Whether a loop ends early is always read."""
        for name in self.counts:
            if name in op.attrs:
                self.want(op.outputs[op.attrs[name]], True)

    def carried(self, *names: Value) -> bool:
        """A carried value is read as a whole if any of its names is."""
        if not any(name in self.table for name in names):
            return False
        for name in names:
            if isinstance(name.type, StackType):
                self.equal((name,), True)
        return True


def _renumbered(attrs: Mapping[str, Any], carried: Sequence[bool]) -> dict[str, Any]:
    """`stop` and `trips` under the numbers that they have among the carried values that stay."""
    found = dict(attrs)
    for name in ("stop", "trips"):
        if name in attrs:
            found[name] = sum(carried[: attrs[name]])
            if not carried[attrs[name]]:
                del found[name]
    return found


def waiting_items(items: Iterable[Atom], count: int) -> list[Atom]:
    return [item for _, item in zip(range(count), items, strict=False)]


def split_elements(stacks: Sequence[Atom], elements: tuple[Value, ...]) -> list[tuple[Value, ...]]:
    """The parameters of a loop that receive the elements, for each stack that it consumes."""
    groups, at = [], 0
    for stack in stacks:
        count = len(stack.type.elements) if isinstance(stack.type, StackType) else 0
        groups.append(elements[at : at + count])
        at += count
    return groups


def _shrink(type_: Type, demand: Demand) -> Type:
    """The type of a stack that holds only the elements that are read."""
    if not isinstance(type_, StackType) or isinstance(demand, bool):
        return type_
    return StackType(tuple(_shrink(t, d) for t, d in zip(type_.elements, demand, strict=True) if d))


# ---- the new function


class _Rebuild:
    """Keeps what is demanded. Stacks that lose elements become new values of a smaller type."""

    def __init__(self, demands: _Demands) -> None:
        self.demands = demands
        self.table: dict[Value, Atom] = {}

    def atom(self, atom: Atom) -> Atom:
        return lookup(self.table, atom) if self.table else atom

    def atoms(self, atoms: Iterable[Atom], demands: Iterable[Demand]) -> tuple[Atom, ...]:
        return tuple([self.atom(atom) for atom, demand in zip(atoms, demands, strict=True) if demand])

    def define(self, value: Value) -> Value:
        type_ = _shrink(value.type, self.demands.of(value)) if isinstance(value.type, StackType) else value.type
        if type_ == value.type:
            return value
        new = Value(value.hint, type_)
        self.table[value] = new
        return new

    def block(self, block: Block, results: Iterable[Demand], params: Sequence[Value]) -> Block:
        params = tuple(map(self.define, params))
        ops = tuple([self.op(op) for op in block.ops if self.demands.keeps(op)])
        new = self.atoms(block.results, results)
        if (params, ops, new) == (block.params, block.ops, block.results):
            return block
        return Block(params, ops, new)

    def op(self, op: Op) -> Op:
        if op.primitive is IF:
            return self.branch(op)
        if op.primitive is FOR:
            return self.for_loop(op)
        if op.primitive is WHILE:
            return self.while_loop(op)
        return reading(op, looked_up(self.table, op.inputs), op.regions)

    def renew(
        self, op: Op, inputs: tuple[Atom, ...], outputs: tuple[Value, ...],
        regions: tuple[Block, ...], attrs: Mapping[str, object],
    ) -> Op:  # fmt: skip
        if (inputs, outputs, regions, attrs) == (op.inputs, op.outputs, op.regions, op.attrs):
            return op
        return Op(op.primitive, inputs, outputs, attrs, regions, op.span, op.sweep)

    def branch(self, op: Op) -> Op:
        demands = [self.demands.of(output) for output in op.outputs]
        regions = tuple(self.block(region, demands, ()) for region in op.regions)
        outputs = tuple(self.define(output) for output, demand in zip(op.outputs, demands, strict=True) if demand)
        return self.renew(op, (self.atom(op.inputs[0]),), outputs, regions, op.attrs)

    def for_loop(self, op: Op) -> Op:
        loop, of = for_parts(op), self.demands.of
        carried = [bool(of(a) or of(b)) for a, b in zip(loop.final, loop.carried, strict=True)]
        inputs = (*map(self.atom, loop.space), *self.atoms(loop.initial, carried))
        params = [loop.index, *(p for p, keep in zip(loop.carried, carried, strict=True) if keep)]
        for stack, popped in zip(loop.stacks, split_elements(loop.stacks, loop.elements), strict=True):
            if any(map(of, popped)):
                whole = of(stack)
                inputs = (*inputs, self.atom(stack))
                params += [p for k, p in enumerate(popped) if whole is True or (whole and whole[k])]
        pushed, produced, sizes = self.pushed(op, loop.produced)
        body = self.block(op.regions[0], (*carried, *pushed), params)
        final = tuple(v for v, keep in zip(loop.final, carried, strict=True) if keep)
        attrs = {**_renumbered(op.attrs, carried), "carried": sum(carried), "produced": sizes}
        return self.renew(op, inputs, (*final, *produced), (body,), attrs)

    def while_loop(self, op: Op) -> Op:
        loop, of = while_parts(op), self.demands.of
        test, body = op.regions
        carried = [any(map(of, names)) for names in zip(loop.final, test.params, body.params, strict=True)]
        inputs = self.atoms(loop.initial, carried)
        pushed, produced, sizes = self.pushed(op, loop.produced)
        new_test = self.block(test, (True,), [p for p, keep in zip(test.params, carried, strict=True) if keep])
        new_body = self.block(
            body, (*carried, *pushed), [p for p, keep in zip(body.params, carried, strict=True) if keep]
        )
        final = tuple(v for v, keep in zip(loop.final, carried, strict=True) if keep)
        attrs = {**_renumbered(op.attrs, carried), "produced": sizes}
        return self.renew(op, inputs, (*final, *produced, loop.trips), (new_test, new_body), attrs)

    def pushed(self, op: Op, stacks: tuple[Value, ...]) -> tuple[list[Demand], list[Value], tuple[int, ...]]:
        """For each pushed element its demand; the stacks that remain; how many elements each holds."""
        demands: list[Demand] = []
        produced, sizes = [], []
        for stack, size in zip(stacks, op.attrs["produced"], strict=True):
            wanted = self.demands.of(stack)
            each = (wanted,) * size if isinstance(wanted, bool) else wanted
            demands += each
            if wanted:
                produced.append(self.define(stack))
                sizes.append(sum(map(bool, each)))
        return demands, produced, tuple(sizes)
