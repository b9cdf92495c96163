"""Times of gradients as ratios: `python -m tests.benchmarks --help`.

Each workload is a primal that a user would write, a gradient that an expert would write by hand, and forms
for the peers that cannot take the primal as it stands.
"""
