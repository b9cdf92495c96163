"""The examples of docs/errors.md show exactly what is printed."""

import linecache
import pathlib
import re
import traceback

import pytest

import adjoint

DOCUMENT = pathlib.Path(__file__).parents[2] / "docs" / "errors.md"
EXAMPLES = re.findall(
    r"```python\n(# model\.py\n.*?)```\n\n```text\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL
)


def test_every_error_class_has_a_section():
    text = DOCUMENT.read_text(encoding="utf-8")
    for name in adjoint.__all__:
        found = getattr(adjoint, name)
        if isinstance(found, type) and issubclass(found, Exception) and found is not adjoint.AdjointError:
            assert f"\n## {name}\n" in text


def test_there_are_examples():
    assert len(EXAMPLES) > 10
    assert DOCUMENT.read_text(encoding="utf-8").count("# model.py") == len(EXAMPLES)


@pytest.mark.parametrize(("program", "shown"), EXAMPLES)
def test_an_example(program, shown, tmp_path):
    path = tmp_path / "model.py"
    path.write_text(program, encoding="utf-8")
    linecache.checkcache()
    with pytest.raises(Exception) as caught:  # noqa: PT011  # the type is part of what is shown
        exec(compile(program, str(path), "exec"), {"__name__": "model"})
    made = "".join(traceback.format_exception_only(caught.value))
    assert made.replace(str(path), "model.py") == shown
