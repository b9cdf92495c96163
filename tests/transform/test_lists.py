"""Derivatives of programs with lists of run-time length, in every mode and of every order."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from adjoint.codegen.generate import generate
from adjoint.codegen.load import load
from adjoint.ir.types import is_inexact
from adjoint.ir.verify import verify
from adjoint.ir.walk import all_ops, clone_block
from adjoint.pipeline import compile_function
from adjoint.rules.registry import RULES
from adjoint.transform.adjoint import adjoint
from adjoint.transform.optimise import simplify_all
from adjoint.transform.tangent import tangent
from tests.codegen.test_random_programs import plain_interface
from tests.interpreter import run
from tests.oracles import assert_differences
from tests.tracing import trace
from tests.transform.list_programs import PROGRAMS

IDS = [program.__name__ for program, _, _ in PROGRAMS]


def compiled(fn, *args):
    names = {param: f"{param.hint}_{k}" for k, param in enumerate(fn.params)}
    fn = compile_function(replace(fn, body=clone_block(fn.body, {}, names)))
    return load(generate(fn, plain_interface(fn)))(*args)


def runners():
    return [pytest.param(run, id="interpreted"), pytest.param(compiled, id="compiled")]


def active(fn):
    return [is_inexact(p.type) for p in fn.params]


def checked(fn):
    verify(fn)
    fn = simplify_all(fn)
    verify(fn)
    return fn


def forward(fn):
    return checked(tangent(fn, active(fn)))


def reverse(fn):
    """The gradient of the only result."""
    wrt = [k for k, p in enumerate(fn.params) if is_inexact(p.type)]
    return checked(adjoint(fn, wrt, [True] * len(fn.results)))


def direction(args, k):
    rng = np.random.default_rng(k)
    return [rng.normal(size=np.shape(a)) if not isinstance(a, int) else None for a in args]


def only(dots):
    return [d for d in dots if d is not None]


def moving(args, dots):
    return [np.zeros(()) if d is None else d for d in dots]


@pytest.mark.parametrize("execute", runners())
@pytest.mark.parametrize(("program", "types", "args"), PROGRAMS, ids=IDS)
def test_orders_one_and_two(program, types, args, execute):
    fn = trace(program, *types, sweep="")
    verify(fn)
    dots, others = direction(args, 1), direction(args, 2)

    def value(*xs):
        return run(fn, *xs)[0]

    def along(xs, vs):
        return execute(forward(fn), *xs, *only(vs))[1]

    def gradient(*xs):
        return execute(reverse(fn), *xs, 1.0)[1]

    def moved(fun):
        return lambda t: fun(*(a if d is None else a + t * d for a, d in zip(args, dots, strict=True)))

    dot = along(args, dots)
    assert_differences(dot, moved(value), (0.0,), (1.0,), 1e-7, "jvp")
    bar = gradient(*args)
    assert np.shape(bar) == np.shape(args[0])
    np.testing.assert_allclose(np.sum(bar * dots[0]), dot, rtol=1e-10)

    hessian = execute(forward(reverse(fn)), *args, 1.0, *only(dots), 0.0)[-1]
    assert_differences(hessian, moved(gradient), (0.0,), (1.0,), 1e-7, "forward over reverse")
    over = execute(reverse(forward(fn)), *args, *only(dots), 0.0, 1.0)
    np.testing.assert_allclose(over[2], hessian, rtol=1e-9, err_msg="reverse over forward")
    twice = execute(reverse(reverse(fn)), *args, 1.0, 0.0, dots[0])
    np.testing.assert_allclose(twice[2], hessian, rtol=1e-9, err_msg="reverse over reverse")
    still = (np.zeros(np.shape(d)) for d in only(dots))
    mixed = execute(forward(forward(fn)), *args, *only(dots), *only(others), *still)
    np.testing.assert_allclose(mixed[-1], np.sum(hessian * others[0]), rtol=1e-9, err_msg="forward over forward")


def test_every_rule_is_met():
    """Each rule of lists is differentiated by one of the programs above, or by a derivative of one."""
    rules = {p.name for p, rule in RULES.items() if p.name.startswith("list_") and rule.kind != "nondifferentiable"}
    met = set()
    for program, types, _ in PROGRAMS:
        fn = trace(program, *types, sweep="")
        for made in (fn, reverse(fn), reverse(reverse(fn))):
            met |= {op.primitive.name for op in all_ops(made.body)}
    assert rules <= met
