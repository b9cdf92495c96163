"""What a program reaches outside of itself: closure cells, globals, attributes.

Numbers and arrays become parameters of the compiled program, handed to it at each call; everything else
is static, and what the program relies on is guarded.
"""

from __future__ import annotations

import enum
import functools
import inspect
import sys
import types
from typing import Any

import numpy as np

from adjoint.errors import UnsupportedError
from adjoint.frontend.abstract import (
    NUMBERS,
    UNBOUND,
    Held,
    Method,
    Path,
    Ref,
    Static,
    from_constant,
)
from adjoint.frontend.context import Context, Frame
from adjoint.frontend.sets import is_set
from adjoint.ir.bounds import note_length
from adjoint.ir.core import Literal, Value
from adjoint.ir.tree import Tree, flatten_object
from adjoint.ir.types import ArrayType, Symbol, type_of_constant
from adjoint.rules import registry
from adjoint.rules.infer import length_symbol


class Outside(Context):
    """Lowering of names, and of the attributes of Python objects."""

    def lookup(self, name: str, node: Any) -> Any:
        frame: Frame | None = self.frame
        while frame is not None:
            if name in frame.names:
                return frame.names[name]
            if name in frame.live.local_names:
                return UNBOUND
            if frame.parent is None:
                return self.outside(frame, name, node)
            frame = frame.parent
        return UNBOUND

    def outside(self, frame: Frame, name: str, node: Any) -> Any:
        """A name of a closure cell, of the module, or of Python itself."""
        fun = frame.fun
        freevars = fun.__code__.co_freevars
        if name in freevars:
            index = freevars.index(name)
            try:
                found = fun.__closure__[index].cell_contents
            except ValueError:
                self.error(NameError, node, f"free variable `{name}` is not bound yet")
            return self.captured(found, (*frame.path, ("cell", index)), name)
        if name in fun.__globals__:
            return self.captured(fun.__globals__[name], (*frame.path, ("global", name)), name)
        builtins = fun.__globals__.get("__builtins__", {})
        space = builtins if isinstance(builtins, dict) else vars(builtins)
        if name in space:
            return from_constant(space[name])
        self.error(UnsupportedError, node, f"name `{name}` is not defined", "define it before the function is called")

    def captured(self, obj: Any, path: Path, name: str | None = None) -> Any:
        """A Python object reached from the function: numbers become hidden arguments, the rest is static."""
        if path in self.hidden:
            return self.hidden[path]
        value = self._capture(obj, path, name)
        if isinstance(value, Tree) and value.kind in ("list", "dict", "dataclass") and path and path[0][0] != "arg":
            value = Ref(outside=value)
        self.hidden[path] = value
        return value

    def _capture(self, obj: Any, path: Path, name: str | None) -> Any:
        if type(obj) in (int, float, complex) or isinstance(obj, (np.generic, np.ndarray)):
            if path in self.statics:
                self.guard(path, "equal", obj)
                return Literal(obj)
            refuse_array(obj, name or _path_name(path))
            type_ = abstract_type(obj, f"{name or _path_name(path)}${len(self.leaves)}")
            self.guard(path, "type", type_)
            leaf = self.leaf(path, type_, name)
            if type(obj) is int:
                note_length(length_symbol(leaf).name, obj)
            if isinstance(obj, np.ndarray):
                self.objects[leaf] = path, obj
            return leaf
        tree = flatten_object(obj)
        if isinstance(tree, Tree):
            self.guard(path, "structure", (type(obj), tree.keys))
            children = [
                self.captured(child, (*path, _step(tree, key)), f"{name}_{key}" if name else None)
                for key, child in zip(tree.keys, _children(obj, tree), strict=True)
            ]
            return Tree(tree.kind, tree.cls, tree.keys, tuple(children))
        if not is_usual_name(path, obj):
            self.guard(path, *static_fact(obj))
        return Static(obj, path)

    def rely(self, *values: Any) -> None:
        """Note that the program hangs on which objects these are, where it was settled by more than their class."""
        for value in values:
            if isinstance(value, Static) and value.path and static_fact(value.value)[0] in ("class", "code"):
                self.guard(value.path, "is", value.value)

    def leaf(self, path: Path, type_: Any, name: str | None) -> Value:
        """A number, an array or an object that the compiled program is handed at each call."""
        value = Value(name or _path_name(path), type_)
        self.leaves.append((path, value))
        self.origins[value] = path
        return value

    def path_of(self, held: Static) -> Path:
        """How the compiled program reaches an object; one that was made on the way is kept as it is."""
        if held.path is not None:
            return held.path
        return (("object", self.held.setdefault(id(held.value), Held(held.value))),)

    def object_value(self, held: Static) -> Value:
        """An object that the compiled program is handed at each call."""
        path = self.path_of(held)
        key = (*path, ("object", None))
        if key not in self.hidden:
            self.hidden[key] = self.leaf(path, type_of_constant(held.value), None)
        return self.hidden[key]  # type: ignore[no-any-return]

    def static_attribute(self, owner: Static, name: str, node: Any) -> Any:
        obj = owner.value
        try:
            found = getattr(obj, name)
        except AttributeError as problem:
            if is_set(owner) and hasattr(set, name):
                self.refuse(node, "a set is changed", "use a dict: `seen[key] = True`")
            self.error(UnsupportedError, node, str(problem))
        if (
            owner.path is not None
            and isinstance(found, types.BuiltinMethodType)
            and getattr(found, "__self__", None) is obj
        ):
            if isinstance(obj, np.ufunc):
                return Static(found)  # np.add.reduce is made anew each time that it is looked up
            if not isinstance(obj, (type, types.ModuleType)):
                return Method(self.object_value(owner), name)
        if owner.path is None or is_settled(obj):
            if isinstance(obj, types.ModuleType) and not isinstance(found, (*NUMBERS, np.ndarray, np.generic)):
                return Static(found, (*owner.path, ("attr", name)) if owner.path is not None else None)
            if owner.path is None or not isinstance(found, (np.ndarray, np.generic)):
                return from_constant(found, (*owner.path, ("attr", name)) if owner.path is not None else None)
        return self.captured(found, (*owner.path, ("attr", name)), name)


SETTLED = frozenset((*sys.stdlib_module_names, "numpy", "scipy", "adjoint"))


def is_settled(owner: Any) -> bool:
    """Whether the attributes of a module or a class stay what they are: those of libraries, and of enumerations."""
    if isinstance(owner, types.ModuleType):
        return owner.__name__.partition(".")[0] in SETTLED - {"__main__"}
    if isinstance(owner, type):
        return issubclass(owner, enum.Enum) or owner.__module__.partition(".")[0] in SETTLED - {"__main__"}
    return False


def is_usual_name(path: Path, obj: Any) -> bool:
    """Whether a path is the global by which a library is known, `np` or `math`: that is not rebound."""
    if not isinstance(obj, types.ModuleType) or not path or path[-1][0] != "global" or not is_settled(obj):
        return False
    usual = {"numpy": "np", "scipy": "sp"}.get(obj.__name__)
    return path[-1][1] in (obj.__name__, obj.__name__.rpartition(".")[2], usual)


VALUES = (str, bytes, bool, int, float, complex, type(None), range, slice, frozenset, np.dtype)
"""Classes whose objects are what they are equal to."""


def static_fact(obj: Any) -> tuple[str, Any]:
    """What a program relies on of an object that is no data: the kind of guard, and what it compares with."""
    if isinstance(obj, (enum.Enum, type, types.ModuleType)):
        return "is", obj
    if isinstance(obj, VALUES):
        return "equal", obj
    if type(obj) is set:
        return "equal", set(obj)
    if isinstance(obj, types.FunctionType):
        return ("is", obj) if registry.has_rule_by_code(obj) else ("code", obj.__code__)
    if isinstance(obj, (types.MethodType, functools.partial)) or not callable(obj):
        return "class", type(obj)
    return ("class", type(obj)) if has_python_call(obj) or type(obj) in BY_CLASS else ("is", obj)


BY_CLASS: set[type] = set()
"""Classes of callables whose objects differ by nothing but attributes, which are guarded where they are read."""


def _path_name(path: Path) -> str:
    named = [str(step[1]) for step in path if isinstance(step[1], str)]
    return named[-1] if named else "captured"


def has_python_call(obj: Any) -> bool:
    return isinstance(inspect.getattr_static(type(obj), "__call__", None), types.FunctionType)


def _step(tree: Tree, key: Any) -> tuple[str, Any]:
    return ("attr", key) if tree.kind in ("dataclass", "namedtuple") else ("item", key)


def _children(obj: Any, tree: Tree) -> list[Any]:
    if tree.kind == "dataclass":
        return [getattr(obj, key) for key in tree.keys]
    return list(obj.values()) if tree.kind == "dict" else list(obj)


def refuse_array(obj: Any, name: str) -> None:
    """Refuse arrays whose arithmetic is not that of plain numbers."""
    if isinstance(obj, np.ndarray) and type(obj) is not np.ndarray:
        kind = f"{type(obj).__module__}.{type(obj).__name__}"
        raise TypeError(f"`{name}` is a {kind}, which computes in its own way: pass a plain array, np.asarray({name})")
    if obj.dtype.kind in "OV" if isinstance(obj, (np.ndarray, np.generic)) else False:
        raise TypeError(f"`{name}` is an array of dtype {obj.dtype}, which holds no numbers")
    if isinstance(obj, np.ndarray) and not obj.dtype.isnative:
        hint = f"{name}.astype({name}.dtype.newbyteorder('='))"
        raise TypeError(f"`{name}` is an array in the byte order of another machine: pass {hint}")


def abstract_type(obj: Any, name: str) -> Any:
    """The abstract type of an argument: lengths become symbols, except those that are 1."""
    if isinstance(obj, np.ndarray):
        dims = tuple(1 if n == 1 else Symbol(f"{name}.{axis}", 0, True) for axis, n in enumerate(obj.shape))
        for dim, length in zip(dims, obj.shape, strict=True):
            if isinstance(dim, Symbol):
                note_length(dim.name, length)
        return ArrayType(obj.dtype.name, dims, "array")
    return type_of_constant(obj)
