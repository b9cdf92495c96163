"""From Python functions to SSA: find the text, refuse what is outside of the language, interpret on abstract values.

In: a callable and abstract arguments. Out: a typed program and the facts that it relies on. May import:
`errors`, `ir`, `rules`.
"""
