"""What a workload is, and whether a gradient of it is right."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True)
class Workload:
    """`by_hand(*arguments)` gives the gradients by `argnums` as a tuple.

    `arguments` maps the name of a size to a function that makes the arguments. `peers` maps a peer to the
    function to differentiate where the primal does not suit it: one that writes arrays `in_place` suits none of
    them.
    """

    name: str
    primal: Callable
    by_hand: Callable
    argnums: tuple[int, ...]
    arguments: Mapping[str, Callable[[], tuple]]
    peers: Mapping[str, Callable] = field(default_factory=dict)
    in_place: bool = False


def relative_error(gradients, reference):
    """The largest difference of any two numbers, each array measured by its largest number."""
    worst = 0.0
    for gradient, expected in zip(gradients, reference, strict=True):
        assert np.shape(gradient) == np.shape(expected)
        worst = max(worst, np.max(np.abs(gradient - expected)) / (np.max(np.abs(expected)) or 1.0))
    return worst


def error_against_differences(workload, arguments, gradients, seed=0):
    """Relative error of <gradients, direction> against extrapolated central differences."""
    rng = np.random.default_rng(seed)
    direction = {i: rng.standard_normal(np.shape(arguments[i]))[()] for i in workload.argnums}
    length = np.sqrt(sum(np.sum(d * d) for d in direction.values()))

    def value(step):
        moved = [a + step / length * direction[i] if i in direction else a for i, a in enumerate(arguments)]
        return workload.primal(*(float(a) if isinstance(a, np.float64) else a for a in moved))

    def slope(step):
        return (value(step) - value(-step)) / (2 * step)

    expected = (4 * slope(1e-4) - slope(2e-4)) / 3
    pairs = zip(gradients, direction.values(), strict=True)
    return abs(sum(np.sum(g * d) for g, d in pairs) / length - expected) / (abs(expected) + 1e-6)
