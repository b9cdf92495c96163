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
from types import FunctionType
from typing import Any

import numpy as np

from adjoint.ir.core import Primitive
from adjoint.ir.types import ListType
from adjoint.rules import library
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


_CODES: set[int] = set()  # of Python functions with a rule; the functions, and so their codes, are kept
ON_CHANGE: list[Callable[[], None]] = []
"""Called when a rule is entered: programs that were compiled without it are out of date."""

_PRIMITIVES: dict[Any, Primitive] = {}
_OF_SEQUENCES: dict[Any, Primitive] = {}
_OF_LISTS: dict[Any, Primitive] = {}
RULES: dict[Primitive, Rule] = {}


def primitive_of(fun: Any, args: Sequence[Any] = ()) -> Primitive | None:
    """The primitive registered for a callable, or None.

    `np.array` of a sequence of arrays is another primitive than `np.array` of one array, and so is that of
    one value which is a list.
    """
    try:
        given = args[0] if args else None
        if fun in _OF_LISTS and isinstance(getattr(getattr(given, "atom", given), "type", None), ListType):
            return _OF_LISTS[fun]
        if fun in _OF_SEQUENCES and (isinstance(given, (list, tuple)) or fun not in _PRIMITIVES):
            return _OF_SEQUENCES[fun]
        if fun not in _PRIMITIVES and library.load_rules_for(fun):
            return _OF_SEQUENCES.get(fun) or _PRIMITIVES.get(fun)
        return _PRIMITIVES.get(fun)
    except TypeError:  # unhashable callables cannot be registered either
        return None


def entries() -> list[tuple[Any, Primitive]]:
    """Every callable that was entered, with its primitive."""
    return [*_PRIMITIVES.items(), *_OF_SEQUENCES.items()]


def has_rule_by_code(fun: Any) -> bool:
    """Whether a Python function, or another one made from the same `def`, has a rule."""
    library.load_rules_for(fun)
    return id(fun.__code__) in _CODES


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

    The rule returns one array for each operand, or a single one where there is one operand; operands
    broadcast against each other, and the rule need not know. `others` are further callables with the same
    meaning. A rule takes precedence over the source of the function. `infer` gives the type of the result
    (found by calling `fun` on scalars otherwise), `signature` is explained at `linear`, `guard` at `Rule`.

    Raises TypeError for what is not callable. A mistake in a rule shows when it is used first.

    >>> import numpy as np
    >>> from adjoint import grad
    >>> from adjoint.rules import elementwise
    >>> def softsign(x):
    ...     return x / (1 + abs(x))
    >>> @elementwise(softsign)
    ... def softsign_partial(x, *, out):
    ...     return (1 - abs(out)) ** 2
    >>> grad(lambda x: np.sum(softsign(x)))(np.array([0.0, 1.0]))
    array([1.  , 0.25])
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

    The rule takes the cotangent of the result and the operands, whose shapes it may read, and returns the
    cotangent of each operand (of each of `wrt`). Forward mode is the function itself.

    `sequence`: the operands are the items of the first argument, as in `np.concatenate`. `signature`
    names the parameters of `fun` where Python cannot tell them: "a, axis=None". `view`: the result may
    share memory with the operand. `offsets`: attributes that are added to the result, 0 for tangents.
    `infer` gives the type of the result from operands and attributes; without it the rank is not known.

    >>> import numpy as np
    >>> from adjoint import grad
    >>> from adjoint.rules import linear
    >>> def reversed_running_sum(x):
    ...     return np.cumsum(x[::-1])[::-1]
    >>> @linear(reversed_running_sum)
    ... def running_sum(bar, x):
    ...     return np.cumsum(bar)
    >>> grad(lambda x: np.sum(reversed_running_sum(x)))(np.ones(3))
    array([1., 2., 3.])
    """
    return _decorator(
        "linear", fun, others, infer=infer, wrt=wrt, sequence=sequence, signature=signature, view=view, offsets=offsets
    )


def bilinear(
    fun: Body, *others: Body, infer: Body | None = None, signature: str | inspect.Signature | None = None
) -> Any:
    """Declare the two transposes of a function that is linear in each of two operands.

    The rule takes the cotangent of the result and both operands, and returns both cotangents. Forward mode
    calls the function twice, with a tangent in one place and then in the other. Options as for `linear`.

    >>> import numpy as np
    >>> from adjoint import grad
    >>> from adjoint.rules import bilinear
    >>> def area(a, b):
    ...     return a[0] * b[1] - a[1] * b[0]
    >>> @bilinear(area)
    ... def area_transposes(bar, a, b):
    ...     return bar * np.stack([b[1], -b[0]]), bar * np.stack([-a[1], a[0]])
    >>> grad(area)(np.array([1.0, 2.0]), np.array([3.0, 5.0]))
    array([ 5., -3.])
    """
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
    (`np.linalg.slogdet`); then `out` is their tuple and so is what the rule returns. Options as for `linear`.

    >>> from adjoint import grad
    >>> from adjoint.rules import jvp_rule
    >>> def square_root(a):
    ...     x = a
    ...     for _ in range(60):
    ...         x = 0.5 * (x + a / x)
    ...     return x
    >>> @jvp_rule(square_root)
    ... def square_root_tangent(a_dot, a, *, out):
    ...     return a_dot / (2 * out)
    >>> float(grad(square_root)(4.0))
    0.25

    The transpose of a traced tangent: Radul and others, You Only Linearize Once, POPL 2023.
    """
    return _decorator("jvp", fun, others, infer=infer, sequence=sequence, signature=signature, view=view, guard=guard)


def vjp_rule(fun: Body, *, infer: Body | None = None, signature: str | inspect.Signature | None = None) -> Any:
    """Declare the cotangents; overrides the reverse mode of a rule that `fun` has already.

    For a reverse mode that is faster or more stable than the derived one. Alone it has no forward mode, and
    asking for that is a MissingRuleError.

    >>> import numpy as np
    >>> from adjoint import grad
    >>> from adjoint.rules import vjp_rule
    >>> def log_sum_exp(x):
    ...     high = np.max(x)
    ...     return high + np.log(np.sum(np.exp(x - high)))
    >>> @vjp_rule(log_sum_exp)
    ... def softmax(bar, x, *, out):
    ...     return bar * np.exp(x - out)
    >>> grad(log_sum_exp)(np.zeros(4))
    array([0.25, 0.25, 0.25, 0.25])
    """

    def register(body: Body) -> Body:
        known = primitive_of(fun)
        if known is not None and RULES[known].kind != "vjp":
            RULES[known] = replace(RULES[known], vjp=body)
            _changed()
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
    `effect`: calls are kept, in their order, even where nobody reads the result.

    >>> from adjoint import grad
    >>> from adjoint.rules import nondifferentiable
    >>> def nearest(x):
    ...     return float(round(x))
    >>> nondifferentiable(nearest)
    >>> float(grad(lambda x: nearest(x) * x)(2.8))
    3.0
    """
    for fun in functions:
        primitive = Primitive(
            name_of(fun), fun, infer, _signature(fun, signature), operands, attributes=("*",), effect=effect
        )
        register_primitive(Rule(primitive, "nondifferentiable", None), fun)


def of_list(fun: Any, meant: Any) -> None:
    """Let `fun` of one value that is a list of run-time length mean the primitive of another function."""
    _OF_LISTS[fun] = _PRIMITIVES[meant]


def register_primitive(rule: Rule, *functions: Any) -> None:
    """Enter a rule under each of the callables that mean its primitive; it replaces one of a library."""
    for fun in functions:
        library.load_rules_for(fun)
    RULES[rule.primitive] = rule
    table = _OF_SEQUENCES if rule.primitive.sequence else _PRIMITIVES
    table.update((fun, rule.primitive) for fun in functions)
    _CODES.update(id(fun.__code__) for fun in functions if isinstance(fun, FunctionType))
    _changed()


def _changed() -> None:
    if library.LOADING.get():
        return
    for forget in ON_CHANGE:
        forget()


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
    """`sin`, `linalg.inv`, `math.sin`, `scipy.special.erf`: the name that dumps and `adjoint rules` show."""
    if (public := library.public_name(fun)) is not None:
        return ".".join(public)
    name = str(getattr(fun, "__name__", type(fun).__name__))
    if isinstance(owner := getattr(fun, "__self__", None), np.ufunc):
        return f"{owner.__name__}.{name}"  # np.add.reduce
    if isinstance(fun, np.ufunc):
        return name
    return _MODULES.get(getattr(fun, "__module__", ""), "") + name
