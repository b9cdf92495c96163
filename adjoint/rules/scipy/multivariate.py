"""`scipy.stats`: distributions of vectors. SciPy reads the lower triangle of a covariance, and so do these rules."""

import numpy as np
from scipy import special, stats

from adjoint.ir.types import UNKNOWN, ArrayType, known_not_one
from adjoint.rules.calls import filled
from adjoint.rules.factor import symmetric
from adjoint.rules.infer import array_type
from adjoint.rules.internal import broadcast_like
from adjoint.rules.join import absent
from adjoint.rules.linalg import trace_of_product
from adjoint.rules.registry import jvp_rule
from adjoint.rules.scipy.forms import Refused
from adjoint.rules.trace import ZERO

# ---- the normal distribution

NORMAL = filled("x, mean=None, cov=1, allow_singular=False")


def infer_point(inputs, attrs):
    """One number for each point; SciPy leaves out axes of length 1."""
    type_ = inputs[0].type
    if not isinstance(type_, ArrayType) or not type_.shape:
        return UNKNOWN
    points = type_.shape[:-1]
    if any(dim != 1 and not isinstance(dim, int) and not known_not_one(dim) for dim in points):
        return array_type("float64", None)
    return array_type("float64", tuple(dim for dim in points if dim != 1))


def rank(x):
    return 0 if x is None else np.ndim(x) if isinstance(x, (int, float)) else x.ndim


def has_rank(x):
    """Whether the rank of an operand is known."""
    return getattr(getattr(x, "type", None), "shape", ()) is not None


def refuse_one_dimension(x, mean, cov):
    """Where SciPy takes an array of numbers for points of one dimension."""
    if rank(cov) == 2 or rank(mean) == 1:
        return
    Refused(stats.multivariate_normal.logpdf, "a number: use scipy.stats.norm, or give a vector or a matrix").refuse(x)


def normal_tangent(x_dot, mean_dot, cov_dot, x, mean, cov):
    """-g . (x_dot - mean_dot) + 1/2 g . cov_dot g - 1/2 trace(cov^-1 cov_dot), with g = cov^-1 (x - mean)"""
    known = has_rank(cov)  # else it is taken for a matrix; what is none raises where it is inverted
    if known:
        refuse_one_dimension(x, mean, cov)
    away = x if mean is None else x - mean
    away_dot = x_dot - mean_dot
    if known and rank(cov) < 2:  # one variance, or one for each component
        pull = away / cov
        return np.sum(0.5 * (pull * pull - 1 / cov) * cov_dot - pull * away_dot, axis=-1)
    inverse = np.linalg.inv(cov)
    pull = away @ inverse
    if not known:
        pull = broadcast_like(pull, away)  # which has that shape, and now is known to
    change = ZERO if absent(away_dot) else -dot(pull, away_dot)
    if absent(cov_dot):
        return change
    cov_dot = symmetric(cov_dot, cov, upper=False)
    return change + 0.5 * dot(pull @ cov_dot, pull) - 0.5 * trace_of_product(inverse, cov_dot)


def dot(a, b):
    return a @ b if rank(a) == rank(b) == 1 else np.sum(a * b, axis=-1)


@jvp_rule(stats.multivariate_normal.logpdf, infer=infer_point, signature=NORMAL)
def normal_logpdf(x_dot, mean_dot, cov_dot, x, mean, cov, *, out):
    return normal_tangent(x_dot, mean_dot, cov_dot, x, mean, cov)


@jvp_rule(stats.multivariate_normal.pdf, infer=infer_point, signature=NORMAL)
def normal_pdf(x_dot, mean_dot, cov_dot, x, mean, cov, *, out):
    return out * normal_tangent(x_dot, mean_dot, cov_dot, x, mean, cov)


def infer_number(inputs, attrs):
    return array_type("float64", ())


@jvp_rule(stats.multivariate_normal.entropy, infer=infer_number, signature=filled("mean=None, cov=1"))
def normal_entropy(mean_dot, cov_dot, mean, cov):
    if absent(cov_dot):
        return ZERO
    if rank(cov) != 2:
        Refused(stats.multivariate_normal.entropy, "a covariance that is no matrix").refuse(cov)
    return 0.5 * trace_of_product(np.linalg.inv(cov), symmetric(cov_dot, cov, upper=False))


# ---- Dirichlet's distribution


def infer_columns(inputs, attrs):
    """One number for each column of points."""
    type_ = inputs[0].type
    if not isinstance(type_, ArrayType) or not type_.shape or len(type_.shape) > 1:
        return array_type("float64", None)
    return array_type("float64", ())


def dirichlet_tangent(x_dot, alpha_dot, x, alpha):
    if rank(x) > 1:
        alpha, alpha_dot = alpha[:, None], alpha_dot[:, None]
    whole = special.psi(np.sum(alpha, axis=0))
    return np.sum((alpha - 1) / x * x_dot + (np.log(x) - special.psi(alpha) + whole) * alpha_dot, axis=0)


@jvp_rule(stats.dirichlet.logpdf, infer=infer_columns, signature="x, alpha")
def dirichlet_logpdf(x_dot, alpha_dot, x, alpha):
    return dirichlet_tangent(x_dot, alpha_dot, x, alpha)


@jvp_rule(stats.dirichlet.pdf, infer=infer_columns, signature="x, alpha")
def dirichlet_pdf(x_dot, alpha_dot, x, alpha, *, out):
    return out * dirichlet_tangent(x_dot, alpha_dot, x, alpha)
