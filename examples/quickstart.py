"""The gradient of a function of NumPy arrays, and the code that computes it."""

import numpy as np

from adjoint import grad


def loss(w, x):
    h = np.tanh(x @ w)
    return np.sum(h * h)


if __name__ == "__main__":
    gradient = grad(loss)
    print(gradient(np.array([0.5, -0.2, 0.1]), np.arange(15.0).reshape(5, 3)))
    print(gradient.source)
