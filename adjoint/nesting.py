"""Transforms as steps of lowering: `grad(f)(x)` met in a program, or called from Python, is the same thing.

The function is lowered apart, its reads of the surroundings become parameters, the transform is applied,
and the result is put in place of the call. So any transform nests in any other, and closures over
differentiated data work.
"""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from adjoint.errors import UnsupportedError
from adjoint.frontend import keys, optional
from adjoint.frontend.abstract import (
    Closure,
    Partial,
    Static,
    atoms_of,
    describe,
    is_atom,
    make_tuple,
    rebuild,
)
from adjoint.frontend.lower import Lowering
from adjoint.ir.build import Builder
from adjoint.ir.core import CONSTANT, HOOK, UNDEFINED, Atom, Block, Function, Literal, Op, Value
from adjoint.ir.hints import with_schedule
from adjoint.ir.tree import Tree
from adjoint.ir.types import ArrayType, is_complex, is_inexact
from adjoint.ir.walk import block_reads, clone_block, defined_in, lookup, substitute
from adjoint.transform.adjoint import adjoint
from adjoint.transform.calls import sweeps
from adjoint.transform.cotangent import derivative_type
from adjoint.transform.optimise import simplify_all
from adjoint.transform.tangent import tangent

Argnums = int | str | tuple[int | str, ...]


@dataclass(frozen=True, slots=True)
class Outlined:
    """A call lowered apart: its function, what its parameters are outside, and its abstract result."""

    function: Function
    arguments: tuple[Value, ...]
    outside: tuple[Value, ...]
    args: list[Any]
    kwargs: dict[str, Any]
    result: Any


def outline(low: Lowering, fun: Any, args: list[Any], kwargs: dict[str, Any], node: Any) -> Outlined:
    """Lower `fun(*args, **kwargs)` into a function of its own. Numbers among the arguments are its parameters."""
    fresh: list[Value] = []

    def param(name: str | None, atom: Atom) -> Atom:
        if isinstance(atom, Literal):
            return atom
        value = Value(atom.hint or name, atom.type, atom.length)
        fresh.append(value)
        low.stands_for[value] = atom
        return value

    own_args = [rebuild(v, iter([param(None, a) for a in atoms_of(v)])) for v in args]
    own_kwargs = {k: rebuild(v, iter([param(k, a) for a in atoms_of(v)])) for k, v in kwargs.items()}
    saved, heap = low.builder, low.heap
    low.builder, low.heap = Builder(saved.span), dict(heap)
    try:
        result = low.resolved(optional.returned(low, low.call(fun, own_args, own_kwargs, node), node))
        keys.refuse_doubts(low, result, node)
        ops = tuple(low.builder.ops)
        check_pure(low, heap, fresh, ops, node)
    finally:
        low.builder, low.heap = saved, heap
    inside = Block(tuple(fresh), ops, tuple(atoms_of(result)))
    outside = tuple(block_reads(inside))
    table: dict[Value, Atom] = {}
    body = clone_block(replace(inside, params=(*fresh, *outside)), table, low.renames)

    def renewed(value: Any) -> Any:
        return rebuild(value, iter([lookup(table, a) for a in atoms_of(value)]))

    return Outlined(
        Function(_name(fun), body, dict(low.functions)),
        body.params[: len(fresh)],
        outside,
        list(map(renewed, own_args)),
        {name: renewed(value) for name, value in own_kwargs.items()},
        renewed(result),
    )


def check_pure(low: Lowering, heap: dict[Any, Any], params: list[Value], ops: tuple[Op, ...], node: Any) -> None:
    """Refuse a function that is differentiated apart and changes what is outside of it."""
    changed = [key for key, held in low.heap.items() if key in heap and held is not heap[key]]
    written = [key for key in low.heap if isinstance(key, Value) and key not in heap and key not in params]
    if changed or (written and not defined_in(Block((), ops, ())).issuperset(written)):
        raise UnsupportedError(
            "a function that is differentiated here changes an array or a container from outside of it",
            low.span(node), "give it as an argument, and return it",
        )  # fmt: skip


def place(low: Lowering, fn: Function, arguments: Sequence[Atom]) -> tuple[Atom, ...]:
    """Put the body of a function in place, which has no other; its results."""
    block = substitute(Block((), fn.body.ops, fn.body.results), dict(zip(fn.params, arguments, strict=True)))
    low.builder.ops.extend(block.ops)
    low.functions.update(fn.functions)
    return block.results


# ---------------------------------------------------------------------- grad


def lower_grad(low: Lowering, fun: Any, spec: Any, args: list[Any], kwargs: dict[str, Any], node: Any) -> Any:
    """The gradient (and the value, and aux) of a scalar-valued call."""
    args, kwargs = list(args), dict(kwargs)
    places = [find_argument(low, fun, which, args, kwargs, node) for which in as_tuple(spec.argnums)]
    for where in places:
        store = args if isinstance(where, int) else kwargs
        store[where] = as_active(low, store[where], where, node)  # type: ignore[index]  # each key fits its store
    call = outline(low, fun, args, kwargs, node)
    program = with_schedule(call.function, spec.schedule)
    low.schedule = low.schedule if spec.schedule == "auto" else spec.schedule
    value, aux = split_aux(low, call.result, spec.has_aux, node)
    check_scalar(low, value, node)
    wrt_values = [call.args[w] if isinstance(w, int) else call.kwargs[w] for w in places]
    wrt = [call.function.params.index(a) for v in wrt_values for a in atoms_of(v) if is_atom(a)]
    unique = list(dict.fromkeys(wrt))
    count = len(call.function.results)
    seeds = [k == 0 for k in range(count)]
    made = adjoint(program, unique, seeds)
    given = [*(a for v in (*args, *kwargs.values()) for a in atoms_of(v) if isinstance(a, Value)), *call.outside]
    results = place(low, made, (*given, seed_of(value, wrt_values)))
    primal, bars = results[:count], dict(zip(unique, results[count:], strict=True))
    atoms = iter([bars[w] for w in wrt])
    gradients = [rebuild(v, atoms) for v in wrt_values]
    gradient = make_tuple(gradients) if isinstance(spec.argnums, tuple) else gradients[0]
    value = primal[0]
    extra = rebuild(aux, iter(primal[1:])) if spec.has_aux else None
    if spec.with_value:
        return make_tuple((make_tuple((value, extra)) if spec.has_aux else value, gradient))
    return make_tuple((gradient, extra)) if spec.has_aux else gradient


def seed_of(value: Any, wrt_values: Sequence[Any]) -> Literal:
    """The cotangent 1 of a scalar result: weak, unless a gradient that is a number takes its dtype from it."""
    narrow = value.type.dtype == "float32"
    numbers = any(getattr(a.type, "kind", "") == "np" for v in wrt_values for a in atoms_of(v))
    return Literal(np.float32(1.0)) if narrow and numbers else Literal(1.0)


def split_aux(low: Lowering, result: Any, has_aux: bool, node: Any) -> tuple[Any, Any]:
    if not has_aux:
        return result, None
    if not isinstance(result, Tree) or len(result.children) != 2:
        raise UnsupportedError(
            f"with has_aux the function returns (value, aux), and not {describe(result)}", low.span(node)
        )
    return result.children[0], result.children[1]


def check_scalar(low: Lowering, value: Any, node: Any) -> None:
    if value is UNDEFINED:
        raise ScalarError("grad needs a function with a scalar result, and this one raises an exception on all paths")
    if not is_atom(value) or not isinstance(value.type, ArrayType):
        raise ScalarError(f"grad needs a function with a scalar result, and this one returns {describe(value)}")
    if value.type.shape not in ((), None):
        raise ScalarError(
            f"grad needs a function with a scalar result, and this one returns an array of {len(value.type.shape)} "
            "axes; sum it, or use jacobian or vjp"
        )
    if is_complex(value.type):
        raise ScalarError("grad needs a real scalar result, and this one is complex; take its real part, or use vjp")


class ScalarError(TypeError):
    """The function of a gradient has no scalar result."""


def as_tuple(argnums: Argnums) -> tuple[int | str, ...]:
    return argnums if isinstance(argnums, tuple) else (argnums,)


def find_argument(
    low: Lowering, fun: Any, which: int | str, args: list[Any], kwargs: dict[str, Any], node: Any
) -> int | str:
    """Where in the call the argument is that `argnums` means."""
    if isinstance(which, int):
        if not -len(args) <= which < len(args):
            names = parameters(fun)
            if 0 <= which < len(names) and names[which] in kwargs:
                return names[which]
            raise ValueError(f"argnums={which}, but the call has {len(args)} positional arguments")
        return which % len(args)
    if which in kwargs:
        return which
    names = parameters(fun)
    if which not in names:
        raise ValueError(f"argnums={which!r}, but the parameters are {', '.join(names) or 'none'}")
    position = names.index(which)
    if position >= len(args):
        raise ValueError(f"argnums={which!r}, but the call does not give it")
    return position


def parameters(fun: Any) -> list[str]:
    """The names of the parameters of an abstract callable."""
    if isinstance(fun, Closure):
        spec = fun.node.args
        return [a.id for a in (*spec.posonlyargs, *spec.args, *spec.kwonlyargs)]
    target = fun.value if isinstance(fun, Static) else fun
    try:
        found = inspect.signature(target).parameters.values()
    except (TypeError, ValueError):
        return []
    return [p.name for p in found if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]


def as_active(low: Lowering, value: Any, where: int | str, node: Any) -> Any:
    """An argument that is differentiated: integers count as floats, arrays must be inexact."""

    def convert(atom: Any) -> Any:
        if isinstance(atom, Literal) and type(atom.value) in (int, float, complex):
            number = float(atom.value) if type(atom.value) is int else atom.value
            return low_constant(low, number)
        if isinstance(atom.type, ArrayType) and not is_inexact(atom.type):
            if atom.type.kind == "py" and atom.type.dtype == "int64":
                return low.apply(float, [atom], {}, node)
            raise TypeError(
                f"argument {where!r} is differentiated and has dtype {atom.type.dtype}; "
                "derivatives need floats or complex numbers: convert it with .astype(float)"
            )
        if not isinstance(atom.type, ArrayType):
            raise TypeError(f"argument {where!r} is differentiated and is a {atom.type.name}")
        return atom

    check_leaves(value, where)
    return rebuild(value, iter([convert(a) for a in atoms_of(value)]))


def check_leaves(value: Any, where: int | str) -> None:
    if isinstance(value, Tree):
        for child in value.children:
            check_leaves(child, where)
    elif (isinstance(value, Static) and value.value is not None) or not (is_atom(value) or isinstance(value, Static)):
        raise TypeError(f"argument {where!r} is differentiated and is {describe(value)}")


def low_constant(low: Lowering, number: Any) -> Value:
    """A run-time number that starts as a constant."""
    return low.builder.emit(CONSTANT, (Literal(number),), types=(Literal(number).type,))[0]


# ---------------------------------------------------------------------- jvp


def lower_jvp(low: Lowering, fun: Any, primals: Any, tangents: Any, node: Any) -> Any:
    """`(out, out_dot)`."""
    if (
        not isinstance(primals, Tree)
        or not isinstance(tangents, Tree)
        or len(primals.children) != len(tangents.children)
    ):
        raise TypeError("jvp takes a tuple of primals and a tuple of as many tangents")
    pairs = [p for primal, dot in zip(primals.children, tangents.children, strict=True) for p in pair(low, primal, dot)]
    args = [rebuild(v, iter([_start(low, a, pairs) for a in atoms_of(v)])) for v in primals.children]
    flat = [a for v in args for a in atoms_of(v)]
    dots = [dot for _, dot in pairs]
    call = outline(low, fun, args, {}, node)
    active = [dot for atom, dot in zip(flat, dots, strict=True) if isinstance(atom, Value)]
    flags = [*(dot is not None for dot in active), *(False for _ in call.outside)]
    made = tangent(call.function, flags)
    given = [*(a for a in flat if isinstance(a, Value)), *call.outside, *(d for d in active if d is not None)]
    results = place(low, made, given)
    count = len(call.function.results)
    return make_tuple((rebuild(call.result, iter(results[:count])), rebuild(call.result, iter(results[count:]))))


def _start(low: Lowering, atom: Atom, pairs: list[tuple[Atom, Atom | None]]) -> Atom:
    """A literal primal with a tangent becomes a run-time number."""
    varies = any(a is atom and dot is not None for a, dot in pairs)
    return low_constant(low, atom.value) if isinstance(atom, Literal) and varies else atom


def pair(low: Lowering, primal: Any, dot: Any) -> list[tuple[Atom, Atom | None]]:
    """The atoms of a primal, each with its tangent or None."""
    if is_atom(primal):
        if isinstance(dot, Static) and dot.value is None:
            return [(primal, None)]
        if not is_atom(dot):
            raise TypeError(f"the tangent of a number or an array is {describe(dot)}")
        number = primal.type
        if not is_inexact(number) and not (isinstance(primal, Literal) and type(primal.value) is int):
            return [(primal, None)]
        check_shapes(primal, dot)
        integer = isinstance(primal, Literal) and type(primal.value) is int
        still = integer and isinstance(dot, Literal) and dot.value == 0
        return [(primal, None if still else dot)]
    if isinstance(primal, Tree):
        if isinstance(dot, Static) and dot.value is None:
            return [(a, None) for a in atoms_of(primal)]
        if not isinstance(dot, Tree) or dot.kind != primal.kind or dot.keys != primal.keys:
            raise TypeError(f"the tangent of {describe(primal)} is {describe(dot)}")
        return [p for a, b in zip(primal.children, dot.children, strict=True) for p in pair(low, a, b)]
    return [(a, None) for a in atoms_of(primal)]


def check_shapes(primal: Any, dot: Any) -> None:
    a, b = getattr(primal.type, "shape", None), getattr(dot.type, "shape", None)
    if a is not None and b is not None and len(a) != len(b):
        raise ValueError(f"a primal of {len(a)} axes has a tangent of {len(b)} axes")


# ---------------------------------------------------------------------- vjp


def lower_vjp(
    low: Lowering, fun: Any, primals: list[Any], has_aux: bool, node: Any, positions: Sequence[int] | None = None
) -> tuple[Any, Partial, Any]:
    """`(out, pullback, aux)`; the pullback puts the reverse sweep where it is called."""
    args = [varying(low, v) for v in primals]
    call = outline(low, fun, args, {}, node)
    out, aux = split_aux(low, call.result, has_aux, node)
    fn = call.function
    outs = len(list(atoms_of(out)))
    chosen = chosen_atoms(call.args, positions)
    wrt = [k for k, p in enumerate(call.arguments) if is_inexact(p.type) and p in chosen]
    seeds = [k < outs and is_inexact(a.type) for k, a in enumerate(fn.results)]
    made = simplify_all(adjoint(fn, wrt, seeds), late=sum(seeds))
    given = [*(a for v in args for a in atoms_of(v) if isinstance(a, Value)), *call.outside]
    forward, reverse = sweeps(made, len(fn.results), sum(seeds))
    table: dict[Value, Atom] = dict(zip(made.params, given, strict=False))
    block = clone_block(Block((), forward, made.results[: len(fn.results)]), table)
    low.builder.ops.extend(block.ops)
    low.functions.update(made.functions)
    results = block.results
    bars = made.params[len(given) :]
    wrt_values = [call.arguments[k] for k in wrt]

    def pull(given_args: list[Any], kwargs: dict[str, Any], where: Any) -> Any:
        (bar,) = given_args
        seeded = [a for a, s in zip(matching(low, out, bar), seeds, strict=False) if s]
        local = dict(table)
        local.update(zip(bars, seeded, strict=True))
        placed = clone_block(Block((), reverse, made.results[len(fn.results) :]), local)
        low.builder.ops.extend(placed.ops)
        found = dict(zip(wrt_values, placed.results, strict=True))
        return make_tuple(structure(v, found) for v in call.args)

    value = rebuild(out, iter(results[:outs]))
    extra = rebuild(aux, iter(results[outs:])) if has_aux else None
    return value, Partial(pull, "pullback"), extra


def chosen_atoms(args: Sequence[Any], positions: Sequence[int] | None) -> set[Atom]:
    """The atoms of the arguments by which a derivative is taken."""
    return {a for k, v in enumerate(args) if positions is None or k in positions for a in atoms_of(v)}


def structure(value: Any, bars: dict[Any, Atom]) -> Any:
    """The cotangent of an argument: its structure, with None where nothing is differentiable."""
    if is_atom(value):
        return bars.get(value, Static(None))
    if isinstance(value, Tree):
        return Tree(value.kind, value.cls, value.keys, tuple(structure(c, bars) for c in value.children))
    return Static(None)


def matching(low: Lowering, out: Any, bar: Any) -> list[Any]:
    """The cotangent (or tangent) atoms that belong to the atoms of a value; zeros for None."""
    absent = isinstance(bar, Static) and bar.value is None
    if is_atom(out):
        if absent:
            scalar = not is_inexact(out.type) or getattr(out.type, "shape", None) == ()
            return [Literal(0.0) if scalar else low.apply(np.zeros_like, [out], {}, None)]
        if not is_atom(bar):
            raise TypeError(f"the cotangent of a number or an array is {describe(bar)}")
        check_shapes(out, bar)
        return [bar]
    if isinstance(out, Tree):
        if absent:
            return [a for o in out.children for a in matching(low, o, bar)]
        if not isinstance(bar, Tree) or bar.kind != out.kind or set(bar.keys) != set(out.keys):
            raise TypeError(f"the cotangent of {describe(out)} is {describe(bar)}")
        given = dict(zip(bar.keys, bar.children, strict=True))
        return [a for key, o in zip(out.keys, out.children, strict=True) for a in matching(low, o, given[key])]
    return []


def varying(low: Lowering, value: Any) -> Any:
    return rebuild(value, iter([
        low_constant(low, a.value) if isinstance(a, Literal) and type(a.value) in (float, complex) else a
        for a in atoms_of(value)
    ]))  # fmt: skip


# ---------------------------------------------------------------------- hooks


def lower_hook(low: Lowering, callee: Static, args: list[Any], kwargs: dict[str, Any], node: Any) -> Any:
    """`backward_hook(x, fn)`: the identity, marked with what the reverse sweep calls."""
    given = dict(zip(("x", "fn"), args, strict=False)) | kwargs
    if set(given) != {"x", "fn"}:
        raise TypeError(f"backward_hook takes x and fn, and is given {', '.join(given)}")
    x, fn = given["x"], given["fn"]
    if not is_atom(x):
        raise UnsupportedError(f"backward_hook of {describe(x)}", low.span(node), "hook numbers and arrays one by one")
    with low.at(node):
        if isinstance(fn, Closure):
            bar = Value("bar", derivative_type(x.type))
            made = outline(low, fn, [bar], {}, node)
            if not is_atom(made.result):
                raise TypeError(f"a backward hook returns a number or an array, and this one {describe(made.result)}")
            check_shapes(x, made.result)
            name = f"hook_{len(low.functions)}"
            low.functions[name] = replace(made.function, name=name, functions={})
            return low.builder.emit(HOOK, (x, *made.outside), {"callee": name}, types=(x.type,))[0]
        if not isinstance(fn, Static):
            raise UnsupportedError(f"backward_hook with {describe(fn)}", low.span(node))
        held = low.object_value(fn)
        return low.builder.emit(HOOK, (x, held), {"callee": None}, types=(x.type,))[0]


def _name(fun: Any) -> str:
    if isinstance(fun, Closure):
        return fun.name
    target = fun.value if isinstance(fun, Static) else fun
    name = getattr(target, "__name__", None) or type(target).__name__
    return "function" if name == "<lambda>" else str(name)
