"""From a Python function to its syntax tree, with a place in the user's text for every node.

The text comes from `linecache`, so files, notebooks, doctests and registered `exec` texts all work. A
function is found exactly: a `def` by name and first line, a lambda by the positions of its code object.
The text is then compiled again and compared with the code that runs. A file that was edited after the
import can thus not lead to the derivative of another program.
"""

from __future__ import annotations
import __future__

import ast
import dis
import functools
import inspect
import linecache
import operator
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import CodeType, FunctionType
from typing import Any

import gast

from adjoint.errors import Span, UnsupportedError
from adjoint.frontend.normal import normalise
from adjoint.frontend.place import last_column, to_column

NO_SOURCE_HINT = "define the function in a file or in a notebook, or register its text in `linecache.cache`"
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
PROLOGUE = {"RESUME", "MAKE_CELL", "COPY_FREE_VARS", "RETURN_GENERATOR"}
FUTURE_FLAGS = functools.reduce(
    operator.or_, (getattr(__future__, name).compiler_flag for name in __future__.all_feature_names)
)


@dataclass(frozen=True, eq=False)
class Source:
    """The syntax of one function; `lines` are those of its whole file."""

    node: Any  # gast.FunctionDef, gast.AsyncFunctionDef or gast.Lambda
    file: str
    lines: tuple[str, ...]
    name: str
    first_line: int
    spans: dict[Any, Span] = field(default_factory=dict)  # of the nodes that were asked for

    def span(self, node: Any) -> Span:
        """Where a node of this function stands; of a construct over several lines, the first line."""
        found = self.spans.get(node)
        if found is None:
            found = self.spans[node] = self._span(node)
        return found

    def _span(self, node: Any) -> Span:
        node = next((part for part in gast.walk(node) if hasattr(part, "lineno")), self.node)
        line = min(max(node.lineno, 1), len(self.lines))
        text = self.lines[line - 1]
        col = to_column(text, node.col_offset)
        end = to_column(text, node.end_col_offset) if node.end_lineno == line else last_column(text, col)
        return Span(self.file, line, col, max(end, col + 1), text, self.name)


def parse(fun: Callable[..., Any]) -> Source:
    """The syntax of a Python function, method or lambda. One `Source` for each code object."""
    code = function_of(fun).__code__
    if id(code) not in _SOURCES:
        _SOURCES[id(code)] = code, _parse(code, fun)
    return _SOURCES[id(code)][1]


_SOURCES: dict[int, tuple[CodeType, Source]] = {}
"""By identity of the code, which is kept so that the identity stays its own."""


def _parse(code: CodeType, fun: Callable[..., Any]) -> Source:
    for lines in _texts(code, fun):
        found = _find(code, lines)
        if found is not None:
            node, owner = found
            return _source(code, node, owner, lines)
    raise UnsupportedError(_reason(code), _place(code), NO_SOURCE_HINT)


def function_of(fun: Callable[..., Any]) -> FunctionType:
    """The function whose code runs when `fun` is called.

    `__wrapped__` is followed only through objects without Python code of their own, as `functools.cache`
    makes them: a wrapper that is itself a Python function may well compute something else.
    """
    while not isinstance(fun, FunctionType):
        inner = getattr(fun, "__func__", None) or getattr(fun, "__wrapped__", None)
        if inner is None or isinstance(inspect.getattr_static(type(fun), "__call__", None), FunctionType):
            name = getattr(fun, "__qualname__", type(fun).__name__)
            raise UnsupportedError(f"`{name}` has no Python source", None, "declare a rule for it with `adjoint.rules`")
        fun = inner
    return fun


def has_source(fun: Callable[..., Any]) -> bool:
    """Whether `parse` succeeds."""
    try:
        parse(fun)
    except UnsupportedError:
        return False
    return True


# ---------------------------------------------------------------------------- text


def _texts(code: CodeType, fun: Callable[..., Any]) -> Iterator[tuple[str, ...]]:
    """What `linecache` holds, then what the file holds now."""
    names = function_of(fun).__globals__
    before = tuple(linecache.getlines(code.co_filename, names))
    if before:
        yield before
    linecache.checkcache(code.co_filename)
    after = tuple(linecache.getlines(code.co_filename, names))
    if after and after != before:
        yield after


def _place(code: CodeType) -> Span | None:
    text = linecache.getline(code.co_filename, code.co_firstlineno).rstrip("\n")
    start = len(text) - len(text.lstrip())
    return Span(code.co_filename, code.co_firstlineno, start, len(text), text, code.co_name) if text.strip() else None


def _reason(code: CodeType) -> str:
    if linecache.getlines(code.co_filename):
        return (
            f"the source text of `{code.co_name}` in {code.co_filename} is not what runs: "
            "the file was changed after it was imported, or an import hook rewrote it"
        )
    return f"the source of `{code.co_name}` is not available: there is no text for {code.co_filename}"


# ---------------------------------------------------------------------------- finding the node


@dataclass(frozen=True, eq=False)
class _Definition:
    """A function in the text and the class around it (for private names)."""

    node: Any
    owner: str | None

    @property
    def first_line(self) -> int:
        lines: list[int] = [self.node.lineno, *(d.lineno for d in getattr(self.node, "decorator_list", ()))]
        return min(lines)

    def is_of(self, code: CodeType) -> bool:
        """Whether `code` can come from here, as far as its name and its positions tell."""
        if code.co_firstlineno != self.first_line:
            return False
        if isinstance(self.node, ast.Lambda):
            return code.co_name == "<lambda>" and _covers(self.node.body, code)
        return bool(code.co_name == self.node.name)


@functools.lru_cache(maxsize=64)
def _definitions(lines: tuple[str, ...]) -> tuple[_Definition, ...]:
    """All functions of a text, inner ones before outer ones. A text with an error in it has none."""
    try:
        tree = ast.parse("".join(lines))
    except SyntaxError:
        return ()
    found: list[_Definition] = []

    def visit(node: ast.AST, owner: str | None) -> None:
        inside = node.name if isinstance(node, ast.ClassDef) else owner
        for child in ast.iter_child_nodes(node):
            visit(child, inside)
        if isinstance(node, (*FUNCTIONS, ast.Lambda)):
            found.append(_Definition(node, owner))

    visit(tree, None)
    return tuple(found)


def _find(code: CodeType, lines: tuple[str, ...]) -> tuple[Any, str | None] | None:
    definitions = _definitions(lines)
    here = [d for d in definitions if d.is_of(code)]
    if here and _is_certain(here, code) and (_rewritten_by_pytest(code) or _compiles_to(here[0], code, lines)):
        return here[0].node, here[0].owner
    named = [d for d in definitions if getattr(d.node, "name", None) == code.co_name]
    moved = [d for d in named if _compiles_to(d, code, lines)]
    return (moved[0].node, moved[0].owner) if len(moved) == 1 else None


def _is_certain(here: list[_Definition], code: CodeType) -> bool:
    """Whether the first is the one: `python -X no_debug_ranges` leaves no columns to tell lambdas on a line apart."""
    return len(here) == 1 or any(columns[2] is not None for columns in code.co_positions())


def _covers(body: ast.expr, code: CodeType) -> bool:
    """Whether every instruction comes from `body`: among nested lambdas the innermost such is the right one.

    The code of an outer lambda has at least the instruction that makes the inner one, whose position is
    not within the body of the inner one.
    """
    start, end = (body.lineno, body.col_offset), (body.end_lineno or 0, body.end_col_offset or 0)
    for instruction in dis.get_instructions(code):
        at = instruction.positions
        if instruction.opname in PROLOGUE or at is None or at.lineno is None or at.end_lineno is None:
            continue
        if at.col_offset is None or at.end_col_offset is None:  # python -X no_debug_ranges
            if not body.lineno <= at.lineno <= (body.end_lineno or 0):
                return False
        elif at.col_offset == at.end_col_offset:  # made by the compiler, such as the return
            continue
        elif (at.lineno, at.col_offset) < start or (at.end_lineno, at.end_col_offset) > end:
            return False
    return True


# ---------------------------------------------------------------------------- is the text what runs


def _compiles_to(definition: _Definition, code: CodeType, lines: tuple[str, ...]) -> bool:
    """Whether compiling the text gives `code` at the definition, up to line numbers."""
    flags = code.co_flags & FUTURE_FLAGS
    return any(
        definition.is_of(compiled) and _same(compiled, code)
        for optimize in (-1, 0, 1, 2)
        for compiled in _compiled(lines, flags, optimize).get((code.co_name, definition.first_line), ())
    )


@functools.lru_cache(maxsize=64)
def _compiled(lines: tuple[str, ...], flags: int, optimize: int) -> dict[tuple[str, int], list[CodeType]]:
    """The code objects of a text. It is compiled as a whole, because imports change how calls are compiled."""
    found: dict[tuple[str, int], list[CodeType]] = {}
    try:
        module = compile("".join(lines), "<text>", "exec", flags, dont_inherit=True, optimize=optimize)
    except (SyntaxError, ValueError):
        return found
    for code in _codes(module):
        found.setdefault((code.co_name, code.co_firstlineno), []).append(code)
    return found


def _codes(code: CodeType) -> Iterator[CodeType]:
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield constant
            yield from _codes(constant)


def _same(a: CodeType, b: CodeType) -> bool:
    return (
        a.co_code == b.co_code
        and (a.co_names, a.co_varnames, a.co_freevars, a.co_cellvars)
        == (b.co_names, b.co_varnames, b.co_freevars, b.co_cellvars)
        and (a.co_argcount, a.co_posonlyargcount, a.co_kwonlyargcount)
        == (b.co_argcount, b.co_posonlyargcount, b.co_kwonlyargcount)
        and len(a.co_consts) == len(b.co_consts)
        and all(map(_same_constant, a.co_consts, b.co_consts))
    )


def _same_constant(a: Any, b: Any) -> bool:
    if isinstance(a, CodeType) and isinstance(b, CodeType):
        return _same(a, b)
    return type(a) is type(b) and (a == b if isinstance(a, frozenset) else repr(a) == repr(b))


def _rewritten_by_pytest(code: CodeType) -> bool:
    """Whether pytest compiled the `assert` statements of a test to other code of the same meaning."""
    names = (*code.co_names, *code.co_varnames)
    return any(name.startswith(("@py_", "@pytest_")) for name in names) or any(map(_rewritten_by_pytest, _codes(code)))


# ---------------------------------------------------------------------------- the result


def _source(code: CodeType, node: Any, owner: str | None, lines: tuple[str, ...]) -> Source:
    tree = gast.ast_to_gast(node)
    if owner is not None:
        _mangle(tree, owner.lstrip("_"))
    normalise(tree)
    stripped = tuple(line.rstrip("\r\n") for line in lines)
    name = "lambda" if isinstance(node, ast.Lambda) else node.name
    return Source(tree, code.co_filename, stripped, name, node.lineno)


def _mangle(tree: Any, owner: str) -> None:
    """Private names in a class body, `__name`, as Python compiles them: `_Class__name`."""
    for node in gast.walk(tree):
        for place in ("id", "attr", "arg", "name"):
            name = getattr(node, place, None)
            private = isinstance(name, str) and name.startswith("__") and not name.endswith("__")
            if private and node is not tree and owner:
                setattr(node, place, f"_{owner}{name}")
