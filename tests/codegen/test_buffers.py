"""Large temporaries of loops in memory that is allocated once: the text, the bits, and how much memory it takes."""

import itertools
import linecache
import textwrap

import numpy as np
import pytest

import adjoint
from adjoint.codegen import buffers
from tests.benchmarks.timing import peak_memory

LONG = 600
NEVER = 10**12


def body_of(function, *arguments):
    """The text of a gradient, without its first line."""
    derivative = adjoint.grad(function)
    derivative(*arguments)
    return textwrap.dedent(derivative.source.split("\n", 1)[1]).strip("\n")


def without_places(text):
    return "\n".join(line.partition("  #")[0].rstrip() for line in text.split("\n"))


def smooth(a, b, steps):
    a = a.copy()
    b = b.copy()
    for _ in range(steps):
        b[1:-1] = 0.25 * (a[:-2] + 2.0 * a[1:-1] + a[2:])
        a[1:-1] = 0.25 * (b[:-2] + 2.0 * b[1:-1] + b[2:])
    return np.sum(a * a)


SMOOTH_GRAD = """
a = a.copy()
b = b.copy()
t0 = np.empty(a.shape[0] - 2)
a_left = a[:-2]
a_inner = a[1:-1]
a_right = a[2:]
b_inner = b[1:-1]
b_left = b[:-2]
b_right = b[2:]
for _ in range(steps):
    np.multiply(2.0, a_inner, out=t0)
    t0 += a_left
    t0 += a_right
    np.multiply(0.25, t0, out=b_inner)
    np.multiply(2.0, b_inner, out=t0)
    t0 += b_left
    t0 += b_right
    np.multiply(0.25, t0, out=a_inner)
a_bar = 2.0 * a
b[:] = 0.0
t1 = np.empty(t0.shape)
a_bar_inner = a_bar[1:-1]
a_bar_right = a_bar[2:]
a_bar_left = a_bar[:-2]
for _ in range(steps - 1, -1, -1):
    np.multiply(0.25, a_bar_inner, out=t0)
    np.multiply(0.5, a_bar_inner, out=t1)
    b_right += t0
    b_inner += t1
    b_left += t0
    np.multiply(0.25, b_inner, out=t0)
    np.multiply(0.5, b_inner, out=t1)
    b_inner[:] = 0.0
    a_bar_inner[:] = t1
    a_bar_right += t0
    a_bar_left += t0
return a_bar
"""


def test_temporaries_take_turns_and_are_computed_where_they_are_stored():
    x = np.linspace(0.0, 1.0, LONG)
    assert without_places(body_of(smooth, x, x.copy(), 3)) == SMOOTH_GRAD.strip("\n")


def short(a, steps):
    for _ in range(steps):
        a = a + 0.1 * np.sin(a * a)
    return np.sum(a)


def test_small_arrays_stay_in_expressions_until_large_ones_come():
    derivative = adjoint.grad(short)
    derivative(np.ones(50), 3)
    assert "out=" not in derivative.source
    derivative(np.ones(LONG), 3)
    assert "out=" in derivative.source


def straight(a):
    return np.sum(np.exp(a * a) * np.sin(2.0 * a))


def test_only_loops_have_buffers():
    assert "out=" not in body_of(straight, np.ones(LONG))


def named(a, b, steps):
    for _ in range(steps):
        distance = a - b
        a = a - 0.1 * distance[::-1] - 0.1 * distance
    return np.sum(a)


def test_names_of_the_program_stay():
    text = body_of(named, np.ones(LONG), np.zeros(LONG), 2)
    assert "distance_bar = np.empty(" in text
    assert "np.multiply(-0.1, a_bar, out=distance_bar)" in text


def adds_up(u, steps):
    u = u.copy()
    for _ in range(steps):
        u[1:-1] = u[1:-1] + 0.1 * (u[2:] - u[:-2])
    return np.sum(u * u)


def test_what_is_added_to_an_old_value_is_added_in_place():
    text = body_of(adds_up, np.ones(LONG), 2)
    assert "u_inner += t0" in text


# ---- the bits are those of expressions

COUNT = itertools.count()


def defined(text):
    """A function from its text; each has a first line of its own, so that it is compiled anew."""
    number, scope = next(COUNT), {"np": np}
    name, text = f"<program {number}>", "\n" * number + text
    linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)
    exec(compile(text, name, "exec"), scope)
    return scope["f"]


PROGRAMS = {
    "what is kept is no buffer": """
def f(x, n):
    kept = []
    for i in range(n):
        t = np.sin(x) * (i + 1.0)
        kept.append(t[1:-1])
        x = x + 0.1 * t
    return np.sum(kept[0] * kept[-1]) + np.sum(x)
""",
    "windows outlive what they show": """
def f(x, n):
    for i in range(n):
        t = np.cos(x) * 2.0
        w = t[::-1]
        u = x * x
        x = x * 0.9 + w * u
    return np.sum(x * np.arange(x.size))
""",
    "inner loops and branches": """
def f(x, n):
    for i in range(n):
        y = np.sin(x)
        for j in range(2):
            z = y * x + j
            if j == 1:
                z *= 2.0
                z = z - y * x
            x = x + 0.01 * z * y
    return np.sum(x**3)
""",
    "what a loop carries": """
def f(x, n):
    y = x
    for i in range(n):
        t = x * y
        y = t
        x = t * 0.5 + x
    return np.sum(x * y)
""",
    "while": """
def f(x, n):
    total = np.zeros_like(x)
    while n > 0:
        g = np.abs(x) ** 1.5 + x**2 + np.exp(-(x**4)) / (1.0 + x**2)
        total += g
        x = total * 0.1 - g / 3.0
        n -= 1
    return np.sum(total)
""",
    "stored and read again": """
def f(x, n):
    u = x.copy()
    v = np.zeros(x.shape)
    for i in range(n):
        t = 2.0 * u[1:-1] + u[2:] * u[:-2]
        v[1:-1] = t
        u[1:-1] = 0.1 * (t * v[2:])
        v[2:] = 0.5
        u[2:] += t * 0.3
    return np.sum(u * v)
""",
    "sums hang on how arrays lie": """
def f(x, n):
    s = 0.0
    X = np.reshape(x, (20, 30)).T
    for i in range(n):
        Y = X * 2.0 + i
        s = s + np.sum(Y * Y) + np.sum(X.T @ (Y * 0.1) * 0.3)
    return s
""",
    "products": """
def f(x, n):
    for i in range(n):
        A = np.outer(x[:30], x[30:60])
        s = np.sum((A * A) @ A.T)
        x = np.tanh(x * s) + x * 0.5
    return np.sum(x)
""",
}


@pytest.mark.parametrize("schedule", ["auto", "sqrt", adjoint.Revolve(2)], ids=str)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("program", PROGRAMS)
def test_bits_are_those_of_expressions(program, dtype, schedule, monkeypatch):
    x = np.random.default_rng(0).uniform(0.1, 0.9, LONG).astype(dtype)
    results = []
    for large in (buffers.LARGE, NEVER):
        monkeypatch.setattr(buffers, "LARGE", large)
        function = defined(PROGRAMS[program])
        derivative = adjoint.value_and_grad(function, schedule=schedule)
        value, gradient = derivative(x, 4)
        assert value == function(x, 4)
        results.append((gradient, "out=" in derivative.source))
    (gradient, has_buffers), (as_expressions, has_none) = results
    assert np.array_equal(gradient, as_expressions)
    assert (has_buffers, has_none) == (True, False)


def met_in_a_branch(a, b, n):
    total = 0.0
    for i in range(n):
        if i > 100:
            total = total + np.sum(np.exp(b) * a)
        total = total + np.sum(np.exp(a) * a) + np.sum(np.exp(b) * b)
    return total


def test_lengths_are_one_only_where_they_meet():
    """The branch would fail for these lengths; it does not run."""
    a, b = np.linspace(0.0, 1.0, LONG), np.linspace(0.0, 1.0, LONG + 100)
    a_bar, b_bar = adjoint.grad(met_in_a_branch, argnums=(0, 1))(a, b, 2)
    assert np.allclose(a_bar, 2.0 * (np.exp(a) * a + np.exp(a)))
    assert np.allclose(b_bar, 2.0 * (np.exp(b) * b + np.exp(b)))


def met_in_a_loop(a, b, n):
    for _ in range(n):
        a = a + np.sin(a[2:].sum() * b) * a
    return np.sum(a) + np.sum(b)


def test_loops_without_trips_allocate_for_any_lengths():
    derivative = adjoint.grad(met_in_a_loop, argnums=(0, 1))
    derivative(np.ones(LONG), np.ones(LONG), 2)
    a_bar, b_bar = derivative(np.ones(3), np.ones(LONG), 0)
    assert np.array_equal(a_bar, np.ones(3))
    assert np.array_equal(b_bar, np.ones(LONG))


# ---- memory


MANY_SHAPES = """
def f(x, n):
    y = x.copy()
    for _ in range(n):
        y[0] = np.sum(x[1:] * y[1:])
        y[1] = np.sum(x[2:] * y[2:])
        y[2] = np.sum(x[3:] * y[3:])
        y[3] = np.sum(x[4:] * y[4:])
    return y[0] * y[1] * y[2] * y[3]
"""


def test_buffers_of_many_shapes_take_no_more_than_temporaries(monkeypatch):
    """Arrays of four lengths are computed, one at a time: buffers of all would take four times as much."""
    x = np.linspace(1.0, 2.0, 100_000)
    peaks = []
    for large in (buffers.LARGE, NEVER):
        monkeypatch.setattr(buffers, "LARGE", large)
        derivative = adjoint.grad(defined(MANY_SHAPES))
        derivative(x, 2)
        peaks.append(peak_memory(lambda: derivative(x, 2)))  # noqa: B023  # called at once
    assert peaks[0] < 1.1 * peaks[1]


def test_a_loop_takes_the_memory_of_its_buffers():
    """Two states, two buffers and the gradient."""
    x = np.ones(100_000)
    derivative = adjoint.grad(smooth)
    derivative(x, x.copy(), 2)
    assert peak_memory(lambda: derivative(x, x, 2)) < 5.1 * x.nbytes
