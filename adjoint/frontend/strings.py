"""Strings that are made when the program runs."""

from __future__ import annotations

from typing import Any

import gast

from adjoint.frontend.abstract import constant_of, from_constant, is_constant
from adjoint.frontend.expressions import Expressions
from adjoint.ir.core import FORMAT
from adjoint.ir.types import type_of_constant


class Strings(Expressions):
    """Lowering of f-strings."""

    def expr_JoinedStr(self, node: Any) -> Any:
        template, parts = "", []
        for piece in node.values:
            if isinstance(piece, gast.Constant):
                template += str(piece.value).replace("{", "{{").replace("}", "}}")
                continue
            conversion = f"!{chr(piece.conversion)}" if piece.conversion != -1 else ""
            spec = ""
            if piece.format_spec is not None:
                written = self.expr(piece.format_spec)
                if not is_constant(written):
                    self.refuse(node, "a format that is known at run time only")
                spec = f":{constant_of(written)}"
            template += f"{{{conversion}{spec}}}"
            parts.append(self.expr(piece.value))
        if all(map(is_constant, parts)):
            return from_constant(template.format(*map(constant_of, parts)))
        inputs: list[Any] = []
        args = tuple(self.template(part, inputs) for part in parts)
        with self.at(node):
            types = (type_of_constant(""),)
            return self.builder.emit(FORMAT, inputs, {"template": template, "args": args}, types=types)[0]

    def expr_FormattedValue(self, node: Any) -> Any:
        return self.expr_JoinedStr(gast.JoinedStr(values=[node]))
