"""Trees to text and back."""

import ast

import pytest

from adjoint.codegen import text

SOURCES = [
    "x[1:-1, i] = a - (b - c) * -d ** 2 + (-e) ** 2", "y = x - -1.0", "y = a ** -1.0", "y = (-1.0) ** a",
    "y = -x.T", "y = (-x).T", "y = a @ b @ (c @ d)", "a, b = b, a", "y = not a and (b or c)", "y = (a < b) & (c < d)",
    "y = 2 ** 3 ** x", "y = (2 ** 3) ** x", "y = a / (b / c) / d", "y = {'w': a, 'b': [c, (d,)]}",
    "y = x[..., None, ::2]",
    "y = np.sum(x ** 2, axis=(0, 1), keepdims=True)", "x[i] += v", "y = (a + b).sum(0)", "return x, y",
]  # fmt: skip


@pytest.mark.parametrize("source", SOURCES)
def test_what_is_printed_parses_to_the_same_tree(source):
    printed = text.pretty_source(ast.parse(source).body[0])
    assert printed == source
    assert ast.dump(ast.parse(printed)) == ast.dump(ast.parse(source))


@pytest.mark.parametrize("value", [0, -3, 1.5, -0.0, 1e-300, -2j, 1.5 - 2j, -1.5 + 0.5j, True, None, "a'b", (1, -2.0)])
def test_constants_survive(value):
    printed = text.pretty_source(text.constant(value))
    assert repr(ast.literal_eval(printed)) == repr(value)


def test_floats_without_a_literal_have_names():
    printed = [text.pretty_source(text.constant(value)) for value in (float("inf"), -float("inf"), float("nan"))]
    assert printed == ["np.inf", "-np.inf", "np.nan"]


def test_long_lines_stay_whole():
    node = text.call(text.name("f"), [text.number(-1.0) for _ in range(60)])
    assert "\n" not in text.pretty_source(node)
