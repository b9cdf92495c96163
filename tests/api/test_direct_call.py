"""The guarded program of the latest call stands in for the derivative: any other call must still find its way."""

import gc
import weakref

import numpy as np
import pytest

from adjoint import cache_clear, cache_info, grad


def scaled(x, y=2.0, *, power=1):
    return (x * y) ** power


def test_calls_of_other_forms_after_a_direct_one():
    gradient = grad(scaled)
    for _ in range(2):
        assert gradient(3.0) == 2.0
        assert gradient(3.0, 5.0) == 5.0
        assert gradient(3.0, y=5.0) == gradient(y=5.0, x=3.0) == 5.0
        assert gradient(3.0, 5.0, power=2) == 150.0


@pytest.mark.parametrize("call", [lambda g: g(), lambda g: g(1.0, 2.0, 3.0), lambda g: g(1.0, z=2.0)])
def test_arguments_that_the_function_does_not_take(call):
    gradient = grad(scaled)
    gradient(1.0), gradient(1.0, 2.0)
    with pytest.raises(TypeError):
        call(gradient)


def test_other_lengths_take_the_same_program_and_ones_do_not():
    cache_clear()
    gradient = grad(lambda x: np.sum(x * x))
    for shape in ((2, 3), (4, 5), (2, 3)):
        assert gradient(np.ones(shape)).shape == shape
    assert cache_info() == (2, 1, 1)
    for shape in ((2, 1), (1, 3), (3,), (2, 3, 4)):
        assert gradient(np.ones(shape)).shape == shape
    assert cache_info() == (2, 5, 5)


def test_a_derivative_is_freed_with_its_last_reference():
    gc.disable()
    try:
        batch = np.ones(3)
        gradient = grad(lambda w: np.sum(w * batch))
        gradient(np.ones(3))
        alive = weakref.ref(gradient)
        del gradient
        assert alive() is None
    finally:
        gc.enable()


def test_a_call_outlives_the_derivative():
    call = grad(scaled).__call__
    assert call(3.0) == 2.0
    gradient = grad(scaled)
    gradient(3.0)
    call = gradient.__call__
    del gradient
    assert call(3.0) == 2.0
    assert call(np.array([3.0, 4.0])[0], 5.0) == 5.0
    assert callable(grad(scaled))


def test_a_derivative_inside_a_program_that_is_made_anew_is_the_same_program():
    def nested(scale):
        inner = grad(lambda x: scale * x * x)
        return grad(lambda x: inner(x) * x)

    cache_clear()
    assert [nested(scale)(2.0) for scale in (1.0, 3.0)] == [8.0, 24.0]
    assert cache_info().misses == 1
