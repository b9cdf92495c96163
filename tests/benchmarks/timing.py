"""Times of several thunks, taken in turn.

A machine drifts: frequency, caches, neighbours. So thunks run A B C, A B C, ...; a ratio is taken inside each
round and then the median over the rounds, which drift cancels from.
"""

import gc
import time
import tracemalloc
from collections.abc import Callable, Mapping
from statistics import median

Samples = dict[str, list[float]]


def sample(thunk: Callable, repeats: int) -> float:
    """Seconds of one call, averaged over `repeats` calls."""
    start = time.perf_counter()
    for _ in range(repeats):
        thunk()
    return (time.perf_counter() - start) / repeats


def repeats_for(thunk: Callable, shortest: float) -> int:
    """How often to call so that a sample lasts at least `shortest` seconds."""
    repeats = 1
    while (seconds := sample(thunk, repeats) * repeats) < shortest:
        repeats = max(2 * repeats, int(repeats * shortest / max(seconds, 1e-9)))
    return repeats


def interleaved(
    thunks: Mapping[str, Callable], rounds: int = 15, shortest: float = 0.01, budget: float = 10.0
) -> Samples:
    """Samples of each thunk, one a round; fewer rounds, but at least 3, where `budget` seconds are not enough."""
    repeats = {name: repeats_for(thunk, shortest) for name, thunk in thunks.items()}
    samples: Samples = {name: [] for name in thunks}
    start = time.perf_counter()
    for done in range(rounds):
        if done >= 3 and time.perf_counter() - start > budget:
            break
        for name, thunk in thunks.items():
            gc.collect()  # outside of the sample; inside it the collector runs as it would for a user
            samples[name].append(sample(thunk, repeats[name]))
    return samples


def ratio(samples: Samples, name: str, base: str) -> float:
    return median(a / b for a, b in zip(samples[name], samples[base], strict=True))


def difference(samples: Samples, name: str, base: str) -> float:
    return median(a - b for a, b in zip(samples[name], samples[base], strict=True))


def peak_memory(thunk: Callable) -> int:
    """Bytes that Python and NumPy hold at the worst moment of a call, beyond what they hold before it."""
    gc.collect()
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        thunk()
        return tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()
