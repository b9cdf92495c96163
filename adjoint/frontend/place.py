"""Columns of a source line: characters as users count them, not the bytes that `ast` counts."""

from __future__ import annotations

import io
import tokenize


def to_column(text: str, offset: int) -> int:
    """The character at a UTF-8 byte offset."""
    if text.isascii():
        return min(offset, len(text))
    return len(text.encode()[:offset].decode(errors="ignore"))


def last_column(text: str, start: int) -> int:
    """Where the code of a line ends, without a comment and blanks; the line may begin or end inside a string."""
    if "#" in text:
        try:
            for token in tokenize.generate_tokens(io.StringIO(text[start:]).readline):
                if token.type == tokenize.COMMENT:
                    text = text[: start + token.start[1]]
        except (tokenize.TokenError, SyntaxError):
            pass  # a string or a bracket that goes on in the next line
    return len(text.rstrip())
