"""docs/language.md tells the truth: its examples, and those of the table of constructs, are differentiated.

In the page's tables of examples the first cell holds Python, run after `PRELUDE`; the second one says what happens.
Longer examples define `model`; the first line of those that are refused tells the error.
"""

import copy
import inspect
import itertools
import linecache
import pathlib
import re
import textwrap
from collections import deque
from dataclasses import dataclass

import numpy as np
import pytest

from adjoint import AdjointError, check_grads, jvp, value_and_grad
from adjoint.frontend import subset

PAGE = pathlib.Path(__file__).parents[2] / "docs" / "language.md"
ARGUMENTS = (0.7, 1.3, (2.0, 3.0))
PRELUDE = """\
a = np.array([x, w, x * w])
ys = [x, w]
d = {"a": x, "b": w}
p = Point(x, w)
"""
ROW = re.compile(r"^\| (?P<examples>`.+?`) \| (?P<status>supported|refused) \|", re.MULTILINE)
DETAILS = PAGE.read_text(encoding="utf-8").partition("## Details")[2]
EXAMPLES = [
    (code, row["status"]) for row in ROW.finditer(DETAILS) for code in re.findall(r"`([^`]+)`", row["examples"])
]
MODELS = re.findall(r"```python\n((?:(?!```).)*?^def model\(.*?)```", DETAILS, re.DOTALL | re.MULTILINE)
REFUSED = re.compile(r"# refused: (\w+)\n")
VALUES = {"x": 0.7, "w": 1.3, "a": np.array([0.3, 1.7, -0.6, 2.1])}
ITERATORS = {fun.__name__: fun for fun in (itertools.accumulate, itertools.combinations, itertools.count)}
SUPPORTED = [row for row in subset.TABLE if row.status == "supported" and row.example]


@dataclass
class Point:
    a: float
    b: float

    def area(self):
        return self.a * self.b


class Model:
    def __init__(self, w):
        self.w = w


def executed(text):
    """The names of a text whose source can be found again."""
    name = f"<language {hash(text)}>"
    linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)
    space = {"__name__": __name__, "np": np, "Point": Point, "Model": Model, "deque": deque, **ITERATORS}
    exec(compile(text, name, "exec"), space)
    return space


def function(body):
    """`f(x, w, items)` with a body."""
    return executed("def f(x, w, items):\n" + textwrap.indent(body, "    "))["f"]


def body_of(code):
    if is_expression(code):
        return f"{PRELUDE}return np.sum(np.asarray({code}) * x)\n"
    return f"{PRELUDE}{code}\nreturn np.sum(a) * sum(ys) * sum(d.values()) * p.a * x\n"


def is_expression(code):
    """Whether code gives a value: not a statement, nor a call that only changes something."""
    try:
        compile(code, "", "eval")
    except SyntaxError:
        return False
    try:
        return function(f"{PRELUDE}return {code}\n")(*ARGUMENTS) is not None
    except ValueError:  # of an array that cannot be resized
        return False


def check_derivatives(fun):
    value, gradient = value_and_grad(fun)(*copy.deepcopy(ARGUMENTS))
    assert value == fun(*copy.deepcopy(ARGUMENTS))
    x, *others = copy.deepcopy(ARGUMENTS)
    step = 1e-6
    difference = (fun(x + step, *others) - fun(x - step, *others)) / (2 * step)
    tangent = jvp(fun, (x, *others), (1.0, None, None))[1]
    np.testing.assert_allclose([gradient, tangent], difference, rtol=1e-6)


@pytest.mark.parametrize("row", SUPPORTED, ids=[row.construct for row in SUPPORTED])
def test_a_supported_construct_is_differentiated(row):
    check_derivatives(function(row.example))


def test_there_are_examples():
    assert {status for _, status in EXAMPLES} == {"supported", "refused"}
    assert len(MODELS) > 10


@pytest.mark.parametrize(("code", "status"), EXAMPLES)
def test_an_example_of_the_page(code, status):
    fun = function(body_of(code))
    if status == "supported":
        check_derivatives(fun)
    else:
        with pytest.raises(AdjointError):
            value_and_grad(fun)(*ARGUMENTS)


@pytest.mark.parametrize("text", MODELS)
def test_a_longer_example_of_the_page(text):
    model = executed(text)["model"]
    args = [VALUES[name] for name in inspect.signature(model).parameters]
    expected = model(*copy.deepcopy(args))
    refused = REFUSED.match(text)
    if refused:
        with pytest.raises(AdjointError) as caught:
            value_and_grad(model)(*args)
        assert type(caught.value).__name__ == refused[1]
    else:
        assert value_and_grad(model)(*args)[0] == expected
        check_grads(model, args)


def test_the_page_shows_the_prelude():
    assert f"```python\n{PRELUDE}```" in DETAILS
