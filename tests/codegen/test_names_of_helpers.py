"""Helpers of generated text have plain names (`power`, `log`); what a user calls so must not hide them."""

import math

import pytest

from adjoint import grad

divide = 2.0


def parameters(x, power, log=2.0, *, cast=3.0):
    return cast * (x**power) ** log


def variables(x, y):
    power = x**y
    for log in range(2):
        power = power * x**y + log
    return power


def captured(x):
    return 1.0 / (x * divide)


def test_parameters_with_names_of_helpers():
    found = grad(parameters, argnums=(0, 1))(3.0, 1.5)
    assert found == pytest.approx((9.0 * 3.0**2, 6.0 * 3.0**3 * math.log(3.0)), rel=1e-14)


def test_variables_with_names_of_helpers():
    found = grad(variables, argnums=(0, 1))(3.0, 1.5)
    slope = 3 * 3.0**3.0  # of p**3 + 1 in p = x**y
    assert found == pytest.approx((slope * 1.5 * 3.0**0.5, slope * 3.0**1.5 * math.log(3.0)), rel=1e-14)


def test_captured_numbers_with_names_of_helpers():
    assert grad(captured)(2.0) == -1.0 / 8.0
