"""Functions with loops that call one another, and lists that grow in nests: the work grows as the depth squared."""

import importlib.util

import numpy as np
import pytest

from tests.frontend.counted import rounds

CHAINS = {
    "sums": """
def f_inner(x, held):
    return np.sum(x * x)

def f_outer(x, held):
    s = 0.0
    for i in range(2):
        s = s + 0.5 * f_inner(x, held)
    return s
""",
    "states": """
def f_inner(x, held):
    return np.sin(x)

def f_outer(x, held):
    for i in range(2):
        x = np.sin(x + f_inner(x, held))
    return x
""",
    "filled": """
def f_inner(x, held):
    return x[0] * x[1]

def f_outer(x, held):
    y = np.zeros(2)
    for i in range(2):
        y[i] = np.sin(f_inner(x, held) + y[0])
    return y[0] * y[1]
""",
    "kept": """
def f_inner(x, held):
    return x[0] * x[1]

def f_outer(x, held):
    y = []
    for i in range(2):
        y.append(np.sin(f_inner(x, held) + i))
    return y[0] * y[1]
""",
    "appended": """
def f_inner(x, held):
    held["list"].append(x[0])
    return x[1]

def f_outer(x, held):
    s = 0.0
    for i in range(2):
        s = f_inner(x, held)
    return 0.1 * sum(held["list"]) + s
""",
    "written": """
def f_inner(x, held):
    held["array"][0] += x[0] * held["array"][1]
    return held["array"][0]

def f_outer(x, held):
    s = 0.0
    for i in range(2):
        s = f_inner(x, held)
        held["array"][1] *= 0.5
    return np.sin(s)
""",
    "entries": """
def f_inner(x, held):
    held["number"] = np.sin(held["number"] + x[0])
    return held["number"]

def f_outer(x, held):
    s = 0.0
    for i in range(2):
        s = f_inner(x, held)
        held["array"] = held["array"] * held["number"]
    return s + np.sum(held["array"])
""",
    "closures": """
def f_inner(x, held):
    return np.sum(np.sin(x))

def f_outer(x, held):
    s = 0.0
    def inner(a):
        t = 0.0
        for j in range(2):
            t += f_inner(a, held) + s
        return t
    for i in range(2):
        s = s + 0.1 * inner(x)
    return s
""",
    "whiles": """
def f_inner(x, held):
    return np.sum(x * x)

def f_outer(x, held):
    s = 0.0
    k = 0
    while k < 2:
        s = s + f_inner(x, held)
        k += 1
        if s > 1e9:
            break
    return s
""",
    "comprehensions": """
def f_inner(x, held):
    return np.sum(x)

def f_outer(x, held):
    return sum([f_inner(x * z, held) for z in x])
""",
}


def chain(text, depth):
    """A function with a loop that calls a function with a loop, and so on."""
    first, body = text.split("def f_outer")
    levels = [f"def f_outer{body}".replace("f_inner", f"f{k}").replace("f_outer", f"f{k + 1}") for k in range(depth)]
    held = "{'list': [], 'array': np.ones(2), 'number': 1.0}"
    program = f"def program(x):\n    return np.sum(f{depth}(x, {held}))\n"
    return "\n".join([first.replace("f_inner", "f0"), *levels, program])


@pytest.fixture
def loaded(tmp_path):
    """The function `program` of a text."""

    def load(text):
        path = tmp_path / f"program_{len(list(tmp_path.iterdir()))}.py"
        path.write_text(f"import numpy as np\n\n{text}", encoding="utf-8")
        spec = importlib.util.spec_from_file_location(path.stem, path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module.program

    return load


def assert_quadratic(counts):
    """Each level takes a few rounds more than the one inside of it, and not a multiple."""
    assert np.all(np.diff(counts, 2) <= counts[0])


@pytest.mark.parametrize("kind", CHAINS)
def test_functions_that_call_one_another_in_loops(kind, loaded):
    counts = [rounds(loaded(chain(CHAINS[kind], depth)), np.array([0.3, 0.2])) for depth in range(1, 6)]
    assert_quadratic(counts)


@pytest.mark.parametrize(
    "inner", [("y.append(x * i0)",), ("y.append(y[-1] * x)",), ("d['s'] += x", "y.append(d['s'])")]
)
def test_lists_that_grow_in_the_innermost_loop(inner, loaded):
    def nest(depth):
        heads = [f"for i{level} in range(2):" for level in range(depth)]
        lines = ["def program(x):", "y = [x]", "d = {'s': 0.0}"]
        body = ["    " * (level + 1) + head for level, head in enumerate(heads)]
        body += ["    " * (depth + 1) + line for line in inner]
        return "\n".join([lines[0], *("    " + line for line in lines[1:]), *body, "    return sum(y)\n"])

    assert_quadratic([rounds(loaded(nest(depth)), 0.7) for depth in range(1, 6)])
