"""What loops keep, where a part of it can be computed again for less."""

from itertools import product
from random import Random

import numpy as np
import pytest

import adjoint
from adjoint.ir.core import Value
from adjoint.ir.types import PY_FLOAT
from adjoint.schedule.cut import Network


def heaviest(weights, following):
    """By trying all sets."""
    best = 0.0
    for chosen in product((False, True), repeat=len(weights)):
        taken = dict(zip(weights, chosen, strict=True))
        if all(taken[b] for a, others in following.items() if taken[a] for b in others):
            best = max(best, sum(weight for node, weight in weights.items() if taken[node]))
    return best


@pytest.mark.parametrize("seed", range(60))
def test_the_closure_is_the_heaviest(seed):
    rng = Random(seed)
    nodes = [(rng.choice(["again", "there"]), Value(None, PY_FLOAT)) for _ in range(rng.randint(1, 9))]
    network = Network()
    for node in nodes:
        network.weigh(node, rng.choice([-5.0, -2.5, -1.0, 0.0, 1.0, 3.0, 4.5]))
    for k, node in enumerate(nodes):
        for other in rng.sample(nodes[:k], rng.randint(0, min(k, 3))):
            network.follow(node, other)
    closure = network.closure()
    assert all(other in closure for node in closure for other in network.following.get(node, ()))
    assert sum(network.weights[node] for node in closure) == heaviest(network.weights, network.following)


def attraction(x, steps):
    for _ in range(steps):
        d = x - x[:, None]
        x = x + 0.01 * np.sum(d * np.exp(-d * d), axis=1)
    return np.sum(x * x)


def grown(u, steps):
    for _ in range(steps):
        u = u - 0.1 * u * (1.0 - u) * (2.0 + u)
    return np.sum(u * u)


def until_small(u, limit):
    steps = 0
    while np.max(u) > limit and steps < 50:
        u = u - 0.1 * (u * u) * np.cos(3.0 * u)
        steps += 1
    return np.sum(u * u)


def in_a_row(u, steps):
    for _ in range(steps):
        for k in range(3):
            v = 0.5 * u - k * u * u
            u = np.sin(v) + 0.1 * v * u
    return np.sum(u)


PROGRAMS = [(attraction, 60, 4), (grown, 3000, 5), (until_small, 3000, 0.4), (in_a_row, 3000, 3)]


def of_size(size):
    return np.linspace(0.1, 1.0, size) ** 2


@pytest.mark.parametrize(("fun", "size", "argument"), PROGRAMS, ids=[p[0].__name__ for p in PROGRAMS])
def test_gradients_are_the_same_bits(fun, size, argument):
    x = of_size(size)
    gradient, store = adjoint.grad(fun), adjoint.grad(fun, schedule="store")
    np.testing.assert_array_equal(gradient(x, argument), store(x, argument))
    x = of_size(6)
    np.testing.assert_array_equal(adjoint.grad(fun)(x, argument), gradient(x, argument))
    adjoint.check_grads(lambda x: fun(x, argument), (x,), order=2)


def pushed(fun, size, argument, **options):
    """What the innermost loops push."""
    gradient = adjoint.grad(fun, **options)
    gradient(of_size(size), argument)
    return [line.split("append(")[1] for line in gradient.source.splitlines() if "append(" in line]


def test_differences_of_all_pairs_are_taken_again():
    assert [text.count(",") for text in pushed(attraction, 60, 4)] == [1]
    assert [text.count(",") for text in pushed(attraction, 60, 4, schedule="store")] == [1]
    (few,), (all_,) = pushed(attraction, 60, 4), pushed(attraction, 60, 4, schedule="store")
    assert "x" in few
    assert "d" in all_


def test_short_arrays_are_kept():
    adjoint.cache_clear()
    assert pushed(grown, 8, 4) == pushed(grown, 8, 4, schedule="store")
    gradient = adjoint.grad(grown)
    gradient(of_size(5000), 4)
    assert gradient.source.count("rows = np.empty") == 1  # for u; what is made of it is computed again
    assert pushed(grown, 5000, 4) == []


def test_a_program_for_short_arrays_is_not_used_for_long_ones():
    adjoint.cache_clear()
    gradient = adjoint.grad(grown)
    for size in (8, 20, 50, 5000, 9000, 8):
        gradient(of_size(size), 3)
    assert adjoint.cache_info().misses == 2
