"""The public interface: names and call shapes follow JAX."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from adjoint import dispatch
from adjoint.codegen.load import annotate
from adjoint.derivative import Derivative, bind, lower_call
from adjoint.errors import user_errors
from adjoint.frontend.abstract import Partial, Static, atoms_of, constant_of, is_constant, make_tuple, rebuild
from adjoint.frontend.calls import MACROS
from adjoint.frontend.lower import Lowering, finish, function_name
from adjoint.ir.build import Builder
from adjoint.ir.core import Block, Value
from adjoint.ir.tree import Tree, build_object, flatten_object, map_leaves
from adjoint.ir.walk import block_reads
from adjoint.nesting import Argnums, lower_grad, lower_hook, lower_jvp, lower_linearize, lower_vjp
from adjoint.specification import Specification, check_callable
from adjoint.transform.cotangent import derivative_type


@user_errors
def grad(
    fun: Callable[..., Any] | None = None,
    argnums: Argnums = 0,
    *,
    has_aux: bool = False,
    schedule: Any = "auto",
    memory_budget: int | str | None = None,
) -> Any:
    """The gradient of a scalar-valued function; a decorator, with or without options.

    `argnums` is a position, the name of a parameter, or a tuple of these (then the result is a tuple).
    Arguments are pytrees (nested tuples, lists, dicts, named tuples, dataclasses) of floats, complex numbers
    and arrays; a gradient has the structure, shapes and dtypes of its argument, a Python int counts as a
    float. Of a complex argument it is df/dx - i df/dy. With `has_aux` the function returns `(value, aux)` and
    the result is `(gradient, aux)`. `.source` is the generated program, `.primal` the function itself,
    `.specialize(*args)` the bare compiled program. A call never changes its arguments, and what it
    returns shares memory with nothing else.

    Raises UnsupportedError for syntax outside the subset, when decorated. At the first call it raises
    TypeError where the result is no real scalar, or an argument is an integer array or no number; ValueError
    where `argnums` names no argument of the call; MissingRuleError where a function has no derivative.

    >>> import numpy as np
    >>> from adjoint import grad
    >>> @grad
    ... def loss(w):
    ...     return np.sum(w ** 3)
    >>> loss(np.array([1.0, 2.0]))
    array([ 3., 12.])

    Reverse mode: Griewank and Walther, Evaluating Derivatives (2nd edition, 2008), chapter 3.
    """
    specification = Specification(_checked(argnums), has_aux, False, schedule, memory_budget)
    return _decorator(fun, specification)


@user_errors
def value_and_grad(
    fun: Callable[..., Any] | None = None,
    argnums: Argnums = 0,
    *,
    has_aux: bool = False,
    schedule: Any = "auto",
    memory_budget: int | str | None = None,
) -> Any:
    """Like `grad`, with the value: `(value, gradient)`, and with `has_aux` `((value, aux), gradient)`.

    Options and errors are those of `grad`. The value is computed once, by the same operations as in the
    function itself.

    >>> from adjoint import value_and_grad
    >>> value_and_grad(lambda x: x * x)(3.0)
    (9.0, 6.0)
    >>> value_and_grad(lambda x: (x * x, "aux"), has_aux=True)(3.0)
    ((9.0, 'aux'), 6.0)
    """
    specification = Specification(_checked(argnums), has_aux, True, schedule, memory_budget)
    return _decorator(fun, specification)


def _decorator(fun: Any, specification: Specification) -> Any:
    if fun is None:
        return user_errors(lambda f: Derivative(f, specification))
    return Derivative(fun, specification)


def _checked(argnums: Any) -> Argnums:
    items = tuple(argnums) if isinstance(argnums, (tuple, list)) else (argnums,)
    if not items or not all(isinstance(item, (int, str)) and not isinstance(item, bool) for item in items):
        raise TypeError(f"argnums is a position, a name or a tuple of these, not {argnums!r}")
    return items if isinstance(argnums, (tuple, list)) else items[0]


# ---------------------------------------------------------------------- jvp


@user_errors
def jvp(fun: Callable[..., Any], primals: Sequence[Any], tangents: Sequence[Any]) -> tuple[Any, Any]:
    """`(out, out_dot)`: the value and its derivative along `tangents`, one for each primal.

    A tangent has the structure and shapes of its primal and is converted to its dtype; None or 0 for an
    integer primal, or None for any that does not vary. `out_dot` has the structure, shapes and dtypes of
    `out`, with 0.0 for what does not vary.

    Raises ValueError for a tangent of another shape, TypeError for another structure or number of tangents,
    and what `grad` raises for functions that it cannot differentiate.

    >>> import numpy as np
    >>> from adjoint import jvp
    >>> jvp(lambda x, y: x * y, (2.0, 3.0), (1.0, 0.0))
    (6.0, 3.0)
    >>> jvp(np.tanh, (np.zeros(2),), (np.ones(2),))
    (array([0., 0.]), array([1., 1.]))

    Forward mode: Griewank and Walther, Evaluating Derivatives (2nd edition, 2008), section 3.1.
    """
    primals, tangents = _checked_tangents(fun, primals, tangents)
    entry_args = (*primals, *tangents)
    bound = bind(fun, primals, {})
    count = len(primals)
    key = ("jvp", dispatch.identity(fun), count)

    def compile_entry() -> dispatch.Entry:
        names = [n for n, _, _ in bound] if len(bound) == count else [f"x{k}" for k in range(count)]
        given = [(n, PLAIN, o) for n, o in zip([*names, *(f"{n}_dot" for n in names)], entry_args, strict=True)]

        def build(low: Lowering, values: list[Any], _: dict[str, Any]) -> Any:
            return lower_jvp(low, Static(fun, ()), make_tuple(values[:count]), make_tuple(values[count:]), None)

        lowered, params = lower_call(fun, tuple(given), build)
        return dispatch.make_entry(lowered, params, f"{function_name(fun)}_jvp")

    names = tuple(n for n, _, _ in bound) if len(bound) == count else tuple(f"x{k}" for k in range(count))
    _, result = dispatch.run(key, fun, (*names, *(f"{n}_dot" for n in names)), entry_args, compile_entry)
    return result  # type: ignore[no-any-return]


PLAIN = inspect.Parameter.POSITIONAL_ONLY


def _checked_tangents(fun: Any, primals: Any, tangents: Any) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    check_callable(fun)
    for what, given in (("primals", primals), ("tangents", tangents)):
        if not isinstance(given, (tuple, list)):
            raise TypeError(f"{what} is a tuple with one entry for each argument, not {type(given).__name__}")
    if len(primals) != len(tangents):
        raise TypeError(f"{len(primals)} primals and {len(tangents)} tangents")
    pairs = [_pair(p, t) for p, t in zip(primals, tangents, strict=True)]
    return tuple(p for p, _ in pairs), tuple(t for _, t in pairs)


def _pair(primal: Any, dot: Any) -> tuple[Any, Any]:
    """A primal and its tangent, in dtypes that go together."""
    if dot is None:
        return primal, None
    trees = flatten_object(primal), flatten_object(dot)
    if not isinstance(trees[0], Tree):
        return _leaf_pair(primal, dot)
    try:
        both = map_leaves(lambda p, t: Pair(*((p, None) if t is None else _leaf_pair(p, t))), *trees)
    except ValueError as problem:
        raise TypeError(f"a tangent has another structure than its primal: {problem}") from None
    return build_object(map_leaves(lambda b: b.primal, both)), build_object(map_leaves(lambda b: b.dot, both))


@dataclass(frozen=True, slots=True)
class Pair:
    primal: Any
    dot: Any


def _leaf_pair(primal: Any, dot: Any) -> tuple[Any, Any]:
    if type(primal) is int and not isinstance(dot, (int, np.integer)):
        primal = float(primal)
    dtype = getattr(primal, "dtype", None)
    if np.shape(primal) != np.shape(dot):
        raise ValueError(f"a tangent of shape {np.shape(dot)} for a primal of shape {np.shape(primal)}")
    if isinstance(dtype, np.dtype) and dtype.kind in "fc" and getattr(dot, "dtype", None) != dtype:
        dot = np.asarray(dot).astype(dtype)[()] if np.shape(dot) == () else np.asarray(dot, dtype)
    return primal, dot


# ---------------------------------------------------------------------- vjp


class Pullback:
    """`pullback(out_bar)` gives the tuple of cotangents of the primals; it may be called many times."""

    def __init__(self, call: Callable[..., Any], residuals: Any, out: Any) -> None:
        self._call = call
        self._residuals = residuals
        self._shapes = map_leaves(np.shape, flatten_object(out))

    @user_errors
    def __call__(self, out_bar: Any) -> Any:
        try:
            map_leaves(_check_shape, self._shapes, flatten_object(out_bar)) if isinstance(
                self._shapes, Tree
            ) else _check_shape(self._shapes, out_bar)
        except ValueError as problem:
            raise ValueError(f"the cotangent does not fit the result of the function: {problem}") from None
        try:
            return self._call(out_bar, self._residuals)
        except Exception as error:
            annotate(error)
            raise


def _check_shape(shape: Any, bar: Any) -> None:
    if bar is not None and np.shape(bar) != shape:
        raise ValueError(f"shape {np.shape(bar)} instead of {shape}")


@user_errors
def vjp(fun: Callable[..., Any], *primals: Any, has_aux: bool = False) -> Any:
    """`(out, pullback)`, with `has_aux` `(out, pullback, aux)`.

    `out` may have any structure and `out_bar` has the same one. `pullback(out_bar)` returns a tuple with the
    cotangent of each primal, of its structure, shapes and dtypes (None for what has no derivative). It may be
    called many times, and does not see later changes of the arguments or of `out`. Complex numbers pair
    without conjugation: Re(sum(out_bar * out_dot)) = Re(sum(primal_bar * primal_dot)).

    Raises ValueError where the shapes of `out_bar` are not those of `out`, and what `grad` raises for
    functions that it cannot differentiate.

    >>> import numpy as np
    >>> from adjoint import vjp
    >>> out, pullback = vjp(lambda x, y: x * y, 2.0, 3.0)
    >>> out, pullback(1.0)
    (6.0, (3.0, 2.0))

    Griewank and Walther (2008), section 3.2.
    """
    check_callable(fun)
    return linear_map(fun, primals, has_aux, "vjp")


@user_errors
def linearize(fun: Callable[..., Any], *primals: Any) -> tuple[Any, Callable[..., Any]]:
    """`(out, pushforward)`: `pushforward(*tangents)` is the derivative along tangents, at fixed primals.

    What depends on the primals alone is computed once; a call of `pushforward` does the linear rest. Tangents
    and errors are those of `jvp`.

    >>> from adjoint import linearize
    >>> out, pushforward = linearize(lambda x: x ** 3, 2.0)
    >>> out, pushforward(1.0), pushforward(10.0)
    (8.0, 12.0, 120.0)
    """
    check_callable(fun)
    kinds = [build_object(map_leaves(_sample, flatten_object(p))) for p in primals]
    out, push = linear_map(fun, primals, False, "linearize")

    @user_errors
    def pushforward(*tangents: Any) -> Any:
        if len(tangents) != len(kinds):
            raise TypeError(f"{len(tangents)} tangents for {len(kinds)} primals")
        return push(tuple(_pair(p, t)[1] for p, t in zip(kinds, tangents, strict=True)))

    return out, pushforward


def _sample(leaf: Any) -> Any:
    """What a tangent is compared with: shape and dtype, and no data of the caller."""
    return np.broadcast_to(np.zeros((), leaf.dtype), leaf.shape) if isinstance(leaf, np.ndarray) else leaf


def linear_map(fun: Any, primals: tuple[Any, ...], has_aux: bool, kind: str, wrt: tuple[int, ...] | None = None) -> Any:
    """The value, and the pullback ("vjp") or pushforward ("linearize") by all primals or those of `wrt`."""
    bound = bind(fun, primals, {})
    key = (kind, dispatch.identity(fun), has_aux, len(primals), wrt)
    name = function_name(fun)
    names = [n for n, _, _ in bound] if len(bound) == len(primals) else [f"x{k}" for k in range(len(primals))]
    given = tuple((n, PLAIN, o) for n, o in zip(names, primals, strict=True))

    def compile_entry() -> dispatch.Entry:
        second: list[Any] = []

        def build(low: Lowering, values: list[Any], _: dict[str, Any]) -> Any:
            second.clear()
            if kind == "vjp":
                out, pull, aux = lower_vjp(low, Static(fun, ()), values, has_aux, None, wrt)
                seed = rebuild(out, iter([Value("bar", derivative_type(a.type)) for a in atoms_of(out)]))
                given = [seed]
            else:
                out, pull = lower_linearize(low, Static(fun, ()), values, None, wrt)
                aux = None
                seed = make_tuple(
                    rebuild(v, iter([Value(f"{a.hint or 'x'}_dot", derivative_type(a.type)) for a in atoms_of(v)]))
                    for v in values
                )
                given = [seed]
            saved, low.builder = low.builder, Builder(sweep="adjoint")
            result = pull.call(given, {}, None)
            ops, low.builder = tuple(low.builder.ops), saved
            seeds = tuple(a for a in atoms_of(seed) if isinstance(a, Value))
            block = Block(seeds, ops, tuple(atoms_of(result)))
            residuals = tuple(block_reads(block))
            second.append((seed, residuals, ops, result, dict(low.functions)))
            return make_tuple((out, aux if has_aux else Static(None), make_tuple(residuals)))

        lowered, params = lower_call(fun, given, build)
        entry = dispatch.make_entry(lowered, params, f"{name}_{kind}")
        seed, residuals, ops, result, functions = second[0]
        inner = Lowering(Builder(), None)
        for k, atom in enumerate(a for a in atoms_of(seed) if isinstance(a, Value)):
            inner.leaves.append(((("arg", 0), ("item", k)), atom))
        for k, atom in enumerate(residuals):
            inner.leaves.append(((("arg", 1), ("item", k)), atom))
        inner.builder.ops.extend(ops)
        inner.functions = functions
        reverse = finish(inner, result, f"{name}_{'pullback' if kind == 'vjp' else 'pushforward'}")
        what = "out_bar" if kind == "vjp" else "tangents"
        entry.extra = dispatch.make_entry(
            reverse, [(what, seed), ("residuals", make_tuple(residuals))], reverse.function.name
        )
        return entry

    entry, (out, aux, residuals) = dispatch.run(key, fun, tuple(names), primals, compile_entry)
    if kind == "linearize":
        return out, lambda tangents: entry.extra.bare(tangents, residuals)
    pullback = Pullback(entry.extra.bare, residuals, out)
    return (out, pullback, aux) if has_aux else (out, pullback)


# ---------------------------------------------------------------------- second order, markers


@user_errors
def hvp(fun: Callable[..., Any], primals: Sequence[Any], tangents: Sequence[Any], argnums: Argnums = 0) -> Any:
    """The product of the Hessian of a scalar-valued function with tangents: forward over reverse.

    `jvp(grad(fun, argnums), primals, tangents)[1]`, so the result has the structure of the argument that
    `argnums` names, and the errors are those of `grad` and `jvp`. It costs a few times a gradient, however
    large the argument.

    >>> import numpy as np
    >>> from adjoint import hvp
    >>> hvp(lambda x: x ** 3, (2.0,), (10.0,))
    120.0
    >>> hvp(lambda x: np.sum(x ** 3), (np.array([1.0, 2.0]),), (np.array([1.0, 0.0]),))
    array([6., 0.])

    B. A. Pearlmutter, Fast exact multiplication by the Hessian, Neural Computation 6 (1994).
    """
    return jvp(Derivative(fun, Specification(_checked(argnums))), primals, tangents)[1]


def backward_hook(x: Any, fn: Callable[[Any], Any]) -> Any:
    """The identity; in the reverse sweep the cotangent of `x` becomes `fn(cotangent)`.

    To clip, print or inspect what comes back. `fn` gets and returns a number or an array of the shape of `x`.

    >>> import numpy as np
    >>> from adjoint import backward_hook, grad
    >>> def clipped(bar):
    ...     return np.clip(bar, -1.0, 1.0)
    >>> grad(lambda x: np.sum(x * backward_hook(x, clipped)))(np.array([0.5, 5.0]))
    array([1., 6.])
    """
    return x


# ---------------------------------------------------------------------- the same inside programs


def _constant(low: Any, value: Any, node: Any, what: str) -> Any:
    if not is_constant(value):
        low.refuse(node, f"{what} must be known at compile time")
    return constant_of(value)


def _macro_grad(with_value: bool) -> Callable[..., Any]:
    def macro(low: Any, callee: Static, args: list[Any], kwargs: dict[str, Any], node: Any) -> Any:
        options = {k: _constant(low, v, node, f"`{k}`") for k, v in kwargs.items() if k != "fun"}
        if len(args) > 1:
            options["argnums"] = _constant(low, args[1], node, "`argnums`")
        options["argnums"] = _checked(options.get("argnums", 0))
        spec = Specification(with_value=with_value, **options)

        def wrap(fun: Any) -> Partial:
            return Partial(lambda a, k, n: lower_grad(low, fun, spec, a, k, n), f"{spec.suffix}")

        fun = args[0] if args else kwargs.get("fun")
        return wrap(fun) if fun is not None else Partial(lambda a, k, n: wrap(a[0]), spec.suffix)

    return macro


def _macro_derivative(low: Any, callee: Static, args: list[Any], kwargs: dict[str, Any], node: Any) -> Any:
    path = None if callee.path is None else (*callee.path, ("attr", "primal"))
    primal = callee.value.primal
    fun = low.captured(primal, path) if path is not None else Static(primal)
    return lower_grad(low, fun, callee.value.specification, args, kwargs, node)


def _macro_jvp(low: Any, callee: Static, args: list[Any], kwargs: dict[str, Any], node: Any) -> Any:
    fun, primals, tangents = (*args, *(kwargs[k] for k in ("fun", "primals", "tangents") if k in kwargs))
    return lower_jvp(low, fun, primals, tangents, node)


def _macro_vjp(low: Any, callee: Static, args: list[Any], kwargs: dict[str, Any], node: Any) -> Any:
    has_aux = bool(_constant(low, kwargs["has_aux"], node, "`has_aux`")) if "has_aux" in kwargs else False
    out, pullback, aux = lower_vjp(low, args[0], args[1:], has_aux, node)
    return make_tuple((out, pullback, aux) if has_aux else (out, pullback))


def _macro_hvp(low: Any, callee: Static, args: list[Any], kwargs: dict[str, Any], node: Any) -> Any:
    names = ("fun", "primals", "tangents", "argnums")
    given = dict(zip(names, args, strict=False)) | kwargs
    argnums = _checked(_constant(low, given["argnums"], node, "`argnums`")) if "argnums" in given else 0
    gradient = Partial(lambda a, k, n: lower_grad(low, given["fun"], Specification(argnums), a, k, n), "grad")
    return lower_jvp(low, gradient, given["primals"], given["tangents"], node).children[1]


MACROS.update({
    grad: _macro_grad(False), value_and_grad: _macro_grad(True), Derivative: _macro_derivative,
    jvp: _macro_jvp, vjp: _macro_vjp, hvp: _macro_hvp, backward_hook: lower_hook,
})  # fmt: skip
