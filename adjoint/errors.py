"""Every error that a user can meet, each with a place in the user's source, a reason and a hint.

In: nothing. May import: nothing of the package.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath


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
        return f"  --> {self.place}:{self.col}\n{gutter}{self.text}\n{blank}{' ' * self.col}{caret}"


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

    def __init__(self, message: str, span: Span | None = None, hint: str | None = None) -> None:
        self.problems: Sequence[Problem] = (Problem(message, span, hint),)
        super().__init__(str(self.problems[0]))

    @classmethod
    def of(cls, problems: Sequence[Problem]) -> AdjointError:
        """One error for several findings, in source order."""
        error = cls("")
        error.problems = tuple(problems)
        error.args = ("\n\n".join(map(str, problems)),)
        return error


class UnsupportedError(AdjointError):
    """Syntax or an operation outside the subset of Python that is differentiated."""


class MissingRuleError(AdjointError):
    """A function that needs a derivative has no rule."""


class TypeInferenceError(AdjointError, TypeError):
    """A type that the compiler needs cannot be found, or does not fit."""


class AliasError(AdjointError):
    """Arrays share memory in a way that makes a write ambiguous."""


class BudgetError(AdjointError):
    """No schedule fits the memory budget; `smallest_feasible` bytes would."""

    def __init__(self, message: str, smallest_feasible: int = 0) -> None:
        self.smallest_feasible = smallest_feasible
        super().__init__(message)


class VerifyError(AdjointError):
    """The compiler made an ill-formed program: a bug of adjoint, never of the user."""

    def __init__(self, message: str, dump: str = "") -> None:
        self.dump = dump
        super().__init__(f"this is a bug in adjoint: {message}\n\n{dump}")
