"""`python -m tests.benchmarks schedules`: time and peak memory of Burgers' equation under each schedule.

Contenders are run in turn, as in the other tables. Time is the least of several runs, of the processor: calls are too
long to be repeated until nothing else disturbs one. Memory is the peak of `tracemalloc` beyond what is held before
the call; jax and torch hold memory that it does not see, so each of them runs in a process of its own, and its row says
by how much the resident memory of that process grows.
"""

import argparse
import gc
import importlib.util
import multiprocessing
import platform
import time
from functools import partial
from math import isqrt
from pathlib import Path

import numpy as np

import adjoint
from adjoint import Recursive, Revolve
from adjoint.schedule.revolve import extra_steps
from tests.benchmarks import burgers_schedules as by_hand
from tests.benchmarks.burgers_schedules import arguments, burgers
from tests.benchmarks.timing import peak_memory
from tests.benchmarks.workload import relative_error

SIZES = {"small": (1_000, 1_000), "large": (10_000, 10_000)}
SNAPSHOTS = (20, 50, 200)
STEPS_OF_CURVE = 300  # a single snapshot takes n * n / 2 steps
CURVE = (1, 2, 3, 4, 5, 7, 10, 15, 20, 30, 50, 75, 100, 150, 200)
TOLERANCE = 1e-8


def main(argv=None):
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks schedules", description=__doc__)
    parser.add_argument("what", nargs="*", default=["table", "curve"], help="table, curve, peers")
    parser.add_argument("--size", choices=SIZES, default="small")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args(argv)
    steps, cells = SIZES[options.size]
    print(f"Python {platform.python_version()}, NumPy {np.__version__}, one core, {platform.machine()}.")
    print(f"Burgers' equation, {steps} steps of {cells} cells.\n")
    if "table" in options.what:
        print_table(arguments(steps, cells), options.rounds)
    if "curve" in options.what:
        print(f"\n{STEPS_OF_CURVE} steps of {cells} cells.\n")
        print_curve(arguments(STEPS_OF_CURVE, cells), options.rounds)
    if "peers" in options.what:
        print_peers(steps, cells)


def pairs():
    """(schedule, the gradient by hand that it is compared with)."""
    yield "store", by_hand.store
    yield "auto", by_hand.store
    yield "sqrt", by_hand.sqrt
    for snapshots in SNAPSHOTS:
        yield Revolve(snapshots), partial(by_hand.revolve, slots=snapshots)
    yield Recursive(), None


def forward_steps(schedule, steps):
    """How many steps are run forward, recorded or not."""
    if isinstance(schedule, Revolve):
        return steps + extra_steps(steps, schedule.snapshots)
    return {"store": steps, "auto": steps, "sqrt": 2 * steps}.get(schedule)


def print_table(args, rounds):
    print("| schedule | steps forward | time | time / by hand | memory | memory / by hand |\n|---|---|---|---|---|---|")
    reference = by_hand.store(*args)
    for schedule, hand in pairs():
        gradient = adjoint.grad(burgers, schedule=schedule)
        assert relative_error((gradient(*args),), (reference,)) < TOLERANCE
        thunks = {"adjoint": partial(gradient, *args)}
        if hand:
            assert relative_error((hand(*args),), (reference,)) < TOLERANCE
            thunks["hand"] = partial(hand, *args)
        seconds = fastest(thunks, rounds)
        memory = {name: peak_memory(thunk) for name, thunk in thunks.items()}
        cells = [str(forward_steps(schedule, args[1]) or "")]
        cells += _compared(seconds, 1.0, "s")
        cells += _compared(memory, 1e6, "MB")
        print(f"| `{schedule}` | {' | '.join(cells)} |", flush=True)


def fastest(thunks, rounds, budget=60.0):
    """The least seconds of the processor that each thunk takes, all run in turn."""
    taken = {name: [] for name in thunks}
    start = time.perf_counter()
    for done in range(rounds):
        if done and time.perf_counter() - start > budget:
            break
        for name, thunk in thunks.items():
            gc.collect()
            begun = time.process_time()
            thunk()
            taken[name].append(time.process_time() - begun)
    return {name: min(seconds) for name, seconds in taken.items()}


def _compared(measured, scale, unit):
    own = f"{measured['adjoint'] / scale:.3g} {unit}"
    return [own, f"{measured['adjoint'] / measured['hand']:.2f}" if "hand" in measured else ""]


def print_curve(args, rounds):
    """Memory against time, beside the fewest steps that so many snapshots allow."""
    steps = args[1]
    head = ["snapshots", "fewest steps", "of them / n", "time", "time / of n steps", "time / by hand"]
    head += ["memory", "memory in states", "memory / by hand"]
    print(f"| {' | '.join(head)} |\n|{'---|' * len(head)}")
    primal = partial(burgers, args[0].copy(), *args[1:])
    for snapshots in CURVE:
        gradient = adjoint.grad(burgers, schedule=Revolve(snapshots))
        thunks = {
            "adjoint": partial(gradient, *args),
            "hand": partial(by_hand.revolve, *args, slots=snapshots),
            "primal": primal,
        }
        seconds = fastest(thunks, rounds, budget=5.0)
        memory = peak_memory(thunks["adjoint"])
        forward = steps + extra_steps(steps, snapshots)
        cells = [str(snapshots), str(forward), f"{forward / steps:.2f}", f"{seconds['adjoint']:.3g} s"]
        cells += [f"{seconds['adjoint'] / seconds['primal']:.2f}", f"{seconds['adjoint'] / seconds['hand']:.2f}"]
        cells += [f"{memory / 1e6:.3g} MB", f"{memory / args[0].nbytes:.1f}"]
        cells += [f"{memory / peak_memory(thunks['hand']):.2f}"]
        print(f"| {' | '.join(cells)} |", flush=True)


# ---------------------------------------------------------------------- peers


def print_peers(steps, cells):
    print("| contender | time | resident memory |\n|---|---|---|")
    context = multiprocessing.get_context("spawn")
    for name, (package, _) in PEERS.items():
        if importlib.util.find_spec(package):
            with context.Pool(1) as pool:
                seconds, growth = pool.apply(measure_peer, (name, steps, cells))
            print(f"| {name} | {seconds:.3g} s | {growth / 1e6:.3g} MB |", flush=True)


def measure_peer(name, steps, cells):
    """Seconds of the second call, and by how much the first one makes the process grow."""
    make = PEERS[name][1]
    make(*arguments(4, 10))()  # what a package loads at its first call is not counted
    thunk = make(*arguments(steps, cells))
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # forget the peak so far
    before = _resident("VmRSS")
    gradient = thunk()
    growth = _resident("VmHWM") - before
    assert relative_error((gradient,), (by_hand.store(*arguments(steps, cells)),)) < TOLERANCE
    begun = time.process_time()
    thunk()
    return time.process_time() - begun, growth


def _resident(key):
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(1024 * int(line.split()[1]) for line in lines if line.startswith(f"{key}:"))


def segment(steps):
    """The length of segments, about sqrt(n), that all are of one length."""
    return max(length for length in range(1, isqrt(steps) + 1) if steps % length == 0)


def with_jax(u, steps, c, d, *, nested):
    import jax

    jax.config.update("jax_enable_x64", True)

    def step(u, _):
        v = u[1:-1]
        new = v - c * v * (u[2:] - u[:-2]) + d * (u[2:] - 2.0 * v + u[:-2])
        return u.at[1:-1].set(new), None

    @jax.checkpoint
    def inner(u, _):
        return jax.lax.scan(step, u, None, length=segment(steps))[0], None

    def loss(u):
        if nested:
            u, _ = jax.lax.scan(inner, u, None, length=steps // segment(steps))
        else:
            u, _ = jax.lax.scan(step, u, None, length=steps)
        return jax.numpy.sum(u * u)

    gradient = jax.jit(jax.grad(loss)).lower(u).compile()
    return lambda: np.asarray(gradient(u))


def with_torch(u, steps, c, d, *, nested):
    import torch
    from torch.utils.checkpoint import checkpoint

    torch.set_num_threads(1)

    def run(u, count):
        for _ in range(count):
            v = u[1:-1]
            new = v - c * v * (u[2:] - u[:-2]) + d * (u[2:] - 2.0 * v + u[:-2])
            u = torch.cat((u[:1], new, u[-1:]))
        return u

    def gradient():
        x = torch.from_numpy(u.copy()).requires_grad_()
        y = x
        length = segment(steps) if nested else steps
        for _ in range(steps // length):
            y = checkpoint(run, y, length, use_reentrant=True) if nested else run(y, length)
        (y * y).sum().backward()
        return x.grad.numpy()

    return gradient


PEERS = {
    "jax, scan": ("jax", partial(with_jax, nested=False)),
    "jax, `jax.checkpoint` in nested scans": ("jax", partial(with_jax, nested=True)),
    "torch": ("torch", partial(with_torch, nested=False)),
    "torch, `torch.utils.checkpoint` of segments": ("torch", partial(with_torch, nested=True)),
}
