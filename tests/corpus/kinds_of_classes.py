"""Classes with slots, abstract ones, enumerations, dataclasses with an order, cached properties; slices as values."""

import abc
import enum
import functools
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

import numpy as np

from tests.corpus.registry import normal, program


class Tight:
    __slots__ = ("x", "y", "z")

    def __init__(self, x, y):
        self.x, self.y = x, y

    def norm(self):
        return self.x**2 + self.y**2


class Tighter(Tight):
    __slots__ = ("w",)

    def __init__(self, x):
        super().__init__(x, 2.0)
        self.w = x


@program((1.2, 0.7))
def slots(x, y):
    a, b = Tight(x, y), Tighter(y)
    b.w += a.x
    a.x *= 2
    return a.norm() * b.norm() * b.w + sum(t.norm() for t in [Tight(v, y) for v in (x, y, x * y)])


@program((normal(3), 0.7))
def slots_in_a_list(a, y):
    found = [Tight(v, y) for v in a]
    for t in found:
        t.y *= t.x
    return sum(t.norm() for t in found)


T = TypeVar("T")


class Model(abc.ABC):
    scale = 2.0

    def __init__(self, p):
        self.p = p

    @abc.abstractmethod
    def value(self, x): ...

    @property
    @abc.abstractmethod
    def name(self): ...

    def __call__(self, x):
        return self.scale * self.value(x)


class Linear(Model):
    name = "linear"

    def value(self, x):
        return self.p * x


class Square(Model, Generic[T]):
    @property
    def name(self):
        return "square"

    def value(self, x):
        return self.p * x**2


class Valued(Protocol):
    def value(self, x): ...


class Wave(Valued):
    def __init__(self, p):
        self.p = p

    def value(self, x):
        return np.sin(self.p * x)


@program((1.2, 0.7))
def abstract_classes(x, y):
    models = [Linear(x), Square(y), Linear(x * y)]
    total = sum(model(x) for model in models if isinstance(model, Model))
    return total * Wave(y).value(x) * len(models[1].name)


class Lazy:
    def __init__(self, x):
        self.x = x
        self.computed = 0

    @functools.cached_property
    def square(self):
        self.computed += 1
        return self.x**2


@program((1.2, 0.7), (1.2, 1.7))
def cached_properties(x, y):
    one, two = Lazy(x), Lazy(y)
    first = one.square
    one.x = 5.0
    t = two.square if y > 1 else y
    two.x = x
    return first * one.square * one.computed + t * two.square * two.computed


class Kind(enum.Enum):
    LINEAR = "linear"
    SQUARE = "square"

    def __call__(self, x):
        return x if self is Kind.LINEAR else x * x

    @property
    def weight(self):
        return {Kind.LINEAR: 1.0, Kind.SQUARE: 2.0}[self]


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 3


@program((1.2, 0.7))
def enumerations(x, y):
    total = sum(kind(x) * kind.weight for kind in Kind) + Kind("square")(y) + Level.HIGH * x + len(Kind)
    for k, kind in enumerate(Kind):
        total += (k + 1) * kind(y) * (2.0 if kind == Kind.SQUARE else 1.0)
    by_kind = {kind: x * (k + 1) for k, kind in enumerate(Kind)}
    return total * by_kind[Kind.SQUARE] + sum(level * y for level in Level)


@dataclass(order=True, frozen=True)
class Event:
    when: float
    what: float = field(compare=False, default=1.0)


@program((1.2, 0.7))
def ordered_dataclasses(x, y):
    events = sorted([Event(x, y), Event(y, x), Event(x * y)])
    total = sum((k + 1) * event.when * event.what for k, event in enumerate(events)) + max(events).what
    same = x * x if Event(x, y) == Event(x, 3.0) else 5.0
    return total + same * (x if Event(x) < Event(y) else y)


@program((normal(6), 1.3))
def slices_by_name(a, k):
    parts = {"position": slice(0, 2), "velocity": slice(2, 4), "rest": slice(4, None), "all": slice(None)}
    b = a.copy()
    b[parts["velocity"]] *= k
    b[parts["rest"]] = b[parts["position"]]
    return np.sum(b[parts["all"]] ** 2) + b[slice(3)].sum() * parts["velocity"].stop


@program((normal(3, 4), normal(4, 4)))
def slices_in_a_loop(x, w):
    heads = []
    for h in range(2):
        part = slice(2 * h, 2 * h + 2)
        q = x @ w[:, part]
        heads.append(q @ q.T)
    return np.sum(np.concatenate(heads, axis=1) ** 2)


@program((normal(6), 2))
def slices_on_some_paths(a, n):
    part = slice(0, n) if a[0] > 0 else slice(n, 2 * n)
    moved = slice(0, 1)
    for _ in range(3):
        moved = slice(moved.stop, moved.stop + 1)
    items = [v for v in a if v < 100]
    return np.sum(a[part] ** 2) + sum(items[part]) + a[moved].sum() * 2
