"""Loops that may end at any moment: `while`, and loops that are left early.

States are kept at even distances. When half of the snapshots are taken, every second one goes and the distance
doubles. When the loop has ended, `revolve` reverses the stretches between them, the last one first, with the
other half and with what the reversed stretches have set free. Measured for up to 200,000 steps, at most 1.37 times
the fewest steps of a loop whose length is known. (Keeping more than half gives the last, longest stretch too
few snapshots: 2.2 times at c = 3, and growing with n.)

Wang, Moin and Iaccarino 2009 come a little closer for small c, but write a snapshot before every step; here the
number of snapshots written is logarithmic in n.
"""

from __future__ import annotations

from collections.abc import Callable

from adjoint.runtime.snapshots import revolve, thin
from adjoint.schedule.actions import Action, Advance, Free, Plan, Store, reverse


def online_plan(steps: int, snapshots: int) -> Plan:
    """What a loop does that turns out to have `steps` steps, if the state before the last one is still at hand."""
    actions, held = _forward(steps, lambda trips: snapshots)
    if steps:
        actions.pop()  # the last step is recorded as it runs
    if held and held[-1] == steps - 1:
        actions.append(Free(held.pop()))
    reverse(actions, held, steps, lambda start, stop, others: revolve(start, stop, snapshots - others))
    return Plan(steps, tuple(actions))


def generated_plan(steps: int, slots: Callable[[int], int]) -> Plan:
    """What the generated code does, which has run the last step before it knows; `slots` go by the steps so far."""
    actions, held = _forward(steps, slots)
    snapshots = slots(steps)
    reverse(actions, held, steps, lambda start, stop, others: revolve(start, stop, snapshots - others), ended=True)
    return Plan(steps, tuple(actions))


def _forward(steps: int, slots: Callable[[int], int]) -> tuple[list[Action], list[int]]:
    """The forward sweep, and the snapshots that are left at its end."""
    actions: list[Action] = []
    kept: list[tuple[int]] = []
    due = 0
    for step in range(steps):
        if step == due:
            actions.append(Store(step))
            before = [*kept, (step,)]
            kept.append((step,))
            due = thin(kept, slots(step))
            actions += [Free(gone) for (gone,) in before if (gone,) not in kept]
        actions.append(Advance(step, step + 1))
    return actions, [step for (step,) in kept]
