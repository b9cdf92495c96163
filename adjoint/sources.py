"""The generated program as text, at every stage, with or without argument types."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from adjoint.codegen.generate import Generated, generate
from adjoint.codegen.standalone import standalone
from adjoint.dispatch import interface
from adjoint.errors import AdjointError, user_errors
from adjoint.frontend.abstract import Static, make_tuple
from adjoint.frontend.lower import Lowered, Lowering, function_name, lower
from adjoint.ir.core import Function
from adjoint.ir.print import print_function
from adjoint.ir.types import PY_BOOL, PY_COMPLEX, PY_FLOAT, PY_INT, UNKNOWN, Type, is_inexact
from adjoint.nesting import Argnums, lower_grad, lower_jvp
from adjoint.pipeline import run_stages
from adjoint.specification import Specification, check_callable, check_schedule
from adjoint.transform.cotangent import derivative_type

STAGES = ("ssa", "typed", "adjoint", "scheduled", "source", "all")
_ANNOTATIONS = {
    float: PY_FLOAT, int: PY_INT, bool: PY_BOOL, complex: PY_COMPLEX,
    "float": PY_FLOAT, "int": PY_INT, "bool": PY_BOOL, "complex": PY_COMPLEX,
}  # fmt: skip
_SUFFIX = {"reverse": "_grad", "forward": "_jvp", "primal": ""}


@user_errors
def source(
    fun: Callable[..., Any],
    mode: str = "reverse",
    *,
    argnums: Argnums = 0,
    types: Sequence[Type] | None = None,
    schedule: Any = "auto",
) -> str:
    """The generated Python of a function: its gradient ("reverse"), its tangent ("forward") or itself ("primal").

    Without `types`, parameters take the types of their annotations (`x: float`); others are unknown, and
    the text tests at run time what it cannot know. `types` are those of the first parameters, as
    `adjoint.ir.notation.parse_types` reads them from text. `schedule` is that of `grad`. Nothing is called.

    Raises ValueError for another mode, and what `grad` raises for functions that it cannot differentiate.

    >>> import adjoint
    >>> def cube(x: float):
    ...     return x ** 3
    >>> print(adjoint.source(cube), end="")
    def cube_grad(x):
        return 3.0 * (x * x)
    """
    return _generated(fun, mode, argnums, types, schedule).text


@user_errors
def dump(
    fun: Callable[..., Any],
    *,
    mode: str = "reverse",
    argnums: Argnums = 0,
    types: Sequence[Type] | None = None,
    schedule: Any = "auto",
    stage: str = "source",
) -> str:
    """The program at one stage of the compiler, or at "all" of them.

    "ssa" is the function as it was read, "typed" the same with the types of its values, "adjoint" after
    the derivative was taken (of `mode`), "scheduled" when it is settled what is kept, "source" the result.
    `docs/tour.md` follows a program through them. Errors are those of `source`, and ValueError for another stage.

    >>> import adjoint
    >>> from adjoint.ir.notation import parse_types
    >>> print(adjoint.dump(lambda x: x * x, mode="primal", types=parse_types("f8[3]"), stage="source"), end="")
    def function(x):
        return x * x
    """
    if stage not in STAGES:
        raise ValueError(f"stage is one of {', '.join(STAGES)}, not {stage!r}")
    if stage != "all":
        return dict(_stages(fun, mode, argnums, types, schedule))[stage]
    return "\n".join(f"# {name}\n\n{text}" for name, text in _stages(fun, mode, argnums, types, schedule))


@user_errors
def module_text(
    fun: Callable[..., Any], mode: str, argnums: Argnums, types: Sequence[Type] | None, schedule: Any = "auto"
) -> str:
    """The text of a module that defines the derivative and needs only NumPy."""
    return standalone(_generated(fun, mode, argnums, types, schedule, with_data=True))


def _stages(
    fun: Any, mode: str, argnums: Argnums, types: Sequence[Type] | None, schedule: Any = "auto"
) -> Iterator[tuple[str, str]]:
    primal, _ = _lowered(fun, "primal", argnums, types, schedule)
    yield "ssa", print_function(primal.function, types=False)
    yield "typed", print_function(primal.function)
    lowered, params = _lowered(fun, mode, argnums, types, schedule)
    fn: Function = lowered.function
    for name, made in run_stages(lowered.function):
        fn = made
        if name in STAGES:
            yield name, print_function(made)
    text = generate(fn, interface(lowered, params, function_name(fun) + _SUFFIX[mode])).text
    yield "source", text


def _generated(
    fun: Any, mode: str, argnums: Argnums, types: Sequence[Type] | None, schedule: Any, with_data: bool = False
) -> Generated:
    lowered, params = _lowered(fun, mode, argnums, types, schedule)
    fn = lowered.function
    for _, made in run_stages(lowered.function):
        fn = made
    name = function_name(fun) + _SUFFIX[mode]
    return generate(fn, interface(lowered, params, name, fun if with_data else None))


def _lowered(
    fun: Any, mode: str, argnums: Argnums, types: Sequence[Type] | None, schedule: Any = "auto"
) -> tuple[Lowered, list[tuple[str, Any]]]:
    if mode not in _SUFFIX:
        raise ValueError(f"mode is one of {', '.join(_SUFFIX)}, not {mode!r}")
    check_callable(fun)
    specification = Specification(argnums, schedule=schedule)
    check_schedule(specification)
    params: list[tuple[str, Any]] = []

    def make(low: Lowering) -> Any:
        params.clear()
        values = [_parameter(low, k, p, types) for k, p in enumerate(_parameters(fun, types))]
        params.extend(values)
        args = [v for _, v in values]
        root = Static(fun, ())
        if mode == "primal":
            return low.call(root, args, {}, None)
        if mode == "reverse":
            return lower_grad(low, root, specification, args, {}, None)
        dots: list[Any] = []
        for k, (name, value) in enumerate(values):
            if not is_inexact(value.type):
                dots.append(Static(None))
                continue
            dot = low.leaf((("arg", len(args) + k),), derivative_type(value.type), f"{name}_dot")
            params.append((f"{name}_dot", dot))
            dots.append(dot)
        return lower_jvp(low, root, make_tuple(args), make_tuple(dots), None)

    return lower(make, function_name(fun)), params


def _parameters(fun: Any, types: Sequence[Type] | None) -> list[inspect.Parameter]:
    try:
        found = list(inspect.signature(fun).parameters.values())
    except ValueError as problem:
        raise AdjointError(f"the parameters of {fun!r} are not known: {problem}") from None
    plain = [p for p in found if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    if types is not None:
        return plain[: len(types)]
    return [p for p in plain if p.default is p.empty or p.annotation in _ANNOTATIONS]


def _parameter(low: Lowering, position: int, param: inspect.Parameter, types: Sequence[Type] | None) -> tuple[str, Any]:
    type_ = types[position] if types is not None else _ANNOTATIONS.get(param.annotation, UNKNOWN)
    return param.name, low.leaf((("arg", position),), type_, param.name)
