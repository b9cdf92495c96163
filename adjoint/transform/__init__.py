"""Derivatives and clean-up: functions from SSA to SSA, in any order and number.

In: SSA in which values never change. Out: the same kind of program, so transforms nest. Knows nothing of
storage or text. May import: `errors`, `ir`, `rules`, `analysis`.
"""
