"""The command `adjoint`: dump, check, rules. Exit status 2 for a user error, 1 for a failed check.

In: a command line. Out: text. May import: everything.
"""

from __future__ import annotations

import argparse
import contextlib
import copy
import inspect
import sys
from collections.abc import Callable, Iterator, Sequence
from fnmatch import fnmatchcase
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from adjoint import checks, sources
from adjoint.api import grad
from adjoint.errors import AdjointError, VerifyError
from adjoint.explanation import explain
from adjoint.ir.notation import parse_types
from adjoint.ir.schedules import NAMES, Recursive, Revolve
from adjoint.ir.types import ArrayType
from adjoint.rules import library, table

MODES = ("reverse", "forward", "primal")
STAGES = ("ssa", "typed", "adjoint", "scheduled", "source", "all")


SCHEDULES = 'sqrt, store, recompute, "Revolve(20)", "Recursive()"'


class UserError(Exception):
    """What the user gave cannot be used; the message says why."""


def main(argv: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(argv)
    try:
        status: int = options.run(options)
    except VerifyError:
        raise  # a bug of ours: its traceback is wanted
    except AdjointError as error:
        return _refuse(f"adjoint.{type(error).__name__}: {_text(error)}")
    except UserError as error:
        return _refuse(f"adjoint: error: {error}")
    return status


def _refuse(message: str) -> int:
    print(message, file=sys.stderr)
    return 2


def _text(error: Exception) -> str:
    return "\n".join([str(error), *getattr(error, "__notes__", ())])


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="adjoint", description="Derivatives of Python functions as Python source.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    dump = commands.add_parser("dump", help="print the generated program at any stage")
    dump.add_argument("target", metavar="PATH.py:FUNC")
    dump.add_argument("--mode", choices=MODES, default="reverse")
    dump.add_argument("--argnums", default="0", help='positions or names: "0", "w", "0,2"')
    dump.add_argument("--types", help='types of the arguments: "f8[3,4], f4[n], f8, i8"')
    dump.add_argument("--stage", choices=STAGES, default="source")
    dump.add_argument("--schedule", default="auto", help=SCHEDULES)
    dump.add_argument("-o", dest="file", metavar="FILE", help="write a module that needs only NumPy")
    dump.set_defaults(run=_dump)

    check = commands.add_parser("check", help="compare derivatives with finite differences")
    check.add_argument("target", metavar="PATH.py:FUNC")
    check.add_argument("--args", required=True, help='the arguments as Python: "np.ones(3), 2.0"')
    check.set_defaults(run=_check)

    explain = commands.add_parser("explain", help="tell what a gradient keeps and what it computes again")
    explain.add_argument("target", metavar="PATH.py:FUNC")
    explain.add_argument("--args", required=True, help='the arguments as Python: "np.ones(3), 2.0"')
    explain.add_argument("--argnums", default="0", help='positions or names: "0", "w", "0,2"')
    explain.add_argument("--schedule", action="append", help=f"{SCHEDULES}; several may be given")
    explain.add_argument("--measure", action="store_true", help="run it once more for its peak memory and its steps")
    explain.add_argument("--plot", metavar="FILE", help="draw memory and steps into a .svg or .png file")
    explain.set_defaults(run=_explain)

    rules = commands.add_parser("rules", help="list what has a derivative, and with which arguments")
    rules.add_argument("pattern", nargs="?", default="", metavar="PATTERN")
    rules.set_defaults(run=_rules)
    return parser


def _dump(options: argparse.Namespace) -> int:
    fun = _load(options.target)
    argnums, types = _argnums(options.argnums), _types(options.types, fun)
    schedule = _schedule(options.schedule)
    with _user_errors("cannot differentiate"):
        if options.file and options.stage == "source":
            text = sources.module_text(fun, options.mode, argnums, types, schedule)
        else:
            given = {"mode": options.mode, "argnums": argnums, "types": types, "stage": options.stage}
            text = sources.dump(fun, schedule=schedule, **given)
    text = text.rstrip("\n") + "\n"
    if options.file:
        try:
            Path(options.file).write_text(text, encoding="utf-8")
        except OSError as error:
            raise UserError(f"cannot write {options.file}: {error.strerror}") from error
    else:
        sys.stdout.write(text)
    return 0


def _check(options: argparse.Namespace) -> int:
    fun = _load(options.target)
    grad(fun)  # refuses what no arguments could make differentiable
    value = _evaluated("--args", options.args)
    args = value if isinstance(value, tuple) else (value,)
    with _user_errors("cannot check", (Exception,)):
        rows = checks.gradient_errors(fun, args)
    print("| argument | forward vs differences | reverse vs differences | ok |\n|---|---|---|---|")
    for name, forward, reverse, ok in rows:
        print(f"| {name} | {forward:.1e} | {reverse:.1e} | {'yes' if ok else 'NO'} |")
    wrong = [name for name, *_, ok in rows if not ok]
    if wrong:
        print(f"adjoint: the derivative by {', '.join(wrong)} is wrong", file=sys.stderr)
    return 1 if wrong else 0


def _explain(options: argparse.Namespace) -> int:
    fun = _load(options.target)
    args = _evaluated("--args", options.args)
    schedules = [_schedule(text) for text in options.schedule or ["auto"]]
    args = args if isinstance(args, tuple) else (args,)
    given: Any = {"argnums": _argnums(options.argnums), "measure": options.measure}
    with _user_errors("cannot explain", (Exception,)):
        found = [explain(fun, *copy.deepcopy(args), schedule=schedule, **given) for schedule in schedules]
    print("\n\n".join(map(str, found)))
    if options.plot:
        with _user_errors("cannot plot", (ValueError, ImportError, OSError)):
            found[0].plot(options.plot, *found[1:])
    return 0


def _schedule(text: str) -> Any:
    return text if text in NAMES else _evaluated("--schedule", text)


def _evaluated(option: str, text: str) -> Any:
    """The value of the user's own expression."""
    with _user_errors(f"cannot evaluate {option} {text!r}", (Exception,)):
        return eval(text, {"np": np, "Revolve": Revolve, "Recursive": Recursive})  # noqa: S307


def _rules(options: argparse.Namespace) -> int:
    if options.pattern.startswith("scipy"):
        library.load_all()
    chosen = [row for row in table.rows() if fnmatchcase(row.name, f"*{options.pattern}*")]
    sys.stdout.write(table.listing(chosen))
    return 0


def _load(target: str) -> Callable[..., Any]:
    """The function that `PATH.py:FUNC` names; what its module prints goes to stderr, out of the dump."""
    place, _, name = target.rpartition(":")
    if not place.endswith(".py") or not name:
        raise UserError(f"{target!r} does not name a function as PATH.py:FUNC")
    path = Path(place).resolve()
    if not path.is_file():
        raise UserError(f"there is no file {place}")
    sys.path.insert(0, str(path.parent))
    module = ModuleType(path.stem)
    module.__file__ = str(path)
    sys.modules.setdefault(path.stem, module)  # dataclasses look their module up; a library's name stays the library's
    with _user_errors(f"cannot import {place}", (Exception,)), contextlib.redirect_stdout(sys.stderr):
        SourceFileLoader(path.stem, str(path)).exec_module(module)
    found: Any = module
    for part in name.split("."):
        found = getattr(found, part, None)
    if not callable(found):
        raise UserError(f"{place} defines no function {name!r}")
    fun: Callable[..., Any] = found
    return fun


@contextlib.contextmanager
def _user_errors(what: str, kinds: tuple[type[Exception], ...] = (TypeError, ValueError)) -> Iterator[None]:
    """Turn what a user's input can raise into a message; our own errors have theirs already."""
    try:
        yield
    except AdjointError:
        raise
    except kinds as error:
        raise UserError(f"{what}: {type(error).__name__}: {_text(error)}") from error


def _argnums(text: str) -> int | str | tuple[int | str, ...]:
    parts = (part.strip() for part in text.split(",") if part.strip())
    items = tuple(int(part) if part.lstrip("-").isdecimal() else part for part in parts)
    return items[0] if len(items) == 1 else items


def _types(text: str | None, fun: Callable[..., Any]) -> list[ArrayType] | None:
    if text is None:
        return None
    with _user_errors("--types"):
        return parse_types(text, list(inspect.signature(fun).parameters))
