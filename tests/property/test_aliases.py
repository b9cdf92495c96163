"""Arrays written through views and aliases: every way to make one, in every control flow, and random programs."""

import copy
import random
import textwrap

import numpy as np
import pytest

import adjoint
from tests.oracles import assert_near, assert_same_bits, assert_transposed, differences
from tests.property.alias_programs import HELPERS, AliasWriter
from tests.property.programs import made
from tests.trees import drawn_like, leaves

ALIASES = (
    "b = a", "b = a[1:]", "b = a[::-1]", "b = a[::2]", "b = a.reshape(2, 3)[1]", "b = m[1]", "b = m[:, 2]",
    "b = m.T[1:][0]", "b = m.reshape(-1)[3:8]", "b = [a, m][0][2:]", "b = {'row': m[0]}['row']", "b, c = m[0], m[1]",
    "b = (lambda t: t[1:])(a)", "b = np.flip(m[2])", "b = m[None, 0, ...][0]",
)  # fmt: skip
WRITES = (
    "b[0] = x", "b[1:] *= x", "b += a[0]", "b[::-1] -= x * b", "for k in range(2): b[k] = b[k + 1] * x",
    "if x > 0: b[0] = x * x", "if x < 0: b[0] = x\nelse: b[1] *= x", "k = 0\nwhile k < 2:\n    b[k] *= x\n    k += 1",
    "scale(b, x)[0] = x", "box = [b]; box[0][1] = x", "for t in (b, b): t *= x", "np.multiply(b, x, out=b)",
    "np.add.at(b, [0, 1, 1], x)", "b[b > 0.2] *= x", "b[0], b[1] = b[1], b[0]", "exchange(b[:1], b[-1:])",
    "b[0] = x; b = a; b[1] = x",
)  # fmt: skip


def arguments(seed):
    rng = np.random.default_rng(seed)
    return 0.7 * rng.standard_normal(6), 0.7 * rng.standard_normal((3, 4)), float(rng.uniform(0.4, 0.9))


def check(text, seed):
    """False if the program is refused."""
    fun, args = made(text), arguments(seed)
    try:
        expected = fun(*copy.deepcopy(args))
    except (IndexError, ValueError):  # a shape that has no such place
        return True
    if not all(np.all(np.isfinite(leaf)) and np.max(np.abs(leaf)) < 1e3 for leaf in leaves(expected)):
        return True
    before, dots = copy.deepcopy(args), tuple(drawn_like(arg, [seed, k]) for k, arg in enumerate(args))
    try:
        value, value_dot = adjoint.jvp(fun, args, dots)
        out, pullback = adjoint.vjp(fun, *args)
    except adjoint.AliasError:
        return False
    bar = drawn_like(expected, [seed, 9])
    bars = pullback(bar)
    assert_same_bits(value, expected, "value of jvp")
    assert_same_bits(out, expected, "value of vjp")
    assert_same_bits(args, before, "arguments")
    assert_transposed(leaves(bar), leaves(value_dot), bars, dots, "reverse")
    slope, error = differences(fun, args, dots, step=2.0**-10, rows=5)
    if np.max(error) < 1e-7:  # else a kink is near
        assert_near(leaves(value_dot), slope, 1e-5, "forward")
    return True


@pytest.mark.parametrize("alias", ALIASES)
def test_every_write_through_an_alias(alias):
    """Three writes to a program: what one leaves behind is what the next one meets."""
    for start in range(0, len(WRITES), 3):
        lines = "\n".join((alias, *WRITES[start : start + 3]))
        text = f"{HELPERS}def program(a, m, x):\n{textwrap.indent(lines, '    ')}\n    return a, m, b\n"
        assert check(text, start), f"refused:\n{text}"


@pytest.mark.parametrize("batch", range(6))
def test_random_programs(batch):
    size, refused = 12, 0
    for seed in range(size * batch, size * (batch + 1)):
        refused += not check(AliasWriter(random.Random(seed)).text(8), seed)
    assert refused <= size // 6


@pytest.mark.slow
@pytest.mark.parametrize("batch", range(100))
def test_many_random_programs(batch):
    for seed in range(10 * batch + 10_000, 10 * batch + 10_010):
        check(AliasWriter(random.Random(seed)).text(14), seed)
