"""`match`: structures and classes are matched at compile time, numbers by comparisons when the program runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import gast

from adjoint.frontend import builtin, keys, optional
from adjoint.frontend.abstract import Rows, Static, constant_of, from_constant, is_atom, make_tuple
from adjoint.ir.core import Literal
from adjoint.ir.tree import Tree
from adjoint.rules.internal import both, either

Bindings = dict[str, Any]


def cases(low: Any, subject: Any, rest: Sequence[Any], node: Any) -> str:
    """Lower the cases that are left; the status of the statement."""
    if not rest:
        return "next"
    case, bound = rest[0], Bindings()
    test = matches(low, case.pattern, subject, bound)
    known = low.truth(test)
    if known is False:
        return cases(low, subject, rest[1:], node)

    def bind() -> None:
        for name, value in bound.items():
            low.bind(name, value)

    if case.guard is None and known:
        bind()
        return low.stmts(case.body)  # type: ignore[no-any-return]

    def taken() -> str:
        bind()
        if case.guard is None:
            return low.stmts(case.body)  # type: ignore[no-any-return]
        guard = low.condition(case.guard)
        certain = low.truth(guard)
        if certain is not None:
            return low.stmts(case.body) if certain else cases(low, subject, rest[1:], node)
        return low.branch(  # type: ignore[no-any-return]
            guard, (lambda: low.stmts(case.body), lambda: cases(low, subject, rest[1:], node)), node, None
        )

    if known:
        return taken()
    return low.branch(test, (taken, lambda: cases(low, subject, rest[1:], node)), node, None)  # type: ignore[no-any-return]


def matches(low: Any, pattern: Any, subject: Any, bound: Bindings) -> Any:
    """Whether a subject has a pattern: a truth value, known at compile time or not; `bound` takes the names."""
    match pattern:
        case gast.MatchSingleton():
            return optional.identity(low, subject, from_constant(pattern.value), True, pattern)
        case gast.MatchAs():
            found = Literal(True) if pattern.pattern is None else matches(low, pattern.pattern, subject, bound)
            if pattern.name is not None:
                bound[pattern.name] = subject
            return found
        case gast.MatchOr():
            return _any(low, [matches(low, part, subject, bound) for part in pattern.patterns], pattern)
    keys.refuse_doubts(low, low.resolved(subject), pattern)
    match pattern:
        case gast.MatchValue():
            return _equal(low, subject, low.expr(pattern.value), pattern)
        case gast.MatchSequence():
            return _sequence(low, pattern, subject, bound)
        case gast.MatchMapping():
            return _mapping(low, pattern, subject, bound)
        case gast.MatchClass():
            return _class(low, pattern, subject, bound)
    low.refuse(pattern, "this pattern is not supported", "write it with `if` and `elif`")


def _equal(low: Any, subject: Any, value: Any, node: Any) -> Any:
    if not is_atom(subject) and not isinstance(low.seen(subject), Static):
        return Literal(False)
    return low.comparison(gast.Eq(), subject, value, node)


def _all(low: Any, tests: list[Any], node: Any) -> Any:
    return _joined(low, tests, both, False, node)


def _any(low: Any, tests: list[Any], node: Any) -> Any:
    return _joined(low, tests, either, True, node)


def _joined(low: Any, tests: list[Any], fun: Any, decisive: bool, node: Any) -> Any:
    found: Any = Literal(not decisive)
    for test in tests:
        known = low.truth(test)
        if known is decisive:
            return Literal(decisive)
        if known is None:
            found = test if isinstance(found, Literal) else low.apply(fun, [found, test], {}, node)
    return found


def _sequence(low: Any, pattern: Any, subject: Any, bound: Bindings) -> Any:
    content = low.seen(subject)
    if isinstance(content, Rows):
        low.refuse(pattern, "a list whose length is known at run time only is matched", "test `len` with `if`")
    if not isinstance(content, Tree) or content.kind not in ("tuple", "list", "namedtuple"):
        return Literal(False)
    patterns, items = list(pattern.patterns), list(content.children)
    star = next((k for k, part in enumerate(patterns) if isinstance(part, gast.MatchStar)), None)
    if star is None:
        if len(items) != len(patterns):
            return Literal(False)
    else:
        tail = len(patterns) - star - 1
        if len(items) < star + tail:
            return Literal(False)
        name, middle = patterns.pop(star).name, items[star : len(items) - tail]
        items[star : len(items) - tail] = []
        if name is not None:
            bound[name] = make_tuple(middle, "list")
    pairs = zip(patterns, items, strict=True)
    return _all(low, [matches(low, part, item, bound) for part, item in pairs], pattern)


def _mapping(low: Any, pattern: Any, subject: Any, bound: Bindings) -> Any:
    content = low.seen(subject)
    if not isinstance(content, Tree) or content.kind != "dict":
        return Literal(False)
    entries = keys.entries(low, content, pattern)
    tests = []
    for key_node, part in zip(pattern.keys, pattern.patterns, strict=True):
        key = constant_of(low.expr(key_node))
        if key not in entries:
            return Literal(False)
        tests.append(matches(low, part, entries.pop(key), bound))
    if pattern.rest is not None:
        bound[pattern.rest] = Tree("dict", None, tuple(entries), tuple(entries.values()))
    return _all(low, tests, pattern)


def _class(low: Any, pattern: Any, subject: Any, bound: Bindings) -> Any:
    cls = low.expr(pattern.cls)
    test = builtin.HANDLERS[isinstance](low, [low.seen(subject), cls], {}, pattern)
    if low.truth(test) is False:
        return test
    names = list(getattr(cls.value, "__match_args__", ()))[: len(pattern.patterns)] + list(pattern.kwd_attrs)
    parts = [*pattern.patterns, *pattern.kwd_patterns]
    if cls.value in (int, float, str, bool, complex) and pattern.patterns:
        return _all(low, [test, matches(low, pattern.patterns[0], subject, bound)], pattern)
    if len(names) != len(parts):
        low.refuse(pattern, f"`{cls.value.__name__}` takes fewer positional patterns")
    tests = [
        matches(low, part, low.attribute(subject, name, pattern), bound)
        for name, part in zip(names, parts, strict=True)
    ]
    return _all(low, [test, *tests], pattern)
