"""Types as text, for the command line: `f8[3,4], f4[n], c16, i8`."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from adjoint.ir.types import PY_BOOL, PY_COMPLEX, PY_FLOAT, PY_INT, UNKNOWN, ArrayType, Dim, Symbol

_PYTHON_SCALARS = {"float64": PY_FLOAT, "int64": PY_INT, "complex128": PY_COMPLEX, "bool": PY_BOOL}
_ITEM = re.compile(r"\s*(?P<dtype>\w+|\?)\s*(?P<brackets>\[(?P<sizes>[^\[\]]*)\])?\s*(?:,|$)")


def parse_types(text: str, names: Sequence[str] = ()) -> list[ArrayType]:
    """The types of arguments; `names` are the parameters, after which sizes are called.

    A dtype alone is a Python scalar where Python has one, else a NumPy scalar; with brackets it is an
    array. Specialisation distinguishes an axis of length 1 from any other, so 1 is kept and every other
    number or name only says "not 1". `?` is the unknown type, `?[3]` an array of unknown dtype.

    >>> [str(type_) for type_ in parse_types("f8[3,1], f4[n], f8, f4, ?", ["w", "x"])]
    ['f8[w0, 1]', 'f4[x0]', 'py:f8', 'np:f4', '?[...]']
    """
    types: list[ArrayType] = []
    position = 0
    while position < len(text.rstrip()):
        match = _ITEM.match(text, position)
        if match is None:
            rest = text[position:].strip()
            raise ValueError(f"cannot read types at {rest!r}; write them like `f8[3,4], f4[n], f8, i8`")
        name = names[len(types)] if len(types) < len(names) else f"arg{len(types)}"
        types.append(_type_of(match["dtype"], match["sizes"] if match["brackets"] else None, name))
        position = match.end()
    return types


def _type_of(dtype_text: str, sizes: str | None, name: str) -> ArrayType:
    dtype = None if dtype_text == "?" else _dtype_name(dtype_text)
    if sizes is None:
        return UNKNOWN if dtype is None else _PYTHON_SCALARS.get(dtype) or ArrayType(dtype, (), "np")
    parts = [part.strip() for part in sizes.split(",")] if sizes.strip() else []
    return ArrayType(dtype, tuple(_dim(part, f"{name}{axis}") for axis, part in enumerate(parts)))


def _dtype_name(text: str) -> str:
    try:
        dtype = np.dtype(text)
    except TypeError:
        dtype = np.dtype(object)
    if dtype.kind not in "biufc":
        raise ValueError(f"{text!r} is no type of numbers; some are f8, f4, c16, i8, b1")
    return dtype.name


def _dim(text: str, name: str) -> Dim:
    if not (text.isdecimal() or text.isidentifier()):
        raise ValueError(f"{text!r} is neither a length nor the name of one")
    return 1 if text.isdecimal() and int(text) == 1 else Symbol(name, not_one=True)
