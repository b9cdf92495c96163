"""Types as text."""

import pytest

from adjoint.ir.notation import parse_types
from adjoint.ir.types import PY_BOOL, PY_COMPLEX, PY_FLOAT, PY_INT, UNKNOWN, ArrayType, Symbol


def test_scalars_are_python_scalars_where_python_has_them():
    assert parse_types("f8, i8, c16, b1") == [PY_FLOAT, PY_INT, PY_COMPLEX, PY_BOOL]
    assert parse_types("f4") == [ArrayType("float32", (), "np")]


def test_arrays():
    (w, x) = parse_types(" f8[3, 1] ,f4[n]", ["w", "x"])
    assert w == ArrayType("float64", (Symbol("w0", not_one=True), 1))
    assert x == ArrayType("float32", (Symbol("x0", not_one=True),))
    assert parse_types("f8[]") == [ArrayType("float64", ())]


def test_unknown_types_and_no_types():
    assert parse_types("?, ?[3]", ["x", "y"]) == [UNKNOWN, ArrayType(None, (Symbol("y0", not_one=True),))]
    assert parse_types("") == []


@pytest.mark.parametrize("text", ["f9", "O", "f8[", "f8 f8", "f8[3,]", "f8[a-b]", "f8[?]", ",f8"])
def test_malformed_text(text):
    with pytest.raises(ValueError, match=r"cannot read|no type of numbers|neither a length"):
        parse_types(text)
