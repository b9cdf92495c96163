"""Names bound, names read, names read later."""

import gast
import pytest

from adjoint.frontend.liveness import Liveness, assigned, captured, local_names, parameters, reads


def function(text):
    return gast.parse(text).body[0]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("a = b", "a"),
        ("a, (b, *c) = d", "a b c"),
        ("a += 1", "a"),
        ("a: int = 1", "a"),
        ("a[0] = 1; a.b = 2", ""),
        ("for i in range(3): s = i", "i s"),
        ("with f() as g: pass", "g"),
        ("print(b := 1)", "b"),
        ("[(last := k) for k in a]", "last"),
        ("def g(x=(d := 1)): y = 2", "d g"),
        ("h = lambda z: (w := z)", "h"),
        ("import a.b, c.d as e", "a e"),
        ("del a", "a"),
        ("match s:\n    case [p, *q]: r = 1\n    case {'k': v, **rest}: pass", "p q r v rest"),
    ],
)
def test_assigned(text, names):
    assert assigned(gast.parse(text).body) == tuple(names.split())


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("a = b + a", "a b"),
        ("a += 1", "a"),
        ("a[i] = v", "a i v"),
        ("x: Annotation", ""),
        ("[k * z for k in k for j in k]", "k z"),
        ("(y := x) + y", "x"),
        ("c and (y := x); y", "c x y"),
        ("def g(a, b=d): return a + q + len(r)", "d q r len"),
        ("f'{x:{w}}'", "x w"),
        ("if c: x = 1\nelse: y = x", "c x"),
    ],
)
def test_reads(text, names):
    statements = gast.parse(text).body
    assert frozenset().union(*map(reads, statements)) == set(names.split())


def test_local_names():
    f = function("def f(a, /, b, *c, d, **e):\n    global g\n    g = h = 1\n    def i(): j = 1\n    return k")
    assert parameters(f) == ("a", "b", "c", "d", "e")
    assert local_names(f) == set("abcdehi")


PROGRAM = """def f(x, n):
    s = 0.0
    t = 1.0
    for i in range(n):
        u = x * i
        if u > 3:
            w = s
            break
        if u < 0:
            continue
        s = s + u * t
        t = 2.0
    else:
        w = 1.0
    while (d := s * w) > 1 and d < 3:
        s = s - d
    if s > 2:
        raise ValueError(t)
    return s
"""


def lines(f):
    return {node.lineno: node for node in gast.walk(f) if isinstance(node, gast.stmt)}


def test_liveness():
    f = function(PROGRAM)
    live, at = Liveness(f), lines(f)
    names = {"range"}
    assert live.at_entry - names == {"x", "n", "ValueError"}
    assert live.live_at_head(at[4]) - names == {"x", "s", "t", "ValueError"}
    assert live.live_after(at[4]) == {"s", "t", "w", "ValueError"}
    assert live.live_after(at[5]) == {"x", "s", "t", "u", "ValueError"}
    assert live.live_after(at[7]) == live.live_after(at[8]) == {"s", "t", "w", "ValueError"}
    assert live.live_after(at[10]) == live.live_at_head(at[4]) == live.live_after(at[12])
    assert live.live_at_head(at[15]) == {"s", "t", "w", "ValueError"}
    assert live.live_after(at[16]) == live.live_at_head(at[15])
    assert live.live_after(at[18]) == frozenset()


def test_what_an_inner_function_reads_is_always_live():
    f = function("def f(x):\n    g = lambda y, d=e: y * scale\n    scale = 2.0\n    return g(x)\n")
    assert captured(f) == {"scale"}
    assert all("scale" in Liveness(f).live_after(statement) for statement in f.body)


def test_a_target_is_live_after_a_loop_that_may_not_run():
    f = function("def f(a):\n    i = 0\n    for i in a:\n        pass\n    return i\n")
    assert "i" in Liveness(f).live_at_head(f.body[1])
    assert "i" in Liveness(f).live_after(f.body[0])


def test_an_endless_loop_is_left_by_break_only():
    f = function(
        "def f(x):\n    y = 0\n    while True:\n        if x > 3:\n            y = x\n            break\n"
        "        x = x + 1\n    return y\n"
    )
    assert Liveness(f).live_at_head(f.body[1]) == {"x"}


def test_a_walrus_that_may_be_skipped_does_not_bind():
    f = function("def f(x, y):\n    assert x, (y := 1)\n    z = x or (y := 2)\n    return y\n")
    assert "y" in Liveness(f).at_entry


def test_inside_try_everything_may_happen():
    f = function(
        "def f(x):\n    y = 0\n    try:\n        y = x\n        y = g(y)\n    except E:\n        z = y\n    return y\n"
    )
    live, at = Liveness(f), lines(f)
    assert "y" in live.live_after(at[2]) & live.live_after(at[4])
