"""Schedules of loops on straight-line code: legal, no more reruns than promised, and memory as it is simulated."""

import random

import pytest

from adjoint.errors import VerifyError
from adjoint.schedule.chain import Chain, Step, Sweep, replay
from adjoint.schedule.restarts import all_cuts, binomial, bisected, cut, every, halves, offers, reruns, segmented
from adjoint.schedule.revolve import extra_steps
from tests.schedule.test_chain import network, random_chain


def uniform(length):
    """Steps of one size, each of which reads the one before; the reversal of a step reads what it read."""
    steps = tuple(Step((k,), (k + 1,)) for k in range(length))
    return Chain((1,) * (length + 1), steps, tuple((k,) for k in range(length - 1, -1, -1)))


def simulated(chain, plan):
    """(time, peak) by running both sweeps with a dictionary, and freeing what nobody reads before it is given anew."""
    program = [(step.reads, step.writes, step.working) for step in chain.steps]
    time = 0.0
    for needs, group, working in zip(chain.needs, plan, chain.held, strict=True):
        for k in group:
            time += chain.steps[k].time
            program.append((chain.steps[k].reads, chain.steps[k].writes, working + chain.steps[k].working))
        program.append((needs, (), working))
    held, peak = {}, 0
    for now, (reads, writes, working) in enumerate(program):
        assert all(value in held for value in reads if value in chain.writer)
        twice = [value for value in writes if value in held]
        held.update(dict.fromkeys(writes))
        here = sum(chain.sizes[value] for value in held)
        peak = max(peak, here + working + sum(chain.sizes[value] for value in twice if value in reads))
        held = {value: None for value in held if is_read(value, program[now + 1 :])}
    return time, peak


def is_read(value, rest):
    for reads, writes, _ in rest:
        if value in reads:
            return True
        if value in writes:
            return False
    return False


@pytest.mark.parametrize("seed", range(40))
def test_plans_are_legal_and_cost_what_is_said(seed):
    draw = random.Random(seed)
    chain = random_chain(draw, draw.randint(1, 14))
    everything = replay(chain, ((),) * len(chain.needs))
    assert everything.peak == Sweep(chain, frozenset()).peak
    for plan in (segmented(chain), bisected(chain), *offers(chain)):
        course = replay(chain, plan)
        assert (course.time, course.peak) == simulated(chain, plan)
    assert replay(chain, bisected(chain)).peak <= everything.peak
    assert replay(chain, segmented(chain)).peak <= everything.peak


@pytest.mark.parametrize("seed", range(20))
def test_each_step_runs_again_as_often_as_promised(seed):
    chain = network(random.Random(seed).randint(3, 40), seed)
    for cuts in all_cuts(chain):
        assert most_often(reruns(chain, cuts, every)) <= 1
        assert most_often(reruns(chain, cuts, halves)) <= len(cuts).bit_length() + 1


def most_often(plan):
    ran = [k for group in plan for k in group]
    return max(map(ran.count, ran), default=0)


@pytest.mark.parametrize("length", [2, 3, 5, 10, 24, 40])
def test_binomial_schedules_run_the_fewest_steps(length):
    """The first step is the only one that a restart from the arguments repeats: it is no snapshot, but costs none."""
    chain = uniform(length)
    cuts = tuple(range(1, length))
    for slots in range(1, length):
        ran = sum(map(len, reruns(chain, cuts, binomial(slots))))
        assert ran <= extra_steps(length, slots)
        assert replay(chain, reruns(chain, cuts, binomial(slots))).peak <= slots + 2


def test_memory_grows_with_the_root_and_with_the_logarithm():
    chain = uniform(400)
    assert replay(chain, ((),) * 400).peak == 400
    assert replay(chain, segmented(chain)).peak <= 2 * 20 + 2
    assert replay(chain, bisected(chain)).peak <= 20


def test_cuts_lie_where_little_crosses():
    sizes = (1, 50, 2, 60, 1, 70, 3, 80, 2)
    steps = tuple(Step((k,), (k + 1,)) for k in range(8))
    chain = Chain(sizes, steps, tuple((k, k + 1) for k in range(7, -1, -1)))
    assert set(cut(chain, 4)) <= {2, 4, 6}


def test_what_must_not_run_twice_does_not():
    chain = Chain((1, 5, 5), (Step((0,), (1,), 1, repeatable=False), Step((1,), (2,))), ((2,), (1,)))
    assert replay(chain, bisected(chain)).time == 0
    with pytest.raises(VerifyError, match="step 0"):
        replay(chain, ((0,), ()))
