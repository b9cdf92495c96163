"""Classes as users write them: operators, brackets, iteration, calls, properties, context managers, decorators."""

# ruff: noqa: B905, E731, PLW1641, S105, SIM905  # as users write it

import math
from dataclasses import dataclass, field, replace
from functools import partial, reduce, total_ordering, wraps
from typing import NamedTuple

import numpy as np

from tests.corpus.registry import normal, program


class Vec:
    def __init__(self, x, y):
        self.x = x
        self.y = y

    def __add__(self, other):
        return Vec(self.x + other.x, self.y + other.y)

    def __sub__(self, other):
        return Vec(self.x - other.x, self.y - other.y)

    def __mul__(self, s):
        if isinstance(s, Vec):
            return self.x * s.x + self.y * s.y
        return Vec(self.x * s, self.y * s)

    __rmul__ = __mul__

    def __truediv__(self, s):
        return self * (1.0 / s)

    def __neg__(self):
        return Vec(-self.x, -self.y)

    def __abs__(self):
        return math.sqrt(self.x * self.x + self.y * self.y)

    def __getitem__(self, k):
        return (self.x, self.y)[k]

    def __len__(self):
        return 2

    def __iter__(self):
        return iter((self.x, self.y))

    def __iadd__(self, other):
        self.x += other.x
        self.y += other.y
        return self

    def __eq__(self, other):
        return self.x == other.x and self.y == other.y

    def __bool__(self):
        return self.x != 0 or self.y != 0

    def __call__(self, t):
        return self.x + t * self.y

    @property
    def norm(self):
        return abs(self)

    @classmethod
    def polar(cls, r, phi):
        return cls(r * math.cos(phi), r * math.sin(phi))

    @staticmethod
    def dot(a, b):
        return a.x * b.x + a.y * b.y


@program((0.5, 1.5))
def vectors(x, y):
    a, b = Vec(x, y), Vec.polar(y, x)
    c = 2.0 * (a + b) - a * x / y
    c += -a
    u, v = c
    t = sum(c) + len(c) * c[0] + c.norm + a * b + Vec.dot(a, c) + c(0.3)
    if c:
        t = t * u
    if a == b:
        t = t * 100
    if a != b:
        t = t + v
    return t + max(c) + sum([p * q for p, q in zip(a, b)])


@program((0.5, 1.5, 4))
def orbit(x, y, n):
    pos, vel = Vec(1.0, 0.0), Vec(0.0, x)
    for _ in range(n):
        r = abs(pos)
        acc = pos * (-y / r**3)
        vel = vel + acc * 0.1
        pos = pos + vel * 0.1
    return pos.x * vel.y - pos.y * vel.x + abs(pos)


@program((0.5, 1.5))
def vector_sum(x, y):
    vs = [Vec(x, y), Vec(y, x), Vec(x * y, 1.0)]
    total = reduce(lambda a, b: a + b, vs)
    start = sum(vs, Vec(0.0, 0.0))
    return total * start


@dataclass
class Particle:
    pos: np.ndarray
    vel: np.ndarray
    mass: float = 1.0

    def kinetic(self):
        return 0.5 * self.mass * np.sum(self.vel**2)

    def kick(self, force, dt):
        self.vel = self.vel + force / self.mass * dt

    def drift(self, dt):
        self.pos = self.pos + self.vel * dt


@program((normal(3, 2), normal(3, 2, seed=3), 0.05))
def particles(x, v, dt):
    ps = [Particle(x[k], v[k], 1.0 + k) for k in range(3)]
    for _ in range(3):
        for i, p in enumerate(ps):
            force = np.zeros(2)
            for j, q in enumerate(ps):
                if i != j:
                    d = q.pos - p.pos
                    force = force + q.mass * d / (np.sum(d * d) + 0.1) ** 1.5
            p.kick(force, dt)
        for p in ps:
            p.drift(dt)
    return sum(p.kinetic() for p in ps)


class Layer:
    def __init__(self, w, b):
        self.w = w
        self.b = b

    def __call__(self, x):
        return self.activate(self.w @ x + self.b)

    def activate(self, z):
        return z


class Tanh(Layer):
    def activate(self, z):
        return np.tanh(super().activate(z))


class Scaled(Tanh):
    scale = 2.0

    def __init__(self, w, b, gain):
        super().__init__(w, b)
        self.gain = gain

    def activate(self, z):
        return self.gain * self.scale * super().activate(z)


class Net:
    def __init__(self, *layers):
        self.layers = list(layers)

    def __call__(self, x):
        for layer in self.layers:
            x = layer(x)
        return x

    def __len__(self):
        return len(self.layers)

    def __getitem__(self, k):
        return self.layers[k]

    def __iter__(self):
        return iter(self.layers)


@program((normal(3, 3), normal(3), normal(3, seed=2)))
def network(w, b, x):
    net = Net(Tanh(w, b), Scaled(w.T, b, 0.5), Layer(w, b * 2))
    norms = 0.0
    for layer in net:
        norms = norms + np.sum(layer.w**2)
    return np.sum(net(x) ** 2) + norms * len(net) + np.sum(net[1].b)


class Grid:
    def __init__(self, n):
        self.data = np.zeros((n, n))
        self.n = n

    def __getitem__(self, ij):
        i, j = ij
        return self.data[i % self.n, j % self.n]

    def __setitem__(self, ij, v):
        i, j = ij
        self.data[i % self.n, j % self.n] = v


@program((normal(3, 3), 0.3))
def periodic_grid(a, x):
    g = Grid(3)
    for i in range(3):
        for j in range(3):
            g[i, j] = a[i, j] * x
    t = 0.0
    for i in range(3):
        for j in range(3):
            t = t + g[i, j] * (g[i + 1, j] + g[i, j - 1])
    g[4, 4] = t
    return np.sum(g.data**2)


class Timer:
    def __init__(self, scale):
        self.scale = scale
        self.log = []

    def __enter__(self):
        self.log.append(self.scale)
        return self

    def __exit__(self, *exc):
        self.log.append(self.scale * 2)
        return False


@program((0.5, 1.5))
def context_manager(x, y):
    with Timer(x) as t:
        z = x * y + t.scale
    return z * sum(t.log)


@program((0.5, 1.5))
class Interp(NamedTuple):
    xs: np.ndarray
    ys: np.ndarray

    def __call__(self, t):
        k = int(np.searchsorted(self.xs, t)) - 1
        w = (t - self.xs[k]) / (self.xs[k + 1] - self.xs[k])
        return (1 - w) * self.ys[k] + w * self.ys[k + 1]


@program((np.linspace(0, 2, 5), normal(5), 0.7))
def interpolator(xs, ys, t):
    f = Interp(xs, ys)
    return f(t) * f(t + 0.35)


class Complexish(NamedTuple):
    re: float
    im: float

    def __mul__(self, o):
        return Complexish(self.re * o.re - self.im * o.im, self.re * o.im + self.im * o.re)

    def __add__(self, o):
        return Complexish(self.re + o.re, self.im + o.im)


@program((0.3, 0.2))
def mandelbrot(x, y):
    c = Complexish(x, y)
    z = Complexish(0.0, 0.0)
    n = 0
    while z.re**2 + z.im**2 < 4.0 and n < 12:
        z = z * z + c
        n += 1
    return z.re**2 + z.im**2 + n


class Dual:
    def __init__(self, v, d=0.0):
        self.v, self.d = v, d

    @staticmethod
    def lift(o):
        return o if isinstance(o, Dual) else Dual(o)

    def __add__(self, o):
        o = Dual.lift(o)
        return Dual(self.v + o.v, self.d + o.d)

    __radd__ = __add__

    def __mul__(self, o):
        o = Dual.lift(o)
        return Dual(self.v * o.v, self.v * o.d + self.d * o.v)

    __rmul__ = __mul__

    def __pow__(self, n):
        return Dual(self.v**n, n * self.v ** (n - 1) * self.d)

    def __lt__(self, o):
        return self.v < Dual.lift(o).v


@program((0.5, 1.5))
def dual_numbers(x, y):
    def poly(z):
        return 3 * z**3 + 2 * z * z + 1 + z

    out = poly(Dual(x, 1.0))
    if out < 100:
        return out.d * y + out.v
    return x


@total_ordering
@dataclass(frozen=True)
class Version:
    major: int
    minor: int

    def __lt__(self, o):
        return (self.major, self.minor) < (o.major, o.minor)


@program((0.5, 1.5))
def tuple_order(x, y):
    t = x * y
    if (1, 2) < (1, 3):
        t = t * 2
    if (x, y) < (y, x):
        t = t * 3
    if (x, 1.0) <= (x, y):
        t = t + y
    if Version(1, 2) < Version(1, 3):
        t = t * x
    best = min([(x, 1.0), (y, 2.0), (x * y, 3.0)])
    return t * best[0] + best[1]


@dataclass
class Config:
    rate: float
    steps: int = 3
    tags: list = field(default_factory=list)
    decay: float = field(default=0.9)

    def __post_init__(self):
        self.half = self.rate / 2
        self.tags.append(self.half)


@program((0.5, 1.5))
def post_init(x, y):
    c = Config(x, tags=[y])
    d = replace(c, rate=y)
    return c.half * sum(c.tags) * c.decay + d.rate


class Lazy:
    def __init__(self, a):
        self.a = a
        self._cache = {}

    @property
    def total(self):
        if "total" not in self._cache:
            self._cache["total"] = np.sum(self.a**2)
        return self._cache["total"]


@program((normal(4), 0.4))
def lazy_property(a, x):
    z = Lazy(a * x)
    return z.total * z.total


class Param:
    def __init__(self, value):
        self._value = value

    @property
    def value(self):
        return self._value

    @value.setter
    def value(self, v):
        self._value = v * 2


@program((0.5, 1.5))
def property_setter(x, y):
    p = Param(x)
    p.value = y
    p.value += x
    return p.value * p.value


def traced(f):
    @wraps(f)
    def inner(*args, **kwargs):
        return f(*args, **kwargs) * 2.0

    return inner


def scaled(by):
    def deco(f):
        def inner(x):
            return by * f(x)

        return inner

    return deco


@traced
def area(x, y):
    return x * y


@scaled(3.0)
def cube(x):
    return x**3


@program((0.5, 1.5))
def decorators(x, y):
    @scaled(y)
    def local(z):
        return z * x

    return area(x, y=y) + cube(x) * local(y)


def adder(a):
    def add(b):
        def last(c):
            return a * b + c

        return last

    return add


@program((0.5, 1.5))
def curried(x, y):
    f = adder(x)(y)
    compose = lambda *fs: reduce(lambda g, h: lambda z: h(g(z)), fs)
    g = compose(f, math.sin, lambda z: z * y)
    return g(x) + partial(area, x)(y)


@program((normal(6), 0.3))
def walrus_loop(a, x):
    k = 0
    total = 0.0
    while (v := a[k] * x) > -2.0 and k < 5:
        total += v * v
        k += 1
    if (n := len(a)) > 3 and (m := total * n) > 0.0:
        total = total + m
    return total


@dataclass
class Circle:
    r: float


@dataclass
class Rect:
    w: float
    h: float


def area_of(s):
    match s:
        case Circle(r=r):
            return math.pi * r * r
        case Rect(w, h) if w == h:
            return w * w
        case Rect(w=w, h=h):
            return w * h
        case [first, *rest]:
            return area_of(first) + sum(area_of(q) for q in rest)
        case {"kind": "tri", "base": b, "height": h}:
            return b * h / 2
        case None:
            return 0.0
        case float() | int() as v:
            return v


@program((0.5, 1.5))
def shapes(x, y):
    return area_of([Circle(x), Rect(x, y), {"kind": "tri", "base": x, "height": y}, None, 2.0, Rect(y, y)]) * area_of(x)


class Registry:
    def __init__(self):
        self.handlers = {}

    def register(self, name):
        def deco(f):
            self.handlers[name] = f
            return f

        return deco

    def run(self, name, *args):
        return self.handlers[name](*args)


@program((0.5, 1.5))
def registered(x, y):
    reg = Registry()

    @reg.register("mul")
    def mul(a, b):
        return a * b

    @reg.register("add")
    def add(a, b=y):
        return a + b

    return reg.run("mul", x, y) * reg.run("add", x)


class Stack:
    def __init__(self):
        self._items = []

    def push(self, x):
        self._items.append(x)
        return self

    def pop(self):
        return self._items.pop()

    def __len__(self):
        return len(self._items)

    def __bool__(self):
        return len(self._items) > 0


@program((0.5, 1.5))
def rpn(x, y):
    s = Stack()
    for token in "x y * x + y - y /".split():
        if token == "x":
            s.push(x)
        elif token == "y":
            s.push(y)
        else:
            b, a = s.pop(), s.pop()
            if token == "*":
                s.push(a * b)
            elif token == "+":
                s.push(a + b)
            elif token == "-":
                s.push(a - b)
            else:
                s.push(a / b)
    return s.pop() if len(s) == 1 else x


@program((normal(5), 0.4))
def stack_at_run_time(a, x):
    s = Stack()
    for v in a:
        if v > 0:
            s.push(v * x)
        elif s:
            x = x + s.pop()
    return x * len(s) if s else x
