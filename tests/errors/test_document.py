"""The examples of docs/errors.md show exactly what is printed."""

import pathlib
import re
import traceback

import pytest

import adjoint

DOCUMENT = pathlib.Path(__file__).parents[2] / "docs" / "errors.md"
EXAMPLES = re.findall(
    r"```python\n(# model\.py\n.*?)```\n\n```text\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL
)


def test_there_are_examples():
    assert len(EXAMPLES) == 3


@pytest.mark.parametrize(("program", "shown"), EXAMPLES)
def test_an_example(program, shown, tmp_path):
    path = tmp_path / "model.py"
    path.write_text(program, encoding="utf-8")
    with pytest.raises(adjoint.AdjointError) as caught:
        exec(compile(program, str(path), "exec"), {"__name__": "model"})
    assert "".join(traceback.format_exception_only(caught.value)) == shown
