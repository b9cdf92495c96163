"""Straight-line code that is asked to keep little: steps of its forward sweep run again in the reverse sweep.

    h1 = np.tanh(x @ w1)
    h2 = np.tanh(h1 @ w2)
    h3 = np.tanh(h2 @ w3)
    del h2
    ...
    h2 = np.tanh(h1 @ w2)                    # again
    h2_bar = ...                             # the reversal, which reads it

Which steps these are is a plan (see `restarts` and `selection`); any plan gives the same bits. A plan is taken if
it lowers the memory by more than a bit.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from adjoint.ir.build import Builder
from adjoint.ir.core import Block, Function, Literal, Op, Primitive
from adjoint.ir.hints import Chosen, Probe
from adjoint.ir.schedules import Recursive
from adjoint.ir.walk import reading
from adjoint.schedule.chain import Chain, Reruns, replay
from adjoint.schedule.fitting import Plans
from adjoint.schedule.line import Line, is_numeric
from adjoint.schedule.pairs import has_effect
from adjoint.schedule.restarts import bisected, segmented
from adjoint.transform.dead_code import effectful_functions

Planner = Callable[[Chain], Reruns]

WORTH = 0.9
"""The share of the memory that a plan leaves at most; else all is kept."""


def recompute_straight(fn: Function) -> Function:
    """The program with steps of straight-line code run again, as its schedule says."""
    effectful = effectful_functions(fn)
    if isinstance(fn.schedule, Chosen):
        callees = {name: replace(callee, frees=True) for name, callee in fn.functions.items()}
        line, reruns = Line(fn.body, effectful), fn.schedule.reruns
        body = line.rerun(reruns) if line.accepts(reruns) else fn.body
        return replace(fn, body=body, functions=callees, frees=True)
    if isinstance(fn.schedule, Probe):
        return probed(fn, effectful)
    planner = planner_of(fn.schedule)
    if planner is None:
        return fn
    callees = {name: _function(callee, effectful, planner) for name, callee in fn.functions.items()}
    return replace(_function(fn, effectful, planner), functions=callees)


def probed(fn: Function, effectful: frozenset[str]) -> Function:
    """The program with segments, and with ops that report what the others take."""
    line = Line(fn.body, effectful)
    if not line.reverse or not any(line.repeatable):
        return fn
    reruns = segmented(line.estimate)
    repeatable = not any(has_effect(op, effectful) for op in line.block.ops)
    meter = fn.schedule.meter.new_line(line, reruns, repeatable)
    return replace(fn, body=_reporting(line, line.rerun(reruns), meter), frees=True)


def _reporting(line: Line, block: Block, meter: Any) -> Block:
    """The block with a report after each op that was there before steps were run again."""
    start, done = Primitive("start", meter.start, effect=True), Primitive("size", meter.done, effect=True)
    numbers = {op.outputs[0]: k for k, op in enumerate(line.block.ops) if op.outputs}
    builder, apart = Builder(), True
    for op in block.ops:
        number = numbers.get(op.outputs[0]) if op.outputs else None
        if number is not None and apart:
            builder.emit(start, (), types=())
        builder.append(op)
        apart = number is None  # what came before is not to be counted
        if number is not None:
            builder.emit(done, (Literal(number), *filter(is_numeric, op.outputs)), types=())
    return replace(block, ops=tuple(builder.ops))


def planner_of(schedule: Any) -> Planner | None:
    """What chooses the steps to run again where all that is known are types; None to keep all."""
    if schedule == "sqrt":
        return segmented
    if schedule == "recompute":
        return leanest
    return bisected if isinstance(schedule, Recursive) else None


def leanest(chain: Chain) -> Reruns:
    """The least memory, whatever it takes."""
    return Plans(chain).leanest().reruns


def _function(fn: Function, effectful: frozenset[str], planner: Planner) -> Function:
    body = _block(fn.body, effectful, planner)
    return fn if body is fn.body else replace(fn, body=body, frees=True)


def _block(block: Block, effectful: frozenset[str], planner: Planner) -> Block:
    ops = tuple(_inside(op, effectful, planner) for op in block.ops)
    block = block if ops == block.ops else replace(block, ops=ops)
    line = Line(block, effectful)
    reruns = _plan(line, planner)
    return block if reruns is None else line.rerun(reruns)


def _plan(line: Line, planner: Planner) -> Reruns | None:
    """What runs again; None where it is not worth it."""
    if not line.forward or not line.reverse:
        return None
    reruns = planner(line.estimate)
    before, after = replay(line.estimate, ((),) * len(reruns)), replay(line.estimate, reruns)
    return reruns if after.peak <= WORTH * before.peak else None


def _inside(op: Op, effectful: frozenset[str], planner: Planner) -> Op:
    return reading(op, op.inputs, tuple(_block(region, effectful, planner) for region in op.regions))
