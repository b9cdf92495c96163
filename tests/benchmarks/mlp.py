"""A network of two hidden layers with softmax and cross-entropy: matrix products dominate."""

from itertools import pairwise

import numpy as np

from tests.benchmarks.workload import Workload


def cross_entropy(w1, b1, w2, b2, w3, b3, x, labels):
    h1 = np.tanh(x @ w1 + b1)
    h2 = np.maximum(h1 @ w2 + b2, 0.0)
    scores = h2 @ w3 + b3
    scores = scores - np.max(scores, axis=1, keepdims=True)
    log_probability = scores - np.log(np.sum(np.exp(scores), axis=1, keepdims=True))
    return -np.mean(log_probability[np.arange(len(labels)), labels])


def by_hand(w1, b1, w2, b2, w3, b3, x, labels):
    count = len(labels)
    h1 = x @ w1
    h1 += b1
    np.tanh(h1, out=h1)
    h2 = h1 @ w2
    h2 += b2
    np.maximum(h2, 0.0, out=h2)
    scores_bar = h2 @ w3
    scores_bar += b3
    scores_bar -= np.maximum.reduce(scores_bar, axis=1, keepdims=True)
    np.exp(scores_bar, out=scores_bar)
    scores_bar /= np.add.reduce(scores_bar, axis=1, keepdims=True)
    scores_bar[np.arange(count), labels] -= 1.0
    scores_bar /= count
    a2_bar = scores_bar @ w3.T
    a2_bar *= h2 > 0.0
    a1_bar = a2_bar @ w2.T
    a1_bar *= 1.0 - h1 * h1
    return (
        x.T @ a1_bar,
        np.add.reduce(a1_bar),
        h1.T @ a2_bar,
        np.add.reduce(a2_bar),
        h2.T @ scores_bar,
        np.add.reduce(scores_bar),
    )


def in_torch(w1, b1, w2, b2, w3, b3, x, labels):
    import torch

    h1 = torch.tanh(x @ w1 + b1)
    h2 = torch.relu(h1 @ w2 + b2)
    return torch.nn.functional.cross_entropy(h2 @ w3 + b3, labels)


def arguments(batch, inputs, hidden, classes=10):
    rng = np.random.default_rng(0)
    sizes = (inputs, hidden, hidden, classes)
    layers = []
    for before, after in pairwise(sizes):
        layers += [rng.standard_normal((before, after)) / np.sqrt(before), 0.1 * rng.standard_normal(after)]
    return *layers, rng.standard_normal((batch, inputs)), rng.integers(0, classes, batch)


WORKLOAD = Workload(
    "MLP",
    cross_entropy,
    by_hand,
    tuple(range(6)),
    {"small": lambda: arguments(32, 48, 48), "large": lambda: arguments(512, 784, 512)},
    {"torch": in_torch},
)
