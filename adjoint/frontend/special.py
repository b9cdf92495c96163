"""Functions of `operator`, and methods of constants: what is written there as a call has a form of its own."""

from __future__ import annotations

import operator
import types
from typing import Any

import gast

from adjoint.frontend.abstract import Partial, Static, constant_of, from_constant, is_constant, make_tuple

OPERATIONS = frozenset((
    operator.add, operator.sub, operator.mul, operator.truediv, operator.floordiv, operator.mod, operator.pow,
    operator.matmul, operator.and_, operator.or_, operator.xor, operator.lshift, operator.rshift,
    operator.neg, operator.pos, operator.invert, operator.concat,
))  # fmt: skip
COMPARISONS = {
    operator.lt: gast.Lt, operator.le: gast.LtE, operator.gt: gast.Gt, operator.ge: gast.GtE,
    operator.eq: gast.Eq, operator.ne: gast.NotEq, operator.is_: gast.Is, operator.is_not: gast.IsNot,
}  # fmt: skip
IN_PLACE = {
    operator.iadd: operator.add, operator.isub: operator.sub, operator.imul: operator.mul,
    operator.itruediv: operator.truediv, operator.ipow: operator.pow,
}  # fmt: skip
GETTERS = (operator.itemgetter, operator.attrgetter, operator.methodcaller)
CONSTANTS = (str, bytes, int, float, complex, tuple, range, frozenset)


def call(low: Any, fun: Any, args: list[Any], kwargs: dict[str, Any], node: Any) -> Any:  # noqa: PLR0911  # one for each
    """The result of a call of such a function; None for any other."""
    if isinstance(fun, types.BuiltinMethodType) and isinstance(fun.__self__, CONSTANTS):
        known = all(map(is_constant, (*args, *kwargs.values())))
        return low.fold_call(fun, args, kwargs, node) if known else None
    if isinstance(fun, types.MethodType) and fun.__name__ == "_make" and hasattr(fun.__self__, "_fields"):
        return low.call(Static(fun.__self__), low.unrolled(args[0], node), kwargs, node)
    if isinstance(fun, GETTERS):
        made: Any = fun.__reduce__()
        return _got(low, made[0], made[1], args, node)
    if fun in GETTERS if isinstance(fun, type) else False:
        given = tuple(map(constant_of, args)) if fun is not operator.methodcaller else (constant_of(args[0]), *args[1:])
        return Partial(lambda more, named, at: _got(low, fun, given, more, at), fun.__name__, pure=False)
    if getattr(fun, "__module__", None) != "_operator":
        return None
    if fun in OPERATIONS:
        return low.operation(operator.add if fun is operator.concat else fun, tuple(args), node)
    if fun in COMPARISONS:
        return low.comparison(COMPARISONS[fun](), *args, node)
    if fun in IN_PLACE:
        return low.augmented(args[0], IN_PLACE[fun], args[1], node)
    if fun is operator.getitem:
        return low.item(args[0], args[1], node)
    if fun is operator.setitem:
        low.store(*args, node)
        return Static(None)
    if fun is operator.contains:
        return low.membership(args[1], args[0], True, node)
    if fun in (operator.not_, operator.truth):
        opposite = low.negation(args[0], node)
        return opposite if fun is operator.not_ else low.negation(opposite, node)
    return None


def _got(low: Any, fun: Any, given: tuple[Any, ...], args: list[Any], node: Any) -> Any:
    """What `itemgetter(...)`, `attrgetter(...)` or `methodcaller(...)` gives of an object."""
    (owner,) = args
    if fun is operator.methodcaller:
        name, *more = given
        values = [from_constant(value) if isinstance(value, (int, float, str)) else value for value in more]
        return low.call(low.attribute(owner, name, node), values, {}, node)
    if fun is operator.itemgetter:
        found = [low.item(owner, from_constant(key), node) for key in given]
    else:
        found = []
        for path in given:
            value = owner
            for name in path.split("."):
                value = low.attribute(value, name, node)
            found.append(value)
    return found[0] if len(found) == 1 else make_tuple(found)


