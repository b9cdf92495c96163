"""`explain`: what a derivative keeps of the forward sweep, what it computes again, and what that costs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from adjoint import dispatch
from adjoint.calling import form_of, lower_call
from adjoint.codegen.bufferize import bufferize
from adjoint.codegen.generate import generate
from adjoint.errors import user_errors
from adjoint.frontend.abstract import Static
from adjoint.frontend.lower import function_name
from adjoint.ir.bounds import for_given_arguments
from adjoint.ir.core import Function
from adjoint.measuring import Watch
from adjoint.nesting import Argnums, lower_grad
from adjoint.plots import draw
from adjoint.schedule import schedule as scheduled
from adjoint.schedule.course import Moment, Stroke, course, extra_steps, plan_of, strokes
from adjoint.schedule.meters import size_of
from adjoint.schedule.residuals import Loop, Observed, Residual, count_steps, observe
from adjoint.specification import Specification, check_callable, check_schedule
from adjoint.transform.finish import erase_markers
from adjoint.transform.optimise import simplify_all


@dataclass(frozen=True, slots=True)
class Explanation:
    """What `explain` found; prints as a table.

    `residuals` have `name`, `span`, `type`, `shape`, `decision`, `why`, `readers`, `largest` and `total` (bytes);
    `loops` have `span`, `hint` and `trips`. `predicted_peak` are the bytes that residuals and snapshots hold at most,
    `course` is what they hold over time, one step a unit. What is measured is None unless asked for: `measured_peak`
    in bytes, `measured_course` over seconds, `measured_extra_steps`.
    """

    function: str
    schedule: Any
    residuals: tuple[Residual, ...]
    loops: tuple[Loop, ...]
    course: tuple[Moment, ...]
    measured_course: tuple[Moment, ...] | None = None
    measured_extra_steps: int | None = None

    @property
    def predicted_peak(self) -> int:
        return max(moment.held for moment in self.course)

    @property
    def extra_steps(self) -> int:
        """How many steps of outer loops run besides the first run of each."""
        return sum(extra_steps(plan_of(loop, loop.trips)) for loop in self.loops if loop.parent is None)

    @property
    def measured_peak(self) -> int | None:
        return None if self.measured_course is None else max(moment.held for moment in self.measured_course)

    def diagram(self, loop: int = 0) -> tuple[Stroke, ...]:
        """Which steps of a loop run when: forward, recorded, and reversed."""
        return strokes(plan_of(self.loops[loop], self.loops[loop].trips))

    def plot(self, path: str | Path, *others: Explanation) -> None:
        """Draw memory over the course of both sweeps, and which steps run when, into a .svg or .png file.

        `others` are explanations of the same function under other schedules, drawn beside this one. Memory is what was
        measured, where that was asked for, else what is predicted. Needs matplotlib: `pip install adjoint[plot]`.
        """
        draw(Path(path), (self, *others))

    def __str__(self) -> str:
        lines = [f"{self.function}: {len(self.residuals)} residuals, {len(self.loops)} loops"]
        for loop in self.loops:
            plan = "no step runs again" if loop.hint is None else str(loop.hint)
            lines.append(f"  loop at {_place(loop.span)}: {loop.trips} trips, {plan}")
        rows = [("name", "line", "type", "shape", "bytes", "in all", "what", "why", "read at")]
        for r in self.residuals:
            read = ", ".join(dict.fromkeys(map(_place, r.readers))) or "-"
            shape = "-" if r.shape is None else str(r.shape)
            what = (r.name, _place(r.span), r.type.partition("[")[0], shape, str(r.largest), str(r.total))
            rows.append((*what, r.decision, r.why, read))
        widths = [max(len(row[k]) for row in rows) for k in range(len(rows[0]))]
        for row in rows:
            cells = (item.ljust(width) for item, width in zip(row, widths, strict=True))
            lines.append("  ".join(cells).rstrip())
        lines.append(f"predicted peak of residuals and snapshots: {self.predicted_peak} bytes")
        lines.append(f"predicted extra forward steps: {self.extra_steps}")
        if self.measured_course is not None:
            lines.append(f"measured peak of the call: {self.measured_peak} bytes")
            lines.append(f"measured extra forward steps: {self.measured_extra_steps}")
        return "\n".join(lines)


def _place(span: Any) -> str:
    return span.place if span is not None else "-"


@user_errors
def explain(
    fun: Callable[..., Any], *args: Any, argnums: Argnums = 0, schedule: Any = "auto", measure: bool = False
) -> Explanation:
    """What the gradient of a function keeps, computes again or restores, for these arguments.

    The gradient is run once to see sizes and trip counts, and once more with `measure`, for its peak memory and
    its extra steps.

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
    form = form_of(fun, args, {})
    objects = form.objects(args, {})
    bound = tuple((name, kind, obj) for (name, kind), obj in zip(form.params, objects, strict=True))
    name = f"{function_name(fun)}_grad"
    with for_given_arguments():
        lowered, params = lower_call(
            fun, bound, lambda low, given, named: lower_grad(low, Static(fun, ()), specification, given, named, None)
        )
        program = simplify_all(erase_markers(lowered.function))
        observed = _observed(program)
        entry = dispatch.make_entry(replace(lowered, function=observed.function), params, name)
        watch = Watch()
        counted = None
        if measure:
            steps = bufferize(count_steps(scheduled(program), watch.step))
            made = generate(steps, dispatch.interface(lowered, params, name))
            counted = dispatch.bound_entry(made, lowered, params)

    def run(entry: dispatch.Entry) -> None:
        entry.bind(fun, dispatch.missed)(*objects)

    run(entry)
    found = Explanation(
        f"the gradient of {function_name(fun)}", schedule, tuple(observed.residuals), tuple(observed.loops),
        course(observed.loops, observed.residuals),
    )  # fmt: skip
    if counted is None:
        return found
    watched = watch.course(lambda: run(counted))
    return replace(found, measured_course=watched, measured_extra_steps=watch.steps)


def _observed(program: Function) -> Observed:
    """A program that fills in the sizes and the trip counts of what is known of it when it runs."""

    def size(number: int, value: Any) -> None:
        residual = observed.residuals[number]
        bytes_ = size_of(value)
        if bytes_ >= residual.largest:
            residual.largest, residual.shape = bytes_, np.shape(value)
        residual.total += bytes_

    def trip(number: int) -> None:
        observed.loops[number].trips += 1

    observed = observe(program, size, trip)
    return observed
