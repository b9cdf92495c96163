"""What a compiled program relies on: a change between two calls is noticed."""

import collections
import dataclasses
import enum
import functools
import math
import types

import numpy as np
import pytest

import adjoint
from adjoint import grad, value_and_grad
from adjoint.rules import elementwise


class Mode(enum.Enum):
    SQUARE = 1
    CUBE = 2


class Level(enum.IntEnum):
    ONE = 1
    TWO = 2


def by_mode(x, mode):
    return x * x if mode is Mode.SQUARE else x**3


def test_members_of_an_enumeration():
    g = grad(by_mode)
    assert [g(2.0, mode) for mode in (Mode.SQUARE, Mode.CUBE, Mode.SQUARE)] == [4.0, 12.0, 4.0]
    h = grad(lambda x, mode: x * x if mode == Mode.SQUARE else x**3)
    assert [h(2.0, mode) for mode in (Mode.SQUARE, Mode.CUBE)] == [4.0, 12.0]
    k = grad(lambda x, level: x * x * level)
    assert [k(1.0, level) for level in Level] == [2.0, 4.0]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("a", "b"), (True, False), (np.True_, np.False_), (1, 0), ([1], []), ({"k": 1.0}, {}), (range(2), range(0)),
        (b"a", None),
    ],
    ids=repr,
)  # fmt: skip
def test_options(first, second):
    g = grad(lambda x, option: x * x if option and option != "b" else x**3)
    assert [g(2.0, option) for option in (first, second, first)] == [4.0, 12.0, 4.0]


def test_ranges_and_sets():
    def total(x, items):
        result = 0.0
        for k in items:
            result = result + x * k
        return result

    g = grad(total)
    assert [g(2.0, range(n)) for n in (3, 5)] == [3.0, 10.0]
    h = grad(lambda x, names: x * x if "a" in names else x**3)
    names = {"a"}
    assert h(2.0, names) == 4.0
    names.clear()
    assert h(2.0, names) == 12.0
    assert [h(2.0, frozenset(n)) for n in ("a", "b")] == [4.0, 12.0]


def test_containers_of_other_classes():
    g = grad(lambda x, d: x * d["a"])
    assert [g(1.0, collections.OrderedDict(a=a)) for a in (2.0, 3.0)] == [2.0, 3.0]
    with pytest.raises(adjoint.UnsupportedError, match="may change"):
        grad(lambda x, d: x if "a" in d else -x)(1.0, collections.OrderedDict())
    with pytest.raises(adjoint.UnsupportedError, match="may change"):
        grad(lambda x, d: x if d else -x)(1.0, collections.deque())


def test_modules():
    module = types.ModuleType("settings")
    module.rate, module.step, module.mode, module.table = 2.0, lambda x: x * x, "a", [1.0]

    def f(x):
        return module.rate * module.step(x) * module.table[0] + (x if module.mode == "a" else 0.0)

    g = grad(f)
    assert g(1.0) == 5.0
    module.rate = 3.0
    assert g(1.0) == 7.0
    module.step = lambda x: x**3
    assert g(1.0) == 10.0
    module.mode = "b"
    assert g(1.0) == 9.0
    module.table = [2.0, 0.0]
    assert g(1.0) == 18.0
    assert [grad(lambda x, m: m.sin(x))(1.0, m) for m in (np, math)] == [np.cos(1.0), math.cos(1.0)]


def test_classes_and_their_objects():
    class Config:
        rate = 2.0

        @staticmethod
        def step(x):
            return x * x

        def method(self, x):
            return x * x

    held = Config()
    by_class, by_object = grad(lambda x: Config.rate * Config.step(x)), grad(lambda x: held.rate * held.method(x))
    assert by_class(1.0) == by_object(1.0) == 4.0
    Config.rate = 3.0
    assert by_class(1.0) == by_object(1.0) == 6.0
    held.rate = 5
    Config.step = staticmethod(lambda x: x**3)
    Config.method = lambda self, x: x**3
    assert (by_class(1.0), by_object(1.0)) == (9.0, 15.0)


def test_objects_that_cannot_be_hashed():
    @dataclasses.dataclass
    class Square:
        w: float

        def __call__(self, x):
            return self.w * x * x

    @dataclasses.dataclass
    class Cube:
        w: float

        def __call__(self, x):
            return self.w * x * x * x

    for k in range(4):
        assert grad(Square(2.0 + k))(3.0) == (2.0 + k) * 6
        assert grad(Cube(2.0))(3.0) == 54.0


def helper(x):
    return x * x


def test_functions_that_are_bound_anew(monkeypatch):
    g = grad(lambda x: 1.0 * helper(x))
    assert g(2.0) == 4.0
    power = functools.partial(pow, 2.0)
    others = [(np.sin, np.cos(2.0)), (math.cos, -math.sin(2.0)), (power, 4 * math.log(2)), (lambda x: x**3, 12.0)]
    for other, expected in others:
        monkeypatch.setitem(globals(), "helper", other)
        np.testing.assert_allclose(g(2.0), expected)


def test_functions_of_one_text():
    def power(n):
        def f(x, scale=1.0):
            return x**n * scale

        return f

    f = power(2)
    g = grad(lambda x: 1.0 * f(x))
    assert g(2.0) == 4.0
    f = power(3)
    assert g(2.0) == 12.0
    f.__defaults__ = (2.0,)
    assert g(2.0) == 24.0
    assert [grad(lambda x, k=k: x**k)(2.0) for k in (1, 2, 3)] == [1.0, 4.0, 12.0]


def test_captured_data_of_other_types():
    c = 2.0
    g = grad(lambda x: x * x * c)
    assert g(1.0) == 4.0
    for other, expected in [(3, 6.0), (np.float32(3), 6.0), (np.array(2.0), 4.0), (True, 2.0)]:
        c = other
        np.testing.assert_allclose(g(1.0), expected)
    c = np.ones(2)
    with pytest.raises(TypeError, match="scalar"):
        g(1.0)


def test_derivatives_that_are_held():
    def base(x, y):
        return x * y * y

    held = {"g": grad(base)}
    k = grad(lambda x: held["g"](x, x) * 1.0)
    assert k(3.0) == 6.0
    held["g"] = grad(base, argnums=1)
    assert k(3.0) == 12.0
    held["g"] = grad(lambda x, y: x * x * y)
    assert k(3.0) == 12.0
    held["g"] = value_and_grad(base)
    with pytest.raises(TypeError):
        k(3.0)


def test_rules_are_of_functions_and_not_of_their_text():
    def scaled(c):
        def f(x):
            return c * x

        return f

    ruled, plain = scaled(2.0), scaled(3.0)
    elementwise(ruled)(lambda x: 100.0)
    assert [grad(f)(1.0) for f in (plain, ruled, plain)] == [3.0, 100.0, 3.0]
    f = plain
    g = grad(lambda x: 1.0 * f(x))
    assert g(1.0) == 3.0
    f = ruled
    assert g(1.0) == 100.0


def test_a_rule_that_comes_later_is_used():
    def f(x):
        return 2.0 * x

    g = grad(lambda x: 1.0 * f(x))
    assert g(1.0) == 2.0
    elementwise(f)(lambda x: 50.0)
    assert g(1.0) == 50.0


def test_attributes_by_name():
    held = types.SimpleNamespace(rate=2.0)
    g = grad(lambda x: x * getattr(held, "rate") * getattr(held, "missing", 1.0))  # noqa: B009  # what is tested
    assert g(1.0) == 2.0
    held.rate = 3.0
    assert g(1.0) == 3.0
