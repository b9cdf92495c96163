"""The one table of derivatives: a rule is a plain NumPy function, run once on symbolic values.

| decorator | the function returns | forward | reverse |
|---|---|---|---|
| `@elementwise(f)(x, ..., *, out)` | dy/dx for each input | sum of partial * x_dot | y_bar * partial |
| `@linear(f)(bar, x, ...)` | the transpose applied to bar | f applied to x_dot | as written |
| `@bilinear(f)(bar, a, b)` | the two transposes | f(a_dot, b) + f(a, b_dot) | as written |
| `@jvp_rule(f)(x_dot, ..., x, ..., *, out)` | y_dot | as written | our adjoint transform of the traced body |
| `@vjp_rule(f)(bar, x, ..., *, out)` | the cotangents | needs one of the above | as written |

Positional parameters of a rule are operands. Its keyword-only parameters are the static arguments of
`f` that it understands (`axis`, `keepdims`); a call that uses any other argument is an error that names
it. `out`, if taken, is the result of `f`. A rule may branch on rank and dtype, never on values. It
returns one result for each operand, or a single one where there is one operand. A literal 1, -1 or 0 as
a partial costs nothing. Broadcasting, dtype and real/complex projection are undone elsewhere, once.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from adjoint.ir.core import Primitive
from adjoint.rules.infer import infer_elementwise

Body = Callable[..., Any]


@dataclass(frozen=True, slots=True, eq=False)
class Rule:
    """How one primitive is differentiated. `kind` is the name of the decorator.

    `wrt` lists the operands in which a linear primitive is linear (all by default). `vjp` overrides the
    reverse mode. `guard`: on Python scalars the rule meets operands where Python arithmetic raises and
    NumPy gives inf or nan, so divisions, powers and logarithms of the rule take the NumPy form.
    `offsets` are attributes that a linear primitive adds to its result (`initial` of a sum): 0 for tangents.
    """

    primitive: Primitive
    kind: str
    body: Body | None
    vjp: Body | None = None
    wrt: tuple[int, ...] | None = None
    guard: bool = False
    offsets: tuple[str, ...] = ()


_PRIMITIVES: dict[Any, Primitive] = {}
_OF_SEQUENCES: dict[Any, Primitive] = {}
RULES: dict[Primitive, Rule] = {}


def primitive_of(fun: Any, args: Sequence[Any] = ()) -> Primitive | None:
    """The primitive registered for a callable, or None.

    `np.array` of a sequence of arrays is another primitive than `np.array` of one array.
    """
    try:
        given = args[0] if args else None
        if fun in _OF_SEQUENCES and (isinstance(given, (list, tuple)) or fun not in _PRIMITIVES):
            return _OF_SEQUENCES[fun]
        return _PRIMITIVES.get(fun)
    except TypeError:  # unhashable callables cannot be registered either
        return None


def rule_of(primitive: Primitive) -> Rule | None:
    return RULES.get(primitive)


def elementwise(
    fun: Body,
    *others: Body,
    infer: Body | None = None,
    signature: str | inspect.Signature | None = None,
    guard: bool = False,
) -> Any:
    """Declare the partial derivatives of a function that acts on each element alone.

    >>> import numpy as np
    >>> from adjoint import grad
    >>> from adjoint.rules import elementwise
    >>> def softsign(x):
    ...     return x / (1 + abs(x))
    >>> @elementwise(softsign)
    ... def softsign_partial(x, *, out):
    ...     return (1 - abs(out)) ** 2
    >>> grad(lambda x: softsign(x) * x)(1.0)
    0.75
    """
    infer = infer or infer_elementwise(fun)
    return _decorator("elementwise", fun, others, infer=infer, signature=signature, guard=guard)


def linear(
    fun: Body,
    *others: Body,
    infer: Body | None = None,
    wrt: tuple[int, ...] | None = None,
    sequence: bool = False,
    signature: str | inspect.Signature | None = None,
    view: bool = False,
    offsets: tuple[str, ...] = (),
) -> Any:
    """Declare the transpose of a function that is linear in its operands (`wrt`: in some of them).

    `sequence`: the operands are the items of the first argument, as in `np.concatenate`. `signature`
    names the parameters of `fun` where Python cannot tell them: "a, axis=None". `view`: the result may
    share memory with the operand. `offsets`: attributes that are added to the result, 0 for tangents.
    """
    return _decorator(
        "linear", fun, others, infer=infer, wrt=wrt, sequence=sequence, signature=signature, view=view, offsets=offsets
    )


def bilinear(
    fun: Body, *others: Body, infer: Body | None = None, signature: str | inspect.Signature | None = None
) -> Any:
    """Declare the two transposes of a function that is linear in each of two operands."""
    return _decorator("bilinear", fun, others, infer=infer, signature=signature)


def jvp_rule(
    fun: Body,
    *others: Body,
    infer: Body | None = None,
    signature: str | inspect.Signature | None = None,
    sequence: bool = False,
    view: bool = False,
    guard: bool = False,
) -> Any:
    """Declare the tangent; it must be linear in the tangents. The reverse mode is derived from it.

    The rule takes the tangents of all operands, then the operands. `f` may have several results
    (`np.linalg.slogdet`); then `out` is their tuple and so is what the rule returns.
    """
    return _decorator(
        "jvp", fun, others, infer=infer, sequence=sequence, signature=signature, view=view, guard=guard
    )


def vjp_rule(fun: Body, *, infer: Body | None = None, signature: str | inspect.Signature | None = None) -> Any:
    """Declare the cotangents; overrides the reverse mode of a rule that `fun` has already."""

    def register(body: Body) -> Body:
        known = primitive_of(fun)
        if known is not None and RULES[known].kind != "vjp":
            RULES[known] = replace(RULES[known], vjp=body)
            return body
        return _decorator("vjp", fun, (), infer=infer, signature=signature)(body)  # type: ignore[no-any-return]

    return register


def nondifferentiable(
    *functions: Body,
    infer: Body | None = None,
    signature: str | inspect.Signature | None = None,
    operands: int | None = None,
    effect: bool = False,
) -> None:
    """Declare that the derivative of functions is zero wherever it exists.

    With `operands`, the parameters after that many are static attributes, and may hold run-time numbers.
    """
    for fun in functions:
        primitive = Primitive(
            name_of(fun), fun, infer, _signature(fun, signature), operands, attributes=("*",), effect=effect
        )
        register_primitive(Rule(primitive, "nondifferentiable", None), fun)


def register_primitive(rule: Rule, *functions: Any) -> None:
    """Enter a rule under each of the callables that mean its primitive."""
    RULES[rule.primitive] = rule
    table = _OF_SEQUENCES if rule.primitive.sequence else _PRIMITIVES
    table.update((fun, rule.primitive) for fun in functions)


def _decorator(  # noqa: PLR0913  # all that the decorators can say
    kind: str,
    fun: Body,
    others: Sequence[Body],
    *,
    infer: Body | None,
    wrt: tuple[int, ...] | None = None,
    sequence: bool = False,
    signature: str | inspect.Signature | None = None,
    view: bool = False,
    guard: bool = False,
    offsets: tuple[str, ...] = (),
) -> Any:
    def register(body: Body) -> Body:
        params = inspect.signature(body).parameters.values()
        positional = [p for p in params if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
        variadic = any(p.kind is p.VAR_POSITIONAL for p in params)
        count = len(positional)
        if kind in ("linear", "bilinear", "vjp"):
            count -= 1  # bar
        elif kind == "jvp":
            count //= 2  # tangents, then operands
        attributes = tuple(p.name for p in params if p.kind is p.KEYWORD_ONLY and p.name != "out")
        if not callable(fun):
            raise TypeError(f"a rule is declared for a callable, not for {fun!r}")
        primitive = Primitive(
            name_of(fun), fun, infer, _signature(fun, signature),
            None if variadic else count, sequence, attributes, view=view,
        )  # fmt: skip
        vjp = body if kind == "vjp" else None
        register_primitive(Rule(primitive, kind, body, vjp, wrt, guard, offsets), fun, *others)
        return body

    return register


def _signature(fun: Any, given: str | inspect.Signature | None) -> inspect.Signature | None:
    if isinstance(given, inspect.Signature):
        return given
    if given is not None:
        scope: dict[str, Any] = {}
        exec(f"def f({given}): ...", {"np": np}, scope)  # noqa: S102  # a literal of a rule file
        return inspect.signature(scope["f"])
    if isinstance(fun, np.ufunc):
        return None
    try:
        found = inspect.signature(fun)
    except (TypeError, ValueError):
        return None
    variadic = any(p.kind is p.VAR_POSITIONAL for p in found.parameters.values())
    return None if variadic else found  # a wrapper that hides the parameters: positions count


_MODULES = {"numpy": "", "numpy.linalg": "linalg.", "numpy.fft": "fft.", "math": "math."}


def name_of(fun: Any) -> str:
    """`sin`, `linalg.inv`, `math.sin`: the name that dumps and `adjoint rules` show."""
    name = str(getattr(fun, "__name__", type(fun).__name__))
    if isinstance(owner := getattr(fun, "__self__", None), np.ufunc):
        return f"{owner.__name__}.{name}"  # np.add.reduce
    if isinstance(fun, np.ufunc):
        return name
    return _MODULES.get(getattr(fun, "__module__", ""), "") + name
