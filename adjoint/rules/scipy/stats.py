"""`scipy.stats`: the distributions. Densities: N. L. Johnson, S. Kotz, N. Balakrishnan, Univariate Distributions."""

import numpy as np
from scipy import special, stats

from adjoint.rules.arithmetic import sign
from adjoint.rules.calls import symbolic
from adjoint.rules.scipy import multivariate  # noqa: F401  # enter their rules
from adjoint.rules.scipy.forms import Refused
from adjoint.rules.scipy.univariate import continuous, discrete
from adjoint.rules.special import quotient

POSITIVE = (0, np.inf)

# ---- on the whole line


@continuous(stats.norm)
def norm(z):
    return -z


def t_by_df(z, df):
    square = z * z
    tails = np.log1p(square / df) - (df + 1) * square / (df * (df + square))
    return (0.5 * (special.psi(0.5 * (df + 1)) - special.psi(0.5 * df) - 1 / df - tails),)


@continuous(stats.t, "df", by_shapes=t_by_df)
def t(z, df):
    return -(df + 1) * z / (df + z * z)


@continuous(stats.cauchy)
def cauchy(z):
    return -2 * z / (1 + z * z)


@continuous(stats.laplace)
def laplace(z):
    return -sign(z)


@continuous(stats.logistic)
def logistic(z):
    return -np.tanh(0.5 * z)


@continuous(stats.gumbel_r)
def gumbel_r(z):
    return np.exp(-z) - 1


@continuous(stats.gumbel_l)
def gumbel_l(z):
    return 1 - np.exp(z)


def skew(z, a):
    """The normal density over the normal distribution function, at a * z."""
    u = a * z
    return np.exp(-0.5 * u * u - special.log_ndtr(u)) / np.sqrt(2 * np.pi)


@continuous(stats.skewnorm, "a", by_shapes=lambda z, a: (z * skew(z, a),))
def skewnorm(z, a):
    return a * skew(z, a) - z


# ---- on the positive numbers


@continuous(stats.expon, support=POSITIVE)
def expon(z):
    return -1


@continuous(stats.gamma, "a", by_shapes=lambda z, a: (np.log(z) - special.psi(a),), support=POSITIVE)
def gamma(z, a):
    return (a - 1) / z - 1


def chi2_by_df(z, df):
    return (0.5 * (np.log(0.5 * z) - special.psi(0.5 * df)),)


@continuous(stats.chi2, "df", by_shapes=chi2_by_df, support=POSITIVE)
def chi2(z, df):
    return (0.5 * df - 1) / z - 0.5


@continuous(stats.invgamma, "a", by_shapes=lambda z, a: (-np.log(z) - special.psi(a),), support=POSITIVE)
def invgamma(z, a):
    return (1 / z - (a + 1)) / z


def lognorm_by_s(z, s):
    u = np.log(z) / s
    return ((u * u - 1) / s,)


@continuous(stats.lognorm, "s", by_shapes=lognorm_by_s, transport=lambda z, s: (-z * np.log(z) / s,), support=POSITIVE)
def lognorm(z, s):
    return -(1 + np.log(z) / (s * s)) / z


def weibull_by_c(z, c):
    return (1 / c + np.log(z) * (1 - z**c),)


@continuous(
    stats.weibull_min, "c", by_shapes=weibull_by_c, transport=lambda z, c: (z * np.log(z) / c,), support=POSITIVE
)
def weibull_min(z, c):
    return (c - 1 - c * z**c) / z


@continuous(stats.invgauss, "mu", by_shapes=lambda z, mu: ((z / mu - 1) / (mu * mu),), support=POSITIVE)
def invgauss(z, mu):
    return (1 / z - 3) / (2 * z) - 0.5 / (mu * mu)


@continuous(stats.halfnorm, support=POSITIVE)
def halfnorm(z):
    return -z


@continuous(stats.halfcauchy, support=POSITIVE)
def halfcauchy(z):
    return -2 * z / (1 + z * z)


@continuous(stats.rayleigh, support=POSITIVE)
def rayleigh(z):
    return 1 / z - z


def f_by_degrees(z, dfn, dfd):
    whole, total = 0.5 * (dfn + dfd), dfd + dfn * z
    both = special.psi(whole) - np.log(total) + 1
    by_dfn = both + np.log(dfn * z) - special.psi(0.5 * dfn) - 2 * whole * z / total
    by_dfd = both + np.log(dfd) - special.psi(0.5 * dfd) - 2 * whole / total
    return 0.5 * by_dfn, 0.5 * by_dfd


@continuous(stats.f, "dfn, dfd", by_shapes=f_by_degrees, support=POSITIVE)
def f(z, dfn, dfd):
    return (0.5 * dfn - 1) / z - 0.5 * (dfn + dfd) * dfn / (dfd + dfn * z)


@continuous(
    stats.pareto, "b", by_shapes=lambda z, b: (1 / b - np.log(z),), transport=lambda z, b: (z * np.log(z) / b,),
    support=(1, np.inf),
)  # fmt: skip
def pareto(z, b):
    return -(b + 1) / z


# ---- on an interval


@continuous(stats.uniform, support=(0, 1))
def uniform(z):
    return 0


def beta_by_shapes(z, a, b):
    both = special.psi(a + b)
    return np.log(z) + both - special.psi(a), np.log1p(-z) + both - special.psi(b)


@continuous(stats.beta, "a, b", by_shapes=beta_by_shapes, support=(0, 1))
def beta(z, a, b):
    return quotient(a - 1, z) - quotient(b - 1, 1 - z)


def truncnorm_by_bounds(z, a, b):
    density = symbolic(stats.truncnorm.pdf)
    return density(a, a, b), -density(b, a, b)


@continuous(stats.truncnorm, "a, b", by_shapes=truncnorm_by_bounds, support=lambda a, b: (a, b))
def truncnorm(z, a, b):
    return -z


@continuous(stats.vonmises, "kappa", by_shapes=lambda z, kappa: (np.cos(z) - special.i1e(kappa) / special.i0e(kappa),))
def vonmises(z, kappa):
    return -kappa * np.sin(z)


# ---- on the integers


@discrete(stats.poisson, "mu", lambda k, mu: (-symbolic(stats.poisson.pmf)(k, mu),))
def poisson(k, mu):
    return (quotient(k, mu) - 1,)


@discrete(stats.bernoulli, "p", lambda k, p: (-1.0 * (k == 0),))
def bernoulli(k, p):
    return (quotient(k, p) - quotient(1 - k, 1 - p),)


def binom_cdf(k, n, p):
    count = Refused(stats.binom.cdf, "the number of trials")
    return count, -n * symbolic(stats.binom.pmf)(k, n - 1, p)


@discrete(stats.binom, "n, p", binom_cdf)
def binom(k, n, p):
    return Refused(stats.binom.pmf, "the number of trials"), quotient(k, p) - quotient(n - k, 1 - p)


@discrete(stats.geom, "p", lambda k, p: (np.maximum(k, 0) * (1 - p) ** (np.maximum(k, 1) - 1),))
def geom(k, p):
    return (1 / p - quotient(k - 1, 1 - p),)


def nbinom_cdf(k, n, p):
    return Refused(stats.nbinom.cdf, "the number of successes"), (n + k) / p * symbolic(stats.nbinom.pmf)(k, n, p)


@discrete(stats.nbinom, "n, p", nbinom_cdf)
def nbinom(k, n, p):
    return special.psi(k + n) - special.psi(n) + np.log(p), n / p - quotient(k, 1 - p)
