"""A name that is read before it is bound: refused where that is certain, an error of the run where the run decides."""

# ruff: noqa: F821  # that is the point

import numpy as np
import pytest

import adjoint


def never_bound(x):
    for k in range(3):
        total = total + x[k]
    return total


def bound_below(x):
    y = x * z
    z = 2.0
    return y * z


@pytest.mark.parametrize("fun", [never_bound, bound_below])
def test_certain(fun):
    with pytest.raises(adjoint.UnsupportedError, match="is read before it is bound"):
        adjoint.grad(fun)(np.ones(3) if fun is never_bound else 1.0)


def test_the_run_decides():
    def program(x, first):
        total = 0.0
        for k in range(3):
            value = x if k == first else value * x
            total += value
        return total

    gradient = adjoint.grad(program)
    assert gradient(2.0, 0) == 1.0 + 4.0 + 12.0
    with pytest.raises(UnboundLocalError, match="value"):
        gradient(2.0, 1)
