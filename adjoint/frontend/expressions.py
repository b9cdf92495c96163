"""Expressions: constants are computed at once, containers are taken apart, numbers become ops."""

from __future__ import annotations

import functools
import inspect
import operator
import types
from collections.abc import Callable
from typing import Any

import gast
import numpy as np

from adjoint.errors import TypeInferenceError, UnsupportedError
from adjoint.frontend import grids, indexers, iteration, keys, mutation, objects, optional, protocols, rows
from adjoint.frontend.abstract import (
    UNBOUND,
    Closure,
    Conflict,
    Held,
    Maybe,
    Method,
    Ref,
    Rows,
    Shape,
    Span3,
    Static,
    Super,
    constant_of,
    describe,
    from_constant,
    is_atom,
    is_constant,
    is_list,
    make_tuple,
    may_be_none,
)
from adjoint.frontend.comparisons import COMPARE, Comparisons
from adjoint.frontend.outside import static_fact
from adjoint.frontend.sets import is_set, set_of
from adjoint.frontend.sharing import is_certain_array
from adjoint.ir.core import Atom, Literal, Value
from adjoint.ir.tree import Tree
from adjoint.ir.types import ArrayType
from adjoint.rules import registry
from adjoint.rules.internal import both, either
from adjoint.rules.trace import DIM

BINARY = {
    gast.Add: operator.add, gast.Sub: operator.sub, gast.Mult: operator.mul, gast.Div: operator.truediv,
    gast.FloorDiv: operator.floordiv, gast.Mod: operator.mod, gast.Pow: operator.pow, gast.MatMult: operator.matmul,
    gast.BitAnd: operator.and_, gast.BitOr: operator.or_, gast.BitXor: operator.xor,
    gast.LShift: operator.lshift, gast.RShift: operator.rshift,
}  # fmt: skip
UNARY = {gast.USub: operator.neg, gast.UAdd: operator.pos, gast.Invert: operator.invert}
CHEAP = {
    *(registry.primitive_of(f) for f in (*COMPARE.values(), operator.add, operator.sub, operator.mul, operator.neg)),
    *(registry.primitive_of(f) for f in (operator.not_, both, either, DIM, abs)),
}
"""What may be evaluated although Python would have skipped it: it has no effect and does not raise."""


class _Methods(dict[type, str]):
    """The method for each kind of expression."""

    def __missing__(self, kind: type) -> str:
        self[kind] = name = f"expr_{kind.__name__}"
        return name


_METHODS = _Methods()


class Expressions(Comparisons):
    """Lowering of expressions. `expr(node)` gives an abstract value and appends the ops it needs."""

    # ------------------------------------------------------------------ dispatch

    def expr(self, node: Any) -> Any:
        method = getattr(self, _METHODS[type(node)], None)
        if method is None:
            self.refuse(node, f"`{type(node).__name__}` expressions are not supported")
        return method(node)

    def expr_Constant(self, node: Any) -> Any:
        return from_constant(node.value)

    def expr_Name(self, node: Any) -> Any:
        return self.usable(self.lookup(node.id, node), node.id, node)

    def usable(self, value: Any, name: str, node: Any) -> Any:
        """A value that is about to be read: bound, and of one structure."""
        if value is UNBOUND:
            with self.at(node):
                self.raise_op(UnboundLocalError, (Literal(_unbound_text(name)),))
            problem = UnsupportedError(f"`{name}` is read before it is bound", self.span(node))
            problem.unbound = name
            raise problem
        if isinstance(value, Conflict):
            self.refuse(node, f"`{name}` {value.reason}", "give it one structure on all paths")
        if isinstance(value, Maybe) and not value.is_none:
            keys.certain(self, value.bound, UnboundLocalError, _unbound_text(name), node)
            for key, held in self.frame.names.items():
                if held is value:
                    self.frame.names[key] = value.value
                    break
            return value.value
        return value

    # ------------------------------------------------------------------ operators

    def expr_BinOp(self, node: Any) -> Any:
        left, right = self.expr(node.left), self.expr(node.right)
        return self.operation(BINARY[type(node.op)], (left, right), node)

    def expr_UnaryOp(self, node: Any) -> Any:
        if isinstance(node.op, gast.Not):
            return self.negation(self.condition(node.operand), node)
        return self.operation(UNARY[type(node.op)], (self.expr(node.operand),), node)

    def operation(self, fun: Any, operands: tuple[Any, ...], node: Any) -> Any:
        """An operator on abstract values."""
        if all(map(is_atom, operands)):
            known = all(isinstance(o, Literal) for o in operands)
            return self.fold(fun, operands, node) if known else self.apply(fun, list(operands), {}, node)
        found = protocols.operation(self, fun, operands, node)
        if found is not None:
            return found
        operands = tuple(map(self.seen, operands))
        if all(map(is_constant, operands)):
            return self.fold(fun, operands, node)
        if fun is operator.add and all(map(is_list, operands)) and any(isinstance(o, Rows) for o in operands):
            return rows.concatenated(self, operands[0], operands[1], node)
        if fun is operator.or_ and all(isinstance(o, Tree) and o.kind == "dict" for o in operands):
            entries = {key: value for o in operands for key, value in keys.entries(self, o, node).items()}
            return self.boxed(Tree("dict", None, tuple(entries), tuple(entries.values())))
        if all(isinstance(o, Tree) for o in operands) and fun is operator.add:
            first, second = operands
            return self.boxed(make_tuple((*first.children, *second.children), first.kind))
        if fun is operator.mul and any(isinstance(o, Tree) for o in operands):
            tree, count = operands if isinstance(operands[0], Tree) else operands[::-1]
            if tree.kind in ("tuple", "list") and isinstance(count, Literal) and type(count.value) is int:
                return self.boxed(make_tuple(tree.children * count.value, tree.kind))
            if tree.kind == "list" and isinstance(count, Value) and not is_certain_array(count):
                return rows.repeated(self, tree, count, node)
        return self.apply(fun, list(operands), {}, node)

    def negation(self, operand: Any, node: Any) -> Any:
        if isinstance(content := self.seen(operand), Rows):
            operand = rows.is_positive(self, content, node)
        operand = protocols.truth(self, optional.tested(self, operand, node), node)
        known = self.truth(operand)
        return Literal(not known) if known is not None else optional.combined(self, operator.not_, [operand], node)

    def truth(self, value: Any) -> bool | None:
        """The truth of a value where it is known at compile time."""
        if may_be_none(value):
            return None
        value = self.seen(value)
        if isinstance(value, (Value, Rows)):
            return None
        if isinstance(value, Tree):
            if value.kind in ("dataclass", "object"):
                if any(hasattr(value.cls, name) for name in ("__bool__", "__len__")):
                    raise UnsupportedError(f"the truth of {describe(value)}, which its class decides")
                return True
            return len(value.children) > 0
        changes = isinstance(value, Static) and static_fact(value.value)[0] == "class"
        if changes and any(hasattr(type(value.value), name) for name in ("__bool__", "__len__")):
            raise UnsupportedError(f"the truth of {describe(value)}, which may change between calls")
        if isinstance(value, (Static, Literal)):
            return bool(value.value)
        return True

    def condition(self, node: Any) -> Any:
        """The value of a test; a list of unknown length counts as whether it has items."""
        value = self.bool_ops(node, self.condition) if isinstance(node, gast.BoolOp) else self.expr(node)
        value = protocols.truth(self, optional.tested(self, value, node), node)
        content = self.seen(value)
        return rows.is_positive(self, content, node) if isinstance(content, Rows) else value

    def expr_BoolOp(self, node: Any) -> Any:
        return self.bool_ops(node, self.expr)

    def bool_ops(self, node: Any, read: Callable[[Any], Any]) -> Any:
        """`a and b and c`, with the operands read as values or as conditions."""
        value = read(node.values[0])
        for following in node.values[1:]:
            value = self.bool_op(isinstance(node.op, gast.And), value, following, node, read)
        return value

    def bool_op(self, is_and: bool, left: Any, right_node: Any, node: Any, read: Callable[[Any], Any]) -> Any:
        known = self.truth(left)
        if known is not None:
            return read(right_node) if known is is_and else left
        test = protocols.truth(self, optional.tested(self, left, node), node)
        heap, self.heap = self.heap, dict(self.heap)
        names, self.frame.names = self.frame.names, dict(self.frame.names)
        right, problem = None, None
        with self.region() as builder:
            self.facts |= optional.implied(self, test, is_and)
            try:
                right = read(right_node)
            except UnsupportedError as error:
                if error.unbound is None:
                    raise
                problem = error  # where Python gets there
        bound, self.frame.names = self.frame.names, names
        changed, self.heap = self.heap, heap
        cheap = all(op.primitive in CHEAP for op in builder.ops)
        if cheap and problem is None and _is_bool(left) and _is_bool(right):
            self.builder.ops.extend(builder.ops)
            self.frame.names = bound
            return optional.combined(self, both if is_and else either, [left, right], node)

        def gone_on() -> Any:
            if problem is not None:
                raise problem
            self.heap, self.frame.names = changed, bound
            return right

        if is_and:
            return self.select(test, gone_on, lambda: left, node, ready=builder)
        given = left.value if may_be_none(left) else left
        return self.select(test, lambda: given, gone_on, node, ready_else=builder)

    def expr_IfExp(self, node: Any) -> Any:
        test = self.condition(node.test)
        known = self.truth(test)
        if known is not None:
            return self.expr(node.body if known else node.orelse)
        return self.select(test, lambda: self.expr(node.body), lambda: self.expr(node.orelse), node)

    def select(self, test: Any, then: Any, otherwise: Any, node: Any, ready: Any = None, ready_else: Any = None) -> Any:
        """`then() if test else otherwise()`; `ready` builders hold ops that were lowered before."""
        raise NotImplementedError

    # ------------------------------------------------------------------ containers

    def expr_Tuple(self, node: Any) -> Any:
        return make_tuple(self.items(node.elts))

    def expr_List(self, node: Any) -> Any:
        found = self.boxed(make_tuple((), "list"))
        for part in node.elts:
            value = self.expr(part.value if isinstance(part, gast.Starred) else part)
            if not isinstance(part, gast.Starred):
                mutation.method(self, found, "append", [value], {}, part)
            else:
                mutation.extend(self, found, value, part)
        return found

    def has_known_length(self, value: Any) -> bool:
        raise NotImplementedError

    def assign(self, target: Any, value: Any) -> None:
        raise NotImplementedError

    def items(self, nodes: list[Any]) -> list[Any]:
        found: list[Any] = []
        for node in nodes:
            if isinstance(node, gast.Starred):
                value = protocols.iterable(self, self.expr(node.value), node)
                if not self.has_known_length(self.seen(value)):
                    self.refuse(node, "`*` of what has a length known at run time only", "hand over the list itself")
                found.extend(self.unrolled(value, node))
            else:
                found.append(self.expr(node))
        return found

    def expr_Set(self, node: Any) -> Any:
        return set_of(self, self.items(node.elts), node)

    def unrolled(self, value: Any, node: Any) -> list[Any]:
        """The items of an iterable whose length is known at compile time."""
        iteration.used(self, value, node)
        value = self.seen(protocols.iterable(self, value, node))
        if isinstance(value, Tree) and value.kind == "dict":
            return list(map(from_constant, keys.entries(self, value, node)))
        if isinstance(value, Tree):
            return list(value.children)
        if isinstance(value, Static) and isinstance(value.value, (str, range)):
            return [from_constant(item) for item in value.value]
        if (
            isinstance(value, Span3)
            and value.kind == "range"
            and is_constant(make_tuple((value.start, value.stop, value.step)))
        ):
            return [Literal(k) for k in range(*(p.value for p in (value.start, value.stop, value.step)))]
        if (
            is_atom(value)
            and isinstance(value.type, ArrayType)
            and value.type.shape
            and isinstance(value.type.shape[0], int)
        ):
            return [self.item(value, Literal(k), node) for k in range(value.type.shape[0])]
        if is_set(value):
            self.refuse(node, "the order of a set hangs on its history", "go through `sorted(...)` of it")
        self.refuse(
            node, f"{describe(value)} has no length known at compile time", "write a loop into an array: `out[i] = ...`"
        )

    def expr_Dict(self, node: Any) -> Any:
        entries: dict[Any, Any] = {}
        for key_node, value_node in zip(node.keys, node.values, strict=True):
            value = self.expr(value_node)
            if key_node is None:
                value = self.seen(value)
                if not isinstance(value, Tree) or value.kind != "dict":
                    self.refuse(value_node, "`**` needs a dict")
                entries.update(keys.entries(self, value, value_node))
                continue
            key = self.expr(key_node)
            if not is_constant(key):
                self.refuse(key_node, "a key of a dict must be known at compile time")
            entries[constant_of(key)] = value
        return self.boxed(Tree("dict", None, tuple(entries), tuple(entries.values())))

    def expr_Subscript(self, node: Any) -> Any:
        return self.item(self.expr(node.value), self.expr(node.slice), node)

    def expr_Slice(self, node: Any) -> Any:
        parts = [Static(None) if p is None else self.expr(p) for p in (node.lower, node.upper, node.step)]
        return Span3("slice", *parts)

    def item(self, owner: Any, index: Any, node: Any) -> Any:
        """`owner[index]`."""
        found = protocols.call_if_there(self, owner, "__getitem__", [index], node)
        if found is not None:
            return found
        held, owner = owner, self.seen(owner)
        if isinstance(owner, Tree):
            return objects.item(self, owner, index, node, held)
        if isinstance(owner, Rows):
            return rows.item(self, owner, index, node, held)
        if isinstance(owner, Static):
            if indexers.is_joiner(owner):
                return indexers.joined(self, owner, index, node)
            if grids.is_maker(owner):
                return grids.made(self, owner, index, node)
            if is_constant(index):
                key = constant_of(index)
                return (
                    self.captured(owner.value[key], (*owner.path, ("item", key)))
                    if owner.path
                    else from_constant(owner.value[key])
                )
            self.refuse(node, f"{describe(owner)} is indexed by a number known at run time only")
        if indexers.is_flat(owner):
            return indexers.flat_item(self, owner.owner, self.array_index(index, node), node)
        if isinstance(owner, Shape) and isinstance(index, Literal):
            return self.apply(DIM, [owner.owner], {"axis": index}, node)
        if not is_atom(owner):
            self.refuse(node, f"{describe(owner)} cannot be indexed")
        return self.apply(operator.getitem, [owner, self.array_index(index, node)], {}, node)

    def array_index(self, index: Any, node: Any) -> Any:
        """Lists inside an index mean integer arrays."""
        index = self.seen(index)
        if isinstance(index, Tree) and index.kind == "list":
            return self.apply(np.array, [index], {}, node)
        if isinstance(index, Tree):
            return make_tuple(self.array_index(child, node) for child in index.children)
        return index

    # ------------------------------------------------------------------ attributes

    def expr_Attribute(self, node: Any) -> Any:
        return self.attribute(self.expr(node.value), node.attr, node)

    def call(self, callee: Any, args: list[Any], kwargs: dict[str, Any], node: Any) -> Any:
        """`callee(*args, **kwargs)` on abstract values."""
        raise NotImplementedError

    def not_none(self, value: Any) -> Any:
        return optional.not_none(self, value, self.frame and self.frame.at)

    def attribute(self, owner: Any, name: str, node: Any) -> Any:
        owner = self.not_none(owner) if may_be_none(owner) else owner
        if is_atom(owner):
            return self.array_attribute(owner, name, node)
        tree = self.seen(owner)
        if isinstance(tree, Tree):
            return self.tree_attribute(owner, tree, name, node)
        if isinstance(owner, Static):
            return self.static_attribute(owner, name, node)
        if isinstance(owner, Super):
            return objects.inherited(self, owner, name, node)
        if isinstance(owner, Span3) and name in ("start", "stop", "step"):
            return getattr(owner, name)
        return Method(owner, name)

    def tree_attribute(self, owner: Any, tree: Tree, name: str, node: Any) -> Any:
        """A field of a container, a property, what its class has for all instances, or a method."""
        is_field = tree.kind in ("namedtuple", "dataclass", "object") and name in tree.keys
        if is_field and self.truth(keys.present(tree, name)):
            return keys.entry(self, tree, name, node, owner)
        found = inspect.getattr_static(tree.cls, name, None)
        if isinstance(found, functools.cached_property) and isinstance(owner, Ref):
            return self.cached(owner, tree, name, found, node)
        if is_field:
            return keys.entry(self, tree, name, node, owner)
        if isinstance(found, property) and isinstance(found.fget, types.FunctionType):
            return self.call(Static(found.fget), [owner], {}, node)
        if tree.cls is None or callable(found) or isinstance(found, (staticmethod, classmethod)):
            return Method(owner, name)
        given = protocols.call_if_there(self, owner, "__getattr__", [Static(name)], node) if found is None else None
        if given is not None:
            return given
        if tree.kind == "object" and (found is None or isinstance(found, types.MemberDescriptorType)):
            self.error(AttributeError, node, f"'{tree.cls.__name__}' object has no attribute '{name}'")
        return self.attribute(Static(tree.cls, (("object", self.held_class(tree.cls)),)), name, node)

    def cached(self, owner: Ref, tree: Tree, name: str, found: Any, node: Any) -> Any:
        """A property that is computed where it is first read."""

        def compute() -> Any:
            return self.call(Static(found.func), [owner], {}, node)

        if name not in tree.keys:
            value = compute()
        else:
            there = tree.children[tree.keys.index(name)]  # on some paths
            value = self.select(there.bound, lambda: there.value, compute, node)
        mutation.set_attribute(self, owner, name, value, node)
        return value

    def held_class(self, cls: type) -> Held:
        return self.held.setdefault(id(cls), Held(cls))  # type: ignore[no-any-return]  # kept there by `path_of` too

    def array_attribute(self, owner: Atom, name: str, node: Any) -> Any:
        type_ = owner.type
        if not isinstance(type_, ArrayType):
            return Method(owner, name)
        if name == "T":
            return self.apply(np.transpose, [owner], {}, node)
        if name == "mT":
            return self.apply(np.matrix_transpose, [owner], {}, node)
        if name in ("real", "imag"):
            return self.apply(getattr(np, name), [owner], {}, node)
        if name == "size":
            return self.apply(np.size, [owner], {}, node)
        if name == "shape" and type_.shape is None:
            return Shape(owner)
        if name in ("shape", "ndim"):
            if type_.shape is None:
                self.error(
                    TypeInferenceError, node, f"`.{name}` of a value whose rank is not known",
                    "start the variable with an array, or call the function with arguments",
                )  # fmt: skip
            if name == "ndim":
                return Literal(len(type_.shape))
            return make_tuple(self.dim(owner, axis, node) for axis in range(len(type_.shape)))
        if name == "dtype":
            if type_.dtype is None:
                self.error(TypeInferenceError, node, "`.dtype` of a value whose dtype is not known")
            return Static(np.dtype(type_.dtype))
        return Method(owner, name)

    # ------------------------------------------------------------------ functions, strings

    def expr_Lambda(self, node: Any) -> Any:
        return self.closure(node)

    def closure(self, node: Any) -> Closure:
        defaults = tuple(self.expr(d) for d in node.args.defaults)
        kw_defaults = tuple(None if d is None else self.expr(d) for d in node.args.kw_defaults)
        return Closure(node, self.frame, defaults, kw_defaults)

    def expr_NamedExpr(self, node: Any) -> Any:
        value = self.expr(node.value)
        self.bind(node.target.id, value)
        return value

    def bind(self, name: str, value: Any) -> None:
        """Bind a name; a nameless number takes it."""
        self.frame.names[name] = value = self.boxed(value)
        if isinstance(value, Value) and value.hint is None:
            self.renames.setdefault(value, name)
        if isinstance(value, Ref) and value.hint is None and name.isidentifier():
            value.hint = name


def _is_bool(value: Any) -> bool:
    return (isinstance(value, Literal) and type(value.value) is bool) or (
        isinstance(value, Value)
        and isinstance(value.type, ArrayType)
        and value.type.dtype == "bool"
        and value.type.shape == ()
    )


def _unbound_text(name: str) -> str:
    return f"cannot access local variable '{name}' where it is not associated with a value"
