"""Derivatives of primitives, one table for both modes, and the decorators to add to it.

In: callables. Out: rules, found by callable. May import: `errors`, `ir`.
"""

from adjoint.rules.registry import (
    bilinear,
    elementwise,
    jvp_rule,
    linear,
    nondifferentiable,
    vjp_rule,
)

__all__ = ["bilinear", "elementwise", "jvp_rule", "linear", "nondifferentiable", "vjp_rule"]

from adjoint.rules import arithmetic, constant, index, construct, internal, reduce, special, unary  # noqa: E402, F401  # enter their rules
