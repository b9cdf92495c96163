"""Double buffering: arrays in lists, dicts and objects that trade places in loops and in branches."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from tests.corpus.registry import normal, program


@dataclass
class Fields:
    u: Any
    v: Any

    def swap(self):
        self.u, self.v = self.v, self.u


@program((normal(5), normal(5, seed=1), 3))
def list_rotated_in_place(u, v, n):
    levels = [u, v, np.zeros(5)]
    for _ in range(n):
        levels[2][1:] = levels[0][:-1] * levels[1][1:]
        levels[2][0] = levels[0][0]
        levels[0], levels[1], levels[2] = levels[1], levels[2], levels[0]
    return np.sum(levels[0] * levels[1] + np.sin(levels[2]))


@program((normal(5), normal(5, seed=1)))
def list_reversed_and_rotated_by_methods(u, v):
    levels = [u, v, u + v]
    for _ in range(3):
        levels[0][1:] = levels[1][:-1] * levels[2][1:]
        levels.append(levels.pop(0))
        levels.reverse()
    return np.sum(levels[0] * 2 + np.sin(levels[1]))


@program((normal(5), normal(5, seed=1)))
def dict_whose_entries_trade_places(u, v):
    levels = {"old": u, "new": v}
    for _ in range(3):
        levels["new"][1:] = levels["old"][:-1] ** 2 + levels["new"][1:]
        levels["old"], levels["new"] = levels["new"], levels["old"]
    return np.sum(levels["old"] * 2 + levels["new"])


@program((normal(5), normal(5, seed=1), 4))
def object_whose_arrays_trade_places_in_a_branch(u, v, n):
    fields = Fields(u, v)
    for k in range(n):
        fields.u[1:] = fields.v[:-1] * fields.u[1:]
        if k % 2 == 1:
            fields.swap()
    if fields.u[0] > fields.v[0]:
        fields.u, fields.v = fields.v, fields.u
    fields.u *= fields.v
    return np.sum(fields.u * 2 + fields.v)


@program((normal(5), normal(5, seed=1)))
def array_that_stays_beside_two_that_trade_places(u, v):
    levels = [u, v, u * v]
    for k in range(3):
        levels[0][1:] = levels[1][:-1] * levels[2][k]
        levels[2] *= levels[0]
        levels[0], levels[1] = levels[1], levels[0]
    return np.sum(levels[0] * levels[2] + levels[1])


@program((normal(5), normal(5, seed=1)))
def lists_of_objects_that_trade_arrays(u, v):
    pair = [Fields(u, v * 1.0), Fields(v, u * 1.0)]
    for _ in range(2):
        for one in pair:
            one.u += 0.1 * one.v**2
            one.swap()
        pair[0].u[0] = pair[1].v[1]
    return np.sum(pair[0].u * pair[1].v)
