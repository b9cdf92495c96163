"""`explain`: every residual with its size, what becomes of it, and what the schedule costs."""

import numpy as np
import pytest

from adjoint import Recursive, Revolve, explain
from adjoint.cli import main
from adjoint.schedule.revolve import extra_steps

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


def test_measured():
    small = explain(simulate, U, 50, schedule=Revolve(3), measure=True)
    large = explain(simulate, U, 50, measure=True)
    assert small.predicted_peak < small.measured_peak < large.measured_peak
    assert large.predicted_peak < large.measured_peak


def test_the_table():
    text = str(explain(simulate, U, 12, schedule="sqrt", measure=True))
    for part in ("12 trips, sqrt", "checkpointed", "its step runs again", "predicted peak", "extra forward steps: 12",
                 "measured peak", "test_explain.py:17"):  # fmt: skip
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
    assert main(["explain", f"{path}:polynomial", "--args", "1.5, 2.0", "--schedule", "nonsense"]) == 2
    assert "cannot evaluate --schedule" in capsys.readouterr().err
