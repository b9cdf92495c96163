"""`scipy.optimize`: what a solver finds has the derivative that its equations give it (implicit function theorem).

In: a call of a solver with a function of the program. Out: the call as it is, with the function compiled, and the mark
that its result solves equations. May import: `nesting`, `blocks` and what is below.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from adjoint.blocks import lower_dense
from adjoint.frontend.abstract import Partial, Static, atoms_of, make_tuple, rebuild
from adjoint.frontend.calls import MACROS
from adjoint.ir.core import FUNCTION, Block, Function, Literal, Value
from adjoint.ir.tree import Tree
from adjoint.ir.types import PY_BOOL, PY_FLOAT, PY_INT, UNKNOWN, ArrayType, is_inexact
from adjoint.ir.walk import all_ops, clone_block
from adjoint.linearize import has_effect
from adjoint.nesting import Outlined, lower_grad, lower_jvp, outline
from adjoint.rules.internal import stop_gradient
from adjoint.rules.names import GETITEM
from adjoint.specification import Specification
from adjoint.transform.calls import calls_itself
from adjoint.transform.implicit import Equations, solves

Equation = Callable[[Any, Partial, Any, Any], Any]
"""What vanishes at a solution x, of the function that the solver is given: `(low, function, x, node)`."""


# ---- equations


def root(low: Any, function: Partial, x: Any, node: Any) -> Any:
    return low.call(function, [x], {}, node)


def fixed_point(low: Any, function: Partial, x: Any, node: Any) -> Any:
    return low.apply(np.subtract, [x, low.call(function, [x], {}, node)], {}, node)


def stationary(low: Any, function: Partial, x: Any, node: Any) -> Any:
    return lower_grad(low, function, Specification(0), [x], {}, node)


def half_the_squares(residuals: Any) -> Any:
    return 0.5 * np.sum(residuals**2)


def least_squares(low: Any, function: Partial, x: Any, node: Any) -> Any:
    def cost(args: list[Any], kwargs: dict[str, Any], where: Any) -> Any:
        return low.call(Static(half_the_squares), [low.call(function, args, {}, where)], {}, where)

    return lower_grad(low, Partial(cost, "cost"), Specification(0), [x], {}, node)


@dataclass(frozen=True, slots=True)
class Solver:
    """What the result of a solver solves.

    `field`: the result is an object, with the solution there. `refused` are arguments for which something else would
    hold of the solution.
    """

    equation: Equation
    field: str | None = None
    refused: tuple[str, ...] = ()


BRACKETED = ("bisect", "brenth", "brentq", "ridder", "toms748")
SOLVERS = {
    **dict.fromkeys(BRACKETED, Solver(root, refused=("full_output",))),
    "newton": Solver(root, refused=("full_output", "fprime", "fprime2")),
    "root_scalar": Solver(root, "root", ("fprime", "fprime2")),
    "fsolve": Solver(root, refused=("full_output", "fprime", "col_deriv")),
    "root": Solver(root, "x", ("jac", "callback")),
    "fixed_point": Solver(fixed_point),
    "minimize": Solver(stationary, "x", ("jac", "hess", "hessp", "bounds", "constraints", "callback")),
    "minimize_scalar": Solver(stationary, "x", ("bounds",)),
    "least_squares": Solver(least_squares, "x", ("bounds", "loss", "f_scale", "callback")),
}


# ---- calls


class Solution:
    """What the objects are seen as that solvers return."""


FACTS: dict[str, Any] = {
    "success": PY_BOOL, "converged": PY_BOOL, "status": PY_INT, "nfev": PY_INT, "nit": PY_INT, "iterations": PY_INT,
    "function_calls": PY_INT, "message": UNKNOWN, "flag": UNKNOWN,
}  # fmt: skip


def lower_solver(solver: Solver, low: Any, callee: Static, args: list[Any], kwargs: dict[str, Any], node: Any) -> Any:
    fun, user, given = given_function(solver, low, callee, args, kwargs, node)
    type_ = solution_type(low, callee.value, given, node)
    called = outline(low, user, [Value("x", type_)], {}, node)
    equation = Partial(lambda a, k, n: solver.equation(low, user, a[0], n), "equation")
    equations, parameters = made_equations(low, equation, type_, node)
    found = call(low, callee.value, fun, called, given, UNKNOWN if solver.field else type_, node)
    x = low.apply(solves, [part(low, found, solver.field, type_, node), *parameters], {"equations": equations}, node)
    if solver.field is None:
        return x
    fields = {name: part(low, found, name, kind, node) for name, kind in FACTS.items()} | {solver.field: x}
    if solver.field == "x":
        fields["fun"] = low.call(user, [x], {}, node)
    return Tree("dataclass", Solution, tuple(fields), tuple(fields.values()))


def given_function(
    solver: Solver, low: Any, callee: Static, args: list[Any], kwargs: dict[str, Any], node: Any
) -> tuple[Any, Partial, dict[str, Any]]:
    """The function, the same of the unknown alone, and the other arguments by name."""
    given = dict(inspect.signature(callee.value).bind(*args, **kwargs).arguments)
    given |= given.pop("kwargs", {})
    for option in solver.refused:
        if option in given and not is_default(given[option]):
            what = "derivatives are those of the plain equations, solved without it"
            low.refuse(node, f"scipy.optimize.{callee.value.__name__} with `{option}`", what)
    fun = given.pop(next(iter(given)))
    extra = low.resolved(given.pop("args", make_tuple(())))
    more = extra.children if isinstance(extra, Tree) else (extra,)

    def user(a: list[Any], k: dict[str, Any], n: Any) -> Any:
        value = low.resolved(low.call(fun, [a[0], *more], {}, n))
        return low.call(Static(np.array), [value], {}, n) if isinstance(value, Tree) else value

    return fun, Partial(user, name_of(fun)), given


def is_default(value: Any) -> bool:
    plain = value.value if isinstance(value, (Static, Literal)) else value
    return plain is None or plain is False or (isinstance(plain, Tree) and not plain.children)


def name_of(fun: Any) -> str:
    target = fun.value if isinstance(fun, Static) else fun
    name = str(getattr(target, "__name__", None) or getattr(target, "name", "function"))
    return "function" if name in ("<lambda>", "lambda") else name


def solution_type(low: Any, fun: Any, given: dict[str, Any], node: Any) -> ArrayType:
    """Python floats of solvers in an interval, NumPy scalars for numbers, else vectors as long as the start."""
    if fun.__name__ in BRACKETED:
        return PY_FLOAT
    if fun.__name__ in ("root_scalar", "minimize_scalar"):
        return ArrayType("float64", (), "any")
    start = low.resolved(given["x0"])
    if isinstance(start, Tree):
        return ArrayType("float64", (len(start.children),))
    if not isinstance(start.type, ArrayType) or start.type.shape is None or len(start.type.shape) > 1:
        low.refuse(node, f"scipy.optimize.{fun.__name__} from a start that is neither a number nor a vector")
    if start.type.shape or fun.__name__ in ("newton", "fixed_point"):
        return ArrayType("float64", start.type.shape, "array" if start.type.shape else "any")
    return ArrayType("float64", (1,))


def made_equations(low: Any, equation: Partial, type_: ArrayType, node: Any) -> tuple[Any, list[Value]]:
    """The equations as functions of the unknown and the same parameters, and what these are."""
    jacobian = Partial(lambda a, k, n: slope(low, equation, a[0], n), "slope")
    outlined = [outline(low, made, [Value("x", type_)], {}, node) for made in (equation, jacobian)]
    parameters = list(dict.fromkeys(value for made in outlined for value in made.outside))
    for made in outlined:
        check(low, made, node)
    return Static(Equations(*(with_parameters(made, parameters) for made in outlined))), parameters


def slope(low: Any, equation: Partial, x: Any, node: Any) -> Any:
    """The derivative of the equations by the unknown, a number or a matrix."""
    if x.type.shape == ():
        return lower_jvp(low, equation, make_tuple((x,)), make_tuple((Literal(1.0),)), node).children[1]
    return lower_dense(low, equation, "jacfwd", 0, [x], {}, node)


def check(low: Any, made: Outlined, node: Any) -> None:
    functions = made.function.functions
    names = {op.attrs["callee"] for op in all_ops(made.function.body) if op.attrs.get("callee") in functions}
    acts = any(has_effect(op, functions) for op in made.function.body.ops)
    if acts or any(calls_itself(name, functions) for name in names):
        low.refuse(node, "a solver is given a function that prints, draws random numbers, or calls itself")
    if len(made.function.results) != 1:
        low.refuse(node, "a solver is given a function that does not return one number or array")


def with_parameters(made: Outlined, parameters: list[Value]) -> Function:
    """The function of the unknown and of all of these."""
    known = dict(zip(made.outside, made.function.params[1:], strict=True))
    params = [known.get(value, Value(value.hint, value.type)) for value in parameters]
    body = made.function.body
    return replace(made.function, body=Block((made.function.params[0], *params), body.ops, body.results))


def call(low: Any, solver: Any, fun: Any, called: Outlined, given: dict[str, Any], type_: Any, node: Any) -> Value:
    """The call of the solver, on numbers of which no derivative is taken."""
    base = name = name_of(fun)
    count = 1
    while name in low.functions:
        count += 1
        name = f"{base}_{count}"
    low.functions[name] = Function(name, clone_block(called.function.body, {}))
    captured = [constant(low, value, node) for value in called.outside]
    with low.at(node):
        (function,) = low.builder.emit(FUNCTION, captured, {"callee": name}, types=(UNKNOWN,))
    parameters = inspect.signature(solver).parameters
    required = [key for key in given if key in parameters and parameters[key].default is inspect.Parameter.empty]
    named = {key: constant(low, value, node) for key, value in given.items() if key not in required}
    values = [constant(low, given[key], node) for key in required]
    found: Value = low.call_opaque(solver, None, [function, *values], named, node, type_)
    made = low.builder.ops[-1]
    low.builder.ops[-1] = replace(made, inputs=(*made.inputs, *captured))  # they live until the call
    return found


def constant(low: Any, value: Any, node: Any) -> Any:
    """A value whose changes are not followed."""
    value = low.resolved(value)
    still = [
        low.apply(stop_gradient, [a], {}, node) if isinstance(a, Value) and is_inexact(a.type) else a
        for a in atoms_of(value)
    ]
    return rebuild(value, iter(still))


def part(low: Any, found: Value, name: str | None, type_: Any, node: Any) -> Value:
    if name is None:
        return found
    with low.at(node):
        made: Value = low.builder.emit(GETITEM, (found,), {"index": name}, types=(type_,))[0]
    return made


MACROS.update({("scipy.optimize", name): partial(lower_solver, solver) for name, solver in SOLVERS.items()})
