"""Local choices of what is kept: a function that is run again, a loop that keeps snapshots."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from typing import Any

from adjoint.errors import user_errors
from adjoint.ir.schedules import Revolve
from adjoint.specification import check_callable, check_source


class Checkpointed:
    """A function whose inside is not kept for the reverse sweep; see `checkpoint`."""

    def __init__(self, fun: Callable[..., Any]) -> None:
        functools.update_wrapper(self, fun)
        self.primal = fun

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.primal(*args, **kwargs)

    def __get__(self, obj: Any, owner: type | None = None) -> Any:
        return self if obj is None else functools.partial(self, obj)

    def __repr__(self) -> str:
        return f"<checkpoint of {getattr(self.primal, '__name__', 'a function')}>"


@user_errors
def checkpoint(fun: Callable[..., Any]) -> Checkpointed:
    """The same function; a derivative keeps the arguments of a call only, and runs it once more in the reverse sweep.

    A decorator. It changes time and memory, never a result. A call that has an effect (prints, draws a random number)
    or writes into its arguments is not run twice: then all is kept.

    >>> import numpy as np
    >>> from adjoint import checkpoint, grad
    >>> @checkpoint
    ... def block(x):
    ...     return np.sin(x) * np.exp(x)
    >>> def model(x):
    ...     return np.sum(block(block(x)))
    >>> grad(model)(np.ones(1)) == grad(lambda x: np.sum(block.primal(block.primal(x))))(np.ones(1))
    array([ True])

    T. Chen, B. Xu, C. Zhang, C. Guestrin, Training deep nets with sublinear memory cost (2016).
    """
    check_callable(fun)
    check_source(fun)
    return Checkpointed(fun)


@user_errors
def checkpointed(steps: Iterable[Any], snapshots: int) -> Iterable[Any]:
    """The same range; of a loop over it, a derivative keeps at most so many states: `Revolve(snapshots)` for one loop.

    >>> from adjoint import checkpointed, grad
    >>> def power(x, n):
    ...     y = 1.0
    ...     for _ in checkpointed(range(n), snapshots=3):
    ...         y = y * x
    ...     return y
    >>> grad(power)(2.0, 10)
    5120.0
    """
    Revolve(snapshots)
    return steps
