"""Comparisons: `<`, `==`, `is`, `in`. What hangs on structure and constants is known at compile time."""

from __future__ import annotations

import operator
from typing import Any

import gast

from adjoint.frontend import iteration, keys, optional, protocols
from adjoint.frontend.abstract import Ref, Static, constant_of, describe, from_constant, is_atom, is_constant
from adjoint.frontend.ops import Ops
from adjoint.frontend.outside import static_fact
from adjoint.frontend.sets import is_set
from adjoint.frontend.sharing import is_array
from adjoint.ir.core import Literal, Value
from adjoint.ir.tree import Tree
from adjoint.rules.internal import both, either

COMPARE = {
    gast.Lt: operator.lt, gast.LtE: operator.le, gast.Gt: operator.gt, gast.GtE: operator.ge,
    gast.Eq: operator.eq, gast.NotEq: operator.ne,
}  # fmt: skip


class Comparisons(Ops):
    """Lowering of comparisons."""

    def expr(self, node: Any) -> Any:
        raise NotImplementedError

    def negation(self, operand: Any, node: Any) -> Any:
        raise NotImplementedError

    def truth(self, value: Any) -> bool | None:
        raise NotImplementedError

    def expr_Compare(self, node: Any) -> Any:
        left = self.expr(node.left)
        result: Any = None
        for op, comparator in zip(node.ops, node.comparators, strict=True):
            if result is not None and self.truth(result) is False:
                return result
            heap = None if result is None or self.truth(result) else dict(self.heap)
            start = len(self.builder.ops)
            right = self.expr(comparator)
            if heap is not None and iteration.is_changed(self, heap, start):
                what = "this changes an array or a container, in a comparison that need not be made"
                self.refuse(comparator, what, "write `a < b and b < c`")
            test = self.comparison(op, left, right, node)
            if result is None:
                result = test
            elif self.truth(result) is not None:
                result = test if self.truth(result) else result
            elif self.truth(test) is not None:
                result = result if self.truth(test) else test
            else:
                result = optional.combined(self, both, [result, test], node)
            left = right
        return result

    def comparison(self, op: Any, left: Any, right: Any, node: Any) -> Any:
        if isinstance(op, (gast.Is, gast.IsNot)):
            return optional.identity(self, left, right, isinstance(op, gast.Is), node)
        if isinstance(op, (gast.In, gast.NotIn)):
            return self.membership(left, right, isinstance(op, gast.In), node)
        fun = COMPARE[type(op)]
        if not is_atom(left) or not is_atom(right):
            found = protocols.comparison(self, fun, left, right, node)
            if found is not None:
                return found
        left, right = self.seen(left), self.seen(right)
        if is_constant(left) and is_constant(right):
            self.rely(left, right)
            return self.fold(fun, (left, right), node)
        if not is_atom(left) or not is_atom(right):
            if fun in (operator.eq, operator.ne) and not (isinstance(left, Tree) and isinstance(right, Tree)):
                return Literal(fun is operator.ne)
            self.refuse(node, f"{describe(left)} is compared with {describe(right)}")
        return self.apply(fun, [left, right], {}, node)

    def identical(self, left: Any, right: Any, node: Any) -> bool:
        if isinstance(left, Ref) or isinstance(right, Ref):
            return left is right
        if is_constant(left) and is_constant(right):
            first, second = constant_of(left), constant_of(right)
            if first is not None and second is not None:  # what is of another class than None is not None
                self.rely(left, right)
            return first is second
        if isinstance(left, Static) or isinstance(right, Static):
            return False
        if (is_array(left) and is_constant(right)) or (is_array(right) and is_constant(left)):
            return False
        if isinstance(left, Value) and self.reference(left) is self.reference(right):
            return True
        self.refuse(node, "`is` between values that are known at run time only", "compare with `==`")

    def membership(self, item: Any, container: Any, positive: bool, node: Any) -> Any:
        found = protocols.call_if_there(self, container, "__contains__", [item], node)
        if found is not None:
            return found if positive else self.negation(found, node)
        container = self.seen(protocols.iterable(self, container, node))
        if isinstance(container, Static) and static_fact(container.value)[0] == "class":
            self.refuse(node, f"`in` looks into {describe(container)}, which may change between calls")
        self.rely(item)
        iteration.partly(self, container, node)
        if is_set(container) and not is_constant(item):
            container = from_constant(tuple(container.value))
        if isinstance(container, Tree):
            if container.kind == "dict" and is_constant(item):
                found = keys.present(container, constant_of(item))
                return found if positive else self.negation(found, node)
            if is_constant(item) and is_constant(container):
                return Literal((constant_of(item) in constant_of(container)) is positive)
            if container.kind != "dict" and is_atom(item):
                result: Any = Literal(False)
                for child in container.children:
                    equal = self.comparison(gast.Eq(), item, child, node)
                    result = equal if isinstance(result, Literal) else self.apply(either, [result, equal], {}, node)
                return result if positive else self.negation(result, node)
        elif is_constant(item) and is_constant(container):
            return Literal((constant_of(item) in constant_of(container)) is positive)
        if isinstance(container, Tree) and container.kind == "dict":
            self.refuse(node, *keys.AT_RUN_TIME)
        self.refuse(node, "`in` needs a container and an item known at compile time")
