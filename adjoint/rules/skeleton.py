"""What to write for a function that has no rule: a declaration to paste and fill in."""

from __future__ import annotations

import inspect
import keyword
from collections.abc import Callable
from typing import Any

import numpy as np

PLAIN = ("x", "y", "z", "u", "v", "w")


def skeleton(name: str, fun: Callable[..., Any] | None, count: int) -> str:
    """A rule for `fun`, written `name` in the program and called there with `count` arguments."""
    operands = _names(fun, count)
    dots = [f"{operand}_dot" for operand in operands]
    own = name.rpartition(".")[2]
    own = own if own.isidentifier() else "function"
    return (
        f"declare its derivative, for example\n"
        f"    @adjoint.rules.jvp_rule({name})\n"
        f"    def {own}_tangent({', '.join([*dots, *operands])}, *, out):\n"
        f"        return ...  # the tangent of out, linear in {' and '.join(dots)}\n"
        f"or `adjoint.rules.nondifferentiable({name})` if it is zero"
    )


def _names(fun: Callable[..., Any] | None, count: int) -> list[str]:
    """The names of the first parameters, where Python can tell them."""
    known: list[str] = []
    if fun is not None and not isinstance(fun, np.ufunc):
        try:
            parameters = inspect.signature(fun).parameters.values()
        except (TypeError, ValueError):
            parameters = ()  # type: ignore[assignment]  # nothing to go through
        known = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    names = known[:count] if len(known) >= count else list(PLAIN[:count])
    fits = len(names) == count and not any(keyword.iskeyword(n) or n == "out" for n in names)
    return names if fits else [f"x{k}" for k in range(count)]
