"""Messages: layout, several findings, copies, and tracebacks that end at the user's line."""

import copy
import traceback

import pytest

from adjoint import errors
from adjoint.errors import AdjointError, Problem, Span, UnsupportedError, trim, user_errors

SPAN = Span("folder/model.py", 12, 8, 19, "        yield x * w", "model")
CLASSES = [getattr(errors, name) for name in dir(errors) if name.endswith("Error")]

DESIGNED = """adjoint.UnsupportedError: `yield` makes a generator, which has no derivative
  --> model.py:12:8
   12 |         yield x * w
      |         ^^^^^^^^^^^
hint: collect the values in a list and return it
"""


def test_the_layout():
    error = UnsupportedError(
        "`yield` makes a generator, which has no derivative", SPAN, "collect the values in a list and return it"
    )
    assert "".join(traceback.format_exception_only(error)) == DESIGNED
    assert error.span is SPAN
    assert error.hint.startswith("collect")


def test_tabs_keep_the_caret_in_its_place():
    rows = Span("m.py", 3, 2, 7, "\t\tyield").underline().splitlines()
    assert rows[1].endswith("| \t\tyield")
    assert rows[2].endswith("| \t\t^^^^^")


@pytest.mark.parametrize("kind", CLASSES)
def test_every_class_is_named_as_users_import_it(kind):
    assert kind.__module__ == "adjoint"
    assert issubclass(kind, AdjointError)


@pytest.mark.parametrize("kind", CLASSES)
def test_every_class_holds_several_findings(kind):
    error = kind.of([Problem("first", SPAN), Problem("second", None, "a hint")])
    assert type(error) is kind
    assert str(error) == f"first\n{SPAN.underline()}\n\nsecond\nhint: a hint"
    assert len(error.problems) == 2


def test_an_error_without_findings_has_no_place():
    assert AdjointError.of([]).span is None


def test_copies_are_the_same():
    for error in (errors.BudgetError("too small", 4096), errors.VerifyError("two definitions", "%1 = ...")):
        same = copy.copy(error)
        assert str(same) == str(error)
        assert vars(same) == vars(error)


def test_a_bug_says_that_it_is_one_and_attaches_the_program():
    error = errors.VerifyError("`x` is defined twice", "func f(x)")
    assert str(error).startswith("this is a bug in adjoint: `x` is defined twice")
    assert str(error).endswith("func f(x)")
    assert error.dump == "func f(x)"


def frames(error):
    return [entry.name for entry in traceback.extract_tb(error.__traceback__)]


def inside_the_package(error):
    """Raises from a frame that counts as one of the package."""
    code = compile("def deep(error):\n    raise error\n", errors.__file__, "exec")
    space = {}
    exec(code, space)
    space["deep"](error)


def test_the_line_of_the_user_is_last():
    public = user_errors(inside_the_package)
    with pytest.raises(UnsupportedError) as caught:
        public(UnsupportedError("no"))
    assert frames(caught.value)[-1] == "inside_the_package"

    @user_errors
    def refuse():
        try:
            raise KeyError("inner")
        except KeyError as cause:
            raise trim(UnsupportedError("no")) from cause

    with pytest.raises(UnsupportedError) as caught:
        refuse()
    assert "public" not in frames(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_bugs_and_other_errors_keep_their_frames():
    public = user_errors(inside_the_package)
    for error in (errors.VerifyError("bad"), ValueError("theirs")):
        with pytest.raises(type(error)) as caught:
            public(error)
        assert frames(caught.value)[-1] == "deep"
