"""From SSA to Python: where memory is reused, what folds into expressions, names, text, a callable.

In: a scheduled function and the interface that it has in Python. Out: text and a callable. May import:
`errors`, `ir`, `rules` and, for what generated text calls, `runtime`.
"""
