"""What a program may rely on of its arguments, tested in one expression: guards written as code.

A program is compiled for the abstract types of its arguments and of what it captures. `guarded` makes a function
with the parameters of the user's own, which tests these facts and calls the program, or passes the call on.
"""

from __future__ import annotations

import builtins
import inspect
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from adjoint.codegen.load import annotate
from adjoint.errors import AliasError, Span
from adjoint.frontend.abstract import Path
from adjoint.frontend.lower import Lowered
from adjoint.ir.affine import Form, factors_of, names_in, quotient_of
from adjoint.ir.bounds import Bounds, relied_on
from adjoint.ir.core import Value
from adjoint.ir.types import ArrayType, Dim, Symbol, known_not_one

Seen = Callable[[Path], Any] | None
Bind = Callable[..., Callable[..., Any]]


class Absent:
    """No argument, and no result: what a program answers to arguments that it was not made for."""


ABSENT = Absent()


def path_text(path: Path, space: dict[str, Any], arguments: Sequence[str]) -> str:
    """The same as source text; `_f` is the root. What is kept goes to `space`."""
    text = "_f"
    for kind, key in path:
        if kind == "object":
            text = next(
                (name for name, obj in space.items() if obj is key.obj and name.startswith("_kept")),
                f"_kept{len(space)}",
            )
            space[text] = key.obj
            continue
        if kind == "arg":
            text = arguments[key]
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


class Header(NamedTuple):
    """How the guarded function takes its arguments.

    `parameters` are the text of its parameters, `arguments` the names of those that the program takes, `tests` what
    must hold beside the guards, and `forwarded` passes all that was given on.
    """

    parameters: str
    arguments: tuple[str, ...]
    tests: tuple[str, ...]
    forwarded: str


def by_position(count: int) -> Header:
    """Any arguments; those by position are the ones of the program."""
    names = tuple(f"_a{k}" for k in range(count))
    optional = [*(f"{name}=_ABSENT" for name in names), *(["/"] if names else [])]
    return Header(
        ", ".join([*optional, "*_rest", "**_named"]), names,
        ("not _rest", "not _named", *(f"{name} is not _ABSENT" for name in names[-1:])),
        ", ".join([*names, "*_rest", "**_named"]),
    )  # fmt: skip


def as_declared(signature: inspect.Signature | None, count: int) -> Header | None:
    """The parameters of the user's function, of which a program takes the first `count`, or None.

    No dict of keyword arguments has to be made then, which takes as long as the guards of an array.
    """
    if signature is None:
        return None
    kinds = [p.kind for p in signature.parameters.values()]
    names = tuple(signature.parameters)
    if any(kind in COLLECTING for kind in kinds) or any(n.startswith("_") or hasattr(builtins, n) for n in names):
        return None
    texts, forwarded = [f"{name}=_ABSENT" for name in names], list(names)
    only = kinds.count(inspect.Parameter.POSITIONAL_ONLY)
    named = kinds.count(inspect.Parameter.KEYWORD_ONLY)
    end = len(names) - named
    texts[end:] = ["*_rest", *texts[end:]]
    forwarded[end:] = ["*_rest", *(f"{name}={name}" for name in names[end:])]
    if only:
        texts.insert(only, "/")
    absent = (f"{name} is {'not ' if k < count else ''}_ABSENT" for k, name in enumerate(names))
    return Header(", ".join(texts), names[:count], ("not _rest", *absent), ", ".join(forwarded))


def really_given(fun: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """The arguments of a call without those that are absent: what follows one of them was given by name."""
    kwargs = {name: arg for name, arg in kwargs.items() if arg is not ABSENT}
    first = next((k for k, arg in enumerate(args) if arg is ABSENT), None)
    if first is None:
        return args, kwargs
    names = list(inspect.signature(fun).parameters)
    by_name = {name: arg for name, arg in zip(names[first:], args[first:], strict=False) if arg is not ABSENT}
    return args[:first], {**by_name, **kwargs}


COLLECTING = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
AND = "\n                and "


def guarded(
    program: Any, lowered: Lowered, count: int, hidden: list[tuple[Path, str]], apart: int, seen: Seen,
    signature: inspect.Signature | None,
) -> Bind:  # fmt: skip
    """Write the guards and the call as one function, inside of one that gives it the function `_f` and `_again`.

    `program.bare` is called with the first `count` parameters and what `hidden` names; `program.hits` counts it.
    """
    space: dict[str, Any] = {
        "_program": program, "_bare": program.bare, "_ABSENT": ABSENT, "_ndarray": np.ndarray, "_annotate": annotate,
        "_check_disjoint": check_disjoint,
    }  # fmt: skip
    header = as_declared(signature, count) or by_position(count)
    tests = list(header.tests)
    for (path, check), expected in lowered.guards.items():
        text = path_text(path, space, header.arguments)
        tests += guard_text(text, check, expected, space, seen(path) if seen else None)
        if path[0][0] == "arg" and (known := f"{header.arguments[path[0][1]]} is not _ABSENT") in tests:
            tests.remove(known)  # no guard lets it pass
    tests += length_comparisons(lowered, space, header.arguments)
    captured = [f"{name}={path_text(path, space, header.arguments)}" for path, name in hidden]
    lines = [
        "def bind(_f, _again):",
        f"    def call({header.parameters}):",
        "        try:",
        "            _fits = (",
        f"                {AND.join(tests)}",
        "            )",
        "        except (AttributeError, LookupError, TypeError, ValueError):",
        "            _fits = False",
        "        if not _fits:",
        f"            return _again({header.forwarded})",
    ]
    for position, (value, span) in enumerate(lowered.written):
        own = next(path for path, v in lowered.leaves if v is value)
        rest = [(p, v) for p, v in lowered.leaves if v is not value and _is_array(v) and not beyond(p, apart)]
        others = [path_text(p, space, header.arguments) for p, _ in rest]
        if others:
            space[f"_span{position}"] = span
            names = tuple(f"`{v.hint}`" for v in (value, *(v for _, v in rest)))
            written = path_text(own, space, header.arguments)
            lines.append(f"        _check_disjoint({written}, ({', '.join(others)},), {names!r}, _span{position})")
    lines += [
        "        _program.hits += 1",
        "        try:",
        f"            return _bare({', '.join([*header.arguments, *captured])})",
        "        except Exception as _error:",
        "            _annotate(_error)",
        "            raise",
        "    call.__name__ = call.__qualname__ = getattr(_f, '__name__', 'call')",
        "    return call",
    ]
    exec(compile("\n".join(lines), "<adjoint call>", "exec"), space)  # noqa: S102  # text made right here
    bind: Bind = space["bind"]
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
        name = next((name for name, other in space.items() if other is obj), f"_c{len(space)}")
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
    tests = [f"{text}.__class__ is _ndarray", f"({text}.dtype is {dtype} or {text}.dtype == {dtype})"]
    if not shape:
        return [*tests, f"{text}.ndim == 0"]
    bounds = relied_on()
    fits = [length_test(f"{text}.shape[{k}]", d, bounds) for k, d in enumerate(shape)]
    if all(test.startswith("1 != ") and "<" not in test for test in fits):
        fits = [f"1 not in {text}.shape"]
    fits = [f"{text}.ndim == {len(shape)}", *fits]
    return [*tests, *fits] if seen is None else [*tests, f"({text}.shape == {seen} or {' and '.join(fits)})"]


def length_comparisons(lowered: Lowered, space: dict[str, Any], arguments: Sequence[str]) -> list[str]:
    """The tests of how lengths of several axes relate."""
    texts: dict[str, str] = {}
    if relied_on().compared:
        for path, value in lowered.leaves:
            text = path_text(path, space, arguments)
            if isinstance(value.length, Symbol):
                texts[value.length.name] = text
            for axis, dim in enumerate(getattr(value.type, "shape", None) or ()):
                if isinstance(dim, Symbol):
                    texts[dim.name] = f"{text}.shape[{axis}]"

    def number(name: str) -> str:
        found = quotient_of(name)
        return texts[name] if found is None else f"(({difference(found[0])}) // {found[1]})"

    def side(form: Form, sign: int) -> str:
        terms = []
        for name, times in form.items():
            if times * sign > 0:
                factors = [*([str(abs(times))] if abs(times) != 1 or not name else []), *map(number, factors_of(name))]
                terms.append(" * ".join(factors))
        return " + ".join(terms) or "0"

    def difference(form: Form) -> str:
        minus = side(form, -1)
        return side(form, 1) if minus == "0" else f"{side(form, 1)} - ({minus})"

    tests = {}
    for form in relied_on().compared:
        if not all(name in texts for name in names_in(form)):
            continue  # of a lowering that was begun anew
        opposite = f"{side(form, 1)} <= {side(form, -1)}"
        if opposite in tests:
            tests[opposite] = f"{side(form, 1)} == {side(form, -1)}"
        else:
            text = f"{side(form, -1)} <= {side(form, 1)}"
            tests[text] = text
    return list(tests.values())


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
