"""Objects of SciPy: frozen distributions, `stats.norm(loc, scale)`, and sparse matrices.

A frozen distribution, made inside of a program or found outside of it, is a container of its parameters, so that
derivatives go through these; its methods are calls of the distribution's own.
"""

from __future__ import annotations

import operator
import sys
import types
from dataclasses import dataclass
from typing import Any

from adjoint.frontend.abstract import Static, make_tuple
from adjoint.ir.tree import Tree
from adjoint.rules.sparse import is_sparse


@dataclass(frozen=True)
class Frozen:
    """A distribution with parameters; what has no method here is not differentiated."""

    dist: Any
    args: tuple[Any, ...]
    kwds: dict[str, Any]

    def pdf(self, x: Any) -> Any:
        return self.dist.pdf(x, *self.args, **self.kwds)

    def logpdf(self, x: Any) -> Any:
        return self.dist.logpdf(x, *self.args, **self.kwds)

    def pmf(self, k: Any) -> Any:
        return self.dist.pmf(k, *self.args, **self.kwds)

    def logpmf(self, k: Any) -> Any:
        return self.dist.logpmf(k, *self.args, **self.kwds)

    def cdf(self, x: Any) -> Any:
        return self.dist.cdf(x, *self.args, **self.kwds)

    def logcdf(self, x: Any) -> Any:
        return self.dist.logcdf(x, *self.args, **self.kwds)

    def sf(self, x: Any) -> Any:
        return self.dist.sf(x, *self.args, **self.kwds)

    def logsf(self, x: Any) -> Any:
        return self.dist.logsf(x, *self.args, **self.kwds)

    def ppf(self, q: Any) -> Any:
        return self.dist.ppf(q, *self.args, **self.kwds)

    def isf(self, q: Any) -> Any:
        return self.dist.isf(q, *self.args, **self.kwds)

    def mean(self) -> Any:
        return self.dist.mean(*self.args, **self.kwds)

    def var(self) -> Any:
        return self.dist.var(*self.args, **self.kwds)

    def std(self) -> Any:
        return self.dist.std(*self.args, **self.kwds)

    def rvs(self, size: Any = None, random_state: Any = None) -> Any:
        return self.dist.rvs(*self.args, **self.kwds, size=size, random_state=random_state)


def call_of_scipy(low: Any, callee: Static, args: list[Any], kwargs: dict[str, Any], node: Any) -> Any:
    """A call of a distribution, of a method of a frozen one, or of `dot` of a sparse matrix; None for other calls."""
    fun, stats = callee.value, sys.modules.get("scipy.stats")
    if stats is not None and isinstance(fun, (stats.rv_continuous, stats.rv_discrete)):
        return _frozen(callee, make_tuple(args), Tree("dict", None, tuple(kwargs), tuple(kwargs.values())))
    if not isinstance(fun, types.MethodType):
        return None
    path = low.path_of(callee)
    owner = path[:-1] if path[-1:] == (("attr", fun.__name__),) else (*path, ("attr", "__self__"))
    if fun.__name__ == "dot" and is_sparse(fun.__self__):
        return low.call(Static(operator.matmul), [Static(fun.__self__, owner), *args], kwargs, node)
    if stats is not None and isinstance(fun.__self__, stats.distributions.rv_frozen):
        return _call_frozen(low, fun, owner, args, kwargs, node)
    return None


def _call_frozen(low: Any, fun: Any, owner: Any, args: list[Any], kwargs: dict[str, Any], node: Any) -> Any:
    method = vars(Frozen).get(fun.__name__)
    dist = _public(sys.modules["scipy.stats"], fun.__self__.dist)
    if dist is None or not isinstance(method, types.FunctionType):
        return None
    low.guard((*owner, ("attr", "dist"), ("class", None)), "is", type(dist))
    parts = [low.captured(getattr(fun.__self__, name), (*owner, ("attr", name)), name) for name in ("args", "kwds")]
    return low.call(Static(method), [_frozen(Static(dist), *parts), *args], kwargs, node)


def _frozen(dist: Static, args: Any, kwds: Any) -> Tree:
    return Tree("dataclass", Frozen, ("dist", "args", "kwds"), (dist, args, kwds))


def _public(stats: Any, dist: Any) -> Any:
    """The distribution of which SciPy made an instance for the frozen one."""
    return next((item for item in vars(stats).values() if type(item) is type(dist)), None)
