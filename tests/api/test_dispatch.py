"""The cache, what a derivative is as an object, threads, exceptions, deep programs."""

import copy
import inspect
import linecache
import pickle
import threading

import numpy as np
import pytest

from adjoint import cache_clear, cache_info, grad, jvp, value_and_grad, vjp


def scaled(x, y=2.0):
    """The text of it."""
    return x * y


@grad
def decorated(x):
    return x * x


class Holder:
    @grad(argnums="q")
    def method(self, q):
        return q * q


def test_counts():
    cache_clear()
    g = grad(lambda x: x * x)
    for x in (1.0, 2.0, 3.0):
        g(x)
    assert cache_info() == (2, 1, 1)
    g(np.float64(1.0))
    g(1.0)
    assert cache_info() == (3, 2, 2)
    cache_clear()
    assert cache_info() == (0, 0, 0)
    g(1.0)
    assert cache_info() == (0, 1, 1)


def test_functions_made_anew_compile_once():
    cache_clear()
    for k in range(4):
        grad(lambda p: p * k * 1.0)(2.0)  # noqa: B023  # called at once
        jvp(lambda p: p * k * 1.0, (2.0,), (1.0,))  # noqa: B023
        vjp(lambda p: p * k * 1.0, 2.0)  # noqa: B023
    assert cache_info() == (9, 3, 3)


def test_a_derivative_shows_its_function():
    g = grad(scaled)
    assert (g.__name__, g.__doc__, g.primal) == ("scaled", "The text of it.", scaled)
    assert str(inspect.signature(g)) == "(x, y=2.0)"
    assert "scaled" in repr(g)
    before = g.source
    g(1.0)
    assert before.startswith("def scaled_grad")
    assert g.source.startswith("def scaled_grad")
    assert g.specialize(1.0, 3.0)(2.0, 5.0) == g.specialize(x=1.0, y=3.0)(2.0, 5.0) == 5.0
    for fun in (np.sin, Holder().method.__func__, grad(scaled)):
        assert grad(fun).__name__
        assert repr(grad(fun))


def test_specialised_functions_hold_captured_data():
    class Spring:
        k = 3.0

        def energy(self, q):
            return self.k * q * q

    g = grad(Spring.energy, argnums=1)
    assert g.specialize(Spring(), 1.0)(Spring(), 2.0) == 12.0


def test_copies_and_pickles():
    load = pickle.loads  # what was written here
    for other in (copy.copy(decorated), copy.deepcopy(decorated), load(pickle.dumps(grad(scaled)))):
        assert other(2.0) in (4.0, 2.0)
    assert load(pickle.dumps(decorated)) is decorated
    assert load(pickle.dumps(Holder.method)) is Holder.method
    with pytest.raises((pickle.PicklingError, AttributeError)):
        pickle.dumps(grad(lambda x: x))


def test_an_exception_leaves_no_trace():
    def f(x):
        if x < 0:
            raise ValueError(f"negative: {x}")
        return x**0.5

    g = grad(f)
    for _ in range(2):
        assert g(4.0) == 0.25
        with pytest.raises(ValueError, match="negative: -1"):
            g(-1.0)
    h = value_and_grad(lambda x: 1.0 / x)
    with pytest.raises(ZeroDivisionError):
        h(0.0)
    assert h(2.0) == (0.5, -0.25)


def test_threads():
    def f(x, n):
        for _ in range(n):
            x = x * 1.01
        return np.sum(x)

    g, problems = grad(f), []

    def work(k):
        try:
            for j in range(60):
                x = np.ones(3) if (j + k) % 2 else np.ones((2, 3))
                n = 5 if k % 2 else 7
                found = g(x, n) if j % 3 else g(n=n, x=x)
                np.testing.assert_allclose(found, np.full(x.shape, 1.01**n))
                if j % 20 == 0:
                    cache_clear()
        except Exception as problem:  # noqa: BLE001  # whatever it is, it is reported below
            problems.append(repr(problem))

    threads = [threading.Thread(target=work, args=(k,)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not problems


def made_from(text, name="<text>"):
    linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)
    namespace = {"np": np}
    exec(compile(text, name, "exec"), namespace)
    return namespace["f"]


def test_deep_expressions():
    f = made_from("def f(x):\n    return " + " + ".join(f"x * {k}.0" for k in range(400)) + "\n", "<deep>")
    assert grad(f)(2.0) == sum(range(400))


def test_long_programs():
    f = made_from("def f(x):\n" + "    x = np.sin(x) * 1.01\n" * 200 + "    return np.sum(x)\n", "<long>")
    x = np.array([0.3, 0.4])
    h = 1e-6
    np.testing.assert_allclose(np.sum(grad(f)(x)), (f(x + h) - f(x - h)) / (2 * h), rtol=1e-5)
