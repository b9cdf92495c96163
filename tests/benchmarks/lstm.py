"""A recurrent network with long short-term memory: a Python loop over small matrix products."""

import numpy as np

from tests.benchmarks.workload import Workload


def sigmoid(a):
    return 1.0 / (1.0 + np.exp(-a))


def squared_error(w, u, b, x, target):
    """Shapes: (d, 4 h), (h, 4 h), (4 h,), (steps, batch, d), (batch, h)."""
    n = u.shape[0]
    h = np.zeros((x.shape[1], n))
    c = np.zeros((x.shape[1], n))
    for t in range(len(x)):
        gates = x[t] @ w + h @ u + b
        shares = sigmoid(gates[:, : 3 * n])
        c = shares[:, n : 2 * n] * c + shares[:, :n] * np.tanh(gates[:, 3 * n :])
        h = shares[:, 2 * n :] * np.tanh(c)
    return np.mean((h - target) ** 2)


def by_hand(w, u, b, x, target):
    steps, batch, _ = x.shape
    n = u.shape[0]
    h, c = np.zeros((batch, n)), np.zeros((batch, n))
    tape = []
    for t in range(steps):
        gates = x[t] @ w
        gates += h @ u
        gates += b
        shares = gates[:, : 3 * n]
        np.negative(shares, out=shares)
        np.exp(shares, out=shares)
        shares += 1.0
        np.reciprocal(shares, out=shares)
        np.tanh(gates[:, 3 * n :], out=gates[:, 3 * n :])
        c_next = gates[:, n : 2 * n] * c
        c_next += gates[:, :n] * gates[:, 3 * n :]
        tanh_c = np.tanh(c_next)
        tape.append((h, c, gates, tanh_c))
        h, c = gates[:, 2 * n : 3 * n] * tanh_c, c_next
    w_bar, u_bar, b_bar = np.zeros(w.shape), np.zeros(u.shape), np.zeros(b.shape)
    h_bar = (h - target) * (2.0 / h.size)
    c_bar = np.zeros((batch, n))
    a_bar = np.empty((batch, 4 * n))
    for t in range(steps - 1, -1, -1):
        h, c, gates, tanh_c = tape[t]
        shares, new = gates[:, : 3 * n], gates[:, 3 * n :]
        c_bar += h_bar * shares[:, 2 * n :] * (1.0 - tanh_c * tanh_c)
        np.multiply(c_bar, new, out=a_bar[:, :n])
        np.multiply(c_bar, c, out=a_bar[:, n : 2 * n])
        np.multiply(h_bar, tanh_c, out=a_bar[:, 2 * n : 3 * n])
        a_bar[:, : 3 * n] *= shares * (1.0 - shares)
        np.multiply(c_bar * shares[:, :n], 1.0 - new * new, out=a_bar[:, 3 * n :])
        w_bar += x[t].T @ a_bar
        u_bar += h.T @ a_bar
        b_bar += np.add.reduce(a_bar)
        h_bar = a_bar @ u.T
        c_bar *= shares[:, n : 2 * n]
    return w_bar, u_bar, b_bar


def in_torch(w, u, b, x, target):
    import torch

    n = u.shape[0]
    h = c = torch.zeros((x.shape[1], n), dtype=x.dtype)
    for x_t in x:
        gates = x_t @ w + h @ u + b
        shares = torch.sigmoid(gates[:, : 3 * n])
        c = shares[:, n : 2 * n] * c + shares[:, :n] * torch.tanh(gates[:, 3 * n :])
        h = shares[:, 2 * n :] * torch.tanh(c)
    return torch.mean((h - target) ** 2)


def in_jax(w, u, b, x, target):
    """The loop as a scan: jax would unroll a Python loop."""
    import jax
    import jax.numpy as jnp

    n = u.shape[0]

    def step(state, x_t):
        h, c = state
        gates = x_t @ w + h @ u + b
        shares = jax.nn.sigmoid(gates[:, : 3 * n])
        c = shares[:, n : 2 * n] * c + shares[:, :n] * jnp.tanh(gates[:, 3 * n :])
        return (shares[:, 2 * n :] * jnp.tanh(c), c), None

    start = jnp.zeros((x.shape[1], n))
    (h, _), _ = jax.lax.scan(step, (start, start), x)
    return jnp.mean((h - target) ** 2)


def arguments(steps, batch, inputs, hidden):
    rng = np.random.default_rng(0)
    return (
        rng.standard_normal((inputs, 4 * hidden)) / np.sqrt(inputs),
        rng.standard_normal((hidden, 4 * hidden)) / np.sqrt(hidden),
        0.1 * rng.standard_normal(4 * hidden),
        rng.standard_normal((steps, batch, inputs)),
        rng.standard_normal((batch, hidden)),
    )


WORKLOAD = Workload(
    "LSTM loop",
    squared_error,
    by_hand,
    (0, 1, 2),
    {"small": lambda: arguments(20, 8, 16, 16), "large": lambda: arguments(100, 64, 64, 64)},
    {"torch": in_torch, "jax": in_jax},
)
