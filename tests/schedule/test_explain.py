"""`explain`: every residual with its size, what becomes of it, and what the schedule costs."""

import copy
import itertools
import sys
import tracemalloc

import numpy as np
import pytest

from adjoint import Recursive, Revolve, explain, grad
from adjoint.cli import main
from adjoint.plots import draw_memory, draw_steps, kept_states
from adjoint.schedule.revolve import extra_steps
from tests.benchmarks.timing import peak_memory

U = np.ones(100)


def simulate(u, n):
    v = np.exp(u) * u
    for _ in range(n):
        v = v + 0.1 * np.sin(v) * u
    return np.sum(v * v)


def nested(u, n):
    for _ in range(n):
        for _ in range(3):
            u = np.tanh(u) * 1.1
    return np.sum(u)


def decisions(found):
    return {(r.name, r.decision) for r in found.residuals}


def test_what_is_kept():
    found = explain(simulate, U, 12)
    assert [loop.trips for loop in found.loops] == [12]
    sizes = {(r.name, r.largest, r.total) for r in found.residuals}
    assert {("v", 800, 9600), ("v", 800, 800)} <= sizes
    assert {decision for _, decision in decisions(found)} == {"kept"}
    assert found.predicted_peak == sum(r.total for r in found.residuals)
    assert (found.extra_steps, found.measured_peak) == (0, None)
    assert all(r.span.line and r.readers for r in found.residuals)


@pytest.mark.parametrize(
    ("schedule", "extra"), [("sqrt", 12), (Revolve(3), extra_steps(12, 3)), ("recompute", 66), (Recursive(), None)]
)
def test_what_a_schedule_makes_of_it(schedule, extra):
    found = explain(simulate, U, 12, schedule=schedule)
    assert ("v", "checkpointed") in decisions(found)
    assert "recomputed" in {decision for _, decision in decisions(found)}
    assert found.predicted_peak < explain(simulate, U, 12).predicted_peak
    assert extra is None or found.extra_steps == extra
    assert found.loops[0].trips == 12
    assert found.loops[0].hint == schedule


def test_loops_in_loops():
    found = explain(nested, U, 4)
    assert sorted(loop.trips for loop in found.loops) == [4, 12]
    assert [(r.total, r.decision) for r in found.residuals] == [(9600, "kept")]


def stencil(u, n):
    for _ in range(n):
        u[1:-1] = u[1:-1] - 0.1 * u[1:-1] * (u[2:] - u[:-2])
    return np.sum(u * u)


def scaled(u, n):
    for k in range(n):
        u[k] = 2.0 * u[k]
    for k in range(n):
        u[k + 1] = u[k + 1] + u[k] * u[k]
    return np.sum(u)


def until(u, n):
    while n > 0:
        u = u + 0.1 * np.sin(u) * u
        n = n - 1
    return np.sum(u * u)


def deep(u, n):
    a = np.sin(u)
    b = np.exp(a) * u
    c = np.tanh(b * a)
    d = np.sqrt(1.0 + c * c) * b
    return np.sum(np.cos(d * c) * a)


def in_turn(u, n):
    for _ in range(n):
        u = np.tanh(u) * 1.1
    for k in range(n // 2):
        u = np.sin(u) * u + k
    return np.sum(u)


def broken_off(u, n):
    for _ in range(n):
        u = u + 0.1 * np.sin(u) * u
        if np.sum(u) > 1e9:
            break
    return np.sum(u)


def windows(u, n):
    s = 0.0
    for k in range(n):
        s += np.sum(np.sin(u[k : k + 9])) ** 2
    return s


PROGRAMS = (windows, simulate, nested, stencil, scaled, until, deep, in_turn, broken_off)
SCHEDULES = ("auto", "store", "sqrt", "recompute", Revolve(1), Revolve(4), Revolve(12), Recursive())


@pytest.mark.parametrize("schedule", SCHEDULES, ids=str)
@pytest.mark.parametrize("fun", PROGRAMS, ids=lambda fun: fun.__name__)
def test_predictions_against_measurements(fun, schedule):
    u, n = np.linspace(0.1, 0.9, 20_000), 30
    found = explain(fun, u.copy(), n, schedule=schedule, measure=True)
    gradient = grad(fun, schedule=schedule)
    gradient(u.copy(), n)
    peak = peak_memory(lambda: gradient(u, n))
    assert found.measured_peak == pytest.approx(peak, rel=0.02, abs=20_000)
    if fun is not nested:  # what is predicted of an inner loop is that a step keeps all of it
        assert found.measured_extra_steps == found.extra_steps
        assert found.predicted_peak <= peak + u.nbytes
    assert peak <= found.predicted_peak + 9 * u.nbytes  # the temporaries of the step at work


def test_what_is_restored():
    found = explain(stencil, np.ones(50), 10)
    rows = {(r.name, r.decision): r for r in found.residuals}
    assert rows["u", "restored"].why == "rolled back from what is overwritten, which is kept"
    assert rows["u", "restored"].shape == (50,)
    (kept,) = (r for r in found.residuals if "overwritten;" in r.why)
    assert (kept.decision, kept.shape, kept.total) == ("kept", (48,), 10 * 48 * 8)
    assert kept.name == "u[1:-1]"
    assert any(r.why == "read from `u` rolled back" for r in found.residuals)
    assert found.predicted_peak < 10 * 48 * 8 + 1000


def test_what_is_restored_with_nothing_kept():
    found = explain(scaled, np.full(50, 0.1), 10)
    assert {r.why for r in found.residuals if r.decision == "restored"} == {"read from `u` later, where it still is"}
    assert not [r for r in found.residuals if r.decision == "kept" and r.total > 8]


def network(w, x):
    h = np.tanh(w @ x)
    h = np.tanh(w @ h)
    h = np.tanh(w @ h)
    h = np.tanh(w @ h)
    h = np.tanh(w @ h)
    h = np.tanh(w @ h)
    h = np.tanh(w @ h)
    h = np.tanh(w @ h)
    return np.sum(h * h)


def test_what_is_recomputed_of_straight_line_code():
    args = np.eye(20), np.ones((20, 500))
    store, sqrt = (explain(network, *args, schedule=schedule, measure=True) for schedule in ("store", "sqrt"))
    assert {r.decision for r in store.residuals} == {"kept"}
    assert {(r.decision, r.why) for r in sqrt.residuals} == {
        ("kept", "the reverse sweep reads it"), ("recomputed", "its line runs again"),
    }  # fmt: skip
    assert sqrt.predicted_peak < store.predicted_peak
    assert sqrt.measured_peak < store.measured_peak


@pytest.mark.parametrize("schedule", SCHEDULES, ids=str)
def test_the_course(schedule):
    found = explain(simulate, U, 12, schedule=schedule)
    times = [moment.time for moment in found.course]
    assert times == sorted(times)
    assert times[-1] == 12 + found.extra_steps + 12  # forward, and reversed
    assert found.course[-1].held == found.course[0].held == 1600  # v after the loop, and np.exp(u)
    assert max(moment.held for moment in found.course) == found.predicted_peak
    assert all(moment.held >= 1600 for moment in found.course)


@pytest.mark.parametrize("schedule", SCHEDULES, ids=str)
@pytest.mark.parametrize("fun", [simulate, until])
def test_the_diagram(fun, schedule):
    strokes = explain(fun, U, 12, schedule=schedule).diagram()
    assert all(a.end == b.begin for a, b in itertools.pairwise(strokes))
    reversed_ = [step for s in strokes if s.kind == "reverse" for step in range(s.start - 1, s.stop - 1, -1)]
    assert reversed_ == list(range(11, -1, -1))
    recorded = [step for s in strokes if s.kind == "record" for step in range(s.start, s.stop)]
    assert sorted(recorded) == list(range(12))
    for a, b in itertools.pairwise(s for s in strokes if s.kind != "reverse"):
        assert b.start == a.stop or b.start in b.snapshots or b.start in a.snapshots


def test_what_is_kept_of_states():
    strokes = explain(simulate, U, 4, schedule=Revolve(2)).diagram()
    assert [(step, end > begin) for step, begin, end in kept_states(strokes)][:1] == [(0, True)]
    assert kept_states(()) == []


class Axes:
    """What is drawn, as values: stands for those of matplotlib."""

    def __init__(self):
        self.lines, self.texts = [], []

    def step(self, x, y, **how):
        self.lines.append((x, y, how.get("label")))

    def plot(self, x, y, **how):
        self.lines.append((x, y, how.get("label")))

    def __getattr__(self, name):
        return lambda *args, **how: self.texts.extend(args)


def test_what_is_drawn():
    found = [explain(simulate, U, 12, schedule=schedule) for schedule in ("store", Revolve(3))]
    memory = Axes()
    draw_memory(memory, found)
    assert [label for *_, label in memory.lines] == ["store", "Revolve(snapshots=3)"]
    for (x, y, _), one in zip(memory.lines, found, strict=True):
        assert (x[0], x[-1], max(y)) == (0.0, 1.0, one.predicted_peak / 1e6)
    steps = Axes()
    draw_steps(steps, found[1])
    assert [label for *_, label in steps.lines[:3]] == ["runs", "runs and is recorded", "is reversed"]
    assert steps.lines[2][1][:2] == [12, 11]
    assert "Revolve(snapshots=3): loop at test_explain.py" in steps.texts[2]


def test_plots(tmp_path):
    pytest.importorskip("matplotlib")
    found = explain(simulate, U, 12, measure=True)
    other = explain(simulate, U, 12, schedule=Revolve(3), measure=True)
    found.plot(tmp_path / "memory.svg", other)
    assert "</svg>" in (tmp_path / "memory.svg").read_text()
    found.plot(str(tmp_path / "memory.png"))
    assert (tmp_path / "memory.png").read_bytes().startswith(b"\x89PNG")


def test_a_plot_without_matplotlib_tells_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(ImportError, match=r"pip install 'adjoint\[plot\]'"):
        explain(simulate, U, 12).plot(tmp_path / "memory.svg")


def test_a_plot_of_another_kind_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"\.svg or \.png"):
        explain(simulate, U, 12).plot(tmp_path / "memory.txt")


def test_measured():
    small = explain(simulate, U, 50, schedule=Revolve(3), measure=True)
    large = explain(simulate, U, 50, measure=True)
    assert small.predicted_peak < small.measured_peak < large.measured_peak
    assert large.predicted_peak < large.measured_peak
    times = [moment.time for moment in large.measured_course]
    assert times == sorted(times)
    assert not tracemalloc.is_tracing()


def test_watching_a_long_run_keeps_the_peak():
    found = explain(simulate, np.ones(2), 3000, measure=True)
    assert 1000 < len(found.measured_course) <= 5000
    assert found.measured_peak > found.predicted_peak


def test_arguments_are_left_alone():
    u = np.ones(30)
    before = copy.deepcopy(u)
    explain(stencil, u, 5, schedule="sqrt", measure=True)
    assert np.array_equal(u, before)


def test_the_table():
    text = str(explain(simulate, U, 12, schedule="sqrt", measure=True))
    for part in ("12 trips, sqrt", "checkpointed", "its step runs again", "predicted peak", "extra forward steps: 12",
                 "measured peak", "measured extra forward steps: 12", "test_explain.py:24", "(100,)"):  # fmt: skip
        assert part in text


def test_a_module_of_its_own_carries_what_it_needs(tmp_path):
    path, target = tmp_path / "model.py", tmp_path / "model_grad.py"
    path.write_text("def power(x, n):\n    y = 1.0\n    for _ in range(n):\n        y = y * x\n    return y\n")
    for schedule in ("Revolve(2)", "Recursive()", "sqrt", "recompute"):
        command = ["dump", f"{path}:power", "--types", "f8, int", "--schedule", schedule, "-o", str(target)]
        assert main(command) == 0
        namespace = {}
        exec(target.read_text(), namespace)  # our own text
        assert namespace["power_grad"](2.0, 10) == 5120.0
        assert "import adjoint" not in target.read_text()


def test_the_command(tmp_path, capsys):
    path = tmp_path / "model.py"
    body = "s = 0.0\n    for k in range(4):\n        s = s * x + y * k\n    return s"
    path.write_text(f"def polynomial(x, y):\n    {body}\n")
    assert main(["explain", f"{path}:polynomial", "--args", "1.5, 2.0", "--schedule", "Revolve(2)"]) == 0
    text = capsys.readouterr().out
    assert "4 trips, Revolve(snapshots=2)" in text
    assert "predicted peak" in text
    schedules = ["--schedule", "store", "--schedule", "sqrt"]
    assert main(["explain", f"{path}:polynomial", "--args", "1.5, 2.0", *schedules, "--measure"]) == 0
    text = capsys.readouterr().out
    assert "4 trips, no step runs again" in text
    assert "4 trips, sqrt" in text
    assert "measured extra forward steps: 4" in text
    assert main(["explain", f"{path}:polynomial", "--args", "1.5, 2.0", "--plot", "memory.txt"]) == 2
    assert "cannot plot" in capsys.readouterr().err
    assert main(["explain", f"{path}:polynomial", "--args", "1.5, 2.0", "--schedule", "nonsense"]) == 2
    assert "cannot evaluate --schedule" in capsys.readouterr().err


def test_straight_line_code_under_a_schedule():
    def network(x, w):
        for _ in (1, 2, 3, 4, 5, 6, 7, 8):
            x = np.tanh(x @ w)
        return np.sum(x * x)

    x, w = np.ones((300, 4)), np.eye(4)
    kept = explain(network, x, w)
    again = explain(network, x, w, schedule="sqrt")
    assert {r.decision for r in kept.residuals} == {"kept"}
    assert {r.decision for r in again.residuals} == {"kept", "recomputed"}
    assert again.predicted_peak < 0.7 * kept.predicted_peak
