"""Pictures of what `explain` found: memory over the course of both sweeps, and which steps run when.

The second is the diagram of the literature on checkpointing (Griewank and Walther 2000): steps downward, time across.
matplotlib is imported when something is drawn; everything drawn is there as values, in `schedule.course`.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

SUFFIXES = (".svg", ".png")
COLOURS = {"advance": "tab:gray", "record": "tab:blue", "reverse": "tab:red"}
LABELS = {"advance": "runs", "record": "runs and is recorded", "reverse": "is reversed"}
MEGABYTE = 1e6


def draw(path: Path, explanations: Sequence[Any]) -> None:
    """Write a picture with memory on top and a diagram for each explanation below."""
    if path.suffix not in SUFFIXES:
        raise ValueError(f"a plot is written to a file that ends in {' or '.join(SUFFIXES)}, not to {str(path)!r}")
    figure_class, rc_context = _matplotlib()
    shown = [found for found in explanations if any(loop.parent is None for loop in found.loops)]
    height = 3.2 + 2.4 * len(shown)
    figure = figure_class(figsize=(8.0, height), layout="constrained")
    rows = figure.subplots(1 + len(shown), 1, height_ratios=[1.2, *(1.0 for _ in shown)], squeeze=False)
    draw_memory(rows[0, 0], explanations)
    for axes, found in zip(rows[1:, 0], shown, strict=True):
        draw_steps(axes, found)
    with rc_context({"svg.hashsalt": "adjoint"}):  # the same text on every run
        figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None)


def _matplotlib() -> tuple[Any, Any]:
    try:
        return import_module("matplotlib.figure").Figure, import_module("matplotlib").rc_context
    except ImportError as error:
        raise ImportError("a plot needs matplotlib: pip install 'adjoint[plot]'") from error


def draw_memory(axes: Any, explanations: Sequence[Any]) -> None:
    """Bytes over the share of the run, so that schedules that take different time can be compared."""
    for found in explanations:
        moments = found.measured_course or found.course
        whole = moments[-1].time or 1.0
        axes.step(
            [moment.time / whole for moment in moments], [moment.held / MEGABYTE for moment in moments],
            where="post" if moments is found.course else "pre", label=str(found.schedule), linewidth=1.0,
        )  # fmt: skip
    measured = all(found.measured_course for found in explanations)
    axes.set_title(f"{explanations[0].function}, {'measured' if measured else 'residuals and snapshots'}")
    axes.set_xlabel("course of both sweeps")
    axes.set_ylabel("MB held")
    axes.set_ylim(bottom=0.0)
    axes.legend()


def draw_steps(axes: Any, found: Any) -> None:
    """Steps downward, time across; a thin line is a state that is kept."""
    number = next(k for k, loop in enumerate(found.loops) if loop.parent is None)
    loop = found.loops[number]
    strokes = found.diagram(number)
    for kind, colour in COLOURS.items():
        mine = [stroke for stroke in strokes if stroke.kind == kind]
        across = [x for stroke in mine for x in (stroke.begin, stroke.end, None)]
        down = [y for stroke in mine for y in (stroke.start, stroke.stop, None)]
        axes.plot(across, down, color=colour, linewidth=1.0, label=LABELS[kind])
    for step, begin, end in kept_states(strokes):
        axes.plot([begin, end], [step, step], color="black", linewidth=0.3)
    axes.set_ylim(max(loop.trips, 1), 0)
    axes.set_title(f"{found.schedule}: loop at {loop.span.place if loop.span else '-'}", fontsize="medium")
    axes.set_xlabel("time, in steps")
    axes.set_ylabel("step")
    axes.legend(fontsize="small")


def kept_states(strokes: Sequence[Any]) -> list[tuple[int, int, int]]:
    """(step, begin, end): from when to when the state before a step is kept."""
    begun: dict[int, int] = {}
    found: list[tuple[int, int, int]] = []
    for stroke in strokes:
        gone = begun.keys() - set(stroke.snapshots)
        found += [(step, begun.pop(step), stroke.begin) for step in gone]
        for step in stroke.snapshots:
            begun.setdefault(step, stroke.begin)
    end = strokes[-1].end if strokes else 0
    return sorted([*found, *((step, begin, end) for step, begin in begun.items())])
