"""Rules for SciPy: read when needed, printed as programs write them, refused where there is no derivative."""

import re
import subprocess
import sys

import numpy as np
import pytest

import adjoint
from adjoint import grad, sources
from adjoint.ir.notation import parse_types
from adjoint.rules import elementwise

linalg = pytest.importorskip("scipy.linalg")
integrate = pytest.importorskip("scipy.integrate")
ndimage = pytest.importorskip("scipy.ndimage")
optimize = pytest.importorskip("scipy.optimize")
signal = pytest.importorskip("scipy.signal")
sparse = pytest.importorskip("scipy.sparse")
special = pytest.importorskip("scipy.special")
stats = pytest.importorskip("scipy.stats")


def in_a_fresh_process(program):
    command = [sys.executable, "-c", program]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout  # noqa: S603  # our own


def test_scipy_is_not_imported_until_a_program_uses_it():
    program = "import sys, adjoint, numpy as np; adjoint.grad(np.sin)(1.0); print('scipy' in sys.modules)"
    assert in_a_fresh_process(program).strip() == "False"


def test_only_the_rules_of_modules_that_are_used_are_read():
    program = (
        "import sys, adjoint\nfrom scipy import special, linalg\n"
        "def f(x): return special.erf(x)\n"
        "import linecache; linecache.cache['f.py'] = (1, None, ['def f(x): return special.erf(x)\\n'], 'f.py')\n"
        "exec(compile('def f(x): return special.erf(x)', 'f.py', 'exec'))\n"
        "adjoint.grad(f)(1.0)\nprint([name for name in sys.modules if name in "
        "('adjoint.rules.scipy.special', 'adjoint.rules.scipy.linalg')])"
    )
    assert in_a_fresh_process(program).strip() == "['adjoint.rules.scipy.special']"


def test_a_rule_of_the_users_own_takes_precedence_whenever_the_library_is_read():
    program = (
        "import adjoint, linecache\nfrom adjoint.rules import elementwise\nfrom scipy import special\n"
        "elementwise(special.erf)(lambda x: 7.0)\n"
        "text = 'def f(x): return special.erf(x) + special.erfc(x) - special.erfc(x)'\n"
        "linecache.cache['f.py'] = (1, None, [text], 'f.py')\n"
        "exec(compile(text, 'f.py', 'exec'))\nprint(float(adjoint.grad(f)(1.0)))"
    )
    assert in_a_fresh_process(program).strip() == "7.0"


def weighted(x, special_weights):
    return np.sum(special.erf(x) * special_weights) + special.logsumexp(x, b=special_weights)


def test_programs_name_functions_by_their_module():
    assert "special.logsumexp(x, b=special_weights)" in adjoint.source(weighted)


def test_modules_import_what_they_need():
    text = sources.module_text(weighted, "reverse", 0, None)
    assert re.search(r"^from scipy import special$", text, re.MULTILINE)
    space = {}
    exec(compile(text, "module", "exec"), space)
    x, weights = np.array([0.3, -1.2]), np.array([1.0, 2.0])
    np.testing.assert_array_equal(space["weighted_grad"](x, weights), grad(weighted)(x, weights))


def test_a_parameter_may_have_the_name_of_the_module():
    def total(special):
        return np.sum(erf(special))

    erf = special.erf
    text = sources.module_text(total, "reverse", 0, None)
    assert "from scipy import special as special_1" in text
    assert np.isfinite(grad(total)(np.ones(2))).all()


def test_parameters_without_a_derivative_are_refused_where_they_vary():
    with pytest.raises(adjoint.MissingRuleError, match=r"`scipy.special.gammainc` by its first argument"):
        grad(lambda a: special.gammainc(a, 2.0))(1.5)
    with pytest.raises(adjoint.MissingRuleError, match=r"`scipy.special.jv` by its order"):
        adjoint.jvp(lambda v: special.jv(v, 2.0), (1.5,), (1.0,))
    assert np.isfinite(grad(lambda x: special.gammainc(1.5, x))(1.0))


def test_options_of_ufuncs_are_refused():
    with pytest.raises(adjoint.UnsupportedError, match="where"):
        grad(lambda x: special.erf(x, where=np.array([True, False])).sum())(np.ones(2))
    with pytest.raises(adjoint.UnsupportedError, match="`out` is no array"):
        grad(lambda x: special.expit(x, 1.0).sum())(np.ones(2))


def test_results_may_be_written_into_an_array():
    x = np.array([0.3, -1.2])

    def total(x):
        found = np.empty(2)
        special.erf(x, out=found)
        return np.sum(found)

    np.testing.assert_allclose(grad(total)(x), 2 / np.sqrt(np.pi) * np.exp(-x * x))


def test_users_may_replace_a_rule():
    known = special.nrdtrisd  # no rule of our own
    elementwise(known)(lambda mean, p, x: (1, 2, 3))
    assert grad(lambda x: known(0.0, 0.7, x))(1.0) == 3.0


def test_outside_of_its_support_a_log_density_does_not_change():
    x = np.array([-1.0, 0.5, 2.0])
    for name, shapes in (("beta", (1.5, 2.5)), ("uniform", ()), ("truncnorm", (0.1, 0.9))):
        density = getattr(stats, name).logpdf
        slope = grad(lambda x, density=density, shapes=shapes: np.sum(density(x, *shapes)[1:2]))
        whole = grad(lambda x, density=density, shapes=shapes: np.sum(density(x, *shapes)))
        np.testing.assert_allclose(whole(x), slope(x))
    by_rate = grad(lambda mu: np.sum(stats.poisson.logpmf(np.array([-2, 3]), mu)))(1.5)
    np.testing.assert_allclose(by_rate, 3 / 1.5 - 1)
    assert grad(stats.expon.logcdf)(-1.0) == 0


def log_likelihood(x, place, spread):
    return np.sum(stats.norm.logpdf(x, loc=place, scale=spread) - stats.expon.sf(x))


def test_methods_of_distributions_are_named_by_their_distribution():
    text = adjoint.source(log_likelihood)
    assert "stats.expon.pdf(x)" in text
    space = {}
    exec(compile(sources.module_text(log_likelihood, "reverse", 0, None), "module", "exec"), space)
    x = np.array([0.3, 1.2])
    np.testing.assert_array_equal(space["log_likelihood_grad"](x, 0.5, 2.0), grad(log_likelihood)(x, 0.5, 2.0))


def test_arguments_of_distributions_may_be_left_out_and_named_in_any_order():
    x = np.array([0.3, 1.2])
    by_name = grad(lambda s: np.sum(stats.t.logpdf(scale=s, df=3.5, x=x)))(2.0)
    in_order = grad(lambda s: np.sum(stats.t.logpdf(x, 3.5, 0, s)))(2.0)
    assert by_name == in_order
    with pytest.raises(adjoint.UnsupportedError, match="allow_singular"):
        grad(lambda x: stats.multivariate_normal.logpdf(x, np.zeros(2), np.eye(2), allow_singular=True))(x)
    with pytest.raises(adjoint.MissingRuleError, match="by a number"):
        grad(lambda x: np.sum(stats.multivariate_normal.logpdf(x)))(x)
    with pytest.raises(adjoint.MissingRuleError, match=r"`scipy.stats.gamma.cdf` by a shape parameter"):
        grad(lambda a: stats.gamma.cdf(1.0, a))(2.0)


def evidence(k, y):
    c, lower = linalg.cho_factor(k @ k.T + 4.0 * np.eye(3), lower=True)
    fit = y @ linalg.cho_solve((c, lower), y)
    return fit + 2.0 * np.sum(np.log(np.diag(c)))


def test_factors_are_handed_on_to_the_systems_that_they_solve():
    k, y = np.random.default_rng(3).standard_normal((3, 3)), np.array([0.3, -1.0, 2.0])
    adjoint.check_grads(evidence, (k, y))
    text = sources.module_text(evidence, "reverse", (0, 1), parse_types("f8[n,n], f8[n]", ["k", "y"]))
    assert re.search(r"c = linalg.cho_factor\(.*, lower=True\)\[0\]", text)
    assert "linalg.cho_solve((c, True), y)" in text
    space = {}
    exec(compile(text, "module", "exec"), space)
    for found, expected in zip(space["evidence_grad"](k, y), grad(evidence, (0, 1))(k, y), strict=True):
        np.testing.assert_array_equal(found, expected)

    def both_in_one(k, y):
        return y @ linalg.cho_solve(linalg.cho_factor(k @ k.T + np.eye(3)), y)

    adjoint.check_grads(both_in_one, (k, y))


@pytest.mark.parametrize(
    ("program", "name"),
    [
        (lambda a: linalg.inv(a, overwrite_a=True).sum(), "overwrite_a"),
        (lambda a: linalg.inv(a, assume_a="pos").sum(), "assume_a"),
        (lambda a: linalg.qr(a, pivoting=True)[0].sum(), "pivoting"),
        (lambda a: linalg.qr(a, mode="r")[0].sum(), "modes"),
        (lambda a: linalg.eigh(a, np.eye(3))[0].sum(), "`b`"),
        (lambda a: linalg.eigh(a, subset_by_index=[0, 1])[0].sum(), "subset_by_index"),
        (lambda a: linalg.expm(np.stack([a, a])).sum(), "not for a stack"),
        (lambda a: linalg.toeplitz(a, a).sum(), "for vectors"),
        (lambda a: linalg.solve(a + 0j, a, assume_a="pos").real.sum(), "complex matrices"),
        (lambda a: linalg.solve(np.stack([a, a]), np.ones(3)).sum(), "give each its own"),
    ],
)
def test_arguments_of_linear_algebra_without_a_rule_are_refused_by_name(program, name):
    with pytest.raises(adjoint.AdjointError, match=name):
        grad(program)(np.eye(3) * np.arange(1.0, 4.0))


def smoothed(x):
    filtered = signal.lfilter([0.5, 0.2], [1.0, -0.3], x)
    return integrate.simpson(filtered, dx=0.1) + np.sum(signal.convolve(x, x[:2], "same"))


def test_filters_and_integrals_in_modules():
    x = np.array([0.3, 1.2, -0.4, 2.0])
    adjoint.check_grads(smoothed, (x,))
    space = {}
    exec(compile(sources.module_text(smoothed, "reverse", 0, parse_types("f8[n]", ["x"])), "module", "exec"), space)
    np.testing.assert_array_equal(space["smoothed_grad"](x), grad(smoothed)(x))


@pytest.mark.parametrize(
    ("program", "name"),
    [
        (lambda x: signal.lfilter([1.0], [1.0], x, zi=np.zeros(0))[0].sum(), "zi"),
        (lambda x: signal.fftconvolve(x, x, axes=0).sum(), "axes"),
        (lambda x: signal.convolve2d(x[None], x[None], boundary="wrap").sum(), "boundary"),
        (lambda x: signal.sosfilt(np.stack([x, x])[:1], np.ones(3)).sum(), "its sections"),
        (lambda x: signal.lfilter(x, [1.0], np.ones((2, 9))).sum(), "more than one signal"),
        (lambda x: integrate.simpson(x, x=x), "`x`"),
    ],
)
def test_arguments_of_filters_without_a_rule_are_refused_by_name(program, name):
    with pytest.raises(adjoint.AdjointError, match=name):
        grad(program)(np.linspace(1.0, 2.0, 6))


@pytest.mark.parametrize(
    ("program", "name"),
    [
        (lambda x: ndimage.gaussian_filter(x, 1, mode="nearest").sum(), "modes 'mirror' and 'nearest'"),
        (lambda x: ndimage.gaussian_filter(x, 1, order=1).sum(), "not symmetric"),
        (lambda x: ndimage.gaussian_filter(x, x[0]).sum(), "its width"),
        (lambda x: ndimage.uniform_filter(x, 4).sum(), "not symmetric"),
        (lambda x: ndimage.correlate(x, [1.0, 2.0], mode="constant", cval=1.0).sum(), "cval"),
        (lambda x: ndimage.correlate(x, [1.0, 2.0], output=np.empty(6)).sum(), "output"),
    ],
)
def test_arguments_of_image_filters_without_a_rule_are_refused_by_name(program, name):
    with pytest.raises(adjoint.AdjointError, match=name):
        grad(program)(np.linspace(1.0, 2.0, 6))


def test_forward_mode_takes_filters_that_are_not_symmetric():
    x, dot = np.linspace(1.0, 2.0, 6), np.arange(6.0)
    _, found = adjoint.jvp(lambda x: ndimage.gaussian_filter(x, 1, order=1, mode="nearest"), (x,), (dot,))
    np.testing.assert_allclose(found, ndimage.gaussian_filter(dot, 1, order=1, mode="nearest"))


def test_a_covariance_of_unknown_rank_is_a_matrix():
    def density(x, m):
        a = np.random.default_rng(0).standard_normal((3, 3))
        return stats.multivariate_normal.logpdf(x, m, a @ a.T + np.eye(3))

    adjoint.check_grads(density, (np.arange(3.0), np.ones(3)))


MATRIX = sparse.csr_matrix(np.array([[0.0, 1.0, 2.0], [3.0, 0.0, 5.0]]))


def residual(x, a):
    return np.sum((a @ x) ** 2)


@pytest.mark.parametrize(
    ("program", "shape"),
    [
        (lambda x: np.sum((MATRIX @ x) ** 2), (3,)),
        (lambda x: np.sum(np.sin(MATRIX @ x)), (3, 2)),
        (lambda x: np.sum((MATRIX.T @ x) ** 2), (2,)),
        (lambda x: np.sum((x @ MATRIX) ** 2), (4, 2)),
        (lambda x: np.sum(MATRIX.dot(x) ** 2), (3,)),
    ],
)
def test_sparse_matrices_multiply_what_varies(program, shape):
    adjoint.check_grads(program, (np.random.default_rng(1).standard_normal(shape),))


def test_sparse_matrices_are_arguments_as_dense_ones_are():
    gradient, x = grad(residual), np.array([1.0, -2.0, 0.5])
    others = (sparse.csr_array(MATRIX[:1]), sparse.coo_array(MATRIX), MATRIX.astype(np.float32))
    for a in (MATRIX, sparse.csc_array(2.0 * MATRIX), *others):
        np.testing.assert_allclose(gradient(x, a), gradient(x, a.toarray().astype(float)))
    gradient(x, MATRIX)
    assert ".T @ (2.0 * (" in gradient.source
    narrow = gradient(x.astype(np.float32), MATRIX)
    assert narrow.dtype == np.float32


def conjugate_gradients(b, a, steps):
    x, r = np.zeros(b.shape), b
    p = r
    for _ in range(steps):
        step = (r @ r) / (p @ (a @ p))
        x, new = x + step * p, r - step * (a @ p)
        p = new + (new @ new) / (r @ r) * p
        r = new
    return x


def test_solvers_with_sparse_matrices_are_differentiated():
    a = sparse.csr_array(np.array([[4.0, 1.0, 0.0], [1.0, 3.0, 1.0], [0.0, 1.0, 5.0]]))
    found = grad(lambda b: conjugate_gradients(b, a, 3)[0])(np.array([1.0, 2.0, -1.0]))
    np.testing.assert_allclose(found, np.linalg.inv(a.toarray())[0])


def test_other_products_of_sparse_matrices_are_refused():
    with pytest.raises(adjoint.UnsupportedError, match="tocsr"):
        grad(residual)(np.ones(3), sparse.coo_array(MATRIX[:1]))
    with pytest.raises(adjoint.AdjointError):
        grad(lambda x: ((x * MATRIX) @ np.ones(3)).sum())(2.0)


@pytest.mark.parametrize(
    ("program", "hint"),
    [
        (lambda a: optimize.nnls(np.eye(2) * a, np.ones(2))[0][0], "implicit function theorem"),
        (lambda a: optimize.curve_fit(lambda x, p: p * x, np.ones(3), a * np.ones(3))[0][0], "least_squares"),
        (lambda a: integrate.solve_ivp(lambda t, y: -a * y, (0, 1), [1.0]).y[0, -1], "as a loop"),
        (lambda a: integrate.quad(lambda x: a * x, 0, 1)[0], "integrate samples"),
        (lambda a: linalg.polar(a * np.eye(2))[0][0, 0], "np.linalg.svd"),
        (lambda a: np.real(linalg.eig(a * np.eye(2))[0][0]), "np.linalg.eig"),
        (lambda a: signal.filtfilt([1.0], [1.0, 0.5], a * np.ones(20))[3], "lfilter"),
    ],
)
def test_functions_that_take_functions_are_refused_with_what_to_write_instead(program, hint):
    with pytest.raises(adjoint.AdjointError, match=hint):
        grad(program)(1.0)


def test_frozen_distributions_made_in_a_program_are_differentiated_by_their_parameters():
    def fit(place, spread, x):
        d = stats.norm(place, scale=spread)
        return np.sum(d.logpdf(x)) + d.cdf(0.5) + stats.gamma(spread).pdf(0.7)

    adjoint.check_grads(fit, (0.2, 0.7, np.array([0.3, -1.0])))
    assert grad(lambda mu, n: stats.poisson(mu).logpmf(n))(2.0, 3) == 0.5


def test_frozen_distributions_of_the_surroundings_may_be_replaced():
    prior = stats.norm(0.3, scale=2.0)

    def density(x):
        return np.sum(prior.logpdf(x))

    gradient, x = grad(density), np.array([1.3, -0.7])
    np.testing.assert_allclose(gradient(x), -(x - 0.3) / 4)
    prior = stats.norm(0.3, scale=1.0)
    np.testing.assert_allclose(gradient(x), -(x - 0.3))
    prior = stats.expon(-1.0, scale=2.0)
    np.testing.assert_allclose(gradient(x), [-0.5, -0.5])


def test_draws_from_distributions_do_not_vary():
    found = grad(lambda x: x * np.sum(stats.norm(0.0, 1.0).rvs(3, random_state=0)))(2.0)
    assert found == np.sum(stats.norm(0.0, 1.0).rvs(3, random_state=0))
    with pytest.raises(adjoint.MissingRuleError, match="rvs"):
        grad(lambda m: np.sum(stats.norm(m, 1.0).rvs(3, random_state=0)))(2.0)
    with pytest.raises(adjoint.UnsupportedError, match="interval"):
        grad(lambda m: stats.norm(m).interval(0.5)[0])(1.0)
