"""The intermediate representation: nodes, types, text, verifier and generic walks.

In: nothing. Out: the data that every later stage exchanges; frozen, facts about it live in side tables.
May import: `errors`.
"""
