"""Derivatives of primitives, one table for both modes, and the decorators to add to it.

In: callables. Out: rules, found by callable. May import: `errors`, `ir` and `runtime`, whose functions have
rules as well.
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

from adjoint.rules import (  # enter their rules
    arithmetic,  # noqa: F401
    calculus,  # noqa: F401
    constant,  # noqa: F401
    construct,  # noqa: F401
    diagonal,  # noqa: F401
    eigen,  # noqa: F401
    einsum,  # noqa: F401
    factor,  # noqa: F401
    fourier,  # noqa: F401
    histogram,  # noqa: F401
    index,  # noqa: F401
    internal,  # noqa: F401
    join,  # noqa: F401
    linalg,  # noqa: F401
    list_arrays,  # noqa: F401
    lists,  # noqa: F401
    order,  # noqa: F401
    polynomial,  # noqa: F401
    products,  # noqa: F401
    rearrange,  # noqa: F401
    reduce,  # noqa: F401
    selection,  # noqa: F401
    sets,  # noqa: F401
    shape,  # noqa: F401
    sparse,  # noqa: F401
    special,  # noqa: F401
    statistics,  # noqa: F401
    ufuncs,  # noqa: F401
    unary,  # noqa: F401
)
