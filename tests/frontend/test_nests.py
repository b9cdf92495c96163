"""Loops in loops whose arrays and containers are made anew in each trip: what a lowering tells is kept for the next."""

import numpy as np
import pytest

import adjoint
from tests.frontend.counted import assert_slope, rounds


def arrays(x):
    total = 0.0
    a = np.zeros(3)
    for i in range(2):
        a[i] = x * (i + 1)
        b = np.zeros(3)
        for j in range(2):
            b[j] = a[i] * x
            c = np.zeros(3)
            for k in range(2):
                c[k] = b[j] + a[k] * x
                d = np.zeros(3)
                for m in range(2):
                    d[m + 1] = c[k] * a[m] * x
                total = total + np.sum(d)
            total = total + np.sum(c)
        total = total + np.sum(b)
    return total + np.sum(a)


def containers(x):
    total = 0.0
    a = [1.0, x]
    for _ in range(2):
        a[0] = a[0] * a[1]
        b = {"array": np.ones(3), "number": x}
        for j in range(2):
            b["array"][j] *= a[0]
            b["number"] += x
            c = []
            for k in range(2):
                c.append(b["array"][k] * x)
                d = [0.0, b["number"]]
                for m in range(2):
                    d[0] += d[1] * (m + 1)
                total = total + d[0]
            total = total + c[0] * c[1]
        total = total + b["number"]
    return total + a[0]


@pytest.mark.parametrize(("fun", "most"), [(arrays, 14), (containers, 40)])
def test_each_body_is_lowered_a_few_times(fun, most):
    assert 8 <= rounds(fun, 0.7) <= most  # a loop needs two lowerings or more, and one for each of what it is in


def test_a_body_that_carries_arrays_as_they_are_is_lowered_once():
    def program(x):
        for _ in range(3):
            x = np.sin(x) * 0.5
        return np.sum(x)

    assert rounds(program, np.ones(3)) == 1


def test_a_name_that_leads_elsewhere_in_the_next_lowering():
    def program(x):
        total = 0.0
        for i in range(3):
            held = np.zeros(2) if i < 2 else np.ones(2)
            for j in range(2):
                held[j] = held[j] + x * (j + 1) + total
            total = total + np.sum(held) * x
        return total

    assert_slope(program, 0.7)


def test_items_of_different_shapes_that_a_loop_is_written_out_for():
    def program(x):
        s = 0.0
        for item in (x[0], x):
            z = item
            for _ in range(3):
                z = z * 2.0
            s = s + np.sum(z)
        return s

    gradient = adjoint.grad(program)
    assert gradient(np.ones(3)) == pytest.approx([16.0, 8.0, 8.0])
    assert "sum_to" not in gradient.source  # each loop knows the shape of its own item


def test_what_a_comprehension_goes_through_is_lowered_once():
    def found(x):
        total = x
        for _ in range(3):
            total = total * x
        return [total, x]

    def program(x):
        return sum([u * v for u in [sum([w * x for w in found(y)]) for y in found(x)] for v in found(u)])

    assert rounds(program, 0.7) == 5  # for x, for the two numbers of that, and for the two sums
