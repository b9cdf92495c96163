"""Forward mode: every op is followed by the code of its tangent (Griewank and Walther 2008, section 3.1).

`x_dot` stands for the derivative of `x` along the given direction. A value without a tangent varies not
at all; zeros are not materialised unless a branch or a loop needs an initial value. The primal ops are
kept as they are, in their order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from adjoint.analysis.partial import partial_values
from adjoint.errors import MissingRuleError
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
    Value,
    for_parts,
    while_parts,
)
from adjoint.ir.types import PACKED, ArrayType, ListType, StackType, Type, is_inexact
from adjoint.rules.registry import rule_of
from adjoint.rules.trace import ZERO, Zero
from adjoint.transform.cotangent import (
    derivative_type,
    known_as,
    named,
    project,
    to_shape,
    zero_if_there,
    zero_like,
)
from adjoint.transform.hidden import refuse_hidden_state
from adjoint.transform.inline import callee_of, inline_split_calls
from adjoint.transform.packs import packed, stacks_of_packs, unpacked, whole
from adjoint.transform.trace import Tracing, find_rule, refuse_varying_options, splice


def tangent(fn: Function, active: Sequence[bool]) -> Function:
    """`(x...) -> (y...)` becomes `(x..., x_dot of the active x...) -> (y..., y_dot...)`.

    A result that is no inexact number has the tangent of a number that does not vary: 0.0.
    """
    fn = inline_split_calls(fn)
    refuse_hidden_state(fn.body, (param for param, is_active in zip(fn.params, active, strict=True) if is_active))
    mode = _Tangent(dict(fn.functions), stacks_of_packs(fn.body), partial_values(fn.body))
    dots = []
    for param, is_active in zip(fn.params, active, strict=True):
        if is_active:
            dot = Value(named(param, "dot"), derivative_type(param.type))
            mode.dot[param] = dot
            dots.append(dot)
    builder = Builder(sweep="tangent")
    mode.block(fn.body, builder)
    results = [mode.materialised(builder, atom) for atom in fn.results]
    body = builder.block((*fn.params, *dots), (*fn.results, *results))
    return Function(f"{fn.name}_jvp", body, mode.functions)


Elements = tuple[tuple[int, Any], ...]
"""The elements of a stack that have tangents; for an element that is a stack itself, its own `Elements`."""


class _Tangent:
    def __init__(self, functions: dict[str, Function], packed: set[Value], partial: set[Value]) -> None:
        self.partial = partial
        self.packed = packed  # stacks whose tangents have a place for every element
        self.dot: dict[Value, Atom] = {}  # tangents; of a stack: the stack of the tangents of some elements
        self.elements: dict[Value, Elements] = {}  # which elements of a stack have tangents
        self.opaque: dict[Value, Op] = {}  # results of calls without a rule that vary
        self.functions = functions

    # ------------------------------------------------------------------ tangents of atoms

    def of(self, atom: Atom) -> Atom | None:
        """The tangent of an atom, or None if it does not vary."""
        if not isinstance(atom, Value):
            return None
        if atom in self.opaque:
            find_rule(self.opaque[atom])
        return self.dot.get(atom)

    def materialised(self, builder: Builder, atom: Atom) -> Atom:
        """The tangent of an atom where a value is needed."""
        if atom is UNDEFINED:
            return UNDEFINED
        dot = self.of(atom)
        if dot is not None:
            return to_shape(builder, dot, atom) if isinstance(atom.type, ArrayType) else dot
        if not is_inexact(atom.type) and not isinstance(atom.type, ListType):
            return Literal(0.0)
        found = zero_if_there(builder, atom, self.partial)
        return zero_like(builder, atom) if found is None else found

    def set(self, value: Value, dot: Atom | None) -> None:
        if dot is not None and is_inexact(value.type):
            self.dot[value] = dot

    # ------------------------------------------------------------------ ops

    def block(self, block: Block, builder: Builder) -> None:
        for op in block.ops:
            with builder.at(op.span):
                self.op(op, builder)

    def op(self, op: Op, builder: Builder) -> None:
        if op.primitive is IF:
            self.branch(op, builder)
        elif op.primitive is FOR or op.primitive is WHILE:
            self.loop(op, builder)
        elif op.primitive is CALL:
            self.call(op, builder)
        elif op.primitive is PACK or op.primitive is UNPACK:
            builder.append(op)
            (self.pack if op.primitive is PACK else self.unpack)(op, builder)
        else:
            builder.append(op)
            self.plain(op, builder)

    def plain(self, op: Op, builder: Builder) -> None:
        if op.primitive is OPAQUE:
            if any(isinstance(a, Value) and (a in self.dot or a in self.opaque) for a in op.inputs):
                self.opaque.update((value, op) for value in op.outputs)
            return
        if op.primitive is HOOK:
            self.set(op.outputs[0], self.of(op.inputs[0]))
            return
        rule = rule_of(op.primitive)
        if rule is None and op.primitive.fun is not None and any(self.of(atom) is not None for atom in op.inputs):
            find_rule(op)
        if rule is None or rule.kind == "nondifferentiable":
            return
        tracing = Tracing(op, rule)
        dots = [self.of(a) for a in op.inputs][: len(tracing.operands)]
        refuse_varying_options(op, lambda value: self.of(value) is not None)
        if all(dot is None for dot in dots):
            return
        results = _RULES[rule.kind](self, tracing, dots)
        outs = [None if r is None or isinstance(r, Zero) else tracing.atom(r) for r in results]
        splice(tracing.scratch, builder, [o for o in outs if o is not None])
        for value, out in zip(op.outputs, outs, strict=True):
            self.set(value, None if out is None else self.fitted(builder, out, value))

    def fitted(self, builder: Builder, dot: Atom, value: Value) -> Atom:
        """A tangent in the dtype of its value; its shape may still be smaller where it broadcasts."""
        if isinstance(value.type, ListType):
            return known_as(builder, dot, derivative_type(value.type))
        if not isinstance(value.type, ArrayType) or not isinstance(dot.type, ArrayType):
            return dot
        if dot.type.shape == value.type.shape:
            return project(builder, dot, value)
        return (
            dot
            if dot.type.kind == "py" or isinstance(dot, Literal)
            else project(builder, to_shape(builder, dot, value), value)
        )

    def elementwise(self, tracing: Tracing, dots: Sequence[Atom | None]) -> tuple[Any, ...]:
        partials = tracing.run(_body(tracing), *tracing.operands)
        total: Any = ZERO
        for partial, dot in zip(partials, dots, strict=True):
            if dot is not None:
                total = total + times(partial, tracing.symbol(dot))
        return (total,)

    def linear(self, tracing: Tracing, dots: Sequence[Atom | None]) -> tuple[Any, ...]:
        wrt = tracing.rule.wrt or tuple(range(len(dots)))
        operands = []
        for k, (operand, dot) in enumerate(zip(tracing.operands, dots, strict=True)):
            if k not in wrt:
                operands.append(operand)
            elif dot is None:
                value = tracing.atom(operand)
                operands.append(zero_like(tracing.scratch, value))
            else:
                operands.append(to_shape(tracing.scratch, dot, tracing.atom(operand)))
        return _as_tuple(tracing.call(*operands))

    def bilinear(self, tracing: Tracing, dots: Sequence[Atom | None]) -> tuple[Any, ...]:
        (a, b), (a_dot, b_dot) = tracing.operands, dots
        total: Any = ZERO
        if a_dot is not None:
            total = total + tracing.call(to_shape(tracing.scratch, a_dot, tracing.atom(a)), b)
        if b_dot is not None:
            total = total + tracing.call(a, to_shape(tracing.scratch, b_dot, tracing.atom(b)))
        return (total,)

    def jvp(self, tracing: Tracing, dots: Sequence[Atom | None]) -> tuple[Any, ...]:
        shaped = [
            ZERO if dot is None else tracing.symbol(to_shape(tracing.scratch, dot, tracing.atom(operand)))
            for dot, operand in zip(dots, tracing.operands, strict=True)
        ]
        return tracing.run(_body(tracing), *shaped, *tracing.operands)

    def vjp(self, tracing: Tracing, dots: Sequence[Atom | None]) -> tuple[Any, ...]:
        name = tracing.op.primitive.name
        raise MissingRuleError(
            f"`{name}` has a rule for the reverse mode only",
            tracing.op.span,
            f"declare its tangent with `@adjoint.rules.jvp_rule({name})`; the reverse mode follows from it",
        )

    # ------------------------------------------------------------------ structured ops

    def branch(self, op: Op, builder: Builder) -> None:
        ends = []
        for region in op.regions:
            inner = builder.nested()
            self.block(region, inner)
            ends.append((inner, region.results))
        active = [
            any(isinstance(r[k], Value) and (r[k] in self.dot or r[k] in self.opaque) for _, r in ends)
            and is_inexact(value.type)
            for k, value in enumerate(op.outputs)
        ]
        dots = []
        for k, (value, is_active) in enumerate(zip(op.outputs, active, strict=True)):
            if is_active:
                sources = [r[k] for _, r in ends if isinstance(r[k], Value) and r[k] in self.dot]
                dots.append(self.dot_value(value, sources))
        regions = []
        for inner, results in ends:
            extra = [
                self.materialised(inner, atom) for atom, is_active in zip(results, active, strict=True) if is_active
            ]
            regions.append(inner.block((), (*results, *extra)))
        builder.append(replace(op, outputs=(*op.outputs, *dots), regions=tuple(regions)))
        self.dot.update(
            zip([v for v, is_active in zip(op.outputs, active, strict=True) if is_active], dots, strict=True)
        )

    def dot_value(self, value: Value, sources: Sequence[Any]) -> Value:
        """The tangent of a merged value; of a stack, as the stack it comes from has it."""
        if not isinstance(value.type, StackType):
            return Value(named(value, "dot"), derivative_type(value.type))
        self.elements[value] = self.elements[sources[0]]
        return Value(None, self.dot[sources[0]].type)

    def loop(self, op: Op, builder: Builder) -> None:
        """A loop carries the tangents of what varies; found by repeating until no more is needed."""
        is_for = op.primitive is FOR
        parts: Any = for_parts(op) if is_for else while_parts(op)
        active = [self.of(start) is not None for start in parts.initial]
        stacks, element_dots, groups = self.consumed(parts) if is_for else ([], [], [])
        body = op.regions[0] if is_for else op.regions[1]
        while True:
            saved = dict(self.dot), dict(self.opaque)
            dots = [
                Value(named(p, "dot"), derivative_type(p.type)) for p, a in zip(parts.carried, active, strict=True) if a
            ]
            self.dot.update(zip([p for p, a in zip(parts.carried, active, strict=True) if a], dots, strict=True))
            self.dot.update(groups)
            inner = builder.nested()
            self.block(body, inner)
            more = [a or (self.of(end) is not None and is_inexact(p.type))
                    for a, end, p in zip(active, parts.following, parts.carried, strict=True)]  # fmt: skip
            if more == active:
                break
            active = more
            self.dot, self.opaque = saved
        chosen = [k for k, a in enumerate(active) if a]
        following = [self.materialised(inner, parts.following[k]) for k in chosen]
        initial = [self.materialised(builder, parts.initial[k]) for k in chosen]
        finals = [Value(named(parts.final[k], "dot"), derivative_type(parts.final[k].type)) for k in chosen]
        sizes, pushed, produced = self.pushes(op, parts, inner)
        region = Block(
            (body.params[: 1 + len(parts.carried)] if is_for else body.params) + tuple(dots)
            + ((parts.elements + tuple(element_dots)) if is_for else ()),
            tuple(inner.ops),
            (*parts.following, *following, *parts.pushed, *pushed),
        )  # fmt: skip
        outputs = (*parts.final, *finals, *parts.produced, *produced)
        attrs = {**op.attrs, "produced": (*op.attrs["produced"], *sizes)}
        if is_for:
            attrs["carried"] = len(parts.carried) + len(chosen)
            inputs = (*parts.space, *parts.initial, *initial, *parts.stacks, *stacks)
            builder.append(Op(FOR, inputs, outputs, attrs, (region,), op.span, op.sweep))
        else:
            head = op.regions[0]
            extra = tuple(Value(d.hint, d.type) for d in dots)
            head = replace(head, params=head.params + extra)
            builder.append(
                Op(WHILE, (*parts.initial, *initial), (*outputs, parts.trips), attrs, (head, region), op.span, op.sweep)
            )
        self.dot.update(zip([parts.final[k] for k in chosen], finals, strict=True))

    def consumed(self, parts: Any) -> tuple[list[Atom], list[Value], list[tuple[Value, Value]]]:
        """The tangent stacks that a loop consumes beside its stacks, and what their elements belong to."""
        stacks: list[Atom] = []
        dots: list[Value] = []
        pairs: list[tuple[Value, Value]] = []
        position = 0
        for stack in parts.stacks:
            count = len(stack.type.elements)
            dot = self.of(stack)
            if dot is not None:
                stacks.append(dot)
                for (k, inner), type_ in zip(self.elements[stack], _elements(dot), strict=True):
                    element = parts.elements[position + k]
                    value = Value(named(element, "dot"), type_)
                    dots.append(value)
                    if is_inexact(element.type):
                        pairs.append((element, value))
                    if inner is not None:
                        self.elements[element] = inner
            position += count
        return stacks, dots, pairs

    def pushes(self, op: Op, parts: Any, inner: Builder) -> tuple[list[int], list[Atom], list[Value]]:
        """The tangents of pushed elements become stacks of their own."""
        sizes: list[int] = []
        pushed: list[Atom] = []
        produced: list[Value] = []
        position = 0
        for stack, size in zip(parts.produced, op.attrs["produced"], strict=True):
            group = parts.pushed[position : position + size]
            position += size
            which = tuple((k, self.elements.get(atom)) for k, atom in enumerate(group) if self.of(atom) is not None)
            which = whole(stack.type) if stack in self.packed else which
            if not which:
                continue
            elements = [self.element(inner, group[k]) for k, _ in which]
            value = Value(
                None,
                StackType(
                    tuple(
                        self.element_type(stack.type.elements[k], e) for (k, _), e in zip(which, elements, strict=True)
                    )
                ),
            )
            self.dot[stack], self.elements[stack] = value, which
            sizes.append(len(which))
            pushed.extend(elements)
            produced.append(value)
        return sizes, pushed, produced

    def element(self, builder: Builder, atom: Atom) -> Atom:
        """The tangent of what is pushed; in a stack that is packed, every element has a place."""
        if not is_inexact(atom.type):
            return UNDEFINED
        if isinstance(atom.type, StackType):
            return packed(builder, atom, self.of(atom), may_be_undefined=True)
        return self.materialised(builder, atom)

    def element_type(self, element: Type, dot: Atom) -> Type:
        return derivative_type(element) if is_inexact(element) and not isinstance(element, StackType) else dot.type

    def call(self, op: Op, builder: Builder) -> None:
        active = tuple(self.of(atom) is not None for atom in op.inputs)
        if not any(active):
            builder.append(op)
            return
        callee = callee_of(op, self.functions)
        name = f"{callee.name}_jvp" + ("" if all(active) else "_" + "".join("01"[a] for a in active))
        if name not in self.functions:
            self.functions[name] = callee  # which may call itself: stands in while its tangent is being made
            made = tangent(replace(callee, functions=self.functions), active)
            self.functions.update(made.functions)
            self.functions[name] = replace(made, name=name, functions={})
        dots = [self.materialised(builder, a) for a, is_active in zip(op.inputs, active, strict=True) if is_active]
        out_dots = [Value(named(v, "dot"), derivative_type(v.type)) for v in op.outputs]
        builder.append(
            replace(
                op, inputs=(*op.inputs, *dots), outputs=(*op.outputs, *out_dots), attrs={**op.attrs, "callee": name}
            )
        )
        for value, dot in zip(op.outputs, out_dots, strict=True):
            self.set(value, dot)

    def pack(self, op: Op, builder: Builder) -> None:
        """The tangent of a pack is the pack of the tangents of its parts."""
        if any(self.of(atom) is not None for atom in op.inputs):
            dots = [packed(builder, atom, self.of(atom), may_be_undefined=True) for atom in op.inputs]
            self.set(op.outputs[0], builder.emit(PACK, dots, types=(PACKED,))[0])

    def unpack(self, op: Op, builder: Builder) -> None:
        dot = self.of(op.inputs[0])
        if dot is None:
            return
        dots = unpacked(builder, dot, op.outputs, op.attrs["partial"])
        for value, part in zip(op.outputs, dots, strict=True):
            self.set(value, part)
            if isinstance(value.type, StackType):
                self.elements[value] = whole(value.type)


def _elements(stack: Atom) -> tuple[Type, ...]:
    assert isinstance(stack.type, StackType)
    return stack.type.elements


def times(partial: Any, bar: Any) -> Any:
    """`partial * bar` where a partial of 1, -1 or 0 costs nothing."""
    if isinstance(partial, (bool, int, float)) and not isinstance(bar, Zero):
        if partial == 0:
            return ZERO
        if partial == 1:
            return bar
        if partial == -1:
            return -bar
    return partial * bar


def _body(tracing: Tracing) -> Any:
    return tracing.rule.body


def _as_tuple(found: Any) -> tuple[Any, ...]:
    return found if isinstance(found, tuple) else (found,)


_RULES = {
    "elementwise": _Tangent.elementwise,
    "linear": _Tangent.linear,
    "bilinear": _Tangent.bilinear,
    "jvp": _Tangent.jvp,
    "vjp": _Tangent.vjp,
}
