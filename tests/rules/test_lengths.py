"""What is claimed about lengths at compile time holds for every length at run time."""

from itertools import product

import numpy as np
import pytest

from adjoint.ir.types import Symbol, known_not_one, same_length
from adjoint.rules.lengths import lengthened, shortened, slice_length, sum_of_lengths

BOUNDS = (None, -4, -3, -2, -1, 0, 1, 2, 3)
STEPS = (None, 1, 2, 3, -1, -2)
SLICES = [slice(*bounds) for bounds in product(BOUNDS, BOUNDS, STEPS)]
LENGTHS = range(9)


def check(claims, lengths):
    """`claims`: dims; `lengths`: what they are in each of some runs."""
    known = {}
    for dim, found in zip(claims, lengths, strict=True):
        if isinstance(dim, int):
            assert all(n == dim for n in found), (dim, found)
            continue
        assert not dim.not_one or 1 not in found, (dim, found)
        assert known.setdefault((dim.name, dim.offset), found) == found, dim


@pytest.mark.parametrize("dim", [Symbol("n"), Symbol("n", 0, True), Symbol("n", 2, True), Symbol("n", -1)], ids=str)
def test_slices(dim):
    runs = [max(n + dim.offset, 0) for n in LENGTHS if dim.offset or not dim.not_one or n != 1]
    check([slice_length(dim, s, ()) for s in SLICES], [[len(range(n)[s]) for n in runs] for s in SLICES])


@pytest.mark.parametrize("n", LENGTHS)
def test_slices_of_a_known_length(n):
    assert all(slice_length(n, s, ()) == len(np.arange(n)[s]) for s in SLICES)


def test_slices_of_slices():
    simple = [slice(a, b) for a in (None, 1, 2) for b in (None, -1, -2)]
    pairs = list(product(simple, simple))
    claims = [slice_length(slice_length(Symbol("n"), a, ()), b, ()) for a, b in pairs]
    check(claims, [[len(range(n)[a][b]) for n in LENGTHS] for a, b in pairs])


def test_what_was_cut_at_zero_does_not_come_back():
    n = Symbol("n")  # it may be 1: then two taken and two added are 2
    assert not same_length(lengthened(shortened(n, 2), 2), n)
    assert same_length(shortened(lengthened(n, 2), 2), n)


def test_sums():
    n, m = Symbol("n", 0, True), Symbol("m", 0, True)
    assert sum_of_lengths([1, 2]) == 3
    assert sum_of_lengths([1, n, 2]) == Symbol("n", 3, True)
    assert known_not_one(sum_of_lengths([n, m]))
    assert sum_of_lengths([n, m]) == sum_of_lengths([n, m])
    assert not known_not_one(sum_of_lengths([n, 1]))
