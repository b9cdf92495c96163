"""Functions of SciPy: what they are called, and their rules, which are read when a program first uses one.

SciPy is optional and slow to import, so nothing here imports it; a function of it comes with its module.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from contextvars import ContextVar
from types import MethodType
from typing import Any

import numpy as np

RULES_FOR = frozenset(("integrate", "linalg", "ndimage", "signal", "special", "stats"))
"""The modules of SciPy with rules: those of `scipy.special` are in `adjoint.rules.scipy.special`."""

LOADING: ContextVar[bool] = ContextVar("LOADING", default=False)
"""Rules of SciPy are being entered: no program can have been compiled that used them."""


def load_rules_for(fun: Any) -> bool:
    """Enter the rules for the module of SciPy that a callable belongs to; False if it belongs to none."""
    home = home_of(fun)
    if home is None:
        return False
    _load(home.removeprefix("scipy."))
    return True


def load_all() -> None:
    """Enter all rules for SciPy, if it is installed."""
    if importlib.util.find_spec("scipy") is not None:
        for part in sorted(RULES_FOR):
            _load(part)


def _load(part: str) -> None:
    if part in RULES_FOR:
        token = LOADING.set(True)
        try:
            importlib.import_module(f"adjoint.rules.scipy.{part}")
        finally:
            LOADING.reset(token)


def home_of(obj: Any) -> str | None:
    """The public module of SciPy that a callable belongs to: `scipy.special`."""
    if isinstance(obj, np.ufunc):  # these do not know their module
        special = sys.modules.get("scipy.special")
        return "scipy.special" if special is not None and getattr(special, obj.__name__, None) is obj else None
    module = getattr(type(obj.__self__) if isinstance(obj, MethodType) else obj, "__module__", None)
    if not isinstance(module, str) or not module.startswith("scipy."):
        return None
    return ".".join(module.split(".")[:2])


def public_name(obj: Any) -> tuple[str, str] | None:
    """How a program writes a callable of SciPy: ("scipy.stats", "norm.logpdf")."""
    home = home_of(obj)
    if home is None or home not in sys.modules:
        return None
    space = vars(sys.modules[home])
    if isinstance(obj, MethodType):
        owners = [name for name, item in space.items() if item is obj.__self__]
        return (home, f"{owners[0]}.{obj.__name__}") if owners else None
    name = getattr(obj, "__name__", None)
    return (home, name) if name in space and space[name] in (obj, getattr(obj, "__wrapped__", None)) else None


_SAMPLES = (
    "integrate samples, with scipy.integrate.simpson or as np.sum(w * f(x)) with the points and weights of "
    "np.polynomial.legendre.leggauss"
)
_LOOP = "write the steps of the integration as a loop: loops are differentiated"
_IMPLICIT = "declare the derivative of what it finds by the implicit function theorem: docs/scipy.md has an example"
HINTS = {
    "scipy.integrate.odeint": _LOOP,
    "scipy.integrate.solve_ivp": _LOOP,
    "scipy.integrate.quad": _SAMPLES,
    "scipy.integrate.fixed_quad": _SAMPLES,
    "scipy.integrate.quad_vec": _SAMPLES,
    "scipy.integrate.romb": "call scipy.integrate.simpson",
    "scipy.linalg.eig": "call np.linalg.eig",
    "scipy.linalg.eigvals": "call np.linalg.eigvals",
    "scipy.linalg.lstsq": "call np.linalg.lstsq",
    "scipy.linalg.polar": "write it with u, s, vh = np.linalg.svd(a, full_matrices=False): u @ vh and (vh.T * s) @ vh",
    "scipy.linalg.schur": "call scipy.linalg.eigh if the matrix is symmetric, np.linalg.eig otherwise",
    "scipy.linalg.hessenberg": "call scipy.linalg.eigh if the matrix is symmetric, np.linalg.eig otherwise",
    "scipy.signal.filtfilt": "filter twice with scipy.signal.lfilter, the second time backwards: x[::-1]",
    "scipy.optimize.curve_fit": "call scipy.optimize.least_squares, whose solution is differentiated",
    **{
        f"scipy.optimize.{name}": _IMPLICIT
        for name in ("basinhopping", "differential_evolution", "dual_annealing", "linprog", "milp", "nnls", "shgo")
    },
}
"""What to do instead of differentiating functions that take functions."""


def hint_for(fun: Any) -> str | None:
    public = public_name(fun)
    return HINTS.get(".".join(public)) if public else None
