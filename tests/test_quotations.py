"""A block of the documentation that starts with `# path` quotes the file at that path."""

import re
import textwrap
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
QUOTATION = re.compile(
    r"^ *```python\n *# (?P<path>(?:adjoint|tests)/\S+\.py)\n(?P<text>.*?)^ *```$", re.MULTILINE | re.DOTALL
)
QUOTATIONS = [
    pytest.param(match["path"], match["text"], id=f"{page.name}-{match['path']}")
    for page in sorted((ROOT / "docs").glob("*.md"))
    for match in QUOTATION.finditer(page.read_text(encoding="utf-8"))
]


def test_there_are_quotations():
    assert QUOTATIONS


@pytest.mark.parametrize(("path", "quoted"), QUOTATIONS)
def test_quotation(path, quoted):
    there = (ROOT / path).read_text(encoding="utf-8")
    assert textwrap.dedent(quoted).strip() in there
