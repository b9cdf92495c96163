"""Bessel functions and their kin, by recurrence in the order (NIST Handbook, 9.2, 10.6, 10.29).

Order one is written with order two and not with a division, so that 0 is no exception. What is scaled by the modulus of
the real or the imaginary part is not holomorphic: there the derivative is for real numbers only.
"""

from scipy import special

from adjoint.rules.arithmetic import is_complex, sign
from adjoint.rules.join import absent
from adjoint.rules.scipy.forms import Refused, ufunc_rule, ufunc_tangent

# ---- of order zero and one


@ufunc_rule(special.j0)
def j0(x):
    return -special.j1(x)


@ufunc_rule(special.j1)
def j1(x):
    return 0.5 * (special.j0(x) - special.jv(2, x))


@ufunc_rule(special.y0)
def y0(x):
    return -special.y1(x)


@ufunc_rule(special.y1)
def y1(x):
    return 0.5 * (special.y0(x) - special.yv(2, x))


@ufunc_rule(special.i0)
def i0(x):
    return special.i1(x)


@ufunc_rule(special.i1)
def i1(x):
    return 0.5 * (special.i0(x) + special.iv(2, x))


@ufunc_rule(special.i0e)
def i0e(x, *, out):
    return special.i1e(x) - sign(x) * out


@ufunc_rule(special.i1e)
def i1e(x, *, out):
    return 0.5 * (special.i0e(x) + special.ive(2, x)) - sign(x) * out


@ufunc_rule(special.k0)
def k0(x):
    return -special.k1(x)


@ufunc_rule(special.k1)
def k1(x):
    return -0.5 * (special.k0(x) + special.kv(2, x))


@ufunc_rule(special.k0e)
def k0e(x, *, out):
    return out - special.k1e(x)


@ufunc_rule(special.k1e)
def k1e(x, *, out):
    return out - 0.5 * (special.k0e(x) + special.kve(2, x))


# ---- of any order


def order(fun):
    return Refused(fun, "its order")


def neighbours(fun, v, x, scale):
    """scale * (f of the order below - f of the order above)"""
    return scale * (fun(v - 1, x) - fun(v + 1, x))


@ufunc_rule(special.jv)
def jv(v, x):
    return order(special.jv), neighbours(special.jv, v, x, 0.5)


@ufunc_rule(special.yv)
def yv(v, x):
    return order(special.yv), neighbours(special.yv, v, x, 0.5)


@ufunc_rule(special.yn)
def yn(n, x):
    return order(special.yn), neighbours(special.yv, n, x, 0.5)


@ufunc_rule(special.iv)
def iv(v, x):
    return order(special.iv), 0.5 * (special.iv(v - 1, x) + special.iv(v + 1, x))


@ufunc_rule(special.kv)
def kv(v, x):
    return order(special.kv), -0.5 * (special.kv(v - 1, x) + special.kv(v + 1, x))


@ufunc_rule(special.kn)
def kn(n, x):
    return order(special.kn), -0.5 * (special.kv(n - 1, x) + special.kv(n + 1, x))


@ufunc_rule(special.kve)
def kve(v, x, *, out):
    return order(special.kve), out - 0.5 * (special.kve(v - 1, x) + special.kve(v + 1, x))


# ---- scaled by exp(-|part of x|)


def real_only(fun, x, partial):
    return Refused(fun, "a complex argument") if is_complex(x) else partial


@ufunc_rule(special.jve)
def jve(v, x):
    return order(special.jve), real_only(special.jve, x, neighbours(special.jve, v, x, 0.5))


@ufunc_rule(special.yve)
def yve(v, x):
    return order(special.yve), real_only(special.yve, x, neighbours(special.yve, v, x, 0.5))


@ufunc_rule(special.ive)
def ive(v, x, *, out):
    if is_complex(x):
        return order(special.ive), Refused(special.ive, "a complex argument")
    return order(special.ive), 0.5 * (special.ive(v - 1, x) + special.ive(v + 1, x)) - sign(x) * out


# ---- Airy functions, and Jacobi's elliptic functions


@ufunc_tangent(special.airy)
def airy(x_dot, x, *, out):
    ai, ai_slope, bi, bi_slope = out
    return ai_slope * x_dot, x * ai * x_dot, bi_slope * x_dot, x * bi * x_dot


@ufunc_tangent(special.ellipj)
def ellipj(u_dot, m_dot, u, m, *, out):
    sn, cn, dn, _ = out
    if not absent(m_dot):
        Refused(special.ellipj, "its parameter m").refuse(m_dot)
    return cn * dn * u_dot, -sn * dn * u_dot, -m * sn * cn * u_dot, dn * u_dot
