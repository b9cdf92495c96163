"""Vectorised NumPy code: elementwise, broadcasting, reductions, shapes."""

import numpy as np

from tests.corpus.registry import normal, positive, program


@program((normal(4), normal(4, seed=1)), float32=True)
def dot_by_sum(x, y):
    return np.sum(x * y)


@program((normal(3, 4),), float32=True)
def elementwise_chain(x):
    return np.tanh(np.exp(-x * x) + 2 * x) / (1 + x**2)


@program((normal(3, 4), normal(4), 0.7))
def broadcast_row_and_scalar(a, b, s):
    return s * a + b - a * b / 3


@program((normal(3, 1), normal(1, 4), normal(4)), float32=True)
def broadcast_outer(column, row, vector):
    return np.sum(column * row + row * vector - column)


@program((normal(3, 1), normal(3)))
def accidental_outer(column, vector):
    return column - vector


@program((normal(1), normal(5)), (normal(5), normal(1)))
def broadcast_of_length_one(a, b):
    return a * b + a


@program((normal(2, 1, 3), normal(4, 1)))
def broadcast_of_different_ranks(a, b):
    return np.sin(a) * b


@program((np.array(0.7), normal(3)))
def zero_d_array(a, x):
    return a * x + np.sin(a)


@program((normal(3),))
def scalar_minus_array(x):
    return 1 - x, 2.0 / (x + 5), x - 1, 2**x


@program((normal(3, 4),))
def sums_over_axes(x):
    return x.sum(0), x.sum(axis=1), np.sum(x, axis=-1, keepdims=True), x.sum()


@program((normal(3, 4),))
def means_and_variances(x):
    return x.mean(), x.mean(0), np.var(x), x.std(axis=1), x.var(axis=0, ddof=1)


@program((normal(3, 4),))
def extremes_over_axes(x):
    return x.max(), x.min(axis=0), np.max(x, axis=1, keepdims=True) * x


@program((positive(2, 3),))
def products(x):
    return np.prod(x), np.prod(x, axis=0), np.cumsum(x), np.cumprod(x, axis=1)


@program((normal(5),))
def standardise(x):
    return (x - x.mean()) / (x.std() + 1e-3)


@program((normal(3, 4),), float32=True)
def softmax_rows(x):
    e = np.exp(x - np.max(x, axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


@program((normal(3, 4),))
def log_sum_exp(x):
    m = x.max()
    return m + np.log(np.sum(np.exp(x - m)))


@program((normal(2, 6),))
def reshape_and_transpose(x):
    return x.reshape(3, 4).T * 2, x.ravel() ** 2, x.reshape(-1, 2).sum(1), np.transpose(x)


@program((normal(2, 3, 4),))
def axes_moved(x):
    moved = np.swapaxes(x, 0, 2), np.moveaxis(x, 0, -1), x.transpose(2, 0, 1)
    return moved, np.squeeze(x[:, :1], axis=1), x[:, None, 0]


@program((normal(3), normal(3, seed=1)))
def joined(x, y):
    return np.concatenate([x, y * 2]), np.stack([x, y]), np.hstack((x, y)), np.vstack((x, x * y))


@program((normal(3), 0.3))
def array_from_parts(x, s):
    return np.array([x[0] * s, s, x[1]]) * np.array([1.0, 2.0, 3.0])


@program((normal(4, 4),))
def diagonals_and_triangles(x):
    return np.diag(x), np.trace(x), np.tril(x), np.triu(x, 1), np.diag(np.diag(x))


@program((normal(5),))
def where_and_clip(x):
    return np.where(x > 0, x * x, -x), np.clip(x, -0.5, 0.6), np.maximum(x, 0.1), np.minimum(x, 0)


@program((normal(6),))
def differences_and_rolls(x):
    return np.diff(x), np.roll(x, 2), np.flip(x), x[::-1] * x


@program((normal(3), normal(2)))
def outer_and_repeat(x, y):
    return np.outer(x, y), np.repeat(x, 2), np.tile(y, 3), np.kron(x, y)


@program((normal(3, 4), np.arange(4)))
def integer_array_argument(x, k):
    return x * k + k


@program((normal(4),))
def zeros_like_and_ones(x):
    z = np.zeros_like(x) + np.ones(4) * x
    return z * np.full(4, 2.0) + np.linspace(0, 1, 4) * x + np.arange(4)


@program((normal(3),))
def the_argument_itself(x):
    return x


@program((normal(3),))
def the_argument_twice(x):
    return x, x


@program((normal(3, 2),))
def views_of_the_argument(x):
    return x.T, x[0], x.reshape(-1)


@program((normal(3), normal(3, seed=1)))
def one_argument_unused(x, y):
    return y * 2


@program((np.zeros((0,)),))
def empty_array(x):
    return np.sum(x * x), x * 2


@program((normal(1, 1),), (normal(1, 3),), (normal(3, 1),), (normal(2, 3),))
def centred(x):
    return x - x.mean(axis=0) - x.mean(axis=1, keepdims=True)


@program((normal(4), 2), (normal(4), 0))
def power_by_integer_argument(x, n):
    return x**n


@program((positive(4), 1.3))
def power_of_arrays(x, p):
    return x**p + p**x + np.power(x, 2)


@program((normal(4),))
def methods(x):
    return x.copy() * x.dot(x), x.clip(-1, 1).sum(), x.astype(float) * 2, x.flatten(), x.T


@program((normal(3, 3), normal(3)))
def mahalanobis(a, x):
    d = x - x.mean()
    return d @ (a @ a.T) @ d


@program((normal(5, 2),))
def pairwise_distances(x):
    d = x[:, None, :] - x[None, :, :]
    return np.sum(np.sqrt(np.sum(d * d, axis=-1) + 0.1))


@program((normal(4), normal(4, seed=3)))
def cosine_similarity(a, b):
    return np.sum(a * b) / np.sqrt(np.sum(a * a) * np.sum(b * b))


@program((normal(3, 4), normal(4, 2), normal(2)), float32=True)
def layer(x, w, b):
    return np.tanh(x @ w + b)


@program((normal(3),))
def same_array_in_both_operands(x):
    return x * x + x / x - x + x @ x


@program((normal(3), 2.0))
def scalar_times_sum(x, s):
    return s * x.sum() + s


@program((normal(4),), float32=True)
def float_constants_stay_weak(x):
    return 0.5 * x + 1 - x / 3.0 + np.exp(x) * 2
