"""Linear algebra."""

import numpy as np

from tests.corpus.registry import normal, positive, program


def positive_definite(n, seed=0):
    a = normal(n, n, seed=seed)
    return a @ a.T + n * np.eye(n)


@program((normal(3, 4), normal(4, 2)), (normal(3, 4), normal(4)), (normal(4), normal(4, 2)), (normal(4), normal(4)))
def matmul_of_all_ranks(a, b):
    return a @ b


@program((normal(2, 3, 4), normal(4, 2)), (normal(2, 3, 4), normal(2, 4, 2)), (normal(2, 1, 3, 4), normal(5, 4, 2)))
def batched_matmul(a, b):
    return np.matmul(a, b)


@program((normal(3, 4), normal(4)), (normal(4), normal(4)), (normal(3, 4), normal(4, 2)))
def dot(a, b):
    return np.dot(a, b) * 2


@program((normal(3, 4), normal(4, 2), normal(2)))
def chain(a, b, c):
    return a @ b @ c, (a @ b).T, a @ (b @ c)


@program((normal(3, 3) + 3 * np.eye(3), normal(3)))
def solve(a, b):
    return np.linalg.solve(a, b)


@program((normal(3, 3) + 3 * np.eye(3),))
def inverse_and_determinant(a):
    return np.linalg.inv(a), np.linalg.det(a), np.linalg.slogdet(a)[1]


@program((positive_definite(3),))
def cholesky(a):
    return np.linalg.cholesky(a @ a.T)


@program((normal(4, 3),))
def norms(a):
    return np.linalg.norm(a), np.linalg.norm(a, axis=1), np.linalg.norm(a[0])


@program((normal(3, 4), normal(4, 3, seed=2)))
def einsum(a, b):
    return np.einsum("ij,jk->ik", a, b), np.einsum("ij,ji->", a, b), np.einsum("ii->i", a @ b)


@program((normal(2, 3), normal(3, 4)))
def tensordot(a, b):
    return np.tensordot(a, b, axes=1), np.tensordot(a, b, axes=([1], [0]))


@program((normal(5, 3), normal(5)))
def least_squares(x, y):
    w = np.linalg.solve(x.T @ x + 0.1 * np.eye(3), x.T @ y)
    r = y - x @ w
    return r @ r


@program((normal(4, 2), normal(4), 0.3))
def gaussian_process(x, y, length):
    d = np.sum((x[:, None, :] - x[None, :, :]) ** 2, axis=-1)
    k = np.exp(-0.5 * d / length**2) + 0.1 * np.eye(4)
    low = np.linalg.cholesky(k)
    a = np.linalg.solve(low, y)
    return 0.5 * (a @ a) + np.sum(np.log(np.diag(low)))


@program((positive_definite(3),))
def symmetric_eigenvalues(a):
    return np.linalg.eigvalsh(a + a.T)


@program((positive(3), normal(3, 3)))
def quadratic_form(d, a):
    m = a.T @ np.diag(d) @ a
    return np.trace(m @ m) - d @ d


@program((normal(3), normal(3, seed=1)))
def cross_and_inner(a, b):
    return np.cross(a, b), np.inner(a, b), np.vdot(a, b)


@program((normal(4, 3), normal(3, 5), normal(5), normal(5, 2)), float32=True)
def multilayer_perceptron(x, w1, b1, w2):
    h = np.maximum(x @ w1 + b1, 0.0)
    return np.mean((h @ w2) ** 2)
