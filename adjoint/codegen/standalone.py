"""Generated text as a module of its own, for use where this package is not installed: it needs NumPy only.

Helpers of `runtime` are copied in. Constants are written as literals; functions and classes are imported
from the module that they live in.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Mapping
from types import ModuleType
from typing import Any

import numpy as np

from adjoint import runtime
from adjoint.codegen.generate import Generated
from adjoint.errors import UnsupportedError

LARGEST = 1000
"""Elements of an array that is written as a literal."""


def standalone(generated: Generated) -> str:
    """The text of a module that defines `generated.entry`."""
    imports: dict[str, None] = {}
    helpers = [inspect.getsource(getattr(runtime, name)) for name in generated.helpers]
    if "math." in generated.text or helpers:
        imports["import math"] = None
    if any("tempfile." in helper for helper in helpers):
        imports["import tempfile"] = None
    if helpers:
        typed = [name for name in ("Any", "NamedTuple") if any(name in helper for helper in helpers)]
        if typed:
            imports[f"from typing import {', '.join(typed)}"] = None
    assignments = []
    for name, obj in generated.constants.items():
        found = _import_of(name, obj)
        if found:
            imports[found] = None
        else:
            assignments.append(f"{name} = {_literal(name, obj)}")
    standard = [line for line in imports if line.startswith(("import ", "from typing "))]
    others = ["import numpy as np", *sorted(line for line in imports if line not in standard)]
    head = ["from __future__ import annotations", ""] if generated.helpers else []
    head += [*standard, ""] if standard else []
    head += [*others, ""]
    parts = ["\n".join([*head, *assignments, *([""] if assignments else [])])]
    return "\n\n".join([*parts, *helpers, generated.text])


def _import_of(name: str, obj: Any) -> str | None:
    """How to import a module, a function or a class; None if it has no module to come from."""
    home, original = getattr(obj, "__module__", None) or "", str(getattr(obj, "__name__", ""))
    if isinstance(obj, ModuleType):
        home, _, original = original.rpartition(".")
    module = sys.modules.get(home)
    if module is not None and home != "__main__" and original and getattr(module, original, None) is obj:
        return f"from {home} import {original}" + (f" as {name}" if name != original else "")
    return None


def _literal(name: str, obj: Any) -> str:
    if isinstance(obj, np.ndarray) and obj.size <= LARGEST and obj.dtype.kind in "biufc":
        dtype = "bool" if obj.dtype.kind == "b" else f"np.{obj.dtype.name}"
        return f"np.array({_numbers(obj.tolist())}, {dtype})"
    if obj is None or isinstance(obj, (bool, int, float, complex, str)):
        return _numbers(obj)
    raise UnsupportedError(
        f"the generated program uses `{name}`, {_describe(obj)}, which cannot be written into a module",
        hint="give it as an argument of the function, or define it in a module that can be imported",
    )


def _numbers(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_numbers, value))}]"
    text = repr(value)
    return text.replace("inf", "np.inf").replace("nan", "np.nan") if isinstance(value, float) else text


def _describe(obj: Any) -> str:
    if isinstance(obj, np.ndarray):
        return f"an array of {obj.size} elements"
    if isinstance(obj, Mapping):
        return "a dict"
    return f"a {type(obj).__name__}"
