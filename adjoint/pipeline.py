"""The way of a program through the compiler, in order. Read this first.

    source text --lower--> typed SSA (derivatives taken on the way, wherever `grad` and its kin are called)
        --optimise--> SSA --erase markers--> SSA --schedule--> SSA --bufferize--> SSA with in-place marks
        --generate--> Python source --load--> callable

`frontend.lower` interprets the syntax on abstract arguments; `nesting` applies the transforms
`transform.tangent` and `transform.adjoint` to the functions that it meets. Every stage after that is a
function from SSA to SSA. The verifier runs after each of them in tests.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from adjoint.codegen.bufferize import bufferize
from adjoint.config import options
from adjoint.ir.core import Function
from adjoint.ir.verify import verify
from adjoint.schedule import schedule
from adjoint.transform.finish import erase_markers
from adjoint.transform.optimise import simplify_all


@dataclass(frozen=True, slots=True)
class Stage:
    name: str
    run: Callable[[Function], Function]


STAGES = (
    Stage("erased", erase_markers),
    Stage("simplified", simplify_all),
    Stage("scheduled", schedule),
    Stage("bufferized", bufferize),
)


def run_stages(fn: Function) -> Iterator[tuple[str, Function]]:
    """Yield (stage name, the function after it), from lowered SSA to what code is generated from."""
    checked = options().verify
    if checked:
        verify(fn, "adjoint")
    yield "adjoint", fn
    for stage in STAGES:
        fn = stage.run(fn)
        if checked:
            verify(fn, stage.name)
        yield stage.name, fn


def compile_function(fn: Function) -> Function:
    """The last stage's output."""
    for _, made in run_stages(fn):
        fn = made
    return fn
