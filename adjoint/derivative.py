"""What `grad` returns: a callable that compiles itself for the kinds of arguments that it meets."""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable
from functools import partial
from typing import Any

from adjoint import dispatch
from adjoint.dispatch import MISS, Entry
from adjoint.errors import user_errors
from adjoint.frontend.abstract import Static
from adjoint.frontend.lower import Lowered, Lowering, function_name, lower
from adjoint.nesting import lower_grad
from adjoint.sources import source
from adjoint.specification import Specification, check_callable, check_schedule

Bound = tuple[tuple[str, Any, Any], ...]
"""The arguments of a call: (name of the parameter, its kind, object)."""


class Derivative:
    """The gradient of a function; see `grad`.

    `primal` is the function itself, `source` the generated program (of the latest call, or without
    argument types before the first one), `specialize(*args)` the bare compiled function.

    >>> from adjoint import grad
    >>> square = grad(lambda x: x * x)
    >>> square(3.0), square.primal(3.0), square.specialize(3.0)(4.0)
    (6.0, 9.0, 8.0)
    """

    def __init__(self, fun: Callable[..., Any], specification: Specification) -> None:
        check_callable(fun)
        check_schedule(specification)
        self.primal = fun
        self.specification = specification
        self._entry: Entry | None = None
        self._call: Any = None  # the latest program, bound to the function
        self._count = -1  # with how many positional arguments it is called
        self._key: Any = None
        for name in ("__name__", "__qualname__", "__doc__", "__module__"):
            if hasattr(fun, name):
                setattr(self, name, getattr(fun, name))

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if len(args) == self._count and not kwargs:
            result = self._call(*args)
            if result is not MISS:
                return result
        return self._dispatch(args, kwargs)

    def __get__(self, obj: Any, owner: type | None = None) -> Any:
        return self if obj is None else types.MethodType(self, obj)

    @property
    def __signature__(self) -> inspect.Signature:
        return inspect.signature(self.primal)

    def __repr__(self) -> str:
        return f"<{self.specification.suffix} of {function_name(self.primal)}>"

    @property
    def source(self) -> str:
        """The generated Python source."""
        if self._entry is None:
            return source(self.primal, argnums=self.specification.argnums)
        return self._entry.generated.text

    def specialize(self, *args: Any, **kwargs: Any) -> Callable[..., Any]:
        """The bare compiled function for arguments like these: no dispatch, no guards.

        Captured data (closure cells, globals) keep the values that they have now. Arguments of other types,
        ranks or structures than these are not noticed and give no meaningful result.
        """
        self(*args, **kwargs)
        assert self._entry is not None
        bare = self._entry.bare
        captured = {name: dispatch.resolve(self.primal, args, path) for path, name in self._entry.hidden}
        if not captured:
            return bare
        copy = types.FunctionType(bare.__code__, bare.__globals__, bare.__name__, bare.__defaults__, bare.__closure__)
        copy.__kwdefaults__ = captured
        return copy

    @user_errors
    def _dispatch(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        bound = bind(self.primal, args, kwargs)
        if self._key is None:
            self._key = (self.specification, dispatch.identity(self.primal))

        def build(low: Lowering, given: list[Any], named: dict[str, Any]) -> Any:
            return lower_grad(low, Static(self.primal, ()), self.specification, given, named, None)

        def compile_entry() -> Entry:
            name = f"{function_name(self.primal)}_{self.specification.suffix}"
            lowered, params = lower_call(self.primal, bound, build)
            return dispatch.make_entry(lowered, params, name)

        names, objects = tuple(n for n, _, _ in bound), tuple(o for _, _, o in bound)
        entry, result = dispatch.run(self._key, self.primal, names, objects, compile_entry)
        self._entry, self._call, self._count = entry, partial(entry.call, self.primal), positional_count(bound)
        return result


def bind(fun: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Bound:
    """Match arguments and parameters as Python does; TypeError as Python raises it."""
    try:
        signature = inspect.signature(fun)
    except ValueError:  # built-in functions without one
        return tuple((f"x{k}", inspect.Parameter.POSITIONAL_ONLY, arg) for k, arg in enumerate(args))
    bound = signature.bind(*args, **kwargs)
    return tuple((name, signature.parameters[name].kind, obj) for name, obj in bound.arguments.items())


def positional_count(bound: Bound) -> int:
    """With how many positional arguments the same call can be made, or -1."""
    plain = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return len(bound) if all(kind in plain for _, kind, _ in bound) else -1


def lower_call(
    fun: Any, bound: Bound, build: Callable[[Lowering, list[Any], dict[str, Any]], Any]
) -> tuple[Lowered, list[tuple[str, Any]]]:
    """Lower what `build` makes of abstract arguments; also the abstract value of each parameter."""
    params: list[tuple[str, Any]] = []

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
            elif kind is inspect.Parameter.KEYWORD_ONLY or len(args) < position:
                kwargs[name] = value
            else:
                args.append(value)
        return build(low, args, kwargs)

    return lower(make, function_name(fun)), params
