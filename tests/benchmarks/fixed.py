"""What a derivative call costs beyond the compiled function, and what compiling costs."""

import importlib.util
import tempfile
from pathlib import Path
from statistics import median

import numpy as np

import adjoint
from tests.benchmarks.timing import difference, interleaved, sample


def two_scalars(x, y):
    return x * y + x


def three_arrays(w, b, x):
    return np.sum((x @ w + b) ** 2)


CALLS = {
    "2 floats": (two_scalars, (0.7, 1.3)),
    "3 small arrays": (three_arrays, (np.ones(3), np.ones(2), np.ones((2, 3)))),
}


def call_overheads():
    """(what, microseconds of `gradient(*args)` beyond the bare compiled function)."""
    for what, (fun, arguments) in CALLS.items():
        gradient = adjoint.grad(fun)
        bare = gradient.specialize(*arguments)
        thunks = {"call": _calling(gradient, arguments), "bare": _calling(bare, arguments)}
        yield what, 1e6 * difference(interleaved(thunks, rounds=25), "call", "bare")


def _calling(fun, arguments):
    """A thunk without the cost of unpacking arguments."""
    names = [f"a{i}" for i in range(len(arguments))]
    scope = {"fun": fun, **dict(zip(names, arguments, strict=True))}
    return eval(f"lambda: fun({', '.join(names)})", scope)  # noqa: S307  # a literal of this file


TEN_LINES = """\
    h = np.tanh(x @ w + b)
    s = np.sum(h * h, axis=0)
    if scale > 0.0:
        h = h * scale
    else:
        h = h - scale
    for k in range(3):
        b = b + 0.1 * s * k
    x = x + np.exp(-h) / (1.0 + h * h)
    total = total + np.mean(x[1:] * x[:-1])
"""


def compile_times(repeats=5):
    """(lines of the program, milliseconds from source text to compiled gradient)."""
    arguments = (np.eye(3), np.ones(3), np.ones((4, 3)), 0.5)
    for tens in (2, 50):
        body = TEN_LINES * tens
        text = f"import numpy as np\n\n\ndef program(w, b, x, scale):\n    total = 0.0\n{body}    return total\n"
        with tempfile.TemporaryDirectory() as folder:
            program = _imported(Path(folder) / f"program_of_{10 * tens}_lines.py", text)

            def compile_anew(program=program):
                adjoint.cache_clear()
                adjoint.grad(program).specialize(*arguments)

            yield 10 * tens, 1e3 * median(sample(compile_anew, 1) for _ in range(repeats))


def _imported(path, text):
    path.write_text(text, encoding="utf-8")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.program
