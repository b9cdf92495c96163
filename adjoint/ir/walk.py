"""Generic walks over the IR: substitute, rebuild, list what is read, clone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from adjoint.ir.core import Atom, Block, Function, Op, Slot, Value


def map_attribute(attribute: Any, change: Callable[[Slot], Any]) -> Any:
    """Replace every `Slot` inside a nested attribute."""
    if isinstance(attribute, Slot):
        return change(attribute)
    if isinstance(attribute, slice):
        return slice(*(map_attribute(a, change) for a in (attribute.start, attribute.stop, attribute.step)))
    if isinstance(attribute, dict):
        return {key: map_attribute(item, change) for key, item in attribute.items()}
    if type(attribute) in (tuple, list):
        return type(attribute)(map_attribute(item, change) for item in attribute)
    return attribute


def slots_of(op: Op) -> set[int]:
    """Which inputs are run-time numbers inside attributes."""
    found: set[int] = set()
    for attribute in op.attrs.values():
        map_attribute(attribute, lambda slot: found.add(slot.index))
    return found


def operands_of(op: Op) -> tuple[Atom, ...]:
    """The inputs that are operands: those that are no run-time number of an attribute."""
    slots = slots_of(op)
    return tuple([atom for k, atom in enumerate(op.inputs) if k not in slots]) if slots else op.inputs


def all_ops(block: Block) -> Iterator[Op]:
    """Every op of a block and of its regions, in program order, outer before inner."""
    for op in block.ops:
        yield op
        for region in op.regions:
            yield from all_ops(region)


def block_reads(block: Block) -> dict[Value, None]:
    """What a block takes from outside itself, in order of first use."""
    inside = set(block.params)
    found: dict[Value, None] = {}
    for op in block.ops:
        for atom in op_reads(op) if op.regions else op.inputs:
            if isinstance(atom, Value) and atom not in inside:
                found[atom] = None
        inside.update(op.outputs)
    for atom in block.results:
        if isinstance(atom, Value) and atom not in inside:
            found[atom] = None
    return found


def op_reads(op: Op) -> dict[Value, None]:
    """What an op takes from outside itself, its regions included."""
    found: dict[Value, None] = {atom: None for atom in op.inputs if isinstance(atom, Value)}
    for region in op.regions:
        found.update(block_reads(region))
    return found


def defined_in(block: Block) -> set[Value]:
    """Every value that a block and its regions define."""
    found = set(block.params)
    for op in block.ops:
        found.update(op.outputs)
        for region in op.regions:
            found |= defined_in(region)
    return found


def substitute(block: Block, table: Mapping[Value, Atom]) -> Block:
    """The same block reading other values; definitions stay. `table` is followed transitively."""
    if not table:
        return block
    ops = tuple([substitute_op(op, table) for op in block.ops])
    results = looked_up(table, block.results)
    if results is block.results and ops == block.ops:
        return block
    return Block(block.params, ops, results)


def substitute_op(op: Op, table: Mapping[Value, Atom]) -> Op:
    regions = tuple([substitute(region, table) for region in op.regions]) if op.regions else ()
    return reading(op, looked_up(table, op.inputs), regions)


def reading(op: Op, inputs: tuple[Atom, ...], regions: tuple[Block, ...]) -> Op:
    """The op with other inputs and regions; itself if they are its own."""
    if inputs == op.inputs and regions == op.regions:
        return op
    return Op(op.primitive, inputs, op.outputs, op.attrs, regions, op.span, op.sweep)


def lookup(table: Mapping[Value, Atom], atom: Atom) -> Atom:
    while (found := table.get(atom)) is not None:  # type: ignore[arg-type]  # a literal is in no table
        atom = found
    return atom


def looked_up(table: Mapping[Value, Atom], atoms: tuple[Atom, ...]) -> tuple[Atom, ...]:
    """What the atoms stand for; themselves, and no copy, where the table has none of them."""
    for atom in atoms:
        if atom in table:
            return tuple([lookup(table, atom) for atom in atoms])
    return atoms


NO_NAMES: Mapping[Value, str] = {}


def clone_block(block: Block, table: dict[Value, Atom], hints: Mapping[Value, str] = NO_NAMES) -> Block:
    """A copy with fresh definitions. `table` maps outside values and collects old -> new.

    `hints` gives names to values that are to have another one than before.
    """
    params = fresh(block.params, table, hints)
    ops = []
    for op in block.ops:
        inputs = looked_up(table, op.inputs)
        regions = tuple([clone_block(region, table, hints) for region in op.regions]) if op.regions else ()
        outputs = fresh(op.outputs, table, hints)
        ops.append(Op(op.primitive, inputs, outputs, op.attrs, regions, op.span, op.sweep))
    return Block(params, tuple(ops), looked_up(table, block.results))


def fresh(
    values: tuple[Value, ...], table: dict[Value, Atom], hints: Mapping[Value, str] = NO_NAMES
) -> tuple[Value, ...]:
    """New values in the place of those of a definition, noted in the table."""
    made = []
    for value in values:
        table[value] = new = Value(hints.get(value, value.hint), value.type, value.length)
        made.append(new)
    return tuple(made)


def give_names(names: Mapping[Value, str]) -> None:
    """Name values that nothing else refers to yet by what the program calls them."""
    for value, name in names.items():
        value.hint = name


def map_functions(fn: Function, change: Callable[[Block], Block]) -> Function:
    """Apply a change of blocks to a function and to all its callees."""
    callees = {name: replace(callee, body=change(callee.body)) for name, callee in fn.functions.items()}
    return replace(fn, body=change(fn.body), functions=callees)
