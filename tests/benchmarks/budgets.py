"""`python -m tests.benchmarks budgets`: a network of 50 layers of very different sizes under memory budgets.

Straight-line code: time and peak memory of each budget beside store-all, segments and the least memory, and beside the
best that the planner's model allows, which a longer search bounds from below.
"""

import argparse
import platform
from itertools import pairwise
from statistics import median

import numpy as np

from adjoint import BudgetError, grad
from adjoint.derivative import Derivative
from adjoint.ir.hints import Chosen, Probe
from adjoint.schedule.chain import replay
from adjoint.schedule.fitting import Plans
from adjoint.schedule.meters import Meter
from adjoint.schedule.selection import select
from adjoint.specification import Specification
from tests.benchmarks.timing import interleaved, peak_memory, ratio

LAYERS, EXAMPLES, NARROWEST, WIDEST = 50, 1_000, 8, 400
SHARES = (60, 50, 45, 40, 35, 30, 25, 20)
"""Budgets, in per cent of what store-all takes."""


def main(argv=None):
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks budgets", description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--effort", type=int, default=4_000, help="selections that the search for the optimum looks at")
    parser.add_argument("--layers", type=int, default=LAYERS)
    options = parser.parse_args(argv)
    print(f"Python {platform.python_version()}, NumPy {np.__version__}, one core, {platform.machine()}.")
    print(f"{options.layers} layers of {NARROWEST} to {WIDEST} units, {EXAMPLES} examples.\n")
    print_table(arguments(options.layers), options.rounds, options.effort)


def network(weights, x):
    for w in weights:
        x = np.tanh(x @ w)
    return np.sum(x * x)


def arguments(layers=LAYERS, examples=EXAMPLES, seed=0):
    """Widths are drawn evenly on a logarithmic scale."""
    draw = np.random.default_rng(seed)
    widths = np.exp(draw.uniform(np.log(NARROWEST), np.log(WIDEST), layers + 1)).astype(int)
    weights = [draw.normal(size=(a, b)) / a**0.5 for a, b in pairwise(widths)]
    return weights, draw.normal(size=(examples, int(widths[0])))


def measured_chain(args):
    """The network as the planner sees it."""
    meter = Meter(10**12)
    meter.measure(lambda: Derivative(network, Specification(schedule=Probe(meter)))(*args))
    return meter.lines[0].chain()


def gradients(args, shares=SHARES):
    """Name: gradient, and its budget; the smallest feasible budget last."""
    store = grad(network, schedule="store")
    yield "store", store, None
    yield '"sqrt"', grad(network, schedule="sqrt"), None
    yield '"recompute"', grad(network, schedule="recompute"), None
    store(*args)
    everything = peak_memory(lambda: store(*args))
    for share in (*shares, 1):
        budget = everything * share // 100
        gradient = grad(network, memory_budget=budget)
        try:
            gradient(*args)
        except BudgetError as error:
            budget = error.smallest_feasible
            gradient = grad(network, memory_budget=budget)
            gradient(*args)
            yield "smallest feasible", gradient, budget
            return
        yield f"budget {share} %", gradient, budget


def print_table(args, rounds, effort):
    contenders = {name: (gradient, budget) for name, gradient, budget in gradients(args)}
    chain = measured_chain(args)
    forward = sum(step.time for step in chain.steps)
    nothing = replay(chain, ((),) * len(chain.needs)).peak
    samples = interleaved({name: lambda g=g: g(*args) for name, (g, _) in contenders.items()}, rounds, budget=600.0)
    expected = [weights.tobytes() for weights in contenders["store"][0](*args)]
    print(f"store: {1e3 * median(samples['store']):.0f} ms. Forward sweep: {1e3 * forward:.0f} ms, "
          f"{nothing / 1e6:.1f} MB in the model if all is kept.\n")  # fmt: skip
    print("| | budget MB | peak MB | time / store | steps again | planned ms | optimum ms |")
    print("|---|---|---|---|---|---|---|")
    for name, (gradient, budget) in contenders.items():
        assert [weights.tobytes() for weights in gradient(*args)] == expected, name
        peak = peak_memory(lambda g=gradient: g(*args))
        again, time, optimum = planned(gradient, chain, effort) if budget else ("", "", "")
        limit = f"{budget / 1e6:.1f}" if budget else ""
        print(f"| {name} | {limit} | {peak / 1e6:.1f} | {ratio(samples, name, 'store'):.2f} "
              f"| {again} | {time} | {optimum} |", flush=True)  # fmt: skip


def planned(gradient, chain, effort):
    """How many steps a budget runs again; and, for the same memory, what the planner and a long search find."""
    (choice,) = gradient.choices.values()
    if not isinstance(choice, Chosen):
        return 0, "0", "0"
    peak = replay(chain, choice.reruns).peak
    found, best = Plans(chain).fastest(peak), select(chain, peak, effort)
    again = sum(map(len, choice.reruns))
    return again, f"{1e3 * found.time:.0f}", f"{1e3 * best.bound:.0f} to {1e3 * best.time:.0f}" if best else "-"
