"""Compare derivatives with central differences along random directions, and forward with reverse mode.

For a direction d of unit length, J d is approximated by Ridders' extrapolation of central differences
(Ridders 1982); forward mode is compared with it, and reverse mode with both through the inner product
<y_bar, J d> = <J' y_bar, d> (Griewank and Walther 2008, section 3.2), so the cost does not grow with size.
"""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from adjoint.api import jvp, vjp
from adjoint.ir.tree import build_object, flatten_object, leaves, map_leaves

TOLERANCE = {"float32": 5e-3, "complex64": 5e-3}


def check_grads(
    fun: Callable[..., Any],
    args: Sequence[Any],
    order: int = 2,
    modes: Sequence[str] = ("fwd", "rev"),
    rtol: float = 1e-5,
) -> None:
    """Check the derivatives of `fun` at `args`, by one argument at a time, up to an order.

    `fun` may return any structure, and is called many times; integers and other data among `args` stay as
    they are. Forward mode ("fwd") is compared with central differences along a random direction of unit
    length, reverse mode ("rev") through the inner product, to a relative error of `rtol` (0.005 for single
    precision, ten times as much for each further order). Arguments are not changed.

    Raises AssertionError that names the argument and the error, ValueError for another mode.

    >>> import numpy as np
    >>> import adjoint
    >>> adjoint.check_grads(lambda x: np.sum(np.sin(x) ** 2), (np.ones(3),))
    >>> adjoint.check_grads(lambda x: adjoint.stop_gradient(x) * x, (2.0,))
    Traceback (most recent call last):
    AssertionError: the forward derivative by `x` differs from central differences by a relative 4.00e-01

    C. J. F. Ridders, Accurate computation of F'(x) and F'(x) F''(x), Advances in Engineering Software 4 (1982).
    """
    args = tuple(args)
    for mode in modes:
        if mode not in ("fwd", "rev"):
            raise ValueError(f'modes are "fwd" and "rev", not {mode!r}')
    for position, name in _differentiable(fun, args):
        forward, reverse = argument_errors(fun, args, position)
        for mode, error in (("fwd", forward), ("rev", reverse)):
            if mode in modes and not error <= _tolerance(args[position], rtol):
                kind = {"fwd": "forward", "rev": "reverse"}[mode]
                raise AssertionError(
                    f"the {kind} derivative by `{name}` differs from central differences by a relative {error:.2e}"
                )
    if order > 1 and _differentiable(fun, args):
        check_grads(_gradient_of_total(fun, args), args, order - 1, modes, rtol * 10)


def gradient_errors(fun: Callable[..., Any], args: Sequence[Any]) -> list[tuple[str, float, float, bool]]:
    """For each argument with a derivative: (name, forward error, reverse error, within tolerance)."""
    rows = []
    for position, name in _differentiable(fun, tuple(args)):
        forward, reverse = argument_errors(fun, tuple(args), position)
        limit = _tolerance(args[position], 1e-5)
        rows.append((name, forward, reverse, bool(forward <= limit and reverse <= limit)))
    return rows


def argument_errors(fun: Callable[..., Any], args: tuple[Any, ...], position: int) -> tuple[float, float]:
    """Relative errors of both modes by one argument, along one direction.

    The derivatives come first: they refuse a function that changes what is outside of it, before it is run.
    """
    rng = np.random.default_rng(position)
    direction = _direction(args[position], rng)
    dots = tuple(direction if k == position else None for k in range(len(args)))
    value, out_dot = jvp(fun, args, dots)
    expected = _differences(fun, args, position, direction)
    scale = 1.0 + float(np.max(np.abs(expected), initial=0.0))
    found = _flat(_filled(out_dot, value))
    forward = float(np.max(np.abs(found - expected), initial=0.0)) / scale
    out, pullback = vjp(fun, *copy.deepcopy(args))
    bar = _direction(out, rng)
    pulled = pullback(bar)[position]
    pairing = float(np.real(np.sum(_flat(pulled) * _flat(direction))))
    wanted = float(np.real(np.sum(_flat(_filled(bar, out)) * expected)))
    return _finite(forward), _finite(abs(pairing - wanted) / (1.0 + abs(wanted)))


def _filled(bar: Any, out: Any) -> Any:
    """A tangent or cotangent with zeros in the shapes of the numbers of a result that do not vary."""

    def fill(leaf: Any, bar: Any) -> Any:
        return bar if leaf is None or isinstance(leaf, str) or _is_inexact(leaf) else np.zeros(np.shape(leaf))

    return build_object(map_leaves(fill, flatten_object(out), flatten_object(bar)))


def _finite(error: float) -> float:
    return error if np.isfinite(error) else float("inf")


def _tolerance(arg: Any, rtol: float) -> float:
    return max(
        [TOLERANCE.get(str(getattr(leaf, "dtype", "")), rtol) for leaf in leaves(flatten_object(arg))], default=rtol
    )


def _differentiable(fun: Any, args: tuple[Any, ...]) -> list[tuple[int, str]]:
    try:
        names = list(inspect.signature(fun).parameters)
    except (TypeError, ValueError):
        names = []
    names += [f"argument {k}" for k in range(len(names), len(args))]
    return [
        (k, names[k]) for k, arg in enumerate(args) if any(map(_is_inexact, leaves(flatten_object(arg))))
    ]  # fmt: skip


def _is_inexact(leaf: Any) -> bool:
    dtype = getattr(leaf, "dtype", None)
    return dtype.kind in "fc" if isinstance(dtype, np.dtype) else isinstance(leaf, (float, complex))


def _direction(tree: Any, rng: np.random.Generator) -> Any:
    """A random direction of unit length with the structure and dtypes of a tree; None where nothing varies."""

    def draw(leaf: Any) -> Any:
        if not _is_inexact(leaf):
            return None
        numbers = rng.standard_normal(np.shape(leaf))
        return numbers + 1j * rng.standard_normal(np.shape(leaf)) if np.iscomplexobj(leaf) else numbers

    flat = flatten_object(tree)
    raw = map_leaves(draw, flat)
    length = np.sqrt(
        sum(np.sum(np.abs(d) ** 2) for d, leaf in zip(leaves(raw), leaves(flat), strict=True) if _is_inexact(leaf))
    )

    def scaled(leaf: Any, number: Any) -> Any:
        if not _is_inexact(leaf):
            return None
        number = number / (length or 1.0)
        if isinstance(leaf, (np.ndarray, np.generic)):
            return np.asarray(number).astype(leaf.dtype)[()] if np.ndim(leaf) == 0 else number.astype(leaf.dtype)
        return complex(number) if isinstance(leaf, complex) else float(number)

    return build_object(map_leaves(scaled, flat, raw))


def _differences(fun: Any, args: tuple[Any, ...], position: int, direction: Any, rows: int = 6) -> Any:
    """The derivative of `fun` along a direction by Ridders' scheme."""

    def at(step: float) -> Any:
        moved = map_leaves(
            lambda leaf, d: leaf + step * d if _is_inexact(leaf) else leaf,
            flatten_object(args[position]), flatten_object(direction),
        )  # fmt: skip
        given = (*copy.deepcopy(args[:position]), build_object(moved), *copy.deepcopy(args[position + 1 :]))
        return _flat(fun(*given))

    previous: list[Any] = []
    step, best, error = 0.02, None, None
    for _ in range(rows):
        current = [(at(step) - at(-step)) / (2 * step)]
        for column, older in enumerate(previous):
            factor = 4.0 ** (column + 1)
            current.append((factor * current[column] - older) / (factor - 1))
            estimate = np.maximum(np.abs(current[-1] - current[-2]), np.abs(current[-1] - older))
            if best is None or error is None:
                best, error = current[-1], estimate
            better = estimate < error
            best, error = np.where(better, current[-1], best), np.where(better, estimate, error)
        previous, step = current, step / 2
    return best


def _flat(tree: Any) -> Any:
    parts = [np.ravel(leaf) for leaf in leaves(flatten_object(tree)) if leaf is not None and not isinstance(leaf, str)]
    return (
        np.concatenate([p.astype(complex) if p.dtype.kind == "c" else p.astype(float) for p in parts])
        if parts
        else np.zeros(0)
    )


def _gradient_of_total(fun: Callable[..., Any], args: tuple[Any, ...]) -> Callable[..., Any]:
    """The gradient, by every argument, of a fixed combination of the results of `fun`."""
    out, _ = vjp(fun, *copy.deepcopy(args))
    bar = _direction(out, np.random.default_rng(len(args)))
    positions = tuple(k for k, _ in _differentiable(fun, args))

    def gradient(*args: Any) -> Any:
        _, pullback = vjp(fun, *args)
        pulled = pullback(bar)
        return tuple(pulled[k] for k in positions)

    return gradient
