"""Cases of `scipy.special`; none where SciPy is not installed. To cover a new rule, add one line."""

import importlib.util
from functools import partial

import numpy as np

from adjoint.rules import library
from tests.rules.data import Static, binary, case, imaginary, normal, positive, unary

library.load_all()

SHARE = partial(positive, low=0.2, high=0.8)
LARGE = partial(positive, low=2.1, high=4.0)
MATRIX, CUBE = normal(3, 4), normal(2, 3, 4)


def number(make):
    """Of a function of one real number."""
    return [*unary(make), case(make(3))]


def analytic(make):
    """Of a function of one real or complex number."""
    return [*unary(make), case(imaginary(3))]


def by_last(*constants, make=positive):
    """Constant parameters before the one operand that has a derivative: Python numbers, and arrays of integers."""
    arrays = [np.array([c, c + 1, c + 2]) for c in constants]
    numbers = [Static(c) if isinstance(c, float) else c for c in constants]
    return [case(*numbers, x) for x in (make(3, 4), make(), float(make()))] + (
        [case(*arrays, make(3), narrow=False)] if all(isinstance(c, int) for c in constants) else []
    )


CASES = {
    # error functions and the normal distribution
    "scipy.special.erf": analytic(normal),
    "scipy.special.erfc": analytic(normal),
    "scipy.special.erfcx": analytic(normal),
    "scipy.special.erfi": analytic(normal),
    "scipy.special.dawsn": analytic(normal),
    "scipy.special.wofz": [case(imaginary(3)), case(imaginary())],
    "scipy.special.erfinv": number(SHARE),
    "scipy.special.erfcinv": number(SHARE),
    "scipy.special.fresnel": analytic(normal),
    "scipy.special.ndtr": analytic(normal),
    "scipy.special.log_ndtr": analytic(normal),
    "scipy.special.ndtri": number(SHARE),
    "scipy.special.ndtri_exp": number(lambda *shape: -positive(*shape)),
    "scipy.special.owens_t": binary(normal, positive),
    # gamma and beta functions
    "scipy.special.gamma": [*number(positive), case(imaginary(3), second=False)],
    "scipy.special.gammaln": number(positive),
    "scipy.special.loggamma": [*number(positive), case(imaginary(3), second=False)],
    "scipy.special.rgamma": [*number(positive), case(imaginary(3), second=False)],
    "scipy.special.psi": number(positive),
    "scipy.special.polygamma": by_last(1),
    "scipy.special.zeta": by_last(2) + by_last(2.5),
    "scipy.special.multigammaln": [case(3.2, 2), case(LARGE(3, 4), 3), case(LARGE(), 1)],
    "scipy.special.beta": binary(positive, positive),
    "scipy.special.betaln": binary(positive, positive),
    "scipy.special.binom": binary(LARGE, positive),
    "scipy.special.poch": binary(positive, positive),
    "scipy.special.gammainc": by_last(2) + by_last(1.7),
    "scipy.special.gammaincc": by_last(2) + by_last(0.8),
    "scipy.special.gammaincinv": by_last(2, make=SHARE) + by_last(1.7, make=SHARE),
    "scipy.special.gammainccinv": by_last(2, make=SHARE) + by_last(0.8, make=SHARE),
    "scipy.special.betainc": by_last(1, 2, make=SHARE) + by_last(1.3, 2.2, make=SHARE),
    "scipy.special.betaincc": by_last(1, 2, make=SHARE) + by_last(1.3, 2.2, make=SHARE),
    "scipy.special.betaincinv": by_last(2, 3, make=SHARE) + by_last(1.3, 2.2, make=SHARE),
    "scipy.special.betainccinv": by_last(2, 3, make=SHARE) + by_last(1.3, 2.2, make=SHARE),
    # integrals
    "scipy.special.expn": [*by_last(2), case(0, positive(3)), case(1, positive(3), second=False)],
    "scipy.special.exp1": analytic(positive),
    "scipy.special.expi": analytic(positive),
    "scipy.special.sici": analytic(positive),
    "scipy.special.shichi": [*number(positive), case(imaginary(3))],
    "scipy.special.spence": analytic(LARGE),
    "scipy.special.ellipk": number(SHARE),
    "scipy.special.ellipe": number(SHARE),
    "scipy.special.hyp0f1": by_last(2) + by_last(1.5),
    "scipy.special.hyp1f1": by_last(2, 3) + by_last(0.5, 1.5),
    "scipy.special.hyp2f1": by_last(1, 2, 3, make=SHARE) + by_last(0.5, 1.5, 2.5, make=SHARE),
    "scipy.special.lambertw": [case(positive(3, 4)), case(imaginary(3)), case(imaginary(3), 1), case(positive())],
    # Bessel functions and their kin
    **{f"scipy.special.{name}": number(positive) for name in ("y0", "y1", "k0", "k1", "k0e", "k1e")},
    **{f"scipy.special.{name}": [*number(positive), case(normal(3))] for name in ("j0", "j1", "i0", "i1", "i0e", "i1e")},
    **{f"scipy.special.{name}": [*by_last(2), *by_last(1.5), case(Static(1.5), imaginary(3))] for name in ("jv", "yv", "iv", "kv", "kve")},
    **{f"scipy.special.{name}": by_last(2) + by_last(1.5) for name in ("jve", "yve")},
    "scipy.special.ive": [*by_last(2), *by_last(1.5), case(2, normal(3))],
    "scipy.special.yn": by_last(2),
    "scipy.special.kn": by_last(2),
    "scipy.special.airy": [case(normal(3)), case(normal()), case(imaginary(3))],
    "scipy.special.ellipj": [case(positive(3, 4), 1), case(positive(3), np.array(0))],
    # logistic functions, and what does not cancel
    "scipy.special.expit": number(normal),
    "scipy.special.logit": number(SHARE),
    "scipy.special.log_expit": number(normal),
    "scipy.special.softplus": number(normal),
    "scipy.special.expm1": analytic(normal),
    "scipy.special.log1p": analytic(positive),
    "scipy.special.exp2": number(normal),
    "scipy.special.exp10": number(normal),
    "scipy.special.cbrt": number(positive),
    "scipy.special.cosm1": number(normal),
    "scipy.special.sindg": number(normal),
    "scipy.special.cosdg": number(normal),
    "scipy.special.tandg": number(normal),
    "scipy.special.radian": [case(normal(3), normal(3), normal())],
    "scipy.special.xlogy": [*binary(normal, positive), case(imaginary(3), imaginary(3, seed=1))],
    "scipy.special.xlog1py": [*binary(normal, positive), case(imaginary(3), imaginary(3, seed=1))],
    "scipy.special.entr": number(positive),
    "scipy.special.rel_entr": binary(positive, positive),
    "scipy.special.kl_div": binary(positive, positive),
    "scipy.special.huber": binary(positive, partial(positive, low=-0.4, high=0.4)) + binary(positive, LARGE) + [case(positive(3), -LARGE(3))],
    "scipy.special.pseudo_huber": binary(positive, normal),
    "scipy.special.exprel": [*number(normal), case(np.array([0.0, 1e-9, 30.0, -30.0]), narrow=False)],
    "scipy.special.boxcox": [*binary(positive, normal), case(positive(3), 0.0)],
    "scipy.special.boxcox1p": [*binary(positive, normal), case(positive(3), 0.0)],
    "scipy.special.inv_boxcox": binary(positive, positive),
    "scipy.special.inv_boxcox1p": binary(positive, positive),
    "scipy.special.powm1": binary(positive, normal),
    # sums of exponentials
    "scipy.special.softmax": [case(MATRIX), case(MATRIX, axis=1), case(CUBE, axis=(0, 2)), case(MATRIX[0])],
    "scipy.special.log_softmax": [case(MATRIX), case(MATRIX, 1), case(CUBE, axis=(0, 2)), case(MATRIX[0])],
    "scipy.special.logsumexp": [
        case(MATRIX), case(MATRIX, 1), case(MATRIX, axis=0, keepdims=True), case(CUBE, (0, 2)), case(MATRIX[0]),
        case(MATRIX, 1, positive(3, 4)), case(MATRIX, axis=1, b=positive(4)), case(MATRIX, 1, normal(3, 4, seed=2), False, True),
        case(MATRIX, 0, normal(3, 4, seed=2), return_sign=True, keepdims=True), case(MATRIX, None, 2.5),
    ],
} if importlib.util.find_spec("scipy") else {}  # fmt: skip
