"""Who imports whom, who reads the environment, how long a file is."""

import ast
import sys
from pathlib import Path

import pytest

import adjoint

ROOT = Path(adjoint.__file__).parent
LAYERS = (
    "config", "errors", "ir", "rules", "frontend", "analysis", "transform",
    "nesting", "linearize", "blocks", "schedule", "codegen", "pipeline", "guards", "dispatch",
    "specification", "checkpoints", "sources", "calling", "derivative", "budgets", "fit", "linear", "api", "dense",
    "functionals", "macros", "solvers", "checks", "measuring", "plots", "explanation", "cli",
)  # fmt: skip
STRANGERS = ({"frontend", "codegen"}, {"frontend", "transform"})
TOP = ("__init__", "__main__")
LONGEST = 500

FILES = sorted(ROOT.rglob("*.py"))


def layer_of(path):
    return path.relative_to(ROOT).with_suffix("").parts[0]


def imported_modules(path):
    """Every module that a file names in an import, inside functions too; `from a import b` may name `a.b`."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: a relative import hides its layer"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def imported_layers(path):
    for name in imported_modules(path):
        parts = name.split(".")
        if parts[0] == "adjoint":
            yield parts[1] if len(parts) > 1 else "__init__"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_point_down(path):
    here = layer_of(path)
    if here in TOP:
        return
    known = (*LAYERS, "runtime")
    assert here in known, f"adjoint/{here} has no place in LAYERS"
    for there in imported_layers(path):
        assert there in known, f"{path.name} imports adjoint.{there}, which is above or in no layer"
        if here == "runtime":
            assert there == "runtime", f"runtime/{path.name} imports adjoint.{there}"
        elif there != "runtime":
            assert LAYERS.index(there) <= LAYERS.index(here), f"{here}/{path.name} imports adjoint.{there}"
            assert {here, there} not in STRANGERS, f"{here} and {there} meet in {path.name}"


@pytest.mark.parametrize("path", sorted((ROOT / "runtime").rglob("*.py")), ids=lambda path: path.name)
def test_runtime_imports_only_numpy(path):
    allowed = {"numpy", "adjoint", *sys.stdlib_module_names}
    assert {name.split(".")[0] for name in imported_modules(path)} <= allowed


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_only_config_reads_the_environment(path):
    text = path.read_text(encoding="utf-8")
    assert layer_of(path) == "config" or not ("os.environ" in text or "getenv" in text)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_files_are_short(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST
