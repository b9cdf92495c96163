"""From a Python function and the abstract values of its arguments to typed SSA.

The syntax is interpreted on abstract values: containers, functions, options and strings are resolved on
the way, so only numbers, arrays and opaque objects are left. Calls of functions with source are followed.

In: a callable, abstract arguments. Out: `Lowered`. May import: `errors`, `ir`, `rules`.
"""

from __future__ import annotations

import importlib
import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import gast
import numpy as np

from adjoint.errors import AliasError, Span, TypeInferenceError, UnsupportedError
from adjoint.frontend.abstract import (
    Conflict,
    Maybe,
    Missing,
    Path,
    Shape,
    Static,
    atoms_of,
    describe,
    from_constant,
    is_atom,
    make_tuple,
    rebuild,
)
from adjoint.frontend.context import Frame, NeedStatic
from adjoint.frontend.control import BREAK, CONTINUE, MAYBE, NEXT, RAISE, RETURN, has_exit, leaves
from adjoint.frontend.expressions import BINARY
from adjoint.frontend.loops import Loops
from adjoint.frontend.recursion import is_parameter
from adjoint.ir.build import Builder
from adjoint.ir.core import UNDEFINED, Block, Function, Literal, Value
from adjoint.ir.tree import Tree
from adjoint.ir.types import ArrayType
from adjoint.ir.walk import clone_block
from adjoint.rules.internal import cast, update


@dataclass(frozen=True, slots=True)
class Lowered:
    """A program in SSA, and how it hangs together with Python.

    The parameters of `function` are those of `leaves`: objects that a path leads to, from the arguments
    or from the function itself. `result` is an abstract value whose atoms are the results of `function`;
    `table` maps atoms met while lowering to those of `function`. `guards` are the facts about reachable
    objects that it relies on; `written` the parameters that it writes into.
    """

    function: Function
    leaves: tuple[tuple[Path, Value], ...]
    guards: Mapping[tuple[Path, str], Any]
    result: Any
    table: Mapping[Value, Any]
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

    def stmt_AnnAssign(self, node: Any) -> None:
        if node.value is not None:
            self.assign(node.target, self.expr(node.value))

    def stmt_AugAssign(self, node: Any) -> None:
        fun, target = BINARY[type(node.op)], node.target
        if isinstance(target, gast.Name):
            old = self.usable(self.lookup(target.id, target), target.id, target)
            value = self.operation(fun, (old, self.expr(node.value)), node)
            self.bind(target.id, self.in_place(target.id, old, value, node) if _is_array(old) else value)
            return
        if not isinstance(target, gast.Subscript):
            self.refuse(target, "attributes are not written", "build a new object")
        owner, index = self.expr(target.value), self.expr(target.slice)
        old = self.item(owner, index, target)
        self.store(target, owner, index, self.operation(fun, (old, self.expr(node.value)), node))

    def stmt_Delete(self, node: Any) -> None:
        for target in node.targets:
            if not isinstance(target, gast.Name):
                self.refuse(target, "`del` of an item")
            self.frame.names.pop(target.id, None)

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
        for item in node.items:
            manager = item.context_expr
            called = self.expr(manager.func) if isinstance(manager, gast.Call) else None
            if not (isinstance(called, Static) and called.value is np.errstate):
                self.refuse(manager, "`with` is supported for np.errstate only")
        return self.stmts(node.body)

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
        test = self.expr(node.test)

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
            self.store(target, self.expr(target.value), self.expr(target.slice), value)
        else:
            self.refuse(target, "attributes are not written", "build a new object")

    def unpack(self, target: Any, value: Any) -> None:
        targets = list(target.elts)
        star = next((k for k, t in enumerate(targets) if isinstance(t, gast.Starred)), None)
        if isinstance(value, Shape) and star is None:
            items = [self.item(value, Literal(k), target) for k in range(len(targets))]
        else:
            items = self.rows(value, targets, target) if is_atom(value) else self.unrolled(value, target)
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

    def rows(self, value: Any, targets: list[Any], node: Any) -> list[Any]:
        """`a, b = array`: as many rows as names; another number is Python's own error."""
        if any(isinstance(t, gast.Starred) for t in targets):
            self.refuse(node, "starred unpacking of an array", "use slices")
        count = len(targets)
        known = isinstance(value.type, ArrayType) and value.type.shape
        if known == ():
            self.refuse(node, "a number cannot be unpacked")
        length = self.dim(value, 0, node) if known else self.call_opaque(len, None, [value], {}, node)
        if isinstance(length, Literal):
            if length.value != count:
                self.error(TypeInferenceError, node, f"{count} names for {length.value} rows")
        else:
            test = self.apply(operator.ne, [length, Literal(count)], {}, node)

            def fail() -> str:
                with self.at(node):
                    self.raise_op(ValueError, (Literal(f"{count} names for another number of rows"),))
                return RAISE

            self.branch(test, (fail, lambda: NEXT), node, None)
        return [self.item(value, Literal(k), node) for k in range(count)]

    # ------------------------------------------------------------------ writes into arrays

    def store(self, target: Any, owner: Any, index: Any, value: Any) -> None:
        """`name[index] = value`: the name stands for a new version of its array."""
        if not isinstance(target.value, gast.Name) or not _is_array(owner):
            self.refuse(
                target, f"{describe(owner)} is written by subscript", "containers are read only: build a new one"
            )
        if not is_atom(value):
            value = self.operand_array(value, target)
        name = target.value.id
        self.check_write(name, owner, target)
        new = self.apply(update, [owner, value], {"index": self.array_index(index, target)}, target)
        self.bind(name, new)
        self.roots[new] = self.roots_of(owner)

    def operand_array(self, value: Any, node: Any) -> Any:
        if isinstance(value, Tree):
            return self.apply(np.array, [value], {}, node)
        self.refuse(node, f"{describe(value)} is written into an array")

    def in_place(self, name: str, old: Value, new: Any, node: Any) -> Any:
        """`name op= value` on an array keeps its memory, shape and dtype."""
        self.check_write(name, old, node)
        if isinstance(new, Value) and isinstance(new.type, ArrayType) and isinstance(old.type, ArrayType):
            if old.type.dtype is not None and new.type.dtype not in (None, old.type.dtype):
                if not np.can_cast(new.type.dtype, old.type.dtype, "same_kind"):
                    self.error(
                        TypeInferenceError, node, f"{new.type.dtype} does not fit into an array of {old.type.dtype}"
                    )
                new = self.apply(cast, [new], {"dtype": Static(old.type.dtype)}, node)
            self.roots[new] = self.roots_of(old)
        return new

    def check_write(self, name: str, owner: Value, node: Any) -> None:
        """Refuse a write that another name could see."""
        roots = self.roots_of(owner)
        if any(value in roots and path[0][0] != "arg" for path, value in self.leaves):
            self.refuse(node, f"`{name}` is an array from outside of the function and is written", "copy it first")
        if any(is_parameter(self, root) for root in roots):
            self.refuse(node, f"`{name}` is an argument of a recursive function and is written", "copy it first")
        seen: list[str] = []
        for frame in self.callers():
            scope: Frame | None = frame
            while scope is not None:
                seen += [
                    other
                    for other, held in scope.names.items()
                    if (other != name or scope is not self.frame) and self.shares(held, roots)
                ]
                scope = scope.parent
        if seen:
            self.error(
                AliasError, node, f"`{name}` is written while `{seen[0]}` may share its memory",
                f"copy one of them: `{seen[0]} = {seen[0]}.copy()`",
            )  # fmt: skip
        arguments = {value for path, value in self.leaves}
        span = self.span(node)
        for root in roots:
            outer = root
            while outer in self.stands_for:
                outer = self.stands_for[outer]
            if outer in arguments and span is not None:
                self.written.append((outer, span))

    def shares(self, held: Any, roots: frozenset[Value]) -> bool:
        """Whether what a name stands for may share memory with given arrays."""
        if isinstance(held, (Missing, Conflict)):
            return False
        return any(isinstance(atom, Value) and self.roots_of(atom) & roots for atom in atoms_of(held))

    def apply(self, fun: Any, args: list[Any], kwargs: dict[str, Any], node: Any) -> Any:
        result = super().apply(fun, args, kwargs, node)
        op = self.builder.ops[-1] if self.builder.ops else None
        if op is not None and result in op.outputs and _is_array(result) and may_share(op.primitive):
            inputs = [atom for atom in op.inputs if isinstance(atom, Value) and _is_array(atom)]
            shared = frozenset(r for atom in inputs for r in self.roots_of(atom))
            if shared:
                self.roots[result] = shared
        return result


def may_share(primitive: Any) -> bool:
    """Whether a result may share memory with an operand; of a user's function that is not known."""
    module = getattr(primitive.fun, "__module__", None) or type(primitive.fun).__module__
    ours = isinstance(primitive.fun, np.ufunc) or str(module).split(".")[0] in (
        "numpy",
        "_operator",
        "math",
        "adjoint",
        "builtins",
    )
    return primitive.view or not ours


def _sinks(node: gast.If) -> bool:
    """Whether exactly one branch certainly leaves the block."""
    one = leaves(node.body) != leaves(node.orelse)
    return one and (has_exit(node.body) or has_exit(node.orelse))


def _is_array(value: Any) -> bool:
    return (
        isinstance(value, Value)
        and isinstance(value.type, ArrayType)
        and value.type.kind in ("array", "any")
        and not (value.type.kind == "any" and value.type.shape == ())
    )


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
    if isinstance(result, Maybe):
        result = result.value
    body = Block(tuple(v for _, v in low.leaves), tuple(low.builder.ops), tuple(atoms_of(result)))
    table: dict[Value, Any] = {}
    body = clone_block(body, table, low.renames)
    leaves = tuple((path, table[v]) for path, v in low.leaves)
    written = tuple((table[v], span) for v, span in low.written)
    result = rebuild(result, iter(body.results))
    return Lowered(Function(name, body, low.functions), leaves, low.guards, result, table, written)


def function_name(fun: Any) -> str:
    name = getattr(fun, "__name__", None) or getattr(getattr(fun, "func", None), "__name__", None) or type(fun).__name__
    return "function" if name == "<lambda>" else str(name)
