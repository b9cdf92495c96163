"""What a user can ask for: the values of `schedule=` and `memory_budget=`."""

from __future__ import annotations

import operator
import re
from dataclasses import dataclass
from typing import Any, TypeAlias

NAMES = ("auto", "store", "recompute", "sqrt")

UNITS = {
    "b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "tb": 10**12,
    "kib": 2**10, "mib": 2**20, "gib": 2**30, "tib": 2**40,
}  # fmt: skip


@dataclass(frozen=True, slots=True, repr=False)
class Revolve:
    """Each loop keeps at most `snapshots` of its states, the initial one included, and repeats the fewest steps.

    Binomial checkpointing, Griewank and Walther 2000. A loop whose number of steps is not known beforehand
    thins its snapshots as it runs. `disk` more states may lie in a temporary file: those that are read least
    often (P. Stumm and A. Walther, MultiStage approaches for optimal offline checkpointing, SIAM J. Sci.
    Comput. 31, 2009).

    >>> import numpy as np
    >>> from adjoint import Revolve, grad
    >>> def simulate(u, n):
    ...     for _ in range(n):
    ...         u = u + 0.1 * np.sin(u)
    ...     return np.sum(u)
    >>> grad(simulate, schedule=Revolve(snapshots=5))(np.ones(3), 100) == grad(simulate)(np.ones(3), 100)
    array([ True,  True,  True])
    """

    snapshots: int
    disk: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "snapshots", checked_snapshots(self.snapshots))
        object.__setattr__(self, "disk", _checked_disk(self.disk))

    def __repr__(self) -> str:
        disk = f", disk={self.disk}" if self.disk else ""
        return f"Revolve(snapshots={self.snapshots}{disk})"

    @property
    def slots(self) -> int:
        """How many states are kept at most, in memory and on disk."""
        return self.snapshots + self.disk


@dataclass(frozen=True, slots=True)
class Recursive:
    """Each loop of n steps keeps log2(n) of its states and runs each step at most log2(n) times more.

    >>> from adjoint import Recursive, grad
    >>> def power(x, n):
    ...     y = 1.0
    ...     for _ in range(n):
    ...         y = y * x
    ...     return y
    >>> grad(power, schedule=Recursive())(2.0, 10)
    5120.0
    """


Schedule: TypeAlias = str | Revolve | Recursive


def checked_snapshots(value: Any) -> int:
    """A number of snapshots: an integer from 1 on."""
    snapshots = _integer(value)
    if snapshots is None:
        raise TypeError(f"the number of snapshots is an int, not {value!r}")
    if snapshots < 1:
        raise ValueError(f"a loop needs at least one snapshot, its initial state; got {snapshots}")
    return snapshots


def _checked_disk(value: Any) -> int:
    disk = _integer(value)
    if disk is None:
        raise TypeError(f"disk= is a number of snapshots, an int, not {value!r}")
    if disk < 0:
        raise ValueError(f"disk= is a number of snapshots, not {disk}")
    return disk


def parse_schedule(value: Any) -> Schedule:
    """The value of `schedule=`, if it is one."""
    if isinstance(value, (Revolve, Recursive)) or (isinstance(value, str) and value in NAMES):
        return value
    known = f"{', '.join(map(repr, NAMES))}, Revolve(snapshots=c) and Recursive()"
    if isinstance(value, type) and issubclass(value, (Revolve, Recursive)):
        call = "Revolve(snapshots=20)" if value is Revolve else "Recursive()"
        raise TypeError(f"schedule={value.__name__} is the class; give a value of it: schedule={call}")
    if isinstance(value, str):
        raise ValueError(f"there is no schedule {value!r}; there are {known}")
    raise TypeError(f"schedule={value!r} is not a schedule; there are {known}")


def parse_budget(value: Any) -> int:
    """Bytes of `memory_budget=`: an int, or text such as "512 MB" (10^6 bytes) or "2 GiB" (2^30 bytes)."""
    size: int | None
    if isinstance(value, str):
        match = re.fullmatch(r"\s*(\d+(?:\.\d*)?|\.\d+)\s*([a-z]+)\s*", value, re.IGNORECASE)
        if match is None or match[2].lower() not in UNITS:
            raise ValueError(f'memory_budget={value!r} is not a size; write bytes as an int, or "512 MB"')
        size = int(float(match[1]) * UNITS[match[2].lower()])
    else:
        size = _integer(value)
        if size is None:
            raise TypeError(f'memory_budget={value!r} is not a size; write bytes as an int, or "512 MB"')
    if size <= 0:
        raise ValueError(f"memory_budget={value!r} leaves no memory at all")
    return size


def _integer(value: Any) -> int | None:
    """An int of Python or NumPy; None for anything else, and for a boolean."""
    try:
        return None if isinstance(value, bool) else operator.index(value)
    except TypeError:
        return None
