"""The table of derivatives as text: what `adjoint rules` prints and what docs/rules.md holds."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from adjoint.ir.core import Primitive
from adjoint.rules import registry
from adjoint.rules.registry import RULES, Rule, name_of

ZERO = "nondifferentiable"


@dataclass(frozen=True, slots=True)
class Row:
    """One function: how its derivative is declared, its operands, the arguments it may be called with or not."""

    name: str
    kind: str
    home: str  # the package that the function belongs to
    family: str  # the module of the rule
    operands: str
    known: tuple[str, ...]
    refused: tuple[str, ...]


def rows() -> list[Row]:
    """All functions with a rule, by name; what only the compiler calls is left out."""
    found: dict[str, Row] = {}
    for fun, primitive in _callables():
        name = name_of(fun)
        if name not in found and not _is_internal(fun, name):
            found[name] = _row(name, fun, primitive, RULES[primitive])
    return [found[name] for name in sorted(found)]


def _callables() -> Iterator[tuple[Any, Primitive]]:
    for fun, primitive in registry.entries():
        if primitive in RULES:
            yield fun, primitive


def _is_internal(fun: Any, name: str) -> bool:
    return name.startswith("_") or _home(fun) == "adjoint"


def _home(fun: Any) -> str:
    owner = getattr(fun, "__self__", None)
    plain = owner if isinstance(owner, np.ufunc) else inspect.unwrap(fun)
    if isinstance(plain, np.ufunc):
        return "numpy" if getattr(np, plain.__name__, None) is plain else "scipy"
    return str(getattr(plain, "__module__", None) or "").partition(".")[0].lstrip("_")


def _row(name: str, fun: Any, primitive: Primitive, rule: Rule) -> Row:
    if rule.body is None:
        return Row(name, rule.kind, _home(fun), "", "", (), ())
    operands, known = _operands(rule.kind, rule.body), primitive.attributes
    meant = {*known, *operands, *_names_of_operands(primitive)}
    refused = tuple(option for option in _options(fun) if option not in meant)
    family = str(rule.body.__module__).rpartition(".")[2]
    return Row(name, rule.kind, _home(fun), family, ", ".join(operands), known, refused)


def _names_of_operands(primitive: Primitive) -> list[str]:
    """What the program calls the operands, by the signature that calls are bound to."""
    if primitive.signature is None:
        return []
    parameters = list(primitive.signature.parameters.values())
    if any(p.kind is p.VAR_POSITIONAL for p in parameters) and not hasattr(primitive.signature, "also"):
        return [name for name, kind in _kinds(primitive.fun).items() if kind is inspect.Parameter.POSITIONAL_OR_KEYWORD]
    if primitive.operands is None:
        parameters = [p for p in parameters if p.kind is not p.KEYWORD_ONLY]
    else:
        parameters = parameters[: primitive.operands]
    return [p.name for p in parameters] + list(getattr(primitive.signature, "also", ()))


def _options(fun: Any) -> list[str]:
    """The parameters of a function that need not be given."""
    return [p.name for p in _parameters(fun) if p.default is not p.empty or p.kind is p.KEYWORD_ONLY]


def _kinds(fun: Any) -> dict[str, Any]:
    return {p.name: p.kind for p in _parameters(fun)}


def _parameters(fun: Any) -> list[inspect.Parameter]:
    if isinstance(fun, np.ufunc):
        return []
    try:
        return list(inspect.signature(fun).parameters.values())
    except (TypeError, ValueError):
        return []


def _operands(kind: str, body: Any) -> tuple[str, ...]:
    """The names that the rule gives its operands."""
    parameters = list(inspect.signature(body).parameters.values())
    positional = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    rest = [f"*{p.name}" for p in parameters if p.kind is p.VAR_POSITIONAL]
    if kind in ("linear", "bilinear", "vjp"):
        positional = positional[1:]
    elif kind == "jvp":
        positional = positional[len(positional) // 2 :]
    return (*positional, *rest)


# ---- text


def listing(chosen: Iterable[Row]) -> str:
    """One line for each function: name, kind, operands, `; ` arguments, and after `not` those that are refused."""
    chosen = list(chosen)
    wide = max((len(row.name) for row in chosen), default=0)
    kinds = max((len(row.kind) for row in chosen), default=0)
    lines = []
    for row in chosen:
        text = f"{row.name:{wide}}  {row.kind:{kinds}}  {row.operands}"
        text += f"; {', '.join(row.known)}" if row.known else ""
        text += f"; not {', '.join(row.refused)}" if row.refused else ""
        lines.append(text.rstrip() + "\n")
    return "".join(lines)


def page(chosen: Iterable[Row]) -> str:
    """The same as Markdown, by the file that holds the rule."""
    chosen = list(chosen)
    parts = []
    for family in sorted({row.family for row in chosen if row.family}):
        summary = (sys.modules[f"adjoint.rules.{family}"].__doc__ or "").partition("\n")[0]
        parts.append(f"## {family}\n\n{summary}\n\n")
        parts.append("| function | declared as | operands | arguments | refused |\n|---|---|---|---|---|\n")
        for row in chosen:
            if row.family == family:
                cells = (row.name, row.kind, row.operands, ", ".join(row.known), ", ".join(row.refused))
                parts.append("| " + " | ".join(f"`{cell}`" if cell else "" for cell in cells) + " |\n")
        parts.append("\n")
    zeros = ", ".join(f"`{row.name}`" for row in chosen if row.kind == ZERO)
    return "".join(parts) + f"## zero\n\nDeclared to have the derivative zero wherever there is one: {zeros}.\n"
