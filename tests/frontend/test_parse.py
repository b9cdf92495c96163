"""A function is found exactly, and its text is known to be what runs."""

import functools
import importlib.util
import linecache

import gast
import pytest

from adjoint import errors
from adjoint.frontend import parse as parsing
from adjoint.frontend.parse import parse

pair = (lambda x: x * x), (lambda x: x if x > 0 else -x)
nested = lambda x: lambda y: x + y  # noqa: E731
over_lines = (0, lambda x: x
              + 1)  # fmt: skip
accents = ("é", lambda ü: ü + len("é"))[1]  # noqa: PLC2401


def decorator(*_):
    return lambda fun: fun


@decorator(
    1,
)
@decorator()
def decorated(x):
    return x


def outer(scale):
    def inner(x):
        return scale * x

    return inner


def with_assert(x):
    assert x > 0
    return x


class Owner:
    __scale = 2.0

    def method(self, x):
        return self.__scale * x

    @staticmethod
    def static(x):
        return x

    @functools.cache  # noqa: B019
    def cached(self):
        return 1.0


@pytest.mark.parametrize(
    ("fun", "text"),
    [
        (pair[0], "lambda x: x * x"),
        (pair[1], "lambda x: x if x > 0 else -x"),
        (nested, "lambda x: lambda y: x + y"),
        (nested(1), "lambda y: x + y"),
        (over_lines[1], "lambda x: x + 1"),
        (accents, "lambda ü: ü + len('é')"),
        (decorated, "return x"),
        (outer(1), "return scale * x"),
        (Owner().method, "return self._Owner__scale * x"),
        (Owner.static, "return x"),
        (Owner.cached, "return 1.0"),
        (with_assert, "assert x > 0"),
    ],
)
def test_the_syntax_of(fun, text):
    assert text in gast.unparse(parse(fun).node)


def test_a_wrapper_is_what_runs_not_what_it_wraps():
    @functools.wraps(decorated)
    def doubled(x):
        return 2 * decorated(x)

    assert "2 * decorated(x)" in gast.unparse(parse(doubled).node)


def test_columns_are_characters_and_long_constructs_end_with_their_first_line():
    source = parse(accents)
    span = source.span(source.node.body)
    assert span.expression == 'ü + len("é")'
    source = parse(over_lines[1])
    assert source.span(source.node).expression == "lambda x: x"


def load(path, text):
    path.write_text(text)
    spec = importlib.util.spec_from_file_location("edited", path)
    module = importlib.util.module_from_spec(spec)
    exec(compile(text, str(path), "exec"), module.__dict__)
    return module


def test_comments_are_not_underlined(tmp_path):
    text = "def f(x):\n    if x:  # why\n        return '#'\n    return (x +  # 1\n x)\n"
    source = parse(load(tmp_path / "m.py", text).f)
    branch, result = source.node.body
    assert source.span(branch).expression == "if x:"
    assert source.span(result).expression == "return (x +"
    assert source.span(branch.body[0]).expression == "return '#'"


class Forgetful(dict):
    """Keeps no source, so that each call reads the text again."""

    def __contains__(self, key):
        return False


def test_a_changed_file_is_refused_and_a_moved_function_is_found(tmp_path, monkeypatch):
    path = tmp_path / "m.py"
    module = load(path, "def f(x):\n    return x * x\n")
    monkeypatch.setattr(parsing, "_SOURCES", Forgetful())
    path.write_text("# moved\n\ndef f(x):\n    return x * x\n")
    assert parse(module.f).first_line == 3
    path.write_text("def f(x):\n    return x * x * x\n")
    assert parse(module.f).first_line == 3, "linecache still holds the text that runs"
    del linecache.cache[str(path)]
    with pytest.raises(errors.UnsupportedError, match=r"source text of `f`.*not what runs"):
        parse(module.f)


def test_a_text_in_linecache_is_enough(monkeypatch):
    monkeypatch.setattr(parsing, "_SOURCES", Forgetful())
    text = "def typed(x):\n    return x * x\n"
    linecache.cache["<typed>"] = (len(text), None, text.splitlines(True), "<typed>")
    space = {}
    exec(compile(text, "<typed>", "exec"), space)
    assert parse(space["typed"]).file == "<typed>"
    del linecache.cache["<typed>"]
    with pytest.raises(errors.UnsupportedError, match=r"source of `typed`.*\nhint: "):
        parse(space["typed"])


def test_the_text_of_another_exec_is_not_taken():
    text = "def typed(x):\n    return x * x\n"
    linecache.cache["<other>"] = (len(text), None, text.splitlines(True), "<other>")
    space = {}
    exec(compile("def typed(x):\n    return x + x\n", "<other>", "exec"), space)
    with pytest.raises(errors.UnsupportedError, match="source"):
        parse(space["typed"])


def test_built_in_functions_have_no_source():
    with pytest.raises(errors.UnsupportedError, match="`len` has no Python source"):
        parse(len)
