"""The IR: structured SSA. Data only; no pass logic, no printing, no NumPy calls.

A pass builds new nodes; it never edits old ones. (Blocks, ops, values and literals are not declared `frozen`, which
would make them four times as slow to build.) Facts about nodes (activity, liveness, cost) live in tables keyed by
Value, never on nodes; what type inference knows of a value is on the value. Merged and loop-carried values are op
results and block parameters: there is no control-flow graph and there are no phis.

Structured ops (regions read values of the enclosing blocks freely):

`if`     inputs (condition,); regions (then, else) without parameters; outputs what both give.
`for`    inputs (start, stop, step, *initial, *stacks); attrs `carried` (how many values), `produced`
         (sizes of the groups that become stacks), `reverse` (run the range backwards). The region has
         parameters (index, *carried, *elements of the consumed stacks) and results
         (*next carried, *elements produced). Outputs: (*final carried, *produced stacks).
`while`  inputs (*initial,); regions (condition, body); attrs `produced`; both regions take the carried
         values; outputs (*final carried, *produced stacks, trip count).
A loop may end early: attr `stop` is the number of a carried truth value, and the loop ends after the trip
that makes it true. A `for` with `stop` counts its trips in the carried integer of number `trips`.

`call`   inputs arguments; attrs `callee`, a name in `Function.functions`. A function may call itself.

`pack`   puts any values into one; `unpack` takes them out again. What a function that calls itself hands over to
         its reverse holds what the inner calls hand over. Attrs of `unpack`: `partial`, for each value whether it
         may be undefined.

A stack is a value: the loop that produces it returns it, a later loop consumes it from its end.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from adjoint.errors import Span
from adjoint.ir.types import Dim, Type, type_of_constant


class _NoAttributes(dict[str, Any]):
    """The empty attributes that ops share."""

    __hash__ = object.__hash__  # type: ignore[assignment]


EMPTY: Mapping[str, Any] = _NoAttributes()


@dataclass(frozen=True, slots=True, eq=False)
class Primitive:
    """An operation. `fun` is the callable that it stands for; `infer` gives the types of its results.

    A call is brought to a normal form with `signature`: leading parameters (`operands` many, or the
    items of the first one if `sequence`) are inputs of the op, the others static attributes.
    `attributes` are the parameters that the rule understands. `effect` marks what may be neither
    dropped nor repeated; `raises` what may be dropped but not moved.
    """

    name: str
    fun: Callable[..., Any] | None = None
    infer: Callable[..., Any] | None = None
    signature: Any = None
    operands: int | None = 1
    sequence: bool = False
    attributes: tuple[str, ...] = ()
    effect: bool = False
    view: bool = False

    def __repr__(self) -> str:
        return f"<{self.name}>"


@dataclass(slots=True, eq=False)
class Value:
    """A name defined once: a block parameter or an op output. Compared by identity.

    `length` belongs to its type: the axis length that a run-time integer is, named when first asked for.
    """

    hint: str | None  # the user's name for it, or None for a nameless intermediate
    type: Type
    length: Dim | None = None


@dataclass(slots=True, eq=False)
class Literal:
    """A Python constant. Numbers stay weak Python scalars in promotion."""

    value: Any

    @property
    def type(self) -> Type:
        return type_of_constant(self.value)


class Undefined:
    """The one value of results that a branch does not define."""

    def __repr__(self) -> str:
        return "undefined"


UNDEFINED = Literal(Undefined())

Atom = Value | Literal


@dataclass(frozen=True, slots=True)
class Slot:
    """Inside an attribute: the place of a run-time number, `inputs[index]` of the op."""

    index: int


@dataclass(slots=True, eq=False)
class Op:
    """`outputs = primitive(inputs, **attrs)`; structured ops carry their bodies as regions.

    `sweep` tells which program the op belongs to: "" the primal, "tangent" or "adjoint". Only
    rewrites that are exact in floating point may touch primal ops.
    """

    primitive: Primitive
    inputs: tuple[Atom, ...]
    outputs: tuple[Value, ...]
    attrs: Mapping[str, Any] = EMPTY
    regions: tuple[Block, ...] = ()
    span: Span | None = None
    sweep: str = ""


@dataclass(slots=True, eq=False)
class Block:
    params: tuple[Value, ...]  # arguments, or loop-carried values: there are no phis
    ops: tuple[Op, ...]
    results: tuple[Atom, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Function:
    """A function of its parameters alone; `functions` are the callees of its `call` ops, by name.

    `schedule` is asked for its straight-line code (see `ir.hints`); `frees` says that its variables are deleted after
    their last use.
    """

    name: str
    body: Block
    functions: Mapping[str, Function] = field(default_factory=dict)
    schedule: Any = "auto"
    frees: bool = False

    @property
    def params(self) -> tuple[Value, ...]:
        return self.body.params

    @property
    def results(self) -> tuple[Atom, ...]:
        return self.body.results


IF = Primitive("if")
FOR = Primitive("for")
WHILE = Primitive("while")
CALL = Primitive("call")
PACK = Primitive("pack")
UNPACK = Primitive("unpack")
STRUCTURED = (IF, FOR, WHILE)


@dataclass(slots=True, eq=False)
class ForParts:
    """The fields of a `for`, by name."""

    space: tuple[Atom, Atom, Atom]
    initial: tuple[Atom, ...]
    stacks: tuple[Atom, ...]
    index: Value
    carried: tuple[Value, ...]
    elements: tuple[Value, ...]
    following: tuple[Atom, ...]
    pushed: tuple[Atom, ...]
    final: tuple[Value, ...]
    produced: tuple[Value, ...]


def for_parts(op: Op) -> ForParts:
    body, n = op.regions[0], op.attrs["carried"]
    return ForParts(
        (op.inputs[0], op.inputs[1], op.inputs[2]), op.inputs[3 : 3 + n], op.inputs[3 + n :],
        body.params[0], body.params[1 : 1 + n], body.params[1 + n :],
        body.results[:n], body.results[n:], op.outputs[:n], op.outputs[n:],
    )  # fmt: skip


@dataclass(slots=True, eq=False)
class WhileParts:
    """The fields of a `while`, by name."""

    initial: tuple[Atom, ...]
    carried: tuple[Value, ...]
    following: tuple[Atom, ...]
    pushed: tuple[Atom, ...]
    final: tuple[Value, ...]
    produced: tuple[Value, ...]
    trips: Value


def while_parts(op: Op) -> WhileParts:
    body, n = op.regions[1], len(op.inputs)
    return WhileParts(
        op.inputs, body.params, body.results[:n], body.results[n:],
        op.outputs[:n], op.outputs[n:-1], op.outputs[-1],
    )  # fmt: skip


# Ops that run Python which is no function of numbers. `args` and `kwargs` are templates with slots.

OPAQUE = Primitive("opaque", effect=True)
"""A call of something that has no rule: attrs `function` (or `method`, called on args[0]), `args`, `kwargs`."""

RAISE = Primitive("raise", effect=True)
"""attrs `exception` (a class or an exception), `args`."""

FORMAT = Primitive("format")
"""An f-string: attrs `template`, as for str.format, and `args`."""

FUNCTION = Primitive("function")
"""A function of the program as an object, for a solver to call: attrs `callee`. The inputs are its last arguments."""

# Markers: the identity on their first input, replaced by it when no derivative will be taken any more.

CONSTANT = Primitive("constant")
"""A number that is known and yet varies: the argument of a nested derivative."""

HOOK = Primitive("backward_hook")
"""attrs `callee`, a function of the program that maps the cotangent, or None: then inputs[1] is called."""

MARKERS = (CONSTANT, HOOK)
