"""Cases of `scipy.stats`; none where SciPy is not installed. To cover a new distribution, add one line."""

import importlib.util
from functools import partial

import numpy as np

from adjoint.rules import library
from tests.rules.data import Static, case, normal, positive

library.load_all()

SHARE = partial(positive, low=0.55, high=0.9)
SPREAD = normal(3, 3)
COVARIANCE = SPREAD @ SPREAD.T + np.eye(3)
PLACES = normal(2, 3)
WEIGHTS = positive(3) / np.sum(positive(3))


def continuous(name, x, *shapes, known_cdf=False):
    """Everything by everything; by shapes the densities only, unless the distribution function is known in them."""
    number = float(x[0])
    whole = [
        case(x, *shapes, 0.1),
        case(np.float64(number), *shapes),
        case(number, *shapes, scale=positive(3, low=1, high=1.1)),
    ]
    both = case(x, *shapes, normal(3) / 9, 1.2)
    outside = case(np.array([-7.5, x[0], 90.0]), *shapes, narrow=False)
    broadcast = [case(x, *(s * positive(2, 1, low=1, high=1.1) for s in shapes))] if shapes else []
    fixed = shapes if known_cdf else [Static(s) for s in shapes]
    tails = [case(x, *fixed, normal(3) / 9, 1.2), case(number, *fixed), *(broadcast if known_cdf else [])]
    quantiles = [case(SHARE(2, 3), *fixed, 0.1, positive(3)), case(float(SHARE()), *fixed)]
    tables = {
        "logpdf": [*whole, both, *broadcast], "pdf": [both, *broadcast, outside], "cdf": [*tails, *([] if shapes else [outside])],
        "sf": tails, "logcdf": tails, "logsf": tails, "ppf": quantiles, "isf": quantiles,
    }  # fmt: skip
    return {f"scipy.stats.{name}.{method}": cases for method, cases in tables.items()}


def discrete(name, k, *shapes, fixed=(), fixed_in_cdf=None):
    """`fixed` are shapes that are no variables, before those that are; the distribution function may need the first of them fixed."""
    cases = [
        case(k, *fixed, *shapes),
        case(k, *fixed, *(s * positive(3, 1, low=0.9, high=1) for s in shapes)),
        case(int(k[1]), *fixed, *shapes),
        case(k, *fixed, *shapes, 0),
    ]
    tails = (
        cases
        if fixed_in_cdf is None
        else [case(k, Static(fixed_in_cdf), *shapes[1:]), case(k, Static(fixed_in_cdf), *shapes[1:], 0)]
    )
    tables = {"pmf": [*cases, case(np.array([-3, 1]), *fixed, *shapes)], "logpmf": cases, "cdf": tails, "sf": tails}
    return {f"scipy.stats.{name}.{method}": cases for method, cases in tables.items()}


REAL, ABOVE = np.array([-0.7, 0.4, 1.3]), np.array([0.45, 0.8, 1.7])
COUNTS = np.array([0, 1, 3])

CASES = {
    **continuous("norm", REAL),
    **continuous("t", REAL, 3.5),
    **continuous("cauchy", REAL),
    **continuous("laplace", REAL),
    **continuous("logistic", REAL),
    **continuous("gumbel_r", REAL),
    **continuous("gumbel_l", REAL),
    **continuous("skewnorm", REAL, 1.4),
    **continuous("expon", ABOVE),
    **continuous("gamma", ABOVE, 2.3),
    **continuous("chi2", ABOVE, 3.2),
    **continuous("invgamma", ABOVE, 2.3),
    **continuous("lognorm", ABOVE, 0.8, known_cdf=True),
    **continuous("weibull_min", ABOVE, 1.7, known_cdf=True),
    **continuous("invgauss", ABOVE, 1.3),
    **continuous("halfnorm", ABOVE),
    **continuous("halfcauchy", ABOVE),
    **continuous("rayleigh", ABOVE),
    **continuous("f", ABOVE, 3.2, 5.5),
    **continuous("pareto", ABOVE + 1.5, 2.6, known_cdf=True),
    **continuous("uniform", np.array([0.3, 0.5, 0.7])),
    **continuous("beta", np.array([0.3, 0.5, 0.7]), 1.4, 2.2),
    **continuous("truncnorm", np.array([-0.4, 0.3, 0.7]), -1.2, 1.5),
    **continuous("vonmises", REAL, 1.8),
    **discrete("poisson", COUNTS, 1.7),
    **discrete("bernoulli", np.array([0, 1, 1]), 0.3),
    **discrete("binom", COUNTS, 0.3, fixed=(5,)),
    **discrete("geom", COUNTS + 1, 0.3),
    **discrete("nbinom", COUNTS, 2.3, 0.4, fixed_in_cdf=2.3),
    "scipy.stats.multivariate_normal.logpdf": [
        case(normal(3), normal(3, seed=1), COVARIANCE), case(PLACES, cov=COVARIANCE), case(PLACES, normal(3), COVARIANCE),
        case(PLACES, normal(3), 1.3), case(normal(3), normal(3, seed=2), positive(3)), case(normal(3), normal(3, seed=2)),
    ],
    "scipy.stats.multivariate_normal.pdf": [case(normal(3), normal(3, seed=1), COVARIANCE), case(PLACES, cov=COVARIANCE)],
    "scipy.stats.multivariate_normal.entropy": [case(normal(3), COVARIANCE), case(cov=COVARIANCE)],
    "scipy.stats.dirichlet.logpdf": [case(Static(WEIGHTS), positive(3)), case(Static(np.stack([WEIGHTS, WEIGHTS[::-1]], 1)), positive(3))],
    "scipy.stats.dirichlet.pdf": [case(Static(WEIGHTS), positive(3))],
} if importlib.util.find_spec("scipy") else {}  # fmt: skip
