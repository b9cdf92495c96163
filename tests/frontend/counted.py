"""How often bodies of loops are lowered while a gradient is compiled."""

from unittest import mock

import numpy as np
import pytest

import adjoint
from adjoint.frontend.loops import Loops


def rounds(fun, x):
    """The number of lowerings; the gradient is compared with a difference."""
    adjoint.cache_clear()
    with mock.patch.object(Loops, "end_of_trip", autospec=True, side_effect=Loops.end_of_trip) as end_of_trip:
        assert_slope(fun, x)
    return end_of_trip.call_count


def assert_slope(fun, x):
    difference = (fun(x + 1e-6) - fun(x - 1e-6)) / 2e-6
    assert np.sum(adjoint.grad(fun)(x)) == pytest.approx(difference, rel=1e-6)
