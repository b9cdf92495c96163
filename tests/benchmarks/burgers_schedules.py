"""Burgers' equation in explicit steps, written in place, with gradients by hand under several schedules.

Each step reads the state before it, so a gradient by hand has to keep the states or run steps again. The gradients
by hand keep what is overwritten of a state ("store"), the states before segments of sqrt(n) steps ("sqrt"), or
c states by the recursion of Griewank and Walther 2000 ("revolve").
"""

from math import comb, isqrt

import numpy as np

STEPS, CELLS = 10_000, 10_000


def burgers(u, steps, c, d):
    for _ in range(steps):
        v = u[1:-1]
        u[1:-1] = v - c * v * (u[2:] - u[:-2]) + d * (u[2:] - 2.0 * v + u[:-2])
    return np.sum(u * u)


def arguments(steps=STEPS, cells=CELLS):
    x = np.linspace(0.0, 2.0 * np.pi, cells)
    return 1.0 + 0.5 * np.sin(x), steps, 0.05, 0.2


def forward(u, c, d):
    v = u[1:-1]
    u[1:-1] = v - c * v * (u[2:] - u[:-2]) + d * (u[2:] - 2.0 * v + u[:-2])


def reverse(u, u_bar, c, d):
    """The step from the state `u`, reversed."""
    v_bar = u_bar[1:-1].copy()
    moved = d * v_bar
    carried = c * v_bar * u[1:-1]
    u_bar[1:-1] = v_bar - 2.0 * moved
    u_bar[1:-1] -= c * v_bar * (u[2:] - u[:-2])
    u_bar[2:] += moved - carried
    u_bar[:-2] += moved + carried


def store(u, steps, c, d):
    """A list of copies: an array for all of them takes twice the time at 800 MB, all of its pages being new."""
    u = u.copy()
    overwritten = []
    for _ in range(steps):
        overwritten.append(u[1:-1].copy())
        forward(u, c, d)
    u_bar = 2.0 * u
    while overwritten:
        u[1:-1] = overwritten.pop()
        reverse(u, u_bar, c, d)
    return u_bar


def sqrt(u, steps, c, d):
    u = u.copy()
    length = isqrt(steps) + 1
    starts = range(0, steps, length)
    states = np.empty((len(starts), u.size))
    overwritten = np.empty((length, u.size - 2))
    for k, start in enumerate(starts):
        states[k] = u
        for _ in range(start, min(start + length, steps)):
            forward(u, c, d)
    u_bar = 2.0 * u
    for k in range(len(starts) - 1, -1, -1):
        u = states[k]
        count = min(length, steps - starts[k])
        for t in range(count):
            overwritten[t] = u[1:-1]
            forward(u, c, d)
        for t in range(count - 1, -1, -1):
            u[1:-1] = overwritten[t]
            reverse(u, u_bar, c, d)
    return u_bar


def split(steps, slots):
    """How many steps to advance before the next snapshot."""
    r = 0
    while comb(slots + r, slots) < steps:
        r += 1
    most = comb(slots + r - 1, slots)
    rest = comb(slots + r - 2, slots - 1)
    return max(min(most, steps - rest), 1)


def revolve(u, steps, c, d, slots):
    """The recursion, with the initial state as one of the snapshots."""
    u_bar = None

    def sweep(u, steps, slots):
        """Reverse so many steps from a state, of which the caller keeps no copy but its own."""
        nonlocal u_bar
        while steps > 1:
            advance = split(steps, slots) if slots > 1 else steps - 1
            later = u.copy()
            for _ in range(advance):
                forward(later, c, d)
            if slots > 1:
                sweep(later, steps - advance, slots - 1)
                steps = advance
            else:
                sweep(later, 1, 1)
                steps -= 1
        if u_bar is None:
            last = u.copy()
            forward(last, c, d)
            u_bar = 2.0 * last
        reverse(u, u_bar, c, d)

    if steps == 0:
        return 2.0 * u
    sweep(u, steps, slots)
    return u_bar
