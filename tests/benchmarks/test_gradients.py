"""Hand-written gradients against differences, and ours against those, so that no figure is of a wrong result."""

import copy

import numpy as np
import pytest

from adjoint import grad
from tests.benchmarks.table import WORKLOADS
from tests.benchmarks.workload import error_against_differences, relative_error

EACH = pytest.mark.parametrize("workload", WORKLOADS, ids=lambda workload: workload.name)


@EACH
def test_hand_written_gradient(workload):
    arguments = workload.arguments["small"]()
    before = copy.deepcopy(arguments)
    assert error_against_differences(workload, arguments, workload.by_hand(*arguments)) < 1e-7
    for argument, saved in zip(arguments, before, strict=True):
        assert np.array_equal(argument, saved)


@EACH
def test_our_gradient(workload):
    arguments = workload.arguments["small"]()
    gradients = grad(workload.primal, argnums=workload.argnums)(*arguments)
    assert relative_error(gradients, workload.by_hand(*arguments)) < 1e-10
