"""Every planner, the same checks: each plan is replayed. A new planner is one line in PLANNERS."""

from functools import cache
from math import ceil, log2

import pytest

from adjoint.errors import VerifyError
from adjoint.runtime.snapshots import revolve
from adjoint.schedule.actions import Advance, Free, Plan, Record, Restore, Reverse, Store
from adjoint.schedule.online import generated_plan, online_plan
from adjoint.schedule.replay import replay
from adjoint.schedule.revolve import extra_steps, repetitions, revolve_plan
from adjoint.schedule.segments import recursive_plan, segment_length, segments_plan, store_plan

LENGTHS = (*range(34), 50, 64, 77, 100, 127, 150, 200)
SNAPSHOTS = (1, 2, 3, 4, 5, 7, 8, 12, 20)


def optimum(n, c):
    return n + extra_steps(n, c)


def blocks(n, length):
    return ceil(n / length)


# name: (plan of (n, c), most forward steps, most snapshots, most recorded steps)
PLANNERS = {
    "store": (lambda n, c: store_plan(n), lambda n, c: n, lambda n, c: 0, lambda n, c: n),
    "revolve": (revolve_plan, optimum, lambda n, c: c, lambda n, c: 1),
    "revolve over blocks of 3": (
        lambda n, c: revolve_plan(n, c, 3),
        lambda n, c: n + 3 * extra_steps(blocks(n, 3), c),
        lambda n, c: c,
        lambda n, c: 3,
    ),
    "segments of c": (segments_plan, lambda n, c: 2 * n, blocks, lambda n, c: c),
    "sqrt": (
        lambda n, c: segments_plan(n, segment_length(n)),
        lambda n, c: 2 * n,
        lambda n, c: ceil(n**0.5),
        lambda n, c: int(n**0.5) + 1,
    ),
    "recursive": (
        lambda n, c: recursive_plan(n),
        lambda n, c: n * (1 + log2(max(n, 1)) / 2),
        lambda n, c: ceil(log2(max(n, 1))),
        lambda n, c: 1,
    ),
    "generated": (
        lambda n, c: generated_plan(n, lambda trips: c),
        lambda n, c: 1.5 * optimum(n, c) + 1,
        lambda n, c: c,
        lambda n, c: 1,
    ),
    "online": (online_plan, lambda n, c: 1.37 * optimum(n, c), lambda n, c: c, lambda n, c: 1),
}


def check(name, n, c):
    planner, forward, snapshots, tape = PLANNERS[name]
    cost = replay(planner(n, c), state=10, tape=1)
    assert cost.forward <= forward(n, c), f"{n} steps, {c} snapshots"
    assert cost.snapshots <= snapshots(n, c), f"{n} steps, {c} snapshots"
    assert cost.tape <= tape(n, c), f"{n} steps, {c} snapshots"
    assert max(10 * cost.snapshots, cost.tape) <= cost.peak <= 10 * cost.snapshots + cost.tape


@pytest.mark.parametrize("c", SNAPSHOTS)
@pytest.mark.parametrize("name", PLANNERS)
def test_plans_are_legal_and_keep_their_promises(name, c):
    for n in LENGTHS:
        check(name, n, c)


@pytest.mark.slow
@pytest.mark.parametrize("c", range(1, 21))
@pytest.mark.parametrize("name", PLANNERS)
def test_plans_of_every_length(name, c):
    for n in range(201):
        check(name, n, c)


# ---------------------------------------------------------------------------- the binomial optimum


@cache
def least_extra_steps(n, c):
    """e(n, c) by its recursion: advance i steps, reverse the rest, reverse the first i."""
    if n < 2:
        return 0
    if c == 1:
        return n * (n - 1) // 2
    return min(i + least_extra_steps(i, c) + least_extra_steps(n - i, c - 1) for i in range(1, n))


@cache
def fewest_writes(n, c):
    """The fewest snapshots written, besides the first, of all schedules with the fewest steps."""
    if n < 2 or c == 1:
        return 0
    optimal = [
        i for i in range(1, n) if i + least_extra_steps(i, c) + least_extra_steps(n - i, c - 1) == extra_steps(n, c)
    ]
    return min(fewest_writes(i, c) + (n - i > 1) + fewest_writes(n - i, c - 1) for i in optimal)


@pytest.mark.parametrize("c", range(1, 9))
def test_the_formula_is_the_optimum(c):
    for n in range(70):
        assert extra_steps(n, c) == least_extra_steps(n, c)


@pytest.mark.parametrize("c", range(1, 9))
def test_revolve_takes_exactly_the_fewest_steps_and_writes(c):
    for n in range(2, 70):
        cost = replay(revolve_plan(n, c))
        assert (cost.forward, cost.written) == (n + least_extra_steps(n, c), 1 + fewest_writes(n, c)), f"{n} steps"


def test_known_totals():
    assert [optimum(100, c) for c in (3, 5, 10)] == [590, 416, 322]
    assert repetitions(56, 5) == 3
    assert repetitions(57, 5) == 4
    assert replay(revolve_plan(100, 5)).written == 44


def test_as_many_snapshots_as_steps():
    assert revolve(0, 9, 40) == set(range(8))
    assert replay(revolve_plan(9, 40)).forward == 9 + 8


@pytest.mark.parametrize("c", [1, 2, 3, 5, 8, 13, 20])
def test_against_checkpoint_schedules(c):
    library = pytest.importorskip("checkpoint_schedules")
    for n in (2, 3, 5, 12, 30, 57, 100, 200):
        advanced = written = 0
        for action in library.MultistageCheckpointSchedule(n, c, 0):
            if isinstance(action, library.Forward):
                advanced += action.n1 - action.n0
                written += action.write_ics
            if isinstance(action, library.EndReverse):
                break
        cost = replay(revolve_plan(n, c))
        assert cost.forward == advanced
        assert cost.written == written


# ---------------------------------------------------------------------------- loops of unknown length


@pytest.mark.parametrize("c", [1, 2, 3, 4, 5, 6, 10, 20])
def test_long_loops_of_unknown_length_stay_near_the_optimum(c):
    for n in (1000, 1023, 1025) if c > 2 else (300,):
        assert replay(online_plan(n, c)).forward <= 1.37 * optimum(n, c)


def test_a_loop_of_unknown_length_writes_few_snapshots():
    forward = [action for action in online_plan(1000, 20).actions if isinstance(action, (Store, Record))]
    assert forward.index(Record(999, 1000)) < 50


# ---------------------------------------------------------------------------- replay


GOOD = (Store(0), Advance(0, 1), Record(1, 2), Reverse(1, 2), Restore(0), Free(0), Record(0, 1), Reverse(0, 1))


def test_replay_counts():
    cost = replay(Plan(2, GOOD), state=100, tape=7)
    assert (cost.forward, cost.written, cost.snapshots, cost.tape, cost.peak) == (3, 1, 1, 1, 107)


BAD = {
    "stores what is not the current state": (Store(1), *GOOD),
    "stores twice": (Store(0), *GOOD),
    "advances from elsewhere": (*GOOD[:1], Advance(1, 2), *GOOD[2:]),
    "records what it has passed": (*GOOD[:2], Record(0, 1), *GOOD[2:]),
    "reverses before the end": (*GOOD[:2], Reverse(0, 1), *GOOD[2:]),
    "reverses what is not recorded": (*GOOD[:2], Advance(1, 2), *GOOD[3:]),
    "reverses out of order": (Record(0, 1), Record(1, 2), Reverse(0, 1), Reverse(1, 2)),
    "reverses twice": (*GOOD, Reverse(0, 1)),
    "restores what is gone": (*GOOD[:4], Free(0), Restore(0), *GOOD[6:]),
    "uses the state after a reversal": (*GOOD[:4], Free(0), *GOOD[6:]),
    "frees twice": (*GOOD, Free(0)),
    "keeps a snapshot": (*GOOD[:5], *GOOD[6:]),
    "keeps a tape": (Record(0, 1), Record(1, 2), Reverse(1, 2)),
    "ends early": GOOD[:4],
    "runs a reversed step": (*GOOD[:5], Advance(0, 2), *GOOD[5:]),
    "goes too far": (Record(0, 3), Reverse(0, 3)),
}


@pytest.mark.parametrize("name", BAD)
def test_replay_refuses_a_plan_that(name):
    with pytest.raises(VerifyError, match="a bug in adjoint"):
        replay(Plan(2, BAD[name]))
