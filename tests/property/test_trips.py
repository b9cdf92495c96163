"""Random programs whose loops read, write and exchange parts of arrays: reverse, forward and differences agree."""

import copy
import random

import numpy as np
import pytest

import adjoint
from tests.oracles import assert_near, assert_same_bits, assert_transposed, differences
from tests.property.programs import made
from tests.property.trip_programs import TripWriter
from tests.trees import drawn_like

SCHEDULES = ("store", "recompute", "sqrt", adjoint.Revolve(2))


def check(seed):
    """False if the program is refused."""
    rng = np.random.default_rng(seed)
    fun = made(TripWriter(random.Random(seed)).text(2))
    arrays, k = tuple(0.5 * rng.standard_normal(shape) for shape in (5, 5, (5, 5), (5, 5))), seed % 4
    expected = fun(*copy.deepcopy(arrays), k)
    if not abs(expected) < 1e3:
        return True

    def of_arrays(x, y, a, b):
        return fun(x, y, a, b, k)

    dots = tuple(drawn_like(array, [seed, place]) for place, array in enumerate(arrays))
    slope, error = differences(of_arrays, copy.deepcopy(arrays), dots, step=2.0**-10, rows=5)
    smooth = np.max(error) < 1e-7  # else a kink is near
    given = copy.deepcopy(arrays)
    try:
        value, value_dot = adjoint.jvp(of_arrays, given, dots)
        for schedule in ("auto", SCHEDULES[seed % len(SCHEDULES)]):
            found, bars = adjoint.value_and_grad(fun, argnums=(0, 1, 2, 3), schedule=schedule)(*given, k)
            assert_same_bits(found, expected, f"value under {schedule}")
            assert_transposed([np.float64(1.0)], [np.float64(value_dot)], bars, dots, f"reverse under {schedule}")
    except adjoint.AliasError:
        return False
    assert_same_bits(value, expected, "value of jvp")
    assert_same_bits(given, arrays, "arguments")
    if smooth:
        assert_near([np.float64(value_dot)], slope, 1e-5, "forward")
    return True


@pytest.mark.parametrize("batch", range(8))
def test_random_programs(batch):
    size = 8
    refused = sum(not check(seed) for seed in range(size * batch, size * (batch + 1)))
    assert refused <= size // 2


@pytest.mark.slow
@pytest.mark.parametrize("batch", range(100))
def test_many_random_programs(batch):
    for seed in range(10 * batch + 10_000, 10 * batch + 10_010):
        check(seed)
