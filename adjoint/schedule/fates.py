"""What the schedule makes of each residual, told from the program before and after it.

What is still pushed is kept. The rest is computed again in the reverse sweep, by cheap ops, and where these read an
array that the program writes, it is read later: once it is rolled back, or at the end.
"""

from __future__ import annotations

from collections.abc import Iterator

from adjoint.analysis.versions import Versions, is_array, is_loop, is_update, loop_parts
from adjoint.ir.core import FOR, IF, Atom, Block, Function, Op, Value
from adjoint.ir.walk import all_ops, op_reads
from adjoint.schedule.cheap import is_cheap, is_free
from adjoint.schedule.checkpoint import scheduled, stack_reads
from adjoint.schedule.cut import cut_stacks
from adjoint.schedule.pairs import Pair, find_pair
from adjoint.schedule.plan import rolls_back_first
from adjoint.schedule.restore import restore
from adjoint.schedule.straight import recompute_straight
from adjoint.transform.dead_code import effectful_functions


class Fates:
    """Of one program. `before` are reads that its schedule adds, by the op that they come before.

    `parts` are values that are kept only to roll an array back, `sources` those that others are computed from again.
    """

    def __init__(self, fn: Function) -> None:
        self.body = fn.body
        rolled_back = restore(fn)
        self.restored = cut_stacks(rolled_back).body
        self.definitions = {out: op for op in all_ops(fn.body) for out in op.outputs}
        self.pushed = set(_pushed(self.restored))
        self.late = _read_late(recompute_straight(fn).body)
        self.before = dict(_inserted(self.restored, set(self.definitions)))
        kept, before = _kept(self.restored), set(_pushed(fn.body))
        self.parts = (_kept(rolled_back.body) - before) & kept
        self.sources = kept - before - self.parts
        self.rolls_back_first = rolls_back_first(fn)
        self.pairs = dict(_pairs(self.restored if self.rolls_back_first else fn.body, effectful_functions(fn)))
        self.versions = Versions(fn.body)
        self.rolled = self._rolled()

    def why_kept(self, made: Op | None, value: Value) -> str:
        """Why a value is kept that the reverse sweep did not read before; nothing if it is not."""
        if value in self.parts:
            return f"overwritten; `{self.array_of(made)}` is rolled back with it"
        return "others are computed from it" if value in self.sources else ""

    def is_part(self, op: Op) -> bool:
        """Whether an op reads what is kept to roll an array back."""
        return op.sweep != "adjoint" and not op.regions and not self.parts.isdisjoint(op.outputs)

    def array_of(self, read: Op | None) -> str:
        """The array that an op reads a part of."""
        array = read.inputs[0] if read and read.inputs else None
        while isinstance(array, Value) and array.hint is None and array in self.definitions:
            array = next(iter(self.definitions[array].inputs), None)
        return (array.hint if isinstance(array, Value) else None) or "the array"

    # ---- loops

    def pair(self, op: Op | None) -> Pair | None:
        """The pair of a forward loop, if its steps run again."""
        return self.pairs.get(op.regions[-1].params) if op is not None else None

    def reruns(self, op: Op | None) -> bool:
        return self.pair(op) is not None

    def recorded(self, pair: Pair) -> tuple[Value, ...]:
        """What is recorded of a step that runs again."""
        return pair.trip.wanted if pair.forward.attrs["schedule"] == "sqrt" else pair.trip.deferring().wanted

    def _rolled(self) -> list[tuple[Op, Value]]:
        """The reverse loops of the restored program, each with an array that it rolls back."""
        counts = {op.regions[0].params[0]: op.attrs["carried"] for op in _reversals(self.body)}
        found = []
        for op in _reversals(self.restored):
            index, *params = op.regions[0].params
            if index in counts:
                found += [(op, param) for param in params[counts[index] : op.attrs["carried"]]]
        return found

    def rolled_back(self, loop: Op) -> Iterator[tuple[Value, list[Op], bool]]:
        """The arrays that are rolled back with a loop: what writes them in it, whether anything is kept for that."""
        for reversal, array in self.rolled:
            if reversal.span == loop.span:
                for k, param in enumerate(loop_parts(loop).carried):
                    last = loop_parts(loop).following[k]
                    if param.hint == array.hint and is_array(param) and isinstance(last, Value):
                        links = self.versions.chain(loop.regions[-1], last)
                        kept = any(self.array_of(op) == array.hint for op in all_ops(self.restored) if self.is_part(op))
                        yield param, [link.op for link in links if is_update(link.op)], kept
                        break

    # ---- decisions

    def of_line(self, value: Value) -> tuple[str, str]:
        """What becomes of a value of straight-line code: (decision, why)."""
        if value in self.late:
            return "kept", "the reverse sweep reads it"
        return "recomputed", "its line runs again"

    def of_trip(self, loop: Op, atom: Atom) -> tuple[str, str]:
        """What becomes of a value that a loop pushes: (decision, why)."""
        if self.pair(loop) is not None:
            return "recomputed", "its step runs again"
        if atom in self.pushed or not isinstance(atom, Value):
            return "kept", "the reverse sweep reads it"
        made = self.definitions.get(atom)
        arrays = {array.hint or "the array" for array in self._written(atom)}
        if arrays:
            names = ", ".join(f"`{name}`" for name in sorted(arrays))
            back = any(array.hint in arrays for _, array in self.rolled)
            return "restored", f"read from {names} " + ("rolled back" if back else "later, where it still is")
        return "recomputed", "costs nothing" if made is not None and is_free(made) else "costs less than to keep it"

    def _written(self, value: Value) -> Iterator[Value]:
        """The arrays that the program writes, and that a value is read from when it is computed again."""
        seen: set[Value] = set()
        waiting = [value]
        while waiting:
            value = waiting.pop()
            op = self.definitions.get(value)
            if value in seen or value in self.pushed:
                continue
            seen.add(value)
            if is_array(value) and (op is None or is_update(op) or is_loop(op)):
                yield value
            elif op is not None and is_cheap(op):
                waiting += op_reads(op)


def _reversals(body: Block) -> Iterator[Op]:
    return (op for op in all_ops(body) if op.primitive is FOR and op.sweep == "adjoint")


def _kept(body: Block) -> set[Value]:
    """What is pushed; for what an `if` hands over, what its branches give."""
    found = set(_pushed(body))
    for op in all_ops(body):
        given = [k for k, out in enumerate(op.outputs) if op.primitive is IF and out in found]
        found.update(v for region in op.regions for k in given if isinstance(v := region.results[k], Value))
    return found


def _pushed(body: Block) -> Iterator[Value]:
    """What loops push."""
    for op in all_ops(body):
        if is_loop(op):
            yield from (atom for atom in loop_parts(op).pushed if isinstance(atom, Value))


def _read_late(body: Block) -> set[Value]:
    """What the reverse sweep of a body reads directly."""
    first = next((k for k, op in enumerate(body.ops) if op.sweep == "adjoint"), len(body.ops))
    return {value for op in body.ops[first:] for value in op_reads(op)}


def _inserted(block: Block, known: set[Value]) -> Iterator[tuple[Value, list[Op]]]:
    """The ops of the forward sweep that the program before did not have, by the first result of the op after them."""
    fresh: list[Op] = []
    for op in block.ops:
        if op.sweep != "adjoint" and not op.regions and op.outputs and known.isdisjoint(op.outputs):
            fresh.append(op)
            continue
        if fresh and op.outputs:
            yield op.outputs[0], fresh
            fresh = []
        if op.sweep != "adjoint":
            for region in op.regions:
                yield from _inserted(region, known)


def _pairs(body: Block, effectful: frozenset[str]) -> Iterator[tuple[tuple[Value, ...], Pair]]:
    """The loops whose steps run again, by the parameters of their bodies."""
    reads = stack_reads(body)
    for block in (body, *(region for op in all_ops(body) for region in op.regions)):
        for at, op in enumerate(block.ops):
            hint = op.attrs.get("schedule") if is_loop(op) and op.sweep == "" else None
            pair = find_pair(block, at, reads, effectful) if hint not in (None, "store", "auto") else None
            if pair is not None and scheduled(pair, hint):
                yield op.regions[-1].params, pair
