"""Containers as arguments and results."""

import dataclasses
from collections import OrderedDict
from typing import NamedTuple

import numpy as np
import pytest

from adjoint import grad, jvp, linearize, stop_gradient, vjp


class Pair(NamedTuple):
    w: object
    b: float


@dataclasses.dataclass(frozen=True)
class Frozen:
    w: object
    b: float = 1.0


@dataclasses.dataclass(slots=True)
class Slotted:
    w: object
    b: float = 1.0


@dataclasses.dataclass
class Computed:
    w: float
    k: float = dataclasses.field(init=False, default=2.0)

    def __post_init__(self):
        self.k = self.k * 2

    def value(self, x):
        return self.w * x * self.k

    @property
    def double(self):
        return 2.0 * self.w


@pytest.mark.parametrize("cls", [Pair, Frozen, Slotted])
def test_named_fields(cls):
    x = np.array([1.0, 2.0])
    found = grad(lambda p: np.sum(p.w * p.w) * p.b)(cls(x, 2.0))
    assert type(found) is cls
    np.testing.assert_allclose(found.w, 4 * x)
    assert found.b == 5.0


def test_methods_and_properties_of_a_dataclass():
    found = grad(lambda p: p.value(3.0))(Computed(2.0))
    assert (found.w, found.k) == (12.0, 6.0)
    assert grad(lambda p: p.double * p.w)(Computed(2.0)).w == 8.0


def test_none_and_empty_containers_stay():
    tree = {"x": 2.0, "none": None, "tuple": (), "list": [], "dict": {}}
    assert grad(lambda p: p["x"] * 2.0)(tree) == tree
    assert grad(lambda p: 3.0)(()) == ()


def test_integers_count_as_floats():
    assert grad(lambda p: p["x"] * p["n"])({"x": 2.0, "n": 3}) == {"x": 3.0, "n": 2.0}


@pytest.mark.parametrize("bad", ["text", True, np.arange(3), OrderedDict(a=1.0)])
def test_what_has_no_derivative_is_refused(bad):
    with pytest.raises(TypeError):
        grad(lambda p: p["x"] * 2.0)({"x": 2.0, "bad": bad})


def test_another_structure_is_another_program():
    g = grad(lambda p: p[0] * p[1])
    assert g((2.0, 3.0)) == (3.0, 2.0)
    assert g([2.0, 3.0]) == [3.0, 2.0]
    assert g([np.float32(2.0), 3.0])[1] == 2.0


def test_the_order_of_a_dict_is_its_own():
    def f(p):
        total = 0.0
        for value in p.values():
            total = total * 2.0 + value
        return total

    g = grad(f)
    assert g({"a": 1.0, "b": 2.0}) == {"a": 2.0, "b": 1.0}
    assert g({"b": 1.0, "a": 2.0}) == {"b": 2.0, "a": 1.0}


def test_keys_of_any_kind():
    assert grad(lambda p: p[1] * p[(0, 1)])({1: 2.0, (0, 1): 3.0}) == {1: 3.0, (0, 1): 2.0}


def test_many_leaves():
    layers = [{"w": np.ones(2), "b": 1.0} for _ in range(60)]

    def f(layers):
        total = 0.0
        for layer in layers:
            total = total + np.sum(layer["w"] ** 2) * layer["b"]
        return total

    found = grad(f)(layers)
    assert len(found) == 60
    assert all(layer["b"] == 2.0 and layer["w"].tolist() == [2.0, 2.0] for layer in found)


def test_stop_gradient_of_a_container():
    assert grad(lambda p: stop_gradient(p)["a"] * p["a"])({"a": 3.0}) == {"a": 3.0}


DATA = {"x": np.array([1.0, 2.0]), "n": 2, "s": "text", "none": None, "flag": True}


def scaled(p):
    return {"y": p["x"] * p["n"], "s": p["s"], "n": p["n"]}


def test_data_beside_numbers_has_no_cotangent():
    out, pullback = vjp(scaled, DATA)
    assert (out["s"], out["n"]) == ("text", 2)
    (found,) = pullback({"y": np.ones(2), "s": None, "n": None})
    np.testing.assert_allclose(found.pop("x"), [2.0, 2.0])
    assert found == {"n": None, "s": None, "none": None, "flag": None}
    assert list(pullback(out)[0]) == list(DATA)


NOTHING = {"n": None, "s": None, "none": None, "flag": None}


@pytest.mark.parametrize("rest", [NOTHING, {**NOTHING, "n": 0, "s": "text", "flag": False}])
def test_data_beside_numbers_has_no_tangent(rest):
    dot = {**rest, "x": np.array([1.0, 0.0])}  # in another order
    _, push = linearize(scaled, DATA)
    for found in (jvp(scaled, (DATA,), (dot,))[1], push(dot)):
        np.testing.assert_allclose(found["y"], [2.0, 0.0])
