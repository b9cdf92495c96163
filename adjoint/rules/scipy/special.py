"""`scipy.special`: functions that act on each number alone, but for Bessel functions and sums of exponentials.

Formulas: NIST Digital Library of Mathematical Functions, chapters 5 to 8, 13, 15, 19 and 25. What is known in
no closed form, mostly derivatives by a parameter such as the order, is refused where it is needed.
"""

import math

import numpy as np
from scipy import special

from adjoint.ir.types import UNKNOWN
from adjoint.rules.arithmetic import is_complex
from adjoint.rules.calls import symbolic
from adjoint.rules.infer import array_type, infer_elementwise
from adjoint.rules.registry import elementwise, nondifferentiable
from adjoint.rules.scipy import bessel, exponentials, functions  # noqa: F401  # enter their rules
from adjoint.rules.scipy.forms import Refused, infer_float, infer_float64, ufunc_rule, ufunc_tangent

ROOT_PI, ROOT_TWO_PI = math.sqrt(math.pi), math.sqrt(2 * math.pi)

# ---- error functions and the normal distribution


@ufunc_rule(special.erf)
def erf(x):
    return 2 / ROOT_PI * np.exp(-x * x)


@ufunc_rule(special.erfc)
def erfc(x):
    return -2 / ROOT_PI * np.exp(-x * x)


@ufunc_rule(special.erfcx)
def erfcx(x, *, out):
    return 2 * x * out - 2 / ROOT_PI


@ufunc_rule(special.erfi)
def erfi(x):
    return 2 / ROOT_PI * np.exp(x * x)


@ufunc_rule(special.dawsn)
def dawsn(x, *, out):
    return 1 - 2 * x * out


@ufunc_rule(special.wofz)
def wofz(x, *, out):
    return 2j / ROOT_PI - 2 * x * out


@ufunc_rule(special.erfinv)
def erfinv(y, *, out):
    return ROOT_PI / 2 * np.exp(out * out)


@ufunc_rule(special.erfcinv)
def erfcinv(y, *, out):
    return -ROOT_PI / 2 * np.exp(out * out)


@ufunc_tangent(special.fresnel)
def fresnel(x_dot, x):
    angle = math.pi / 2 * x * x
    return np.sin(angle) * x_dot, np.cos(angle) * x_dot


@ufunc_rule(special.ndtr)
def ndtr(x):
    return np.exp(-0.5 * x * x) / ROOT_TWO_PI


@ufunc_rule(special.log_ndtr)
def log_ndtr(x, *, out):
    return np.exp(-0.5 * x * x - out) / ROOT_TWO_PI


@ufunc_rule(special.ndtri)
def ndtri(p, *, out):
    return ROOT_TWO_PI * np.exp(0.5 * out * out)


@ufunc_rule(special.ndtri_exp)
def ndtri_exp(y, *, out):
    return ROOT_TWO_PI * np.exp(y + 0.5 * out * out)


@ufunc_rule(special.owens_t)
def owens_t(h, a):
    by_h = -np.exp(-0.5 * h * h) * special.erf(a * h / math.sqrt(2)) / (2 * ROOT_TWO_PI)
    stretch = 1 + a * a
    return by_h, np.exp(-0.5 * h * h * stretch) / (2 * math.pi * stretch)


# ---- gamma and beta functions

polygamma = symbolic(special.polygamma)
zeta = symbolic(special.zeta)
FIRST = "its first argument"


@ufunc_rule(special.gamma)
def gamma(x, *, out):
    return out * special.psi(x)


@ufunc_rule(special.gammaln)
@ufunc_rule(special.loggamma)
def loggamma(x):
    return special.psi(x)


@ufunc_rule(special.rgamma)
def rgamma(x, *, out):
    return -out * special.psi(x)


@ufunc_rule(special.psi)
def psi(x):
    return polygamma(1, x)  # which raises where x is complex


@elementwise(special.polygamma, infer=infer_float64)
def polygamma_partials(n, x):
    return Refused(special.polygamma, "its order"), polygamma(n + 1, x)


@elementwise(special.zeta, infer=infer_float, signature="x, q=None")
def zeta_partials(x, *q):
    return Refused(special.zeta, FIRST), *(-x * zeta(x + 1, item) for item in q)


@elementwise(special.multigammaln, infer=infer_float64, signature="a, d")
def multigammaln(a, *, d):
    return sum(special.psi(a - 0.5 * j) for j in range(d))


@ufunc_rule(special.beta)
def beta(a, b, *, out):
    both = special.psi(a + b)
    return out * (special.psi(a) - both), out * (special.psi(b) - both)


@ufunc_rule(special.betaln)
def betaln(a, b):
    both = special.psi(a + b)
    return special.psi(a) - both, special.psi(b) - both


@ufunc_rule(special.binom)
def binom(n, k, *, out):
    rest = special.psi(n - k + 1)
    return out * (special.psi(n + 1) - rest), out * (rest - special.psi(k + 1))


@ufunc_rule(special.poch)
def poch(z, m, *, out):
    end = special.psi(z + m)
    return out * (end - special.psi(z)), out * end


def gamma_density(a, x):
    return np.exp(special.xlogy(a - 1, x) - x - special.gammaln(a))


def beta_density(a, b, x):
    return np.exp(special.xlogy(a - 1, x) + special.xlog1py(b - 1, -x) - special.betaln(a, b))


@ufunc_rule(special.gammainc)
def gammainc(a, x):
    return Refused(special.gammainc, FIRST), gamma_density(a, x)


@ufunc_rule(special.gammaincc)
def gammaincc(a, x):
    return Refused(special.gammaincc, FIRST), -gamma_density(a, x)


@ufunc_rule(special.gammaincinv)
def gammaincinv(a, p, *, out):
    return Refused(special.gammaincinv, FIRST), 1 / gamma_density(a, out)


@ufunc_rule(special.gammainccinv)
def gammainccinv(a, p, *, out):
    return Refused(special.gammainccinv, FIRST), -1 / gamma_density(a, out)


def refused_shapes(fun):
    return Refused(fun, FIRST), Refused(fun, "its second argument")


@ufunc_rule(special.betainc)
def betainc(a, b, x):
    return *refused_shapes(special.betainc), beta_density(a, b, x)


@ufunc_rule(special.betaincc)
def betaincc(a, b, x):
    return *refused_shapes(special.betaincc), -beta_density(a, b, x)


@ufunc_rule(special.betaincinv)
def betaincinv(a, b, p, *, out):
    return *refused_shapes(special.betaincinv), 1 / beta_density(a, b, out)


@ufunc_rule(special.betainccinv)
def betainccinv(a, b, p, *, out):
    return *refused_shapes(special.betainccinv), -1 / beta_density(a, b, out)


nondifferentiable(special.gammasgn, infer=infer_elementwise(special.gammasgn))

# ---- exponential, trigonometric and elliptic integrals


@ufunc_rule(special.expn)
def expn(n, x, *, out):
    if isinstance(n, (int, float)) and n == 0:  # exp(-x) / x
        return Refused(special.expn, "its order"), -out * (1 + 1 / x)
    return Refused(special.expn, "its order"), -special.expn(n - 1, x)


@ufunc_rule(special.exp1)
def exp1(x):
    return -np.exp(-x) / x


@ufunc_rule(special.expi)
def expi(x):
    return np.exp(x) / x


@ufunc_tangent(special.sici)
def sici(x_dot, x):
    return (np.sin(x) / x if is_complex(x) else np.sinc(x / math.pi)) * x_dot, np.cos(x) / x * x_dot


@ufunc_tangent(special.shichi)
def shichi(x_dot, x):
    mean = np.sinh(x) / x if is_complex(x) else 0.5 * (special.exprel(x) + special.exprel(-x))
    return mean * x_dot, np.cosh(x) / x * x_dot


@ufunc_rule(special.spence)
def spence(x):
    return np.log(x) / (1 - x)


@ufunc_rule(special.ellipk)
def ellipk(m):
    return math.pi / 8 * special.hyp2f1(1.5, 1.5, 2, m)


@ufunc_rule(special.ellipe)
def ellipe(m):
    return -math.pi / 8 * special.hyp2f1(0.5, 1.5, 2, m)


# ---- hypergeometric functions


@ufunc_rule(special.hyp0f1)
def hyp0f1(v, x):
    return Refused(special.hyp0f1, FIRST), special.hyp0f1(v + 1, x) / v


@ufunc_rule(special.hyp1f1)
def hyp1f1(a, b, x):
    return *refused_shapes(special.hyp1f1), a / b * special.hyp1f1(a + 1, b + 1, x)


@ufunc_rule(special.hyp2f1)
def hyp2f1(a, b, c, x):
    by_x = a * b / c * special.hyp2f1(a + 1, b + 1, c + 1, x)
    return *refused_shapes(special.hyp2f1), Refused(special.hyp2f1, "its third argument"), by_x


# ---- the inverse of x exp(x)


def infer_lambertw(inputs, attrs):
    type_ = infer_float64(inputs, attrs)
    return type_ if type_ is UNKNOWN else array_type("complex128", type_.shape, scalar_kind="any")


@elementwise(special.lambertw, infer=infer_lambertw, signature="z, k=0, tol=1e-8")
def lambertw(z, *, out, k=0, tol=1e-8):
    return np.exp(-out) / (1 + out)
