"""What may run again in straight-line code, under budgets: selections and restarts, whichever takes less.

A selection runs each step once more at most, and is the best of these where the search comes to its end (see
`selection`); restarts run steps several times, and fit where no selection does (see `restarts`).
"""

from __future__ import annotations

from dataclasses import dataclass

from adjoint.schedule.chain import Chain, Reruns, replay
from adjoint.schedule.restarts import offers
from adjoint.schedule.selection import select, smallest_budget

LOOKED_AT = 15_000
"""How many selections are looked at, times the number of steps: about as many in a second."""

FEW, LITTLE = 60, 60
"""Up to so many steps the least memory of a selection is looked for, with so little effort for each number of bytes."""


@dataclass(frozen=True, order=True, slots=True)
class Fitted:
    """Steps to run again: what that takes, and what the best selection would take at least (0 if that is not known)."""

    time: float
    peak: int
    reruns: Reruns
    bound: float = 0.0


class Plans:
    """The plans of a chain."""

    def __init__(self, chain: Chain) -> None:
        self.chain = chain
        self.effort = max(LOOKED_AT // max(len(chain.steps), 1), 20)
        nothing: Reruns = ((),) * len(chain.needs)
        self.fixed = [self.costed(plan) for plan in (nothing, *offers(chain))]

    def costed(self, plan: Reruns, bound: float = 0.0) -> Fitted:
        course = replay(self.chain, plan)
        return Fitted(course.time, course.peak, plan, bound)

    def fastest(self, budget: int) -> Fitted | None:
        """The plan that takes the least time within the budget; of these, the one with the least memory."""
        plans = [plan for plan in self.fixed if plan.peak <= budget]
        found = select(self.chain, budget, self.effort)
        if found:
            plans.append(self.costed(found.reruns, found.bound))
        return min(plans, default=None)

    def leanest(self) -> Fitted:
        """The plan that takes the least memory; of these, the fastest."""
        plans = list(self.fixed)
        if len(self.chain.steps) <= FEW:
            within = 1 + max(plan.peak for plan in plans) // 100
            found = select(self.chain, smallest_budget(self.chain, LITTLE, within), LITTLE)
            plans += [self.costed(found.reruns)] if found else []
        return min(plans, key=lambda plan: (plan.peak, plan.time))
