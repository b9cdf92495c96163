"""Text to a callable whose lines show in tracebacks, and notes on what fails in it."""

from __future__ import annotations

import builtins
import linecache
import math
from collections.abc import Callable, Mapping
from itertools import count
from typing import Any

import numpy as np

from adjoint import runtime
from adjoint.codegen.generate import Generated
from adjoint.errors import Span

_numbers = count(1)
_spans: dict[str, tuple[Span | None, ...]] = {}


def load(generated: Generated, extra_namespace: Mapping[str, Any] | None = None) -> Callable[..., Any]:
    """Compile and run the text, and give the function that it defines.

    The text stays in `linecache`, so tracebacks, pdb and coverage show its lines.
    """
    filename = f"<adjoint {generated.entry} {next(_numbers)}>"
    namespace: dict[str, Any] = {"np": np, "math": math, "__builtins__": builtins, "__name__": "adjoint.generated"}
    namespace.update((name, getattr(runtime, name)) for name in generated.helpers)
    namespace.update(generated.constants)
    namespace.update(extra_namespace or {})
    exec(compile(generated.text, filename, "exec"), namespace)  # noqa: S102  # what this package is for
    lines = generated.text.splitlines(keepends=True)
    linecache.cache[filename] = (len(generated.text), None, lines, filename)
    _spans[filename] = generated.spans
    function: Callable[..., Any] = namespace[generated.entry]
    return function


def annotate(error: BaseException) -> None:
    """Add one note to an exception: the user's file, line and source behind the generated line that failed."""
    if getattr(error, "__adjoint_noted__", False):
        return
    span, function = None, ""
    trace = error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        spans = _spans.get(code.co_filename)
        if spans is not None and 0 < trace.tb_lineno <= len(spans) and spans[trace.tb_lineno - 1] is not None:
            span, function = spans[trace.tb_lineno - 1], code.co_name
        trace = trace.tb_next
    if span is None:
        return
    where = span.function or function
    error.add_note(f"in {where}, {span.file}:{span.line}: {span.text.strip()}")
    try:
        error.__adjoint_noted__ = True  # type: ignore[attr-defined]  # marks the exception itself
    except AttributeError:
        return
