"""Single precision and mixed types of numbers."""

import numpy as np

from tests.corpus.registry import normal, positive, program


def single(*shape, seed=0):
    return normal(*shape, seed=seed)


@program((positive(3, 4), positive(4)), float32=True)
def mixed_operations(x, y):
    return np.sum(np.log(x) * y + np.sqrt(x) / 2 - x**2) + y.mean()


@program((single(5),), float32=True)
def loop_over_elements(x):
    s = x[0] * 0
    for i in range(len(x)):
        s = s + x[i] * x[i]
    return s


@program((single(5), 3), float32=True)
def carried_array(x, n):
    y = x * 2
    for _ in range(n):
        y = np.sin(y) * 0.5 + x
    return np.sum(y)


@program((single(5),), float32=True)
def branch(x):
    if x.sum() > 0:
        y = x * 2
    else:
        y = x / 2
    return y.max() + y.std()


@program((single(5),), float32=True)
def writes(x):
    y = np.zeros_like(x)
    y[1:] = x[:-1] * 3
    y[0] = 1.0
    return np.sum(y * x)


@program((single(4), single(4, seed=1)), float32=True)
def narrow_and_wide(x, y):
    return np.sum(x.astype(np.float64) * np.ones(4)) + np.sum(y)


@program((single(3, 3), single(3)), float32=True)
def products(a, x):
    return np.linalg.norm(a @ x) + np.trace(a) * np.mean(x)


@program((single(3, 4),), float32=True)
def normalised(x):
    m = x.mean(axis=0)
    v = ((x - m) ** 2).mean(axis=0)
    return (x - m) / np.sqrt(v + 1e-5)


@program((normal(4), normal(4)))
def sums_in_arrays_without_axes(x, y):
    total, count = np.zeros(()), np.array(0.0)
    for a, b in zip(x, y, strict=True):
        total += a * b
        count[...] = count + 1.0
    part = np.zeros(1)
    part += total
    part[0] *= 2.0
    return part[0] * count + total * total
