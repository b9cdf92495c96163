"""What to keep of straight-line code: against every possible choice, for small programs drawn at random."""

import random
from itertools import chain as concatenated
from itertools import combinations

import pytest

from adjoint.schedule.chain import Chain, Step, Sweep
from adjoint.schedule.selection import select, smallest_budget


def random_chain(draw, length):
    """Steps that read what was given shortly before; some give two values, some must not run twice."""
    values, steps, sizes = [0], [], [draw.randint(1, 9)]
    for _ in range(length):
        reads = tuple(draw.choice(values[-3:]) for _ in range(draw.randint(1, 2)))
        count = draw.choice((0, 1, 1, 1, 1, 1, 1, 1, 2, 2))  # a step that gives nothing raises an exception, say
        writes = tuple(range(len(sizes), len(sizes) + count))
        sizes += [draw.randint(0, 9) for _ in writes]
        values += writes
        steps.append(Step(reads, writes, draw.randint(0, 6), draw.random() > 0.1, draw.choice((0, 0, 3))))
    needs = [tuple(value for value in (*step.reads, *step.writes) if draw.random() < 0.6) for step in reversed(steps)]
    return Chain(tuple(sizes), tuple(steps), tuple(needs), tuple(draw.randint(0, 4) for _ in needs))


def network(layers, seed=3):
    """Layers of very different widths: a product, then an elementwise function of it; both sweeps read its result."""
    draw = random.Random(seed)
    sizes, steps, needs = [1], [], []
    for _ in range(layers):
        width, given = draw.randint(1, 100), len(sizes)
        sizes += [width, width]
        steps += [Step((given - 1,), (given,), draw.randint(5, 50)), Step((given,), (given + 1,), draw.randint(1, 4))]
        needs.insert(0, (given - 1, given + 1))
    return Chain(tuple(sizes), tuple(steps), tuple(needs))


def measured(chain, kept, reruns):
    """(time, peak) of a choice, by running both sweeps and freeing what no later operation reads before it is given."""
    program = [(step.reads, step.writes, step.working) for step in chain.steps]
    time = 0.0
    working = chain.working or (0,) * len(chain.needs)
    for needs, group, extra in zip(chain.needs, reruns, working, strict=True):
        for k in group:
            assert chain.steps[k].repeatable
            time += chain.steps[k].time
            program.append((chain.steps[k].reads, chain.steps[k].writes, extra + chain.steps[k].working))
        program.append((needs, (), extra))
    counted = chain.writer.keys()
    held, peak = set(), 0
    forward = len(chain.steps)
    for now, (reads, writes, extra) in enumerate(program):
        assert all(value in held or value not in counted for value in reads), "reads what is not there"
        twice = [value for value in writes if value in held]
        held |= set(writes)
        peak = max(peak, extra + sum(chain.sizes[value] for value in (*held, *twice)))
        held = {value for value in held if is_read(value, program[now + 1 :], forward - now - 1, kept)}
    return time, peak


def is_read(value, rest, forward, kept):
    """Whether a value is read again before it is computed again; a kept value is not replaced."""
    for later, (reads, writes, _) in enumerate(rest):
        if value in reads:
            return True
        if value in writes and not (later >= forward and value in kept):
            return False
    return False


def subsets(values):
    return concatenated.from_iterable(combinations(values, count) for count in range(len(values) + 1))


def least_time(chain, budget):
    """Over all choices of what to drop."""
    sweeps = (Sweep(chain, frozenset(dropped)) for dropped in subsets(sorted(chain.writer)))
    return min((sweep.time for sweep in sweeps if sweep.possible and sweep.peak <= budget), default=None)


@pytest.mark.parametrize("seed", range(30))
def test_time_and_memory_of_every_choice(seed):
    draw = random.Random(seed)
    chain = random_chain(draw, draw.randint(1, 6))
    for dropped in subsets(sorted(chain.writer)):
        sweep = Sweep(chain, frozenset(dropped))
        if sweep.possible:
            assert (sweep.time, sweep.peak) == measured(chain, sweep.kept, sweep.reruns)


@pytest.mark.parametrize("seed", range(40))
def test_the_selection_is_the_best_of_all(seed):
    draw = random.Random(seed)
    chain = random_chain(draw, draw.randint(1, 7))
    everything = Sweep(chain, frozenset()).peak
    for budget in {everything, everything - 3, everything * 3 // 4, everything // 2, draw.randint(0, everything)}:
        selection = select(chain, budget, effort=100_000)
        assert (selection and selection.time) == least_time(chain, budget)
        if selection:
            assert selection.bound == selection.time
            assert selection.peak <= budget
            assert measured(chain, selection.kept, selection.reruns) == (selection.time, selection.peak)


@pytest.mark.parametrize("seed", range(20))
def test_the_smallest_budget_is_the_smallest(seed):
    draw = random.Random(seed)
    chain = random_chain(draw, draw.randint(1, 6))
    smallest = smallest_budget(chain, effort=100_000)
    assert least_time(chain, smallest) is not None
    assert least_time(chain, smallest - 1) is None


def test_a_budget_that_holds_everything_costs_nothing():
    chain = network(50)
    selection = select(chain, Sweep(chain, frozenset()).peak)
    assert (selection.time, selection.bound, selection.reruns) == (0, 0, ((),) * 50)


def test_a_short_search_of_a_long_network_gives_a_bound():
    chain = network(50)
    everything = Sweep(chain, frozenset()).peak
    times = []
    for percent in (90, 70, 50, 35, 25):
        budget = everything * percent // 100
        short, long = select(chain, budget, effort=150), select(chain, budget, effort=400)
        assert max(short.peak, long.peak) <= budget
        assert short.bound <= long.time <= short.time
        assert measured(chain, long.kept, long.reruns) == (long.time, long.peak)
        times.append(short.time)
        if percent <= 70:
            assert short.bound > 0.7 * short.time
    assert times == sorted(times)


def test_the_smallest_budget_of_a_long_network_works():
    chain = network(25)
    smallest = smallest_budget(chain, effort=60)
    assert select(chain, smallest, effort=60).peak <= smallest < 0.5 * Sweep(chain, frozenset()).peak


def test_what_must_not_run_twice_is_kept():
    chain = Chain((1, 5, 5), (Step((0,), (1,), 1, repeatable=False), Step((1,), (2,), 1)), ((1, 2),))
    assert select(chain, 10).kept == {1, 2}
    assert select(chain, 9) is None


def test_no_reverse_sweep_reads_nothing():
    chain = Chain((1, 5), (Step((0,), (1,), 1),), ())
    assert select(chain, 5).kept == frozenset()
    assert select(chain, 4) is None
    assert select(Chain((), (), ()), 0).time == 0
