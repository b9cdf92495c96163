"""Lengths as linear combinations: equal ones have one name, and what is relied on becomes a guard."""

from hypothesis import given
from hypothesis import strategies as st

from adjoint.ir.affine import as_dim, form_of, plus
from adjoint.ir.bounds import equal, for_given_arguments, note_length, ordered, reaches, relied_on
from adjoint.ir.types import Symbol

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
        assert not equal(Symbol("n", -1), Symbol("m", -1))  # both may have been cut off at 0
        assert relied_on().compared == [{"n": 1, "m": -1}, {"n": -1, "m": 1}]


def test_another_length_of_one_name_voids_comparisons():
    with for_given_arguments():
        note_length("n", 3)
        note_length("m", 10)
        assert ordered({"n": 1}, {"m": 1})
        note_length("n", 11)
        assert relied_on().compared == []
