"""Calls: of primitives, of functions with source (inlined, or kept as calls), of Python's own, of the unknown."""

from __future__ import annotations

import functools
import inspect
import operator
import sys
import types
from collections.abc import Callable
from typing import Any

import gast
import numpy as np

from adjoint.errors import AdjointError, MissingRuleError
from adjoint.frontend import (
    builtin,
    grids,
    inplace,
    iteration,
    iterators,
    keys,
    layout,
    library,
    objects,
    protocols,
    recursion,
    special,
    standins,
    tuples,
)
from adjoint.frontend.abstract import (
    Closure,
    Method,
    Partial,
    Rows,
    Static,
    atoms_of,
    describe,
    from_constant,
    is_atom,
    is_constant,
    make_tuple,
    may_be_none,
    rebuild,
)
from adjoint.frontend.context import Frame
from adjoint.frontend.distributions import call_of_scipy
from adjoint.frontend.liveness import Liveness
from adjoint.frontend.opaque import Opaque, is_hashable
from adjoint.frontend.parse import Source, parse
from adjoint.frontend.subset import check
from adjoint.ir.build import Builder
from adjoint.ir.core import CALL, Block, Function, Literal, Value
from adjoint.ir.tree import Tree
from adjoint.ir.types import ObjectType
from adjoint.ir.walk import block_reads, clone_block
from adjoint.rules import library as packages
from adjoint.rules import registry

MACROS: dict[Any, Callable[..., Any]] = {}
"""Callables (or their types) that act on the program being lowered: `handler(lowering, obj, args, kwargs, node)`."""

IMPURE: set[Callable[..., Any]] = set()
"""Macros that are handed arrays and containers themselves, which the call may change."""

WRAPPERS: tuple[Any, ...] = (type(functools.lru_cache(len)), staticmethod)
"""Callables that compute what the function in their `__wrapped__` computes."""

OF_ANYTHING = (isinstance, str, repr, bool, type, callable, hasattr, hash)
"""Functions of Python's own that take None as well."""

OURS = (grids.__name__, inplace.__name__, library.__name__, standins.__name__)
"""Modules that are read in place of what is written in C."""

LARGE = 150
"""Callees with more nodes of syntax than this are kept as calls."""


TEXT = ObjectType("str")
"""The type of a string that is known at run time only."""


class Calls(Opaque):
    """Lowering of calls."""

    def expr_Call(self, node: Any) -> Any:
        callee = self.expr(node.func)
        if (columns := iterators.transposed(self, callee, node)) is not None:
            return iteration.made(self, columns, node)
        args: list[Any] = self.items(node.args)
        kwargs: dict[str, Any] = {}
        for keyword in node.keywords:
            value = self.expr(keyword.value)
            if keyword.arg is not None:
                kwargs[keyword.arg] = value
            elif isinstance(value := self.seen(value), Tree) and value.kind == "dict":
                kwargs.update(keys.entries(self, value, keyword.value))
            else:
                self.refuse(keyword.value, "`**` needs a dict with keys known at compile time")
        frame, outer = self.frame, self.frame.calling
        lazy = isinstance(callee, Static) and is_hashable(callee.value) and callee.value in iteration.ONCE
        heap, start = dict(self.heap) if lazy else {}, len(self.builder.ops)
        frame.calling = node
        try:
            found = self.call(callee, args, kwargs, node)
        finally:
            frame.calling = outer
        effects = lazy and iteration.is_changed(self, heap, start)
        return iteration.made(self, found, node, effects=effects) if lazy else found

    def call(self, callee: Any, args: list[Any], kwargs: dict[str, Any], node: Any) -> Any:
        """`callee(*args, **kwargs)` on abstract values."""
        callee = self.not_none(callee) if may_be_none(callee) else callee
        if isinstance(callee, Closure):
            return self.call_closure(callee, args, kwargs, node)
        if isinstance(callee, Partial):
            if callee.pure:
                args, kwargs = self.values(args, kwargs)
            return callee.call(args, kwargs, node)
        if isinstance(callee, Method):
            return builtin.call_method(self, callee, args, kwargs, node)
        if isinstance(tree := self.seen(callee), Tree) and tree.cls is not None:
            return builtin.call_method(self, Method(callee, "__call__"), args, kwargs, node)
        if isinstance(callee, Static):
            return self.call_object(callee, args, kwargs, node)
        self.refuse(getattr(node, "func", node), f"{describe(callee)} is called")

    def call_object(  # noqa: PLR0911  # a case for each kind of callable
        self, callee: Static, args: list[Any], kwargs: dict[str, Any], node: Any
    ) -> Any:
        fun = standins.class_for(callee.value)
        path = self.path_of(callee)
        macro = _lookup(MACROS, fun) or MACROS.get(type(fun)) or MACROS.get(packages.public_name(fun))
        if macro is not None:
            args, kwargs = (args, kwargs) if macro in IMPURE else self.values(args, kwargs)
            return macro(self, callee, args, kwargs, node)
        if (found := self.call_special(fun, args, kwargs, node)) is not None:
            return found
        if isinstance(fun, types.BuiltinMethodType) and isinstance(fun.__self__, np.ufunc) and fun.__name__ == "at":
            return inplace.call_at(self, fun.__self__, args, node)
        writer = _lookup(inplace.FUNCTIONS, fun) or _lookup(library.STANDS_FOR, fun)
        if writer is not None:
            return self.call(Static(writer), args, kwargs, node)
        if registry.primitive_of(fun) is not None:
            found = tuples.of_one(self, fun, args, kwargs, node)
            return self.apply(fun, args, kwargs, node) if found is None else found
        handler = _lookup(builtin.HANDLERS, fun)
        if handler is not None:
            return self.call_handler(handler, fun, args, kwargs, node)
        if (found := call_of_scipy(self, callee, args, kwargs, node)) is not None:
            return found
        if isinstance(fun, types.MethodType):
            return self.call_bound(fun, path, args, kwargs, node)
        if isinstance(fun, WRAPPERS):
            return self.call(self.captured(fun.__wrapped__, (*path, ("attr", "__wrapped__"))), args, kwargs, node)
        if isinstance(fun, functools.partial):
            inner = self.captured(fun.func, (*path, ("attr", "func")))
            given = [self.captured(a, (*path, ("attr", "args"), ("item", k))) for k, a in enumerate(fun.args)]
            named = {k: self.captured(a, (*path, ("attr", "keywords"), ("item", k))) for k, a in fun.keywords.items()}
            return self.call(inner, [*given, *args], {**named, **kwargs}, node)
        call = inspect.getattr_static(type(fun), "__call__", None)
        if isinstance(call, types.FunctionType) and not isinstance(fun, type):
            return self.call_python(call, (*path, ("class", None), ("attr", "__call__")), [callee, *args], kwargs, node)
        if isinstance(fun, type):
            return objects.construct(self, fun, args, kwargs, node)
        if _has_source(fun) and not is_of_python(fun):
            return self.call_python(fun, path, args, kwargs, node)
        return self.call_opaque(fun, None, args, kwargs, node)

    def call_special(self, fun: Any, args: list[Any], kwargs: dict[str, Any], node: Any) -> Any:
        """A call with `out`, of what does nothing, of `operator`, of a method of a constant, or of `abs`."""
        if inplace.has_out(fun, args, kwargs):
            return inplace.call_with_out(self, fun, args, kwargs, node)
        if fun is np.ascontiguousarray and layout.is_in_order(self, args):
            return args[0]
        found = special.call(self, fun, args, kwargs, node)
        if found is None and args and not is_atom(args[0]):
            return protocols.function(self, fun, args, node)
        return found

    def call_handler(self, handler: Any, fun: Any, args: list[Any], kwargs: dict[str, Any], node: Any) -> Any:
        """A call of one of Python's own functions."""
        args = protocols.iterables(self, fun, args, node)
        if fun in builtin.UNSEEN:
            return handler(self, args, kwargs, node)
        if fun in OF_ANYTHING:
            keys.refuse_doubts(self, make_tuple(map(self.resolved, (*args, *kwargs.values()))), node)
        kwargs = {name: self.seen(value) for name, value in kwargs.items()}
        return handler(self, [self.seen(arg) for arg in args], kwargs, node)

    def call_bound(self, fun: Any, path: Any, args: list[Any], kwargs: dict[str, Any], node: Any) -> Any:
        """A call of a method of an object from outside."""
        if is_of_python(fun.__func__) and not isinstance(fun.__self__, type):
            held = self.object_value(Static(fun.__self__, (*path, ("attr", "__self__"))))
            return self.call_opaque(None, fun.__name__, [held, *args], kwargs, node)
        owner = self.captured(fun.__self__, (*path, ("attr", "__self__")))
        inner = self.captured(fun.__func__, (*path, ("attr", "__func__")))
        return self.call(inner, [owner, *args], kwargs, node)

    def operation(self, fun: Any, operands: tuple[Any, ...], node: Any) -> Any:
        texts = [isinstance(o, Value) and o.type == TEXT for o in operands]
        first = operands[0]
        of_text = isinstance(first, Static) and isinstance(first.value, str) and not all(map(is_constant, operands))
        if (any(texts) and fun is not operator.mod) or (of_text and fun is operator.mod):
            return self.call_opaque(fun, None, list(operands), {}, node, TEXT)
        return super().operation(fun, operands, node)

    def has_known_length(self, value: Any) -> bool:
        return builtin.is_known_length(value)

    def values(self, args: list[Any], kwargs: dict[str, Any]) -> tuple[list[Any], dict[str, Any]]:
        """Arguments as values, for what acts on the program and not on arrays and containers."""
        return [self.resolved(arg) for arg in args], {name: self.resolved(value) for name, value in kwargs.items()}

    # ------------------------------------------------------------------ functions with source

    def call_python(self, fun: Any, path: Any, args: list[Any], kwargs: dict[str, Any], node: Any) -> Any:
        while hasattr(fun, "__wrapped__") and not hasattr(fun, "__code__"):
            fun, path = fun.__wrapped__, (*path, ("attr", "__wrapped__"))
        source = parse(fun)
        check(source)
        frame = Frame(source, source.node, _liveness(source), fun=fun, path=path, caller=self.frame)
        if fun.__module__ in OURS:  # it stands for the function that is called
            frame.place = self.span(node)
            own = list(map(from_constant, fun.__defaults__ or ()))
            own_kw = list(map(from_constant, (fun.__kwdefaults__ or {}).values()))
            return self.inline(frame, args, kwargs, own, own_kw, node)
        defaults = [
            self.captured(d, (*path, ("attr", "__defaults__"), ("item", k)))
            for k, d in enumerate(fun.__defaults__ or ())
        ]
        kw_defaults = [
            self.captured(fun.__kwdefaults__[a.id], (*path, ("attr", "__kwdefaults__"), ("item", a.id)))
            if fun.__kwdefaults__ and a.id in fun.__kwdefaults__ else None
            for a in source.node.args.kwonlyargs
        ]  # fmt: skip
        if size_of(source) > LARGE and not writes(source):
            return self.keep(frame, args, kwargs, defaults, kw_defaults, node)
        return self.inline(frame, args, kwargs, defaults, kw_defaults, node)

    def keep(
        self,
        frame: Frame,
        args: list[Any],
        kwargs: dict[str, Any],
        defaults: list[Any],
        kw_defaults: list[Any],
        node: Any,
    ) -> Any:
        """Lower a large callee into a function of its own, once for each kind of arguments, and call it."""
        if self.frame is None:  # before the first call
            return self.inline(frame, args, kwargs, defaults, kw_defaults, node)
        self.bind_arguments(frame, args, kwargs, defaults, kw_defaults, node)
        frame.depth = self.depth
        return recursion.activate(self, frame, node, lambda: self.kept(frame, node))

    def kept(self, frame: Frame, node: Any) -> Any:
        bound = dict(frame.names)
        values = {name: self.contents(value) for name, value in bound.items()}
        key = (frame.node, frame.path, tuple((name, kind_of(value)) for name, value in values.items()))
        if key not in self.kept_calls:
            self.kept_calls[key] = self.outlined(frame, values, node)
        if self.kept_calls[key] is None:
            frame.names = bound
            return self.inlined(frame)
        name, outside, result, results, shared = self.kept_calls[key]
        atoms = [a for value in values.values() for a in atoms_of(value) if isinstance(a, Value)]
        with self.at(node):
            outputs = self.builder.emit(
                CALL,
                (*atoms, *outside),
                {"callee": name},
                types=[v.type for v in results],
                hints=[v.hint for v in results],
            )
        for value, output in zip(results, outputs, strict=True):
            if value in shared:
                self.relate(output, [*atoms, *outside])
        table = dict(zip(results, outputs, strict=True))
        return self.boxed(rebuild(result, iter([table.get(a, a) for a in atoms_of(result)])))

    def outlined(
        self, frame: Frame, values: dict[str, Any], node: Any
    ) -> tuple[str, tuple[Value, ...], Any, list[Value], set[Value]] | None:
        """Lower a callee on fresh parameters: its name, what it reads from outside, its abstract result.

        None if it writes into what it is given, or gives it back: then it cannot stand alone.
        """
        params: list[Value] = []
        saved = self.builder, self.frame, self.heap
        self.builder, self.frame, self.heap = Builder(self.builder.span), frame, dict(self.heap)
        try:
            for name, value in values.items():
                fresh = rebuild(value, iter([self.parameter(name, a, params) for a in atoms_of(value)]))
                frame.names[name] = self.boxed(fresh)
            given = dict(self.heap)
            returned = self.run_body()
            if any(self.heap[key] is not held for key, held in given.items()) or any(p in self.heap for p in params):
                return None
            if not self.is_apart(returned, given):
                return None
            result = self.contents(returned)
            ops = tuple(self.builder.ops)
        finally:
            self.builder, self.frame, self.heap = saved
        results = list(dict.fromkeys(a for a in atoms_of(result) if isinstance(a, Value)))
        block = Block(tuple(params), ops, tuple(results))
        outside = tuple(block_reads(block))
        shared = {a for a in results if not self.sources(a).isdisjoint((*params, *outside))}
        base = name = _name(frame)
        count = 1
        while name in self.functions:
            count += 1
            name = f"{base}_{count}"
        body = clone_block(Block((*params, *outside), ops, tuple(results)), {}, self.renames)
        self.functions[name] = Function(name, body)
        return name, outside, result, results, shared

    def parameter(self, name: str, atom: Any, params: list[Value]) -> Any:
        if not isinstance(atom, Value):
            return atom
        params.append(Value(name, atom.type))
        return params[-1]

    def call_closure(self, closure: Closure, args: list[Any], kwargs: dict[str, Any], node: Any) -> Any:
        parent = closure.frame
        live = parent.live.inside(closure.node)
        frame = Frame(
            parent.source, closure.node, live, parent=parent, fun=parent.fun, path=parent.path, caller=self.frame
        )
        return self.inline(frame, args, kwargs, list(closure.defaults), list(closure.kw_defaults), node)

    def inline(
        self,
        frame: Frame,
        args: list[Any],
        kwargs: dict[str, Any],
        defaults: list[Any],
        kw_defaults: list[Any],
        node: Any,
    ) -> Any:
        """Lower the body of a callee in place of the call."""
        self.bind_arguments(frame, args, kwargs, defaults, kw_defaults, node)
        return self.entered(frame, node)

    def entered(self, frame: Frame, node: Any) -> Any:
        """Lower the body of a callee whose arguments are bound, here."""
        frame.depth = self.depth
        return recursion.activate(self, frame, node, lambda: self.inlined(frame))

    def inlined(self, frame: Frame) -> Any:
        saved, self.frame = self.frame, frame
        try:
            return self.run_body()
        except AdjointError as problem:
            if not problem.problems[0].span and not isinstance(problem, MissingRuleError):
                raise type(problem)(str(problem), frame.source.span(frame.node)) from None
            raise
        finally:
            self.frame = saved

    def run_body(self) -> Any:
        raise NotImplementedError

    def bind_arguments(
        self,
        frame: Frame,
        args: list[Any],
        kwargs: dict[str, Any],
        defaults: list[Any],
        kw_defaults: list[Any],
        node: Any,
    ) -> None:
        """Python's rules for matching arguments and parameters, on abstract values."""
        spec, name = frame.node.args, _name(frame)
        args, kwargs = [self.boxed(arg) for arg in args], {key: self.boxed(value) for key, value in kwargs.items()}
        positional = [a.id for a in (*spec.posonlyargs, *spec.args)]
        names = frame.names
        for param, arg in zip(positional, args, strict=False):
            names[param] = arg
        if len(args) > len(positional) and spec.vararg is None:
            given = f"{len(positional)} positional arguments but {len(args)} were given"
            self.error(TypeError, node, f"{name}() takes {given}")
        if spec.vararg is not None:
            names[spec.vararg.id] = make_tuple(args[len(positional) :])
        keyword_only = [a.id for a in spec.kwonlyargs]
        for key in list(kwargs):
            if key in keyword_only or key in positional[len(spec.posonlyargs) :]:
                if key in names:
                    self.error(TypeError, node, f"{name}() got multiple values for argument '{key}'")
                names[key] = kwargs.pop(key)
        if spec.kwarg is not None:
            names[spec.kwarg.id] = self.boxed(Tree("dict", None, tuple(kwargs), tuple(kwargs.values())))
        elif kwargs:
            self.error(TypeError, node, f"{name}() got an unexpected keyword argument '{next(iter(kwargs))}'")
        for param, default in zip(positional[len(positional) - len(defaults) :], defaults, strict=True):
            names.setdefault(param, self.boxed(default))
        for param, default in zip(keyword_only, kw_defaults, strict=True):
            if default is not None:
                names.setdefault(param, self.boxed(default))
        missing = [param for param in (*positional, *keyword_only) if param not in names]
        if missing:
            self.error(TypeError, node, f"{name}() missing required argument '{missing[0]}'")

    def all_atoms(self, values: list[Any]) -> list[Any]:
        return [atom for value in values for atom in atoms_of(value)]


@functools.cache
def size_of(source: Source) -> int:
    return sum(1 for _ in gast.walk(source.node))


@functools.cache
def writes(source: Source) -> bool:
    """Whether a function may write into what it is given."""
    return any(
        isinstance(inner, gast.AugAssign)
        or (isinstance(inner, (gast.Subscript, gast.Attribute)) and isinstance(inner.ctx, gast.Store))
        for inner in gast.walk(source.node)
    )


def kind_of(value: Any) -> Any:
    """What two abstract values share that are lowered alike."""
    if isinstance(value, Literal):
        return (type(value.value), repr(value.value))
    if is_atom(value):
        return value.type
    if isinstance(value, Rows):
        return ("rows", kind_of(value.item), tuple(map(kind_of, value.lists)))
    if isinstance(value, Tree):
        return (value.structure, tuple(map(kind_of, value.children)))
    return id(value.value) if isinstance(value, Static) else id(value)


def is_of_python(fun: Any) -> bool:
    """Whether a function belongs to Python's own library, whose source is not read: `logging`, `random`."""
    home = str(getattr(fun, "__module__", None)).partition(".")[0]
    return home in sys.stdlib_module_names and home not in ("__main__", "functools", "operator")


def _lookup(table: dict[Any, Any], key: Any) -> Any:
    return table.get(key) if is_hashable(key) else None


def _has_source(fun: Any) -> bool:
    return (
        isinstance(fun, types.FunctionType) and not fun.__module__.startswith(("numpy", "scipy"))
        if isinstance(getattr(fun, "__module__", None), str)
        else isinstance(fun, types.FunctionType)
    )


def _name(frame: Frame) -> str:
    return getattr(frame.node, "name", "<lambda>")


@functools.cache
def _liveness(source: Source) -> Liveness:
    return Liveness(source.node)
