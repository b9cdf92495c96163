"""`scipy.special`: logarithms and exponentials in forms that do not cancel, entropies, losses, power transforms."""

import math

import numpy as np
from scipy import special

from adjoint.rules import unary
from adjoint.rules.arithmetic import power, sign
from adjoint.rules.registry import elementwise
from adjoint.rules.scipy.forms import infer_float, ufunc_rule
from adjoint.rules.special import quotient

DEGREE = math.pi / 180

# ---- logistic functions


@ufunc_rule(special.expit)
def expit(x, *, out):
    return out * (1 - out)


@ufunc_rule(special.logit)
def logit(p):
    return 1 / (p * (1 - p))


@ufunc_rule(special.log_expit)
def log_expit(x):
    return special.expit(-x)


@elementwise(special.softplus, infer=infer_float, signature="x")
def softplus(x):
    return special.expit(x)


# ---- what NumPy has as well, and angles in degrees

ufunc_rule(special.expm1)(unary.expm1)
ufunc_rule(special.log1p)(unary.log1p)
ufunc_rule(special.exp2)(unary.exp2)
ufunc_rule(special.cbrt)(unary.cbrt)


@ufunc_rule(special.exp10)
def exp10(x, *, out):
    return unary.LOG_10 * out


@ufunc_rule(special.cosm1)
def cosm1(x):
    return -np.sin(x)


@ufunc_rule(special.sindg)
def sindg(x):
    return DEGREE * special.cosdg(x)


@ufunc_rule(special.cosdg)
def cosdg(x):
    return -DEGREE * special.sindg(x)


@ufunc_rule(special.tandg)
def tandg(x, *, out):
    return DEGREE * (1 + out * out)


@ufunc_rule(special.radian)
def radian(degrees, minutes, seconds):
    return DEGREE, DEGREE / 60, DEGREE / 3600


# ---- products with logarithms


@ufunc_rule(special.xlogy)
def xlogy(x, y):
    return np.log(y), quotient(x, y)


@ufunc_rule(special.xlog1py)
def xlog1py(x, y):
    return np.log1p(y), quotient(x, 1 + y)


@ufunc_rule(special.entr)
def entr(x):
    return -np.log(x) - 1


@ufunc_rule(special.rel_entr)
def rel_entr(x, y):
    return np.log(x / y) + 1, -quotient(x, y)


@ufunc_rule(special.kl_div)
def kl_div(x, y):
    return np.log(x / y), 1 - quotient(x, y)


# ---- losses


@ufunc_rule(special.huber)
def huber(delta, r):
    excess = np.abs(r) - delta
    return np.maximum(excess, 0), r - sign(r) * np.maximum(excess, 0)


@ufunc_rule(special.pseudo_huber)
def pseudo_huber(delta, r):
    slope = r / delta
    root = np.sqrt(1 + slope * slope)
    return delta * (2 * (root - 1) - slope * slope / root), r / root


# ---- exponentials over their argument, and power transforms


def exprel_slope(x):
    """The derivative of (exp(x) - 1) / x, which would cancel: exprel(x) is 1F1(1, 2, x)."""
    return 0.5 * special.hyp1f1(2, 3, x)


@ufunc_rule(special.exprel)
def exprel(x):
    return exprel_slope(x)


def transform_slope(log_x, power):
    """The derivative of (exp(power * log_x) - 1) / power by the power, which may be 0."""
    return log_x * log_x * exprel_slope(power * log_x)


@ufunc_rule(special.boxcox)
def boxcox(x, power):
    return x ** (power - 1), transform_slope(np.log(x), power)


@ufunc_rule(special.boxcox1p)
def boxcox1p(x, power):
    return (1 + x) ** (power - 1), transform_slope(np.log1p(x), power)


@ufunc_rule(special.inv_boxcox)
def inv_boxcox(y, power, *, out):
    by_y = out ** (1 - power)
    return by_y, -by_y * transform_slope(np.log(out), power)


@ufunc_rule(special.inv_boxcox1p)
def inv_boxcox1p(y, power, *, out):
    by_y = (1 + out) ** (1 - power)
    return by_y, -by_y * transform_slope(np.log1p(out), power)


@ufunc_rule(special.powm1)
def powm1(x, y, *, out):
    return power(x, y, out=out + 1)
