"""From a call to compiled code: one key lookup, guards written as code, a table of specialisations.

A program is compiled for the abstract types of its arguments and of what it captures. `Entry.bind` makes
a function that tests these facts in one expression and calls the program; where they do not hold, the
other specialisations of the same code are tried, then a new one is compiled.
"""

from __future__ import annotations

import functools
import sys
import threading
import types
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from adjoint.codegen.generate import Generated, Hidden, Interface, Place, generate
from adjoint.codegen.load import annotate, load
from adjoint.codegen.names import USED
from adjoint.errors import AliasError, Span, VerifyError
from adjoint.frontend.abstract import Missing, Path, Static, atoms_of, describe, is_atom
from adjoint.frontend.calls import WRAPPERS
from adjoint.frontend.lower import Lowered
from adjoint.frontend.outside import has_python_call
from adjoint.ir.bounds import Bounds, for_given_arguments, relied_on
from adjoint.ir.core import Value
from adjoint.ir.tree import Tree
from adjoint.ir.types import ArrayType, Dim, Symbol, known_not_one
from adjoint.pipeline import compile_function
from adjoint.rules.registry import ON_CHANGE, has_rule_by_code

Seen = Callable[[Path], Any] | None


class CacheInfo(NamedTuple):
    """How often a compiled program was found or made, and how many there are."""

    hits: int
    misses: int
    currsize: int


@dataclass(slots=True, eq=False)
class Entry:
    """One specialisation: `bind(root, again)` is called with arguments, and calls `again` if it does not fit them."""

    bind: Callable[..., Callable[..., Any]]
    bare: Callable[..., Any]
    generated: Generated
    lowered: Lowered
    hits: int = 0
    hidden: list[tuple[Path, str]] = field(default_factory=list)
    extra: Any = None


class Absent:
    """No argument, and no result: what a specialisation answers to arguments that it was not made for."""


ABSENT = Absent()


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
    with _LOCK, deep(), for_given_arguments():
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
    lowered: Lowered, params: list[tuple[str, Any]], name: str, apart: int | None = None, seen: Seen = None
) -> Entry:
    """Compile a lowered program into an entry. `params` are (name, abstract value) of the arguments.

    Only the first `apart` of them are those of the user's function and must not overlap where it writes.
    `seen` gives what it is compiled for by its path: the next arguments often have the same shapes.
    """
    return bound_entry(generate_program(lowered, params, name), lowered, params, apart, seen)


def bound_entry(
    generated: Generated, lowered: Lowered, params: list[tuple[str, Any]], apart: int | None = None, seen: Seen = None
) -> Entry:
    """An entry of generated text."""
    bare = load(generated)
    entry = Entry(lambda *_: missed, bare, generated, lowered)
    entry.bind = make_bind(entry, params, len(params) if apart is None else apart, seen)
    return entry


def generate_program(lowered: Lowered, params: list[tuple[str, Any]], name: str, root: Any = None) -> Generated:
    """The Python of a lowered program. With `root`, captured data become defaults of its parameters."""
    return generate(compile_function(lowered.function), interface(lowered, params, name, root))


def interface(lowered: Lowered, params: list[tuple[str, Any]], name: str, root: Any = None) -> Interface:
    """How the program looks from Python: parameters as the user has them, results rebuilt."""
    places = {value: Place(k) for k, (_, value) in enumerate(lowered.leaves)}

    def place(atom: Any) -> Any:
        return places[lowered.table.get(atom, atom)] if isinstance(atom, Value) else atom.value

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
    shown = {lowered.table.get(atom, atom) for _, value in params for atom in atoms_of(value)}
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


def path_text(path: Path, space: dict[str, Any]) -> str:
    """The same as source text; `f` is the root, `a0, a1, ...` the arguments. What is kept goes to `space`."""
    text = "f"
    for kind, key in path:
        if kind == "object":
            text = next(
                (name for name, obj in space.items() if obj is key.obj and name.startswith("kept")), f"kept{len(space)}"
            )
            space[text] = key.obj
            continue
        if kind == "arg":
            text = f"a{key}"
        elif kind == "cell":
            text += f".__closure__[{key}].cell_contents"
        elif kind == "global":
            text += f".__globals__[{key!r}]"
        elif kind == "attr":
            text += f".{key}"
        elif kind == "class":
            text = f"type({text})"
        else:
            text += f"[{key!r}]"
    return text


AND = "\n                and "


def make_bind(entry: Entry, params: list[tuple[str, Any]], apart: int, seen: Seen) -> Callable[..., Any]:
    """Write the guards and the call as one function, inside of one that gives it the function `f` and `again`."""
    lowered = entry.lowered
    space: dict[str, Any] = {
        "entry": entry, "bare": entry.bare, "ABSENT": ABSENT, "ndarray": np.ndarray, "annotate": annotate,
        "check_disjoint": check_disjoint,
    }  # fmt: skip
    arguments = [f"a{k}" for k in range(len(params))]
    tests = ["not rest", "not named", *(f"{name} is not ABSENT" for name in arguments[-1:])]
    for (path, check), expected in lowered.guards.items():
        tests += guard_text(path_text(path, space), check, expected, space, seen(path) if seen else None)
    entry.hidden = [(path, name) for path, _, name in hidden_leaves(lowered, params)]
    hidden = [f"{name}={path_text(path, space)}" for path, name in entry.hidden]
    optional = [*(f"{name}=ABSENT" for name in arguments), *(["/"] if arguments else [])]
    lines = [
        "def bind(f, again):",
        f"    def call({', '.join([*optional, '*rest', '**named'])}):",
        "        try:",
        "            fits = (",
        f"                {AND.join(tests)}",
        "            )",
        "        except (AttributeError, LookupError, TypeError, ValueError):",
        "            fits = False",
        "        if not fits:",
        f"            return again({', '.join([*arguments, '*rest', '**named'])})",
    ]
    for position, (value, span) in enumerate(lowered.written):
        own = next(path for path, v in lowered.leaves if v is value)
        rest = [(p, v) for p, v in lowered.leaves if v is not value and _is_array(v) and not beyond(p, apart)]
        others = [path_text(p, space) for p, _ in rest]
        if others:
            space[f"span{position}"] = span
            names = tuple(f"`{v.hint}`" for v in (value, *(v for _, v in rest)))
            lines.append(
                f"        check_disjoint({path_text(own, space)}, ({', '.join(others)},), {names!r}, span{position})"
            )
    lines += [
        "        entry.hits += 1",
        "        try:",
        f"            return bare({', '.join([*arguments, *hidden])})",
        "        except Exception as error:",
        "            annotate(error)",
        "            raise",
        "    return call",
    ]
    exec(compile("\n".join(lines), "<adjoint call>", "exec"), space)  # noqa: S102  # text made right here
    bind: Callable[..., Any] = space["bind"]
    return bind


def beyond(path: Path, count: int) -> bool:
    """Whether a path leads to an argument after the first `count`."""
    kind, key = path[0]
    return kind == "arg" and key >= count


def _is_array(value: Value) -> bool:
    return isinstance(value.type, ArrayType) and value.type.kind == "array"


def guard_text(text: str, check: str, expected: Any, space: dict[str, Any], seen: Any = None) -> list[str]:
    """The tests of one fact, as source text; objects that they mention go to `space`. `seen` is one that passes."""

    def named(obj: Any) -> str:
        name = next((name for name, other in space.items() if other is obj), f"c{len(space)}")
        space[name] = obj
        return name

    if check == "type":
        return type_tests(text, expected, named, getattr(seen, "shape", None))
    if check == "structure":
        cls, keys = expected
        tests = [f"type({text}) is {named(cls)}"]
        if cls is dict:
            tests.append(f"tuple({text}) == {named(keys)}")
        elif cls in (tuple, list):
            tests.append(f"len({text}) == {len(keys)}")
        return tests
    if check == "equal":
        if expected is None:
            return [f"{text} is None"]
        name = named(expected)
        return [f"type({text}) is {named(type(expected))}", f"{text} == {name}"]
    if check == "contiguous":
        return [f"{text}.flags.c_contiguous is {expected}"]
    if check == "code":
        return [f"getattr({text}, '__code__', None) is {named(expected)}"]
    if check == "class":
        return [f"type({text}) is {named(expected)}"]
    return [f"{text} is {named(expected)}"]


def type_tests(text: str, type_: Any, named: Callable[[Any], str], seen: Any = None) -> list[str]:
    """The tests of a type. `seen` is a shape that has it: to compare with that first is the cheapest test."""
    if not isinstance(type_, ArrayType):
        return []
    if type_.kind != "array":
        cls = (
            {"float64": float, "int64": int, "complex128": complex}[type_.dtype or ""]
            if type_.kind == "py"
            else (np.dtype(type_.dtype).type)
        )
        return [f"type({text}) is {named(cls)}"]
    dtype, shape = named(np.dtype(type_.dtype)), type_.shape or ()
    tests = [f"{text}.__class__ is ndarray", f"({text}.dtype is {dtype} or {text}.dtype == {dtype})"]
    if not shape:
        return [*tests, f"{text}.ndim == 0"]
    bounds = relied_on()
    fits = [length_test(f"{text}.shape[{k}]", d, bounds) for k, d in enumerate(shape)]
    if all(test.startswith("1 != ") and "<" not in test for test in fits):
        fits = [f"1 not in {text}.shape"]
    fits = [f"{text}.ndim == {len(shape)}", *fits]
    return [*tests, *fits] if seen is None else [*tests, f"({text}.shape == {seen} or {' and '.join(fits)})"]


def length_test(text: str, dim: Dim, bounds: Bounds) -> str:
    """What the guards ask of a length: little but whether it is 1, see `ir.bounds`."""
    if not known_not_one(dim):
        return f"{text} == 1"
    name = dim.name if isinstance(dim, Symbol) else ""
    least = f"{max(bounds.relied[name], 2)} <= {text}" if name in bounds.relied else f"1 != {text}"
    return f"{least} < {bounds.limits[name]}" if name in bounds.limits else least


def check_disjoint(own: Any, others: tuple[Any, ...], names: tuple[str, ...], span: Span) -> None:
    """Refuse arguments of which one is written and shares memory with another."""
    for other, name in zip(others, names[1:], strict=True):
        if isinstance(other, np.ndarray) and np.shares_memory(own, other):
            raise AliasError(
                f"{names[0]} is written here and shares memory with {name}", span, "pass a copy of one of them"
            )
