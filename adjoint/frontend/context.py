"""The state that lowering carries: where ops go, which function is being read, what is reached from outside."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NoReturn

import gast

from adjoint.errors import AdjointError, Span, UnsupportedError
from adjoint.frontend.abstract import Path, Static
from adjoint.frontend.liveness import Liveness
from adjoint.frontend.parse import Source
from adjoint.frontend.position import Position
from adjoint.ir.build import Builder, Stamped
from adjoint.ir.core import Function, Op, Value


@dataclass(eq=False)
class Frame:
    """One activation of a Python function: its names and how to reach what is outside of it."""

    source: Source
    node: Any
    live: Liveness
    names: dict[str, Any] = field(default_factory=dict)
    parent: Frame | None = None  # the frame of the enclosing function, for closures of the program
    fun: Any = None  # the Python function, for closure cells and globals
    path: Path = ()
    pending: Any = None  # the `Exits` of a block that may have been left
    result: Any = None
    caller: Frame | None = None
    depth: int = 0  # how many regions deep it was called
    keys: Any = None  # the function and the structure of its arguments, in two ways: see `recursion`
    at: Any = None  # the statement that is lowered
    calling: Any = None  # the call that it makes
    place: Span | None = None  # of the call, for functions that stand for one of NumPy's
    loops: list[frozenset[str]] = field(default_factory=list)  # what each loop around the statement binds

    def live_now(self) -> frozenset[str] | None:
        """The names that may be read in the statement at hand or later; None for all of them."""
        if self.at is None or isinstance(self.node, gast.Lambda):
            return None
        return self.live.live_after(self.at) | self.live.read_in(self.at)

    def live_later(self) -> frozenset[str] | None:
        """The names that may be read after a write or a call in the statement at hand; None for all of them.

        What a statement reads itself it has read before it assigns, or before its only call.
        """
        if isinstance(self.node, gast.Lambda):
            return frozenset() if is_a_call(self.node.body) else None
        if self.at is None:
            return None
        return self.live.live_after(self.at) if self.calls_last() else self.live_now()

    def calls_last(self) -> bool:
        """Whether the statement at hand has read all that it reads when it makes the call at hand, if it makes one."""
        if self.at is None or isinstance(self.node, gast.Lambda):
            return False
        calls = [part for part in gast.walk(self.at) if isinstance(part, gast.Call)]
        plain = isinstance(self.at, (gast.Assign, gast.AugAssign, gast.AnnAssign, gast.Expr, gast.Return))
        return plain and (not calls or self.calling is self.at.value or self._is_chain(self.at.value, len(calls)))

    def _is_chain(self, node: Any, count: int) -> bool:
        """Whether an expression is `f(g(...h(x)))`, with so many calls in all, of which h may be a method."""
        while count > 1 and isinstance(node, gast.Call) and len(node.args) == 1 and not node.keywords:
            owner = node.func.value if isinstance(node.func, gast.Attribute) else node.func
            if not isinstance(owner, gast.Name) or owner.id in self.names:
                return False
            inner = node.args[0]
            node, count = inner.value if isinstance(inner, gast.Starred) else inner, count - 1
        return count == 1 and isinstance(node, gast.Call)


def is_a_call(body: Any) -> bool:
    """Whether an expression reads all that it reads before it makes its only call; no inner function reads it later."""
    inner = (gast.Call, gast.Lambda, gast.GeneratorExp, gast.ListComp, gast.SetComp, gast.DictComp)
    return isinstance(body, gast.Call) and not any(isinstance(p, inner) for p in gast.walk(body) if p is not body)


class NeedStatic(Exception):
    """Lowering needs the value of an argument or of a captured number; it starts anew with it known."""

    def __init__(self, key: Any) -> None:
        self.key = key


@dataclass(eq=False)
class Context:
    """Everything shared by the parts of lowering."""

    builder: Builder
    frame: Any  # the Frame of the function being read; None before the first call
    hidden: dict[Path, Any] = field(default_factory=dict)  # path -> abstract value
    leaves: list[tuple[Path, Value]] = field(default_factory=list)  # run-time objects, arguments and captured ones
    guards: dict[tuple[Path, str], Any] = field(default_factory=dict)
    statics: frozenset[Any] = frozenset()
    origins: dict[Value, Any] = field(default_factory=dict)  # a parameter or captured number -> key for NeedStatic
    objects: dict[Value, tuple[Path, Any]] = field(default_factory=dict)  # arrays that lowering can look at
    renames: dict[Value, str] = field(default_factory=dict)
    position: Position = field(default_factory=Position)  # in the calls and loops that are lowered
    comprehensions: dict[Any, Any] = field(default_factory=dict)  # as functions with a loop
    functions: dict[str, Function] = field(default_factory=dict)
    kept_calls: dict[Any, Any] = field(default_factory=dict)
    recursive: list[Any] = field(default_factory=list)  # functions that call themselves
    written: list[tuple[Value, Span]] = field(default_factory=list)
    stands_for: dict[Value, Value] = field(default_factory=dict)  # parameter of an outlined function -> argument
    held: dict[int, Any] = field(default_factory=dict)  # objects that no path leads to
    depth: int = 0  # how many regions deep
    heap: dict[Any, Any] = field(default_factory=dict)  # what arrays that were written, and containers, hold now
    references: dict[Value, Value] = field(default_factory=dict)  # a version of an array -> what refers to it
    derived: dict[Value, tuple[Value, Op]] = field(default_factory=dict)  # a view -> of what, by which op
    joined_at: dict[Value, tuple[Any, str]] = field(default_factory=dict)  # an array -> loop or branch, and name
    untaken: set[Value] = field(default_factory=set)  # views that an op takes only where they are read
    made_by: dict[Value, Op] = field(default_factory=dict)  # an array that is new -> the op that made it
    may: dict[Value, frozenset[Value]] = field(default_factory=dict)  # which arrays an array may share memory with
    comes_from: dict[Value, frozenset[Value]] = field(default_factory=dict)  # which arrays it may be
    gone_through: set[Any] = field(default_factory=set)  # lists that loops being lowered go through
    looping: int = 0  # how many loops deep
    iterators: dict[int, Any] = field(default_factory=dict)  # what names are bound to that is gone through later
    facts: frozenset[Value] = frozenset()  # flags that are set wherever the block at hand is reached
    logic: dict[Value, tuple[str, tuple[Any, ...]]] = field(default_factory=dict)  # how a flag hangs on others
    taken: dict[Any, list[Any]] = field(default_factory=dict)  # a list of run-time length -> places of its items
    places: dict[Value, Any] = field(default_factory=dict)  # an array that was taken out of one -> its place
    second_names: set[Any] = field(default_factory=set)  # containers that have another name on some paths
    foreign: set[Value] = field(default_factory=set)  # results of calls that are not looked into
    in_order: set[Value] = field(default_factory=set)  # copies that are in C order, whatever they are copies of
    schedule: Any = "auto"  # of the straight-line code, as the outermost derivative asks for it
    doubtful: dict[Value, tuple[Builder, Op]] = field(default_factory=dict)  # views that may be copies

    def span(self, node: Any) -> Span | None:
        """The place of a piece of syntax; None for the call from Python itself."""
        if self.frame is None or node is None:
            return None
        return self.frame.place or self.frame.source.span(node)  # type: ignore[no-any-return]  # a Frame

    def refuse(self, node: Any, message: str, hint: str | None = None) -> NoReturn:
        raise UnsupportedError(message, self.span(node), hint)

    def error(self, kind: type[Exception], node: Any, message: str, hint: str | None = None) -> NoReturn:
        if not issubclass(kind, AdjointError):
            raise kind(message)
        raise kind(message, self.span(node), hint)

    def at(self, node: Any) -> Stamped:
        """Ops appended inside belong to this piece of syntax."""
        return Stamped(self.builder, self.span(node), self.builder.sweep)

    @contextmanager
    def region(self) -> Iterator[Builder]:
        """Ops appended inside go to a new block."""
        outer, facts = self.builder, self.facts
        self.builder = outer.nested()
        self.depth += 1
        try:
            yield self.builder
        finally:
            self.builder, self.facts = outer, facts
            self.depth -= 1

    @contextmanager
    def inside(self, node: Any) -> Iterator[Position]:
        """What is lowered in the `with` belongs to a call or a loop that is met here."""
        outer = self.position
        self.position = found = outer.inside(node)
        found.begin_round()
        try:
            yield found
        finally:
            self.position = outer

    @contextmanager
    def one_loop_deeper(self, names: Collection[str]) -> Iterator[None]:
        """What is lowered in the `with` is the body of a loop that binds these names."""
        frame = self.frame
        frame.loops.append(frozenset(names))
        self.looping += 1
        try:
            yield
        finally:
            self.looping -= 1
            frame.loops.pop()

    def guard(self, path: Path, check: str, value: Any) -> None:
        """Note a fact about the outside that the compiled program relies on."""
        self.guards.setdefault((path, check), value)

    def callers(self) -> Iterator[Frame]:
        frame: Frame | None = self.frame
        while frame is not None:
            yield frame
            frame = frame.caller


def static(value: Any) -> Static:
    return Static(value)
