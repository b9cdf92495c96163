"""Programs whose effects on memory cannot be followed are refused: never a wrong number."""

import numpy as np
import pytest

import adjoint
from adjoint import grad

SQUARE, LONG = np.arange(1.0, 10.0).reshape(3, 3), np.arange(1.0, 5.0)
FORTRAN = np.asfortranarray(SQUARE)


def of_array(x):
    u = np.array(x)
    v = u.ravel()
    v[0] = 5.0 * v[1]
    return np.sum(u * u)


def of_copy(x):
    u = np.copy(x)
    v = u.ravel()
    v[0] = 5.0 * v[1]
    return np.sum(u * u)


def of_zeros_like(x):
    u = np.zeros_like(x)
    v = u.reshape(-1)
    v[0] = 5.0 * x[1, 1]
    return np.sum(u * u)


def of_stack(x):
    u = np.stack([x, x])
    v = u.ravel()
    v[0] = 5.0 * v[1]
    return np.sum(u * u)


def carried_by_a_loop(x):
    u = x * 1.0
    for i in range(3):
        v = u.ravel()
        v[i] = 5.0 * x[1, 1]
        u = u * 2.0
    return np.sum(u)


def in_fortran_order(x):
    u = np.array(x)
    v = u.T.reshape(-1, order="F")
    v[0] = 5 * v[1]
    return np.sum(u**2)


def of_einsum(x):
    u = x.copy()
    d = np.einsum("ii->i", u)
    d[0] = 5.0 * x[1, 1]
    return np.sum(u * u)


@pytest.mark.parametrize("fun", [of_array, of_copy, of_zeros_like, of_stack, carried_by_a_loop])
def test_a_ravel_that_may_copy(fun):
    with pytest.raises(adjoint.AliasError):
        grad(fun)(FORTRAN)


@pytest.mark.parametrize("fun", [in_fortran_order, of_einsum])
def test_a_view_in_another_order(fun):
    with pytest.raises(adjoint.AliasError):
        grad(fun)(SQUARE)


@pytest.mark.parametrize("order", ["K", "A"])
def test_an_order_that_hangs_on_memory(order):
    with pytest.raises(adjoint.TypeInferenceError, match="lies in memory"):
        grad(lambda x: np.sum(x.ravel(order)[0]))(SQUARE)


def trimmed(x):
    u = x.copy()
    v = np.trim_zeros(u)
    u[0] = 5.0 * x[1]
    return np.sum(u * v)


def test_what_may_be_the_array_itself():
    with pytest.raises(adjoint.AliasError):
        grad(trimmed)(LONG)


def test_the_test_of_a_loop_that_writes():
    def test_writes(x):
        u = x.copy()

        def halved():
            u[0] *= 0.5
            return u[0]

        while halved() > 0.1:
            u[1] += 1.0
        return np.sum(u)

    with pytest.raises(adjoint.UnsupportedError, match="the test of the loop changes"):
        grad(test_writes)(LONG)


def test_a_list_that_grows_while_it_is_gone_through():
    def growing(x, n):
        h = []
        for i in range(n):
            h.append(x[i])  # noqa: PERF401  # a list of run-time length
        for v in h:
            if len(h) < 6:
                h.append(v)
        return sum(h)

    with pytest.raises(adjoint.UnsupportedError, match="another length"):
        grad(growing)(LONG, 3)


def test_a_comprehension_that_changes_what_it_goes_through():
    def changing(x):
        h = [x[0], x[1], x[2]]

        def doubled(v):
            h[2] = v * 2
            return v

        return sum([doubled(v) for v in h])

    with pytest.raises(adjoint.UnsupportedError, match="changed on the way"):
        grad(changing)(LONG)


def pairs_gone_through_twice(x):
    pairs = zip(x, x[::-1], strict=True)
    s = sum(a * b for a, b in pairs)
    return s + sum(a * b for a, b in pairs)


def generator_in_each_trip(x, n=3):
    squares = (v * v for v in x)
    s = 0.0
    for _ in range(n):
        for v in squares:
            s = s + v
    return s


@pytest.mark.parametrize("fun", [pairs_gone_through_twice, generator_in_each_trip])
def test_an_iterator_at_its_end(fun):
    with pytest.raises(adjoint.UnsupportedError, match="at its end"):
        grad(fun)(LONG)


def generator_over_a_list(x):
    h = [x[0], x[1]]
    squares = (v * v for v in h)
    h[0] = x[2]
    return sum(squares)


def generator_with_a_name(x):
    a = x[0]
    h = [x[0], x[1]]
    squares = (v * a for v in h)
    a = x[2]
    return sum(squares) + a


def values_of_a_dict(x):
    d = {"a": x[0], "b": x[1]}
    values = d.values()
    d["b"] = x[2]
    return sum(values)


@pytest.mark.parametrize("fun", [generator_over_a_list, generator_with_a_name, values_of_a_dict])
def test_what_an_iterator_goes_through_has_changed(fun):
    with pytest.raises(adjoint.UnsupportedError, match="has changed"):
        grad(fun)(LONG)


def test_places_of_a_list_that_become_one_array_in_a_loop():
    def program(x, n):
        h = [x.copy(), x * 2.0]
        for i in range(n):
            h[1][i] = h[0][0] * 3.0
            h[1] = h[0]
        return np.sum(h[0] * x) + np.sum(h[1])

    with pytest.raises(adjoint.AliasError):
        grad(program)(LONG, 3)


def test_names_that_swap_on_a_path_that_returns():
    def program(x, n):
        u, v = x.copy(), x * 2.0
        w = u[::-1]
        h, s = [v, v], 0.0
        if s < 0.3:
            for j in range(n):
                v[j] = s * 0.3
            if x[0] > 0.1:
                v, u = u, v
                return np.sum(u * x) + s
        np.add(w, w, out=h[1])
        return s + np.sum(w * x) + np.sum(v * x) * 0.5 + np.sum(u * x)

    with pytest.raises(adjoint.AliasError):
        grad(program)(LONG, 2)


def kept_while_names_swap(x, y):
    kept = []
    for _ in range(3):
        kept.append(x)
        x, y = y, x
    x[0] = 5.0
    return sum(np.sum(part * part) for part in kept)


def parts_kept_before_the_swap(x, y):
    kept = []
    for _ in range(3):
        x, y = y, x
        kept.append(x[::-1])
    for _ in range(2):
        y[1:] *= 0.5
    return sum(np.sum(part * part) for part in kept)


def swapped_on_a_path(x, y):
    kept = []
    for k in range(3):
        kept.append(x[1:])
        if k > 0:
            x, y = y, x
        else:
            kept.append(y.copy())
    x[1] = 5.0
    return sum(np.sum(part * part) for part in kept)


def swapped_on_a_path_that_the_call_tells(x, y, n=2):
    kept = []
    for _ in range(n):
        kept.append(x[1:])
        if n > 1:
            x, y = y, x
        else:
            kept.append(y.copy())
    x[1] = 5.0
    return sum(np.sum(part * part) for part in kept)


def kept_in_a_loop_and_swapped_in_another(x, y):
    kept = []
    for k in range(3):
        for j in range(2):
            part = x[j:]
            kept.append(part)
        for _ in range(k):
            x, y = y, x
    x[:-1] += x[:-1] * x[:-1]
    return sum(np.sum(part * part) for part in kept)


KEPT = [
    kept_while_names_swap, parts_kept_before_the_swap, swapped_on_a_path, swapped_on_a_path_that_the_call_tells,
    kept_in_a_loop_and_swapped_in_another,
]  # fmt: skip


@pytest.mark.parametrize("fun", KEPT)
def test_a_list_holds_what_names_stood_for(fun):
    with pytest.raises(adjoint.AliasError, match="`kept` may share its memory"):
        grad(fun)(LONG.copy(), LONG + 1.0)


def takes_turns(x, y):
    for _ in range(3):
        x[0] = x[0] * y[1]
        x, y = y, x
    return np.sum(x * x) + np.sum(y)


def read_after_the_call(x, y):
    x, y = x * 1.0, y * 1.0
    total = takes_turns(x, y)
    return total + np.sum(x * y)


def test_arrays_that_take_turns_are_read_by_the_caller_later():
    with pytest.raises(adjoint.AliasError, match="what the caller calls `x` may share its memory"):
        grad(read_after_the_call)(LONG, LONG + 1.0)


HANDING_ON = [
    lambda *arrays: takes_turns(*arrays),  # noqa: PLW0108  # its name is a name of the caller
    lambda a, b: takes_turns(a, b),  # noqa: PLW0108
    lambda x, y: takes_turns(x, y),  # noqa: PLW0108
]


@pytest.mark.parametrize("fun", HANDING_ON)
def test_nobody_reads_what_the_caller_gave(fun):
    adjoint.check_grads(lambda a, b: fun(a * 1.0, b * 1.0), (LONG / 3, LONG[::-1] / 2))
    adjoint.check_grads(fun, (LONG / 3, LONG[::-1] / 2))


def one_array_twice_in_a_rotated_list(u, v):
    levels = [u, v, u]
    for _ in range(3):
        levels[0][1:] = levels[1][:-1] * 0.5
        levels[0], levels[1] = levels[1], levels[0]
    return np.sum(levels[0] * 2 + levels[1] * levels[2])


def array_of_a_rotated_list_under_another_name(u, v):
    levels = [u, v]
    for _ in range(3):
        levels[0][1:] = levels[1][:-1] * 0.5
        levels[0], levels[1] = levels[1], levels[0]
    return np.sum(levels[0] * 2 + levels[1]) + np.sum(u * 3)


def array_of_a_rotated_list_in_another_container(u, v):
    levels = [u, v]
    both = {"levels": levels, "first": u}
    for _ in range(3):
        levels[0][1:] = levels[1][:-1] * 0.5
        levels[0], levels[1] = levels[1], levels[0]
    return np.sum(levels[0] * both["first"])


def list_that_holds_one_array_twice_after_a_trip(u, v):
    levels = [u, v]
    for _ in range(3):
        levels[0][1:] = levels[1][:-1] * 0.5
        levels[0] = levels[1]
    return np.sum(levels[0] * 2 + levels[1])


@pytest.mark.parametrize(
    "fun",
    [
        one_array_twice_in_a_rotated_list, array_of_a_rotated_list_under_another_name,
        array_of_a_rotated_list_in_another_container, list_that_holds_one_array_twice_after_a_trip,
    ],
)  # fmt: skip
def test_arrays_that_trade_places_in_a_list_and_are_known_otherwise_too(fun):
    with pytest.raises(adjoint.AliasError, match="may share its memory"):
        grad(fun)(np.arange(1.0, 6.0), np.arange(6.0, 11.0))
