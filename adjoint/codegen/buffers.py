"""Memory for the large temporaries of a loop, allocated once: what an expert writes with `out=`.

    for _ in range(steps):                           t0 = np.empty(u.shape[0] - 2)
        u[1:-1] += c * (u[2:] - u[:-2]) * v          for _ in range(steps):
                                                         np.subtract(u[2:], u[:-2], out=t0)
                                                         t0 *= c
                                                         t0 *= v
                                                         u[1:-1] += t0

Runs on bufferized code. A new array for every operation costs page faults once it is too large for the pools of the
allocator (128 kB: five times the time), and cache before that; a loop that uses two again has them at hand. Small
arrays stay in expressions, which are easier to read.

Buffers are given out in program order, the operand that is read for the last time first (linear scan: M. Poletto,
V. Sarkar, Linear scan register allocation, 1999); arrays of one shape and dtype take turns, those with a name keep it.
The kinds of buffers together take about what the temporaries did at the worst moment: where a loop makes arrays of many
shapes, some are new each time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Any

import numpy as np

from adjoint.analysis.partial import partial_values
from adjoint.codegen.fold import Memory, is_inplace
from adjoint.codegen.into import INTO, function_into, goes_by_element, operands_into
from adjoint.codegen.lengths import Lengths, equal_lengths, fills
from adjoint.codegen.order import same_place
from adjoint.codegen.overwriting import OVERWRITING
from adjoint.codegen.rereading import read_where_stored
from adjoint.codegen.storage import is_view
from adjoint.codegen.strides import lying_otherwise
from adjoint.codegen.temporaries import Life, Lives
from adjoint.ir.bounds import made_for_small, numbers_at_hand
from adjoint.ir.build import Builder
from adjoint.ir.core import FOR, WHILE, Atom, Block, Function, Op, Slot, Value
from adjoint.ir.types import ArrayType, Shape
from adjoint.ir.walk import all_ops, lookup, op_reads, reading
from adjoint.rules.names import ADDS, DIM, EMPTY, GETITEM, SUBS, UPDATE

LARGE = 500
"""Numbers of an array from which on its memory is better used again: an eighth of the time, and more above 16,000."""

MORE = 1.1
"""How much memory buffers may take, for what temporaries take that are gone at once."""


def with_buffers(fn: Function) -> Function:
    """The same program with the large temporaries of its loops in buffers."""
    if fn.frees or not any(map(_makes_large_array, _ops_in_loops(fn.body))):
        return fn
    fn = read_where_stored(fn, _makes_large_array)
    plan = _Plan(fn)
    return replace(fn, body=_Rewriter(plan).block(fn.body, {}, Lengths(fn.params, plan.partial)))


def _is_loop(op: Op) -> bool:
    return op.primitive is FOR or op.primitive is WHILE


def _ops_in_loops(block: Block) -> Iterator[Op]:
    for op in block.ops:
        for region in op.regions:
            yield from all_ops(region) if _is_loop(op) else _ops_in_loops(region)


def _makes_large_array(op: Op) -> bool:
    """Whether an op could write into a buffer, and makes an array that is large for the arguments at hand."""
    if function_into(op) is None:
        return False
    shape = array_type(op.outputs[0]).shape or ()
    numbers = numbers_at_hand(shape)
    if numbers is not None and numbers < LARGE:
        made_for_small(shape, LARGE)
    return numbers is not None and numbers >= LARGE


def array_type(value: Value) -> ArrayType:
    """The type of what `function_into` makes."""
    assert isinstance(value.type, ArrayType)
    return value.type


@dataclass(frozen=True, slots=True)
class Kind:
    """What buffers have in common that take turns; `name` is that of the program."""

    dtype: str
    shape: Shape
    name: str | None

    @property
    def size(self) -> int:
        """In bytes, for the arguments at hand."""
        return (numbers_at_hand(self.shape) or 0) * np.dtype(self.dtype).itemsize


Buffer = tuple[Kind, int]


class _Plan:
    """Which op writes into which buffer.

    `stores` are stores whose value is computed where it is stored. `sums` are ops whose result is seen outside of the
    loop, so that it is in no buffer: they overwrite an operand, of this number, that is in none either (it is `new`).
    """

    def __init__(self, fn: Function) -> None:
        self.lives = Lives(fn)
        self.memory = Memory(fn)
        self.partial = partial_values(fn.body)
        self.unfit = self.partial | lying_otherwise(fn.body)
        self.found: dict[Op, Life] = {}
        self.equal = equal_lengths(fn)
        self.stores: set[Op] = set()
        self.sums: dict[Op, int] = {}
        self.new: set[Value] = set()
        self.buffers: dict[Op, Buffer] = {}
        self.where: dict[Atom, tuple[Buffer, Life]] = {}
        self.taken: list[tuple[Kind, int]] = []  # in program order: 1 for a temporary, -1 where it ends
        self.collect(fn.body, Lengths(fn.params, self.partial))
        self.store()
        self.allot(fn.body, {})
        self.choose()

    # ---- which ops

    def collect(self, block: Block, lengths: Lengths) -> None:
        """The temporaries of the loops of a block."""
        for op in block.ops:
            for region in op.regions:
                if _is_loop(op):
                    self.collect_in(region, lengths)
                else:
                    self.collect(region, lengths.inside())
            lengths.enter(op.outputs)

    def collect_in(self, block: Block, lengths: Lengths) -> None:
        for op in reversed(block.ops):
            for region in op.regions:
                self.collect_in(region, lengths)
            if is_inplace(op) or not _makes_large_array(op) or op.outputs[0] in self.unfit:
                continue
            (out,) = op.outputs
            life = self.lives.life(out) if out not in self.new else None
            if life is not None and lengths.have(self.kind_of(out).shape):
                self.found[op] = life
            else:
                self.overwrite(op, out)

    def kind_of(self, value: Value) -> Kind:
        type_ = array_type(value)
        equal = self.equal[self.lives.home[self.lives.definitions[value]]]
        return Kind(type_.dtype or "", equal.shape(type_.shape or ()), value.hint)

    def overwrite(self, op: Op, out: Value) -> None:
        """Let an op whose result is new memory overwrite an operand that is, too."""
        for k in OVERWRITING.get(op.primitive.fun, ()):
            value = op.inputs[k]
            made = self.lives.definitions.get(value) if isinstance(value, Value) else None
            if made is None or is_inplace(made) or self.lives.home[made] is not self.lives.home[op]:
                continue
            assert isinstance(value, Value)
            if not function_into(made) or value in self.unfit or self.kind_of(value) != self.kind_of(out):
                continue
            if self.lives.readers[value] == [op] and self.lives.life(value) is not None:
                self.sums[op] = k
                self.new.add(value)
                return

    def store(self) -> None:
        """Compute what is stored where it is stored: from other memory, or number by number from what was there.

        What is added to an old value is left to a form of its own, `x[i] += v`.
        """
        for op in list(self.found):
            store = self.store_of(op)
            if store is None:
                continue
            arrays = [x for x in op.inputs if isinstance(x, Value) and getattr(x.type, "shape", None) != ()]
            if op.primitive in ADDS | SUBS and self.is_old_value(op.inputs[0], store):
                del self.found[op]
            elif all(self.is_elsewhere(array, store) or self.is_old_value(array, store) for array in arrays):
                self.stores.add(store)
                del self.found[op]

    def is_elsewhere(self, array: Value, store: Op) -> bool:
        """Whether an array is certainly no memory of the one that is written."""
        return self.memory.find(array) is not self.memory.find(store.inputs[0])  # type: ignore[arg-type]  # a value

    def is_old_value(self, atom: Atom, store: Op) -> bool:
        """Whether an array is the place that is written, as it was before."""
        old = self.lives.definitions.get(atom) if isinstance(atom, Value) else None
        if old is None or old.primitive is not GETITEM or old.inputs[0] is not store.inputs[0]:
            return False
        return same_place(old, 1, store, 2)

    def store_of(self, op: Op) -> Op | None:
        """The store right after an op that alone reads its result, an array of the shape and the dtype of the place."""
        (value,) = op.outputs
        readers, block = self.lives.readers.get(value, []), self.lives.home[op]
        if len(readers) != 1 or value.hint is not None or not goes_by_element(op):
            return None
        (store,) = readers
        if store.primitive is not UPDATE or self.lives.home[store] is not block or store.inputs[1] is not value:
            return None
        between = block.ops[self.lives.place[op] + 1 : self.lives.place[store]]
        return store if all(map(is_view, between)) and fills(store, self.equal[block]) else None

    # ---- which buffers

    def allot(self, block: Block, taken: dict[Kind, set[int]]) -> None:
        """Give a buffer to each temporary; `taken` are those that hold one here."""
        ends: dict[int, list[Buffer]] = {}
        for k, op in enumerate(block.ops):
            for region in op.regions:
                self.allot(region, taken)
            if op in self.found:
                buffer = self.next_buffer(op, taken, ends.get(k, []))
                ends.setdefault(self.found[op].last, []).append(buffer)
            for buffer in ends.pop(k, ()):
                self.release(buffer, taken)

    def next_buffer(self, op: Op, taken: dict[Kind, set[int]], ending: list[Buffer]) -> Buffer:
        """The buffer of an operand that is not read again, the first one if there are several, or one that is free."""
        life, kind = self.found[op], self.kind_of(op.outputs[0])
        free = []
        if goes_by_element(op):
            read = [self.where[atom] for atom in op.inputs if atom in self.where]
            ready = dict.fromkeys(buffer for buffer, its in read if its.windows.isdisjoint(op.inputs))
            for buffer in ready:
                if buffer in ending:
                    ending.remove(buffer)
                    self.release(buffer, taken)
                    free += [buffer[1]] if buffer[0] == kind else []
        mine = taken.setdefault(kind, set())
        number = free[0] if free else next(n for n in range(len(mine) + 1) if n not in mine)
        mine.add(number)
        self.taken.append((kind, 1))
        self.buffers[op] = kind, number
        self.where.update((member, (self.buffers[op], life)) for member in life.members)
        return kind, number

    def release(self, buffer: Buffer, taken: dict[Kind, set[int]]) -> None:
        kind, number = buffer
        taken[kind].remove(number)
        self.taken.append((kind, -1))

    def choose(self) -> None:
        """Keep the kinds that move most memory, if with them the loops take about as much as with temporaries."""
        uses = Counter(kind for kind, _ in self.buffers.values())
        numbers = Counter(kind for kind, _ in set(self.buffers.values()))
        kept: set[Kind] = {kind for kind in uses if kind.name is not None}
        limit, held = MORE * self.peak(kept), 0
        for kind in sorted(uses.keys() - kept, key=lambda kind: -uses[kind] * kind.size):
            more = held + numbers[kind] * kind.size
            if more + self.peak({*kept, kind}) <= limit:
                kept.add(kind)
                held = more
        self.buffers = {op: buffer for op, buffer in self.buffers.items() if buffer[0] in kept}

    def peak(self, apart: Collection[Kind]) -> int:
        """How many bytes temporaries take at the worst moment, of other kinds than these."""
        held = accumulate(sign * kind.size for kind, sign in self.taken if kind not in apart)
        return max(held, default=0)


class _Rewriter:
    """Write a plan into the program."""

    def __init__(self, plan: _Plan) -> None:
        self.plan = plan
        self.table: dict[Value, Atom] = {}  # the buffers that temporaries are in

    def block(self, block: Block, there: dict[Buffer, Value], lengths: Lengths) -> Block:
        """A block that is in no loop; `there` are the buffers that are allocated already."""
        ops: list[Op] = []
        there = dict(there)
        for op in block.ops:
            if _is_loop(op):
                ops += self.allocations(op, there, lengths)
                ops.append(self.op(op, there))
            else:
                regions = tuple(self.block(region, there, lengths.inside()) for region in op.regions)
                ops.append(reading(op, op.inputs, regions))
            lengths.enter(op.outputs)
        return replace(block, ops=tuple(ops))

    def allocations(self, loop: Op, there: dict[Buffer, Value], lengths: Lengths) -> list[Op]:
        """The buffers that a loop needs first."""
        builder = Builder(loop.span, loop.sweep)
        reads = op_reads(loop)
        for op in (op for region in loop.regions for op in all_ops(region)):
            if (buffer := self.plan.buffers.get(op)) is None or buffer in there:
                continue
            kind, _ = buffer
            numbers = lengths.written(builder, kind.shape, {**reads, **dict.fromkeys(there.values())})
            attrs: dict[str, Any] = {"shape": tuple(map(Slot, range(len(numbers))))}
            if len(numbers) == 1 and not (isinstance(numbers[0], Value) and _is_whole(builder.ops[-1])):
                attrs["shape"] = Slot(0)
            if kind.dtype != "float64":
                attrs["dtype"] = np.dtype(kind.dtype).type
            types = (ArrayType(kind.dtype, kind.shape),)
            (there[buffer],) = builder.emit(EMPTY, numbers, attrs, types=types, hints=(kind.name,))
            lengths.enter((there[buffer],))
        return builder.ops

    def inside(self, block: Block, there: dict[Buffer, Value]) -> Block:
        """A block of a loop."""
        ops = tuple(self.op(op, there) for op in block.ops)
        return replace(block, ops=ops, results=tuple(lookup(self.table, atom) for atom in block.results))

    def op(self, op: Op, there: dict[Buffer, Value]) -> Op:
        inputs = tuple(lookup(self.table, atom) for atom in op.inputs)
        buffer = self.plan.buffers.get(op)
        if buffer is not None:
            life = self.plan.found[op]
            self.table.update((member, there[buffer]) for member in life.members)
            return _into(op, there[buffer], inputs)
        if op.outputs and op.outputs[0] in self.table:  # it overwrites a temporary
            return _into(op, inputs[0], inputs)
        if op in self.plan.stores:
            return replace(op, inputs=inputs, attrs={**op.attrs, "into": True})
        if op in self.plan.sums:
            inputs = (inputs[1], inputs[0]) if self.plan.sums[op] else inputs
            return replace(op, inputs=inputs, attrs={**op.attrs, "inplace": True})
        return reading(op, inputs, tuple(self.inside(region, there) for region in op.regions))


def _into(op: Op, buffer: Atom, inputs: tuple[Atom, ...]) -> Op:
    operands = operands_into(replace(op, inputs=inputs))
    return Op(INTO, (buffer, *operands), (), {"fun": function_into(op), "inplace": True}, (), op.span, op.sweep)


def _is_whole(length: Op) -> bool:
    """Whether a length is all of the shape of an array."""
    type_ = length.inputs[0].type
    return length.primitive is DIM and isinstance(type_, ArrayType) and type_.ndim == 1
