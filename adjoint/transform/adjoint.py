"""Reverse mode: after the primal program, its ops again in reverse, each giving to the cotangents of its operands.

Griewank and Walther 2008, section 3.2; on structured SSA as in Innes 2019.

`x_bar` is the cotangent of `x`. Cotangents are symbolic zeros until something is added; the first
contribution is taken as it is. `for` becomes `for` over the same range backwards, `while` a `for` over
its trips, `if` an `if` on the same condition. What is linear reads none of its operands. The reverse
sweep reads primal values freely; `residuals` closes the reads into regions. Nothing here knows about
storage.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from adjoint.analysis.activity import carries_derivative, varied
from adjoint.analysis.partial import partial_values
from adjoint.errors import UnsupportedError
from adjoint.ir.build import Builder
from adjoint.ir.core import (
    CALL,
    FOR,
    HOOK,
    IF,
    OPAQUE,
    PACK,
    UNDEFINED,
    UNPACK,
    WHILE,
    Atom,
    Block,
    Function,
    Literal,
    Op,
    Slot,
    Value,
    for_parts,
    while_parts,
)
from adjoint.ir.types import PACKED, PY_INT, ArrayType, ListType, StackType, Type, is_inexact
from adjoint.ir.walk import give_names, lookup, substitute
from adjoint.rules.infer import dim_of
from adjoint.rules.internal import cast
from adjoint.rules.trace import ZERO, Sym, Zero
from adjoint.runtime.arrays import hooked
from adjoint.transform.calls import Splits, reverse_call
from adjoint.transform.cotangent import (
    add,
    derivative_type,
    given_back_type,
    named,
    primitive,
    project,
    zero_if_there,
    zero_like,
)
from adjoint.transform.hidden import varied_in_sight
from adjoint.transform.inline import inline_split_calls
from adjoint.transform.lists import Known, use_facts, with_facts, zeros_of
from adjoint.transform.packs import packed, stacks_of_packs, unpacked, whole
from adjoint.transform.prefill import prefill
from adjoint.transform.residuals import Residuals
from adjoint.transform.tangent import times
from adjoint.transform.trace import Tracing, find_rule, refuse_varying_options, splice, with_shapes_of

Elements = tuple[tuple[int, Any], ...]
"""The elements of a stack that have cotangents, in order; for an element that is a stack, its own `Elements`."""


def adjoint(fn: Function, wrt: Sequence[int], seeds: Sequence[bool], split: Splits | None = None) -> Function:
    """`(x...) -> (y...)` becomes `(x..., y_bar of the seeded y...) -> (y..., x_bar of the x in wrt...)`.

    `split` has the halves of callees that are known or being made.
    """
    fn = prefill(inline_split_calls(fn))
    partial = partial_values(fn.body)
    body, known = with_facts(fn.body, partial)
    fn = replace(fn, body=body)
    sources = [fn.params[k] for k in wrt]
    mode = Reverse(varied_in_sight(body, sources), dict(fn.functions), partial, split, known)
    mode.packed = stacks_of_packs(fn.body)
    builder = Builder(sweep="adjoint")
    bars = []
    cot: Cotangents = {}
    for atom, seeded in zip(fn.results, seeds, strict=True):
        if seeded:
            hint = (named(atom, "bar") if isinstance(atom, Value) else None) or "bar"
            bar = Value(hint, derivative_type(atom.type))
            bars.append(bar)
            mode.accumulate(cot, builder, atom, bar)
    mode.block(fn.body.ops, cot, builder)
    results = [mode.result(cot, builder, source) for source in sources]
    forward = mode.residuals.rebuild(fn.body)
    body = Block((*fn.params, *bars), (*forward.ops, *builder.ops), (*forward.results, *results))
    give_names(mode.hints)
    return Function(f"{fn.name}_vjp", body, mode.functions)


Cotangents = dict[Value, Atom]


class Reverse:
    """The state of one reverse transform: what varies, and what the forward sweep must hand over."""

    def __init__(
        self, varied: set[Value], functions: dict[str, Function], partial: set[Value], split: Splits | None,
        known: Known,
    ) -> None:
        self.varied = varied
        self.partial = partial
        self.known = known
        self.functions = functions
        self.residuals = Residuals()
        self.split: Splits = {} if split is None else split
        self.again: dict[tuple[str, tuple[int, ...], tuple[bool, ...]], str] = {}  # reverses of checkpointed calls
        self.elements: dict[Value, Elements] = {}
        self.hints: dict[Value, str] = {}
        self.packed: set[Value] = set()  # stacks whose cotangents have a place for every element
        self.carried: dict[Op, tuple[list[bool], dict[Value, None]]] = {}  # by the reverse of a loop

    def differentiate(self, fn: Function, wrt: Sequence[int], seeds: Sequence[bool]) -> Function:
        """The same transform, of a callee."""
        return adjoint(fn, wrt, seeds, self.split)

    # ------------------------------------------------------------------ cotangents

    def accumulate(self, cot: Cotangents, builder: Builder, atom: Atom, bar: Atom) -> None:
        """Add a contribution to the cotangent of an atom, in the space of the atom."""
        if not isinstance(atom, Value) or atom not in self.varied:
            return
        if isinstance(atom.type, StackType):
            if atom in cot:
                raise UnsupportedError("a stack that is read by two loops cannot be differentiated again", builder.span)
            cot[atom] = bar
            return
        total = add(builder, cot.get(atom), project(builder, bar, atom))
        cot[atom] = total
        hint = named(atom, "bar")
        if hint is not None and isinstance(total, Value) and total.hint is None:
            self.hints.setdefault(total, hint)

    def result(self, cot: Cotangents, builder: Builder, value: Value) -> Atom:
        """The cotangent of a parameter, as an array of its own shape."""
        bar = cot.get(value)
        bar = self.zeros(builder, value) if bar is None else bar
        narrow = (
            isinstance(value.type, ArrayType)
            and value.type.kind != "py"
            and value.type.dtype in ("float32", "complex64")
        )
        if narrow and isinstance(bar.type, ArrayType) and bar.type.kind == "py":
            return builder.one(primitive(cast), bar, dtype=value.type.dtype)  # type: ignore[union-attr]  # an array
        return bar

    # ------------------------------------------------------------------ ops

    def block(self, ops: Sequence[Op], cot: Cotangents, builder: Builder) -> None:
        """The reverse of a sequence of ops: consumes cotangents of results, adds to those of operands."""
        for op in reversed(ops):
            if any(output in cot for output in op.outputs) and any(v in self.varied for v in op.outputs):
                with builder.at(op.span, "adjoint"):
                    self.op(op, cot, builder)
            for output in op.outputs:
                cot.pop(output, None)

    def op(self, op: Op, cot: Cotangents, builder: Builder) -> None:
        if op.primitive is IF:
            self.branch(op, cot, builder)
        elif op.primitive is FOR or op.primitive is WHILE:
            self.loop(op, cot, builder)
        elif op.primitive is CALL:
            reverse_call(self, op, cot, builder)
        elif op.primitive is HOOK:
            self.hook(op, cot, builder)
        elif op.primitive is PACK:
            self.pack(op, cot, builder)
        elif op.primitive is UNPACK:
            self.unpack(op, cot, builder)
        elif carries_derivative(op):
            self.plain(op, cot, builder)

    def hook(self, op: Op, cot: Cotangents, builder: Builder) -> None:
        """The cotangent goes through the function that the user hooked in."""
        bar, callee = cot[op.outputs[0]], op.attrs["callee"]
        if callee is not None:
            types = [r.type for r in self.functions[callee].results]
            (given,) = builder.emit(CALL, (bar, *op.inputs[1:]), {"callee": callee}, types=types)
        else:
            attrs: dict[str, Any] = {"function": hooked, "method": None, "name": "the hook"}
            attrs |= {"args": (Slot(0), Slot(1)), "kwargs": {}}
            type_ = derivative_type(op.inputs[0].type)
            (given,) = builder.emit(OPAQUE, (bar, op.inputs[1]), attrs, types=(type_,))
        self.accumulate(cot, builder, op.inputs[0], given)

    def pack(self, op: Op, cot: Cotangents, builder: Builder) -> None:
        """The cotangent of a pack holds those of its parts."""
        parts = [Value(None, atom.type) if isinstance(atom, Literal) else atom for atom in op.inputs]
        bars = unpacked(builder, cot[op.outputs[0]], parts, [atom in self.partial for atom in op.inputs])
        for atom, bar in zip(op.inputs, bars, strict=True):
            if bar is not None and isinstance(atom, Value):
                if isinstance(atom.type, StackType):
                    self.elements[atom] = whole(atom.type)
                self.accumulate(cot, builder, atom, bar)

    def unpack(self, op: Op, cot: Cotangents, builder: Builder) -> None:
        bars = [
            packed(builder, part, cot.get(part), may_be_undefined=is_partial)
            for part, is_partial in zip(op.outputs, op.attrs["partial"], strict=True)
        ]
        self.accumulate(cot, builder, op.inputs[0], builder.emit(PACK, bars, types=(PACKED,))[0])

    def plain(self, op: Op, cot: Cotangents, builder: Builder) -> None:
        rule = find_rule(op)
        tracing = Tracing(op, rule)
        atoms = [tracing.atom(x) for x in tracing.operands]
        wrt = range(len(atoms)) if rule.wrt is None else rule.wrt
        wanted = [k for k in wrt if isinstance(atoms[k], Value) and atoms[k] in self.varied]
        refuse_varying_options(op, self.varied.__contains__)
        if not wanted:
            return
        bars: list[Any] = [cot.get(output) for output in op.outputs]
        if rule.kind == "jvp" and rule.vjp is None:
            self.transposed(tracing, atoms, wanted, bars, cot, builder)
            return
        bar = (
            tracing.symbol(bars[0]) if len(bars) == 1 else tuple(ZERO if b is None else tracing.symbol(b) for b in bars)
        )
        body: Any = rule.body
        if rule.vjp is not None:
            found = tracing.run(rule.vjp, bar, *tracing.operands)
        elif rule.kind == "elementwise":
            partials = tracing.run(body, *tracing.operands)
            found = tuple(times(p, bar) for p in self.shared(partials, atoms, wanted))
        else:
            found = tracing.run(body, bar, *tracing.operands)
        results = dict(zip(range(len(atoms)) if len(found) == len(atoms) else wrt, found, strict=True))
        gifts = [(atoms[k], tracing.atom(results[k])) for k in wanted if not _is_zero(results[k])]
        if self.known:
            table: dict[Value, Atom] = {}
            tracing.scratch.ops[:] = use_facts(self.known, tracing.scratch.ops, table, op.outputs[0])
            gifts = [(atom, lookup(table, gift)) for atom, gift in gifts]
        splice(tracing.scratch, builder, [gift for _, gift in gifts])
        for atom, gift in gifts:
            self.accumulate(cot, builder, atom, gift)

    def shared(self, partials: Sequence[Any], atoms: Sequence[Atom], wanted: Sequence[int]) -> list[Any]:
        """The partials by each operand; those of an operand that is given twice become one."""
        found: dict[Atom, int] = {}
        result: list[Any] = [ZERO] * len(partials)
        for k in wanted:
            first = found.setdefault(atoms[k], k)
            if first == k:
                result[k] = partials[k]
            elif (
                isinstance(partials[k], Sym)
                and isinstance(result[first], Sym)
                and partials[k].atom is result[first].atom
            ):
                result[first] = 2.0 * partials[k]
            else:
                result[first] = result[first] + partials[k]
        return result

    def transposed(
        self, tracing: Tracing, atoms: Sequence[Atom], wanted: Sequence[int], bars: Sequence[Atom | None],
        cot: Cotangents, builder: Builder,
    ) -> None:  # fmt: skip
        """The reverse of a `jvp_rule`: our own transform applied to the traced tangent, which is linear."""
        dots: dict[int, Value] = {k: Value(None, derivative_type(atoms[k].type)) for k in wanted}
        shaped = [Sym(dots[k], tracing.tracer) if k in dots else ZERO for k in range(len(atoms))]
        body: Any = tracing.rule.body
        outs = tracing.run(body, *shaped, *tracing.operands)
        outer = self.varied
        scratch = Block(tuple(dots.values()), tuple(tracing.scratch.ops), ())
        self.varied = varied(scratch, dots.values())
        inner: Cotangents = {}
        linear = [op for op in tracing.scratch.ops if any(v in self.varied for v in op.outputs)]
        for op in tracing.scratch.ops:
            if op not in linear:
                builder.append(replace(op, span=builder.span, sweep="adjoint"))
        start = len(builder.ops)
        for out, bar in zip(outs, bars, strict=True):
            if bar is not None and not isinstance(out, Zero):
                self.accumulate(inner, builder, tracing.atom(out), bar)
        self.block([replace(op, span=builder.span) for op in linear], inner, builder)
        self.varied = outer
        builder.ops[start:] = with_shapes_of(builder.ops[start:], linear, {dots[k]: atoms[k] for k in wanted})
        for k, dot in dots.items():
            if dot in inner:
                self.accumulate(cot, builder, atoms[k], inner[dot])

    # ------------------------------------------------------------------ branches

    def branch(self, op: Op, cot: Cotangents, builder: Builder) -> None:
        """Each branch continues the cotangents from outside; what either changes is merged."""
        ends: list[tuple[Builder, Cotangents]] = []
        for region in op.regions:
            inner = builder.nested()
            local = {v: b for v, b in cot.items() if v not in op.outputs}
            for output, atom in zip(op.outputs, region.results, strict=True):
                if output in cot and atom is not UNDEFINED:
                    if isinstance(output.type, StackType) and isinstance(atom, Value):
                        self.elements[atom] = self.elements[output]
                    self.accumulate(local, inner, atom, cot[output])
            self.block(region.ops, local, inner)
            ends.append((inner, local))
        inside = self.residuals.defined(op)
        changed = [
            v for v in dict.fromkeys(v for _, local in ends for v in local)
            if v not in inside and any(local.get(v) is not cot.get(v) for _, local in ends)
        ]  # fmt: skip
        blocks = []
        for inner, local in ends:
            given = [local[v] if v in local else self.zero(inner, v) for v in changed]
            blocks.append(inner.block((), given))
        table = self.residuals.give(op, self.residuals.reads(op, blocks))
        blocks = [substitute(block, table) for block in blocks]
        outputs = [Value(named(v, "bar"), self.bar_type(v, [local.get(v) for _, local in ends])) for v in changed]
        if outputs:
            builder.emit(IF, op.inputs, regions=tuple(blocks), types=())
            builder.ops[-1] = replace(builder.ops[-1], outputs=tuple(outputs))
        cot.update(zip(changed, outputs, strict=True))

    def bar_type(self, value: Value, bars: Sequence[Atom | None]) -> Type:
        if isinstance(value.type, StackType):
            return next(b.type for b in bars if b is not None)
        return derivative_type(value.type)

    def zero(self, builder: Builder, value: Value) -> Atom:
        if isinstance(value.type, StackType):
            return UNDEFINED
        found = zero_if_there(builder, value, self.partial)
        return self.zeros(builder, value) if found is None else found

    def zeros(self, builder: Builder, value: Value) -> Atom:
        """The cotangent of what nothing depends on, where there must be one."""
        return zeros_of(self.known, builder, value) if isinstance(value.type, ListType) else zero_like(builder, value)

    # ------------------------------------------------------------------ loops

    def loop(self, op: Op, cot: Cotangents, builder: Builder) -> None:  # noqa: PLR0915  # one fixed point, one new loop
        """The loop backwards.

        What it carries, cotangents of carried values and of values read from outside, is found by repeating
        until no more turns up. A loop inside is met in each of these passes: it begins with what it found in the
        last one, as otherwise the time would double with each level of nesting.
        """
        is_for = op.primitive is FOR
        parts: Any = for_parts(op) if is_for else while_parts(op)
        body = op.regions[-1]
        inside = self.residuals.defined(op)
        start = [final in cot for final in parts.final]
        known = self.carried.get(op)
        if known is not None and any(a and not b for a, b in zip(start, known[0], strict=True)):
            known = None
        active, outside = known or (start, {})
        saved_grown = dict(self.residuals.grown)
        while True:
            self.residuals.grown = dict(saved_grown)
            inner = builder.nested()
            local: Cotangents = {}
            bars = [
                Value(named(p, "bar"), derivative_type(p.type)) if a else None
                for p, a in zip(parts.carried, active, strict=True)
            ]
            sums = {v: Value(named(v, "bar"), derivative_type(v.type)) for v in outside}
            local.update(sums)
            popped, stack_bars = self.popped(op, parts, local, cot, inner)
            for end, bar in zip(parts.following, bars, strict=True):
                if bar is not None:
                    self.accumulate(local, inner, end, bar)
            self.block(body.ops, local, inner)
            more = [a or p in local for a, p in zip(active, parts.carried, strict=True)]
            found = dict.fromkeys([*outside, *(v for v in local if v not in inside and v not in parts.carried)])
            if more == active and list(found) == list(outside):
                break
            active, outside = (more, found) if known is None else (start, {})
            known = None
        self.carried[op] = active, outside
        chosen = [k for k, a in enumerate(active) if a]
        following = [self.carried_bar(local, inner, parts.carried[k]) for k in chosen]
        following += [local[v] for v in outside]
        sizes, pushed, produced, owners = self.pushed(parts, local, inner) if is_for else ([], [], [], [])
        index = Value(parts.index.hint if is_for else None, PY_INT)
        region = Block(
            (index, *(bars[k] for k in chosen), *sums.values(), *popped),  # type: ignore[arg-type]  # chosen are set
            tuple(inner.ops), (*following, *pushed),
        )  # fmt: skip
        if is_for:
            index.length = dim_of(parts.index)
            region = substitute(region, {parts.index: index})
        region, stacks = self.close(op, region)
        initial = [self.carried_bar(cot, builder, parts.final[k]) for k in chosen]
        initial += [cot[v] if v in cot else self.zero(builder, v) for v in outside]
        ends = [(parts.initial[k], parts.carried[k]) for k in chosen]
        finals = [Value(named(param, "bar"), given_back_type(first, param)) for first, param in ends]
        outer = [Value(named(v, "bar"), derivative_type(v.type)) for v in outside]
        space = self.trips_made(op, parts, builder) if is_for else (Literal(0), parts.trips, Literal(1))
        attrs = {
            "carried": len(initial), "produced": tuple(sizes),
            "reverse": not op.attrs["reverse"] if is_for else True,
        }  # fmt: skip
        inputs, outputs = (*space, *initial, *stack_bars, *stacks), (*finals, *outer, *produced)
        builder.append(Op(FOR, inputs, outputs, attrs, (region,), op.span, "adjoint"))
        cot.update(zip(outside, outer, strict=True))
        for k, final in zip(chosen, finals, strict=True):
            self.accumulate(cot, builder, parts.initial[k], final)
        for stack, value, elements in owners:
            self.elements[value] = elements
            self.elements[stack] = elements
            self.accumulate(cot, builder, stack, value)

    def trips_made(self, op: Op, parts: Any, builder: Builder) -> tuple[Atom, Atom, Atom]:
        """The part of a range that a loop went through before it ended."""
        start, stop, step = parts.space
        if "stop" not in op.attrs:
            return start, stop, step
        trips = parts.final[op.attrs["trips"]]
        one = isinstance(step, Literal) and step.value == 1
        length = trips if one else builder.one(primitive(operator.mul), trips, step)
        zero = isinstance(start, Literal) and start.value == 0
        return start, length if zero else builder.one(primitive(operator.add), start, length), step

    def carried_bar(self, cot: Cotangents, builder: Builder, value: Value) -> Atom:
        bar = cot.get(value)
        return self.zeros(builder, value) if bar is None else bar

    def popped(
        self, op: Op, parts: Any, local: Cotangents, cot: Cotangents, builder: Builder
    ) -> tuple[list[Value], list[Atom]]:
        """The cotangents of the stacks that the loop produced are consumed; each element's goes to what was pushed."""
        elements: list[Value] = []
        stacks: list[Atom] = []
        position = 0
        for stack, size in zip(parts.produced, op.attrs["produced"], strict=True):
            if stack in cot:
                stacks.append(cot[stack])
                for (k, inner), type_ in zip(self.elements[stack], cot[stack].type.elements, strict=True):  # type: ignore[union-attr]
                    atom = parts.pushed[position + k]
                    bar = Value(named(atom, "bar") if isinstance(atom, Value) else None, type_)
                    elements.append(bar)
                    if inner is not None and isinstance(atom, Value):
                        self.elements[atom] = inner
                    self.accumulate(local, builder, atom, bar)
            position += size
        return elements, stacks

    def pushed(
        self, parts: Any, local: Cotangents, builder: Builder
    ) -> tuple[list[int], list[Atom], list[Value], list[tuple[Value, Value, Elements]]]:
        """The cotangents of consumed elements become stacks, for the loop that pushed the elements."""
        sizes: list[int] = []
        pushed: list[Atom] = []
        produced: list[Value] = []
        owners: list[tuple[Value, Value, Elements]] = []
        position = 0
        for stack in parts.stacks:
            count = len(stack.type.elements)
            group = parts.elements[position : position + count]
            position += count
            which = [(k, e) for k, e in enumerate(group) if e in local or stack in self.packed]
            if not which:
                continue
            bars = [
                local[e] if e in local else packed(builder, e, None, may_be_undefined=e in self.partial)
                for _, e in which
            ]
            types = tuple(
                derivative_type(e.type) if is_inexact(e.type) and not isinstance(e.type, StackType) else b.type
                for b, (_, e) in zip(bars, which, strict=True)
            )
            value = Value(None, StackType(types))
            sizes.append(len(which))
            pushed.extend(bars)
            produced.append(value)
            elements = tuple((k, self.elements.get(e) if isinstance(e.type, StackType) else None) for k, e in which)
            owners.append((stack, value, elements))
        return sizes, pushed, produced, owners

    def close(self, op: Op, region: Block) -> tuple[Block, list[Atom]]:
        """Let the forward loop push what the reverse region reads of it."""
        values = self.residuals.reads(op, [region])
        if not values:
            return region, []
        stack = self.residuals.push(op, values)
        copies = [Value(v.hint, v.type) for v in values]
        for copy, value in zip(copies, values, strict=True):
            if value.type == PY_INT:
                copy.length = dim_of(value)
        region = substitute(region, dict(zip(values, copies, strict=True)))
        return replace(region, params=(*region.params, *copies)), [stack]


def _is_zero(found: Any) -> bool:
    return isinstance(found, Zero) or (isinstance(found, (bool, int, float)) and found == 0)
