"""Transforms met inside a program that is lowered: they act on the program, and are no calls."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from adjoint.api import backward_hook, checked_argnums, grad, hvp, jvp, linearize, value_and_grad, vjp
from adjoint.blocks import lower_dense
from adjoint.checkpoints import Checkpointed, checkpoint, checkpointed
from adjoint.dense import Dense, hessian, jacfwd, jacobian, jacrev
from adjoint.derivative import Derivative
from adjoint.frontend.abstract import (
    Partial,
    Span3,
    Static,
    atoms_of,
    constant_of,
    describe,
    is_constant,
    make_tuple,
    rebuild,
)
from adjoint.frontend.calls import IMPURE, MACROS
from adjoint.frontend.checkpoint import checkpointed_call
from adjoint.frontend.lower import function_name
from adjoint.frontend.outside import BY_CLASS
from adjoint.ir.core import Literal
from adjoint.ir.schedules import Recursive, Revolve
from adjoint.linearize import lower_linearize
from adjoint.nesting import lower_grad, lower_hook, lower_jvp, lower_vjp
from adjoint.rules.internal import stop_gradient
from adjoint.specification import Specification, check_schedule

Handler = Callable[..., Any]


def _given(names: tuple[str, ...], args: list[Any], kwargs: dict[str, Any]) -> dict[str, Any]:
    """The arguments of a call by the names of its parameters; TypeError as Python raises it."""
    given = dict(zip(names, args, strict=False))
    unknown = [name for name in kwargs if name not in names or name in given]
    if len(args) > len(names) or unknown:
        raise TypeError(f"unexpected arguments of {names[0]}: {', '.join(unknown) or len(args)}")
    return given | kwargs


def _constant(low: Any, value: Any, node: Any, what: str) -> Any:
    for atom in atoms_of(value):
        low.as_static(atom, node, f"`{what}`")  # a captured number: lowering starts anew with it known
    if not is_constant(value):
        low.refuse(node, f"`{what}` must be known at compile time")
    return constant_of(value)


OPTIONS = ("has_aux", "schedule", "memory_budget")


def _grad(with_value: bool) -> Handler:
    def macro(low: Any, callee: Static, args: list[Any], kwargs: dict[str, Any], node: Any) -> Any:
        given = _given(("fun", "argnums", *OPTIONS), args, kwargs)
        fun = given.pop("fun", Static(None))
        options = {name: _constant(low, value, node, name) for name, value in given.items()}
        options["argnums"] = checked_argnums(options.get("argnums", 0))
        spec = Specification(with_value=with_value, **options)
        check_schedule(spec)
        if spec.memory_budget is not None:
            low.refuse(node, "`memory_budget` inside a differentiated program", "choose a schedule there")

        def wrap(fun: Any) -> Partial:
            return Partial(lambda a, k, n: lower_grad(low, fun, spec, a, k, n), spec.suffix)

        if isinstance(fun, Static) and fun.value is None:
            return Partial(lambda a, k, n: wrap(a[0]), spec.suffix)
        return wrap(fun)

    return macro


def _derivative(low: Any, callee: Static, args: list[Any], kwargs: dict[str, Any], node: Any) -> Any:
    path, spec = callee.path, callee.value.specification
    if path is None:
        return lower_grad(low, Static(callee.value.primal), spec, args, kwargs, node)
    if path:  # of the function that is compiled itself, the key of its program tells
        low.guard((*path, ("attr", "specification")), "equal", spec)
    fun = low.captured(callee.value.primal, (*path, ("attr", "primal")))
    return lower_grad(low, fun, spec, args, kwargs, node)


def _jvp(low: Any, callee: Static, args: list[Any], kwargs: dict[str, Any], node: Any) -> Any:
    given = _given(("fun", "primals", "tangents"), args, kwargs)
    return lower_jvp(low, given["fun"], given["primals"], given["tangents"], node)


def _vjp(low: Any, callee: Static, args: list[Any], kwargs: dict[str, Any], node: Any) -> Any:
    has_aux = bool(_constant(low, kwargs.get("has_aux", Static(False)), node, "has_aux"))
    out, pullback, aux = lower_vjp(low, args[0], args[1:], has_aux, node)
    return make_tuple((out, pullback, aux) if has_aux else (out, pullback))


def _linearize(low: Any, callee: Static, args: list[Any], kwargs: dict[str, Any], node: Any) -> Any:
    out, push = lower_linearize(low, args[0], args[1:], node)
    return make_tuple((out, Partial(lambda a, k, n: push.call([make_tuple(a)], k, n), push.name)))


def _hvp(low: Any, callee: Static, args: list[Any], kwargs: dict[str, Any], node: Any) -> Any:
    given = _given(("fun", "primals", "tangents", "argnums"), args, kwargs)
    spec = Specification(checked_argnums(_constant(low, given.get("argnums", Static(0)), node, "argnums")))
    gradient = Partial(lambda a, k, n: lower_grad(low, given["fun"], spec, a, k, n), "grad")
    return lower_jvp(low, gradient, given["primals"], given["tangents"], node).children[1]


def _stop_gradient(low: Any, callee: Static, args: list[Any], kwargs: dict[str, Any], node: Any) -> Any:
    (tree,) = (*args, *kwargs.values())
    return rebuild(tree, iter([low.apply(stop_gradient, [atom], {}, node) for atom in atoms_of(tree)]))


def _jacobian(mode: str) -> Handler:
    def macro(low: Any, callee: Static, args: list[Any], kwargs: dict[str, Any], node: Any) -> Any:
        given = _given(("fun", "argnums"), args, kwargs)
        argnums = checked_argnums(_constant(low, given.get("argnums", Static(0)), node, "argnums"))
        fun = given["fun"]
        if mode == "hessian":
            fun = Partial(lambda a, k, n: lower_grad(low, given["fun"], Specification(argnums), a, k, n), "grad")
        inner = "jacfwd" if mode == "hessian" else mode
        return Partial(lambda a, k, n: lower_dense(low, fun, inner, argnums, a, k, n), mode)

    return macro


def _dense(low: Any, callee: Static, args: list[Any], kwargs: dict[str, Any], node: Any) -> Any:
    path, (mode, argnums) = callee.path, callee.value.specification
    fun = Static(callee.value.primal)
    if path is not None:
        if path:
            low.guard((*path, ("attr", "specification")), "equal", callee.value.specification)
        fun = low.captured(callee.value.primal, (*path, ("attr", "primal")))
    return lower_dense(low, fun, mode, argnums, args, kwargs, node)


def _hint(low: Any, callee: Static, args: list[Any], kwargs: dict[str, Any], node: Any) -> Any:
    """`Revolve(3)` inside a program."""
    given = {name: _constant(low, value, node, name) for name, value in kwargs.items()}
    return Static(callee.value(*(_constant(low, arg, node, callee.value.__name__) for arg in args), **given))


def _checkpoint(low: Any, callee: Static, args: list[Any], kwargs: dict[str, Any], node: Any) -> Any:
    (fun,) = (*args, *kwargs.values())
    return Partial(lambda a, k, n: checkpointed_call(low, fun, a, k, "block", n), "checkpoint", pure=False)


def _checkpointed_function(low: Any, callee: Static, args: list[Any], kwargs: dict[str, Any], node: Any) -> Any:
    fun = Static(callee.value.primal)
    if callee.path is not None:
        fun = low.captured(callee.value.primal, (*callee.path, ("attr", "primal")))
    return checkpointed_call(low, fun, args, kwargs, function_name(callee.value.primal), node)


def _checkpointed(low: Any, callee: Static, args: list[Any], kwargs: dict[str, Any], node: Any) -> Any:
    given = _given(("steps", "snapshots"), args, kwargs)
    steps, schedule = given["steps"], Revolve(_constant(low, given["snapshots"], node, "snapshots"))
    if isinstance(steps, Static) and isinstance(steps.value, range):
        steps = Span3("range", *(Literal(part) for part in (steps.value.start, steps.value.stop, steps.value.step)))
    if not (isinstance(steps, Span3) and steps.kind == "range"):
        low.refuse(node, f"`checkpointed` of {describe(steps)}", "give it a range")
    return replace(steps, schedule=schedule)


MACROS.update({
    grad: _grad(False), value_and_grad: _grad(True), Derivative: _derivative, jvp: _jvp, vjp: _vjp,
    linearize: _linearize, hvp: _hvp, backward_hook: lower_hook, stop_gradient: _stop_gradient,
    jacfwd: _jacobian("jacfwd"), jacrev: _jacobian("jacrev"), jacobian: _jacobian("jacobian"),
    hessian: _jacobian("hessian"), Dense: _dense, Revolve: _hint, Recursive: _hint,
    checkpoint: _checkpoint, Checkpointed: _checkpointed_function, checkpointed: _checkpointed,
})  # fmt: skip
IMPURE.add(_checkpointed_function)
BY_CLASS.update({Derivative, Checkpointed})
