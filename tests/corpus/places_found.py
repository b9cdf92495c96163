"""Places that a condition finds: `np.nonzero` and its kin give a tuple, also of one array."""

import numpy as np

from tests.corpus.registry import normal, program


@program((normal(6), 0.5))
def places_of_one_axis(x, c):
    x[np.where(x < 0)[0]] -= c
    found = np.nonzero(x > -0.4)
    x[found] *= c
    (places,) = (x > 0.1).nonzero()
    return np.sum(x[places] + c) * len(found) * len(places) + np.sum(x * x)


@program((normal(3, 4), 0.5))
def places_of_two_axes(x, c):
    rows, columns = np.where(x > 0.1)
    x[rows, columns] *= c
    x[np.nonzero(x < -0.2)] += c
    return x, np.sum(x[rows] * c)


@program((normal(6), 0.5))
def first_place(x, c):
    k = np.nonzero(x > 0)[0][0]
    x[k] *= c
    return np.sum(x**2) + x[np.ix_([0, 2])[0]].sum()


@program((normal(4), 0.5))
def tuples_of_one_array(x, c):
    (line,) = np.meshgrid(x)
    line[0] = c
    (same,) = np.broadcast_arrays(x * c)
    chosen = np.ix_(np.array([True, False, True, True]))
    return line * same, x[chosen]
