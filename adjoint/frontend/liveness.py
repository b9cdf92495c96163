"""Which names a piece of a program binds, which it reads, and which are read later.

Names, not values: the analyses run on the syntax before lowering, on one function at a time. Liveness
is the backward dataflow of the textbooks (Aho et al., Compilers, section 9.2.5), on structured syntax:
a loop is iterated until the set at its head does not grow. All answers are upper bounds: a name that
is read at all is never missing.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import gast

Names = frozenset[str]
NONE: Names = frozenset()

FUNCTIONS = (gast.FunctionDef, gast.AsyncFunctionDef, gast.Lambda)
LATER = (*FUNCTIONS, gast.GeneratorExp, gast.ClassDef)
"""What may read a name of the enclosing function at a later time."""


# ---------------------------------------------------------------------------- binding and reading


def assigned(statements: Iterable[Any]) -> tuple[str, ...]:
    """The names of this function that the statements bind or unbind, in order of first occurrence."""
    return tuple(dict.fromkeys(name for statement in statements for name in _bindings(statement)))


def local_names(function: Any) -> Names:
    """The parameters of a function and what its body binds, without `global` and `nonlocal` names."""
    body = [function.body] if isinstance(function, gast.Lambda) else function.body
    outer = {name for node in own_nodes(body) if isinstance(node, (gast.Global, gast.Nonlocal)) for name in node.names}
    return frozenset({*parameters(function), *assigned(body)} - outer)


def parameters(function: Any) -> tuple[str, ...]:
    """The names of all parameters, in the order of the signature."""
    args = function.args
    every = [*args.posonlyargs, *args.args, args.vararg, *args.kwonlyargs, args.kwarg]
    return tuple(arg.id for arg in every if arg is not None)


def reads(node: Any) -> Names:
    """The names of the enclosing function that a node may read; a function definition, now or when called."""
    return _Reader().visit_all([node]).read


def captured(function: Any) -> Names:
    """The names that inner functions, lambdas and generators read when they run: that may be at any time."""
    body = [function.body] if isinstance(function, gast.Lambda) else function.body
    later = [node for node in own_nodes(body) if isinstance(node, LATER)]
    return frozenset().union(*(free_names(node) if isinstance(node, FUNCTIONS) else reads(node) for node in later))


def free_names(function: Any) -> Names:
    """The names that the body of a function takes from outside: enclosing functions, globals, built-ins."""
    body = [function.body] if isinstance(function, gast.Lambda) else function.body
    inside = frozenset().union(*(reads(part) for part in body))
    outer = {name for node in own_nodes(body) if isinstance(node, gast.Nonlocal) for name in node.names}
    return (inside - local_names(function)) | outer


MARKS = (gast.expr_context, gast.operator, gast.unaryop, gast.boolop, gast.cmpop)
"""Nodes that say something about the node that they belong to."""


def parts_of(node: Any) -> Iterator[Any]:
    """The syntax that a node is made of, in the order of the text."""
    for field in node._fields:
        value = getattr(node, field, None)
        if isinstance(value, list):
            for item in value:
                if isinstance(item, gast.AST) and not isinstance(item, MARKS):
                    yield item
        elif isinstance(value, gast.AST) and not isinstance(value, MARKS):
            yield value


def own_nodes(nodes: Iterable[Any]) -> Iterator[Any]:
    """All nodes that belong to a function itself; inner functions and classes are given, but not entered."""
    for node in nodes:
        yield node
        if not isinstance(node, (*FUNCTIONS, gast.ClassDef)):
            yield from own_nodes(parts_of(node))
        elif isinstance(node, FUNCTIONS):
            yield from own_nodes(_evaluated_at_definition(node))


def _evaluated_at_definition(function: Any) -> list[Any]:
    args = function.args
    every = [*args.defaults, *(default for default in args.kw_defaults if default is not None)]
    return [*getattr(function, "decorator_list", ()), *every]


def _bindings(node: Any) -> Iterator[str]:
    """In the order of the text; targets of comprehensions are local to these, walruses in them are not."""
    parts: Iterable[Any] = parts_of(node)
    if isinstance(node, FUNCTIONS):
        parts = _evaluated_at_definition(node)
    elif isinstance(node, gast.ClassDef):
        parts = node.decorator_list
    elif isinstance(node, gast.comprehension):
        parts = (node.iter, *node.ifs)
    for part in parts:
        yield from _bindings(part)
    yield from _bound_by(node)


def _bound_by(node: Any) -> Iterable[str]:
    """What a node binds by itself, without its parts."""
    match node:
        case gast.Name(ctx=gast.Store() | gast.Del()):
            return (node.id,)
        case gast.FunctionDef() | gast.AsyncFunctionDef() | gast.ClassDef():
            return (node.name,)
        case gast.Import() | gast.ImportFrom():
            return tuple(map(imported_name, node.names))
        case gast.MatchAs() | gast.MatchStar() | gast.ExceptHandler() if node.name is not None:
            return (getattr(node.name, "id", node.name),)
        case gast.MatchMapping() if node.rest is not None:
            return (node.rest,)
    return ()


def imported_name(alias: Any) -> str:
    """`import a.b` binds `a`, `import a.b as c` binds `c`."""
    return str(alias.asname or alias.name.partition(".")[0])


@dataclass
class _Reader(ast.NodeVisitor):
    """Goes through code in the order of evaluation: the names read before they are surely bound, and those bound.

    `defined` holds what this code binds whenever it is executed to its end.
    """

    read: Names = NONE
    defined: Names = NONE

    def visit_all(self, nodes: Iterable[Any]) -> _Reader:
        for node in nodes:
            if node is not None:
                self.visit(node)
        return self

    def generic_visit(self, node: Any) -> None:
        if isinstance(node, gast.stmt) and any(hasattr(node, field) for field in ("body", "cases")):
            self._maybe([], *([child] for child in parts_of(node)))
        else:
            self.visit_all(parts_of(node))

    def visit_Name(self, node: Any) -> None:
        if isinstance(node.ctx, gast.Store):
            self.defined |= {node.id}
        elif node.id not in self.defined:
            self.read |= {node.id}

    def visit_NamedExpr(self, node: Any) -> None:
        self.visit_all([node.value, node.target])

    def visit_BoolOp(self, node: Any) -> None:
        self._maybe(node.values[:1], node.values[1:])

    def visit_Compare(self, node: Any) -> None:
        self._maybe([node.left, node.comparators[0]], node.comparators[1:])

    def visit_IfExp(self, node: Any) -> None:
        self._maybe([node.test], [node.body], [node.orelse])

    def visit_Assert(self, node: Any) -> None:
        self._maybe([node.test], [node.msg])

    def visit_Dict(self, node: Any) -> None:
        self.visit_all(part for pair in zip(node.keys, node.values, strict=True) for part in pair)

    def visit_Assign(self, node: Any) -> None:
        self.visit_all([node.value, *node.targets])

    def visit_AugAssign(self, node: Any) -> None:
        if isinstance(node.target, gast.Name):
            self.read |= {node.target.id} - self.defined
        self.visit_all([node.value, node.target])

    def visit_AnnAssign(self, node: Any) -> None:
        if node.value is not None or not isinstance(node.target, gast.Name):
            self.visit_all([node.value, node.target])

    def visit_Import(self, node: Any) -> None:
        self.defined |= set(map(imported_name, node.names))

    visit_ImportFrom = visit_Import

    def _maybe(self, first: Sequence[Any], *rest: Sequence[Any]) -> None:
        """Code that is surely executed, then sequences that may be skipped."""
        self.visit_all(first)
        for nodes in rest:
            self.read |= _Reader(NONE, self.defined).visit_all(nodes).read

    def visit_Lambda(self, node: Any) -> None:
        self.visit_all(_evaluated_at_definition(node))
        args = node.args
        every = [*args.posonlyargs, *args.args, args.vararg, *args.kwonlyargs, args.kwarg]
        self.visit_all([arg.annotation for arg in every if arg is not None])
        self.visit_all([getattr(node, "returns", None)])
        self.read |= free_names(node) - self.defined
        if not isinstance(node, gast.Lambda):
            self.defined |= {node.name}

    visit_FunctionDef = visit_AsyncFunctionDef = visit_Lambda

    def visit_ListComp(self, node: Any) -> None:
        self.visit(node.generators[0].iter)
        targets = frozenset().union(*(_Reader().visit_all([g.target]).defined for g in node.generators))
        parts = [*(g.iter for g in node.generators[1:]), *(test for g in node.generators for test in g.ifs)]
        results = [node.key, node.value] if isinstance(node, gast.DictComp) else [node.elt]
        inside = frozenset().union(*(reads(part) for part in (*parts, *results)))
        self.read |= inside - targets - self.defined

    visit_SetComp = visit_DictComp = visit_GeneratorExp = visit_ListComp


# ---------------------------------------------------------------------------- liveness


@dataclass(frozen=True)
class _Exits:
    """What is live where the jumps out of a statement lead to."""

    on_break: Names = NONE
    on_continue: Names = NONE


class Liveness:
    """The names that are read later, for every statement of a function (inner functions are captured as a whole)."""

    def __init__(self, function: Any) -> None:
        self.local_names = local_names(function)
        self.always = captured(function)
        self._inner: dict[Any, Liveness] = {}
        self._after: dict[Any, Names] = {}
        self._head: dict[Any, Names] = {}
        self._effects: dict[tuple[Any, ...], _Reader] = {}
        body = [] if isinstance(function, gast.Lambda) else function.body
        self.at_entry = self._block(body, NONE, _Exits()) | self.always

    def inside(self, function: Any) -> Liveness:
        """The same of a function that is defined in this one."""
        found = self._inner.get(function)
        if found is None:
            found = self._inner[function] = Liveness(function)
        return found

    def read_in(self, statement: Any) -> Names:
        """The names that a statement may read."""
        return self._reader((statement,)).read

    def live_after(self, statement: Any) -> Names:
        """The names whose value at the end of a statement may be read after it."""
        return self._after[statement] | self.always

    def live_at_head(self, loop: Any) -> Names:
        """The names whose value on entry of an iteration may be read in it, in a later one, or after the loop."""
        return self._head[loop] | self.always

    def _block(self, statements: Sequence[Any], out: Names, exits: _Exits) -> Names:
        for statement in reversed(statements):
            self._after[statement] = out
            out = self._statement(statement, out, exits)
        return out

    def _statement(self, node: Any, out: Names, exits: _Exits) -> Names:
        """What is live before a statement, given what is live after it."""
        if isinstance(node, gast.If):
            return self._before([node.test], self._block(node.body, out, exits) | self._block(node.orelse, out, exits))
        if isinstance(node, (gast.For, gast.AsyncFor)):
            return self._before([node.iter], self._loop(node, [node.target], out, exits))
        if isinstance(node, gast.While):
            return self._loop(node, [node.test], out, exits)
        if isinstance(node, (gast.With, gast.AsyncWith)):
            items = [part for item in node.items for part in (item.context_expr, item.optional_vars)]
            return self._before(items, self._block(node.body, out, exits))
        if isinstance(node, gast.Match):
            return self._match(node, out, exits)
        if isinstance(node, (gast.Try, gast.TryStar)):
            return self._try(node, out, exits)
        if isinstance(node, (gast.Return, gast.Raise)):
            self._after[node] = NONE
            return self._before([node], NONE)
        if isinstance(node, gast.Break):
            self._after[node] = exits.on_break
            return exits.on_break
        if isinstance(node, gast.Continue):
            self._after[node] = exits.on_continue
            return exits.on_continue
        return self._before([node], out)

    def _before(self, nodes: Sequence[Any], out: Names) -> Names:
        effect = self._reader(tuple(nodes))
        return (out - effect.defined) | effect.read

    def _reader(self, nodes: tuple[Any, ...]) -> _Reader:
        found = self._effects.get(nodes)
        if found is None:
            found = self._effects[nodes] = _Reader().visit_all(nodes)
        return found

    def _loop(self, node: Any, header: Sequence[Any], out: Names, exits: _Exits) -> Names:
        """`header` is what each iteration begins with: the target of a `for`, the test of a `while`."""
        endless = isinstance(node, gast.While) and isinstance(node.test, gast.Constant) and bool(node.test.value)
        orelse = self._block(node.orelse, out, exits)
        after = NONE if endless else orelse
        head = self._head.get(node, NONE)  # sets only grow, so the last answer is a valid start
        while True:
            inside = self._block(node.body, head, _Exits(out, head))
            if isinstance(node, gast.While):
                new = self._before(header, inside | after)
            else:
                new = self._before(header, inside) | after  # an exhausted iterator binds nothing
            new |= head
            if new == head and node in self._head:
                return head
            self._head[node] = head = new

    def _match(self, node: Any, out: Names, exits: _Exits) -> Names:
        before = out
        for case in node.cases:
            body = self._block(case.body, out, exits)
            test = reads(case.pattern) | (reads(case.guard) if case.guard is not None else NONE)
            before |= (body - frozenset(_bindings(case.pattern))) | test
        return self._before([node.subject], before)

    def _try(self, node: Any, out: Names, exits: _Exits) -> Names:
        """An exception may lead from anywhere in the statement to anywhere else in it."""
        anywhere = reads(node) | out | exits.on_break | exits.on_continue
        inside = _Exits(anywhere, anywhere)
        for block in (node.body, *(handler.body for handler in node.handlers), node.orelse, node.finalbody):
            self._block(block, anywhere, inside)
            for part in own_nodes(block):
                if part in self._after:
                    self._after[part] |= anywhere
                if part in self._head:
                    self._head[part] |= anywhere
        return anywhere
