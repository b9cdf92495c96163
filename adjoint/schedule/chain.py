"""Straight-line code: what it costs to keep only some of the values for the reverse sweep.

A value that is not kept is computed again once, right before the reverse sweep first reads it, from what is then at
hand, and stays until its last use. Sizes and times may differ from value to value.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate

from adjoint.errors import VerifyError

Reruns = tuple[tuple[int, ...], ...]
"""The steps to run again before each operation of the reverse sweep."""


@dataclass(frozen=True, slots=True)
class Step:
    """An operation of the forward sweep; `repeatable` if it may be run a second time.

    `working` are the bytes that it takes while it runs, besides what it gives.
    """

    reads: tuple[int, ...]
    writes: tuple[int, ...]
    time: float = 1.0
    repeatable: bool = True
    working: int = 0


@dataclass(frozen=True)
class Chain:
    """A forward sweep and the reverse sweep after it.

    Values are numbers; `sizes` are their bytes. What no step writes is an argument: always at hand, and not counted.
    `needs` are the values that each operation of the reverse sweep reads, `working` the bytes besides (none if
    left out).
    """

    sizes: tuple[int, ...]
    steps: tuple[Step, ...]
    needs: tuple[tuple[int, ...], ...]
    working: tuple[int, ...] = ()

    @cached_property
    def writer(self) -> dict[int, int]:
        """The step that gives a value."""
        return {value: k for k, step in enumerate(self.steps) for value in step.writes}

    @cached_property
    def last_read(self) -> dict[int, int]:
        """The last moment of the forward sweep at which a value is there anyway."""
        last = dict(self.writer)
        last.update((value, k) for k, step in enumerate(self.steps) for value in step.reads if value in last)
        return last

    @property
    def held(self) -> tuple[int, ...]:
        """The working bytes of each operation of the reverse sweep."""
        return self.working or (0,) * len(self.needs)

    @cached_property
    def uses(self) -> Counter[int]:
        """The number of steps that read a value."""
        return Counter(value for step in self.steps for value in set(step.reads))


class Sweep:
    """Both sweeps, moment by moment, if all is kept but what is dropped."""

    def __init__(self, chain: Chain, dropped: frozenset[int]) -> None:
        self.chain = chain
        self.dropped = dropped
        self.reruns = self._reruns()
        self.possible = all(chain.steps[k].repeatable for group in self.reruns for k in group)
        self.time = sum(chain.steps[k].time for group in self.reruns for k in group)
        self._place()
        self.memory = self._memory()
        self.peak = max(self.memory, default=0)

    def _reruns(self) -> list[list[int]]:
        """The steps to run again before each operation of the reverse sweep, in the order of the forward sweep."""
        missing = set(self.dropped)
        groups = []
        for needs in self.chain.needs:
            again: set[int] = set()
            wanted = [value for value in needs if value in missing]
            while wanted:
                value = wanted.pop()
                if value in missing:
                    step = self.chain.writer[value]
                    again.add(step)
                    missing.difference_update(self.chain.steps[step].writes)
                    wanted += self.chain.steps[step].reads
            groups.append(sorted(again))
        return groups

    def _place(self) -> None:
        """Number the moments; note from when to when each kept and each repeated value is read in the reverse sweep."""
        chain = self.chain
        moment = len(chain.steps)
        self.read: dict[int, int] = {}
        self.repeated: dict[int, int] = {}
        self.readers: dict[int, tuple[int, ...]] = {}
        self.operations: list[int] = []
        for needs, group in zip(chain.needs, self.reruns, strict=True):
            for k in group:
                reads = chain.steps[k].reads
                self.read.update(dict.fromkeys(reads, moment))
                self.repeated.update(dict.fromkeys(chain.steps[k].writes, moment))
                self.readers[moment] = reads
                moment += 1
            self.read.update(dict.fromkeys(needs, moment))
            self.readers[moment] = needs
            self.operations.append(moment)
            moment += 1
        self.moments = moment

    def _memory(self) -> list[int]:
        """The bytes held at each moment."""
        chain, changes = self.chain, [0] * (self.moments + 1)

        def alive(value: int, start: int, stop: int) -> None:
            changes[start] += chain.sizes[value]
            changes[stop + 1] -= chain.sizes[value]

        for value, start in chain.writer.items():
            stop = chain.last_read[value] if value in self.dropped else self.last(value)
            alive(value, start, stop)
        for value, start in self.repeated.items():
            alive(value, start, self.read.get(value, start) if value in self.dropped else start)
        for moment, extra in self._working():
            changes[moment] += extra
            changes[moment + 1] -= extra
        total, memory = 0, []
        for change in changes[:-1]:
            total += change
            memory.append(total)
        return memory

    def _working(self) -> Iterator[tuple[int, int]]:
        """What is taken besides the values at some moments."""
        yield from enumerate(step.working for step in self.chain.steps)
        start = len(self.chain.steps)
        for working, group, moment in zip(self.chain.held, self.reruns, self.operations, strict=True):
            yield moment, working
            yield from ((start + at, working + self.chain.steps[k].working) for at, k in enumerate(group))
            start = moment + 1

    def last(self, value: int) -> int:
        """The last moment at which a kept value is read."""
        return self.read.get(value, self.chain.last_read[value])

    def optional(self, moment: int) -> list[int]:
        """The kept values that are alive at a moment for later reads only."""
        here = self.readers.get(moment, ())
        last = self.chain.last_read
        return [
            value
            for value, stop in self.read.items()
            if value in last and last[value] < moment <= stop and value not in self.dropped and value not in here
        ]

    def alive(self, moment: int) -> set[int]:
        """The values that are there at a moment, or computed again at some other."""
        last = self.chain.last_read
        stops = {value: last[value] if value in self.dropped else self.last(value) for value in last}
        return {value for value, start in self.chain.writer.items() if start <= moment <= stops[value]} | {
            value for value in self.repeated if value in self.dropped
        }

    @property
    def kept(self) -> frozenset[int]:
        """The values that the reverse sweep reads as the forward sweep left them."""
        return frozenset(value for value in self.read if value in self.chain.writer and value not in self.dropped)


@dataclass(frozen=True, slots=True)
class Course:
    """What running some steps again comes to: the time, and the bytes held at each moment."""

    time: float
    memory: tuple[int, ...]

    @property
    def peak(self) -> int:
        return max(self.memory, default=0)


def replay(chain: Chain, reruns: Reruns) -> Course:
    """Run both sweeps, with these steps again before each operation of the reverse sweep.

    A value that is computed again takes the place of what it was before. VerifyError if a step must not run again.
    """
    course = _Course(chain)
    for step in chain.steps:
        course.moment(step.reads, step.writes, step.working)
    time = 0.0
    for needs, group, working in zip(chain.needs, reruns, chain.held, strict=True):
        for k in group:
            step = chain.steps[k]
            if not step.repeatable:
                raise VerifyError(f"step {k} runs twice")
            course.moment(step.reads, step.writes, working + step.working)
            time += step.time
        course.moment(needs, (), working)
    return Course(time, course.memory())


class _Course:
    """From when to when each copy of a value is there."""

    def __init__(self, chain: Chain) -> None:
        self.chain = chain
        self.now = 0
        self.extra: list[int] = []
        self.copy: dict[int, int] = {}  # of each value, the number of the latest copy
        self.spans: list[tuple[int, int, int]] = []  # of each copy: value, first and last moment

    def moment(self, reads: Iterable[int], writes: Iterable[int], extra: int) -> None:
        for value in reads:
            if value in self.copy:
                _, start, _ = self.spans[self.copy[value]]
                self.spans[self.copy[value]] = value, start, self.now
        for value in writes:
            self.copy[value] = len(self.spans)
            self.spans.append((value, self.now, self.now))
        self.extra.append(extra)
        self.now += 1

    def memory(self) -> tuple[int, ...]:
        changes = [0] * (self.now + 1)
        for value, start, stop in self.spans:
            changes[start] += self.chain.sizes[value]
            changes[stop + 1] -= self.chain.sizes[value]
        return tuple(total + extra for total, extra in zip(accumulate(changes[:-1]), self.extra, strict=True))
