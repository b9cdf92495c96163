"""Random programs of which some steps fill arrays alike: the pass that fills them before the loop changes no bit."""

import random

import numpy as np
import pytest

import adjoint
from adjoint.ir.verify import verify
from adjoint.transform import adjoint as reverse
from adjoint.transform.prefill import prefill
from tests.interpreter import run
from tests.property.fill_programs import FillWriter
from tests.property.programs import made


class Lowered(Exception):
    """What a gradient is taken of is known."""


@pytest.fixture
def lowered(monkeypatch):
    """The program of a text as it is before the pass."""
    found = []

    def noted(fn):
        found.append(fn)
        raise Lowered

    def of(text):
        monkeypatch.setattr(reverse, "prefill", noted)
        with pytest.raises(Lowered):
            adjoint.grad(made(text))(np.ones(5), np.ones(5), 0.5, 5, 3)
        return found.pop()

    return of


def results(fn, n, steps, a):
    rng = np.random.default_rng(n)
    values = {"u": rng.standard_normal(n), "x": rng.standard_normal(n), "a": a, "n": n, "steps": steps}
    with np.errstate(all="ignore"):
        try:
            return run(fn, *(values[param.hint] for param in fn.params))
        except IndexError:
            return None


def check(fn):
    """Whether an array is moved, and nothing else changes. What nobody reads may be gone, and with it its exception."""
    after = prefill(fn)
    if after.body is fn.body:
        return False
    verify(after, "prefill")
    for n in (1, 2, 3, 5):
        for steps in (0, 1, 3):
            expected, found = results(fn, n, steps, 0.5), results(after, n, steps, 0.5)
            if expected is not None:
                np.testing.assert_array_equal(found, expected)
    return True


@pytest.mark.parametrize("batch", range(4))
def test_random_programs(batch, lowered):
    seeds = range(15 * batch, 15 * (batch + 1))
    assert sum(check(lowered(FillWriter(random.Random(seed)).text())) for seed in seeds) >= 3


@pytest.mark.slow
@pytest.mark.parametrize("batch", range(40))
def test_many_random_programs(batch, lowered):
    for seed in range(25 * batch + 10_000, 25 * (batch + 1) + 10_000):
        check(lowered(FillWriter(random.Random(seed)).text()))
