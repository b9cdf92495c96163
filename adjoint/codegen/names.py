"""A Python name for every variable: the user's own where there is one, else t0, t1, ...

A variable keeps its array until it is assigned again, if need be in the next trip of a loop. So an array without a name
takes the one of a cotangent that is computed from it (`x_bar = np.outer(u, v)` for what `x_bar = w * x_bar + y` uses
up), or else of another such array that nobody reads any more, unless the function deletes variables.
"""

from __future__ import annotations

import keyword
from collections.abc import Iterable, Iterator, Mapping

from adjoint import runtime
from adjoint.analysis.partial import partial_values
from adjoint.codegen.fold import Folding, is_inplace
from adjoint.codegen.frees import deletes
from adjoint.codegen.into import goes_by_element
from adjoint.codegen.registers import Live, Registers
from adjoint.codegen.storage import is_view
from adjoint.ir.core import Function, Op, Value
from adjoint.ir.types import ArrayType, StackType, Type
from adjoint.ir.walk import all_ops

USED = frozenset(
    ("np", "math", "range", "reversed", "zip", "abs", "min", "max", "int", "float", "bool", "complex", "len", "print",
     "slice", "tuple", "list", "dict", "str", "repr", "isinstance", "type", "sum", "round", "divmod", "pow", "any",
     "all", "sorted", "hash", "object", *runtime.__all__)
)  # fmt: skip
"""Names that generated text may refer to, so that no variable may hide them."""


def assign_names(
    fn: Function, folding: Folding, fixed: Mapping[Value, str], reserved: Iterable[str]
) -> dict[Value, str]:
    """The name of each variable. `fixed` are those of parameters, `reserved` those of constants and functions."""
    registers = Registers(fn, folding)
    naming = _Naming(fn, folding, registers, USED | frozenset(reserved))
    for param, name in fixed.items():
        naming.give(registers.leader[param], name)
    for value in registers.order:
        if registers.leader[value] not in naming.names:
            naming.name(value)
    return naming.names


class _Naming:
    """The names so far, in program order."""

    def __init__(self, fn: Function, folding: Folding, registers: Registers, taken: frozenset[str]) -> None:
        self.folding = folding
        self.registers = registers
        self.taken = taken
        self.held = _Held(registers)
        self.names: dict[Value, str] = {}
        self.buffers: dict[object, list[str]] = {}  # the names of arrays without a name of their own
        self.count = 0
        self.partial = partial_values(fn.body)
        self.apart = deletes(fn)
        self.heirs = {} if self.apart else _heirs(fn, folding)

    def give(self, leader: Value, name: str) -> None:
        self.held.take(name, leader)
        self.names.update((value, name) for value in self.registers.members[leader])

    def name(self, value: Value) -> None:
        """Name the class of a value, its first in program order."""
        leader = self.registers.leader[value]
        if self.is_new_array(value):
            self.join_heir(leader, self.heirs.get(value, ()))
        hint = self.hint(leader)
        if hint is None and isinstance(value.type, StackType):
            hint = "stack"
        if hint is None:
            self.give(leader, self.unnamed(value, leader))
            return
        base = _identifier(hint)
        name, suffix = base, 0
        while name in self.taken or not self.held.is_free(name, leader):
            suffix += 1
            name = f"{base}_{suffix}"
        self.give(leader, name)

    def hint(self, leader: Value) -> str | None:
        """The name that the user gave; `_` only where nobody reads it, as text may assign to it what is not used."""
        members = self.registers.members[leader]
        read = any(self.folding.reads.get(v) for v in members)
        return next((v.hint for v in members if v.hint and not (read and not v.hint.strip("_"))), None)

    def unnamed(self, value: Value, leader: Value) -> str:
        """t0, t1, ...: one that is free, for a new array, or the next one."""
        alike = self.buffers.setdefault(alike_in(value.type), [])
        free = (name for name in alike if self.held.is_free(name, leader))
        found = next(free, None) if self.is_new_array(value) else None
        if found is None:
            while f"t{self.count}" in self.held.of or f"t{self.count}" in self.taken:
                self.count += 1
            found = f"t{self.count}"
            if self.is_new_array(value):
                alike.append(found)
        return found

    def is_new_array(self, value: Value) -> bool:
        op, type_ = self.folding.definition(value), value.type
        is_array = isinstance(type_, ArrayType) and type_.kind == "array" and bool(type_.shape)
        is_new = is_array and op is not None and not op.regions and not is_view(op)
        return is_new and not self.apart and value not in self.partial

    def join_heir(self, leader: Value, heirs: Iterable[Value]) -> None:
        """Let an array without a name have that of a cotangent that is made of it, if the name is free so early."""
        registers, held = self.registers, self.held
        for value in heirs:
            heir = registers.leader[value]
            name = _identifier(self.hint(heir) or "")
            known = heir in self.names or name in self.taken or not self.partial.isdisjoint(registers.members[heir])
            if self.hint(leader) is None and not known and held.is_free(name, leader) and held.is_free(name, heir):
                registers.coalesce(leader, heir)


class _Held:
    """Of each name: the values that have it, and those that interfere with them."""

    def __init__(self, registers: Registers) -> None:
        self.registers = registers
        self.of: dict[str, tuple[Live, Live]] = {}

    def is_free(self, name: str, leader: Value) -> bool:
        """Whether a class of values may have a name too."""
        bits, adjacent = self.of.get(name, (0, 0))
        return not (self.registers.class_adjacent[leader] & bits or adjacent & self.registers.class_bits[leader])

    def take(self, name: str, leader: Value) -> None:
        bits, adjacent = self.of.get(name, (0, 0))
        self.of[name] = bits | self.registers.class_bits[leader], adjacent | self.registers.class_adjacent[leader]


def _heirs(fn: Function, folding: Folding) -> dict[Value, list[Value]]:
    """Of each array of a derivative that has no name: the cotangents that are computed from it element by element."""
    found: dict[Value, list[Value]] = {}
    for op in all_ops(fn.body):
        out = op.outputs[0] if len(op.outputs) == 1 else None
        if out is None or out.hint is None or not op.sweep or out in folding.folded or is_inplace(op):
            continue
        for value in _taken_by_element(op, folding):
            made = folding.definition(value)
            if made and made.sweep and value.hint is None and alike_in(value.type) == alike_in(out.type):
                found.setdefault(value, []).append(out)
    return found


def _taken_by_element(op: Op, folding: Folding) -> Iterator[Value]:
    """The variables of an expression whose elements go into the same elements of what it makes."""
    for atom in op.inputs if goes_by_element(op) else ():
        inner = folding.inner(atom)
        if inner is not None:
            yield from _taken_by_element(inner, folding)
        elif isinstance(atom, Value):
            yield atom


def alike_in(type_: Type) -> object:
    """What arrays have in common that take turns under one name."""
    return (type_.dtype, type_.ndim) if isinstance(type_, ArrayType) else None


def _identifier(hint: str) -> str:
    text = "".join(c if c.isalnum() or c == "_" else "_" for c in hint)
    if not text or text[0].isdigit():
        text = "t_" + text
    return text + "_" if keyword.iskeyword(text) else text
