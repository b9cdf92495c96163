"""Derivatives and clean-up: functions from SSA to SSA, in any order and number.

In: SSA. Out: SSA. May import: `errors`, `ir`, `rules`, `analysis`.
"""
