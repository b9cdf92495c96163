"""What derivatives are compared with: differences, the inner product, bits, and who owns the memory.

Ridders, Accurate computation of F'(x) and F'(x)F''(x), Advances in Engineering Software 4 (1982): central
differences at steps h, h/2, ... extrapolated to h = 0; of all entries of the table the one is taken
that differs least from its neighbours.
"""

import copy

import numpy as np

from tests.trees import leaves, mapped, moved, pairing, varies, vector


def differences(fun, args, dots, step=2.0**-6, rows=7):
    """The derivative of `fun` along `dots`, as one vector, with an estimate of its error."""

    def at(h):
        return vector(fun(*copy.deepcopy(moved(tuple(args), h, tuple(dots)))))

    def slope(h):
        return (at(h) - at(-h)) / (2 * h)

    best = slope(step)
    error = np.full(best.shape, np.inf)
    row = [best]
    for level in range(1, rows):
        fresh = [slope(step / 2**level)]
        for order, older in enumerate(row, 1):
            fresh.append(fresh[-1] + (fresh[-1] - older) / (4.0**order - 1))
            guess = np.maximum(abs(fresh[-1] - fresh[-2]), abs(fresh[-1] - older))
            best = np.where(guess < error, fresh[-1], best)
            error = np.minimum(guess, error)
        row = fresh
    return best, error


def assert_near(found, expected, rtol, what, slack=0.0):
    found, expected = (x if isinstance(x, np.ndarray) else vector(x) for x in (found, expected))
    assert found.shape == expected.shape, f"{what}: {found.shape} numbers instead of {expected.shape}"
    if not found.size:
        return
    assert np.isfinite(found).all(), f"{what}: {found}"
    error = np.max(abs(found - expected))
    limit = rtol * (1 + np.max(abs(expected))) + np.max(slack)
    assert error <= limit, f"{what}: off by {error:.2e}\n{found}\nexpected\n{expected}"


def assert_differences(found, fun, args, dots, rtol, what):
    """Compare with differences, as far as these can be trusted (and they must be good for something)."""
    expected, error = differences(fun, args, dots)
    poor = 1e-3 * (1 + np.max(abs(expected), initial=0.0))
    assert np.max(error, initial=0.0) < poor, f"{what}: differences do not converge"
    assert_near(found, expected, rtol, what, slack=10 * np.max(error, initial=0.0))


def assert_same_bits(found, expected, what):
    """The same numbers to the last bit, in the same shapes and dtypes."""
    assert len(leaves(found)) == len(leaves(expected)), f"{what}: another structure"
    for a, b in zip(leaves(found), leaves(expected), strict=True):
        if isinstance(b, (str, type(None))):
            assert a == b, f"{what}: {a!r} instead of {b!r}"
            continue
        left, right = np.asarray(a), np.asarray(b)
        assert left.dtype == right.dtype, f"{what}: {left.dtype} instead of {right.dtype}"
        assert left.shape == right.shape, f"{what}: shape {left.shape} instead of {right.shape}"
        assert left.tobytes() == right.tobytes(), f"{what}: {a!r} instead of {b!r}"


def assert_transposed(bar, out_dot, bars, dots, what, rtol=1e-9):
    """<bar, J dot> = <J' bar, dot>."""
    forward, reverse = pairing(bar, out_dot), pairing(bars, dots)
    scale = 1 + abs(forward) + float(np.sum(abs(vector(bar) * vector(out_dot))))
    assert abs(forward - reverse) <= rtol * scale, f"{what}: forward {forward!r}, reverse {reverse!r}"


def assert_like_arguments(bars, args, what):
    """A cotangent has the structure, shape and dtype of its argument, and is None where nothing varies."""
    found, given = leaves(bars), leaves(args)
    assert len(found) == len(given), f"{what}: another structure"
    for bar, arg in zip(found, given, strict=True):
        if not varies(arg):
            assert bar is None, f"{what}: a derivative by {arg!r}"
            continue
        assert np.shape(bar) == np.shape(arg), f"{what}: {np.shape(bar)} instead of {np.shape(arg)}"
        assert np.asarray(bar).dtype == np.asarray(arg).dtype, f"{what}: {np.asarray(bar).dtype}"


def assert_own_memory(results, *others, what):
    """Arrays of `results` are writable and overlap neither one another nor those of `others`."""
    arrays = [leaf for leaf in leaves(results) if isinstance(leaf, np.ndarray)]
    strangers = [leaf for leaf in leaves(list(others)) if isinstance(leaf, np.ndarray)]
    for k, array in enumerate(arrays):
        assert array.flags.writeable, f"{what}: read-only"
        for other in (*arrays[:k], *strangers):
            assert not np.shares_memory(array, other), f"{what}: shares memory"


def narrowed(tree):
    """The same numbers in single precision."""

    def narrow(leaf):
        dtype = np.complex64 if np.iscomplexobj(leaf) else np.float32
        return np.asarray(leaf, dtype)[()] if varies(leaf) else leaf

    return mapped(narrow, tree)
