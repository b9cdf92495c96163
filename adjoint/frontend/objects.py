"""Methods of containers and objects, and the classes that make them."""

from __future__ import annotations

import abc
import dataclasses
import enum
import inspect
import types
import typing
from typing import Any

import numpy as np

from adjoint.errors import UnsupportedError
from adjoint.frontend import keys, rows, standins
from adjoint.frontend.abstract import (
    Partial,
    Ref,
    Span3,
    Static,
    Super,
    constant_of,
    describe,
    from_constant,
    is_atom,
    is_constant,
    make_tuple,
)
from adjoint.frontend.outside import SETTLED
from adjoint.ir.core import Literal
from adjoint.ir.tree import Tree
from adjoint.rules.internal import cast


def method(
    low: Any, self: Any, owner: Tree, name: str, args: list[Any], kwargs: dict[str, Any], node: Any
) -> Any:
    if owner.kind == "namedtuple" and name == "_replace":
        fields = keys.entries(low, owner, node) | kwargs
        return Tree(owner.kind, owner.cls, owner.keys, tuple(fields[k] for k in owner.keys))
    if owner.kind == "namedtuple" and name == "_asdict":
        return low.boxed(Tree("dict", None, owner.keys, owner.children))
    if owner.cls is not None:
        found = inspect.getattr_static(owner.cls, name, None)
        if isinstance(found, types.FunctionType):
            return low.call(Static(found), [self, *args], kwargs, node)
        if isinstance(found, staticmethod):
            return low.call(Static(found.__func__), args, kwargs, node)
        if isinstance(found, classmethod):
            return low.call(Static(found.__func__), [Static(owner.cls), *args], kwargs, node)
    if owner.kind == "dict" and name in ("keys", "values", "items", "get"):
        return _entries(low, owner, name, args, node)
    if owner.kind in ("list", "dict") and name == "copy":
        return low.boxed(owner)
    if owner.kind in ("list", "tuple") and name in ("index", "count") and is_constant(owner) and is_constant(args[0]):
        given = list(map(constant_of, owner.children))
        if name == "count":
            return Literal(given.count(constant_of(args[0])))
        return Literal(keys.place_of(low, list(owner.children), args, node))
    if owner.kind in ("list", "tuple") and name in ("index", "count"):
        low.refuse(node, f"`{name}` looks for an item that is equal, which is known at run time only", "use places")
    low.refuse(node, f"the method `{name}` of {describe(owner)} is not supported")


def item(low: Any, owner: Tree, index: Any, node: Any, held: Any = None) -> Any:
    """`owner[index]`; a place known at run time only makes a list of run-time length of it. `held` refers to it."""
    if isinstance(index, Span3) or is_constant(index):
        try:
            key = constant_of(index)
        except LookupError:
            sliced = rows.as_rows(low, owner, owner) if owner.kind in ("tuple", "list") else None
            if sliced is not None:
                return rows.item(low, sliced, index, node)
            low.refuse(node, f"{describe(owner)}, whose items differ in structure, is sliced at run-time places")
        if isinstance(key, slice):
            return low.boxed(make_tuple(owner.children[key], owner.kind))
        try:
            if owner.kind == "dict":
                return keys.entry(low, owner, key, node)
            return owner.children[key]
        except (IndexError, ValueError, TypeError):
            kind = KeyError if owner.kind == "dict" else IndexError
            low.error(kind, node, f"{describe(owner)} has no item {key!r}")
    if is_atom(index) and owner.kind in ("tuple", "list"):
        try:
            key = low.as_static(index, node, "an index into a sequence of Python objects")
        except UnsupportedError:
            found = rows.as_rows(low, owner, owner)
            if found is None:
                raise
            changes = isinstance(held, Ref) and held.outside is None and not (held.frozen and held.place is None)
            return rows.item(low, found, index, node, held if changes else None)
        return item(low, owner, Literal(key), node)
    if owner.kind == "dict":
        low.refuse(node, *keys.AT_RUN_TIME)
    low.refuse(node, f"{describe(owner)} is indexed by {describe(index)}")


def inherited(low: Any, owner: Super, name: str, node: Any) -> Any:
    """`super().name`: what the classes after the one that the method is written in have under a name."""
    self = owner.self
    order = (type(self.value) if isinstance(self, Static) else low.seen(self).cls).__mro__
    after = order[order.index(owner.cls) + 1 :]
    found = next((vars(cls)[name] for cls in after if name in vars(cls)), None)
    if isinstance(found, types.FunctionType):
        return Partial(lambda args, kwargs, at: low.call(Static(found), [self, *args], kwargs, at), name, pure=False)
    if isinstance(found, staticmethod):
        return Static(found.__func__)
    if isinstance(found, property) and isinstance(found.fget, types.FunctionType):
        return low.call(Static(found.fget), [self], {}, node)
    if found is object.__init__:
        return Partial(lambda args, kwargs, at: Static(None), name)
    low.refuse(node, f"`super().{name}` is no function in Python")


def _entries(low: Any, owner: Tree, name: str, args: list[Any], node: Any) -> Any:
    """What is read of a dict by a method."""
    if name == "get":
        if not is_constant(args[0]):
            low.refuse(node, "a key of a dict must be known at compile time")
        return keys.get(low, owner, constant_of(args[0]), args[1] if len(args) > 1 else Static(None), node)
    table = {from_constant(key): child for key, child in keys.entries(low, owner, node).items()}
    if name == "keys":
        return make_tuple(table)
    return make_tuple(table.values() if name == "values" else map(make_tuple, table.items()))


def construct(low: Any, cls: Any, args: list[Any], kwargs: dict[str, Any], node: Any) -> Any:
    """A call of a class: named tuples and dataclasses without code of their own are their fields."""
    if issubclass(cls, tuple) and hasattr(cls, "_fields"):
        values = dict(zip(cls._fields, args, strict=False)) | kwargs
        defaults = {k: from_constant(v) for k, v in cls._field_defaults.items()}
        if set(values | defaults) != set(cls._fields) or len(args) > len(cls._fields):
            low.error(TypeError, node, f"{cls.__name__} takes the fields {', '.join(cls._fields)}")
        values = defaults | values
        return Tree("namedtuple", cls, cls._fields, tuple(values[f] for f in cls._fields))
    if dataclasses.is_dataclass(cls) and inspect.getattr_static(cls, "__init__").__code__.co_filename == "<string>":
        return _construct_dataclass(low, cls, args, kwargs, node)
    if isinstance(inspect.getattr_static(cls, "__init__", None), types.FunctionType) and is_plain_class(cls):
        ref = low.boxed(Tree("object", cls, (), ()))
        low.call(Static(cls.__init__), [ref, *args], kwargs, node)
        return ref
    if issubclass(cls, enum.Enum) and len(args) == 1 and is_constant(args[0]):
        member = cls(constant_of(args[0]))
        return Static(member, (("object", low.held_class(cls)), ("attr", member.name)))
    if cls.__init__ is object.__init__ and is_plain_class(cls) and not args and not kwargs:
        return low.boxed(Tree("object", cls, (), ()))
    if cls is np.ndarray:
        return low.apply(np.empty, args, kwargs, node)
    if cls in (np.float64, np.float32, np.complex128, np.complex64) and len(args) == 1 and not kwargs:
        return low.apply(cast, args, {"dtype": Static(np.dtype(cls).name)}, node)
    if all(map(is_constant, [*args, *kwargs.values()])) and issubclass(cls, (str, bytes, frozenset, slice, np.generic)):
        return low.fold_call(cls, args, kwargs, node)
    return low.call_opaque(cls, None, args, kwargs, node)


def is_plain_class(cls: type) -> bool:
    """Whether objects of a class are made by `__init__` and hold what they are in attributes of their own."""
    ours = [base for base in cls.__mro__ if base not in BARE and base.__module__ != standins.__name__]
    return not getattr(cls, "__abstractmethods__", None) and all(
        issubclass(type(base), (type, abc.ABCMeta)) and type(base).__call__ is type.__call__
        and base.__module__.partition(".")[0] not in SETTLED
        and not {"__new__", "__getattribute__", "__setattr__"} & set(vars(base))
        for base in ours
    )  # fmt: skip


BARE = (object, abc.ABC, typing.Generic, typing.Protocol)
"""Classes that give objects nothing of their own."""


def _construct_dataclass(low: Any, cls: Any, args: list[Any], kwargs: dict[str, Any], node: Any) -> Any:
    fields = dataclasses.fields(cls)
    taken = [f.name for f in fields if f.init]
    positional = [f.name for f in fields if f.init and not f.kw_only]
    values = dict(zip(positional, args, strict=False)) | kwargs
    if len(args) > len(positional) or not set(values) <= set(taken) or len(set(positional[: len(args)]) & set(kwargs)):
        low.error(TypeError, node, f"{cls.__name__} takes the fields {', '.join(taken)}")
    for field in fields:
        if field.name not in values and field.default is not dataclasses.MISSING:
            values[field.name] = from_constant(field.default)
        elif field.name not in values and field.default_factory is not dataclasses.MISSING:
            values[field.name] = low.call(Static(field.default_factory), [], {}, node)
    if not set(taken) <= set(values):
        low.error(TypeError, node, f"{cls.__name__} takes the fields {', '.join(taken)}")
    names = tuple(f.name for f in fields if f.name in values)
    ref = low.boxed(Tree("dataclass", cls, names, tuple(values[n] for n in names)))
    after = inspect.getattr_static(cls, "__post_init__", None)
    if isinstance(after, types.FunctionType):
        low.call(Static(after), [ref], {}, node)
    return ref
