"""Bodies that attract one another: all pairs as matrices, velocities and positions advanced in place."""

import numpy as np

from tests.benchmarks.workload import Workload

SOFTENING = 0.01


def spread(position, velocity, mass, dt, steps):
    position = position.copy()
    velocity = velocity.copy()
    for _ in range(steps):
        x, y, z = position[:, 0], position[:, 1], position[:, 2]
        dx = x - x[:, None]
        dy = y - y[:, None]
        dz = z - z[:, None]
        weight = (dx**2 + dy**2 + dz**2 + SOFTENING) ** -1.5
        velocity[:, 0] += dt * ((dx * weight) @ mass)
        velocity[:, 1] += dt * ((dy * weight) @ mass)
        velocity[:, 2] += dt * ((dz * weight) @ mass)
        position += dt * velocity
    return np.sum(position**2)


def by_hand(position, velocity, mass, dt, steps):
    """Keeps the positions, and what takes a power to compute; differences are taken again."""
    position, velocity = position.copy(), velocity.copy()
    tape = []
    for _ in range(steps):
        differences = [x - x[:, None] for x in position.T]
        squared = differences[0] ** 2
        squared += differences[1] ** 2
        squared += differences[2] ** 2
        squared += SOFTENING
        weight = squared**-1.5
        tape.append((position.copy(), squared, weight))
        for k, difference in enumerate(differences):
            velocity[:, k] += dt * ((difference * weight) @ mass)
        position += dt * velocity
    position_bar = 2.0 * position
    velocity_bar = np.zeros(velocity.shape)
    mass_bar = np.zeros(mass.shape)
    for _ in range(steps):
        position, squared, weight = tape.pop()
        velocity_bar += dt * position_bar
        force_bar = dt * velocity_bar
        differences = [x - x[:, None] for x in position.T]
        pull = differences[0] * force_bar[:, :1]
        pull += differences[1] * force_bar[:, 1:2]
        pull += differences[2] * force_bar[:, 2:]
        mass_bar += np.add.reduce(pull * weight)
        weight *= mass
        pull *= weight
        pull /= squared
        pull *= -3.0
        for k in range(3):
            bar = differences[k]
            bar *= pull
            bar += force_bar[:, k, None] * weight
            position_bar[:, k] += np.add.reduce(bar) - np.add.reduce(bar, axis=1)
    return position_bar, velocity_bar, mass_bar


def arguments(count, steps):
    rng = np.random.default_rng(0)
    return (
        rng.standard_normal((count, 3)),
        rng.standard_normal((count, 3)),
        rng.uniform(0.5, 1.5, count) / count,
        0.01,
        steps,
    )


WORKLOAD = Workload(
    "N-body",
    spread,
    by_hand,
    (0, 1, 2),
    {"small": lambda: arguments(20, 10), "large": lambda: arguments(200, 20)},
    in_place=True,
)
