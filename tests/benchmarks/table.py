"""The table: one row for a workload and size, ratios to the primal and to the hand-written gradient."""

import argparse
import importlib.util
import os
import platform
import time
from statistics import median

import numpy as np

import adjoint
from tests.benchmarks import (
    adi,
    burgers,
    cholesky,
    fixed,
    heat,
    jacobi,
    lstm,
    mixture,
    mlp,
    nbody,
    oscillator,
    scalar,
    seidel,
)
from tests.benchmarks.peers import PEERS
from tests.benchmarks.timing import interleaved, peak_memory, ratio
from tests.benchmarks.workload import error_against_differences, relative_error

OUT_OF_PLACE = (scalar, mlp, mixture, oscillator, lstm)
IN_PLACE = (jacobi, heat, seidel, cholesky, nbody, burgers, adi)
WORKLOADS = tuple(module.WORKLOAD for module in (*OUT_OF_PLACE, *IN_PLACE))
EXTRA = ("overhead", "compile")
TOLERANCE = 1e-8
SLOW = 3.0  # seconds of a call from which on one call has to do


def main(argv=None):
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    names = [_key(workload) for workload in WORKLOADS]
    parser.add_argument("names", nargs="*", help=f"some of: {', '.join([*names, *EXTRA])}; all by default")
    parser.add_argument("--size", choices=("small", "large"), help="both by default")
    parser.add_argument("--peers", action="store_true", help="measure autograd, jax and torch where installed")
    parser.add_argument("--rounds", type=int, default=15)
    options = parser.parse_args(argv)
    unknown = set(options.names) - {*names, *EXTRA}
    if unknown:
        parser.error(f"no workload is called {', '.join(sorted(unknown))}")
    wanted = options.names or [*names, *EXTRA]
    _pin()
    peers = [name for name in PEERS if options.peers and importlib.util.find_spec(name)]

    print(f"Python {platform.python_version()}, NumPy {np.__version__}, one core, {platform.machine()}.\n")
    chosen = [workload for workload in WORKLOADS if _key(workload) in wanted]
    if chosen:
        _print_ratios(chosen, options, peers)
    if "overhead" in wanted:
        print("\n| a call with | microseconds over the bare compiled function |\n|---|---|")
        for what, microseconds in fixed.call_overheads():
            print(f"| {what} | {microseconds:.2f} |", flush=True)
    if "compile" in wanted:
        print("\n| lines | milliseconds to compile the gradient |\n|---|---|")
        for lines, milliseconds in fixed.compile_times():
            print(f"| {lines} | {milliseconds:.1f} |", flush=True)


def _key(workload):
    return workload.name.split()[0].lower()


def _pin():
    """One core for every contender."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def _print_ratios(workloads, options, peers):
    columns = ["workload", "primal", "by hand / primal", "adjoint / primal", "adjoint / by hand", "bare / by hand"]
    columns += ["memory by hand", "memory, adjoint / by hand", *(f"{peer} / by hand" for peer in peers)]
    print(f"| {' | '.join(columns)} |\n|{'---|' * len(columns)}")
    for workload in workloads:
        for size, make in workload.arguments.items():
            if options.size in (None, size):
                print(f"| {' | '.join(_row(workload, size, make(), peers, options.rounds))} |", flush=True)


def _row(workload, size, arguments, peers, rounds):
    name = f"{workload.name}, {size}" if len(workload.arguments) > 1 else workload.name
    reference = workload.by_hand(*arguments)
    error = error_against_differences(workload, arguments, reference)
    assert error < 1e-5, f"the hand-written gradient of {name} differs from differences by {error:.1e}"

    gradient = adjoint.grad(workload.primal, argnums=workload.argnums)
    bare = gradient.specialize(*arguments)
    thunks = {
        "primal": lambda: workload.primal(*arguments),
        "by hand": lambda: workload.by_hand(*arguments),
        "adjoint": lambda: gradient(*arguments),
        "bare": lambda: bare(*arguments),
    }
    results = {"adjoint": gradient(*arguments), "bare": bare(*arguments)}
    slow = {}
    able = [peer for peer in peers if not workload.in_place or peer in workload.peers]
    for peer in able:
        thunk, to_numpy = PEERS[peer](workload, arguments)
        start = time.perf_counter()
        results[peer] = to_numpy(thunk())
        seconds = time.perf_counter() - start
        if seconds > SLOW:
            slow[peer] = seconds
        else:
            thunks[peer] = thunk
    for contender, bars in results.items():
        error = relative_error(bars, reference)
        assert error < TOLERANCE, f"{contender} on {name} differs from the hand-written gradient by {error:.1e}"

    samples = interleaved(thunks, rounds)
    cells = [name, _time(median(samples["primal"]))]
    cells += [_number(ratio(samples, "by hand", "primal")), _number(ratio(samples, "adjoint", "primal"))]
    cells += [_number(ratio(samples, contender, "by hand")) for contender in ("adjoint", "bare")]
    by_hand = peak_memory(thunks["by hand"])
    cells += [_bytes(by_hand), _number(peak_memory(thunks["adjoint"]) / by_hand)]
    for peer in peers:
        if peer in slow:
            cells.append("~" + _number(slow[peer] / median(samples["by hand"])))
        else:
            cells.append(_number(ratio(samples, peer, "by hand")) if peer in able else "")
    return cells


def _time(seconds):
    for unit, scale in (("s", 1.0), ("ms", 1e-3), ("us", 1e-6)):
        if seconds >= scale:
            return f"{seconds / scale:.3g} {unit}"
    return f"{seconds * 1e9:.3g} ns"


def _bytes(count):
    for unit, scale in (("MB", 1e6), ("kB", 1e3)):
        if count >= scale:
            return f"{count / scale:.3g} {unit}"
    return f"{count} B"


def _number(value):
    return f"{value:.2f}" if value < 100 else f"{value:.0f}"
