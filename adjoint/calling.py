"""How a call is made: which arguments belong to which parameters, and the abstract values of these."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from adjoint.frontend.lower import Lowered, Lowering, function_name, lower

PLAIN = inspect.Parameter.POSITIONAL_ONLY

Bound = tuple[tuple[str, Any, Any], ...]
"""The arguments of a call: (name of the parameter, its kind, object)."""


@dataclass(frozen=True, slots=True)
class Form:
    """How a call gives its arguments: its parameters in their order, and where each one's object is.

    `order` are positions in the arguments followed by the keyword arguments; None where parameters
    collect several. `positional` is the number of arguments with which the same parameters are all given
    by position, or -1.
    """

    signature: inspect.Signature | None
    params: tuple[tuple[str, Any], ...]
    order: tuple[int, ...] | None
    positional: int

    def objects(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, ...]:
        if self.order is not None:
            given = (*args, *kwargs.values())
            return tuple(given[k] for k in self.order)
        assert self.signature is not None
        return tuple(self.signature.bind(*args, **kwargs).arguments.values())


def form_of(fun: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Form:
    """The form of a call; TypeError as Python raises it."""
    params = tuple((name, kind) for name, kind, _ in bind(fun, args, kwargs))
    try:
        signature = inspect.signature(fun)
    except ValueError:
        return Form(None, params, tuple(range(len(args))), len(args))
    names = [name for name, _ in params]
    if any(kind in (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD) for _, kind in params):
        return Form(signature, params, None, -1)
    given = [*names[: len(args)], *kwargs]
    plain = names == list(signature.parameters)[: len(names)]
    plain = plain and all(kind is not inspect.Parameter.KEYWORD_ONLY for _, kind in params)
    return Form(signature, params, tuple(given.index(name) for name in names), len(names) if plain else -1)


def bind(fun: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Bound:
    """Match arguments and parameters as Python does; TypeError as Python raises it."""
    try:
        signature = inspect.signature(fun)
    except ValueError:  # built-in functions without one
        return tuple((f"x{k}", inspect.Parameter.POSITIONAL_ONLY, arg) for k, arg in enumerate(args))
    bound = signature.bind(*args, **kwargs)
    return tuple((name, signature.parameters[name].kind, obj) for name, obj in bound.arguments.items())


def lower_call(
    fun: Any, bound: Bound, build: Callable[[Lowering, list[Any], dict[str, Any]], Any]
) -> tuple[Lowered, list[tuple[str, Any]]]:
    """Lower what `build` makes of abstract arguments; also the abstract value of each parameter."""
    params: list[tuple[str, Any]] = []
    try:
        names = list(inspect.signature(fun).parameters)
    except ValueError:
        names = [name for name, _, _ in bound]

    def make(low: Lowering) -> Any:
        params.clear()
        args: list[Any] = []
        kwargs: dict[str, Any] = {}
        for position, (name, kind, obj) in enumerate(bound):
            value = low.captured(obj, (("arg", position),), name)
            params.append((name, value))
            if kind is inspect.Parameter.VAR_POSITIONAL:
                args.extend(value.children)
            elif kind is inspect.Parameter.VAR_KEYWORD:
                kwargs.update(zip(value.keys, value.children, strict=True))
            elif kind is inspect.Parameter.KEYWORD_ONLY or (kind is not PLAIN and names[len(args)] != name):
                kwargs[name] = value  # the call gives no value for a parameter before it
            else:
                args.append(value)
        return build(low, args, kwargs)

    return lower(make, function_name(fun)), params
