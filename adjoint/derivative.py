"""What `grad` returns: a callable that compiles itself for the kinds of arguments that it meets."""

from __future__ import annotations

import copy
import inspect
import sys
import types
import weakref
from collections.abc import Callable
from functools import partial
from typing import Any

from adjoint import dispatch
from adjoint.calling import Form, form_of, lower_call
from adjoint.dispatch import Entry
from adjoint.errors import user_errors
from adjoint.frontend.abstract import Static
from adjoint.frontend.lower import Lowering, function_name
from adjoint.guards import really_given
from adjoint.ir.hints import Chosen, Probe
from adjoint.nesting import lower_grad
from adjoint.sources import source
from adjoint.specification import Specification, check_callable, check_schedule, check_source


class Derivative:
    """The gradient of a function; see `grad`.

    `primal` is the function itself, `source` the generated program (of the latest call, or without
    argument types before the first one), `specialize(*args)` the bare compiled function.

    >>> from adjoint import grad
    >>> square = grad(lambda x: x * x)
    >>> square(3.0), square.primal(3.0), square.specialize(3.0)(4.0)
    (6.0, 9.0, 8.0)
    """

    __slots__ = ("__call__", "__dict__", "__weakref__")
    # A slot and no method: what is called is the guarded program of the latest call, with nothing in between.

    __call__: Callable[..., Any]

    def __init__(self, fun: Callable[..., Any], specification: Specification) -> None:
        check_callable(fun)
        check_source(fun)
        check_schedule(specification)
        self.primal = fun
        self.specification = specification
        self._entry: Entry | None = None
        self._forms: dict[Any, Form] = {}
        self.forget()
        for name in ("__name__", "__qualname__", "__doc__", "__module__"):
            if hasattr(fun, name):
                setattr(self, name, getattr(fun, name))
        _ALIVE.add(self)

    def __get__(self, obj: Any, owner: type | None = None) -> Any:
        return self if obj is None or isinstance(self.primal, staticmethod) else types.MethodType(self, obj)

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
        ranks or structures than these, or shorter than its slices rely on, are not noticed and give no meaningful
        result.
        """
        self.find_and_call(args, kwargs)
        assert self._entry is not None
        bare = self._entry.bare
        objects = self._form(args, kwargs).objects(args, kwargs)
        captured = {name: dispatch.resolve(self.primal, objects, path) for path, name in self._entry.hidden}
        if not captured:
            return bare
        closed = types.FunctionType(bare.__code__, bare.__globals__, bare.__name__, bare.__defaults__, bare.__closure__)
        closed.__kwdefaults__ = captured
        return closed

    def __reduce__(self) -> Any:
        """A decorated function is found again by its name; anything else is made anew from its parts."""
        holder: Any = sys.modules.get(getattr(self, "__module__", None) or "")
        for name in getattr(self, "__qualname__", "").split("."):
            holder = getattr(holder, name, None)
        return self.__qualname__ if holder is self else (type(self), (self.primal, self.specification))

    def __copy__(self) -> Derivative:
        return type(self)(self.primal, self.specification)

    def __deepcopy__(self, memo: Any) -> Derivative:
        return type(self)(copy.deepcopy(self.primal, memo), self.specification)

    def _form(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Form:
        key = (len(args), *kwargs)
        form = self._forms.get(key)
        if form is None:
            form = self._forms[key] = form_of(self.primal, args, kwargs)
        return form

    @user_errors
    def find_and_call(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Call the program for these arguments, which the next calls then try at once."""
        form = self._form(args, kwargs)
        objects = form.objects(args, kwargs)

        def build(low: Lowering, given: list[Any], named: dict[str, Any]) -> Any:
            return lower_grad(low, Static(self.primal, ()), self.specification, given, named, None)

        def compile_entry() -> Entry:
            schedule = self.specification.schedule
            meter = schedule.meter if isinstance(schedule, (Probe, Chosen)) else None
            if meter:
                meter.pause()
            bound = tuple((name, kind, obj) for (name, kind), obj in zip(form.params, objects, strict=True))
            lowered, params = lower_call(self.primal, bound, build)
            name = f"{function_name(self.primal)}_{self.specification.suffix}"
            entry = dispatch.make_entry(
                lowered, params, name, seen=partial(dispatch.resolve, self.primal, objects),
                signature=form.signature if form.positional >= 0 else None,
            )  # fmt: skip
            if meter:
                meter.begin()
            return entry

        key = (self.specification, dispatch.identity(self.primal), form.params)
        entry, result = dispatch.run(key, self.primal, objects, compile_entry)
        self._entry = entry
        if form.positional >= 0:
            self.__call__ = entry.bind(self.primal, _dispatcher(self))
        return result

    def forget(self) -> None:
        """Look for a program, or compile one, at the next call."""
        self.__call__ = _dispatcher(self)


def _dispatcher(derivative: Derivative) -> Callable[..., Any]:
    """Find the program for arguments.

    It does not keep the derivative alive, of which it is a part: what a function captures is freed at once
    when nobody has the derivative any more. Whoever took `__call__` out of it gets a new one.
    """
    alive, fun, specification = weakref.ref(derivative), derivative.primal, derivative.specification

    def dispatch_call(*args: Any, **kwargs: Any) -> Any:
        found = alive() or Derivative(fun, specification)
        return found.find_and_call(*really_given(fun, args, kwargs))

    return dispatch_call


_ALIVE: weakref.WeakSet[Derivative] = weakref.WeakSet()


def _forget() -> None:
    for derivative in list(_ALIVE):
        derivative.forget()


dispatch.ON_FORGET.append(_forget)
