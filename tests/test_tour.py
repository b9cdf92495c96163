"""docs/tour.md shows what the compiler does: each block after a `shown:` comment is made anew and compared.

`pytest tests/test_tour.py --bless` writes the blocks. The text around them is written by hand: read it again then.
"""

import difflib
import importlib.util
import inspect
import re
from pathlib import Path

import numpy as np
import pytest

from adjoint import grad, guards, sources
from adjoint.ir.notation import parse_types
from adjoint.ir.print import print_function
from adjoint.pipeline import run_stages

PAGE = Path(__file__).parent.parent / "docs" / "tour.md"
PROGRAM = re.compile(r"^```python\n(# network\.py\n.*?)^```$", re.MULTILINE | re.DOTALL)
BLOCK = re.compile(
    r"(?P<head>^<!-- shown: (?P<what>[^>]+) -->\n```\w+\n)(?P<text>.*?)(?P<tail>^```$)", re.MULTILINE | re.DOTALL
)
TEXT = PAGE.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def loss(tmp_path_factory):
    """The function of the page."""
    path = tmp_path_factory.mktemp("tour") / "network.py"
    path.write_text(PROGRAM.search(TEXT)[1], encoding="utf-8")
    spec = importlib.util.spec_from_file_location("network", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.loss


@pytest.fixture(scope="module")
def stages(loss):
    """The text after each stage, those that only the pipeline knows included."""
    types = parse_types("f8[4,3,3], f8[3]", ["ws", "x"])
    lowered, _ = sources._lowered(loss, "reverse", 0, types)
    texts = {name: print_function(fn) for name, fn in run_stages(lowered.function)}
    return texts | {name: sources.dump(loss, types=types, stage=name) for name in ("typed", "source")}


def shown(what, stages, loss):
    kind, *names = what.split()
    if kind == "rule":
        return inspect.getsource(getattr(importlib.import_module(names[0]), names[1]))
    if kind == "diff":
        before, after = (stages[name].splitlines() for name in names)
        changes = list(difflib.unified_diff(before, after, n=0, lineterm=""))[2:]
        return "\n".join(line for line in changes if not line.startswith("@@"))
    if kind == "values":  # the lines that define them
        lines = [line.strip() for line in stages[names[0]].splitlines()]
        return "\n".join(line for name in names[1:] for line in lines if line.startswith(f"{name}: "))
    if kind == "call":
        return guards_of(loss)
    return stages[what]


def guards_of(loss):
    """The dispatching function of the first call."""
    texts = []

    def spy(text, *options):
        texts.append(text)
        return compile(text, *options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(guards, "compile", spy, raising=False)
        grad(loss)(np.ones((4, 3, 3)), np.ones(3))
    return texts[-1]


@pytest.mark.parametrize("what", [match["what"] for match in BLOCK.finditer(TEXT)])
def test_block(what, stages, loss, request):
    made = shown(what, stages, loss).rstrip("\n") + "\n"
    assert made.strip()
    if request.config.getoption("--bless", default=False):
        page = PAGE.read_text(encoding="utf-8")

        def rewritten(match):
            return match["head"] + made + match["tail"] if match["what"] == what else match[0]

        PAGE.write_text(BLOCK.sub(rewritten, page), encoding="utf-8")
        return
    (block,) = (match for match in BLOCK.finditer(TEXT) if match["what"] == what)
    assert block["text"] == made


def test_the_modules_that_the_page_names_are_there():
    for link in re.findall(r"\]\(([^)#:]+)\)", TEXT):
        assert (PAGE.parent / link).exists(), link


def test_a_call_runs_what_the_page_shows(loss, stages):
    derivative = grad(loss)
    derivative(np.ones((4, 3, 3)), np.ones(3))
    assert derivative.source.rstrip() == stages["source"].rstrip()
