"""The tests; `tests.benchmarks` measures."""
