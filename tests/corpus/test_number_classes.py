"""The class and dtype of derivatives of numbers, where Python mixes them."""

import numpy as np
import pytest

from adjoint import grad


@pytest.mark.xfail(reason="`1.0 * y` becomes `y`, and y is an integer on this path")
def test_a_gradient_is_a_float_where_a_branch_gives_an_integer():
    def product(x, k):
        y = 2 if k > 0 else 2.5 * x
        return x * y

    assert type(grad(product)(1.0, 1)) is not int


def test_a_literal_gradient_keeps_single_precision():
    assert np.asarray(grad(lambda x: 3.0 * x)(np.float32(2))).dtype == np.float32


@pytest.mark.xfail(reason="a power of unknown type is not looked at when the program runs")
def test_a_result_that_turns_out_complex_is_refused():
    with pytest.raises(TypeError):
        grad(lambda x, n: x * (-8) ** (1 / n))(1.5, 3)
