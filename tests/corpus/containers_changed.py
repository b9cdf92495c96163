"""Lists, dicts and objects that change: shared, nested, in loops and branches, with state in classes."""

from dataclasses import dataclass, field

import numpy as np

from tests.corpus.registry import normal, positive, program


@program((0.5, 1.5))
def list_methods(x, y):
    items = [x, y]
    items.append(x * y)
    items.insert(0, y * y)
    items[1:3] = [items[2], items[1], x]
    items += (y, 2.0)
    items.reverse()
    del items[1]
    last = items.pop() * items.pop(0)
    return last * items[0] + sum(items)


@program((0.5, 1.5))
def dictionary_methods(x, y):
    d = {"a": x}
    d["b"] = y
    d.update(c=x * y, a=y)
    d.setdefault("list", []).append(x)
    d.setdefault("list", None).append(y)
    d["c"] *= d.pop("b")
    d |= {"z": x}
    del d["z"]
    return sum(d["list"]) * d["c"] + len(d) * d["a"]


@program((0.5, 1.5))
def shared_containers(x, y):
    inner = [x, y]
    outer = {"first": inner, "second": [inner, 2.0]}
    outer["second"][0].append(x * y)
    inner[0] *= y
    other = outer["first"]
    other, outer["first"] = outer["second"], other[::-1]
    return sum(other[0]) + outer["first"][0] * inner[2]


@program((normal(3), normal(3, seed=1), 0.3))
def parameters_updated_in_a_loop(w, b, rate):
    params = {"w": w, "b": b}
    for step in range(3):
        slopes = {name: np.sin(value) * (step + 1) for name, value in params.items()}
        for name, slope in slopes.items():
            params[name] = params[name] - rate * slope
    return np.sum(params["w"] * params["b"])


@program((normal(3), 0.3))
def arrays_in_containers(a, x):
    rows = [a, a * 2.0, a[::-1]]
    rows[0][1] = x
    rows[2] *= x
    rows[1], rows[0] = rows[0], rows[1]
    store = {"row": rows[1], "list": rows}
    store["list"][1][0] += x * x
    store["row"] -= rows[0]
    return np.sum(a * rows[0]) + rows[2][1]


class Momentum:
    decay = 0.9

    def __init__(self, like):
        self.velocity = np.zeros_like(like)
        self.steps = 0

    def step(self, x, slope, rate=0.1):
        self.velocity *= self.decay
        self.velocity += slope
        self.steps += 1
        return x - rate * self.velocity / self.steps


@program((normal(3), 0.2))
def optimizer_with_state(x, rate):
    optimizer = Momentum(x)
    for _ in range(3):
        x = optimizer.step(x, np.sin(x), rate)
    return np.sum(x * optimizer.velocity) * optimizer.steps


class Adam:
    def __init__(self, rate, betas=(0.9, 0.99)):
        self.rate, self.betas, self.state = rate, betas, {"t": 0, "m": None, "v": None}

    def __call__(self, w, slope):
        state = self.state
        if state["m"] is None:
            state["m"], state["v"] = np.zeros(w.shape), np.zeros(w.shape)
        state["t"] += 1
        b1, b2 = self.betas
        state["m"] = b1 * state["m"] + (1 - b1) * slope
        state["v"] = b2 * state["v"] + (1 - b2) * slope**2
        return w - self.rate * state["m"] / (np.sqrt(state["v"]) + 0.1 ** state["t"])


@program((positive(3), 0.2))
def adam_with_a_dictionary(w, rate):
    update = Adam(rate)
    w = update(w, 2.0 * w)
    w = update(w, w**2)
    return np.sum(w * update.state["m"])


@dataclass
class Layer:
    weight: np.ndarray
    bias: float
    seen: list = field(default_factory=list)

    def __call__(self, x):
        y = np.tanh(self.weight * x + self.bias)
        self.seen.append(np.sum(y))
        return y


@dataclass
class Network:
    layers: list
    scale: float = 1.0

    def forward(self, x):
        for layer in self.layers:
            x = layer(x) * self.scale
            self.scale = self.scale * 0.9
        return x


@program((normal(2, 3), normal(3), 0.4))
def network_of_objects(w, x, b):
    net = Network([Layer(w[0], b), Layer(w[1], b * b)])
    y = net.forward(net.forward(x))
    return np.sum(y) * net.scale + sum(sum(layer.seen) for layer in net.layers)


@program(({"u": normal(3), "gain": 0.5}, [0.2, 0.3]))
def arguments_changed(state, weights):
    state["u"][1:] *= state["gain"]
    state["gain"] = np.sum(state["u"]) * weights.pop()
    weights[0] = state["gain"] + 1.0
    weights.append(2.0)
    return state["gain"] * weights[0] * weights[1]


@program((0.5,), (-0.5,))
def changed_in_branches(x):
    log, d = [x], {"a": x, "b": 1.0}
    if x > 0:
        log[0] = x * x
        d["a"] = 3.0 * x
    else:
        log[0] *= 2.0
        d["b"] = x
    return log[0] * d["a"] * d["b"]


@dataclass
class Cell:
    value: float
    count: int = 0

    def bump(self, by):
        if self.value < 1.0:
            self.value += by
            self.count += 1
        else:
            self.value *= 0.5


@program((0.3, 0.4, 5))
def object_in_a_loop(x, by, n):
    cell = Cell(x)
    twin = cell
    for k in range(n):
        cell.bump(by * (k + 1))
    return cell.value * twin.value * twin.count


@program((normal(4),))
def objects_swapped_in_a_loop(a):
    left, right = Cell(a[0]), Cell(a[1])
    total = 0.0
    for v in a:
        left.value = left.value * v + right.value
        total += left.value * right.value
    left, right = right, left
    left.value += total
    return left.value - right.value


def collect(value, into):
    into["sum"] = into["sum"] + value
    into["parts"].append(value)
    return into


@program((0.5, 1.5))
def dictionary_changed_by_a_callee(x, y):
    into = {"sum": 0.0, "parts": []}
    for v in (x, y, x * y):
        collect(v * v, into)
    return collect(x, into)["sum"] * into["parts"][1]


class Account:
    def __init__(self, balance):
        self._balance = balance

    @property
    def balance(self):
        return self._balance

    @balance.setter
    def balance(self, value):
        self._balance = value if value > 0 else value * 0.1

    @classmethod
    def of(cls, *parts):
        made = cls(0.0)
        for part in parts:
            made.balance += part
        return made


@program((0.5, 1.5), (0.5, -1.5))
def property_with_a_setter(x, y):
    account = Account.of(x, y, x * y)
    account.balance -= 0.2 * x
    return account.balance * y


class Base:
    def __init__(self, x):
        self.x = x

    def energy(self):
        return self.x**2

    def total(self):
        return self.energy() + self.x


class Spring(Base):
    def __init__(self, x, k):
        super().__init__(x)
        self.k = k

    def energy(self):
        return self.k * super().energy()


@program((0.5, 1.5))
def inherited_methods(x, k):
    spring = Spring(x, k)
    spring.x = spring.total()
    return spring.total() * Base(k).total()


@program((normal(3), 3))
def ring_of_buffers(u, n):
    ring = [u, np.zeros(3), np.ones(3)]
    for k in range(3):
        ring[0][k] += ring[1][0] * u[k]
        ring[1][k] -= ring[2][k]
    ring = ring[1:] + ring[:1]
    ring[0] *= ring[2]
    return np.sum(ring[0]) + np.sum(u * ring[2])


@program((0.3, 0.7))
def early_exits_with_state(x, y):
    seen = {"n": 0, "last": x}
    while True:
        seen["n"] += 1
        seen["last"] = seen["last"] * y + x
        if seen["n"] > 6:
            break
        if seen["last"] > 0.8:
            return seen["last"] * seen["n"]
    return seen["last"] - y


@program((0.3, 0.7))
def memoised_terms(x, y):
    memo = {0: 1.0, 1: x}
    for k in (2, 3, 4):
        memo[k] = y * memo[k - 1] + memo[k - 2] * x
    return memo[4] * memo[3]


@program((0.3, 0.7))
def sorted_by_constant_keys(x, y):
    terms = {"b": x * y, "a": np.sin(x), "c": y}
    total = 0.0
    for k, name in enumerate(sorted(terms)):
        total = total * y + (k + 1) * terms[name]
    for name, value in sorted(terms.items(), key=lambda item: item[0], reverse=True):
        total = total * x + value * len(name)
    return total
