"""From a Python function and the abstract values of its arguments to typed SSA.

The syntax is interpreted on abstract values: containers, functions, options and strings are resolved on
the way, so only numbers, arrays and opaque objects are left. Calls of functions with source are followed.

In: a callable, abstract arguments. Out: `Lowered`. May import: `errors`, `ir`, `rules`.
"""

from __future__ import annotations

import importlib
import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import gast
import numpy as np

from adjoint.errors import Span, TypeInferenceError, UnsupportedError
from adjoint.frontend import (  # noqa: F401  # they tell `builtin` of their handlers
    copies,
    indexers,
    iteration,
    iterators,
    keys,
    leaving,
    match,
    mutation,
    optional,
    ordering,
    protocols,
    rows,
)
from adjoint.frontend.abstract import (
    Method,
    Path,
    Ref,
    Rows,
    Shape,
    Span3,
    Static,
    atoms_of,
    describe,
    from_constant,
    is_atom,
    is_list,
    make_tuple,
    may_be_none,
)
from adjoint.frontend.context import NeedStatic
from adjoint.frontend.control import BREAK, CONTINUE, MAYBE, NEXT, RAISE, RETURN, has_exit, leaves
from adjoint.frontend.expressions import BINARY
from adjoint.frontend.loops import Loops
from adjoint.frontend.ops import raw
from adjoint.frontend.outside import static_fact
from adjoint.frontend.sharing import is_array
from adjoint.ir.bounds import reaches
from adjoint.ir.build import Builder
from adjoint.ir.core import UNDEFINED, Block, Function, Literal, Value
from adjoint.ir.tree import Tree
from adjoint.ir.types import ArrayType, Symbol
from adjoint.ir.walk import give_names
from adjoint.rules.internal import cast


@dataclass(frozen=True, slots=True)
class Lowered:
    """A program in SSA, and how it hangs together with Python.

    The parameters of `function` are those of `leaves`: objects that a path leads to, from the arguments
    or from the function itself. `result` is an abstract value whose atoms are the results of `function`.
    `guards` are the facts about reachable objects that it relies on; `written` the parameters that it writes into.
    """

    function: Function
    leaves: tuple[tuple[Path, Value], ...]
    guards: Mapping[tuple[Path, str], Any]
    result: Any
    written: tuple[tuple[Value, Span], ...]


class Lowering(Loops):
    """Lowering of statements."""

    # ------------------------------------------------------------------ bodies

    def run_body(self) -> Any:
        node = self.frame.node
        if isinstance(node, gast.Lambda):
            return self.expr(node.body)
        status = self.stmts(node.body)
        frame = self.frame
        if status == RETURN:
            return frame.result
        if status == RAISE:
            return UNDEFINED
        if status == MAYBE and frame.pending is not None:
            exits = frame.pending
            return self.select(exits.left[RETURN], lambda: exits.value, lambda: Static(None), node)
        return Static(None)

    def stmts(self, body: Sequence[Any]) -> str:
        for position, node in enumerate(body):
            rest = body[position + 1 :]
            if isinstance(node, gast.If) and rest and _sinks(node):
                self.frame.at = node
                return self.if_else(node, rest)
            status = self.stmt(node)
            if status == MAYBE and rest:
                return self.unless_left(rest, node)
            if status != NEXT:
                return status
        return NEXT

    def unless_left(self, rest: Sequence[Any], node: Any) -> str:
        """The statements after one that may have left the block, for the case that it did not."""
        exits = self.frame.pending
        flags = exits.flag(RETURN, BREAK, CONTINUE)
        if not flags:
            return self.stmts(rest)
        kinds = [kind for kind in (RETURN, BREAK, CONTINUE) if exits.flag(kind)]

        def left() -> str:
            self.frame.pending = exits
            self.frame.result = exits.value if kinds == [RETURN] else None
            return MAYBE if len(kinds) > 1 else kinds[0]

        return self.branch(self.either(flags, node), (left, lambda: self.stmts(rest)), node, None)

    def stmt(self, node: Any) -> str:
        self.frame.at = node
        method = getattr(self, f"stmt_{type(node).__name__}", None)
        if method is None:
            self.refuse(node, f"`{type(node).__name__}` statements are not supported")
        return method(node) or NEXT

    # ------------------------------------------------------------------ simple statements

    def stmt_Expr(self, node: Any) -> None:
        if not isinstance(node.value, gast.Constant):
            self.expr(node.value)

    def stmt_Pass(self, node: Any) -> None:
        pass

    def stmt_Return(self, node: Any) -> str:
        self.frame.result = Static(None) if node.value is None else self.expr(node.value)
        return RETURN

    def stmt_Assign(self, node: Any) -> None:
        value = self.expr(node.value)
        for target in node.targets:
            self.assign(target, value)
            if isinstance(target, gast.Name):
                iteration.remember(self, target.id, node.value)

    def stmt_AnnAssign(self, node: Any) -> None:
        if node.value is not None:
            self.assign(node.target, self.expr(node.value))

    def stmt_AugAssign(self, node: Any) -> None:
        fun, target = BINARY[type(node.op)], node.target
        if isinstance(target, gast.Name):
            old = self.usable(self.lookup(target.id, target), target.id, target)
            self.bind(target.id, self.augmented(old, fun, self.expr(node.value), node))
            return
        owner = self.expr(target.value)
        if isinstance(target, gast.Attribute):
            old = self.attribute(owner, target.attr, target)
            self.set_attribute(owner, target.attr, self.augmented(old, fun, self.expr(node.value), node), target)
            return
        index = self.expr(target.slice)
        old = self.item(owner, index, target)
        if is_array(owner):
            self.store(owner, index, self.operation(fun, (old, self.expr(node.value)), node), target)
            return
        new = self.augmented(old, fun, self.expr(node.value), node)
        place = rows.place_of(self, new) if new is old and is_array(new) else None
        if place is None or place.items is not owner:  # otherwise it is there
            self.store(owner, index, new, target)

    def augmented(self, old: Any, fun: Any, operand: Any, node: Any) -> Any:
        """What a name stands for after `name op= operand`: arrays and lists are changed in place."""
        old = self.not_none(old) if may_be_none(old) else old
        found = protocols.in_place(self, fun, old, operand, node)
        if found is not None:
            return found
        if isinstance(old, Ref) and fun is operator.add and is_list(self.seen(old)):
            mutation.extend(self, old, operand, node)
            return old
        if isinstance(old, Ref) and fun is operator.or_ and getattr(self.seen(old), "kind", "") == "dict":
            mutation.method(self, old, "update", [operand], {}, node)
            return old
        value = self.operation(fun, (old, operand), node)
        if not is_array(old) or not is_atom(value):
            return value
        if old.type.kind == "any":
            self.check_write(self.reference(old), node)
            return value
        if self.builder.ops and value in self.builder.ops[-1].outputs:
            value.type = in_place_type(old.type, value.type)
        self.write(old, None, self.fitted(old, value, node), node)
        return old

    def fitted(self, old: Value, new: Any, node: Any) -> Any:
        """What is written into a whole array, in the dtype of the array."""
        into, given = old.type, new.type
        if not isinstance(into, ArrayType) or not isinstance(given, ArrayType) or into.dtype is None:
            return new
        if given.dtype in (None, into.dtype):
            return new
        if not np.can_cast(given.dtype, into.dtype, "same_kind"):
            self.error(TypeInferenceError, node, f"{given.dtype} does not fit into an array of {into.dtype}")
        return self.apply(cast, [new], {"dtype": Static(into.dtype)}, node)

    def stmt_Delete(self, node: Any) -> None:
        for target in node.targets:
            if isinstance(target, gast.Name):
                self.frame.names.pop(target.id, None)
                continue
            owner = self.expr(target.value)
            if not isinstance(target, gast.Subscript) or not isinstance(owner, Ref):
                self.refuse(target, "`del` of an attribute or of a part of an array")
            if protocols.call_if_there(self, owner, "__delitem__", [self.expr(target.slice)], node) is not None:
                continue
            mutation.delete_item(self, owner, self.expr(target.slice), target)

    def stmt_FunctionDef(self, node: Any) -> None:
        closure = self.closure(node)
        value: Any = closure
        for decorator in reversed(node.decorator_list):
            value = self.call(self.expr(decorator), [value], {}, decorator)
        self.frame.names[node.name] = value

    def stmt_Import(self, node: Any) -> None:
        for alias in node.names:
            module = importlib.import_module(alias.name)
            top = module if alias.asname else importlib.import_module(alias.name.partition(".")[0])
            self.frame.names[alias.asname or alias.name.partition(".")[0]] = Static(top)

    def stmt_ImportFrom(self, node: Any) -> None:
        module = importlib.import_module(node.module)
        for alias in node.names:
            self.frame.names[alias.asname or alias.name] = from_constant(getattr(module, alias.name))

    def stmt_With(self, node: Any) -> str:
        return leaving.within(self, node, node.items)

    def stmt_Try(self, node: Any) -> str:
        return leaving.guarded(self, node)

    def stmt_Match(self, node: Any) -> str:
        return match.cases(self, self.expr(node.subject), node.cases, node)

    def stmt_Raise(self, node: Any) -> str:
        if node.exc is None:
            self.refuse(node, "`raise` without an exception")
        call = node.exc
        with self.at(node):
            if isinstance(call, gast.Call):
                kind, args = self.expr(call.func), self.items(call.args)
            else:
                kind, args = self.expr(call), []
            if not (
                isinstance(kind, Static) and isinstance(kind.value, type) and issubclass(kind.value, BaseException)
            ):
                self.refuse(node, "an exception whose class is not known at compile time")
            self.builder.span = self.span(node)
            self.raise_op(kind.value, tuple(args))
        return RAISE

    def stmt_Assert(self, node: Any) -> str:
        test = self.condition(node.test)

        def fail() -> str:
            with self.at(node):
                self.raise_op(AssertionError, () if node.msg is None else (self.expr(node.msg),))
            return RAISE

        known = self.truth(test)
        if known is not None:
            return NEXT if known else fail()
        return self.branch(self.negation(test, node), (fail, lambda: NEXT), node, None)

    # ------------------------------------------------------------------ targets

    def assign(self, target: Any, value: Any) -> None:
        if isinstance(target, gast.Name):
            self.bind(target.id, value)
        elif isinstance(target, (gast.Tuple, gast.List)):
            self.unpack(target, value)
        elif isinstance(target, gast.Subscript):
            self.store(self.expr(target.value), self.expr(target.slice), value, target)
        else:
            self.set_attribute(self.expr(target.value), target.attr, value, target)

    def unpack(self, target: Any, value: Any) -> None:
        targets = list(target.elts)
        star = next((k for k, t in enumerate(targets) if isinstance(t, gast.Starred)), None)
        if isinstance(value, Shape) and star is None:
            items = [self.item(value, Literal(k), target) for k in range(len(targets))]
        else:
            by_index = is_atom(value) or isinstance(self.seen(value), Rows)
            if by_index and star is not None:
                self.starred(targets, star, value, target)
                return
            items = self.rows(value, targets, target) if by_index else self.unrolled(value, target)
        if star is None:
            if len(items) != len(targets):
                self.error(UnsupportedError, target, f"{len(targets)} names for {len(items)} values")
        else:
            tail = len(targets) - star - 1
            middle = items[star : len(items) - tail]
            items = [*items[:star], make_tuple(middle, "list"), *items[len(items) - tail :]]
            targets[star] = targets[star].value
        for inner, item in zip(targets, items, strict=True):
            self.assign(inner, item)

    def starred(self, targets: list[Any], star: int, value: Any, node: Any) -> None:
        """`first, *middle, last = array`: the rows in the middle are a list."""
        tail = len(targets) - star - 1
        length = self.call(Static(len), [value], {}, node)
        fewer = self.operation(operator.lt, (length, Literal(star + tail)), node)
        self.raise_if(fewer, f"not enough values to unpack (expected at least {star + tail})", node)
        ends = [Literal(star), self.operation(operator.sub, (length, Literal(tail)), node), Static(None)]
        middle = self.item(value, Span3("slice", *ends), node)
        for k, target in enumerate(targets):
            if k == star:
                self.assign(target.value, self.call(from_constant(list), [middle], {}, node))
            else:
                place = Literal(k if k < star else k - len(targets))
                self.assign(target, self.item(value, place, node))

    def raise_if(self, test: Any, text: str, node: Any) -> None:
        """A ValueError where a test holds."""

        def fail() -> str:
            with self.at(node):
                self.raise_op(ValueError, (Literal(text),))
            return RAISE

        known = self.truth(test)
        if known is None:
            self.branch(test, (fail, lambda: NEXT), node, None)
        elif known:
            fail()

    def rows(self, value: Any, targets: list[Any], node: Any) -> list[Any]:
        """`a, b = array`, or a list: as many rows as names; another number is Python's own error."""
        count = len(targets)
        known = isinstance(value, Ref) or (isinstance(value.type, ArrayType) and value.type.shape)
        if known == ():
            self.refuse(node, "a number cannot be unpacked")
        length = self.call(Static(len), [value], {}, node) if known else self.call_opaque(len, None, [value], {}, node)
        if isinstance(length, Literal):
            if length.value != count:
                self.error(TypeInferenceError, node, f"{count} names for {length.value} rows")
        else:
            test = self.apply(operator.ne, [length, Literal(count)], {}, node)

            self.raise_if(test, f"{count} names for another number of rows", node)
        return [self.item(value, Literal(k), node) for k in range(count)]

    # ------------------------------------------------------------------ writes

    def store(self, owner: Any, index: Any, value: Any, node: Any) -> None:
        """`owner[index] = value`."""
        owner = self.not_none(owner) if may_be_none(owner) else owner
        if indexers.is_flat(owner):
            indexers.set_flat(self, owner.owner, self.array_index(index, node), value, node)
        elif is_array(owner):
            if not is_atom(value):
                value = self.operand_array(value, node)
            self.write(owner, raw(self.resolved(self.array_index(index, node))), self.current(value), node)
        elif protocols.call_if_there(self, owner, "__setitem__", [index, self.boxed(value)], node) is not None:
            pass
        elif isinstance(owner, Ref):
            mutation.set_item(self, owner, index, value, node)
        else:
            self.refuse(node, f"{describe(owner)} is written by subscript", "build a new one")

    def operand_array(self, value: Any, node: Any) -> Any:
        value = self.resolved(value)
        if isinstance(value, Tree):
            return self.apply(np.array, [value], {}, node)
        if isinstance(value, Span3) and value.kind == "range":
            return self.apply(np.arange, [value.start, value.stop, value.step], {}, node)
        self.refuse(node, f"{describe(value)} is written into an array")

    def set_attribute(self, owner: Any, name: str, value: Any, node: Any) -> None:
        """`owner.name = value`."""
        owner = self.not_none(owner) if may_be_none(owner) else owner
        if is_array(owner) and name in ("real", "imag"):
            self.store(self.attribute(owner, name, node), Static(...), value, node)
        elif is_array(owner) and name == "flat":
            self.store(Method(owner, "flat"), Span3("slice", *(Static(None),) * 3), value, node)
        elif isinstance(owner, Ref):
            mutation.set_attribute(self, owner, name, value, node)
        else:
            self.refuse(node, f"an attribute of {describe(owner)} is written", "build a new object, and return it")


def _sinks(node: gast.If) -> bool:
    """Whether exactly one branch certainly leaves the block."""
    one = leaves(node.body) != leaves(node.orelse)
    return one and (has_exit(node.body) or has_exit(node.orelse))


def lower(make: Callable[[Lowering], Any], name: str) -> Lowered:
    """Lower what `make` asks for: it gets a fresh `Lowering` and returns the abstract result.

    Where the program needs the value of an integer at compile time, lowering starts anew with that
    value fixed, and guarded.
    """
    statics: frozenset[Any] = frozenset()
    while True:
        low = Lowering(Builder(), None, statics=statics)
        try:
            result = make(low)
        except NeedStatic as need:
            statics |= {need.key}
            continue
        return finish(low, result, name)


def finish(low: Lowering, result: Any, name: str) -> Lowered:
    """Close the top block; nameless numbers take the names that they were bound to."""
    result = handed_on(low, low.resolved(optional.returned(low, result, None)))
    keys.refuse_doubts(low, result, None)
    give_names(low.renames)
    body = Block(tuple(v for _, v in low.leaves), tuple(low.builder.ops), tuple(atoms_of(result)))
    function = Function(name, body, low.functions, low.schedule)
    return Lowered(function, tuple(low.leaves), low.guards, result, tuple(low.written))


def handed_on(low: Lowering, result: Any) -> Any:
    """A result in which objects that may be others in the next call are those of the call."""
    if isinstance(result, Tree):
        children = tuple(handed_on(low, child) for child in result.children)
        return Tree(result.kind, result.cls, result.keys, children)
    if isinstance(result, Static) and result.path and static_fact(result.value)[0] in ("class", "code"):
        return low.object_value(result)
    return result


def function_name(fun: Any) -> str:
    name = getattr(fun, "__name__", None) or getattr(getattr(fun, "func", None), "__name__", None) or type(fun).__name__
    return "function" if name == "<lambda>" else str(name)


def in_place_type(old: ArrayType, new: ArrayType) -> ArrayType:
    """The type of `old + x` where it is written over the old array: any other shape is refused by NumPy.

    An axis that may be 1 could have been made longer; that is left for NumPy to find.
    """
    if old.shape is None or new.shape is None or len(old.shape) != len(new.shape):
        return new
    longer = (reaches(dim, 2) if isinstance(dim, Symbol) else dim > 1 for dim in old.shape)
    fits = all(long or dim == given for long, dim, given in zip(longer, old.shape, new.shape, strict=True))
    return replace(new, shape=old.shape) if fits else new
