"""What uses up arrays comes early: the order of ops, and that nothing else changes."""

import copy
import operator
import random

import numpy as np

import adjoint
from adjoint.codegen.bufferize import bufferize
from adjoint.codegen.generate import generate
from adjoint.codegen.load import load
from adjoint.codegen.pressure import lower_pressure
from adjoint.ir.build import Builder
from adjoint.ir.core import OPAQUE, Function, Value
from adjoint.ir.types import ArrayType
from adjoint.ir.verify import verify
from adjoint.rules import internal
from adjoint.rules.registry import primitive_of
from tests.codegen.test_random_programs import plain_interface
from tests.interpreter import assert_equal, run

MATRIX, ROW = ArrayType("float64", (4, 5)), ArrayType("float64", (5,))


class Code(Builder):
    """Ops whose results are called what `order` lists."""

    def __init__(self, sweep="adjoint"):
        super().__init__(sweep=sweep)
        self.params = [Value("a", MATRIX), Value("b", MATRIX)]

    def op(self, name, fun, *inputs, type_=MATRIX, **attrs):
        (out,) = self.emit(primitive_of(fun), inputs, attrs, types=(type_,), hints=(name,))
        return out

    def times(self, name, *inputs):
        return self.op(name, operator.mul, *inputs)

    def sum(self, name, array):
        return self.op(name, np.sum, array, type_=ROW, axis=0)

    def order(self, *results):
        fn = Function("f", self.block(self.params, results))
        made = lower_pressure(fn)
        verify(made)
        return " ".join(out.hint for op in made.body.ops for out in op.outputs)


def test_sums_follow_what_they_use_up():
    code = Code()
    a, b = code.params
    p, q = code.times("p", a, a), code.times("q", b, b)
    assert code.order(code.sum("s", p), code.sum("t", q)) == "p s q t"


def test_several_that_use_up_an_array_together():
    code = Code()
    a, b = code.params
    p, q = code.times("p", a, a), code.times("q", b, b)
    s, t = code.sum("s", p), code.sum("t", p)
    assert code.order(code.op("u", operator.sub, s, t, type_=ROW), q) == "p s t u q"


def test_products_that_each_take_the_place_of_an_operand_stay():
    code = Code()
    a, b = code.params
    p, q = code.times("p", a, b), code.times("q", b, b)
    x, y = code.times("x", p, q), code.times("z", a, a)
    assert code.order(x, y, code.times("y", p, a)) == "p q x z y"


def test_lines_of_the_user_stay():
    code = Code(sweep="")
    a, b = code.params
    p, q = code.times("p", a, a), code.times("q", b, b)
    assert code.order(code.sum("s", p), code.sum("t", q)) == "p q s t"


def test_an_array_that_is_seen_later_is_not_used_up():
    code = Code()
    a, b = code.params
    p, q = code.times("p", a, a), code.times("q", b, b)
    assert code.order(q, code.sum("s", p), p) == "p q s"
    view = code.op("v", operator.getitem, p, index=slice(None, None, -1))
    assert code.order(q, view) == "p q s v"


def test_nothing_passes_an_effect():
    code = Code()
    a, b = code.params
    p = code.times("p", a, a)
    code.emit(OPAQUE, [b], {"function": print, "name": "print"}, types=(ROW,), hints=("effect",))
    assert code.order(code.sum("s", p)) == "p effect s"


def straight_line(seed):
    """A random program of matrices and rows; of its ops some are of a derivative, and most values are read once."""
    rng = random.Random(seed)
    code, unread = Code(), []

    def pick(type_):
        """One of the oldest values that nobody has read."""
        left = [value for value in unread if value.type == type_][:2]
        if not left:
            return rng.choice(code.params) if type_ == MATRIX else code.sum(f"r{k}", rng.choice(code.params))
        value = rng.choice(left)
        if rng.random() < 0.9:
            unread.remove(value)
        return value

    for k in range(30):
        code.sweep = rng.choice(("", "adjoint", "adjoint", "adjoint"))
        name = f"v{k}"
        match rng.randrange(9) if k > 4 else 0:
            case 0:
                made = code.times(name, rng.choice(code.params), rng.choice(code.params))
            case 1 | 2:
                made = code.times(name, pick(MATRIX), pick(MATRIX))
            case 3 | 4:
                made = code.sum(name, pick(MATRIX))
            case 5:
                made = code.op(name, operator.add, pick(ROW), pick(ROW), type_=ROW)
            case 6:
                made = code.op(name, operator.add, pick(MATRIX), pick(ROW))
            case 7:
                made = code.op(name, operator.getitem, pick(MATRIX), index=slice(None, None, -1))
            case 8:
                made = code.op(name, internal.add_at, pick(MATRIX), pick(ROW), index=1)
        unread.append(made)
    return Function("f", code.block(code.params, unread))


def test_random_programs_compute_the_same_in_another_order():
    numbers = np.random.default_rng(1)
    moved = 0
    for seed in range(200):
        fn = straight_line(seed)
        made = lower_pressure(fn)
        verify(made)
        assert [op for op in made.body.ops if not op.sweep] == [op for op in fn.body.ops if not op.sweep]
        moved += made.body.ops != fn.body.ops
        args = numbers.normal(size=(2, 4, 5))
        expected = copy.deepcopy(run(fn, *copy.deepcopy(args)))
        assert_equal(run(made, *copy.deepcopy(args)), expected)
        assert_equal(load(generate(bufferize(fn), plain_interface(fn)))(*args), expected)
    assert moved > 50


def pairs(x, y, mass):
    dx = x - x[:, None]
    dy = y - y[:, None]
    pull = (dx * dx + dy * dy + 0.1) ** -1.5
    return np.sum(((dx * pull) @ mass) ** 2) + np.sum(((dy * pull) @ mass) ** 2)


POINTS = (np.linspace(0.0, 1.0, 4), np.linspace(1.0, 3.0, 4) ** 2, np.linspace(0.5, 1.0, 4))


def test_a_cotangent_is_summed_before_the_next_is_made():
    gradient = adjoint.grad(pairs, argnums=(0, 1, 2))
    gradient(*POINTS)
    lines = [line.strip() for line in gradient.source.splitlines()]
    made = [k for k, line in enumerate(lines) if line.startswith(("dx_bar =", "dy_bar ="))]
    sums = [k for k, line in enumerate(lines) if "_bar.sum(1)" in line]
    assert len(sums) == 2
    assert sums[0] < max(made) < sums[1], gradient.source
    adjoint.check_grads(pairs, POINTS)
