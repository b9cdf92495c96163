"""The subset of Python that is differentiated: one table for acceptance, for refusal and for docs/language.md.

A row names a construct as users call it. For each node of a function the first row that matches decides.
A node without any row is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

import gast

from adjoint.errors import Problem, UnsupportedError
from adjoint.frontend.liveness import assigned
from adjoint.frontend.parse import Source

Status = Literal["supported", "refused"]


@dataclass(frozen=True)
class Scope:
    """Where a node stands: in which function, and whether in a loop of it."""

    function: Any
    in_loop: bool = False


@dataclass(frozen=True)
class Row:
    """One construct. `reason` and `hint` may show `{name}`, the names that the node declares.

    `example` is the body of a function of `x`, `w` and `items`, or a whole function `f`.
    """

    construct: str
    nodes: tuple[type, ...]
    status: Status
    example: str
    reason: str = ""
    hint: str = ""
    when: Callable[[Any, Scope], bool] | None = None

    def problem(self, node: Any, source: Source) -> Problem:
        name = ", ".join(getattr(node, "names", ()))
        return Problem(self.reason.format(name=name), source.span(node), self.hint.format(name=name))


def _rebinds(node: Any, scope: Scope) -> bool:
    return bool(set(node.names) & set(assigned(scope.function.body)))


STATEMENTS = (
    Row("assignment", (gast.Assign,), "supported", "y = z = x * w\nreturn y + z"),
    Row("tuple unpacking, nested and starred", (gast.Starred,), "supported",
        "(a, b), *rest = (x, w), x, w\nreturn a * b * rest[0]"),
    Row("augmented assignment", (gast.AugAssign,), "supported", "x *= w\nreturn x"),
    Row("annotated assignment", (gast.AnnAssign,), "supported", "y: float = x * w\nreturn y"),
    Row("`if`, `elif`, `else`", (gast.If,), "supported",
        "if x > 0:\n    y = x\nelif x > -1:\n    y = w\nelse:\n    y = x * w\nreturn y"),
    Row("`else` of a loop", (gast.For, gast.While), "supported",
        "for item in items:\n    x = x * item\nelse:\n    x = x + 1\nreturn x",
        "`else` of a loop is not differentiated yet",
        "keep in a boolean whether the loop was left early, and test it after the loop",
        when=lambda node, _: bool(node.orelse)),
    Row("`for` over ranges, arrays, containers, `zip`, `enumerate`, `reversed`", (gast.For,), "supported",
        "for item in items:\n    x = x * item\nreturn x"),
    Row("`while`", (gast.While,), "supported", "while x > 1:\n    x = x / 2\nreturn x"),
    Row("`break`", (gast.Break,), "supported",
        "for item in items:\n    if item > x:\n        break\n    x = x * item\nreturn x",
        "`break` is not differentiated yet", "make it a condition of a `while` loop"),
    Row("`continue`", (gast.Continue,), "supported",
        "for item in items:\n    if item > x:\n        continue\n    x = x * item\nreturn x",
        "`continue` is not differentiated yet", "put the rest of the loop body under the opposite `if`"),
    Row("`return` inside a loop", (gast.Return,), "supported",
        "for item in items:\n    if item > x:\n        return x\n    x = x * item\nreturn x",
        "`return` inside a loop is not differentiated yet", "keep the result in a name and return it after the loop",
        when=lambda _, scope: scope.in_loop),
    Row("`return`, also early", (gast.Return,), "supported", "if x > 0:\n    return x\nreturn x * w"),
    Row("nested `def`", (gast.FunctionDef,), "supported", "def scaled(y):\n    return w * y\nreturn scaled(x)"),
    Row("`assert`", (gast.Assert,), "supported", "assert x > 0, 'x is positive'\nreturn x"),
    Row("`raise`", (gast.Raise,), "supported", "if x < 0:\n    raise ValueError('negative')\nreturn x"),
    Row("`pass`, docstrings, expressions as statements", (gast.Pass, gast.Expr), "supported", "print(x)\nreturn x"),
    Row("`del` of attributes", (gast.Delete,), "refused", "del items.first\nreturn x",
        "`del` of an attribute leaves an object without it on some paths", "set the attribute to None",
        when=lambda node, _: any(isinstance(target, gast.Attribute) for target in node.targets)),
    Row("`del` of names and items", (gast.Delete,), "supported", "ys = [x, w, x * w]\ndel ys[0], w\nreturn sum(ys)"),
    Row("`import`", (gast.Import, gast.ImportFrom), "supported", "import math\nreturn math.sin(x)"),
    Row("`with np.errstate(...)`, and with objects of classes in Python", (gast.With,), "supported",
        "with np.errstate(all='ignore'):\n    y = x / w\nreturn y"),
    Row("`try` with `finally` alone", (gast.Try,), "supported", "try:\n    y = x * w\nfinally:\n    x = w\nreturn y",
        when=lambda node, _: not node.handlers),
    Row("`match`", (gast.Match,), "supported", "match w:\n    case 0:\n        return x\nreturn x * w"),
    Row("`try` with `except`", (gast.Try, gast.TryStar), "refused",
        "try:\n    y = 1 / x\nexcept ZeroDivisionError:\n    y = x\nreturn y",
        "`try` makes the result depend on exceptions, which have no derivative",
        "test for the case with `if` beforehand, or put the `try` around the call of the derivative"),
    Row("`class`", (gast.ClassDef,), "refused", "class Local:\n    pass\nreturn x",
        "`class` inside a differentiated function makes a new type at each call",
        "define the class outside of the function"),
    Row("`global`", (gast.Global,), "refused", "global total\ntotal = x\nreturn x",
        "`global {name}` writes a variable outside of the function, and a derivative call must leave no trace",
        "return the new value of `{name}` with the result", when=_rebinds),
    Row("`global` without an assignment", (gast.Global,), "refused", "global total\nreturn x",
        "`global {name}` declares a write outside of the function", "remove the line: a global is read without it"),
    Row("`nonlocal`", (gast.Nonlocal,), "refused",
        "def add(y):\n    nonlocal w\n    w = w + y\nadd(x)\nreturn w",
        "`nonlocal {name}` lets an inner function rebind a name of the outer one",
        "give `{name}` to the inner function as an argument and return its new value"),
    Row("`async def`", (gast.AsyncFunctionDef,), "refused", "async def later():\n    return x\nreturn x",
        "`async def` makes a coroutine, which has no derivative",
        "compute in an ordinary `def`, and await around the call of the derivative"),
    Row("`async for`, `async with`", (gast.AsyncFor, gast.AsyncWith), "refused",
        "async def f(x, w, items):\n    async with w:\n        return x",
        "`async` code runs in an order that is not known when the derivative is made",
        "collect the data first, then compute in an ordinary `def`"),
    Row("`type` aliases", (gast.TypeAlias,), "refused", "",
        "a `type` alias inside a differentiated function makes a new object at each call",
        "define it outside of the function"),
)  # fmt: skip

EXPRESSIONS = (
    Row("names and constants", (gast.Name, gast.Constant), "supported", "return 2.0 * x"),
    Row("arithmetic", (gast.BinOp, gast.UnaryOp), "supported", "return -(x + w) ** 2 / w"),
    Row("comparisons, chained as well", (gast.Compare,), "supported", "return x if 0 < x <= w else w"),
    Row("`and`, `or`, `not`", (gast.BoolOp,), "supported", "return x if x > 0 and not w > 1 else w"),
    Row("`a if c else b`", (gast.IfExp,), "supported", "return x if x > 0 else w"),
    Row("calls, with `*` and `**` as well", (gast.Call, gast.keyword), "supported", "return max(*items, x)"),
    Row("attributes", (gast.Attribute,), "supported", "return x.real"),
    Row("subscripts and slices", (gast.Subscript, gast.Slice), "supported",
        "return items[0] * items[-1] + sum(items[1:])"),
    Row("tuples, lists, dicts", (gast.Tuple, gast.List, gast.Dict), "supported",
        "d = {'a': x, 'b': [x, w]}\nreturn d['a'] * d['b'][1]"),
    Row("sets of constants", (gast.Set,), "supported", "return x if len(items) in {2, 3} else w"),
    Row("`lambda`", (gast.Lambda,), "supported", "scaled = lambda y, s=w: s * y\nreturn scaled(x)"),
    Row("`async` comprehensions", (gast.ListComp, gast.SetComp, gast.DictComp, gast.GeneratorExp), "refused",
        "async def f(x, w, items):\n    return [y async for y in w]",
        "`async for` runs in an order that is not known when the derivative is made",
        "collect the data first, then compute in an ordinary `def`",
        when=lambda node, _: any(part.is_async for part in node.generators)),
    Row("comprehensions of lists and dicts, generator expressions",
        (gast.ListComp, gast.DictComp, gast.GeneratorExp), "supported",
        "return sum([x * item for item in items])"),
    Row("comprehensions of sets of constants", (gast.SetComp,), "supported",
        "return len({k % 2 for k in range(5)}) * x"),
    Row("`:=`", (gast.NamedExpr,), "supported", "return (y := x * w) * y"),
    Row("f-strings", (gast.JoinedStr, gast.FormattedValue), "supported", "print(f'{x:.3f}')\nreturn x"),
    Row("t-strings", (gast.TemplateStr, gast.Interpolation), "refused", "",
        "a template string holds the values themselves", "use an f-string"),
    Row("`yield`", (gast.Yield,), "refused", "yield x * w",
        "`yield` makes a generator, which has no derivative", "collect the values in a list and return it"),
    Row("`yield from`", (gast.YieldFrom,), "refused", "yield from items",
        "`yield from` makes a generator, which has no derivative", "collect the values in a list and return it"),
    Row("`await`", (gast.Await,), "refused", "async def f(x, w, items):\n    return await w",
        "`await` gives control to other code, which has no derivative",
        "await the value first and give it to the function as an argument"),
)  # fmt: skip

TABLE = STATEMENTS + EXPRESSIONS
_ROWS: dict[type, list[Row]] = {}
for _row in TABLE:
    for _node in _row.nodes:
        _ROWS.setdefault(_node, []).append(_row)

FUNCTIONS = (gast.FunctionDef, gast.AsyncFunctionDef, gast.Lambda)
LOOPS = (gast.For, gast.While)
NOT_EXECUTED = {"annotation", "returns", "type_params", "ctx", "op", "ops"}


@cache
def check(source: Source) -> None:
    """Refuse what is outside of the subset: all findings of a function in one error, in the order of the text."""
    problems = [row.problem(node, source) for node, row in findings(source.node)]
    if problems:
        raise UnsupportedError.of(sorted(problems, key=_position))


def _position(problem: Problem) -> tuple[int, int]:
    return (problem.span.line, problem.span.col) if problem.span else (0, 0)


def findings(function: Any) -> Iterator[tuple[Any, Row]]:
    """The nodes of a function, and of the functions inside it, that are not supported, with their rows.

    Decorators and defaults of the function itself were evaluated before and are not part of it.
    """
    if isinstance(function, gast.AsyncFunctionDef):
        yield function, row_of(function, Scope(function))
    for node in [function.body] if isinstance(function, gast.Lambda) else function.body:
        yield from _findings(node, Scope(function))


def _findings(node: Any, scope: Scope) -> Iterator[tuple[Any, Row]]:
    row = row_of(node, scope)
    if row.status != "supported":
        yield node, row
        if isinstance(node, (gast.ClassDef, gast.AsyncFunctionDef)):
            return  # the whole of it has to go
    if isinstance(node, FUNCTIONS):
        scope = Scope(node)
    for field in node._fields:
        if field in NOT_EXECUTED:
            continue
        inside = Scope(scope.function, True) if field == "body" and isinstance(node, LOOPS) else scope
        value = getattr(node, field, None)
        for child in value if isinstance(value, list) else (value,):
            if isinstance(child, gast.AST):
                yield from _findings(child, inside)


def row_of(node: Any, scope: Scope) -> Row:
    """The row that decides about a node."""
    for row in _ROWS.get(type(node), ()):
        if row.when is None or row.when(node, scope):
            return row
    if isinstance(node, (gast.stmt, gast.expr)):
        kind = type(node).__name__
        return Row(kind, (), "refused", "", f"`{kind}` is not part of the language", "write it in another way")
    return PART


PART = Row("part of a construct", (), "supported", "")


def language_table() -> str:
    """The table of the documentation, as Markdown."""
    parts = {"Statements": STATEMENTS, "Expressions": EXPRESSIONS}
    return "\n\n".join(f"### {title}\n\n{_markdown(rows)}" for title, rows in parts.items())


def _markdown(rows: tuple[Row, ...]) -> str:
    lines = ["| construct | status | why, and what to write instead |", "|---|---|---|"]
    for row in rows:
        refused = row.status != "supported"
        why = f"{row.reason}; {row.hint}".format(name="x") if refused else ""
        lines.append(f"| {row.construct} | {row.status} | {why} |")
    return "\n".join(lines)
