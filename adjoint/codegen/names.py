"""A Python name for every variable: the user's own where there is one, else t0, t1, ...

An array without a name takes the one of another such array that nobody reads any more, whose memory is freed then,
unless the function deletes variables.
"""

from __future__ import annotations

import keyword
from collections.abc import Iterable, Mapping

from adjoint import runtime
from adjoint.analysis.partial import partial_values
from adjoint.codegen.fold import Folding
from adjoint.codegen.frees import deletes
from adjoint.codegen.registers import Live, Registers
from adjoint.codegen.storage import is_view
from adjoint.ir.core import Function, Value
from adjoint.ir.types import ArrayType, StackType, Type

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
    taken = USED | frozenset(reserved)
    held = _Held(registers)
    names: dict[Value, str] = {}
    buffers: dict[object, list[str]] = {}  # the names of arrays without a name of their own
    partial, apart = partial_values(fn.body), deletes(fn)
    count = 0

    def is_new_array(value: Value) -> bool:
        op, type_ = folding.definition(value), value.type
        is_array = isinstance(type_, ArrayType) and type_.kind == "array" and bool(type_.shape)
        return not apart and is_array and op is not None and not op.regions and not is_view(op) and value not in partial

    def give(leader: Value, name: str) -> None:
        held.take(name, leader)
        names.update((value, name) for value in registers.members[leader])

    for param, name in fixed.items():
        give(registers.leader[param], name)
    for value in registers.order:
        leader = registers.leader[value]
        if leader in names:
            continue
        hint = next((v.hint for v in registers.members[leader] if v.hint), None)
        if hint is None and isinstance(value.type, StackType):
            hint = "stack"
        if hint is None:
            alike = buffers.setdefault(alike_in(value.type), [])
            free = (name for name in alike if held.is_free(name, leader))
            found = next(free, None) if is_new_array(value) else None
            if found is None:
                while f"t{count}" in held.of or f"t{count}" in taken:
                    count += 1
                found = f"t{count}"
                if is_new_array(value):
                    alike.append(found)
            give(leader, found)
            continue
        base = _identifier(hint)
        name, suffix = base, 0
        while name in taken or not held.is_free(name, leader):
            suffix += 1
            name = f"{base}_{suffix}"
        give(leader, name)
    return names


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


def alike_in(type_: Type) -> object:
    """What arrays have in common that take turns under one name."""
    return (type_.dtype, type_.ndim) if isinstance(type_, ArrayType) else None


def _identifier(hint: str) -> str:
    text = "".join(c if c.isalnum() or c == "_" else "_" for c in hint)
    if not text or text[0].isdigit():
        text = "t_" + text
    return text + "_" if keyword.iskeyword(text) else text
