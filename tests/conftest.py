"""Every test verifies the IR after every pass, starts from the same random state and ends in time."""

import gc
import os
import signal

import numpy as np
import pytest

os.environ["ADJOINT_VERIFY"] = "1"
LONGEST = 120  # seconds; generated loops may be wrong about when to stop


def pytest_addoption(parser):
    parser.addoption("--bless", action="store_true", help="rewrite the golden files from what is generated now")


@pytest.fixture(autouse=True)
def _reproducible():
    np.random.seed(20240501)


@pytest.fixture(autouse=True, scope="module")
def _only_its_own_garbage():
    """The collector looks at what a module makes, not again and again at the programs of all modules before."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def _in_time(request):
    if request.node.get_closest_marker("slow") or not hasattr(signal, "SIGALRM"):
        yield
        return

    def stop(*_):
        raise TimeoutError(f"the test takes more than {LONGEST} seconds")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(LONGEST)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)
