"""The command line, in this process: what it prints and the status that it returns."""

import pytest

from adjoint.cli import main

MODEL = """
import numpy as np

print("imported")


def loss(w, x):
    return np.sum(np.tanh(x * w) ** 2)


def fails(x):
    return np.sum(np.linalg.inv(x))


class Model:
    @staticmethod
    def cost(x):
        return x * x


not_a_function = 3
"""


@pytest.fixture
def model(tmp_path):
    path = tmp_path / "some_model.py"
    path.write_text(MODEL)
    return path


def refused(capsys, *argv):
    """The message of a command that ends with status 2."""
    assert main(list(map(str, argv))) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    return shown.err


def test_what_the_module_prints_stays_out_of_the_dump(model, capsys):
    assert main(["dump", f"{model}:loss"]) == 0
    shown = capsys.readouterr()
    assert "imported" in shown.err
    assert "imported" not in shown.out


def test_a_dotted_name(model, capsys):
    assert main(["dump", f"{model}:Model.cost"]) == 0
    assert "cost" in capsys.readouterr().out


def test_output_file_of_a_stage(model, capsys, tmp_path):
    assert main(["dump", f"{model}:loss", "--stage", "ssa"]) == 0
    printed = capsys.readouterr().out
    assert main(["dump", f"{model}:loss", "--stage", "ssa", "-o", str(tmp_path / "out.txt")]) == 0
    assert (tmp_path / "out.txt").read_text() == printed
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("{folder}/some_model.py:absent", "defines no function 'absent'"),
        ("{folder}/some_model.py:not_a_function", "defines no function 'not_a_function'"),
        ("{folder}/absent.py:f", "there is no file"),
        ("{folder}/some_model.py", "PATH.py:FUNC"),
        ("loss", "PATH.py:FUNC"),
    ],
)
def test_wrong_targets(model, capsys, target, message):
    assert message in refused(capsys, "dump", target.format(folder=model.parent))


def test_a_module_that_cannot_be_imported(tmp_path, capsys):
    path = tmp_path / "broken.py"
    path.write_text("import no_such_module\n")
    assert "ModuleNotFoundError: No module named 'no_such_module'" in refused(capsys, "dump", f"{path}:f")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--types", "f9"], "'f9' is no type of numbers"),
        (["--types", "f8[3,, f8"], "cannot read types"),
        (["--argnums", "5"], "5"),
        (["--argnums", "nobody"], "nobody"),
        (["-o", "/no/such/folder/out.py"], "cannot write"),
    ],
)
def test_wrong_options_of_dump(model, capsys, options, message):
    assert message in refused(capsys, "dump", f"{model}:loss", *options)


def test_wrong_arguments_of_check(model, capsys):
    assert "NameError" in refused(capsys, "check", f"{model}:loss", "--args", "no_such_name")
    assert "Singular matrix" in refused(capsys, "check", f"{model}:fails", "--args", "np.zeros((2, 2))")


def test_check_prints_a_row_for_each_argument(model, capsys):
    assert main(["check", f"{model}:loss", "--args", "np.ones(3), np.ones(3)"]) == 0
    rows = [line.split(" | ") for line in capsys.readouterr().out.splitlines()]
    assert [row[0] for row in rows[2:]] == ["| w", "| x"]


def test_rules_by_pattern(capsys):
    assert main(["rules", "cumulative_sum"]) == 0
    assert capsys.readouterr().out == "cumulative_sum  linear  x; axis, dtype; not out, include_initial\n"
