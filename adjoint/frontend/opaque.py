"""Calls of what has neither a rule nor source: kept as they are, in order, once. On constants they are computed."""

from __future__ import annotations

import bisect
import heapq
import random
from typing import Any

import gast
import numpy as np

from adjoint.errors import UnsupportedError
from adjoint.frontend.abstract import Static, constant_of, describe, from_constant, is_atom, is_constant
from adjoint.frontend.comprehensions import Comprehensions
from adjoint.frontend.outside import static_fact
from adjoint.ir.core import OPAQUE
from adjoint.ir.types import UNKNOWN, ArrayType, Type
from adjoint.rules import library as packages


class Opaque(Comprehensions):
    """Lowering of calls that are not looked into."""

    def call_opaque(
        self, fun: Any, method: str | None, args: list[Any], kwargs: dict[str, Any], node: Any, type_: Type = UNKNOWN
    ) -> Any:
        """A call of what has neither a rule nor source: kept, in order, once."""
        if _writes_arguments(fun, method, args, kwargs):
            self.refuse(node, f"`{self.text_of(node)}` writes into its argument", "assign by index: `x[i] = v`")
        values = [*args, *kwargs.values()]
        pure = fun in _PURE if is_hashable(fun) else False
        if pure and all(map(is_constant, values)):
            return self.fold_call(fun, args, kwargs, node)
        inputs: list[Any] = []
        try:
            template = tuple(self.template(a, inputs) for a in args)
            named = {k: self.template(v, inputs) for k, v in kwargs.items()}
        except LookupError:
            what = f"`{self.text_of(node)}` is given a Python object that only exists at compile time"
            self.refuse(node, what, packages.hint_for(fun))
        attrs = {"function": fun, "method": method, "name": self.text_of(node), "args": template, "kwargs": named}
        with self.at(node):
            (found,) = self.builder.emit(OPAQUE, inputs, attrs, types=(type_,))
        self.foreign.add(found)
        return found

    def fold_call(self, fun: Any, args: list[Any], kwargs: dict[str, Any], node: Any) -> Any:
        if fun not in (type, callable):  # which the class settles
            for value in (*args, *kwargs.values()):
                if isinstance(value, Static) and static_fact(value.value)[0] == "class":
                    self.refuse(node, f"`{self.text_of(node)}` reads {describe(value)}, which may change between calls")
        try:
            return from_constant(fun(*map(constant_of, args), **{k: constant_of(v) for k, v in kwargs.items()}))
        except Exception as problem:  # noqa: BLE001  # the program would raise it when it runs
            self.error(UnsupportedError, node, f"{type(problem).__name__}: {problem}")

    def text_of(self, node: Any) -> str:
        """How the user wrote the function that is called."""
        func = getattr(node, "func", node)
        if isinstance(func, gast.Name):
            return str(func.id)
        if isinstance(func, gast.Attribute):
            return f"{self.text_of(func.value)}.{func.attr}"
        return "the function"


_PURE = {
    len, int, float, str, repr, abs, round, min, max, sum, sorted, divmod, pow, bool, complex, hash, ord, chr, any, all,
    isinstance, issubclass, type, hasattr, getattr, callable, range, np.dtype, np.float32, np.float64, np.finfo,
    np.iinfo,
}  # fmt: skip


WRITERS = (
    np.random.shuffle, random.shuffle, heapq.heapify, heapq.heappushpop, bisect.insort, bisect.insort_left,
    bisect.insort_right,
)  # fmt: skip

_WRITING_METHODS = frozenset(("itemset", "resize", "setfield", "setflags", "shuffle", "byteswap"))


def _writes_arguments(fun: Any, method: str | None, args: list[Any], kwargs: dict[str, Any]) -> bool:
    """Whether a call without a rule is known to change an array that it is given."""
    if "out" in kwargs or fun in WRITERS:
        return True
    arrays = any(is_atom(arg) and isinstance(arg.type, ArrayType) and arg.type.shape != () for arg in args)
    return method in _WRITING_METHODS and arrays


def is_hashable(obj: Any) -> bool:
    try:
        hash(obj)
    except TypeError:
        return False
    return True
