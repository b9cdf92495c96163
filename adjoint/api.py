"""The public interface: names and call shapes follow JAX."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from adjoint.budgets import Budgeted
from adjoint.derivative import Derivative
from adjoint.errors import user_errors
from adjoint.linear import linear_map, pushed_forward
from adjoint.nesting import Argnums
from adjoint.specification import Specification, check_callable


@user_errors
def grad(
    fun: Callable[..., Any] | None = None,
    argnums: Argnums = 0,
    *,
    has_aux: bool = False,
    schedule: Any = "auto",
    memory_budget: int | str | None = None,
) -> Any:
    """The gradient of a scalar-valued function; a decorator, with or without options.

    `argnums` is a position, the name of a parameter, or a tuple of these (then the result is a tuple).
    Arguments are pytrees (nested tuples, lists, dicts, named tuples, dataclasses) of floats, complex numbers
    and arrays; a gradient has the structure, shapes and dtypes of its argument, a Python int counts as a
    float. Of a complex argument it is df/dx - i df/dy. With `has_aux` the function returns `(value, aux)` and
    the result is `(gradient, aux)`. `.source` is the generated program, `.primal` the function itself,
    `.specialize(*args)` the bare compiled program. A call never changes its arguments, and what it
    returns shares memory with nothing else.

    `schedule` says how loops keep what the reverse sweep reads: "auto", "store", "recompute", "sqrt",
    `Revolve(snapshots)` or `Recursive()`; `memory_budget`, in bytes or as "512 MB", has it chosen by what fits.
    Both change time and memory, never a result.

    Raises UnsupportedError for syntax outside the subset, when decorated. At the first call it raises
    TypeError where the result is no real scalar, or an argument is an integer array or no number; ValueError
    where `argnums` names no argument of the call; MissingRuleError where a function has no derivative.

    >>> import numpy as np
    >>> from adjoint import grad
    >>> @grad
    ... def loss(w):
    ...     return np.sum(w ** 3)
    >>> loss(np.array([1.0, 2.0]))
    array([ 3., 12.])

    Reverse mode: Griewank and Walther, Evaluating Derivatives (2nd edition, 2008), chapter 3.
    """
    specification = Specification(checked_argnums(argnums), has_aux, False, schedule, memory_budget)
    return _decorator(fun, specification)


@user_errors
def value_and_grad(
    fun: Callable[..., Any] | None = None,
    argnums: Argnums = 0,
    *,
    has_aux: bool = False,
    schedule: Any = "auto",
    memory_budget: int | str | None = None,
) -> Any:
    """Like `grad`, with the value: `(value, gradient)`, and with `has_aux` `((value, aux), gradient)`.

    Options and errors are those of `grad`. The value is computed once, by the same operations as in the
    function itself.

    >>> from adjoint import value_and_grad
    >>> value_and_grad(lambda x: x * x)(3.0)
    (9.0, 6.0)
    >>> value_and_grad(lambda x: (x * x, "aux"), has_aux=True)(3.0)
    ((9.0, 'aux'), 6.0)
    """
    specification = Specification(checked_argnums(argnums), has_aux, True, schedule, memory_budget)
    return _decorator(fun, specification)


def _decorator(fun: Any, specification: Specification) -> Any:
    if fun is None:
        return user_errors(lambda f: _derivative(f, specification))
    return _derivative(fun, specification)


def _derivative(fun: Any, specification: Specification) -> Any:
    return (Derivative if specification.memory_budget is None else Budgeted)(fun, specification)


def checked_argnums(argnums: Any) -> Argnums:
    """`argnums` as it is kept: hashable, and of the right types."""
    items = tuple(argnums) if isinstance(argnums, (tuple, list)) else (argnums,)
    if not items or not all(isinstance(item, (int, str)) and not isinstance(item, bool) for item in items):
        raise TypeError(f"argnums is a position, a name or a tuple of these, not {argnums!r}")
    return items if isinstance(argnums, (tuple, list)) else items[0]


# ---------------------------------------------------------------------- jvp


@user_errors
def jvp(fun: Callable[..., Any], primals: Sequence[Any], tangents: Sequence[Any]) -> tuple[Any, Any]:
    """`(out, out_dot)`: the value and its derivative along `tangents`, one for each primal.

    A tangent has the structure and shapes of its primal and is converted to its dtype; None or 0 for an
    integer primal, or None for any that does not vary. `out_dot` has the structure, shapes and dtypes of
    `out`, with 0.0 for what does not vary.

    Raises ValueError for a tangent of another shape, TypeError for another structure or number of tangents,
    and what `grad` raises for functions that it cannot differentiate.

    >>> import numpy as np
    >>> from adjoint import jvp
    >>> jvp(lambda x, y: x * y, (2.0, 3.0), (1.0, 0.0))
    (6.0, 3.0)
    >>> jvp(np.tanh, (np.zeros(2),), (np.ones(2),))
    (array([0., 0.]), array([1., 1.]))

    Forward mode: Griewank and Walther, Evaluating Derivatives (2nd edition, 2008), section 3.1.
    """
    check_callable(fun)
    for what, given in (("primals", primals), ("tangents", tangents)):
        if not isinstance(given, (tuple, list)):
            raise TypeError(f"{what} is a tuple with one entry for each argument, not {type(given).__name__}")
    if len(primals) != len(tangents):
        raise TypeError(f"{len(primals)} primals and {len(tangents)} tangents")
    return pushed_forward(fun, tuple(primals), tuple(tangents))  # type: ignore[no-any-return]


# ---------------------------------------------------------------------- vjp


@user_errors
def vjp(fun: Callable[..., Any], *primals: Any, has_aux: bool = False) -> Any:
    """`(out, pullback)`, with `has_aux` `(out, pullback, aux)`.

    `out` may have any structure and `out_bar` has the same one. `pullback(out_bar)` returns a tuple with the
    cotangent of each primal, of its structure, shapes and dtypes (None for what has no derivative). It may be
    called many times, and does not see later changes of the arguments or of `out`. Complex numbers pair
    without conjugation: Re(sum(out_bar * out_dot)) = Re(sum(primal_bar * primal_dot)).

    Raises ValueError where the shapes of `out_bar` are not those of `out`, and what `grad` raises for
    functions that it cannot differentiate.

    >>> import numpy as np
    >>> from adjoint import vjp
    >>> out, pullback = vjp(lambda x, y: x * y, 2.0, 3.0)
    >>> out, pullback(1.0)
    (6.0, (3.0, 2.0))

    Griewank and Walther (2008), section 3.2.
    """
    check_callable(fun)
    return linear_map(fun, primals, has_aux, "vjp")


@user_errors
def linearize(fun: Callable[..., Any], *primals: Any) -> tuple[Any, Callable[..., Any]]:
    """`(out, pushforward)`: `pushforward(*tangents)` is the derivative along tangents, at fixed primals.

    What depends on the primals alone is computed once; a call of `pushforward` does the linear rest. Tangents
    and errors are those of `jvp`.

    >>> from adjoint import linearize
    >>> out, pushforward = linearize(lambda x: x ** 3, 2.0)
    >>> out, pushforward(1.0), pushforward(10.0)
    (8.0, 12.0, 120.0)
    """
    check_callable(fun)
    return linear_map(fun, primals, False, "linearize")  # type: ignore[no-any-return]


# ---------------------------------------------------------------------- second order, markers


@user_errors
def hvp(fun: Callable[..., Any], primals: Sequence[Any], tangents: Sequence[Any], argnums: Argnums = 0) -> Any:
    """The product of the Hessian of a scalar-valued function with tangents: forward over reverse.

    `jvp(grad(fun, argnums), primals, tangents)[1]`, so the result has the structure of the argument that
    `argnums` names, and the errors are those of `grad` and `jvp`. It costs a few times a gradient, however
    large the argument.

    >>> import numpy as np
    >>> from adjoint import hvp
    >>> hvp(lambda x: x ** 3, (2.0,), (10.0,))
    120.0
    >>> hvp(lambda x: np.sum(x ** 3), (np.array([1.0, 2.0]),), (np.array([1.0, 0.0]),))
    array([6., 0.])

    B. A. Pearlmutter, Fast exact multiplication by the Hessian, Neural Computation 6 (1994).
    """
    return jvp(Derivative(fun, Specification(checked_argnums(argnums))), primals, tangents)[1]


def backward_hook(x: Any, fn: Callable[[Any], Any]) -> Any:
    """The identity; in the reverse sweep the cotangent of `x` becomes `fn(cotangent)`.

    To clip, print or inspect what comes back. `fn` gets and returns a number or an array of the shape of `x`.

    >>> import numpy as np
    >>> from adjoint import backward_hook, grad
    >>> def clipped(bar):
    ...     return np.clip(bar, -1.0, 1.0)
    >>> grad(lambda x: np.sum(x * backward_hook(x, clipped)))(np.array([0.5, 5.0]))
    array([1., 6.])
    """
    return x
