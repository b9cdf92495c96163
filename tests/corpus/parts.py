"""Parts of arrays whose bounds are lengths, integers of the call and indices of loops."""

import numpy as np

from tests.corpus.registry import normal, program


@program((normal(2, 8), normal(2, 2), normal(3, 2, 2)), (normal(2, 7), normal(2, 1), normal(3, 2, 2)))
def gates(u, b, xs):
    n = u.shape[0]
    h = np.zeros((xs.shape[1], n))
    c = np.zeros((xs.shape[1], n))
    for x in xs:
        all_gates = x @ u + np.sum(b)
        shares = 1.0 / (1.0 + np.exp(-all_gates[:, : 3 * n]))
        c = shares[:, n : 2 * n] * c + shares[:, :n] * np.tanh(np.sum(all_gates[:, 3 * n :], axis=1, keepdims=True))
        h = h + shares[:, 2 * n :] * np.tanh(c)
    return np.sum(h * h)


@program((normal(13), normal(4, 2), 3), (normal(11), normal(4, 3), 2), (normal(9), normal(4, 3), 1))
def weights_out_of_one_vector(theta, x, hidden):
    d = x.shape[1]
    weights = theta[: d * hidden].reshape(d, hidden)
    biases = theta[d * hidden : (d + 1) * hidden]
    out = theta[(d + 1) * hidden : (d + 2) * hidden]
    return np.mean((np.tanh(x @ weights + biases) @ out + theta[-1]) ** 2)


@program((normal(9), normal(3)), (normal(4), normal(4)), (normal(5), normal(1)))
def convolution_by_taps(x, taps):
    n = len(x) - len(taps) + 1
    out = np.zeros(n)
    for j in range(len(taps)):
        out += taps[j] * x[j : j + n]
    return out * np.sin(out)


@program((normal(8), 3), (normal(5), 1))
def correlations(x, most):
    n = len(x)
    return np.array([np.sum(x[: n - lag] * x[lag:]) for lag in range(1, most + 1)])


@program((normal(8),), (normal(7),), (normal(2),))
def butterflies(x):
    half = len(x) // 2
    even, odd = x[:half], x[half : 2 * half]
    y = np.zeros(2 * half)
    y[:half] = even + odd * np.cos(even)
    y[half:] = even - odd
    return y


@program((normal(12), 4), (normal(9), 3), (normal(3), 1))
def blocks_of_a_given_size(x, size):
    total = 0.0
    for i in range(len(x) // size):
        block = x[i * size : (i + 1) * size]
        total = total + np.sum(block**2) * np.sum(np.sin(block)) / (i + 1)
    return total


@program((normal(7), 2), (normal(7), -2), (normal(4), 0))
def ends_that_may_be_negative(x, k):
    y = x.copy()
    y[:k] = np.sin(x[:k])
    y[k:] = y[k:] * x[k:]
    return y


@program((normal(7), 4), (normal(5), 0))
def parts_that_overlap_what_they_read(x, k):
    y = x * 1.0
    for i in range(k):
        y[i : i + 2] = y[1:3] * y[2:4]
        y[2:4] += y[i : i + 2] * y[:2]
    return np.sum(y**3)


@program((normal(4), 3), (normal(3), 1))
def one_number_added_to_many(x, k):
    total = 0.0
    for i in range(len(x)):
        part = np.zeros(k)
        part += x[i : i + 1]
        total = total + np.sum(np.exp(part) * np.arange(1.0, k + 1.0))
    return total
