"""Lists whose length is known at run time only: traces, stacks, filters, rows of records."""

from dataclasses import dataclass

import numpy as np

from tests.corpus.registry import normal, positive, program


@program((0.5, 0.4), (3.0, 0.2))
def trace_until_large(x, w):
    trace = [x]
    while trace[-1] < 5.0:
        trace.append(trace[-1] * 1.5 + w)
    return trace[-1] * trace[len(trace) // 2] + sum(trace)


@program((0.7, 1.3))
def filled_to_a_length(x, w):
    ys = []
    while len(ys) < 4:
        ys.append(x * w + len(ys) * x)
    return ys[-1] * ys[0] + max(ys)


@program((normal(6),))
def decreasing_stack(a):
    stack = [a[0]]
    for v in a[1:]:
        while stack and stack[-1] < v:
            stack.pop()
        stack.append(v * v)
    return sum(stack) * len(stack)


@program((normal(6),), (np.abs(normal(6)),))
def kept_by_a_test(a):
    kept = [v * v for v in a if v > 0]
    return sum(kept) * len(kept)


@program((0.4, 1.3))
def kept_of_a_tuple(x, y):
    kept = [v * x for v in (x, y, x * y) if v > 0.5]
    return sum(kept) * (1 + len(kept))


@program((normal(3, 2), 0.5))
def rows_of_states(m, x):
    states = [np.zeros(2)]
    for row in m:
        states.append(np.tanh(states[-1] + x * row))
    return np.stack(states)


@program((normal(4), 0.5))
def records_in_a_list(a, x):
    records = []
    for k, v in enumerate(a):
        records.append({"time": k * x, "state": a * v})
    return sum(r["time"] * np.sum(r["state"]) for r in records)


@program((positive(5),))
def pairs_unpacked(a):
    pairs, total = [], 0.0
    for k in range(len(a) - 1):
        if a[k] > 0.7:
            pairs.append((a[k], a[k] * a[k + 1]))
            total += a[k]
    for first, second in pairs:
        total = total * first + second
    return total


@dataclass
class Particle:
    place: float
    speed: float

    def moved(self, dt):
        return Particle(self.place + dt * self.speed, self.speed * 0.9)


@program((normal(4), 0.3))
def particles(speeds, dt):
    cloud = [Particle(0.0, v) for v in speeds]
    for _ in range(2):
        cloud = [p.moved(dt) for p in cloud if p.speed > -0.5]
    return sum(p.place * p.speed for p in cloud)


@program((0.8,))
def work_list(x):
    todo, total = [(x, 0)], 0.0
    while todo:
        value, depth = todo.pop()
        if depth == 3:
            total += np.sin(value)
            continue
        todo.append((value * 0.5, depth + 1))
        todo.append((value * value, depth + 1))
    return total


@program((normal(5), 2))
def sliding_window(a, width):
    window, out = [], []
    for v in a:
        window.append(v)
        if len(window) > width:
            window.pop(0)
        out.append(sum(window) / len(window))
    return np.array(out)


@program((0.5, 3))
def changed_in_every_way(x, n):
    ys = [x] * n
    ys.append(x * x)
    ys[1] = ys[0] * 3.0
    ys.insert(1, x + 1.0)
    ys.extend([x, 2.0 * x])
    del ys[0]
    ys.reverse()
    ys += ys[1:3]
    last = ys.pop()
    return last * ys[0] + ys[-2] * ys[n] + sum(ys[2:-1])


@program((0.5, 4))
def two_lists_in_step(x, n):
    xs, vs = [x], [0.0]
    for k in range(n):
        vs.append(vs[-1] - 0.1 * xs[-1])
        xs.append(xs[-1] + 0.1 * vs[k + 1])
    return sum(a * b for a, b in zip(xs, vs, strict=True))


@program((normal(4),))
def list_in_a_dictionary(a):
    log = {"up": [], "down": [0.0]}
    for v in a:
        if len(log["up"]) < 2:
            log["up"].append(v * v)
        else:
            log["down"].append(v)
    return sum(log["up"]) * sum(log["down"])


def doubled_until(items, limit):
    while items[-1] < limit:
        items.append(items[-1] * 2.0)
    return items


@program((0.3, 2.0))
def grown_by_a_callee(x, limit):
    items = [x]
    doubled_until(items, limit)
    return sum(doubled_until(items, 2.0 * limit)) * items[1]


class History:
    def __init__(self, start):
        self.values = [start]

    def add(self, value):
        if value > self.values[-1]:
            self.values.append(value)
        return self

    @property
    def last(self):
        return self.values[-1]


@program((normal(5), 0.1))
def history_object(a, x):
    history = History(x)
    for v in a:
        history.add(v * x).add(v)
    return history.last * sum(history.values)


@program((normal(3, 3),))
def neighbours_of_each(points):
    lists = []
    for i in range(3):
        near = [np.sum((points[i] - points[j]) ** 2) for j in range(3) if j != i]
        lists.append(min(near))
    return sum(lists)


@program((0.9,))
def returned_early_with_a_list(x):
    ys = [x]
    for k in range(6):
        ys.append(np.sin(ys[-1]) * 1.2)
        if ys[-1] < 0.95 and k > 1:
            return sum(ys) * ys[-1]
    return ys[0]


@program((0.5, 3))
def convergents(x, n):
    a, b = [1.0, x], [0.0, 1.0]
    for k in range(2, n + 2):
        a.append(k * a[k - 1] + x * a[k - 2])
        b.append(k * b[k - 1] + x * b[k - 2])
    return [p / q for p, q in zip(a[1:], b[1:], strict=True)][-1]


@program((normal(4), 3))
def table_of_a_recurrence(a, n):
    best = [0.0] * 5
    for k in range(1, n + 2):
        best[k] = best[k - 1] * 0.5 + a[k - 1]
        if k > 1:
            best[k] = max(best[k], best[k - 2] + a[k - 1] ** 2)
    return best[n] * sum(best)


@program((0.4, 1.3, 2))
def places_known_when_it_runs(x, y, n):
    items, pairs = [x, y, x * y, 1.0], ((x, y), (y, 2.0))
    total = 0.0
    for k in range(n + 1):
        items[k] = items[(k + 2) % 4] * pairs[k % 2][0]
        total += items[k] * pairs[(k + 1) % 2][1]
    items.insert(n - 1, x)
    return total * items.pop(n) + items[0]


@program((normal(4), 1.3))
def functions_and_texts(a, q):
    functions, names = [], []
    for i in range(3):
        functions.append(lambda x: x * a[i])  # noqa: B023  # as Python binds it
        names.append("x")
    return functions[0](q) * (2.0 if names[0] == "x" else 1.0)


@program((normal(2, 4),))
def items_of_one_rank_and_then_of_another(a):
    kept = []
    for i in range(3):
        row = a[1] * float(i)
        kept.append(row)
    kept.append(a[None, 0].copy())
    kept.append(a.copy())
    return sum(0.1 * np.sum(q * q) for q in kept)


@program((normal(3), 3))
def copies_collected_on_the_way(y, n):
    found = [y.copy()]
    for _ in range(n):
        y = y * 1.5
        found.append(y.copy())
    return np.array(found)
