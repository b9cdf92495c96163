"""Log-likelihood of a Gaussian mixture, parametrised by triangular factors of the inverse covariances."""

import math

import numpy as np

from tests.benchmarks.workload import Workload


def log_likelihood(weights, means, log_diagonals, lowers, x):
    """Shapes: (k,), (k, d), (k, d), (k, d, d) of which the strictly lower triangle counts, (n, d)."""
    count, d = x.shape
    factors = np.exp(log_diagonals)[:, :, None] * np.eye(d) + lowers * np.tri(d, k=-1)
    centered = x[None, :, :] - means[:, None, :]
    y = centered @ np.swapaxes(factors, 1, 2)
    scores = (weights + np.sum(log_diagonals, axis=1))[:, None] - 0.5 * np.sum(y * y, axis=2)
    highest = np.max(scores, axis=0)
    total = np.sum(highest + np.log(np.sum(np.exp(scores - highest), axis=0)))
    heaviest = np.max(weights)
    normaliser = heaviest + np.log(np.sum(np.exp(weights - heaviest)))
    return total - count * normaliser - 0.5 * count * d * math.log(2.0 * math.pi)


def by_hand(weights, means, log_diagonals, lowers, x):
    count, d = x.shape
    strictly_lower, diagonals = np.tri(d, k=-1), np.exp(log_diagonals)
    factors = diagonals[:, :, None] * np.eye(d) + lowers * strictly_lower
    centered = x[None, :, :] - means[:, None, :]
    y = centered @ factors.transpose(0, 2, 1)
    scores_bar = np.add.reduce(y * y, axis=2)
    scores_bar *= -0.5
    scores_bar += (weights + np.add.reduce(log_diagonals, axis=1))[:, None]
    scores_bar -= np.maximum.reduce(scores_bar)
    np.exp(scores_bar, out=scores_bar)
    scores_bar /= np.add.reduce(scores_bar)  # the responsibilities
    per_component = np.add.reduce(scores_bar, axis=1)
    y *= scores_bar[:, :, None]
    np.negative(y, out=y)
    factors_bar = y.transpose(0, 2, 1) @ centered
    means_bar = -(np.add.reduce(y, axis=1)[:, None, :] @ factors)[:, 0, :]
    shares = np.exp(weights - weights.max())
    shares /= np.add.reduce(shares)
    return (
        per_component - count * shares,
        means_bar,
        per_component[:, None] + diagonals * factors_bar.diagonal(axis1=1, axis2=2),
        factors_bar * strictly_lower,
    )


def in_torch(weights, means, log_diagonals, lowers, x):
    import torch

    count, d = x.shape
    factors = torch.diag_embed(torch.exp(log_diagonals)) + torch.tril(lowers, -1)
    y = (x[None] - means[:, None]) @ factors.transpose(1, 2)
    scores = (weights + log_diagonals.sum(1))[:, None] - 0.5 * (y * y).sum(2)
    total = torch.logsumexp(scores, 0).sum()
    return total - count * torch.logsumexp(weights, 0) - 0.5 * count * d * math.log(2.0 * math.pi)


def arguments(count, d, k):
    rng = np.random.default_rng(0)
    return (
        rng.standard_normal(k),
        rng.standard_normal((k, d)),
        0.3 * rng.standard_normal((k, d)),
        0.3 * rng.standard_normal((k, d, d)),
        rng.standard_normal((count, d)),
    )


WORKLOAD = Workload(
    "Gaussian mixture",
    log_likelihood,
    by_hand,
    (0, 1, 2, 3),
    {"small": lambda: arguments(100, 2, 5), "large": lambda: arguments(2000, 10, 20)},
    {"torch": in_torch},
)
