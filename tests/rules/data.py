"""Numbers and argument lists for the tables of cases."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Case:
    """Arguments of one call. Floats and float arrays among `args` are differentiated, all else is static.

    `second`: the derivative is smooth at this point, so that its own derivative is checked too.
    """

    args: tuple[Any, ...]
    kwargs: dict[str, Any] = field(default_factory=dict)
    second: bool = True
    narrow: bool = True  # the case makes sense in float32


@dataclass(frozen=True)
class Static:
    """A float that is a constant of the program."""

    value: float


@dataclass(frozen=True)
class Runtime:
    """An int that is not known at compile time."""

    value: int


def case(*args: Any, second: bool = True, narrow: bool = True, **kwargs: Any) -> Case:
    return Case(args, kwargs, second, narrow)


def normal(*shape: int, seed: int = 0) -> Any:
    """Standard normal numbers; a NumPy scalar where no shape is given."""
    return np.random.default_rng([seed, *shape]).standard_normal(shape)[()]


def positive(*shape: int, low: float = 0.5, high: float = 2.0, seed: int = 0) -> Any:
    return np.random.default_rng([seed, 1, *shape]).uniform(low, high, shape)[()]


def distinct(*shape: int, gap: float = 0.3, seed: int = 0) -> Any:
    """Numbers of both signs of which no two are close, and none is close to 0."""
    count = int(np.prod(shape))
    order = np.random.default_rng([seed, 2, *shape]).permutation(count)
    return (gap * (order - count // 2) + gap / 2).reshape(shape)[()]


def imaginary(*shape: int, seed: int = 0) -> Any:
    """Complex numbers, away from 0 and from the negative axis."""
    return positive(*shape, seed=seed) + 1j * normal(*shape, seed=seed + 77)


def with_holes(x: Any) -> Any:
    """Some numbers replaced by nan."""
    x = x.copy()
    x.reshape(-1)[1::3] = np.nan
    return x


def unary(make: Any, *, second: bool = True, python: bool = True) -> list[Case]:
    """Matrix, 0-d array, NumPy scalar, Python float and empty array."""
    arrays = [make(3, 4), np.asarray(make()), make(), make(0, 3)]
    return [case(x, second=second) for x in arrays] + ([case(float(make()), second=second)] if python else [])


def binary(first: Any, second_: Any, *, second: bool = True) -> list[Case]:
    """Equal shapes, shapes that broadcast both ways, added axes, scalars of both kinds, a literal on either side."""
    a, b = first, second_
    pairs = [
        (a(3, 4), b(3, 4)), (a(3, 1), b(1, 4)), (a(2, 3, 4), b(4)), (a(), b(3)), (a(3), b()),
        (float(a()), float(b())), (a(3), 2), (2.5, b(3)), (a(0, 3), b(3)),
    ]  # fmt: skip
    return [case(x, y, second=second) for x, y in pairs]
