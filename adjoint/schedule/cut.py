"""What a loop keeps for its reverse: a cut between what the reverse sweep has and what it reads.

    for _ in range(steps):                   for _ in range(steps):
        dx = x - x[:, None]                      dx = x - x[:, None]
        ...                                      ...
        stack.append((dx, weight))               stack.append((x, weight))
    for _ in range(steps):                   for _ in range(steps):
        dx, weight = stack.pop()                 x, weight = stack.pop()
                                                 dx = x - x[:, None]

In: loops that push what their reverse reads; out: the same with less on the stacks, and cheap ops of the step in
the reverse step too. Each value is kept, or computed again from values that are kept, computed again or there
anyway. To keep an array costs time as well as memory: it is written to pages that the process has not
touched before. The choice that costs least is a closure of greatest weight (J.-C. Picard, Maximal closure of a graph,
Management Science 22, 1976), which a minimum cut gives. Gradients are the same bits.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise

from adjoint.ir.bounds import made_for_small, numbers_at_hand
from adjoint.ir.core import FOR, WHILE, Atom, Block, Function, Literal, Op, Value, for_parts, while_parts
from adjoint.ir.types import ArrayType, StackType, Symbol, Type
from adjoint.ir.walk import map_functions, reading, substitute
from adjoint.rules.names import ADD_AT, POWS, UPDATE, UPDATE_VIEW
from adjoint.schedule.cheap import is_cheap, is_free
from adjoint.schedule.checkpoint import has_stacks, stack_reads
from adjoint.transform.dead_code import split_elements
from adjoint.transform.stacks import is_opposite

KEEP_NUMBER = 3.0
"""Nanoseconds to keep a number of an array on a stack: pages are touched for the first time."""
KEEP_VALUE = 60.0
COMPUTE_NUMBER = 0.8
"""Nanoseconds to compute a number of an array again, in a buffer that was used just before."""
COMPUTE_ARRAY = 700.0
"""Nanoseconds that an operation on arrays takes besides its numbers."""
COMPUTE_FREE = 50.0
WORTH_IT = 350
"""Numbers of an array that may be worth it."""
UPDATES = frozenset({UPDATE, UPDATE_VIEW, ADD_AT})
UNKNOWN_LENGTH = 1000


def cut_stacks(fn: Function) -> Function:
    """The same program with the least on the stacks of its loops; `schedule="store"` keeps all."""
    if fn.schedule == "store":
        return fn
    return map_functions(fn, lambda body: _block(body, stack_reads(body)) if has_stacks(body) else body)


def _block(block: Block, reads: Mapping[Value, int]) -> Block:
    ops = [reading(op, op.inputs, tuple(_block(region, reads) for region in op.regions)) for op in block.ops]
    for at, forward in enumerate(ops):
        if forward.primitive not in (FOR, WHILE) or not forward.attrs["produced"]:
            continue
        for later in range(at + 1, len(ops)):
            stacks = _passed(forward, ops[later], reads)
            if stacks:
                ops[at], ops[later] = _cut(forward, ops[later], stacks)
                break
    return block if tuple(ops) == block.ops else replace(block, ops=tuple(ops))


def _passed(forward: Op, reverse: Op, reads: Mapping[Value, int]) -> list[Value]:
    """The stacks that a loop hands to another one alone."""
    if reverse.primitive is not FOR or "drain" in reverse.attrs:
        return []
    produced = (for_parts(forward) if forward.primitive is FOR else while_parts(forward)).produced
    return [stack for stack in produced if stack in for_parts(reverse).stacks and reads[stack] == 1]


# ---- which values


def _cut(forward: Op, reverse: Op, stacks: list[Value]) -> tuple[Op, Op]:
    """Both loops with the least handed over."""
    loop = for_parts(forward) if forward.primitive is FOR else while_parts(forward)
    pushed = dict(zip(loop.produced, _groups(loop.pushed, forward.attrs["produced"]), strict=True))
    back = for_parts(reverse)
    popped = dict(zip(back.stacks, split_elements(back.stacks, back.elements), strict=True))
    pairs = [pair for stack in stacks for pair in zip(pushed[stack], popped[stack], strict=True)]
    body = forward.regions[-1]
    there: dict[Value, Atom] = {}
    if forward.primitive is FOR and is_opposite(forward, reverse):
        there[body.params[0]] = back.index
    again = _to_compute(body, [atom for atom, _ in pairs], there)
    if not again:
        return forward, reverse
    repeated = [op for op in body.ops if not again.isdisjoint(op.outputs)]
    inside = {*body.params, *(out for op in body.ops for out in op.outputs)}
    read = dict.fromkeys((*(atom for atom, _ in pairs), *(atom for op in repeated for atom in op.inputs)))
    kept = [atom for atom in read if isinstance(atom, Value) and atom in inside - again - there.keys()]
    return _handing_over(forward, stacks, kept, reverse, repeated, pairs, there)


def _groups(atoms: tuple[Atom, ...], sizes: Iterable[int]) -> list[tuple[Atom, ...]]:
    rest = iter(atoms)
    return [tuple(next(rest) for _ in range(size)) for size in sizes]


def _to_compute(body: Block, needed: list[Atom], there: Mapping[Value, Atom]) -> set[Value]:
    """The values of a step that cost least if they are computed again."""
    definitions = {out: op for op in body.ops for out in op.outputs}
    inside = {*body.params, *definitions} - there.keys()
    overwritten = {op.inputs[0] for op in body.ops if op.primitive in UPDATES}  # to keep it would be to copy it
    network = Network()
    wanted = {atom for atom in needed if isinstance(atom, Value) and atom in inside}
    waiting, seen = list(wanted), set(wanted)
    while waiting:
        value = waiting.pop()
        keep = math.inf if value in overwritten else _cost_of_keeping(value.type)
        network.weigh(("there", value), 0.0 if value in wanted else -keep)
        op = definitions.get(value)
        if op is None or not _may_repeat(op):
            continue
        network.weigh(("again", value), _cost_of_keeping(value.type) - _cost_of_computing(op))
        network.follow(("again", value), ("there", value))
        for atom in op.inputs:
            if isinstance(atom, Value) and atom in inside:
                network.follow(("again", value), ("there", atom))
                if atom not in seen:
                    seen.add(atom)
                    waiting.append(atom)
    again = {value for kind, value in network.closure() if kind == "again"}
    for kind, value in network.weights:
        if kind == "again" and value not in again and isinstance(value.type, ArrayType):
            made_for_small(value.type.shape or (), WORTH_IT)
    return again


def _may_repeat(op: Op) -> bool:
    if len(op.outputs) != 1 or not isinstance(op.outputs[0].type, ArrayType):
        return False
    is_square = op.primitive in POWS and isinstance(op.inputs[1], Literal) and op.inputs[1].value == 2
    return is_cheap(op) or is_square


def _cost_of_keeping(type_: Type) -> float:
    return KEEP_VALUE + KEEP_NUMBER * _size(type_)


def _cost_of_computing(op: Op) -> float:
    return COMPUTE_FREE if is_free(op) else COMPUTE_ARRAY + COMPUTE_NUMBER * _size(op.outputs[0].type)


def _size(type_: Type) -> float:
    """The numbers in an array, by the lengths of the arguments at hand."""
    if not isinstance(type_, ArrayType) or type_.shape is None:
        return UNKNOWN_LENGTH
    known = numbers_at_hand(type_.shape)
    if known is not None:
        return known if type_.shape else 0.0
    return math.prod(UNKNOWN_LENGTH if isinstance(dim, Symbol) else dim for dim in type_.shape)


# ---- the cut


Node = tuple[str, Value]


class Network:
    """Nodes with weights, of which some follow others: `closure` is the heaviest set that all follow into it.

    The nodes of positive weight hang on a source, the others on a sink; those on the side of the source of a minimum
    cut are the closure. Paths are augmented breadth first (J. Edmonds and R. M. Karp, Theoretical improvements in
    algorithmic efficiency for network flow problems, J. ACM 19, 1972).
    """

    def __init__(self) -> None:
        self.weights: dict[Node, float] = {}
        self.following: dict[Node, list[Node]] = {}

    def weigh(self, node: Node, weight: float) -> None:
        self.weights[node] = weight

    def follow(self, node: Node, other: Node) -> None:
        """Whoever takes `node` takes `other`."""
        self.following.setdefault(node, []).append(other)

    def closure(self) -> set[Node]:
        flows: dict[tuple[Node, Node], float] = {}
        out = {node: max(weight, 0.0) for node, weight in self.weights.items()}
        into = {node: max(-weight, 0.0) for node, weight in self.weights.items()}
        backwards: dict[Node, list[Node]] = {}
        for node, others in self.following.items():
            for other in others:
                backwards.setdefault(other, []).append(node)
        while True:
            before = self._reached(out, flows, backwards)
            end = next((node for node in before if into[node] > 0), None)
            if end is None:
                return set(before)
            path = [end]
            while (previous := before[path[-1]]) is not None:
                path.append(previous)
            path.reverse()
            steps = list(pairwise(path))
            amount = min(out[path[0]], into[end], *(
                flows[b, a] for a, b in steps if b not in self.following.get(a, ())
            ))  # fmt: skip
            out[path[0]] -= amount
            into[end] -= amount
            for a, b in steps:
                if b in self.following.get(a, ()):
                    flows[a, b] = flows.get((a, b), 0.0) + amount
                else:
                    flows[b, a] -= amount

    def _reached(
        self, out: Mapping[Node, float], flows: Mapping[tuple[Node, Node], float], backwards: Mapping[Node, list[Node]]
    ) -> dict[Node, Node | None]:
        """The nodes that more could flow to, breadth first, each with the one before it."""
        before: dict[Node, Node | None] = {node: None for node, room in out.items() if room > 0}
        waiting = deque(before)
        while waiting:
            node = waiting.popleft()
            back = (other for other in backwards.get(node, ()) if flows.get((other, node), 0.0) > 0)
            for other in (*self.following.get(node, ()), *back):
                if other not in before:
                    before[other] = node
                    waiting.append(other)
        return before


# ---- the loops


@dataclass(slots=True)
class _Names:
    """What the values of a step are called in the reverse step."""

    table: dict[Value, Atom]

    def of(self, atom: Atom) -> Atom:
        return self.table.get(atom, atom) if isinstance(atom, Value) else atom


def _handing_over(
    forward: Op,
    stacks: list[Value],
    kept: list[Value],
    reverse: Op,
    repeated: list[Op],
    pairs: list[tuple[Atom, Value]],
    there: Mapping[Value, Atom],
) -> tuple[Op, Op]:
    """The loops with one stack of `kept` in the place of `stacks`; the reverse step repeats some ops."""
    stack = [Value(None, StackType(tuple(value.type for value in kept)))] if kept else []
    elements = [Value(value.hint, value.type) for value in kept]
    names = _Names({**there, **dict(zip(kept, elements, strict=True))})
    ops = []
    for op in repeated:
        out = op.outputs[0]
        names.table[out] = made = Value(out.hint, out.type)
        ops.append(Op(op.primitive, tuple(map(names.of, op.inputs)), (made,), op.attrs, (), op.span, reverse.sweep))
    back, body = for_parts(reverse), reverse.regions[0]
    others = [k for k, old in enumerate(back.stacks) if old not in stacks]
    popped = split_elements(back.stacks, back.elements)
    read = substitute(Block((), body.ops, body.results), {param: names.of(atom) for atom, param in pairs})
    params = (back.index, *back.carried, *(p for k in others for p in popped[k]), *elements)
    new = replace(
        reverse,
        inputs=(*back.space, *back.initial, *(back.stacks[k] for k in others), *stack),
        regions=(Block(params, (*ops, *read.ops), read.results),),
    )
    return _pushing(forward, stacks, stack, kept), new


def _pushing(forward: Op, stacks: list[Value], stack: list[Value], kept: list[Value]) -> Op:
    loop = for_parts(forward) if forward.primitive is FOR else while_parts(forward)
    groups = dict(zip(loop.produced, _groups(loop.pushed, forward.attrs["produced"]), strict=True))
    left = [old for old in loop.produced if old not in stacks]
    body = forward.regions[-1]
    results = (*loop.following, *(atom for old in left for atom in groups[old]), *kept)
    sizes = (*(len(groups[old]) for old in left), *([len(kept)] if kept else []))
    trips = forward.outputs[-1:] if forward.primitive is WHILE else ()
    return replace(
        forward,
        outputs=(*loop.final, *left, *stack, *trips),
        regions=(*forward.regions[:-1], replace(body, results=results)),
        attrs={**forward.attrs, "produced": sizes},
    )
