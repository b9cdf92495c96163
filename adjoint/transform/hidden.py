"""Objects that are given numbers that vary, by calls that cannot be looked into: `history.add(x)`.

What is read of such an object later may vary, and nothing would tell. It is refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from adjoint.analysis.activity import varied
from adjoint.errors import MissingRuleError
from adjoint.ir.core import OPAQUE, Atom, Block, Op, Value
from adjoint.ir.types import ObjectType, type_of_constant
from adjoint.ir.walk import all_ops

STRING = type_of_constant("")


def varied_in_sight(body: Block, sources: Iterable[Value]) -> set[Value]:
    """The values that vary with the sources. To read an object again that was given one is refused."""
    found = varied(body, sources)
    _refuse_hidden_state(body, found)
    return found


def refuse_hidden_state(body: Block, sources: Iterable[Value]) -> None:
    """Refuse to read an object again that was given what varies."""
    if any(op.primitive is OPAQUE for op in all_ops(body)):
        varied_in_sight(body, sources)


def _refuse_hidden_state(body: Block, found: set[Value]) -> None:
    calls = [op for op in all_ops(body) if op.primitive is OPAQUE]
    made = {out for op in calls for out in op.outputs}
    used = set(_used(body)) if calls else set()
    for op in calls:
        for held in _objects(op, made):
            given = held not in found and any(atom in found for atom in op.inputs)
            if given and any(_reads(other, held, used) for other in all_ops(body) if other is not op):
                name = op.attrs["name"]
                raise MissingRuleError(
                    f"`{name}` keeps a number that varies in an object whose class is not written in Python, "
                    "and the object is read elsewhere",
                    op.span, "keep it in a list, a dict, or an object of a class written in Python",
                )  # fmt: skip


def _objects(op: Op, made: set[Value]) -> Iterator[Value]:
    """The objects that a call may change: whose method it is, and those among its arguments."""
    for k, atom in enumerate(op.inputs):
        if isinstance(atom, Value) and atom.type != STRING:
            owner = k == 0 and op.attrs["method"] is not None
            if isinstance(atom.type, ObjectType) or (atom in made and owner):
                yield atom


def _reads(op: Op, held: Value, used: set[Atom]) -> bool:
    """Whether something is made of an object, and read."""
    return held in op.inputs and not used.isdisjoint(op.outputs)


def _used(block: Block) -> Iterator[Atom]:
    yield from block.results
    for op in block.ops:
        yield from op.inputs
        for region in op.regions:
            yield from _used(region)
