"""Every error that a user can meet, each with a place in the user's source, a reason and a hint.

In: nothing. May import: nothing of the package.
"""

from __future__ import annotations

import copyreg
import functools
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from types import TracebackType
from typing import Any, ParamSpec, Self, TypeVar

P = ParamSpec("P")
R = TypeVar("R")
E = TypeVar("E", bound=BaseException)


@dataclass(frozen=True, slots=True)
class Span:
    """A range on one source line; columns count from 0, end exclusive.

    `text` is the whole source line, so that an error never re-reads the file.
    """

    file: str
    line: int
    col: int
    end_col: int
    text: str
    function: str = ""

    @property
    def place(self) -> str:
        """`file.py:line`, short enough for a comment."""
        return f"{PurePath(self.file).name}:{self.line}"

    @property
    def expression(self) -> str:
        return self.text[self.col : self.end_col]

    def underline(self) -> str:
        """The place, the line and a caret under the construct."""
        gutter = f"{self.line:>5} | "
        caret = "^" * max(1, self.end_col - self.col)
        blank = " " * (len(gutter) - 2) + "| "
        indent = "".join("\t" if character == "\t" else " " for character in self.text[: self.col])
        return f"  --> {self.place}:{self.col}\n{gutter}{self.text}\n{blank}{indent}{caret}"


@dataclass(frozen=True, slots=True)
class Problem:
    """One finding: what and why, where, and what to write instead."""

    message: str
    span: Span | None = None
    hint: str | None = None

    def __str__(self) -> str:
        parts = [self.message]
        if self.span:
            parts.append(self.span.underline())
        if self.hint:
            parts.append(f"hint: {self.hint}")
        return "\n".join(parts)


class AdjointError(Exception):
    """Base of all errors of the package: what, where, why, and what to write instead."""

    __module__ = "adjoint"
    problems: Sequence[Problem] = ()

    def __init__(self, message: str, span: Span | None = None, hint: str | None = None) -> None:
        self.problems = (Problem(message, span, hint),)
        super().__init__(str(self.problems[0]))

    @classmethod
    def of(cls, problems: Sequence[Problem]) -> Self:
        """One error for several findings, in source order."""
        error = cls.__new__(cls)
        error.problems = tuple(problems)
        error.args = ("\n\n".join(map(str, error.problems)),)
        return error

    @property
    def span(self) -> Span | None:
        """Where the first finding is."""
        return self.problems[0].span if self.problems else None

    @property
    def hint(self) -> str | None:
        """What to write instead at the first finding."""
        return self.problems[0].hint if self.problems else None

    def __reduce__(self) -> Any:
        """Copied and sent between processes as it is: the text is not put together a second time."""
        return copyreg.__newobj__, (type(self), *self.args), self.__dict__  # type: ignore[attr-defined]


class UnsupportedError(AdjointError):
    """Syntax or an operation outside the subset of Python that is differentiated.

    `unbound` is the name that is read before it is bound, if that is what is refused.
    """

    __module__ = "adjoint"
    unbound: str | None = None


class MissingRuleError(AdjointError):
    """A function that needs a derivative has no rule."""

    __module__ = "adjoint"


class TypeInferenceError(AdjointError, TypeError):
    """A type that the compiler needs cannot be found, or does not fit.

    `when_run` is the message of the ValueError that NumPy raises for it, if it does.
    """

    __module__ = "adjoint"
    when_run: str | None = None


class AliasError(AdjointError):
    """Arrays share memory in a way that makes a write ambiguous."""

    __module__ = "adjoint"


class BudgetError(AdjointError):
    """No schedule fits the memory budget; `smallest_feasible` bytes would."""

    __module__ = "adjoint"
    smallest_feasible: int = 0

    def __init__(
        self, message: str, smallest_feasible: int = 0, span: Span | None = None, hint: str | None = None
    ) -> None:
        self.smallest_feasible = smallest_feasible
        super().__init__(message, span, hint)


class VerifyError(AdjointError):
    """The compiler made an ill-formed program: a bug of adjoint, never of the user."""

    __module__ = "adjoint"
    dump: str = ""

    def __init__(self, message: str, dump: str = "", span: Span | None = None) -> None:
        self.dump = dump
        hint = "your program is not at fault; please report this, with the program after this line\n\n" + dump
        super().__init__(f"this is a bug in adjoint: {message}", span, hint.rstrip())


# ---------------------------------------------------------------------------- tracebacks

_PACKAGE = str(Path(__file__).parent) + os.sep


def trim(error: E) -> E:
    """The error without the frames of this package in its traceback, so that the user's line is last."""
    entries = []
    entry = error.__traceback__
    while entry is not None:
        if not entry.tb_frame.f_code.co_filename.startswith(_PACKAGE):
            entries.append(entry)
        entry = entry.tb_next
    kept: TracebackType | None = None
    for entry in reversed(entries):
        kept = TracebackType(kept, entry.tb_frame, entry.tb_lasti, entry.tb_lineno)
    return error.with_traceback(kept)


def user_errors(fun: Callable[P, R]) -> Callable[P, R]:
    """For a public call: an error of the user's program ends at the user's line, without our frames.

    A bare `raise` adds no entry for this frame to a traceback, `raise error` would. Bugs of the
    compiler keep their frames.
    """

    @functools.wraps(fun)
    def public(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return fun(*args, **kwargs)
        except VerifyError:
            raise
        except AdjointError as error:
            error.__cause__ = None
            error.__suppress_context__ = True
            trim(error)
            raise

    return public
