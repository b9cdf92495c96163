"""Comprehensions and generator expressions.

Over what has a length known at compile time they are written out. Otherwise a list comprehension is a
function with a loop that collects the items, and a generator expression is gone through by index.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import gast

from adjoint.errors import UnsupportedError
from adjoint.frontend import iteration
from adjoint.frontend.abstract import Closure, Items, constant_of, is_constant, make_tuple
from adjoint.frontend.context import Frame
from adjoint.frontend.iteration import Iterated, iterated
from adjoint.frontend.normal import binds, bound_in
from adjoint.frontend.sets import set_of
from adjoint.frontend.strings import Strings
from adjoint.ir.tree import Tree


class UnknownTest(Exception):  # no error: the comprehension is lowered as a loop
    """A condition of a comprehension is known at run time only."""

    def __init__(self, test: Any) -> None:
        self.test = test


@dataclass(frozen=True)
class First:
    """What a comprehension goes through first, and what that is now."""

    through: Iterated
    value: Any


class Comprehensions(Strings):
    """Lowering of comprehensions."""

    def expr_ListComp(self, node: Any) -> Any:
        through = self.first_of(node)
        items = self.written_out(node, through)
        return self.collected(node, through.value) if items is None else self.boxed(make_tuple(items, "list"))

    def expr_SetComp(self, node: Any) -> Any:
        return set_of(self, self.written_out(node, self.first_of(node)), node)

    def expr_GeneratorExp(self, node: Any) -> Any:
        heap, start = dict(self.heap), len(self.builder.ops)
        found = self.generated(node)
        return iteration.made(self, found, node, effects=iteration.is_changed(self, heap, start))

    def generated(self, node: Any) -> Any:
        """What a generator expression gives."""
        if binds(node):
            self.refuse(node, "`:=` inside a generator expression, which need not come to its end", "write a loop")
        through = self.first_of(node)
        items = self.written_out(node, through)
        if items is not None:
            return make_tuple(items)
        first = node.generators[0]
        if len(node.generators) > 1 or first.ifs:
            return self.collected(node, through.value)
        part, home = self.indexed(through.value, first.iter), self.frame
        element = self.comprehensions[node] = self.comprehensions.get(node) or element_of(node)

        def item(index: Any) -> Any:
            value, saved = part.item(index), self.frame
            live = home.live.inside(element)
            self.frame = Frame(home.source, element, live, parent=home, fun=home.fun, path=home.path, caller=saved)
            try:
                self.assign(first.target, value)
                return self.expr(node.elt)
            finally:
                self.frame = saved

        return Items(part.length, item)

    def first_of(self, node: Any) -> First:
        """What a comprehension goes through first."""
        through = iterated(self, node.generators[0].iter)
        return First(through, through.look())

    def written_out(self, node: Any, given: First) -> list[Any] | None:
        """The items of a comprehension; None where only the run tells how many there are."""
        if not self.has_known_length(self.seen(given.value)):
            return None
        names, heap = dict(self.frame.names), self.heap
        self.heap = dict(heap)
        try:
            with self.region() as builder:
                items = self.comprehension(node.generators, lambda: self.expr(node.elt), bound_in(node), given)
        except UnknownTest:
            self.frame.names, self.heap = names, heap
            return None
        self.builder.ops.extend(builder.ops)
        return items

    def has_known_length(self, value: Any) -> bool:
        raise NotImplementedError

    def collected(self, node: Any, given: Any) -> Any:
        """The list of a comprehension of unknown length: a function with a loop, as Python itself has it."""
        if node not in self.comprehensions:
            self.comprehensions[node] = function_of(node)
        function = self.comprehensions[node]
        return self.call(Closure(function, self.frame, (), ()), [given], {}, node)

    def indexed(self, iterable: Any, node: Any) -> Items:
        raise NotImplementedError

    def expr_DictComp(self, node: Any) -> Any:
        try:
            both = lambda: (self.expr(node.key), self.expr(node.value))  # noqa: E731  # short
            pairs = self.comprehension(node.generators, both, bound_in(node))
        except UnknownTest as unknown:
            self.refuse(unknown.test, "the keys of this dict are known at run time only", "write a list of pairs")
        for key, _ in pairs:
            if not is_constant(key):
                self.refuse(node.key, "a key of a dict must be known at compile time")
        entries = {constant_of(key): value for key, value in pairs}
        return self.boxed(Tree("dict", None, tuple(entries), tuple(entries.values())))

    def comprehension(
        self, generators: list[Any], element: Callable[[], Any], outer: Sequence[str] = (), given: First | None = None
    ) -> list[Any]:
        """The items, one after the other: what it goes through has a length known at compile time.

        `outer` are the names that `:=` binds in the function around it, `given` is what it goes through first.
        """
        if not generators:
            return [element()]
        first, found = generators[0], []
        names = self.frame.names
        if given is None:
            through = iterated(self, first.iter)
            given = First(through, through.look())
        for item in self.unrolled(given.value, first.iter):
            given.through.unchanged()
            self.frame.names = dict(names)
            self.assign(first.target, item)
            tests = [self.truth(self.expr(test)) for test in first.ifs]
            if None in tests:
                raise UnknownTest(first.ifs[tests.index(None)])
            if all(tests):
                found += self.comprehension(generators[1:], element, outer)
            names.update((key, self.frame.names[key]) for key in outer if key in self.frame.names)
        self.frame.names = names
        return found

    def assign(self, target: Any, value: Any) -> None:
        raise NotImplementedError


def element_of(generator: Any) -> Any:
    """The element of a generator expression as a function: who goes through it has names of its own."""
    return gast.copy_location(gast.Lambda(gast.arguments([], [], None, [], [], None, []), generator.elt), generator)


def function_of(comprehension: Any) -> Any:
    """`[elt for target in iterable if test]` as a function of the first iterable, which collects the items."""
    name = f"<{type(comprehension).__name__.lower()}>"
    if binds(comprehension):
        raise UnsupportedError("`:=` inside a comprehension of unknown length", None, "write a loop")

    def load(name: str, ctx: Any = gast.Load) -> Any:
        return gast.Name(name, ctx(), None, None)

    append = gast.Attribute(load("<items>"), "append", gast.Load())
    body: list[Any] = [gast.Expr(gast.Call(append, [comprehension.elt], []))]
    for depth, part in reversed(list(enumerate(comprehension.generators))):
        for test in reversed(part.ifs):
            body = [gast.If(test, body, [])]
        body = [gast.For(part.target, part.iter if depth else load("<iterable>"), body, [], None)]
    first = gast.Assign([load("<items>", gast.Store)], gast.List([], gast.Load()))
    args = gast.arguments([load("<iterable>", gast.Param)], [], None, [], [], None, [])
    made = gast.FunctionDef(name, args, [first, *body, gast.Return(load("<items>"))], [], None, None)
    for inner in gast.walk(made):
        if isinstance(inner, (gast.stmt, gast.expr)) and not hasattr(inner, "lineno"):
            gast.copy_location(inner, comprehension)
    return made
