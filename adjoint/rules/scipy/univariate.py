"""`scipy.stats`: distributions of one number, by what is differentiated, its location, its scale and its shapes.

With z = (x - loc) / scale, what a distribution declares is the derivative of its log density in standard form by z
and by each shape; densities, distribution functions and quantiles follow. A distribution function has a derivative by a
shape where `transport` gives v, the speed at which probability passes z: F_shape(z) = density(z) * v(z).
Outside its support a density is 0, its logarithm -inf, and both have derivative 0.
"""

from dataclasses import dataclass

import numpy as np

from adjoint.rules.arithmetic import below
from adjoint.rules.calls import gapless, symbolic
from adjoint.rules.registry import elementwise
from adjoint.rules.scipy.forms import Refused, infer_float64


@dataclass(frozen=True)
class Continuous:
    """A distribution in standard form; functions take z and the shapes."""

    dist: object
    slope: object  # the derivative of the log density by z
    by_shapes: object  # its derivatives by the shapes
    transport: object = None
    support: object = (-np.inf, np.inf)  # its ends, or a function of the shapes that gives them

    def method(self, name):
        return symbolic(getattr(self.dist, name))

    def inside(self, z, shapes):
        """Whether z is in the support, or None if all numbers are."""
        low, high = self.support(*shapes) if callable(self.support) else self.support
        tests = [z >= low] if not is_infinite(low) else []
        tests += [z <= high] if not is_infinite(high) else []
        return tests[0] & tests[1] if len(tests) == 2 else tests[0] if tests else None

    def within(self, z, inside, shapes):
        """z, and where it is outside of the support a number that does no harm."""
        low, high = self.support(*shapes) if callable(self.support) else self.support
        harmless = low + 1 if is_infinite(high) else 0.5 * (low + high) if inside is not None else 0
        return z if inside is None else np.where(inside, z, harmless)


def is_infinite(bound):
    return isinstance(bound, float) and np.isinf(bound)


def continuous(dist, shapes="", *, by_shapes=lambda z, *shapes: (), transport=None, support=(-np.inf, np.inf)):
    """Enter the rules of a distribution; what is decorated is the derivative of its log density by z."""

    def declare(slope):
        made = Continuous(dist, slope, by_shapes, transport, support)
        for name, partials in METHODS.items():
            _enter(made, name, partials, shapes)
        return slope

    return declare


def _enter(made, name, partials, shapes):
    first = "q" if name in ("ppf", "isf") else "x"
    parameters = ", ".join(part for part in (first, shapes, "loc=0, scale=1") if part)
    count = parameters.count(",")

    def rule(x, *given, out):
        *shapes, loc, scale = completed(given, count, (0, 1))
        return partials(made, out, x, shapes, loc, scale)[: 1 + len(given)]

    elementwise(getattr(made.dist, name), infer=infer_float64, signature=gapless(parameters))(rule)


def completed(given, count, defaults):
    """`count` parameters, the last of them by their defaults where they are not given."""
    return (*given, *defaults[len(given) - count :]) if len(given) < count else given


def called(fun, x, shapes, loc, scale):
    """`fun(x, *shapes, loc, scale)`, without what is as by default."""
    if not is_number(scale, 1):
        return fun(x, *shapes, loc, scale)
    return fun(x, *shapes) if is_number(loc, 0) else fun(x, *shapes, loc)


# ---- the rules, one for each method


def standard(x, loc, scale):
    """(x - loc) / scale"""
    moved = x if is_number(loc, 0) else x - loc
    return moved if is_number(scale, 1) else moved / scale


def is_number(x, value):
    return isinstance(x, (int, float)) and x == value


def logpdf(made, out, x, shapes, loc, scale, factor=None):
    """`factor` is what all partials are multiplied by."""
    z = standard(x, loc, scale)
    inside = made.inside(z, shapes)
    z = made.within(z, inside, shapes)
    slope = made.slope(z, *shapes)
    by_x = slope if is_number(scale, 1) or is_number(slope, 0) else slope / scale
    partials = (by_x, *made.by_shapes(z, *shapes), -by_x, -(1 + z * slope) / scale)
    if factor is not None:
        return tuple(0 if is_number(p, 0) else factor * p for p in partials)
    return tuple(p if inside is None or is_number(p, 0) else np.where(inside, p, 0) for p in partials)


def pdf(made, out, x, shapes, loc, scale):
    return logpdf(made, out, x, shapes, loc, scale, out)


def distribution(made, x, shapes, loc, scale, speed):
    """Partials of what changes with x as `speed`, a density times a sign or over the function itself."""
    z = standard(x, loc, scale)
    if made.transport is None:
        by_shapes = [Refused(made.dist.cdf, "a shape parameter") for _ in shapes]
    else:
        inside = made.within(z, made.inside(z, shapes), shapes)
        by_shapes = [speed * scale * v for v in made.transport(inside, *shapes)]
    return (speed, *by_shapes, -speed, -z * speed)


def cdf(made, out, x, shapes, loc, scale):
    return distribution(made, x, shapes, loc, scale, called(made.method("pdf"), x, shapes, loc, scale))


def sf(made, out, x, shapes, loc, scale):
    return distribution(made, x, shapes, loc, scale, -called(made.method("pdf"), x, shapes, loc, scale))


def hazard(made, out, x, shapes, loc, scale):
    """The density over a distribution function whose logarithm is `out`."""
    density = called(made.method("logpdf"), x, shapes, loc, scale)
    inside = made.inside(standard(x, loc, scale), shapes)
    return np.exp(density - out) if inside is None else np.where(inside, np.exp(below(density, out)), 0)


def logcdf(made, out, x, shapes, loc, scale):
    return distribution(made, x, shapes, loc, scale, hazard(made, out, x, shapes, loc, scale))


def logsf(made, out, x, shapes, loc, scale):
    return distribution(made, x, shapes, loc, scale, -hazard(made, out, x, shapes, loc, scale))


def ppf(made, out, q, shapes, loc, scale, sign=1):
    z = standard(out, loc, scale)
    if made.transport is None:
        by_shapes = [Refused(made.dist.ppf, "a shape parameter")] * len(shapes)
    else:
        by_shapes = [-scale * v for v in made.transport(z, *shapes)]
    return (sign / called(made.method("pdf"), out, shapes, loc, scale), *by_shapes, 1, z)


def isf(made, out, q, shapes, loc, scale):
    return ppf(made, out, q, shapes, loc, scale, -1)


METHODS = {
    "pdf": pdf, "logpdf": logpdf, "cdf": cdf, "sf": sf, "logcdf": logcdf, "logsf": logsf, "ppf": ppf, "isf": isf,
}  # fmt: skip


# ---- distributions of integers


@dataclass(frozen=True)
class Discrete:
    dist: object
    by_shapes: object  # derivatives of the log probability of k by the shapes
    cdf_by_shapes: object  # of the distribution function at an integer k; None where not known


def discrete(dist, shapes, cdf_by_shapes=None):
    """Enter the rules of a distribution of integers; what is decorated gives derivatives by the shapes."""

    def declare(by_shapes):
        made = Discrete(dist, by_shapes, cdf_by_shapes)
        for name, partials in (("pmf", pmf), ("logpmf", logpmf), ("cdf", discrete_cdf), ("sf", discrete_sf)):
            _enter_discrete(made, name, partials, shapes)
        return by_shapes

    return declare


def _enter_discrete(made, name, partials, shapes):
    fun = getattr(made.dist, name)

    parameters = f"k, {shapes}, loc=0"
    count = parameters.count(",")

    def rule(k, *given, out):
        *shapes, loc = completed(given, count, (0,))
        place = Refused(fun, "a place or a location, which are integers")
        return (place, *partials(made, out, standard(k, loc, 1), shapes), place)[: 1 + len(given)]

    elementwise(fun, infer=infer_float64, signature=gapless(parameters))(rule)


def pmf(made, out, k, shapes):
    return tuple(p if isinstance(p, Refused) else out * p for p in made.by_shapes(k, *shapes))


def logpmf(made, out, k, shapes):
    possible = np.isfinite(out)
    return tuple(p if isinstance(p, Refused) else np.where(possible, p, 0) for p in made.by_shapes(k, *shapes))


def discrete_cdf(made, out, k, shapes):
    if made.cdf_by_shapes is None:
        return [Refused(made.dist.cdf, "a shape parameter") for _ in shapes]
    return made.cdf_by_shapes(np.floor(k), *shapes)


def discrete_sf(made, out, k, shapes):
    return [p if isinstance(p, Refused) else -p for p in discrete_cdf(made, out, k, shapes)]
