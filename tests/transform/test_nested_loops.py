"""Loops in loops: the reverse of each is found in few passes, and the gradient is right at any depth."""

import numpy as np
import pytest

import adjoint
from adjoint.transform.adjoint import Reverse


def nest(x, a, b, c):
    for _ in range(2):
        a = a + x
        for _ in range(1):
            b = b * np.sin(a)
            for _ in range(2):
                c = c + b * x
                for _ in range(1):
                    x = x + 0.1 * c
                    for _ in range(2):
                        for _ in range(1):
                            a = a * 0.9 + 0.1 * x * c
    return a * b + c * x


ARGUMENTS = (0.3, 0.7, 1.1, -0.4)
DEPTH = 6


@pytest.mark.parametrize("k", range(4))
def test_a_deep_nest_has_the_right_gradient(k):
    step = np.zeros(4)
    step[k] = 1e-6
    expected = (nest(*(ARGUMENTS + step)) - nest(*(ARGUMENTS - step))) / 2e-6
    found = adjoint.grad(nest, argnums=k)(*ARGUMENTS)
    np.testing.assert_allclose(found, expected, rtol=1e-7)


def test_each_loop_is_reversed_a_few_times(monkeypatch):
    count = 0
    reverse = Reverse.loop

    def counted(self, op, cot, builder):
        nonlocal count
        count += 1
        reverse(self, op, cot, builder)

    monkeypatch.setattr(Reverse, "loop", counted)
    adjoint.cache_clear()
    adjoint.grad(nest, argnums=(0, 1, 2, 3)).specialize(*ARGUMENTS)
    assert DEPTH <= count <= 4 * DEPTH  # from nothing each time it would be 2 ** DEPTH - 1
