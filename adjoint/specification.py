"""What is asked for: which derivative, of what kind of callable."""

from __future__ import annotations

import types
from dataclasses import dataclass
from typing import Any

from adjoint.dispatch import deep
from adjoint.errors import UnsupportedError
from adjoint.frontend.calls import WRAPPERS
from adjoint.frontend.parse import parse
from adjoint.frontend.subset import check
from adjoint.ir.hints import NAMES, Recursive, Revolve
from adjoint.nesting import Argnums
from adjoint.rules.registry import primitive_of


@dataclass(frozen=True, slots=True)
class Specification:
    """Which derivative: together with the function it determines the program."""

    argnums: Argnums = 0
    has_aux: bool = False
    with_value: bool = False
    schedule: Any = "auto"
    memory_budget: int | str | None = None

    @property
    def suffix(self) -> str:
        return "value_and_grad" if self.with_value else "grad"


def check_schedule(specification: Specification) -> None:
    """Refuse a schedule that is not there: an option is never ignored."""
    schedule = specification.schedule
    if isinstance(schedule, type) or not (isinstance(schedule, (Revolve, Recursive)) or schedule in NAMES):
        names = ", ".join(map(repr, NAMES))
        raise ValueError(f"schedule is {names}, Revolve(snapshots) or Recursive(), not {schedule!r}")
    if specification.memory_budget is not None:
        raise UnsupportedError(
            "memory_budget is not supported", None, "leave it out: what the reverse sweep reads is kept"
        )


def check_callable(fun: Any) -> None:
    """Refuse what is no function."""
    if not callable(fun):
        raise TypeError(f"a derivative is taken of a function, not of {fun!r}")


def check_source(fun: Any) -> None:
    """Refuse syntax that no argument types could make right."""
    while isinstance(fun, (types.MethodType, *WRAPPERS)):
        fun = fun.__func__ if isinstance(fun, types.MethodType) else fun.__wrapped__  # type: ignore[attr-defined]
    if isinstance(fun, types.FunctionType) and primitive_of(fun) is None:
        with deep():
            check(parse(fun))
