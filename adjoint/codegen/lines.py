"""Lines of generated text: indented, with the place in the user's program that each belongs to."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from adjoint.errors import Span

INDENT = "    "
FARTHEST = 72
"""The last column at which the comments of a block are aligned; longer statements push theirs out."""


@dataclass(slots=True, eq=False)
class Line:
    depth: int
    text: str
    span: Span | None = None
    comment: str = ""
    block: int = 0  # lines of one block have their comments aligned


@dataclass(slots=True)
class Lines:
    """A growing list of lines, and where the next one goes."""

    items: list[Line] = field(default_factory=list)
    depth: int = 1
    block: int = 0
    blocks: int = 0
    place: str = ""

    def add(self, text: str, span: Span | None = None, sweep: str = "") -> None:
        """Append a statement; one of the reverse sweep carries its place, the first of each run of one place."""
        place = span.place if span and sweep == "adjoint" else ""
        comment = place if place != self.place else ""
        self.place = place
        self.items.append(Line(self.depth, text, span, comment, self.block))

    def indent(self) -> tuple[int, int, str]:
        """Begin a nested block; gives what `dedent` takes."""
        saved = self.depth, self.block, self.place
        self.blocks += 1
        self.depth, self.block, self.place = self.depth + 1, self.blocks, ""
        return saved

    def dedent(self, saved: tuple[int, int, str]) -> None:
        self.depth, self.block, self.place = saved[0], saved[1], ""

    def cut(self, start: int) -> list[Line]:
        """Take away the lines from `start` on."""
        tail = self.items[start:]
        del self.items[start:]
        return tail

    def extend(self, lines: list[Line], shift: int = 0) -> None:
        self.items += [replace(line, depth=line.depth + shift) for line in lines] if shift else lines

    def render(self) -> tuple[str, list[Span | None]]:
        """The text, and the place of each line."""
        columns: dict[int, int] = {}
        for line in self.items:
            if line.comment:
                width = len(INDENT) * line.depth + len(line.text)
                columns[line.block] = max(columns.get(line.block, 0), min(width, FARTHEST))
        texts = []
        for line in self.items:
            written = INDENT * line.depth + line.text
            if line.comment:
                written = f"{written:<{columns[line.block]}}  # {line.comment}"
            texts.append(written)
        return "\n".join(texts) + "\n", [line.span for line in self.items]
