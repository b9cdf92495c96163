"""One of several arrays at each place: `np.select`, `np.choose`. The tangent is a chain of `np.where`."""

import numpy as np

from adjoint.ir.types import UNKNOWN, ArrayType, broadcast_shapes, promote
from adjoint.rules.calls import arranged, constant
from adjoint.rules.lengths import strong_dtype
from adjoint.rules.registry import jvp_rule
from adjoint.rules.trace import ZERO, Zero


def infer_chosen(dtype_of, options_from):
    """Shapes broadcast; `options_from(count)` is the position of the first operand that gives the dtype."""

    def infer(inputs, attrs):
        types = [atom.type for atom in inputs]
        if not all(isinstance(t, ArrayType) for t in types):
            return UNKNOWN
        shape = broadcast_shapes(*(t.shape for t in types))
        return ArrayType(dtype_of(tuple(types[options_from(len(types)) :])), shape, "any" if shape is None else "array")

    return infer


def otherwise(condition, dot, rest):
    """`np.where`, without an op where neither side varies."""
    if isinstance(dot, Zero) and isinstance(rest, Zero):
        return ZERO
    return np.where(condition, *(0 if isinstance(x, Zero) else x for x in (dot, rest)))


# ---- select


def select_operands(condlist, choicelist, default=None):
    conditions, choices = (x if isinstance(x, (list, tuple)) else None for x in (condlist, choicelist))
    if conditions is None or choices is None:
        raise TypeError("the rule of select needs lists of conditions and of choices")
    return [*conditions, *choices, *(() if constant(default) is None else (default,))], {}


@arranged(np.select, select_operands)
def select_arguments(*operands):
    count = len(operands) // 2
    return (list(operands[:count]), list(operands[count : 2 * count]), *operands[2 * count :]), {}


def infer_select(inputs, attrs):
    type_ = infer_chosen(promote, lambda count: count // 2)(inputs, attrs)
    if len(inputs) % 2 or not isinstance(type_, ArrayType):
        return type_
    return ArrayType(type_.dtype if type_.dtype != "bool" else None, type_.shape, type_.kind)  # the default 0 joins


@jvp_rule(select_arguments, np.select, infer=infer_select, signature=select_arguments.parameters)
def select(*args):
    dots, operands = args[: len(args) // 2], args[len(args) // 2 :]
    count = len(operands) // 2
    moved = dots[-1] if len(operands) % 2 else ZERO
    for condition, dot in reversed(list(zip(operands[:count], dots[count:], strict=False))):
        moved = otherwise(condition, dot, moved)
    return moved


# ---- choose


def choose_operands(a, choices, out=None, mode="raise"):
    if not isinstance(choices, (list, tuple)):
        raise TypeError("the rule of choose needs a list of choices")
    return [a, *choices], {"mode": mode, "out": out}


@arranged(np.choose, choose_operands)
def choose_arguments(a, *choices, mode="raise", out=None):
    return (a, list(choices)), {} if mode == "raise" else {"mode": mode}


infer_choose = infer_chosen(strong_dtype, lambda count: 1)


@jvp_rule(choose_arguments, np.choose, infer=infer_choose, signature=choose_arguments.parameters)
def choose(*args, mode="raise"):
    dots, (a, *choices) = args[1 : len(args) // 2], args[len(args) // 2 :]
    if mode == "wrap":
        a = a % len(choices)
    moved = dots[-1]
    for k, dot in reversed(list(enumerate(dots[:-1]))):
        moved = otherwise(a <= k, dot, moved)
    return moved
