"""Containers that are None until they are needed: `if self.items is None: self.items = []`."""

import numpy as np

from tests.corpus.registry import normal, program


class Recorder:
    def __init__(self):
        self.items = None

    def push(self, v):
        if self.items is None:
            self.items = []
        self.items.append(v)
        return self


@program((normal(4), 1.3))
def attribute_in_a_loop(a, q):
    recorder = Recorder()
    for v in a:
        recorder.push(q * v * v)
    return sum(recorder.items) * recorder.items[-1]


@program((normal(4), 1.3), (normal(4), 0.3))
def attribute_on_some_paths(a, q):
    recorder = Recorder()
    if q > 1:
        recorder.push(q)
    recorder.push(a[0])
    return sum(recorder.items)


@program((normal(4), 1.3))
def calls_of_calls(a, q):
    recorder = Recorder()
    recorder.push(q).push(a[0]).push(a[1])
    for v in a:
        recorder.push(v).push(v * q)
    return sum(recorder.items) * recorder.items[3]


@program((normal(4), 1.3))
def name_in_a_loop(a, q):
    items = None
    for v in a:
        if items is None:
            items = [q]
        items.append(v * q)
    return sum(items) * items[-1]


@program((normal(5), 1.3))
def given_up_again(a, q):
    items, total = None, 0.0
    for v in a:
        if items is None:
            items = [q]
        items.append(v * q)
        if len(items) > 2:
            total += sum(items) * items[-1]
            items = None
    return total


@program((normal(4), 1.3))
def dict_in_a_loop(a, q):
    d = None
    for v in a:
        if d is None:
            d = {"sum": 0.0}
        d["sum"] += v * q
        d["last"] = v
    return d["sum"] * d["last"]


class Tracker:
    def __init__(self):
        self.best = None
        self.history = None

    def see(self, x, f):
        if self.history is None:
            self.history = {"f": [], "x": []}
        self.history["f"].append(f)
        self.history["x"].append(x)
        if self.best is None or f < self.best[1]:
            self.best = (x, f)


@program((normal(3), 0.2))
def history_of_a_descent(x, rate):
    tracker = Tracker()
    for _ in range(4):
        tracker.see(x, np.sum(x**4) - np.sum(x))
        x = x - rate * (4 * x**3 - 1)
    return tracker.best[1] + sum(tracker.history["f"]) + np.sum(tracker.history["x"][2])
