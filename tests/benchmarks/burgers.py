"""Burgers' equation with viscosity, upwind differences: the state is written over in each step."""

import numpy as np

from tests.benchmarks.workload import Workload


def misfit(u, target, speed, viscosity, steps):
    u = u.copy()
    for _ in range(steps):
        u[1:-1] = u[1:-1] - speed * u[1:-1] * (u[1:-1] - u[:-2]) + viscosity * (u[2:] - 2.0 * u[1:-1] + u[:-2])
    return 0.5 * np.sum((u - target) ** 2)


def by_hand(u, target, speed, viscosity, steps):
    """Keeps the part of the state that a step writes over."""
    u = u.copy()
    count = len(u) - 2
    inner, left, right = u[1:-1], u[:-2], u[2:]
    tape = np.empty((steps, count))
    part, other = np.empty(count), np.empty(count)
    for step in range(steps):
        tape[step] = inner
        np.multiply(inner, speed, out=part)
        np.subtract(inner, left, out=other)
        part *= other
        np.multiply(inner, 2.0, out=other)
        np.subtract(right, other, out=other)
        other += left
        other *= viscosity
        other -= part
        inner += other
    u_bar = u - target
    inner_bar, left_bar, right_bar = u_bar[1:-1], u_bar[:-2], u_bar[2:]
    to_right = np.empty(count)
    for step in range(steps - 1, -1, -1):
        inner[:] = tape[step]
        np.multiply(inner, speed, out=part)
        np.subtract(inner, left, out=other)
        other *= speed
        other += part
        np.subtract(1.0 - 2.0 * viscosity, other, out=other)
        other *= inner_bar
        part += viscosity
        part *= inner_bar
        np.multiply(inner_bar, viscosity, out=to_right)
        inner_bar[:] = other
        left_bar += part
        right_bar += to_right
    return (u_bar,)


def arguments(n, steps):
    x = np.linspace(0.0, 1.0, n)
    return 1.0 + 0.5 * np.sin(2.0 * np.pi * x), np.ones(n), 0.2, 0.1, steps


WORKLOAD = Workload(
    "Burgers",
    misfit,
    by_hand,
    (0,),
    {"small": lambda: arguments(100, 50), "large": lambda: arguments(10_000, 200)},
    in_place=True,
)
