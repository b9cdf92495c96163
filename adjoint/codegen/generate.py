"""A function and its interface in Python to text.

The interface says how the parameters of the function are reached from the arguments of a Python call, and
how its results are put together: a `Place(k)` inside a tree is the k-th parameter, or the k-th result.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from adjoint.codegen import text
from adjoint.codegen.constants import Constants
from adjoint.codegen.fold import ACCESS, Folding, fold
from adjoint.codegen.names import USED, assign_names
from adjoint.codegen.rows import with_rows
from adjoint.codegen.stacks import Stacks
from adjoint.codegen.statement import Statements
from adjoint.errors import Span, VerifyError
from adjoint.ir.core import (
    FOR,
    IF,
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
from adjoint.ir.print import print_function
from adjoint.ir.tree import Tree, leaves
from adjoint.ir.types import ObjectType
from adjoint.ir.walk import all_ops, map_functions, reading, substitute

NO_COUNT = Literal(0)


@dataclass(frozen=True, slots=True)
class Place:
    """A leaf of an interface: the parameter, or the result, of this number."""

    index: int


@dataclass(frozen=True, slots=True)
class Hidden:
    """A keyword-only parameter: a closure cell or a global that holds data."""

    name: str
    tree: Any
    has_default: bool = False
    default: Any = None


@dataclass(frozen=True, slots=True)
class Interface:
    """How Python calls a function. Leaves of trees that are no `Place` are constants."""

    name: str
    params: tuple[tuple[str, Any], ...]
    results: Any
    hidden: tuple[Hidden, ...] = ()


@dataclass(frozen=True, slots=True)
class Generated:
    """Text that defines `entry`; `spans[k]` is the user's place behind line k + 1."""

    text: str
    entry: str
    constants: Mapping[str, Any]
    helpers: tuple[str, ...]
    spans: tuple[Span | None, ...] = field(repr=False)


def generate(fn: Function, interface: Interface) -> Generated:
    """The Python of a function, its callees first. `fn` has been through `bufferize`."""
    fn = _renamed(fn, interface.name)
    callees = list(fn.functions.values())
    parameters = [name for part in (interface, *map(_plain_interface, callees)) for name, _ in part.params]
    constants = Constants(parameters)
    for function in (fn, *callees):
        constants.collect(function.body)
    reserved = {interface.name, *(callee.name for callee in callees)}
    texts, spans = [], []
    for callee in callees:
        written, places = _define(callee, _plain_interface(callee), constants, reserved)
        texts.append(written + "\n\n")
        spans += [*places, None, None]
    written, places = _define(fn, interface, constants, reserved | {name for name, _ in interface.params})
    texts.append(written)
    spans += places
    whole = "".join(texts)
    helpers = tuple(sorted(name for name in constants.helpers if f"{name}(" in whole))  # some print as syntax
    return Generated(whole, interface.name, dict(constants.objects), helpers, tuple(spans))


def _renamed(fn: Function, name: str) -> Function:
    """A callee that is called like the whole gets a name of its own: the entry of a function that calls itself."""
    if name not in fn.functions:
        return fn
    count = 1
    while f"{name}_{count}" in fn.functions:
        count += 1
    new = f"{name}_{count}"

    def block(b: Block) -> Block:
        return replace(b, ops=tuple(map(op, b.ops)))

    def op(o: Op) -> Op:
        attrs = {**o.attrs, "callee": new} if o.attrs.get("callee") == name else o.attrs
        return replace(o, attrs=attrs, regions=tuple(map(block, o.regions)))

    fn = map_functions(fn, block)
    callees = {new if key == name else key: callee for key, callee in fn.functions.items()}
    return replace(fn, functions={**callees, new: replace(callees[new], name=new)})


def _blamed(ops: Sequence[Op]) -> Span | None:
    """The place behind a line of several ops: of what the user's own program does on it, the last."""
    spans = [op.span for op in ops if op.span and not op.sweep] or [op.span for op in ops if op.span]
    return spans[-1] if spans else None


def _plain_interface(fn: Function) -> Interface:
    """Every parameter by its own name, results as they are."""
    names: dict[str, None] = {}
    for param in fn.params:
        base = name = param.hint or "x"
        count = 0
        while name in names or name in USED:
            count += 1
            name = f"{base}_{count}"
        names[name] = None
    results = tuple(Place(k) for k in range(len(fn.results)))
    tree = results[0] if len(results) == 1 else Tree("tuple", None, tuple(range(len(results))), results)
    return Interface(fn.name, tuple((name, Place(k)) for k, name in enumerate(names)), tree)


def _define(
    fn: Function, interface: Interface, constants: Constants, reserved: set[str]
) -> tuple[str, list[Span | None]]:
    fn = with_rows(fn)
    fn = replace(fn, body=_merge_tests(fn.body))
    fn, fixed = _unpack(replace(fn, body=_drain(fn.body, Stacks(fn))), interface)
    folding = _fold_for_return(fn, interface)
    while True:
        names = assign_names(fn, folding, fixed, (constants.reserved() | reserved) - set(fixed.values()))
        writer = Statements(fn, names, folding, constants)
        late = _late(fn, folding, names)
        if not late:
            break
        folding = folding.with_late(late)
    lines = writer.lines
    lines.depth = 0
    lines.add(f"def {interface.name}({_parameters(interface, constants)}):")
    lines.depth = 1
    writer.block(fn.body)
    value = result_node(interface.results, fn.results, writer)
    inner = [op for op in map(folding.inner, fn.results) if op is not None]
    lines.add(text.pretty_source(text.return_(value)), _blamed(inner))
    return lines.render()


def _fold_for_return(fn: Function, interface: Interface) -> Folding:
    """Fold; results that the interface names twice, or never, stay variables."""
    folding = fold(fn)
    uses: dict[Any, int] = {}
    for leaf in leaves(interface.results):
        if isinstance(leaf, Place):
            atom = fn.results[leaf.index]
            uses[atom] = uses.get(atom, 0) + 1
    several = {atom for atom in fn.results if atom in folding.folded and uses.get(atom, 0) != 1}
    return replace(folding, folded=folding.folded - several) if several else folding


def _merge_tests(block: Block) -> Block:
    """Let the test of every `while` read the very variables that its body carries."""
    return replace(block, ops=tuple([_with_merged_tests(op) if op.regions else op for op in block.ops]))


def _with_merged_tests(op: Op) -> Op:
    regions = tuple(map(_merge_tests, op.regions))
    if op.primitive is WHILE:
        test, body = regions
        table: dict[Value, Atom] = dict(zip(test.params, body.params, strict=True))
        regions = (replace(substitute(test, table), params=()), body)
    return reading(op, op.inputs, regions)


def _drain(block: Block, stacks: Stacks) -> Block:
    """Loops that only empty a stack need no count: mark them, so that they print as `while stack:`."""
    return replace(block, ops=tuple([_drained(op, stacks) if op.regions else op for op in block.ops]))


def _drained(op: Op, stacks: Stacks) -> Op:
    op = reading(op, op.inputs, tuple([_drain(region, stacks) for region in op.regions]))
    if op.primitive is FOR:
        parts = for_parts(op)
        emptied = parts.stacks and all(map(stacks.is_popped, parts.stacks))
        if emptied and parts.index.hint is None and not stacks.reads.get(parts.index):
            attrs = {**op.attrs, "drain": parts.stacks[0]}
            return replace(op, inputs=(NO_COUNT, NO_COUNT, NO_COUNT, *op.inputs[3:]), attrs=attrs)
    return op


def _unpack(fn: Function, interface: Interface) -> tuple[Function, dict[Value, str]]:
    """Take leaves out of containers by ops at the top; gives the names of the Python parameters too."""
    params: list[Value] = []
    fixed: dict[Value, str] = {}
    ops: list[Op] = []

    for name, tree in (*interface.params, *((h.name, h.tree) for h in interface.hidden)):
        value = fn.params[tree.index] if isinstance(tree, Place) else Value(name, ObjectType("container"))
        params.append(value)
        fixed[value] = name
        if isinstance(tree, Tree):
            ops += [Op(ACCESS, (value,), (fn.params[k],), {"path": path}) for k, path in _places(tree, ())]
    reached = {*params, *(out for op in ops for out in op.outputs)}
    lost = [param for param in fn.params if param not in reached]
    if lost:
        raise VerifyError(f"no argument of {interface.name} leads to its parameter {lost[0].hint}", print_function(fn))
    body = replace(fn.body, params=tuple(params), ops=(*ops, *fn.body.ops))
    return replace(fn, body=body), fixed


def _places(tree: Any, path: tuple[tuple[str, Any], ...]) -> Iterator[tuple[int, tuple[tuple[str, Any], ...]]]:
    """The parameters inside a container, and how each is reached."""
    if isinstance(tree, Place):
        yield tree.index, path
    elif isinstance(tree, Tree):
        for key, child in zip(tree.keys, tree.children, strict=True):
            yield from _places(child, (*path, (tree.kind, key)))


def _parameters(interface: Interface, constants: Constants) -> str:
    parts = [name for name, _ in interface.params]
    if interface.hidden:
        parts.append("*")
    for hidden in interface.hidden:
        default = text.pretty_source(constants.literal(hidden.default)) if hidden.has_default else None
        parts.append(hidden.name if default is None else f"{hidden.name}={default}")
    return ", ".join(parts)


def _late(fn: Function, folding: Folding, names: Mapping[Value, str]) -> set[Value]:
    """Values that would be copied into another variable at the end of a block: their ops can go there instead."""
    waiting: list[tuple[tuple[Value, ...], tuple[Atom, ...]]] = []
    for op in all_ops(fn.body):
        if op.primitive is IF:
            waiting += [(op.outputs, region.results) for region in op.regions]
        elif op.primitive is FOR or op.primitive is WHILE:
            parts = for_parts(op) if op.primitive is FOR else while_parts(op)
            waiting += [(parts.carried, parts.following), (parts.carried, parts.initial)]
    late = folding.late - folding.folded
    return {
        source
        for targets, sources in waiting
        for target, source in zip(targets, sources, strict=False)
        if isinstance(source, Value) and source in late and names[source] != names[target]
    }


def result_node(tree: Any, results: tuple[Atom, ...], writer: Statements) -> Any:
    """The expression that puts the results together."""
    if isinstance(tree, Place):
        return writer.expr(results[tree.index])
    if not isinstance(tree, Tree):
        return writer.constants.literal(tree)
    nodes = [result_node(child, results, writer) for child in tree.children]
    if tree.kind == "tuple":
        return text.sequence(nodes)
    if tree.kind == "list":
        return text.sequence(nodes, list)
    if tree.kind == "namedtuple":
        return text.call(writer.constants.reference(tree.cls), nodes)
    keyed = text.dictionary([(writer.constants.literal(key), node) for key, node in zip(tree.keys, nodes, strict=True)])
    if tree.kind == "dict":
        return keyed
    return text.call(writer.constants.helper("rebuild"), [writer.constants.reference(tree.cls), keyed])
