"""Straight-line code under a budget: which values to keep for the reverse sweep, and which to compute again.

The choice is a 0/1 program: the least time to compute again such that the memory stays within the budget at every
moment. It is solved by branch and bound. The first way down always drops the value that frees most bytes for its
time, where memory is fullest; that is what remains when the search is cut short, together with a bound that says how
far from the optimum it can be. (Jain et al. 2020, Checkmate, solve the larger program in which a value may be
computed several times.)
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import inf
from typing import Any

import numpy as np

from adjoint.schedule.chain import Chain, Sweep


@dataclass(frozen=True, slots=True)
class Selection:
    """What is kept, and which steps run again before each operation of the reverse sweep.

    `time` is what that takes; no selection within the budget takes less than `bound`. They are equal
    unless the search was cut short.
    """

    kept: frozenset[int]
    reruns: tuple[tuple[int, ...], ...]
    time: float
    peak: int
    bound: float


def select(chain: Chain, budget: int, effort: int = 500) -> Selection | None:
    """The selection that takes least time with at most `budget` bytes; None if none is found.

    `effort` is the number of selections looked at. Small cases are settled within it.
    """
    best: Selection | None = None
    pending = [(frozenset[int](), frozenset[int](), 0.0)]
    while pending and effort:
        dropped, forced, least = pending.pop()
        if best and least >= best.time:
            continue
        effort -= 1
        sweep = Sweep(chain, dropped)
        least = max(least, _least_time(sweep, budget, forced))
        if least == inf or (best and least >= best.time):
            continue
        if sweep.peak <= budget:
            best = Selection(sweep.kept, tuple(map(tuple, sweep.reruns)), sweep.time, sweep.peak, sweep.time)
            continue
        value = _worth_dropping(sweep, forced)
        if value is not None:
            pending.append((dropped, forced | {value}, least))
            pending.append((dropped | {value}, forced, least))
    return best and replace(best, bound=min([best.time, *(least for *_, least in pending)]))


def smallest_budget(chain: Chain, effort: int = 100) -> int:
    """The least number of bytes for which `select` finds a selection with the same effort."""
    too_small, enough = -1, Sweep(chain, frozenset()).peak
    while enough - too_small > 1:
        middle = (too_small + enough) // 2
        if select(chain, middle, effort):
            enough = middle
        else:
            too_small = middle
    return enough


def _worth_dropping(sweep: Sweep, forced: frozenset[int]) -> int | None:
    """The value to decide on next: the one that frees most bytes for its time when memory is fullest."""
    steps, writer, sizes = sweep.chain.steps, sweep.chain.writer, sweep.chain.sizes
    fullest = max(range(len(sweep.memory)), key=sweep.memory.__getitem__)
    for values in (sweep.optional(fullest), sorted(sweep.kept)):
        prices = [
            (steps[writer[value]].time / sizes[value], value)
            for value in values
            if value not in forced and steps[writer[value]].repeatable and sizes[value]
        ]
        if prices:
            return min(prices)[1]
    return None


def _least_time(sweep: Sweep, budget: int, forced: frozenset[int]) -> float:
    """No selection that drops more than this one, but nothing forced, takes less; inf if none is possible."""
    if not sweep.possible:
        return inf
    moments = (*range(len(sweep.chain.steps)), *sweep.operations)
    moment = max(moments, key=sweep.memory.__getitem__, default=None)
    if moment is None or sweep.memory[moment] <= budget:
        return sweep.time
    return sweep.time + _relaxed(sweep, moment, sweep.memory[moment] - budget, forced)


def _relaxed(sweep: Sweep, moment: int, excess: int, forced: frozenset[int]) -> float:
    """What it takes at least to free some bytes at one moment, by Lagrangian relaxation (Geoffrion 1974).

    At a price for each byte, those values go for which that pays, each on its own. A value that goes is computed
    again later, from values that are kept over this moment for their price, or computed again themselves;
    what several steps read is divided among them. Whatever the price, no selection takes less.
    """
    chain, sizes = sweep.chain, sweep.chain.sizes
    most = sum(step.time for step in chain.steps)
    quickest = min((step.time for step in chain.steps if step.time), default=1.0)
    price = np.geomspace(quickest / (1 + sum(sizes)), 2 * most + 1, 128)
    alive = sweep.alive(moment)
    again: dict[int, Any] = {}
    share: dict[int, Any] = {}
    for step in chain.steps:
        time = (step.time + sum(share[read] for read in set(step.reads) if read in share)) / len(step.writes)
        for value in step.writes:
            again[value] = time if step.repeatable else inf
            if value not in alive:
                keep = inf if value in sweep.dropped else price * sizes[value]
                repeat = inf if value in forced else again[value]
                share[value] = np.minimum(keep, repeat) / max(1, chain.uses[value])
    going = (value for value in sweep.optional(moment) if value not in forced)
    bound = price * excess + sum(np.minimum(0.0, again[value] - price * sizes[value]) for value in going)
    return inf if bound[-1] > most else float(max(bound.max(), 0.0))
