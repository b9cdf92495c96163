"""Solvers of `scipy.optimize`: derivatives by the implicit function theorem, to second order, in both modes."""

import numpy as np
import pytest

from adjoint import AdjointError, check_grads, grad, hessian, jvp

optimize = pytest.importorskip("scipy.optimize")

MATRIX = np.array([[2.0, 0.3], [0.1, 1.5]])
TIMES = np.linspace(0.0, 1.0, 8)
PAIR = np.array([0.3, 0.4])


def cubic(x, a):
    return x**3 + a * x - 2.0


def bracketed(solver):
    return lambda a: solver(cubic, 0.0, 2.0, args=(a,), xtol=1e-14)


def coupled(x, a):
    return [x[0] ** 2 + a[0] * x[1] - 1.0, x[1] ** 3 + a[1] * x[0] - 0.5]


def energy(x, a):
    return np.sum((x - a) ** 2) + 0.1 * np.sum(x**4) + x[0] * x[1]


def minimum(a):
    return optimize.minimize(energy, np.zeros(2), args=(a,), method="BFGS", options={"gtol": 1e-10})


TIGHT = {"xtol": 1e-15, "ftol": 1e-15, "gtol": 1e-15}
PROGRAMS = {
    **{solver.__name__: (bracketed(solver), 1.0) for solver in (
        optimize.brentq, optimize.brenth, optimize.bisect, optimize.ridder, optimize.toms748,
    )},
    "lambda": (lambda a: optimize.brentq(lambda x: x**3 + a * x - 2.0, 0.0, 2.0, xtol=1e-14) ** 2, 1.0),
    "newton": (lambda a: optimize.newton(cubic, 1.0, args=(a,), tol=1e-14), 1.0),
    "newton, vectors": (lambda a: optimize.newton(lambda x: x**2 + a * x - 2.0, np.ones(2), tol=1e-14), PAIR),
    "root_scalar": (lambda a: optimize.root_scalar(cubic, bracket=[0.0, 2.0], args=(a,), xtol=1e-14).root, 1.0),
    "fsolve": (lambda a: optimize.fsolve(coupled, [1.0, 1.0], args=(a,), xtol=1e-13), PAIR),
    "fsolve, one": (lambda a: optimize.fsolve(lambda x: x**3 + a * x - 2.0, 1.0, xtol=1e-12), 0.7),
    "root": (lambda a: optimize.root(lambda x: MATRIX @ x + 0.1 * np.sin(a * x) - 1.0, np.zeros(2), tol=1e-13).x, PAIR),
    "fixed_point": (lambda a: optimize.fixed_point(lambda x: np.cos(a * x), 0.5, xtol=1e-13), 0.7),
    "fixed_point, vectors": (lambda a: optimize.fixed_point(lambda x: np.cos(a * x), np.zeros(2), xtol=1e-13), PAIR),
    "minimize": (lambda a: minimum(a).x, PAIR),
    "value of a minimum": (lambda a: minimum(a).fun, PAIR),
    "minimize_scalar": (lambda a: optimize.minimize_scalar(lambda x: (x - a) ** 2 + 0.1 * x**4, tol=1e-12).x, 0.5),
    "least_squares": (
        lambda y: optimize.least_squares(lambda p: p[0] * np.exp(-p[1] * TIMES) - y, np.ones(2), **TIGHT).x,
        2.0 * np.exp(-TIMES) + 0.1 * np.sin(9.0 * TIMES),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", PROGRAMS)
def test_derivatives(name):
    fun, a = PROGRAMS[name]
    check_grads(fun, (a,))
    np.testing.assert_array_equal(jvp(fun, (a,), (a,))[0], fun(a))


def test_the_solver_is_called_as_it_stands():
    gradient = grad(PROGRAMS["brentq"][0])
    gradient(1.0)
    assert "optimize.brentq(lambda x: cubic(x, a), 0.0, 2.0, xtol=1e-14)" in gradient.source
    assert gradient.source.count("brentq") == 1


def test_third_derivatives():
    third = grad(grad(grad(bracketed(optimize.brentq))))(1.0)
    second = grad(grad(bracketed(optimize.brentq)))
    np.testing.assert_allclose(third, (second(1.0 + 1e-4) - second(1.0 - 1e-4)) / 2e-4, rtol=1e-6)


def test_solutions_in_loops_and_branches():
    def path(a):
        x = 1.0
        for k in range(3):
            x = optimize.brentq(lambda u, k=k, x=x: u**3 + a * u - x - k, 0.0, 3.0, xtol=1e-14)
            if x > 1.2:
                x = x * a
        return x

    check_grads(path, (0.8,))
    assert np.shape(hessian(path)(0.8)) == ()


def test_where_the_search_begins_has_no_influence():
    def found(a, low):
        return optimize.brentq(cubic, low, 2.0, args=(a,), xtol=1e-14)

    by_a, by_low = grad(found, (0, 1))(1.0, 0.1)
    assert by_low == 0.0
    np.testing.assert_allclose(by_a, -0.25, rtol=1e-9)


def test_what_a_solver_tells_of_itself():
    def weighted(a):
        solution = optimize.root(lambda x: x**3 + a * x - 2.0, np.ones(1), tol=1e-13)
        return solution.x[0] if solution.success else 0.0 * a

    np.testing.assert_allclose(grad(weighted)(1.0), -0.25, rtol=1e-9)


def noisy(x):
    print(x)  # noqa: T201  # an effect
    return x - 1.0


@pytest.mark.parametrize(
    ("fun", "what"),
    [
        (lambda a: optimize.minimize(energy, np.zeros(2), args=(a,), bounds=[(0, 1)] * 2).fun, "bounds"),
        (lambda a: optimize.newton(cubic, 1.0, args=(a[0],), fprime=cubic), "fprime"),
        (lambda a: optimize.brentq(noisy, 0.0, 2.0) * a[0], "prints"),
        (lambda a: optimize.curve_fit(lambda x, p: p * x, TIMES, a[0] * TIMES)[0][0], "least_squares"),
    ],
)
def test_what_is_refused(fun, what):
    with pytest.raises(AdjointError, match=what):
        grad(fun)(PAIR)
