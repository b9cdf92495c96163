"""What is asked for: which derivative, of what kind of callable."""

from __future__ import annotations

import types
from dataclasses import dataclass
from typing import Any

from adjoint.dispatch import deep
from adjoint.frontend.calls import WRAPPERS
from adjoint.frontend.parse import parse
from adjoint.frontend.subset import check
from adjoint.ir.hints import Chosen, Probe
from adjoint.ir.schedules import parse_budget, parse_schedule
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
    """Refuse a schedule or a budget that is none: an option is never ignored."""
    schedule = specification.schedule
    if not isinstance(schedule, (Probe, Chosen)):
        parse_schedule(schedule)
    if specification.memory_budget is not None:
        parse_budget(specification.memory_budget)
        if schedule != "auto":
            raise ValueError("memory_budget chooses the schedule: leave out schedule=")


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
