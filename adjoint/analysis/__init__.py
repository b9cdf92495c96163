"""Facts about values: pure functions from a program to side tables.

In: SSA. Out: tables keyed by Value; the program is not changed. May import: `errors`, `ir`, `rules`.
"""
