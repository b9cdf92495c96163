"""Values that solve equations: their derivatives follow from the equations, and not from the steps of a solver.

With r(x, a) = 0 the implicit function theorem gives r_x x_dot + r_a a_dot = 0, in both modes and, as it holds
along the way, to all orders (Griewank and Walther 2008, section 15.1; Blondel and others, Efficient and modular
implicit differentiation, 2022).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from adjoint.ir.core import Block, Function, Literal, Value
from adjoint.ir.types import is_inexact
from adjoint.ir.walk import clone_block
from adjoint.rules.internal import traceable
from adjoint.rules.registry import jvp_rule, vjp_rule
from adjoint.rules.trace import ZERO, Sym, Zero
from adjoint.transform.adjoint import adjoint
from adjoint.transform.inline import inline_calls
from adjoint.transform.tangent import tangent


@dataclass(frozen=True, slots=True, eq=False)
class Equations:
    """Functions of an unknown and parameters: what vanishes, and its derivative by the unknown."""

    residual: Function
    slope: Function

    def __repr__(self) -> str:
        return self.residual.name


def _solves(x: Any, *parameters: Any, equations: Equations) -> Any:
    """`x`, for which the equations hold."""
    return x


solves = traceable(_solves)


@jvp_rule(solves, infer=lambda inputs, attrs: inputs[0].type)  # type: ignore[untyped-decorator]  # as of all rules
def solves_tangent(*args: Any, out: Any, equations: Equations) -> Any:
    """What the solver started from has no influence: the tangent of `x` itself is not asked for."""
    half = len(args) // 2
    dots, parameters = args[1:half], args[half + 1 :]
    varies = [not isinstance(dot, Zero) for dot in dots]
    if not any(varies):
        return ZERO
    moved = tangent(inline_calls(equations.residual), [False, *varies])
    given = [out, *parameters, *(dot for dot in dots if not isinstance(dot, Zero))]
    *_, r_dot = placed(out, moved, given)
    (slope,) = placed(out, inline_calls(equations.slope), [out, *parameters])
    return -divided(r_dot, slope, out)


@vjp_rule(solves)  # type: ignore[untyped-decorator]  # as above
def solves_cotangents(bar: Any, x: Any, *parameters: Any, out: Any, equations: Equations) -> Any:
    residual = inline_calls(equations.residual)
    (slope,) = placed(out, inline_calls(equations.slope), [out, *parameters])
    weight = -divided(bar, slope.T if out.ndim else slope, out)
    wrt = [k for k, p in enumerate(parameters, 1) if isinstance(p, Sym) and is_inexact(residual.params[k].type)]
    results = placed(out, adjoint(residual, wrt, [True]), [out, *parameters, weight])
    bars = dict(zip(wrt, results[1:], strict=True))
    return (ZERO, *(bars.get(k, ZERO) for k in range(1, len(parameters) + 1)))


def divided(r: Any, slope: Any, like: Any) -> Any:
    """The solution of the linear equations; of a number, the quotient."""
    return np.linalg.solve(slope, r) if like.ndim else r / slope


def placed(like: Any, fn: Function, args: Sequence[Any]) -> list[Any]:
    """The results of a function on symbols; its ops are put where these leave theirs."""
    tracer = like.tracer
    table: dict[Value, Any] = dict(zip(fn.params, map(tracer.atom, args), strict=True))
    block = clone_block(Block((), fn.body.ops, fn.body.results), table)
    tracer.builder.ops.extend(block.ops)
    return [atom.value if isinstance(atom, Literal) else Sym(atom, tracer) for atom in block.results]
