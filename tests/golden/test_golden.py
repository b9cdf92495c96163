"""The generated text of some forty programs: `programs/NAME.py` in, `programs/NAME.reverse.txt` and `.forward.txt` out.

A change of the compiler that should change no text has an empty diff here. `pytest tests/golden --bless`
writes the texts anew; read the diff. The head of a program gives argument types and `argnums`:

    # types: f8[n,m], f8[m]
    # argnums: 0, 1
    # schedule: Revolve(20)
"""

import importlib.util
import inspect
import pathlib
import re

import pytest

import adjoint
from adjoint.ir.notation import parse_types

PROGRAMS = sorted((pathlib.Path(__file__).parent / "programs").glob("*.py"))


def head(text, key):
    found = re.search(rf"^# {key}: (.*)$", text, re.MULTILINE)
    return found and found[1]


def generated(path, mode):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    text, fun = path.read_text(encoding="utf-8"), module.program
    types, argnums, schedule = head(text, "types"), head(text, "argnums"), head(text, "schedule") or "'auto'"
    wrt = tuple(map(int, argnums.split(","))) if argnums else 0
    return adjoint.source(
        fun, mode, argnums=wrt[0] if argnums and len(wrt) == 1 else wrt,
        types=parse_types(types, list(inspect.signature(fun).parameters)) if types else None,
        schedule=eval(schedule, vars(adjoint)),  # noqa: S307  # our own text
    )  # fmt: skip


@pytest.mark.parametrize("mode", ["reverse", "forward"])
@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_generated_text(path, mode, request):
    text = generated(path, mode)
    golden = path.with_suffix(f".{mode}.txt")
    if request.config.getoption("bless"):
        golden.write_text(text, encoding="utf-8")
    assert golden.exists(), "no golden file: run `pytest tests/golden --bless`"
    assert text == golden.read_text(encoding="utf-8"), "read the diff; if it is right, bless it"


def test_no_golden_file_without_a_program():
    stems = {path.stem for path in PROGRAMS}
    files = (pathlib.Path(__file__).parent / "programs").glob("*.txt")
    assert {path.name.partition(".")[0] for path in files} <= stems
