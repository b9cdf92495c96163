"""Where lowering is: a call or a loop in calls and loops, as often as each was met.

Bodies of loops and of recursive functions are lowered until nothing changes. So what is inside of them is lowered
once more in each round, with new frames and new values; a position stays the same, and what was learned at it is kept.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from adjoint.frontend.learned import Learned


class Position:
    """A piece of syntax in the position around it. `learned` is what is known of it if it is a loop."""

    __slots__ = ("_inner", "_met", "learned")

    def __init__(self, node: Any = None) -> None:
        self.learned = Learned(node)
        self._inner: dict[tuple[Any, int], Position] = {}
        self._met: Counter[Any] = Counter()  # in this round

    def inside(self, node: Any) -> Position:
        """The position of a call or a loop that is met here; the same piece of syntax may be met several times."""
        key = node, self._met[node]
        self._met[node] += 1
        found = self._inner.get(key)
        if found is None:
            found = self._inner[key] = Position(node)
        return found

    def begin_round(self) -> None:
        """What is inside is met again."""
        self._met.clear()
