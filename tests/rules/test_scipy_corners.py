"""Derivatives of functions of SciPy at points where differences tell nothing, in both modes."""

import numpy as np
import pytest

from tests.rules.data import Static
from tests.rules.test_kinks import gradients

stats = pytest.importorskip("scipy.stats")


def test_densities_on_a_simplex():
    """Points off the simplex have no density: SciPy refuses the ends of a difference."""
    x, alpha = np.array([0.2, 0.5, 0.3]), np.array([1.5, 2.5, 0.7])
    expected = (alpha - 1) / x
    np.testing.assert_allclose(gradients(stats.dirichlet.logpdf, x, Static(alpha))[0], expected, rtol=1e-13)
    density = stats.dirichlet.pdf(x, alpha)
    np.testing.assert_allclose(gradients(stats.dirichlet.pdf, x, Static(alpha))[0], density * expected, rtol=1e-13)
