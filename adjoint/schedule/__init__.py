"""Decide how the reverse sweep gets each primal value that it reads: kept, or computed again.

In: SSA in which every residual is kept. Out: SSA that keeps less and gives the same bits. May import:
`errors`, `ir`, `rules`, `analysis`, `transform`, and `runtime`, whose functions the plans of loops follow.
"""

from adjoint.schedule.plan import schedule

__all__ = ["schedule"]
