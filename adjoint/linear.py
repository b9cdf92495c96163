"""`jvp`, `vjp` and `linearize` called from Python: a compiled program for each kind of arguments.

The linear map of `vjp` and of `linearize` is a second program. The first one gives what it reads
(residuals), so it may be called any number of times.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from adjoint import dispatch
from adjoint.calling import PLAIN, bind, lower_call
from adjoint.codegen.load import annotate
from adjoint.dispatch import Entry
from adjoint.errors import user_errors
from adjoint.fit import alike, cotangent, fit, promoted, space_of, tangent, tangent_of_argument
from adjoint.frontend.abstract import Static, atoms_of, make_tuple, rebuild
from adjoint.frontend.lower import Lowered, Lowering, finish, function_name
from adjoint.ir.build import Builder
from adjoint.ir.core import Block, Function, Op, Value
from adjoint.ir.types import UNKNOWN, Type, is_inexact
from adjoint.ir.walk import block_reads
from adjoint.linearize import lower_linearize
from adjoint.nesting import lower_jvp, lower_vjp
from adjoint.specification import check_source
from adjoint.transform.cotangent import derivative_type


def pushed_forward(fun: Any, primals: tuple[Any, ...], tangents: tuple[Any, ...]) -> Any:
    """`(out, out_dot)`."""
    count = len(primals)
    both = [*primals, *tangents]
    for k, (primal, dot) in enumerate(zip(primals, tangents, strict=True)):
        if dot is not None and not alike(primal, dot):
            both[count + k] = fit(space_of(primal), dot, f"tangent {k}", tangent_of_argument)
            both[k] = promoted(primal, both[count + k])
    args = tuple(both)

    def compile_entry() -> Entry:
        names = _names(fun, primals)
        for name in tuple(names):
            dot = f"{name}_dot"
            while dot in names:
                dot += "_"
            names.append(dot)
        given = tuple((n, PLAIN, o) for n, o in zip(names, args, strict=True))

        def build(low: Lowering, values: list[Any], _: dict[str, Any]) -> Any:
            return lower_jvp(low, Static(fun, ()), make_tuple(values[:count]), make_tuple(values[count:]), None)

        lowered, params = lower_call(fun, given, build)
        return dispatch.make_entry(lowered, params, f"{function_name(fun)}_jvp", apart=count)

    return dispatch.run(("jvp", dispatch.identity(fun), count), fun, args, compile_entry)[1]


def _names(fun: Any, primals: tuple[Any, ...]) -> list[str]:
    """The parameters that the primals are given for; also refuses what Python would refuse."""
    check_source(fun)
    bound = bind(fun, primals, {})
    return [n for n, _, _ in bound] if len(bound) == len(primals) else [f"x{k}" for k in range(len(primals))]


class LinearMap:
    """A compiled map with its residuals: shows what a pullback and a pushforward have in common."""

    def __init__(self, entry: Entry, residuals: Any, spaces: Any) -> None:
        self._entry = entry
        self._residuals = residuals
        self._spaces = spaces

    @property
    def source(self) -> str:
        """The generated Python source."""
        return self._entry.generated.text

    def _apply(self, given: Any) -> Any:
        try:
            return self._entry.bare(given, self._residuals)
        except Exception as error:
            annotate(error)
            raise


class Pullback(LinearMap):
    """`pullback(out_bar)` gives the tuple of cotangents of the primals; it may be called many times."""

    @user_errors
    def __call__(self, out_bar: Any) -> Any:
        return self._apply(fit(self._spaces, out_bar, "the cotangent of the result", cotangent))


class Pushforward(LinearMap):
    """`pushforward(*tangents)` gives the derivative along tangents; it may be called many times."""

    @user_errors
    def __call__(self, *tangents: Any) -> Any:
        if len(tangents) != len(self._spaces):
            raise TypeError(f"{len(tangents)} tangents for {len(self._spaces)} primals")
        pairs = enumerate(zip(self._spaces, tangents, strict=True))
        return self._apply(tuple(fit(space, dot, f"tangent {k}", _dense_tangent) for k, (space, dot) in pairs))


def _dense_tangent(leaf: Any, given: Any, what: str) -> Any:
    return cotangent(leaf, tangent(leaf, given, what), what)


@dataclass(frozen=True, slots=True)
class Second:
    """The linear map as it was lowered: its argument, what it reads of the first program, its ops, its result."""

    seed: Any
    residuals: tuple[Value, ...]
    ops: tuple[Op, ...]
    result: Any
    functions: dict[str, Function]


def linear_map(
    fun: Any, primals: tuple[Any, ...], has_aux: bool, kind: str, wrt: tuple[int, ...] | None = None
) -> Any:
    """The value, and the pullback ("vjp") or pushforward ("linearize") by all primals or those of `wrt`."""
    name = function_name(fun)

    def compile_entry() -> Entry:
        given = tuple((n, PLAIN, o) for n, o in zip(_names(fun, primals), primals, strict=True))
        second: list[Second] = []

        def build(low: Lowering, values: list[Any], _: dict[str, Any]) -> Any:
            if kind == "vjp":
                out, pull, aux = lower_vjp(low, Static(fun, ()), values, has_aux, None, wrt)
                seed = rebuild(out, iter([Value("bar", _type_of_given(a)) for a in atoms_of(out)]))
            else:
                out, pull = lower_linearize(low, Static(fun, ()), values, None, wrt)
                aux, seed = None, make_tuple(map(_dots, values))
            second[:] = [_lower_second(low, pull.call, seed)]
            return make_tuple((out, aux if has_aux else Static(None), make_tuple(second[0].residuals)))

        lowered, params = lower_call(fun, given, build)
        entry = dispatch.make_entry(lowered, params, f"{name}_{kind}")
        entry.extra = _second_entry(second[0], name, kind)
        return entry

    key = (kind, dispatch.identity(fun), has_aux, len(primals), wrt)
    spaces = None if kind == "vjp" else tuple(map(space_of, primals))
    entry, (out, aux, residuals) = dispatch.run(key, fun, primals, compile_entry)
    if kind == "linearize":
        return out, Pushforward(entry.extra, residuals, spaces)
    pullback = Pullback(entry.extra, residuals, space_of(out))
    return (out, pullback, aux) if has_aux else (out, pullback)


def _dots(primal: Any) -> Any:
    return rebuild(primal, iter([Value(f"{a.hint or 'x'}_dot", _type_of_given(a)) for a in atoms_of(primal)]))


def _type_of_given(atom: Any) -> Type:
    """The type of a tangent or cotangent that is given; for what does not vary it is None, without a length."""
    return derivative_type(atom.type) if is_inexact(atom.type) else UNKNOWN


def _lower_second(low: Lowering, call: Callable[..., Any], seed: Any) -> Second:
    saved, low.builder = low.builder, Builder(sweep="adjoint")
    try:
        result = call([seed], {}, None)
        ops = tuple(low.builder.ops)
    finally:
        low.builder = saved
    seeds = tuple(a for a in atoms_of(seed) if isinstance(a, Value))
    residuals = tuple(block_reads(Block(seeds, ops, tuple(atoms_of(result)))))
    return Second(seed, residuals, ops, result, dict(low.functions))


def _second_entry(second: Second, name: str, kind: str) -> Entry:
    inner = Lowering(Builder(), None)
    for k, atom in enumerate(a for a in atoms_of(second.seed) if isinstance(a, Value)):
        inner.leaves.append(((("arg", 0), ("item", k)), atom))
    for k, atom in enumerate(second.residuals):
        inner.leaves.append(((("arg", 1), ("item", k)), atom))
    inner.builder.ops.extend(second.ops)
    inner.functions = second.functions
    made: Lowered = finish(inner, second.result, f"{name}_{'pullback' if kind == 'vjp' else 'pushforward'}")
    what = "out_bar" if kind == "vjp" else "tangents"
    params = [(what, second.seed), ("residuals", make_tuple(second.residuals))]
    return dispatch.make_entry(made, params, made.function.name)
