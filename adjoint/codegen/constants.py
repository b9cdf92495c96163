"""How generated text names the objects that it uses: `np.linalg.inv`, `float`, or a name bound at load time."""

from __future__ import annotations

import builtins
import math
import sys
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any

import numpy as np

from adjoint import runtime
from adjoint.codegen import text
from adjoint.ir.core import Block, Literal, Op, Slot, Undefined
from adjoint.ir.walk import all_ops
from adjoint.rules import library

_MODULES = (("np", np), ("np.linalg", np.linalg), ("np.fft", np.fft), ("np.random", np.random), ("math", math))


@lru_cache(maxsize=1)
def _paths() -> dict[Any, str]:
    """Public functions and classes of NumPy, math and Python itself, and what they are called."""
    found: dict[Any, str] = {}
    for prefix, module in _MODULES:
        for name in dir(module):
            if not name.startswith("_") and callable(item := getattr(module, name)):
                _enter(found, item, f"{prefix}.{name}")
    for name in dir(builtins):
        item = getattr(builtins, name)
        if callable(item) and not name.startswith("_"):
            found[item] = name
    return found


def _enter(found: dict[Any, str], item: Any, path: str) -> None:
    try:
        known = found.get(item)
    except TypeError:
        return
    if known is None or path.endswith(f".{getattr(item, '__name__', '')}"):
        found[item] = path
    if isinstance(item, np.ufunc):
        for method in ("reduce", "accumulate", "reduceat", "outer", "at"):
            found.setdefault(getattr(item, method), f"{path}.{method}")


class Constants:
    """The names that the text refers to and that are neither variables nor `np` or `math`."""

    def __init__(self, parameters: Iterable[str] = ()) -> None:
        self.parameters = frozenset(parameters)  # names that are the user's
        self.objects: dict[str, Any] = {}  # name -> object
        self.helpers: set[str] = set()  # names of adjoint.runtime
        self.names: dict[int, str] = {}  # identity -> name

    def reserved(self) -> set[str]:
        return {*self.objects, *self.helpers}

    def helper(self, name: str) -> Any:
        self.helpers.add(name)
        return text.name(name)

    def reference(self, obj: Any) -> Any:
        """The expression for a function, a class or another object."""
        plain = getattr(obj, "__wrapped__", obj)
        name = getattr(plain, "__name__", "")
        if name and getattr(runtime, name, None) is plain:
            return self.helper(name)
        if (path := _path_of(obj) or _path_of(plain)) is not None:
            return text.dotted(path)
        if (public := library.public_name(obj)) is not None:
            home, name = public
            return text.dotted(f"{self.bind(sys.modules[home])}.{name}")
        return text.name(self.bind(obj))

    def bind(self, obj: Any) -> str:
        if id(obj) in self.names:
            return self.names[id(obj)]
        kind = "constant" if isinstance(obj, np.ndarray) else type(obj).__name__.lower()
        base = str(getattr(obj, "__name__", kind)).rpartition(".")[2]
        base = base if base.isidentifier() else "function"
        name, count = base, 0
        while name in self.objects or name in self.parameters or _is_taken(name):
            count += 1
            name = f"{base}_{count}"
        self.objects[name] = obj
        self.names[id(obj)] = name
        return name

    def literal(self, value: Any) -> Any:
        """The expression for a constant."""
        if isinstance(value, np.generic):
            return text.call(dtype_node(value.dtype), [text.constant(value.item())])
        if value is None or value is ... or isinstance(value, (bool, int, float, complex, str, bytes)):
            return text.constant(value)
        if type(value) in (tuple, list):
            return text.sequence([self.literal(item) for item in value], type(value))
        if type(value) is dict:
            return text.dictionary([(self.literal(k), self.literal(item)) for k, item in value.items()])
        if isinstance(value, slice):
            return text.call(text.name("slice"), [self.literal(p) for p in (value.start, value.stop, value.step)])
        if isinstance(value, np.dtype) and value.isbuiltin:
            return dtype_node(value)
        if isinstance(value, Undefined):
            return text.constant(None)
        return self.reference(value)

    def collect(self, block: Block) -> None:
        """Bind every object that a program refers to, so that variables can avoid the names."""
        for op in all_ops(block):
            for item in objects_of(op):
                self.literal(item)


def dtype_node(dtype: np.dtype[Any]) -> Any:
    return text.dotted("np.bool_" if dtype.kind == "b" else f"np.{dtype.name}")


def _path_of(obj: Any) -> str | None:
    try:
        return _paths().get(obj)
    except TypeError:
        return None


def _is_taken(name: str) -> bool:
    """Whether a name means something else in generated text: `np`, a function of Python's, a helper."""
    return name in ("np", "math") or hasattr(builtins, name) or callable(getattr(runtime, name, None))


_WITHOUT_NAME = ("_operator", "adjoint.rules.lists", "adjoint.rules.list_arrays")
"""The modules of functions that print as syntax."""


def objects_of(op: Op) -> Iterator[Any]:
    """The constants of an op, and the function that it calls."""
    if op.primitive.fun is not None and getattr(op.primitive.fun, "__module__", None) not in _WITHOUT_NAME:
        yield op.primitive.fun
    for atom in op.inputs:
        if isinstance(atom, Literal):
            yield atom.value
    for region in op.regions:
        yield from (atom.value for atom in region.results if isinstance(atom, Literal))
    for name, item in op.attrs.items():
        if name not in ("callee", "produced", "carried", "name", "path", "contents"):
            yield from _leaves(item)


def _leaves(item: Any) -> Iterator[Any]:
    if isinstance(item, Slot):
        return
    if isinstance(item, slice):
        yield from _leaves((item.start, item.stop, item.step))
    elif type(item) in (tuple, list):
        for part in item:
            yield from _leaves(part)
    elif type(item) is dict:
        yield from _leaves(list(item.values()))
    else:
        yield item
