"""The benchmark of schedules compares like with like; "auto" holds no more than "store" on any benchmark program."""

from functools import partial

import numpy as np
import pytest

from adjoint import Recursive, Revolve, grad
from adjoint.schedule.revolve import extra_steps
from tests.benchmarks import burgers_schedules as by_hand
from tests.benchmarks.burgers_schedules import arguments, burgers
from tests.benchmarks.table import WORKLOADS
from tests.benchmarks.timing import peak_memory
from tests.oracles import differences

LENGTHS = (0, 1, 2, 3, 10, 41)


def test_gradients_by_hand_against_differences():
    u, steps, c, d = arguments(15, 12)
    for direction in np.random.default_rng(0).standard_normal((3, 12)):
        expected, _ = differences(lambda u: burgers(u, steps, c, d), (u,), (direction,))
        np.testing.assert_allclose([by_hand.store(u, steps, c, d) @ direction], expected, rtol=1e-9)


@pytest.mark.parametrize("steps", LENGTHS)
def test_all_gradients_agree(steps):
    args = arguments(steps, 12)
    expected = by_hand.store(*args)
    for gradient in (by_hand.sqrt, *(partial(by_hand.revolve, slots=slots) for slots in (1, 2, 3, 50))):
        assert np.array_equal(gradient(*args), expected)
    for schedule in ("store", "auto", "sqrt", "recompute", Recursive(), Revolve(1), Revolve(3)):
        np.testing.assert_allclose(grad(burgers, schedule=schedule)(*args), expected, rtol=1e-12)


@pytest.mark.parametrize("slots", [1, 2, 3, 7, 50])
@pytest.mark.parametrize("steps", LENGTHS[1:])
def test_revolve_by_hand_runs_the_fewest_steps(steps, slots, monkeypatch):
    ran = []
    forward = by_hand.forward
    monkeypatch.setattr(by_hand, "forward", lambda u, c, d: (ran.append(0), forward(u, c, d)))
    by_hand.revolve(*arguments(steps, 12), slots)
    assert len(ran) == steps + extra_steps(steps, slots) - (steps - 1)  # only the last step is recorded by running it


@pytest.mark.parametrize(
    ("schedule", "gradient"),
    [
        ("store", by_hand.store),
        ("auto", by_hand.store),
        ("sqrt", by_hand.sqrt),
        (Revolve(30), partial(by_hand.revolve, slots=30)),
        (Revolve(80), partial(by_hand.revolve, slots=80)),
    ],
)
def test_as_little_memory_as_by_hand(schedule, gradient):
    args = arguments(300, 2000)
    ours = grad(burgers, schedule=schedule)
    ours(*args)
    assert peak_memory(lambda: ours(*args)) <= 1.1 * peak_memory(lambda: gradient(*args))


@pytest.mark.parametrize("workload", WORKLOADS, ids=lambda workload: workload.name)
def test_auto_holds_no_more_than_store(workload):
    args = workload.arguments["small"]()
    gradients = {schedule: grad(workload.primal, workload.argnums, schedule=schedule) for schedule in ("auto", "store")}
    peaks = {}
    for schedule, gradient in gradients.items():
        gradient(*args)
        peaks[schedule] = peak_memory(lambda gradient=gradient: gradient(*args))
    assert peaks["auto"] <= 1.01 * peaks["store"] + 500
