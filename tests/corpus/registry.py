"""How a file of the corpus offers its programs: `@program((arguments of one call), (of another), ...)`."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Program:
    """A function with calls to try.

    `second`: smooth enough for second derivatives. `float32`: worth a run in single precision.
    `exact`: computed as Python computes it; a derivative inside a program may be rounded otherwise.
    `bug`: what is wrong with it now (a strict xfail).
    """

    fun: Callable[..., Any]
    calls: tuple[tuple[Any, ...], ...]
    second: bool = True
    float32: bool = False
    exact: bool = True
    bug: str | None = None

    @property
    def name(self) -> str:
        return f"{self.fun.__module__.rpartition('.')[2]}.{self.fun.__name__}"


PROGRAMS: list[Program] = []


def program(*calls, **options):
    def register(fun):
        PROGRAMS.append(Program(fun, calls, **options))
        return fun

    return register


def normal(*shape, seed=0):
    """Standard normal numbers; a Python float without a shape."""
    numbers = np.random.default_rng([seed, 7, *shape]).standard_normal(shape)
    return numbers if shape else float(numbers)


def positive(*shape, seed=0):
    """Numbers between 1/2 and 2."""
    numbers = np.random.default_rng([seed, 8, *shape]).uniform(0.5, 2.0, shape)
    return numbers if shape else float(numbers)


def complexes(*shape, seed=0):
    return normal(*shape, seed=seed) + 1j * normal(*shape, seed=seed + 1000)
