"""From a call to compiled code: one key lookup and a table of specialisations.

A program is compiled for the abstract types of its arguments and of what it captures. `Entry.bind` makes
a function that tests these facts (see `guards`) and calls the program; where they do not hold, the
other specialisations of the same code are tried, then a new one is compiled.
"""

from __future__ import annotations

import functools
import gc
import inspect
import sys
import threading
import types
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from adjoint.codegen.generate import Generated, Hidden, Interface, Place, generate
from adjoint.codegen.load import load
from adjoint.codegen.names import USED
from adjoint.errors import VerifyError
from adjoint.frontend.abstract import Missing, Path, Static, atoms_of, describe, is_atom
from adjoint.frontend.calls import WRAPPERS
from adjoint.frontend.lower import Lowered
from adjoint.frontend.outside import has_python_call
from adjoint.guards import ABSENT, Bind, Seen, guarded
from adjoint.ir.bounds import for_given_arguments
from adjoint.ir.core import Value
from adjoint.ir.tree import Tree
from adjoint.pipeline import compile_function
from adjoint.rules.registry import ON_CHANGE, has_rule_by_code


class CacheInfo(NamedTuple):
    """How often a compiled program was found or made, and how many there are."""

    hits: int
    misses: int
    currsize: int


@dataclass(slots=True, eq=False)
class Entry:
    """One specialisation: `bind(root, again)` is called with arguments, and calls `again` if it does not fit them."""

    bind: Bind
    bare: Callable[..., Any]
    generated: Generated
    lowered: Lowered
    hits: int = 0
    hidden: list[tuple[Path, str]] = field(default_factory=list)
    extra: Any = None


def missed(*args: Any, **kwargs: Any) -> Any:
    """The answer to arguments that do not fit."""
    return ABSENT


_TABLE: dict[Any, tuple[Entry, ...]] = {}
_LOCK = threading.RLock()
_COUNTS = {"misses": 0}


def cache_info() -> CacheInfo:
    """How many calls found a compiled program (`hits`), how many compiled one (`misses`), how many are kept.

    A named tuple `(hits, misses, currsize)`, as `functools.lru_cache` has it, without a bound on the size.

    >>> import adjoint
    >>> adjoint.cache_clear()
    >>> adjoint.grad(lambda x: x * x)(3.0)
    6.0
    >>> adjoint.cache_info()
    CacheInfo(hits=0, misses=1, currsize=1)
    """
    entries = [entry for found in _TABLE.values() for entry in found]
    return CacheInfo(sum(entry.hits for entry in entries), _COUNTS["misses"], len(entries))


def cache_clear() -> None:
    """Forget every compiled program, and count from 0 again.

    >>> import adjoint
    >>> adjoint.cache_clear()
    >>> adjoint.cache_info()
    CacheInfo(hits=0, misses=0, currsize=0)
    """
    forget_programs()
    _COUNTS["misses"] = 0


def forget_programs() -> None:
    """Compile everything anew at its next call."""
    _TABLE.clear()
    for forget in ON_FORGET:
        forget()


DEPTH = 10_000

ON_FORGET: list[Callable[[], None]] = []
"""Called when programs are forgotten, by what holds on to them."""
ON_CHANGE.append(forget_programs)


def run(key: Any, root: Any, args: tuple[Any, ...], compile_entry: Callable[[], Entry]) -> tuple[Entry, Any]:
    """Call the specialisation that fits, compiling it if there is none yet.

    The tuples of the table are replaced and never changed, so that threads may look on; one compiles at a time.
    """
    for entry in _TABLE.get(key, ()):
        result = entry.bind(root, missed)(*args)
        if result is not ABSENT:
            _move_to_front(key, entry)
            return entry, result
    with _LOCK, deep(), without_collector(), for_given_arguments():
        _COUNTS["misses"] += 1
        entry = compile_entry()
        _TABLE[key] = (entry, *_TABLE.get(key, ()))
    entry.hits -= 1
    result = entry.bind(root, missed)(*args)
    if result is ABSENT:
        raise VerifyError("a fresh specialisation refuses the arguments that it was made for")
    return entry, result


@contextmanager
def deep() -> Iterator[None]:
    """Room for programs whose expressions nest deeply: Python's limit guards against endless recursion only."""
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(max(limit, DEPTH))
    try:
        yield
    finally:
        sys.setrecursionlimit(limit)


@contextmanager
def without_collector() -> Iterator[None]:
    """No search for cycles while a program is compiled.

    What a compilation makes lives until its end or is freed by counting, and there is much of it: the collector would
    go through that, and through everything else in the process, again and again.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _move_to_front(key: Any, entry: Entry) -> None:
    if _TABLE[key][0] is not entry:
        with _LOCK:
            _TABLE[key] = (entry, *(other for other in _TABLE.get(key, ()) if other is not entry))


def identity(root: Any) -> Any:
    """What two callables share that are compiled alike: code, for functions made anew."""
    if isinstance(root, types.FunctionType):
        return root if has_rule_by_code(root) else root.__code__
    if isinstance(root, types.MethodType):
        return ("method", identity(root.__func__))
    if isinstance(root, functools.partial):
        return ("partial", identity(root.func), len(root.args), tuple(root.keywords))
    if isinstance(root, WRAPPERS):
        return (type(root), identity(root.__wrapped__))
    spec = getattr(root, "specification", None)
    if spec is not None:
        return (spec, identity(root.primal))
    return type(root) if has_python_call(root) and not isinstance(root, type) else root


# ---------------------------------------------------------------------- compiling


def make_entry(
    lowered: Lowered, params: list[tuple[str, Any]], name: str, apart: int | None = None, seen: Seen = None,
    signature: inspect.Signature | None = None,
) -> Entry:  # fmt: skip
    """Compile a lowered program into an entry. `params` are (name, abstract value) of the arguments.

    Only the first `apart` of them are those of the user's function and must not overlap where it writes.
    `seen` gives what it is compiled for by its path: the next arguments often have the same shapes. With
    a `signature`, of which `params` are the first parameters, it is called as that tells.
    """
    return bound_entry(generate_program(lowered, params, name), lowered, params, apart, seen, signature)


def bound_entry(
    generated: Generated, lowered: Lowered, params: list[tuple[str, Any]], apart: int | None = None, seen: Seen = None,
    signature: inspect.Signature | None = None,
) -> Entry:  # fmt: skip
    """An entry of generated text."""
    bare = load(generated)
    entry = Entry(lambda *_: missed, bare, generated, lowered)
    entry.hidden = [(path, hidden_name) for path, _, hidden_name in hidden_leaves(lowered, params)]
    count = len(params)
    entry.bind = guarded(entry, lowered, count, entry.hidden, count if apart is None else apart, seen, signature)
    return entry


def generate_program(lowered: Lowered, params: list[tuple[str, Any]], name: str, root: Any = None) -> Generated:
    """The Python of a lowered program. With `root`, captured data become defaults of its parameters."""
    return generate(compile_function(lowered.function), interface(lowered, params, name, root))


def interface(lowered: Lowered, params: list[tuple[str, Any]], name: str, root: Any = None) -> Interface:
    """How the program looks from Python: parameters as the user has them, results rebuilt."""
    places = {value: Place(k) for k, (_, value) in enumerate(lowered.leaves)}

    def place(atom: Any) -> Any:
        return places[atom] if isinstance(atom, Value) else atom.value

    names = free_names([n for n, _ in params])
    shown = tuple((n, as_tree(v, place)) for n, (_, v) in zip(names, params, strict=True))
    hidden = tuple(
        Hidden(hidden_name, places[value], root is not None, resolve(root, (), path) if root is not None else None)
        for path, value, hidden_name in hidden_leaves(lowered, params)
    )
    numbers = iter(range(len(lowered.function.results)))
    return Interface(name, shown, as_tree(lowered.result, lambda _: Place(next(numbers))), hidden)


def free_names(names: list[str]) -> list[str]:
    """Names of parameters, of which none hides a name that generated text refers to."""
    taken, found = set(names), []
    for name in names:
        free = name
        while free in USED or (free != name and free in taken):
            free += "_"
        taken.add(free)
        found.append(free)
    return found


def hidden_leaves(lowered: Lowered, params: list[tuple[str, Any]]) -> list[tuple[Path, Value, str]]:
    """The captured objects among the parameters, each with a name of its own: what no argument holds as data."""
    found: list[tuple[Path, Value, str]] = []
    taken = {name for name, _ in params}
    shown = {atom for _, value in params for atom in atoms_of(value)}
    for path, value in lowered.leaves:
        if value in shown:
            continue
        name = base = value.hint or "captured"
        count = 1
        while name in taken or name in USED:
            count += 1
            name = f"{base}_{count}"
        taken.add(name)
        found.append((path, value, name))
    return found


def as_tree(value: Any, place: Callable[[Any], Any]) -> Any:
    """An abstract value as code generation takes it: a tree of places and constants."""
    if is_atom(value):
        return place(value)
    if isinstance(value, Tree):
        return Tree(value.kind, value.cls, value.keys, tuple(as_tree(child, place) for child in value.children))
    if isinstance(value, Static):
        return value.value
    if isinstance(value, Missing):
        return None
    raise TypeError(f"the result of the function contains {describe(value)}, which cannot be returned")


def resolve(root: Any, args: tuple[Any, ...], path: Path) -> Any:
    """The object that a path leads to."""
    obj = root
    for kind, key in path:
        if kind == "arg":
            obj = args[key]
        elif kind == "object":
            obj = key.obj
        elif kind == "cell":
            obj = obj.__closure__[key].cell_contents
        elif kind == "global":
            obj = obj.__globals__[key]
        elif kind == "attr":
            obj = getattr(obj, key)
        elif kind == "class":
            obj = type(obj)
        else:
            obj = obj[key]
    return obj
