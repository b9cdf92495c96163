"""Straight-line code like a loop: it is cut into blocks, and blocks run again from the values across a cut.

The schedules of loops serve here too: what a snapshot is there is here the set of values that later blocks and the
reverse sweep still read. Cuts lie where few bytes cross.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from itertools import accumulate, pairwise

from adjoint.runtime.snapshots import bisection, revolve
from adjoint.schedule.chain import Chain, Reruns, replay

Place = Callable[[int, int, int], Iterable[int]]
"""(start, stop, other snapshots) -> the blocks before which to keep what crosses, to reverse start..stop."""

MOST_BLOCKS = 64
"""Into how many blocks straight-line code is cut at most: each is written down once more for each of its reruns."""


MOST_OFTEN, MOST_STEPS = 6, 4_000
"""How many steps are run again at most, for each step and in all: they are all written down."""


def segmented(chain: Chain) -> Reruns:
    """The segments that take the least memory: every step runs at most once more (Chen et al. 2016)."""
    return _least(chain, (reruns(chain, cuts, every) for cuts in all_cuts(chain)))


def bisected(chain: Chain) -> Reruns:
    """The bisection that takes the least memory: every step runs at most log2(blocks) times more."""
    return _least(chain, (reruns(chain, cuts, halves) for cuts in all_cuts(chain)))


def offers(chain: Chain) -> Iterator[Reruns]:
    """Segments and binomial schedules for several numbers of blocks and snapshots."""
    most = min(MOST_OFTEN * len(chain.steps), MOST_STEPS)
    for cuts in all_cuts(chain):
        places: list[Place] = [every, halves]
        slots = len(cuts)
        while slots > 2:
            slots = slots // 2 + 1
            places.append(binomial(slots))
        plans = (reruns(chain, cuts, place) for place in places)
        yield from (plan for plan in plans if sum(map(len, plan)) <= most)


def _least(chain: Chain, plans: Iterable[Reruns]) -> Reruns:
    nothing: Reruns = ((),) * len(chain.needs)
    return min((nothing, *plans), key=lambda plan: ((course := replay(chain, plan)).peak, course.time))


def every(start: int, stop: int, others: int) -> Iterable[int]:
    return range(start, stop) if start == 0 else ()


def halves(start: int, stop: int, others: int) -> Iterable[int]:
    return bisection(start, stop)


def binomial(slots: int) -> Place:
    return lambda start, stop, others: revolve(start, stop, slots - others)


def all_cuts(chain: Chain) -> Iterator[tuple[int, ...]]:
    """Where to cut, for several numbers of blocks."""
    blocks, seen = 2, set()
    while blocks <= min(MOST_BLOCKS, len(chain.steps)):
        cuts = cut(chain, blocks)
        if cuts and cuts not in seen:
            seen.add(cuts)
            yield cuts
        blocks = max(blocks + 1, blocks * 4 // 3)


def cut(chain: Chain, blocks: int) -> tuple[int, ...]:
    """The first steps of all blocks but the first: about as many bytes in each, and few across."""
    across = crossing_bytes(chain)
    written = list(accumulate(sum(chain.sizes[value] for value in step.writes) for step in chain.steps))
    cuts: set[int] = set()
    for number in range(1, blocks):
        middle, reach = number * written[-1] / blocks, 0.5 * written[-1] / blocks
        window = [k + 1 for k, size in enumerate(written[:-1]) if abs(size - middle) <= reach]
        if window:
            cuts.add(min(window, key=lambda k: (across[k], abs(written[k - 1] - middle))))
    return tuple(sorted(cuts))


def crossing_bytes(chain: Chain) -> list[int]:
    """The bytes that later steps read of what is there before each step."""
    changes = [0] * (len(chain.steps) + 1)
    for value, k in chain.writer.items():
        changes[k + 1] += chain.sizes[value]
        changes[chain.last_read[value] + 1] -= chain.sizes[value]
    return list(accumulate(changes))


def reruns(chain: Chain, cuts: tuple[int, ...], place: Place) -> Reruns:
    """The steps to run again if the blocks between the cuts follow a schedule of loops."""
    return _Restarts(chain, cuts, place).groups


class _Restarts:
    def __init__(self, chain: Chain, cuts: tuple[int, ...], place: Place) -> None:
        self.chain, self.place = chain, place
        self.bounds = (0, *cuts, len(chain.steps))
        self.block = {k: b for b, (start, stop) in enumerate(pairwise(self.bounds)) for k in range(start, stop)}
        self.kept = {v for v, k in chain.writer.items() if not chain.steps[k].repeatable}
        self.groups: Reruns = tuple(self._run())

    @cached_property
    def turns(self) -> list[int]:
        """The block that each operation of the reverse sweep reverses: the last that it or a later one needs; or -1."""
        found, latest = [], -1
        for needs in reversed(self.chain.needs):
            latest = max((latest, *(self.block[self.chain.writer[v]] for v in needs if v in self.chain.writer)))
            found.append(latest)
        return found[::-1]

    def _run(self) -> Iterator[tuple[int, ...]]:
        turn = len(self.bounds) - 2
        held = [(b, self.across(b, turn)) for b in sorted(self.place(0, turn + 1, 0))]
        at_hand = wanted = self.needs[turn].union(*(values for _, values in held))
        for block, needs in zip(self.turns, self.chain.needs, strict=True):
            if block not in (turn, -1):
                turn = block
                while held and held[-1][0] > turn:
                    held.pop()
                start = held.pop()[0] if held else 0
                held += [(b, self.across(b, turn)) for b in sorted(self.place(start, turn + 1, len(held)))]
                wanted = self.needs[turn].union(*(values for _, values in held))
            if at_hand is wanted or all(v in at_hand or v in self.kept for v in needs if v in self.chain.writer):
                yield ()  # nothing runs before it must
            else:
                yield self.missing(wanted, at_hand)
                at_hand = wanted

    @cached_property
    def needs(self) -> dict[int, set[int]]:
        """What the reversal of each block reads."""
        found: dict[int, set[int]] = {block: set() for block in range(-1, len(self.bounds))}
        for needs, turn in zip(self.chain.needs, self.turns, strict=True):
            found[turn].update(needs)
        return found

    def across(self, block: int, last: int) -> set[int]:
        """What blocks from this one to the last one, and their reversal, read of what is there before."""
        reads = {v for step in self.chain.steps[self.bounds[block] : self.bounds[last + 1]] for v in step.reads}
        for turn in range(block, last + 1):
            reads |= self.needs[turn]
        return {v for v in reads if self.chain.writer.get(v, -1) in range(self.bounds[block])}

    def missing(self, wanted: set[int], at_hand: set[int]) -> tuple[int, ...]:
        """The steps that give what is wanted from what is at hand."""
        again: set[int] = set()
        there, waiting = at_hand | self.kept, list(wanted)
        while waiting:
            value = waiting.pop()
            step = self.chain.writer.get(value)
            if step is not None and value not in there and step not in again:
                again.add(step)
                waiting += self.chain.steps[step].reads
        return tuple(sorted(again))
