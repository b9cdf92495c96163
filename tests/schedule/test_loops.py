"""The loops that generated code runs, written out by hand around the functions of `runtime`.

They are the form that the code generator aims at. Each gives the bits of store-all, runs the steps of its plan, and
holds the snapshots of its plan.
"""

import math

import numpy as np
import pytest

from adjoint.runtime.snapshots import bisection, revolve, thin
from adjoint.schedule.online import online_plan
from adjoint.schedule.replay import replay
from adjoint.schedule.revolve import revolve_plan
from adjoint.schedule.segments import recursive_plan, segments_plan
from tests.oracles import differences

LENGTHS = (0, 1, 2, 3, 4, 5, 8, 9, 17, 50, 101)
SLOTS = (1, 2, 3, 4, 7, 20, 200)


class Counter:
    """A step u -> u + sin(u) / (t + 2) that counts, and the most snapshots seen at a step."""

    def __init__(self):
        self.forward = self.held = 0

    def step(self, u, t, snapshots=()):
        self.forward += 1
        self.held = max(self.held, len(snapshots))
        return u + np.sin(u) / (t + 2)


def step_bar(u, u_bar, t):
    return u_bar + np.cos(u) * (u_bar / (t + 2))


def primal(u, n):
    for t in range(n):
        u = Counter().step(u, t)
    return np.sum(u * u)


def store(u, n):
    stack = []
    for t in range(n):
        stack.append(u)
        u = Counter().step(u, t)
    u_bar = 2.0 * u
    for t in range(n - 1, -1, -1):
        u = stack.pop()
        u_bar = step_bar(u, u_bar, t)
    return u_bar


def revolved(u, n, slots, counter):
    snapshots = []
    steps = revolve(0, n, slots)
    for t in range(n):
        if t in steps:
            snapshots.append((t, u))
        u_1 = u
        u = counter.step(u_1, t, snapshots)
    u_bar = 2.0 * u
    for t in range(n - 1, -1, -1):
        if t < n - 1:  # the state before the last step is still at hand
            start, u_1 = snapshots.pop()
            steps = revolve(start, t + 1, slots - len(snapshots))
            for s in range(start, t):
                if s in steps:
                    snapshots.append((s, u_1))
                u_1 = counter.step(u_1, s, snapshots)
            counter.step(u_1, t, snapshots)  # recorded
        u_bar = step_bar(u_1, u_bar, t)
    return u_bar


def recursive(u, n, counter):
    snapshots = []
    steps = bisection(0, n)
    for t in range(n):
        if t in steps:
            snapshots.append((t, u))
        u_1 = u
        u = counter.step(u_1, t, snapshots)
    u_bar = 2.0 * u
    for t in range(n - 1, -1, -1):
        if t < n - 1:
            start, u_1 = snapshots.pop()
            steps = bisection(start, t + 1)
            for s in range(start, t):
                if s in steps:
                    snapshots.append((s, u_1))
                u_1 = counter.step(u_1, s, snapshots)
            counter.step(u_1, t, snapshots)
        u_bar = step_bar(u_1, u_bar, t)
    return u_bar


def segments(u, n, length, counter):
    snapshots = []
    for start in range(0, n, length):
        snapshots.append(u)
        for t in range(start, min(start + length, n)):
            u = counter.step(u, t, snapshots)
    u_bar = 2.0 * u
    for start in reversed(range(0, n, length)):
        u = snapshots.pop()
        stack = []
        for t in range(start, min(start + length, n)):
            stack.append(u)
            u = counter.step(u, t, snapshots)
        for t in range(min(start + length, n) - 1, start - 1, -1):
            u = stack.pop()
            u_bar = step_bar(u, u_bar, t)
    return u_bar


def blocks(u, n, length, slots, counter):
    """Revolve over blocks: `segments` with fewer snapshots than blocks."""
    snapshots, stack = [], []
    count = -(-n // length)
    steps = revolve(0, count, slots)
    for b in range(count):
        if b in steps:
            snapshots.append((b, u))
        stack = []
        for t in range(b * length, min(b * length + length, n)):
            stack.append(u)
            u = counter.step(u, t, snapshots)
    u_bar = 2.0 * u
    for b in range(count - 1, -1, -1):
        if b < count - 1:
            start, u = snapshots.pop()
            steps = revolve(start, b + 1, slots - len(snapshots))
            for s in range(start, b + 1):
                if s in steps:
                    snapshots.append((s, u))
                stack = []
                for t in range(s * length, s * length + length):
                    stack.append(u)
                    u = counter.step(u, t, snapshots)
        for t in range(min(b * length + length, n) - 1, b * length - 1, -1):
            u = stack.pop()
            u_bar = step_bar(u, u_bar, t)
    return u_bar


def while_loop(u, n, slots, counter):
    snapshots = []
    trips = due = 0
    while n > 0:
        if trips == due:
            snapshots.append((trips, u, n))
            counter.held = max(counter.held, len(snapshots))
            due = thin(snapshots, slots)
        u_1 = u
        u = counter.step(u_1, trips, snapshots)
        n = n - 1
        trips += 1
    if snapshots and snapshots[-1][0] == trips - 1:
        snapshots.pop()  # the state before the last step is still at hand
    u_bar = 2.0 * u
    for t in range(trips - 1, -1, -1):
        if t < trips - 1:
            start, u_1, n_1 = snapshots.pop()
            steps = revolve(start, t + 1, slots - len(snapshots))
            for s in range(start, t):
                if s in steps:
                    snapshots.append((s, u_1, n_1))
                u_1 = counter.step(u_1, s, snapshots)
                n_1 = n_1 - 1
            counter.step(u_1, t, snapshots)
        u_bar = step_bar(u_1, u_bar, t)
    return u_bar


U = np.random.default_rng(0).normal(size=5)

LOOPS = {
    "revolve": (revolved, revolve_plan, SLOTS),
    "recursive": (lambda u, n, _, counter: recursive(u, n, counter), lambda n, _: recursive_plan(n), (0,)),
    "segments": (segments, segments_plan, SLOTS),
    "blocks of 4": (
        lambda u, n, slots, counter: blocks(u, n, 4, slots, counter),
        lambda n, slots: revolve_plan(n, slots, 4),
        SLOTS,
    ),
    "while": (while_loop, online_plan, SLOTS),
}


def test_store_all_is_the_gradient():
    for n in (0, 1, 7):
        slope, _ = differences(lambda u, n=n: primal(u, n), (U,), (np.arange(5.0),))
        np.testing.assert_allclose(store(U, n) @ np.arange(5.0), slope[0], rtol=1e-9)


@pytest.mark.parametrize("name", LOOPS)
def test_loops_give_the_same_bits_and_follow_their_plan(name):
    loop, plan, parameters = LOOPS[name]
    for n in LENGTHS:
        expected = store(U, n).tobytes()
        for parameter in parameters:
            counter = Counter()
            assert loop(U, n, parameter, counter).tobytes() == expected
            cost = replay(plan(n, parameter))
            assert (counter.forward, counter.held) == (cost.forward, cost.snapshots), f"{n} steps, {parameter}"


def test_revolve_of_a_loop_that_writes_in_place():
    def stored(u, n):
        u, stack = u.copy(), []
        for _ in range(n):
            right, left = u[2:].copy(), u[:-2].copy()
            factor, difference = 0.05 * u[1:-1], np.sin(right) - np.sin(left)
            u[1:-1] += factor * difference
            stack.append((right, left, factor, difference))
        u_bar = 2.0 * u
        for _ in range(n - 1, -1, -1):
            reverse(u_bar, *stack.pop())
        return u_bar

    def reverse(u_bar, right, left, factor, difference):
        inner = u_bar[1:-1].copy()
        u_bar[1:-1] = 0.05 * (difference * inner) + inner
        u_bar[:-2] -= np.cos(left) * (factor * inner)
        u_bar[2:] += np.cos(right) * (factor * inner)

    def scheduled(u, n, slots):
        u, snapshots = u.copy(), []
        steps = revolve(0, n, slots)
        for t in range(n):
            if t in steps:
                snapshots.append((t, u.copy()))
            right, left = u[2:].copy(), u[:-2].copy()
            factor, difference = 0.05 * u[1:-1], np.sin(right) - np.sin(left)
            u[1:-1] += factor * difference
        u_bar = 2.0 * u
        for t in range(n - 1, -1, -1):
            if t < n - 1:
                start, u = snapshots.pop()
                steps = revolve(start, t + 1, slots - len(snapshots))
                for s in range(start, t):
                    if s in steps:
                        snapshots.append((s, u.copy()))
                    u[1:-1] += 0.05 * u[1:-1] * (np.sin(u[2:]) - np.sin(u[:-2]))
                right, left = u[2:], u[:-2]
                factor, difference = 0.05 * u[1:-1], np.sin(right) - np.sin(left)
            reverse(u_bar, right, left, factor, difference)
        return u_bar

    for n in LENGTHS:
        for slots in SLOTS:
            assert scheduled(U, n, slots).tobytes() == stored(U, n).tobytes()


def test_steps_of_short_loops():
    assert revolve(0, 0, 3) == revolve(0, 1, 3) == bisection(4, 5) == set()
    assert revolve(7, 9, 1) == revolve(7, 9, 5) == bisection(7, 9) == {7}


def test_thinning():
    snapshots, due = [], 0
    seen = []
    for t in range(40):
        if t == due:
            snapshots.append((t, "state"))
            due = thin(snapshots, 8)
            seen.append((t, [step for step, _ in snapshots], due))
    assert seen[3:6] == [(3, [0, 1, 2, 3], 4), (4, [0, 2, 4], 6), (6, [0, 2, 4, 6], 8)]
    assert [step for step, _ in snapshots] == [0, 16, 32]
    assert math.log2(due - 32) == 4
