"""Arrays in lists of run-time length, written in place: forces by particle, weights by layer, states of bodies."""

# ruff: noqa: PLW2901  # rows of lists are written in place

import numpy as np

from tests.corpus.registry import normal, program


@program((normal(3, 2), 1.3))
def forces(x, k):
    n = len(x)
    force = [np.zeros(2) for _ in range(n)]
    for i in range(n):
        for j in range(i + 1, n):
            d = x[i] - x[j]
            f = k * d / (1 + d @ d)
            force[i] -= f
            force[j] += f
    return sum(np.sum(f**2) for f in force)


@program((normal(3, 2), 1.3))
def three_forces(x, k):
    force = [np.zeros(2) for _ in range(3)]
    for i in range(3):
        for j in range(3):
            if i != j:
                force[i] += k * (x[i] - x[j]) ** 3
    return np.sum(np.array(force) ** 2)


@program((normal(3, 2), 1.3))
def parts_of_items(x, k):
    found = [np.zeros(2) for _ in range(len(x))]
    for i in range(len(x)):
        found[i][0] += k * x[i, 1]
        found[i][1:] -= np.sin(x[i, 0])
    return sum(f @ f for f in found)


@program((normal(4, 2), 1.3))
def layers(x, k):
    weights = [k * x[i] for i in range(len(x) - 1)]
    for i in range(len(weights)):
        weights[i] *= x[i + 1]
        weights[i] -= 0.1
        weights[i][0], weights[i][1] = weights[i][1], weights[i][0]
    return sum(np.sum(w**2) for w in weights)


@program((normal(3, 2), 1.3))
def through_names_of_loops(x, k):
    found = [row * k for row in x]
    for row in found:
        row *= k
    for i, row in enumerate(found):
        row[0] += i
    for row, given in zip(found, x, strict=True):
        row -= given
    last = found[-1]
    last += 2.0
    return sum(np.sum(row**2) for row in found)


@program((normal(3, 2), 1.3))
def in_a_callee(x, k):
    def push(forces, i, f):
        forces[i] += f

    def damp(force, by):
        force *= by

    force = [row * k for row in x]
    for i in range(len(x) - 1):
        push(force, i, k * x[i])
        push(force, i + 1, -k * x[i])
        damp(force[i], 0.9)
    return sum(np.sum(f**2) for f in force)


@program((normal(3, 2), 1.3))
def on_some_paths(x, k):
    found = [row * k for row in x]
    i = 0
    while i < len(found):
        if x[i, 0] > 0:
            found[i] += x[i]
        else:
            found[i - 1][1] *= k
        i += 1
    found[-1] += found[0]
    return sum(np.sum(f**2) for f in found)


@program((normal(3, 2), 1.3))
def pairs(x, k):
    bodies = [(row * k, row * 2.0) for row in x]
    for p, v in bodies:
        v -= p * 0.1
        p += v
    bodies[1][0][0] = k
    return sum(np.sum(p * v) for p, v in bodies)


@program((normal(3, 2), 1.3))
def dicts(x, k):
    bodies = [{"p": row * k, "v": np.zeros(2), "m": 1.0 + i} for i, row in enumerate(x)]
    for b in bodies:
        b["v"] += b["p"] / b["m"]
        b["p"] += 0.1 * b["v"]
        b["m"] *= k
    for i in range(len(bodies)):
        for j in range(len(bodies)):
            if i != j:
                bodies[i]["v"] -= bodies[j]["p"] * bodies[i]["m"]
    return sum(np.sum(b["p"] * b["v"]) for b in bodies)


class Body:
    def __init__(self, p):
        self.p = p * 1.0
        self.v = np.zeros(2)

    def kick(self, f):
        self.v += f

    def drift(self, h):
        self.p += h * self.v


@program((normal(3, 2), 1.3))
def objects(x, k):
    bodies = [Body(row) for row in x]
    for i in range(len(bodies)):
        for j in range(i):
            d = bodies[i].p - bodies[j].p
            bodies[i].kick(-k * d)
            bodies[j].kick(k * d)
    for body in bodies:
        body.drift(0.1)
    return sum(np.sum(b.p * b.v) for b in bodies)


@program((normal(3, 2), 1.3))
def lists_of_lists(x, k):
    n = len(x)
    blocks = [[np.zeros(2) for _ in range(n)] for _ in range(n)]
    pairs = [[row * k, row + 1.0] for row in x]
    for i in range(n):
        for j in range(n):
            blocks[i][j] += x[i] * x[j] * k
        for j in range(2):
            pairs[i][j] += x[i]
    return sum(np.sum(f**2) for row in blocks for f in row) + sum(np.sum(p * q) for p, q in pairs)


@program(([normal(2), normal(2, seed=1), normal(2, seed=2)], normal(3, 2), 1.3))
def items_of_an_argument(found, x, k):
    for i in range(len(x)):
        found[i] += k * x[i]
    return sum(np.sum(f**2) for f in found)


@program((normal(3, 2), 1.3))
def joined(x, k):
    found = [row * k for row in x]
    found += [np.zeros(2)]
    found.extend([row * 2 for row in x])
    for i in range(len(found)):
        found[i] += k
    return sum(np.sum(f**2 * (i + 1)) for i, f in enumerate(found))
