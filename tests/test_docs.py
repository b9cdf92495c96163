"""The documentation runs: README.md, docs/*.md and every docstring.

In a Markdown file a `python` block with `>>>` is a doctest (the blocks of a file share their names), and a
`console` block that starts with `$ adjoint` must show what that command prints. README quotes the quickstart.
"""

import doctest
import importlib.util
import pkgutil
import re
import shlex
from pathlib import Path

import pytest

import adjoint
from adjoint.cli import main

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
WITH_SCIPY = importlib.util.find_spec("scipy") is not None
if not WITH_SCIPY:
    PAGES.remove(ROOT / "docs" / "scipy.md")
MODULES = sorted(
    module.name
    for module in pkgutil.walk_packages(adjoint.__path__, "adjoint.")
    if not module.name.endswith("__main__") and (WITH_SCIPY or not module.name.startswith("adjoint.rules.scipy."))
)
BLOCK = re.compile(r"^```(?P<language>\w+)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(page, language):
    """(number of the line before it, text) of each fenced block in a language."""
    text = page.read_text(encoding="utf-8")
    for match in BLOCK.finditer(text):
        if match["language"] == language:
            yield text.count("\n", 0, match.start("text")), match["text"]


def run(test):
    runner = doctest.DocTestRunner(verbose=False, optionflags=doctest.ELLIPSIS)
    report = []
    runner.run(test, out=report.append, clear_globs=False)
    assert not runner.failures, "".join(report)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_python_blocks_of_a_page(page):
    names = {}
    for line, text in blocks(page, "python"):
        if ">>>" in text:
            test = doctest.DocTestParser().get_doctest(text, names, page.name, str(page), line)
            run(test)
            names = test.globs


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_of_a_page(page, capsys, monkeypatch):
    monkeypatch.chdir(ROOT)
    for line, text in blocks(page, "console"):
        command, _, shown = text.partition("\n")
        if command.startswith("$ adjoint "):
            assert main(shlex.split(command)[2:]) == 0, f"{page.name}:{line}"
            assert capsys.readouterr().out == shown, f"{page.name}:{line}: {command}"


def test_readme_quotes_the_quickstart():
    quickstart = (ROOT / "examples" / "quickstart.py").read_text(encoding="utf-8")
    quotations = [text for _, text in blocks(ROOT / "README.md", "python") if ">>>" not in text]
    assert quotations
    for text in quotations:
        assert text in quickstart


def test_ci_runs_the_tests_as_readme_says():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert "&& python -m pytest\n" in readme
    assert "\npython -m pytest\n" in script


@pytest.mark.parametrize("name", MODULES)
def test_docstrings(name):
    for test in doctest.DocTestFinder(exclude_empty=True).find(importlib.import_module(name)):
        run(test)
