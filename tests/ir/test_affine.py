"""Lengths as linear combinations: equal ones have one name, and what is relied on becomes a guard."""

from hypothesis import given
from hypothesis import strategies as st

from adjoint.ir.affine import as_dim, form_of, plus, product, quotient
from adjoint.ir.bounds import (
    equal,
    for_given_arguments,
    length_at_hand,
    note_length,
    note_range,
    ordered,
    reaches,
    relied_on,
)
from adjoint.ir.core import Value
from adjoint.ir.types import PY_INT, Symbol
from adjoint.rules.infer import remember_length

N, M = Symbol("n", 0, True), Symbol("m", 0, True)
FORMS = st.dictionaries(st.sampled_from(["n", "m", "k", ""]), st.integers(-3, 3).filter(bool))


@given(FORMS, FORMS)
def test_equal_combinations_have_one_name_and_others_have_others(a, b):
    assert form_of(as_dim(a)) == a
    assert (as_dim(a) == as_dim(b)) == (a == b)
    assert as_dim(plus(plus(a, b), b, -1)) == as_dim(a)


def test_names_read_like_arithmetic():
    assert str(as_dim({"n": 3, "": -1})) == "(3*n)-1?"
    assert str(as_dim({"n": 1, "m": -2})) == "(-2*m+n)?"
    assert as_dim({"": 4}) == 4


def test_what_is_relied_on_is_noted_once():
    with for_given_arguments():
        note_length("n", 3)
        note_length("m", 10)
        assert ordered(form_of(2), form_of(N))  # of a single length: not in `compared`
        assert ordered({"n": 1}, {"n": 3}, {"m": 1})
        assert ordered({"n": 3}, {"m": 1})
        assert not ordered({"n": 4}, {"m": 1})
        assert reaches(as_dim({"m": 1, "n": -3}), 1)
        bounds = relied_on()
        assert bounds.relied == {"n": 2}
        assert bounds.compared == [{"m": 1, "n": -3}, {"m": 1, "n": -3, "": -1}]
        assert ordered({"n": 3}, {"m": 1})
        assert not ordered({"n": 2}, {"m": 1})  # true here, but the guards are written


def test_equal_lengths():
    assert equal(N, N)
    assert not equal(N, M)
    with for_given_arguments():
        note_length("n", 3)
        note_length("m", 3)
        assert equal(N, M)
        assert not equal(N, Symbol("m", 1))
        assert relied_on().compared == [{"n": 1, "m": -1}, {"n": -1, "m": 1}]
        assert equal(Symbol("n", -1), Symbol("m", -1))


def test_a_difference_is_no_length_that_is_at_least_its_constant():
    rest = as_dim({"n": -1, "": 3})
    assert not reaches(rest, 2)
    with for_given_arguments():
        note_length("n", 2)
        assert not reaches(rest, 2)
        assert reaches(rest, 1)


def test_lengths_that_are_cut_off_are_no_polynomials():
    with for_given_arguments():
        note_length("n", 2)
        value = Value("k", PY_INT)
        remember_length(value, Symbol("n", -3))
        assert value.length == Symbol("max(n-3,0)")
        remember_length(value, Symbol("n", -1))
        assert value.length == Symbol("n", -1)


def test_another_length_of_one_name_voids_comparisons():
    with for_given_arguments():
        note_length("n", 3)
        note_length("m", 10)
        assert ordered({"n": 1}, {"m": 1})
        note_length("n", 11)
        assert relied_on().compared == []


def test_products_and_quotients_have_one_name_too():
    n, m = form_of(N), form_of(M)
    assert as_dim(product(n, m)) == as_dim(product(m, n))
    assert as_dim(product(plus(n, {"": 1}), m)) == as_dim(plus(product(n, m), m))
    assert as_dim(quotient(product({"": 4}, n), 2)) == as_dim({"n": 2})
    assert as_dim(quotient(plus(n, {"": 1}), 2)) == Symbol("((n+1)//2)")
    with for_given_arguments():
        note_length("n", 5)
        note_length("m", 20)
        half = quotient(n, 2)
        assert ordered(half, n)
        assert ordered(product(half, {"": 3}), m)
        assert not ordered(product(n, n), m)
        assert ordered(product(n, plus(n, {"": -1})), m)
        assert length_at_hand(as_dim(product(n, half))) == 10


def test_integers_may_be_negative():
    with for_given_arguments():
        note_length("k%1", 3)
        note_length("n", 5)
        assert reaches(Symbol("k%1", 3), 3)
        assert ordered({"k%1": 1}, {"n": 1})
        assert relied_on().compared == [{"k%1": 1}, {"n": 1, "k%1": -1}]
    with for_given_arguments():
        note_length("k%1", -3)
        assert not reaches(Symbol("k%1", 3), 3)


def test_indices_of_loops_are_as_large_as_they_may_get():
    index, inner = Symbol("i%1"), Symbol("j%2")
    with for_given_arguments():
        note_length("n", 3)
        note_length("m", 12)
        note_range(index, {}, {"n": 1, "": -1})
        note_range(inner, {"i%1": 1}, {"n": 1, "": -1})
        i, n = form_of(index), form_of(N)
        assert ordered(i, n)
        assert not ordered(n, i)
        assert ordered(i, form_of(inner), n)
        assert not ordered(form_of(inner), i)
        block = product(i, {"": 4})
        assert ordered(block, plus(block, {"": 4}), {"m": 1})
        assert not ordered(block, plus(block, {"": 5}), {"m": 1})
        assert ordered(product(i, n), plus(product(i, n), n), {"m": 1})
