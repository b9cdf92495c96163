"""The table of constructs says what happens, and the documentation says what the table says."""

import linecache
import pathlib
import textwrap

import pytest

from adjoint.errors import UnsupportedError
from adjoint.frontend import subset
from adjoint.frontend.parse import parse

DOCUMENT = pathlib.Path(__file__).parents[2] / "docs" / "language.md"
WITH_EXAMPLES = [row for row in subset.TABLE if row.example]


def source_of(text):
    name = f"<example {hash(text)}>"
    linecache.cache[name] = (len(text), None, text.splitlines(True), name)
    space = {}
    exec(compile(text, name, "exec"), space)
    return parse(space["f"])


@pytest.mark.parametrize("row", WITH_EXAMPLES, ids=[row.construct for row in WITH_EXAMPLES])
def test_the_example_of_a_row_is_treated_as_it_says(row):
    whole = row.example.startswith("async def f(")
    body = textwrap.indent(row.example, "    ")
    source = source_of(row.example if whole else f"def f(x, w, items):\n{body}\n")
    if row.status == "supported":
        subset.check(source)
    else:
        assert row in [found for _, found in subset.findings(source.node)]
        with pytest.raises(UnsupportedError) as caught:
            subset.check(source)
        assert "hint: " in str(caught.value)
        assert "^" in str(caught.value)


def test_only_rows_for_newer_pythons_have_no_example():
    assert {row.construct for row in subset.TABLE if not row.example} == {"`type` aliases", "t-strings"}


def test_every_refusal_says_why_and_what_to_write_instead():
    for row in subset.TABLE:
        assert row.status == "supported" or (row.reason and row.hint), row.construct


def test_findings_come_in_the_order_of_the_text():
    source = source_of(
        "def f(x):\n    try:\n        yield x\n    except ValueError:\n        pass\n    def g():\n        yield x\n"
    )
    with pytest.raises(UnsupportedError) as caught:
        subset.check(source)
    assert [problem.span.line for problem in caught.value.problems] == [2, 3, 7]
    assert caught.value.problems[0].span.expression == "try:"


def test_what_was_evaluated_before_is_no_part_of_the_function():
    subset.check(source_of("def f(x, keys=frozenset({k for k in 'ab'})) -> {k for k in 'ab'}:\n    return x\n"))


def test_the_document_shows_the_table():
    assert subset.language_table() in DOCUMENT.read_text(encoding="utf-8")
