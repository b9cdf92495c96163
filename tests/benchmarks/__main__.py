"""`python -m tests.benchmarks`."""

import os
import sys

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS", "NPROC")
os.environ.update(dict.fromkeys(THREADS, "1"))  # read when NumPy and the peers are loaded
os.environ.setdefault("JAX_PLATFORMS", "cpu")

from tests.benchmarks import budgets, schedules, table  # noqa: E402  # after the number of threads is set

if __name__ == "__main__":
    if sys.argv[1:2] == ["schedules"]:
        schedules.main(sys.argv[2:])
    elif sys.argv[1:2] == ["budgets"]:
        budgets.main(sys.argv[2:])
    else:
        table.main()
