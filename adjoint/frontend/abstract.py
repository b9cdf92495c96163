"""What a Python expression can stand for while a program is lowered.

Numbers and arrays are SSA atoms. Everything else is resolved at compile time: constants, functions,
containers (kept as their parts), slices, ranges. Only atoms exist at run time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from adjoint.ir.core import Literal, Value
from adjoint.ir.tree import Tree
from adjoint.ir.types import ArrayType, Type, join

Path = tuple[tuple[str, Any], ...]
"""Steps from the function being compiled to an object: ("cell", 0), ("global", name), ("attr", name)...
A path that starts with ("arg", k) starts from an argument, one with ("object", Held) from that object."""


class Held:
    """An object that no path leads to: it is kept as it is. Compared by identity."""

    def __init__(self, obj: Any) -> None:
        self.obj = obj


@dataclass(frozen=True, slots=True, eq=False)
class Static:
    """A Python object known at compile time; `path` tells where it was found."""

    value: Any
    path: Path | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Closure:
    """A function defined inside the program: its syntax and the frame that its free names live in."""

    node: Any
    frame: Any
    defaults: tuple[Any, ...]
    kw_defaults: tuple[Any, ...]

    @property
    def name(self) -> str:
        return getattr(self.node, "name", "lambda")


@dataclass(frozen=True, slots=True, eq=False)
class Shape:
    """The shape of an array whose rank is not known; single lengths can be read."""

    owner: Any


@dataclass(frozen=True, slots=True, eq=False)
class Method:
    """An attribute of a value that is about to be called."""

    owner: Any
    name: str


@dataclass(frozen=True, slots=True, eq=False)
class Span3:
    """A slice or a range with run-time ends; `schedule` is the hint of a loop over the range."""

    kind: str
    start: Any
    stop: Any
    step: Any
    schedule: Any = None


@dataclass(frozen=True, slots=True, eq=False)
class Partial:
    """A callable with some arguments given, or a transformed function: `call(args, kwargs, node)`.

    `pure`: it is handed the values of its arguments, not the arrays and containers themselves.
    """

    call: Callable[[list[Any], dict[str, Any], Any], Any]
    name: str
    pure: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class Super:
    """`super()` in a method of a class."""

    self: Any
    cls: type


@dataclass(frozen=True, slots=True, eq=False)
class Items:
    """What a loop goes through by index: `item(k)` for k below `length`; made by zip, enumerate, reversed."""

    length: Any
    item: Callable[[Any], Any]


class Ref:
    """A list, a dict or an object of the program: what it holds now is in the heap. Compared by identity.

    `frozen` is the reason why it may not be changed, where there is one; `outside` what one holds that the
    program only reads; `hint` the first name that it was bound to. `place` is where it is in a list of run-time
    length, for an item of one; `looping` tells in how many loops it was made; `known_as` has the containers that it
    may be one with, itself included, for what it holds has been handed on to a new `Ref`; None where any may be.
    """

    __slots__ = ("frozen", "hint", "known_as", "looping", "outside", "place")

    def __init__(self, frozen: str | None = None, outside: Any = None) -> None:
        self.frozen = frozen
        self.outside = outside
        self.hint: str | None = None
        self.place: Any = None
        self.looping = 0
        self.known_as: frozenset[Ref] | None = frozenset((self,))


def together(a: frozenset[Ref] | None, b: frozenset[Ref] | None) -> frozenset[Ref] | None:
    """The containers of two sets; None where one of these is not known."""
    return None if a is None or b is None else a | b


@dataclass(frozen=True, slots=True, eq=False)
class Box:
    """A container together with what it holds, while two states of the program are compared."""

    identity: Any
    content: Any


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """A list whose length is known at run time only: an item of the shape of `item` at each place.

    `lists` are the lists of its numbers, one for each atom of `item`. `distinct`: no two items are one container.
    `members` are the containers that were put into it, also into the items; None where they are not known.
    `apart`: no two arrays in it share memory.
    """

    item: Any
    lists: tuple[Any, ...]
    distinct: bool = False
    members: frozenset[Ref] | None = None
    apart: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Maybe:
    """What is there on some paths only; `bound` is the run-time flag.

    On the other paths a name or a key is not bound, or, where `is_none`, the value is None. A key of a dict that
    is certainly there, but at a place that hangs on the path, has the flag True.
    """

    value: Any
    bound: Any
    is_none: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Conflict:
    """A name that has two structures after a merge; an error where it is read."""

    reason: str
    hint: str = "give it one structure on all paths"


class Missing:
    """What a name stands for where it is not bound, and a result that a raising branch never gives."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return self.text


UNBOUND = Missing("unbound")
BOTTOM = Missing("bottom")

NUMBERS = (bool, int, float, complex)


def is_atom(value: Any) -> bool:
    return isinstance(value, (Value, Literal))


def constant_of(value: Any) -> Any:
    """The Python constant behind an abstract value; raises LookupError where there is none."""
    if isinstance(value, Static):
        return value.value
    if isinstance(value, Literal):
        return value.value
    if isinstance(value, Tree):
        if value.kind == "dict":
            return dict(zip(value.keys, map(constant_of, value.children), strict=True))
        items = [constant_of(child) for child in value.children]
        return {"tuple": tuple, "list": list}[value.kind](items) if value.kind in ("tuple", "list") else _no()
    if isinstance(value, Span3) and value.kind == "slice":
        return slice(*(constant_of(part) for part in (value.start, value.stop, value.step)))
    return _no()


def _no() -> Any:
    raise LookupError


def is_constant(value: Any) -> bool:
    try:
        constant_of(value)
    except LookupError:
        return False
    return True


def from_constant(value: Any, path: Path | None = None) -> Any:
    """The abstract value of a Python constant."""
    if type(value) in NUMBERS:
        return Literal(value)
    if type(value) in (tuple, list):
        kind = type(value).__name__
        return Tree(kind, None, tuple(range(len(value))), tuple(map(from_constant, value)))
    if type(value) is slice:
        return Span3("slice", *(from_constant(part) for part in (value.start, value.stop, value.step)))
    return Static(value, path)


def make_tuple(items: Any, kind: str = "tuple") -> Tree:
    children = tuple(items)
    return Tree(kind, None, tuple(range(len(children))), children)


def atoms_of(value: Any) -> Iterator[Any]:
    """The run-time parts of an abstract value, in order."""
    if is_atom(value):
        yield value
    elif isinstance(value, Tree):
        for child in value.children:
            yield from atoms_of(child)
    elif isinstance(value, Maybe):
        yield from atoms_of(value.value)
        yield value.bound
    elif isinstance(value, Span3):
        for part in (value.start, value.stop, value.step):
            yield from atoms_of(part)
    elif isinstance(value, Box):
        yield from atoms_of(value.content)
    elif isinstance(value, Rows):
        yield from value.lists
    elif isinstance(value, Closure):
        for default in (*value.defaults, *value.kw_defaults):
            yield from atoms_of(default)


def rebuild(value: Any, atoms: Iterator[Any]) -> Any:
    """The same abstract value with other run-time parts."""
    if is_atom(value):
        return next(atoms)
    if isinstance(value, Tree):
        return Tree(value.kind, value.cls, value.keys, tuple(rebuild(child, atoms) for child in value.children))
    if isinstance(value, Maybe):
        inner = rebuild(value.value, atoms)
        return Maybe(inner, next(atoms), value.is_none)
    if isinstance(value, Span3):
        start, stop, step = (rebuild(part, atoms) for part in (value.start, value.stop, value.step))
        return Span3(value.kind, start, stop, step, value.schedule)
    if isinstance(value, Box):
        return Box(value.identity, rebuild(value.content, atoms))
    if isinstance(value, Rows):
        return replace(value, lists=tuple(next(atoms) for _ in value.lists))
    if isinstance(value, Closure):
        defaults = tuple(rebuild(default, atoms) for default in value.defaults)
        return Closure(value.node, value.frame, defaults, tuple(rebuild(d, atoms) for d in value.kw_defaults))
    return value


def same_value(a: Any, b: Any) -> bool:
    """Whether two abstract values are the same without looking at run-time numbers."""
    if a is b:
        return True
    if isinstance(a, Literal) and isinstance(b, Literal):
        return type(a.value) is type(b.value) and repr(a.value) == repr(b.value)
    if isinstance(a, Static) and isinstance(b, Static):
        return a.value is b.value or (
            type(a.value) is type(b.value) and type(a.value) in (str, bytes) and a.value == b.value
        )
    if isinstance(a, Tree) and isinstance(b, Tree):
        return same_structure(a, b) and all(map(same_value, a.children, b.children))
    if isinstance(a, Span3) and isinstance(b, Span3):
        return a.kind == b.kind and all(
            same_value(getattr(a, part), getattr(b, part)) for part in ("start", "stop", "step")
        )
    return False


def same_structure(a: Tree, b: Tree) -> bool:
    return a.kind == b.kind and a.cls is b.cls and a.keys == b.keys


def is_none(value: Any) -> bool:
    return isinstance(value, Static) and value.value is None


def may_be_absent(value: Any) -> bool:
    """Whether this may stand for no value, or for None."""
    return value is UNBOUND or isinstance(value, Maybe) or is_none(value)


def may_be_none(value: Any) -> bool:
    """Whether this is None on some paths, and something else on others."""
    return isinstance(value, Maybe) and value.is_none


def describe(value: Any) -> str:
    """A word for error messages."""
    if is_none(value):
        return "None"
    if is_atom(value):
        return "a number or an array" if isinstance(value.type, ArrayType) else f"a {value.type}"
    if isinstance(value, Tree):
        of_class = value.cls is not None and value.kind in ("object", "dataclass", "namedtuple")
        return f"a `{value.cls.__name__}`" if of_class else f"a {value.kind} of {len(value.children)}"  # type: ignore[union-attr]  # there is one
    if isinstance(value, Static):
        return f"the constant {value.value!r}"
    if isinstance(value, Missing):
        return "nothing"
    if isinstance(value, Span3):
        return f"a {value.kind}"
    return WORDS.get(type(value), f"a {type(value).__name__.lower()}")


WORDS = {
    Closure: "a function", Partial: "a function", Super: "`super()`", Items: "an iterator", Rows: "a list",
    Ref: "a container", Conflict: "something else", Maybe: "what is there on some paths only",
}  # fmt: skip


class Joiner:
    """What becomes of two states of a program where control flow meets.

    `in_doubt`: a container may have keys that are set on one of the paths only, or differ.
    """

    in_doubt = True

    def atom(self, name: str | None, a: Any, b: Any, type_: Type) -> Any:
        """The number that is `a` or `b`, of a type."""
        raise NotImplementedError

    def refs(self, name: str | None, a: Any, b: Any) -> Any:
        """The container that is `a` or `b`."""
        raise NotImplementedError

    def rows(self, name: str | None, a: Any, b: Any) -> Any:
        """The list that is `a` or `b`, of different lengths, or whose length is not known; None if there is none."""
        raise NotImplementedError

    def apart(self, value: Any) -> bool:
        """Whether no two arrays in a list share memory."""
        return isinstance(value, Rows) and value.apart


def merge(name: str | None, a: Any, b: Any, join_: Joiner) -> Any:  # a case for each kind of value
    """The abstract value after a branch, or at the head of a loop."""
    if same_value(a, b):
        return a
    if isinstance(a, Ref) or isinstance(b, Ref):
        return _merge_refs(name, a, b, join_)
    if a is BOTTOM or b is BOTTOM:
        known, other = (b, a) if a is BOTTOM else (a, b)
        if isinstance(known, Tree):
            one_sided = [(BOTTOM, x) if other is a else (x, BOTTOM) for x in known.children]
            return Tree(known.kind, known.cls, known.keys, tuple(merge(name, x, y, join_) for x, y in one_sided))
        sides = [(UNBOUND, x) if other is a else (x, UNBOUND) for x in atoms_of(known)]
        types = [x.type for x in atoms_of(known)]
        return rebuild(known, iter([join_.atom(name, x, y, t) for (x, y), t in zip(sides, types, strict=True)]))
    if is_atom(a) and is_atom(b):
        numeric = isinstance(a.type, ArrayType) == isinstance(b.type, ArrayType)
        return join_.atom(name, a, b, join(a.type, b.type)) if numeric else Conflict(_two(a, b))
    if isinstance(a, Conflict) or isinstance(b, Conflict):
        return a if isinstance(a, Conflict) else b
    if any(x is UNBOUND or isinstance(x, Maybe) or is_none(x) for x in (a, b)):
        return _merge_maybe(name, a, b, join_)
    return _merge_structures(name, a, b, join_)


def _merge_structures(name: str | None, a: Any, b: Any, join_: Joiner) -> Any:
    """What has parts: these are merged one by one."""
    if isinstance(a, Box) and isinstance(b, Box):
        a.identity.frozen = a.identity.frozen or b.identity.frozen
        a.identity.known_as = together(a.identity.known_as, b.identity.known_as)
        content = merge(name, a.content, b.content, join_)
        return content if isinstance(content, Conflict) else Box(a.identity, content)
    if isinstance(a, Closure) and isinstance(b, Closure):
        return _merge_closures(name, a, b, join_)
    if isinstance(a, Tree) and isinstance(b, Tree) and a.kind in KEYED and (a.kind, a.cls) == (b.kind, b.cls):
        return _merge_keyed(name, a, b, join_)
    if isinstance(a, Tree) and isinstance(b, Tree) and same_structure(a, b):
        children = [merge(name, x, y, join_) for x, y in zip(a.children, b.children, strict=True)]
        conflicts = [child for child in children if isinstance(child, Conflict)]
        if not conflicts:
            return Tree(a.kind, a.cls, a.keys, tuple(children))
        return conflicts[0] if a.kind != "list" else join_.rows(name, a, b) or conflicts[0]
    if is_list(a) and is_list(b):
        return join_.rows(name, a, b) or Conflict(_two(a, b))
    if isinstance(a, Span3) and isinstance(b, Span3) and a.kind == b.kind:
        parts = [merge(name, getattr(a, p), getattr(b, p), join_) for p in ("start", "stop", "step")]
        start, stop, step = parts
        if not all(is_atom(part) or is_none(part) for part in parts):
            return Conflict(_two(a, b))
        return Span3(a.kind, start, stop, step, a.schedule if a.schedule == b.schedule else None)
    return Conflict(_two(a, b))


def _merge_closures(name: str | None, a: Closure, b: Closure, join_: Joiner) -> Any:
    """One function with the defaults that it has on each path; others have no common text."""
    if a.node is not b.node or a.frame is not b.frame:
        return Conflict("is one function on one path and another on another")
    given = tuple(merge(name, x, y, join_) for x, y in zip(a.defaults, b.defaults, strict=True))
    words = tuple(merge(name, x, y, join_) for x, y in zip(a.kw_defaults, b.kw_defaults, strict=True))
    conflicts = [x for x in (*given, *words) if isinstance(x, Conflict)]
    return conflicts[0] if conflicts else Closure(a.node, a.frame, given, words)


KEYED = ("dict", "object", "dataclass")
"""Kinds of containers that may get new keys, on some paths only."""

MUTABLE = ("list", *KEYED)


def _merge_keyed(name: str | None, a: Tree, b: Tree, join_: Joiner) -> Any:
    """A dict or an object: what one path has set alone is there on this path only."""
    keys = a.keys if a.keys == b.keys else tuple(dict.fromkeys((*a.keys, *b.keys)))
    in_order = all(tuple(k for k in keys if k in side.keys) == side.keys for side in (a, b))
    table = [dict(zip(side.keys, side.children, strict=True)) for side in (a, b)]
    pairs = ([side.get(key, UNBOUND) for side in table] for key in keys)
    children = tuple(merge(name, x, y, join_) for x, y in pairs)
    if a.kind == "dict" and not in_order:
        children = tuple(x if isinstance(x, (Maybe, Conflict)) else Maybe(x, Literal(True)) for x in children)
    conflicts = [child for child in children if isinstance(child, Conflict)]
    if not join_.in_doubt and (conflicts or a.keys != b.keys):
        return conflicts[0] if conflicts else Conflict(_two(a, b))
    return Tree(a.kind, a.cls, keys, children)


def by_keys(value: Tree, template: Tree) -> tuple[Any, ...]:
    """The children of a dict or an object in the order of a template; UNBOUND where it has none."""
    table = dict(zip(value.keys, value.children, strict=True))
    return tuple(table.get(key, UNBOUND) for key in template.keys)


def is_list(value: Any) -> bool:
    """Whether this is what a list holds."""
    return isinstance(value, Rows) or (isinstance(value, Tree) and value.kind == "list")


def _merge_refs(name: str | None, a: Any, b: Any, join_: Joiner) -> Any:
    absent = (BOTTOM, UNBOUND)
    if all(isinstance(x, Ref) or x in absent for x in (a, b)) and UNBOUND not in (a, b):
        return join_.refs(name, a, b)
    if any(isinstance(x, (Maybe, Missing)) or is_none(x) for x in (a, b)):
        return _merge_maybe(name, a, b, join_)
    return Conflict(_two(a, b))


def _merge_maybe(name: str | None, a: Any, b: Any, join_: Joiner) -> Any:
    def split(value: Any) -> tuple[Any, Any]:
        if value is UNBOUND or is_none(value):
            return BOTTOM, Literal(False)
        return (value.value, value.bound) if isinstance(value, Maybe) else (value, Literal(True))

    of_none = {is_none(x) or (isinstance(x, Maybe) and x.is_none) for x in (a, b) if may_be_absent(x)}
    if len(of_none) > 1 or (not join_.in_doubt and True in of_none):
        return Conflict(_two(a, b))

    (value_a, bound_a), (value_b, bound_b) = split(a), split(b)
    if value_a is BOTTOM and value_b is BOTTOM:
        return UNBOUND
    value = merge(name, value_a, value_b, join_)
    bound = merge(None, bound_a, bound_b, join_)
    if isinstance(value, Conflict):
        return value
    in_doubt = any(isinstance(x, Maybe) and isinstance(x.bound, Literal) for x in (a, b))
    if isinstance(bound, Literal) and not in_doubt:
        return value if bound.value else UNBOUND
    return Maybe(value, bound, True in of_none)


def _two(a: Any, b: Any) -> str:
    return f"is {describe(a)} on one path and {describe(b)} on another"
