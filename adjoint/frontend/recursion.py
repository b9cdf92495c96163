"""Functions that call themselves on a condition known at run time only: lowered once, and called.

A call is lowered in its place as long as that ends. Where a function is met again among its own callers, in a
branch or a loop that only the run decides about, the outermost of these activations is started anew as a
function of its own. What its parameters stand for covers all its calls, and what it gives covers all its
paths: the least fixed point, found by lowering the body until nothing changes. At the start no call of
itself has a result, so that only the paths without one are seen; a counter that differs from level to level
becomes a run-time integer.

What is no number (options, functions, the structure of containers) stays known at compile time: calls that
differ in it are calls of different functions. Lists that are longer from call to call are an exception: where
that does not end, they are lists of run-time length. What a function changes in the containers that it is
handed follows its result: see `handed`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from adjoint.errors import AliasError, TypeInferenceError, UnsupportedError
from adjoint.frontend import columns, handed, rows
from adjoint.frontend.abstract import (
    BOTTOM,
    Closure,
    Conflict,
    Joiner,
    Maybe,
    Ref,
    Rows,
    Span3,
    Static,
    atoms_of,
    is_atom,
    is_list,
    merge,
    rebuild,
)
from adjoint.frontend.context import Frame
from adjoint.frontend.handed import Way
from adjoint.frontend.sharing import is_memory
from adjoint.frontend.templates import widen
from adjoint.ir.build import Builder
from adjoint.ir.core import CALL, UNDEFINED, Block, Function, Literal, Value
from adjoint.ir.tree import Tree
from adjoint.ir.types import ArrayType, Symbol, Type
from adjoint.ir.walk import block_reads, clone_block, defined_in
from adjoint.rules.infer import fresh_length

MAX_DEPTH = 30
"""Calls of a function in one another, at compile time."""


class _Joined(Joiner):
    """What covers two calls: `number(a, b, type)` makes the number that covers two."""

    in_doubt = False

    def __init__(self, number: Callable[[Any, Any, Type], Value]) -> None:
        self.number = number

    def atom(self, name: str | None, a: Any, b: Any, type_: Type) -> Any:
        return self.number(a, b, type_)

    def rows(self, name: str | None, a: Any, b: Any) -> Any:
        return columns.covering(name, a, b, self)


class Cycle(Exception):
    """An activation has been met again: it is to be lowered as a function of its own, which goes by a key."""

    def __init__(self, frame: Frame, key: Any) -> None:
        self.frame = frame
        self.key = key


class NoResult(Exception):
    """A call has no result yet: nothing after it is reached."""


@dataclass(eq=False)
class Recursive:
    """A function that calls itself. `open`: its body is being lowered.

    `given` covers the arguments of all calls that were met, with the atoms of the parameters for numbers;
    `result` is what it returns, BOTTOM while no path does. `outside` is what it reads of its surroundings, and
    is handed to every call. `changed` has what containers among the arguments hold afterwards, by the way to them,
    and follows the result. `shares` has for each number of these the parameters that it may share memory with, and
    the numbers before it; `written` are the parameters that are written into: what they are afterwards comes last.
    """

    name: str
    key: Any
    frame: Frame  # also keeps alive what the key tells apart by identity
    given: dict[str, Any]
    params: tuple[Value, ...] = ()
    outside: tuple[Value, ...] = ()
    result: Any = BOTTOM
    changed: dict[handed.Way, Any] = field(default_factory=dict)
    links: dict[handed.Way, Static] = field(default_factory=dict)
    shares: tuple[tuple[frozenset[int], frozenset[int], bool], ...] = ()
    written: tuple[int, ...] = ()
    open: bool = True
    joined: dict[str, Any] = field(default_factory=dict)

    def state(self) -> Any:
        """What must no longer change."""
        kinds = [_kind(value) for value in (*self.given.values(), self.result, *self.changed.values())]
        return kinds, frozenset(self.outside), tuple(self.changed), self.shares, self.written

    def gives(self) -> list[Any]:
        """The numbers that a call gives, but for the arrays that are written."""
        return [atom for value in (self.result, *self.changed.values()) for atom in atoms_of(value)]


def activate(low: Any, frame: Frame, node: Any, plain: Callable[[], Any]) -> Any:
    """What a call gives whose arguments are bound in `frame`; `plain()` lowers a call that is no recursion."""
    with low.inside(node):
        return _activate(low, frame, node, plain)


def _activate(low: Any, frame: Frame, node: Any, plain: Callable[[], Any]) -> Any:
    arguments = dict(frame.names)
    given = {name: low.contents(value) for name, value in arguments.items()}
    frame.keys = _keys(frame, given)
    made = _known(low, frame.keys, given)
    if made is not None:
        return _call(low, made, arguments, node)
    _look_for_cycle(low, frame, node)
    start, heap, gone_through = len(low.builder.ops), dict(low.heap), low.gone_through
    try:
        return plain()
    except Cycle as found:
        if found.frame is not frame:
            raise
        key = found.key
    del low.builder.ops[start:]
    low.heap, low.gone_through = heap, gone_through
    return _call(low, _lower(low, frame, key, given, node), arguments, node)


def status_of(low: Any, statements: Callable[[], str], nothing: str, *, loop: bool = False) -> str:
    """How statements end that need not run: `nothing` where they call a function that has no result yet.

    So too where they read a name that a loop around them binds in an earlier trip (not the `loop` whose body they
    are: its first trip has none). What NumPy refuses in them, as the lengths of two arrays do not fit, it refuses
    only if it gets there.
    """
    gone_through, around = low.gone_through, low.frame.loops[:-1] if loop else low.frame.loops
    try:
        return statements()
    except NoResult:
        return nothing
    except UnsupportedError as problem:
        if not any(problem.unbound in names for names in around):
            raise
        low.gone_through = gone_through
        return nothing
    except TypeInferenceError as problem:
        if problem.when_run is None:
            raise
        low.gone_through = gone_through
        saved, low.builder.span = low.builder.span, problem.span
        low.raise_op(ValueError, (Literal(problem.when_run),))
        low.builder.span = saved
        return nothing


def _known(low: Any, keys: tuple[Any, Any], given: dict[str, Any]) -> Recursive | None:
    functions: list[Recursive] = low.recursive
    for made in reversed(functions):
        if made.key in keys and (made.open or _kinds(_join(made, made.given, given)) == _kinds(made.given)):
            return made
    return None


def _look_for_cycle(low: Any, frame: Frame, node: Any) -> None:
    same = [caller for caller in low.callers() if caller.node is frame.node and caller.keys]
    alike = [caller for caller in same if caller.keys[0] == frame.keys[0]]
    if len(same) <= MAX_DEPTH and not any(caller.depth < low.depth for caller in alike):
        return
    if alike:
        raise Cycle(alike[-1], frame.keys[0])
    alike = [caller for caller in same if caller.keys[1] == frame.keys[1]]
    if not alike:
        name = getattr(frame.node, "name", "<lambda>")
        what = f"`{name}` calls itself more than {MAX_DEPTH} times, each time with another structure of arguments"
        low.refuse(node, what, "write the recursion as a loop")
    raise Cycle(alike[-1], frame.keys[1])


# ---------------------------------------------------------------------- the body


def _lower(low: Any, frame: Frame, key: Any, given: dict[str, Any], node: Any) -> Recursive:
    """Lower the body until what is assumed of its own calls is what they are."""
    made = Recursive(_name(low, frame), key, frame, given)
    low.recursive.append(made)
    saved = dict(low.functions), dict(low.kept_calls), len(low.recursive)
    while True:
        before = made.state()
        block = _pass(low, made)
        if made.state() == before:
            break
        for table, old in ((low.functions, saved[0]), (low.kept_calls, saved[1])):
            table.clear()
            table.update(old)
        del low.recursive[saved[2] :]
    if made.result is BOTTOM:
        low.recursive.remove(made)
        low.refuse(node, f"`{made.name}` calls itself on every path", "return without a call on some path")
    body = clone_block(replace(block, params=(*made.params, *made.outside)), {}, low.renames)
    low.functions[made.name] = Function(made.name, body)
    made.open = False
    if frame.parent is not None:  # what its free names stand for may change before the next call
        low.recursive.remove(made)
    return made


def _pass(low: Any, made: Recursive) -> Block:
    """Lower the body once under the present assumptions, and widen these by what was met."""
    low.position.begin_round()
    params: list[Value] = []
    made.given = {
        name: rebuild(value, iter([low.parameter(name, atom, params) for atom in atoms_of(value)]))
        for name, value in made.given.items()
    }
    made.params, made.joined = tuple(params), dict(made.given)
    saved = low.builder, low.frame, low.heap
    low.builder, low.heap = Builder(low.builder.span), dict(low.heap)
    names = {name: low.boxed(value) for name, value in made.given.items()}
    ways = handed.containers(low, names, made.given)
    if any(way not in ways for way in (*made.changed, *made.links)):  # they are in a list of run-time length now
        made.result, made.changed, made.links = BOTTOM, {}, {}
    low.frame = replace(made.frame, names=dict(names), pending=None, result=None, depth=low.depth)
    before = dict(low.heap)
    try:
        numbers = _results(low, made, low.run_body(), ways, before)
    except NoResult:
        numbers = None
    finally:
        ops, heap = tuple(low.builder.ops), low.heap
        low.builder, low.frame, low.heap = saved
    others = {key: held for key, held in before.items() if key not in ways.values()}
    made.written = _written(low, made, heap, others, Block((), ops, ()))
    after = () if numbers is None else tuple(heap[params[k]] for k in made.written)
    block = Block(made.params, ops, (*(numbers or ()), *after))
    outside = tuple(block_reads(block))
    if set(outside) != set(made.outside):
        made.outside = outside
    made.shares = tuple(_shared(low, made, (numbers or [])[:k], atom) for k, atom in enumerate(numbers or ()))
    made.given = made.joined
    return block


def _results(
    low: Any, made: Recursive, returned: Any, ways: dict[Way, Ref], before: dict[Any, Any]
) -> list[Any] | None:
    """The numbers that the body gives: what it returns, and what the containers hold that it has changed."""
    if returned is BOTTOM or returned is UNDEFINED:
        return None
    changed = [way for way, ref in ways.items() if low.heap[ref] is not before[ref]]
    held: dict[Any, Any] = {way: low.held_by(ways[way]) for way in dict.fromkeys((*made.changed, *changed))}
    given = handed.given_back(low, made, {None: returned, **held}, ways, before)
    so_far: dict[Any, Any] = {None: made.result, **made.changed}
    covers = {way: _covering(low, made, so_far.get(way, BOTTOM), value) for way, value in given.items()}
    made.result = covers[None]
    made.changed = {way: cover for way, cover in covers.items() if way is not None}
    return [atom for way, value in given.items() for atom in atoms_of(rows.adapt(low, value, covers[way]))]


def _shared(low: Any, made: Recursive, earlier: list[Any], atom: Any) -> tuple[frozenset[int], frozenset[int], bool]:
    """The parameters that a number of the result may share memory with, the numbers before it, and the outside."""
    if not is_memory(atom):
        return frozenset(), frozenset(), False
    sources, aliases = low.sources(atom), low.aliases(atom)
    params = frozenset(k for k, param in enumerate(made.params) if param in sources)
    others = [k for k, other in enumerate(earlier) if is_memory(other) and not aliases.isdisjoint(low.aliases(other))]
    return params, frozenset(others), not sources.isdisjoint(made.outside)


def _written(low: Any, made: Recursive, heap: dict[Any, Any], others: dict[Any, Any], block: Block) -> tuple[int, ...]:
    """Which parameters a body writes into. What is outside of it must stay as it is, but for its arguments."""
    changed = any(heap[key] is not held for key, held in others.items())
    beyond = [
        key for key in heap
        if isinstance(key, Value) and key not in others and key not in made.params
    ]  # fmt: skip
    if changed or (beyond and not defined_in(block).issuperset(beyond)):
        what = f"`{made.name}`, which calls itself, changes a container or an array that is no argument of it"
        low.refuse(made.frame.node, what, "give it as an argument")
    return tuple(k for k, param in enumerate(made.params) if param in heap)


def _covering(low: Any, made: Recursive, so_far: Any, result: Any) -> Any:
    """What covers a result so far and that of a further pass. Lengths that only a call knows are its own."""
    known = {dim.name for value in made.given.values() for dim in _symbols(value)}
    known |= {dim.name for value in made.outside for dim in _symbols(value)}
    own = f"{made.name}."
    count = 0

    def out(a: Any, b: Any, type_: Type) -> Value:
        nonlocal count
        count += 1
        if isinstance(a, Value) and is_atom(b):
            type_ = widen(f"{made.name}()", a.type, b.type)
        if isinstance(type_, ArrayType) and type_.shape is not None:
            dims = [
                Symbol(f"{made.name}().{count}.{axis}", 0, dim.not_one)
                if isinstance(dim, Symbol) and (dim.name not in known or dim.name.startswith(own)) else dim
                for axis, dim in enumerate(type_.shape)
            ]  # fmt: skip
            type_ = replace(type_, shape=tuple(dims))
        hint = next((atom.hint for atom in (a, b) if isinstance(atom, Value) and atom.hint), None)
        return Value(hint, type_)

    merged = merge(made.name, so_far, result, _Joined(out))
    for part in _parts(merged):
        if not (part is None or is_atom(part) or isinstance(part, (Tree, Rows, Static, Span3))):
            reason = part.reason if isinstance(part, Conflict) else "is no number, array or container of these"
            low.refuse(made.frame.node, f"the result of `{made.name}`, which calls itself, {reason}")
    return merged


# ---------------------------------------------------------------------- calls


def _call(low: Any, made: Recursive, arguments: dict[str, Any], node: Any) -> Any:
    given = {name: low.contents(value) for name, value in arguments.items()}
    if made.open:
        made.joined = _join(made, made.joined, given)
        for name, value in made.joined.items():
            if any(isinstance(part, Conflict) for part in _parts(value)):
                what = "a number in one call and an object in another"
                low.refuse(node, f"the argument `{name}` of `{made.name}`, which calls itself, is {what}")
        if any(_skeleton(made.joined[name]) != _skeleton(value) for name, value in made.given.items()):
            raise NoResult  # until the next pass, for arguments of such a structure
    if made.result is BOTTOM:
        raise NoResult
    pairs = [
        pair for name, value in made.given.items()
        for pair in zip(atoms_of(value), atoms_of(rows.adapt(low, given[name], value)), strict=True)
    ]  # fmt: skip
    inputs = [atom for param, atom in pairs if isinstance(param, Value)]
    ways = handed.containers(low, arguments, made.given)
    handed.refuse_sharing(low, made, ways, node)
    results, after = made.gives(), [inputs[k] for k in made.written]
    refuse_sharing(low, made, inputs, after, node)
    with low.at(node):
        outputs = low.builder.emit(
            CALL,
            (*inputs, *made.outside),
            {"callee": made.name},
            types=[*(_with_own_lengths(made, value.type) for value in results), *(atom.type for atom in after)],
            hints=[*(value.hint for value in results), *(atom.hint for atom in after)],
        )
    for output, (params, earlier, outside) in zip(outputs, made.shares, strict=False):
        shared = [*(inputs[k] for k in params), *(outputs[k] for k in earlier), *(made.outside if outside else ())]
        low.relate(output, shared)
    for array, output in zip(after, outputs[len(results) :], strict=True):
        low.write(array, None, output, node)
    numbers = iter(outputs)
    result = handed.taken(low, rebuild(made.result, numbers), ways, made.links)
    for way, value in made.changed.items():
        handed.put_back(low, ways[way], handed.taken(low, rebuild(value, numbers), ways, made.links), node)
    return low.boxed(result)


def refuse_sharing(low: Any, made: Recursive, inputs: list[Any], written: list[Any], node: Any) -> None:
    """An argument that is written must share no memory with another one."""
    arrays = [atom for atom in inputs if isinstance(atom, Value)]
    for atom in written:
        if sum(not low.aliases(atom).isdisjoint(low.aliases(other)) for other in arrays) > 1:
            what = f"`{made.name}` writes into an argument that may share memory with another"
            low.error(AliasError, node, what, "copy one of them")


def _with_own_lengths(made: Recursive, type_: Type) -> Type:
    """The type of a result of one call: a length that depends on the call is equal to no other."""
    if not isinstance(type_, ArrayType) or type_.shape is None:
        return type_
    dims = [
        replace(fresh_length(made.name), not_one=dim.not_one)
        if isinstance(dim, Symbol) and dim.name.startswith(f"{made.name}().") else dim
        for dim in type_.shape
    ]  # fmt: skip
    return replace(type_, shape=tuple(dims))


def _join(made: Recursive, given: dict[str, Any], names: dict[str, Any]) -> dict[str, Any]:
    """What covers the arguments so far and those of a further call. Axes that differ are called after the parameter."""

    def joined(name: str) -> Any:
        own = f"{made.name}.{name}"
        return merge(own, given[name], names[name], _Joined(lambda a, b, t: Value(name, widen(own, a.type, b.type))))

    return {name: joined(name) for name in given}


# ---------------------------------------------------------------------- what tells calls apart


def _keys(frame: Frame, given: dict[str, Any]) -> tuple[Any, Any]:
    """The function, and of its arguments what stays known at compile time: with the lengths of lists, and without."""
    own = id(frame.node), id(frame.fun), id(frame.parent)
    with_lengths, without = (
        (*own, tuple((name, _skeleton(value, lengths)) for name, value in given.items())) for lengths in (True, False)
    )
    return with_lengths, without


def _skeleton(value: Any, lengths: bool = True) -> Any:
    if isinstance(value, Literal) and type(value.value) is bool:
        return value.value
    if is_atom(value):
        return "number" if isinstance(value.type, ArrayType) else value.type
    if is_list(value) and not lengths:
        return "list"
    if isinstance(value, Rows):
        return "rows", value.distinct, value.apart, _skeleton(value.item)
    if isinstance(value, Tree):
        return value.structure, tuple(_skeleton(child, lengths) for child in value.children)
    if isinstance(value, Maybe):
        return "maybe", value.is_none, _skeleton(value.value, lengths)
    if isinstance(value, Span3):
        return value.kind, *map(_skeleton, (value.start, value.stop, value.step))
    if isinstance(value, Closure):
        return id(value.node), id(value.frame), *map(_skeleton, (*value.defaults, *value.kw_defaults))
    if isinstance(value, Static):
        return (value.value,) if isinstance(value.value, str) else id(value.value)
    return id(value)


def _kind(value: Any) -> Any:
    """The skeleton of a value with the types of its numbers."""
    return _skeleton(value), tuple(
        atom.type if isinstance(atom, Value) else (type(atom.value), repr(atom.value)) for atom in atoms_of(value)
    )


def _kinds(values: dict[str, Any]) -> Any:
    return [_kind(value) for value in values.values()]


def _symbols(value: Any) -> Iterator[Symbol]:
    for atom in atoms_of(value):
        if isinstance(atom.type, ArrayType):
            yield from (dim for dim in atom.type.shape or () if isinstance(dim, Symbol))


def _parts(value: Any) -> Iterator[Any]:
    yield value
    for child in value.children if isinstance(value, Tree) else (value.item,) if isinstance(value, Rows) else ():
        yield from _parts(child)


def _name(low: Any, frame: Frame) -> str:
    base = name = str(getattr(frame.node, "name", "function"))
    taken = {*low.functions, *(made.name for made in low.recursive)}
    count = 1
    while name in taken:
        count += 1
        name = f"{base}_{count}"
    return name
