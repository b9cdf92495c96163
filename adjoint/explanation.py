"""`explain`: what a derivative keeps of the forward sweep, what it computes again, and what that costs."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from adjoint import dispatch
from adjoint.calling import form_of, lower_call
from adjoint.derivative import Derivative
from adjoint.errors import user_errors
from adjoint.frontend.abstract import Static
from adjoint.frontend.lower import function_name
from adjoint.ir.bounds import for_given_arguments
from adjoint.ir.schedules import Recursive, Revolve
from adjoint.nesting import Argnums, lower_grad
from adjoint.schedule.meters import Meter, size_of
from adjoint.schedule.residuals import Loop, Residual, observe
from adjoint.schedule.revolve import extra_steps
from adjoint.specification import Specification, check_callable, check_schedule
from adjoint.transform.finish import erase_markers
from adjoint.transform.optimise import simplify_all


@dataclass(frozen=True, slots=True)
class Explanation:
    """What `explain` found; prints as a table.

    `residuals` have `name`, `span`, `type`, `decision`, `why`, `readers`, `largest` and `total` (bytes);
    `loops` have `span`, `hint` and `trips`. `predicted_peak` are the bytes that residuals and snapshots hold
    at most; `measured_peak` is None unless measured.
    """

    function: str
    residuals: tuple[Residual, ...]
    loops: tuple[Loop, ...]
    predicted_peak: int
    extra_steps: int
    measured_peak: int | None = None

    def __str__(self) -> str:
        lines = [f"{self.function}: {len(self.residuals)} residuals, {len(self.loops)} loops"]
        for loop in self.loops:
            schedule = "all residuals kept" if loop.hint is None else str(loop.hint)
            lines.append(f"  loop at {_place(loop.span)}: {loop.trips} trips, {schedule}")
        rows = [("name", "line", "type", "bytes", "in all", "what", "why", "read at")]
        for r in self.residuals:
            read = ", ".join(dict.fromkeys(map(_place, r.readers))) or "-"
            rows.append((r.name, _place(r.span), r.type, str(r.largest), str(r.total), r.decision, r.why, read))
        widths = [max(len(row[k]) for row in rows) for k in range(len(rows[0]))]
        for row in rows:
            cells = (item.ljust(width) for item, width in zip(row, widths, strict=True))
            lines.append("  ".join(cells).rstrip())
        lines.append(f"predicted peak of residuals and snapshots: {self.predicted_peak} bytes")
        lines.append(f"predicted extra forward steps: {self.extra_steps}")
        if self.measured_peak is not None:
            lines.append(f"measured peak of the call: {self.measured_peak} bytes")
        return "\n".join(lines)


def _place(span: Any) -> str:
    return span.place if span is not None else "-"


@user_errors
def explain(
    fun: Callable[..., Any], *args: Any, argnums: Argnums = 0, schedule: Any = "auto", measure: bool = False
) -> Explanation:
    """What the gradient of a function keeps, computes again or restores, for these arguments.

    The gradient is run once to see sizes and trip counts, and once more with `measure`, for its peak memory.

    >>> from adjoint import explain
    >>> def power(x, n):
    ...     y = 1.0
    ...     for _ in range(n):
    ...         y = y * x
    ...     return y
    >>> found = explain(power, 2.0, 4)
    >>> found.loops[0].trips, [(r.name, r.decision) for r in found.residuals]
    (4, [('y', 'kept')])
    """
    check_callable(fun)
    specification = Specification(argnums, schedule=schedule)
    check_schedule(specification)
    found: list[list[Any]] = []

    def size(number: int, value: Any) -> None:
        residual = found[0][number]
        bytes_ = size_of(value)
        residual.largest = max(residual.largest, bytes_)
        residual.total += bytes_

    def trip(number: int) -> None:
        found[1][number].trips += 1

    form = form_of(fun, args, {})
    objects = form.objects(args, {})
    bound = tuple((name, kind, obj) for (name, kind), obj in zip(form.params, objects, strict=True))
    with for_given_arguments():
        lowered, params = lower_call(
            fun, bound, lambda low, given, named: lower_grad(low, Static(fun, ()), specification, given, named, None)
        )
        observed, residuals, loops = observe(simplify_all(erase_markers(lowered.function)), size, trip)
        found += [residuals, loops]
        entry = dispatch.make_entry(replace(lowered, function=observed), params, f"{function_name(fun)}_grad")
    entry.bind(fun, dispatch.missed)(*objects)
    peak = None
    if measure:
        gradient = Derivative(fun, specification)
        gradient(*args)
        _, peak = Meter(0).measure(lambda: gradient(*args))
    name = f"the gradient of {function_name(fun)}"
    return Explanation(name, tuple(residuals), tuple(loops), *_costs(residuals, loops), peak)


def _costs(residuals: list[Residual], loops: list[Loop]) -> tuple[int, int]:
    """Bytes that residuals and snapshots hold at most, and the steps that run besides the first run of each."""
    peak = sum(r.total for r in residuals if r.decision == "kept")
    steps = 0
    for number, loop in enumerate(loops):
        mine = [r for r in residuals if r.loop == number]
        state = sum(r.largest for r in mine if r.decision == "checkpointed")
        step = sum(r.largest for r in mine if r.decision == "recomputed" and loop.hint is not None)
        n = loop.trips
        if loop.hint == "sqrt":
            root = math.isqrt(n) + 1
            peak, steps = peak + root * (2 * state + step), steps + n
        elif isinstance(loop.hint, Recursive):
            peak, steps = peak + n.bit_length() * state + state + step, steps + extra_steps(n, max(n.bit_length(), 1))
        elif loop.hint is not None:
            slots = loop.hint.snapshots if isinstance(loop.hint, Revolve) else 1
            peak, steps = peak + (min(slots, n) + 1) * state + step, steps + extra_steps(n, slots)
    return peak, steps
