"""Derivatives of ordinary NumPy programs, as readable Python: source-to-source automatic differentiation.

The way of a program is in `pipeline`; `docs/tour.md` follows one through it. Layers, each importing only
those before it: `errors`, `ir`, `rules`, `frontend`, `analysis`, `transform`, `nesting`, `schedule`, `codegen`,
`pipeline`, `dispatch`, `derivative`, `sources`, `api`, `dense`, `checks`, `cli`.
"""

from adjoint import functionals as _functionals  # noqa: F401  # enters functions that take functions
from adjoint import macros as _macros  # noqa: F401  # enters the transforms
from adjoint import rules
from adjoint import solvers as _solvers  # noqa: F401  # enters solvers of equations
from adjoint.api import backward_hook, grad, hvp, jvp, linearize, value_and_grad, vjp
from adjoint.checkpoints import checkpoint, checkpointed
from adjoint.checks import check_grads
from adjoint.dense import hessian, jacfwd, jacobian, jacrev
from adjoint.dispatch import cache_clear, cache_info
from adjoint.errors import (
    AdjointError,
    AliasError,
    BudgetError,
    MissingRuleError,
    TypeInferenceError,
    UnsupportedError,
    VerifyError,
)
from adjoint.explanation import explain
from adjoint.ir.schedules import Recursive, Revolve
from adjoint.rules.internal import stop_gradient
from adjoint.sources import dump, source

__all__ = [
    "AdjointError",
    "AliasError",
    "BudgetError",
    "MissingRuleError",
    "Recursive",
    "Revolve",
    "TypeInferenceError",
    "UnsupportedError",
    "VerifyError",
    "backward_hook",
    "cache_clear",
    "cache_info",
    "check_grads",
    "checkpoint",
    "checkpointed",
    "dump",
    "explain",
    "grad",
    "hessian",
    "hvp",
    "jacfwd",
    "jacobian",
    "jacrev",
    "jvp",
    "linearize",
    "rules",
    "source",
    "stop_gradient",
    "value_and_grad",
    "vjp",
]
