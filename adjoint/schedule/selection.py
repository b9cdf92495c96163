"""Straight-line code under a budget: which values to keep for the reverse sweep, and which to compute again.

The choice is a 0/1 program: the least time to compute again such that the memory stays within the budget at every
moment. It is solved by branch and bound, which starts from segments of several lengths (Chen et al. 2016) in which
then as much is kept as the budget allows. When the search is cut short, the best selection so far remains,
together with a bound that says how far from the optimum it can be. (Jain et al. 2020, Checkmate, solve the
larger program in which a value may be computed several times.)
"""

from __future__ import annotations

from collections.abc import Iterator
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
    bound = _least_time(Sweep(chain, frozenset()), budget, frozenset())
    if bound == inf:
        return None
    search = _Search(chain, budget, effort)
    starts = [sweep for dropped in _segmented(chain) if search.admit(sweep := search.look(dropped))]
    for sweep in sorted(starts, key=lambda sweep: sweep.time)[:3]:
        search.keep_more(sweep)
    bound = max(bound, search.branch())
    return search.best and replace(search.best, bound=min(search.best.time, bound))


def smallest_budget(chain: Chain, effort: int = 500, within: int = 1) -> int:
    """The least number of bytes for which `select` finds a selection with this effort, or a few bytes more."""
    sweeps = [Sweep(chain, frozenset()), *(Sweep(chain, dropped) for dropped in _segmented(chain))]
    too_small, enough = -1, min(sweep.peak for sweep in sweeps if sweep.possible)
    while enough - too_small > within:
        middle = (too_small + enough) // 2
        if select(chain, middle, effort):
            enough = middle
        else:
            too_small = middle
    return enough


class _Search:
    """The best selection seen so far, and what may still be spent to find a better one."""

    def __init__(self, chain: Chain, budget: int, effort: int) -> None:
        self.chain, self.budget, self.effort = chain, budget, effort
        self.best: Selection | None = None

    def look(self, dropped: frozenset[int]) -> Sweep:
        self.effort -= 1
        return Sweep(self.chain, dropped)

    def admit(self, sweep: Sweep) -> bool:
        """Whether a selection is possible and fits; it becomes the best one if it is."""
        if not sweep.possible or sweep.peak > self.budget:
            return False
        if self.best is None or sweep.time < self.best.time:
            reruns = tuple(map(tuple, sweep.reruns))
            self.best = Selection(sweep.kept, reruns, sweep.time, sweep.peak, sweep.time)
        return True

    def keep_more(self, sweep: Sweep) -> None:
        """Keep one more value after the other, those first that save most time for their bytes, while all fits."""
        again = [value for value in sweep.repeated if value in sweep.dropped]
        for value in sorted(again, key=lambda value: -_price(self.chain, value)):
            if value in sweep.repeated and self.effort > 0:
                more = self.look(sweep.dropped - {value})
                if self.admit(more):
                    sweep = more

    def branch(self) -> float:
        """Branch and bound, what is dropped first. Gives the least time of what has not been looked at."""
        pending = [(frozenset[int](), frozenset[int](), 0.0)]
        while pending and self.effort > 0:
            dropped, forced, least = pending.pop()
            if self.best and least >= self.best.time:
                continue
            sweep = self.look(dropped)
            least = max(least, _least_time(sweep, self.budget, forced))
            if least == inf or (self.best and least >= self.best.time):
                continue
            if self.admit(sweep):
                self.keep_more(sweep)
                continue
            value = _worth_dropping(sweep, forced)
            if value is not None:
                pending.append((dropped, forced | {value}, least))
                pending.append((dropped | {value}, forced, least))
        return min((least for *_, least in pending), default=inf)


def _segmented(chain: Chain) -> Iterator[frozenset[int]]:
    """What to drop for segments of several lengths, from all of the forward sweep down to about one step."""
    size = sum(chain.sizes)
    while size * len(chain.steps) >= sum(chain.sizes) > 0 and size:
        yield _segments(chain, size)
        size //= 2


def _segments(chain: Chain, size: int) -> frozenset[int]:
    """What to drop so that only the values across the ends of segments of `size` bytes are kept."""
    kept: set[int] = set()
    alive: set[int] = set()
    length, ends = 0, []
    for k, step in enumerate(chain.steps):
        alive = {value for value in alive.union(step.writes) if chain.last_read[value] > k}
        length += sum(chain.sizes[value] for value in step.writes)
        if 2 * length >= size:
            ends.append((sum(chain.sizes[value] for value in alive), k, alive))
        if length >= size:
            kept |= min(ends)[2]
            length, ends = 0, []
    return frozenset(value for value, k in chain.writer.items() if chain.steps[k].repeatable and value not in kept)


def _price(chain: Chain, value: int) -> float:
    """The time of computing a value again, by the bytes that this frees; inf if it has to be kept."""
    step = chain.steps[chain.writer[value]]
    return step.time / chain.sizes[value] if step.repeatable and chain.sizes[value] else inf


def _worth_dropping(sweep: Sweep, forced: frozenset[int]) -> int | None:
    """The value to decide on next: the one that frees most bytes for its time when memory is fullest."""
    fullest = max(range(len(sweep.memory)), key=sweep.memory.__getitem__)
    for values in (sweep.optional(fullest), sweep.kept):
        price, value = min(
            ((_price(sweep.chain, value), value) for value in values if value not in forced), default=(inf, 0)
        )
        if price < inf:
            return value
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
    times = [step.time for step in sweep.chain.steps]
    least = min((time for time in times if time), default=1.0) / (1 + sum(sweep.chain.sizes))
    prices = np.geomspace(least, 2 * sum(times) + 1, 64)
    bounds = _at_prices(sweep, moment, excess, forced, prices)
    if bounds[-1] > sum(times):
        return inf
    best = int(bounds.argmax())
    around = np.linspace(prices[max(best - 1, 0)], prices[min(best + 1, 63)], 64)
    return float(max(0.0, _at_prices(sweep, moment, excess, forced, around).max()))


def _at_prices(sweep: Sweep, moment: int, excess: int, forced: frozenset[int], price: np.ndarray) -> Any:
    """The bound at each price of a byte: a concave function."""
    chain, sizes = sweep.chain, sweep.chain.sizes
    alive = sweep.alive(moment)
    again: dict[int, Any] = {}
    share: dict[int, Any] = {}
    running = {k for group in sweep.reruns for k in group}  # what else these give is had for nothing
    for k, step in enumerate(chain.steps):
        before = step.time + sum(share[read] for read in set(step.reads) if read in share)
        time = 0.0 if k in running else before / max(1, len(step.writes))
        for value in step.writes:
            again[value] = time if step.repeatable else inf
            if value not in alive:
                keep = inf if value in sweep.dropped else price * sizes[value]
                repeat = inf if value in forced else again[value]
                share[value] = np.minimum(keep, repeat) / max(1, chain.uses[value])
    going = (value for value in sweep.optional(moment) if value not in forced)
    return price * excess + sum(np.minimum(0.0, again[value] - price * sizes[value]) for value in going)
