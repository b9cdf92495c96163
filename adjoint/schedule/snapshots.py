"""Snapshots: a list of states that the generated loops use as a stack of their own.

Unlike the stack that a loop produces, it grows and shrinks at any place: what is kept and when is decided at
run time. It is a value nevertheless: `keep` and `take` give the changed list. It is read linearly, each version once
but for its length, so that the list itself never needs a copy. `bufferize` copies a state on its way in where it is
overwritten later.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from adjoint import runtime
from adjoint.ir.build import Builder
from adjoint.ir.core import Atom, Literal, Op, Primitive, Value
from adjoint.ir.types import PY_BOOL, PY_INT, ObjectType, StackType
from adjoint.rules.names import ADD, MUL, SUB
from adjoint.rules.registry import primitive_of

NONE = Primitive("snapshots")
"""`[]`, or `SnapshotsOnDisk(disk)` where some may lie on disk"""

KEEP = Primitive("keep")
"""`snapshots.append((t, u))`: inputs (snapshots, *values)."""

TAKE = Primitive("take")
"""`t, u = snapshots.pop()`: gives (snapshots, *values)."""

HELD = Primitive("held", len)
"""`len(snapshots)`"""

THIN = Primitive("thin", runtime.thin)
"""`due = thin(snapshots, slots)`: gives (snapshots, due)."""

REVOLVE = Primitive("revolve", runtime.revolve)
BISECTION = Primitive("bisection", runtime.bisection)

STEPS = ObjectType("steps")

REPORTS = ("tape", "size")
"""Primitives, by name, that tell the sizes of residuals to what measures a program."""


@dataclass(frozen=True, slots=True)
class SnapshotsType(StackType):
    """Snapshots of these values each."""

    def __str__(self) -> str:
        return f"snapshots({', '.join(map(str, self.elements))})"


class Snapshots:
    """The snapshots of one loop: (step, *state) each, some of them on disk.

    `contents` stands for the memory of all of them.
    """

    def __init__(self, state: Sequence[Value], disk: int = 0) -> None:
        self.disk = disk
        self.hints = tuple(value.hint for value in state)
        self.type = SnapshotsType((PY_INT, *(value.type for value in state)))
        self.contents = Value("contents", self.type)

    def none(self, builder: Builder) -> Value:
        return builder.emit(NONE, (), {"disk": self.disk}, types=(self.type,), hints=("snapshots",))[0]

    def variable(self) -> Value:
        return Value("snapshots", self.type)

    def keep(self, builder: Builder, held: Atom, step: Atom, state: Sequence[Atom]) -> Value:
        attrs = {"inplace": True, "contents": self.contents}
        return builder.emit(KEEP, (held, step, *state), attrs, types=(self.type,), hints=("snapshots",))[0]

    def take(self, builder: Builder, held: Atom) -> tuple[Value, Value, tuple[Value, ...]]:
        attrs = {"inplace": True, "contents": self.contents}
        types = (self.type, *self.type.elements)
        left, step, *state = builder.emit(TAKE, (held,), attrs, types=types, hints=("snapshots", "start", *self.hints))
        return left, step, tuple(state)

    def thin(self, builder: Builder, held: Atom, slots: Atom) -> tuple[Value, Value]:
        attrs = {"inplace": True, "contents": self.contents}
        left, due = builder.emit(THIN, (held, slots), attrs, types=(self.type, PY_INT), hints=("snapshots", "due"))
        return left, due


def named(fun: Any) -> Primitive:
    """The primitive of a function that has one."""
    found = primitive_of(fun)
    assert found is not None
    return found


def held(builder: Builder, snapshots: Atom) -> Value:
    return builder.emit(HELD, (snapshots,), types=(PY_INT,))[0]


# ---- integers


def plus(builder: Builder, a: Atom, b: Atom) -> Atom:
    if isinstance(a, Literal) and isinstance(b, Literal):
        return Literal(a.value + b.value)
    if is_int(a, 0):
        return b
    return a if is_int(b, 0) else builder.one(ADD, a, b)


def minus(builder: Builder, a: Atom, b: Atom) -> Atom:
    if isinstance(a, Literal) and isinstance(b, Literal):
        return Literal(a.value - b.value)
    return a if is_int(b, 0) else builder.one(SUB, a, b)


def times(builder: Builder, a: Atom, b: Atom) -> Atom:
    if is_int(a, 1):
        return b
    return a if is_int(b, 1) else builder.one(MUL, a, b)


def is_int(atom: Atom, value: int) -> bool:
    return isinstance(atom, Literal) and type(atom.value) is int and atom.value == value


def test(builder: Builder, primitive: Primitive, *inputs: Atom) -> Value:
    return builder.emit(primitive, inputs, types=(PY_BOOL,))[0]


def family(op: Op) -> Any:
    """What stands for the memory of the snapshots that an op adds to or takes from."""
    return op.attrs["contents"]
