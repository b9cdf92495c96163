"""Random programs that write arrays through views and aliases, as source text; see `programs.made`.

A program takes a vector of six numbers, a matrix of 3 by 4, and a number. It returns the arrays that its names
stand for: numbers are computed one by one, so their bits do not depend on how an array lies in memory.
"""

from itertools import count

HELPERS = """\
def scale(part, by):
    part *= by
    part[0] += 0.5
    return part[1:]


def exchange(p, q):
    old = p.copy()
    p[...] = q
    q[...] = np.sin(old)


"""
VIEWS = {
    1: ("{}[1:]", "{}[:-1]", "{}[::-1]", "{}[::2]", "{}[-2::-1]", "{}[:]", "{}[None, :]"),
    2: ("{}[1]", "{}[-1]", "{}[:, 1]", "{}.T", "{}[::-1]", "{}[1:, ::-1]", "np.swapaxes({}, 0, 1)", "{}[:, 1:]"),
}
CONTIGUOUS = {1: ("{}.reshape(2, -1)", "{}.ravel()"), 2: ("{}.reshape(-1)", "{}.ravel()", "{}.reshape(4, -1)")}


class AliasWriter:
    """Draws the lines of one program; `ranks` tells the names in reach, `whole` those whose memory is in one piece."""

    def __init__(self, random):
        self.random = random
        self.ranks = {"a": 1, "m": 2}
        self.whole = {"a", "m"}
        self.lines = []
        self.fresh = count()

    def line(self, depth, text):
        self.lines.append("    " * depth + text)

    def name(self, rank=None):
        return self.random.choice([n for n, r in self.ranks.items() if rank in (None, r)])

    def number(self):
        name = self.name()
        place = "0" if self.ranks[name] == 1 else "0, -1"
        return self.random.choice((f"{name}[{place}]", "x", "0.7", f"np.sin({name}[{place}]) * x"))

    def view_of(self, name):
        rank = self.ranks[name]
        forms = VIEWS[rank] + (CONTIGUOUS[rank] if name in self.whole and name in ("a", "m") else ())
        return self.random.choice(forms).format(name)

    # ---- statements

    def block(self, depth, size):
        for _ in range(self.random.randint(1, size)):
            self.statement(depth)

    def statement(self, depth):
        kinds = ["write"] * 5 + ["update"] * 3 + ["call", "boxed", "exchange", "out"]
        if depth == 1:
            kinds += ["view"] * 4 + ["copy", "alias", "swap"]
        if depth < 3:
            kinds += ["rows", "branch", "loop", "loop"]
        getattr(self, f"add_{self.random.choice(kinds)}")(depth)

    def add_view(self, depth):
        source, name = self.name(), f"v{next(self.fresh)}"
        text = self.view_of(source)
        self.line(depth, f"{name} = {text}")
        drops = any(end in text for end in ("[1]", "[-1]", "[:, 1]", "(-1)", "ravel"))
        grows = "None" in text or "(2, -1)" in text
        self.ranks[name] = 1 if drops else 2 if grows else self.ranks[source]

    def add_copy(self, depth):
        source, name = self.name(), f"c{next(self.fresh)}"
        self.line(depth, f"{name} = {source}.copy()")
        self.ranks[name] = self.ranks[source]

    def add_alias(self, depth):
        source, name = self.name(), f"b{next(self.fresh)}"
        self.line(depth, f"{name} = {source}")
        self.ranks[name] = self.ranks[source]

    def add_swap(self, depth):
        rank = self.random.choice((1, 2))
        p, q = self.name(rank), self.name(rank)
        self.line(depth, f"{p}, {q} = {q}, {p}")
        self.whole -= {p, q}

    def add_write(self, depth):
        name = self.name()
        part = {1: ("[0]", "[-1]", "[:2]", "[::-1]"), 2: ("[0]", "[:, 0]", "[0, -1]", "[::2]")}[self.ranks[name]]
        self.line(depth, f"{name}{self.random.choice(part)} = {self.number()}")

    def add_update(self, depth):
        name, operator = self.name(), self.random.choice(("+=", "-=", "*="))
        target = self.random.choice((name, f"{name}[1:]", f"{name}[::-1]"))
        operand = self.random.choice((self.number(), f"np.sin({target})", f"{name}[:1]"))
        self.line(depth, f"{target} {operator} {operand}")

    def add_out(self, depth):
        name = self.name()
        self.line(depth, f"np.{self.random.choice(('sin', 'tanh', 'square'))}({name}, out={name})")

    def add_call(self, depth):
        self.line(depth, f"scale({self.name(1)}, {self.number()})[...] *= {self.number()}")

    def add_exchange(self, depth):
        self.line(depth, f"exchange({self.name(1)}[:1], {self.name(1)}[-1:])")

    def add_boxed(self, depth):
        box = f"box{next(self.fresh)}"
        self.line(depth, f"{box} = [{self.name()}, {{'inner': {self.name(1)}}}]")
        self.line(depth, f"{box}[0][0] *= {self.number()}")
        self.line(depth, f"{box}[1]['inner'][-1:] = {self.number()}")

    def add_rows(self, depth):
        row = f"r{next(self.fresh)}"
        self.line(depth, f"for {row} in {self.name(2)}:")
        self.line(depth + 1, f"{row} *= {self.number()}")
        self.line(depth + 1, f"{row}[0] += {self.number()} - {row}[-1]")

    def add_branch(self, depth):
        self.line(depth, f"if {self.number()} > 0.137:")
        self.block(depth + 1, 2)
        if self.random.random() < 0.5:
            self.line(depth, "else:")
            self.block(depth + 1, 2)

    def add_loop(self, depth):
        index = f"k{next(self.fresh)}"
        self.line(depth, f"for {index} in range({self.random.choice(('2', 'len(m)', '0'))}):")
        name = self.name()
        self.line(depth + 1, f"{name}[{index} % len({name})] *= 0.5 + {index} * x")
        self.block(depth + 1, 2)

    def text(self, size):
        for _ in range(size):
            self.statement(1)
        results = ", ".join(self.random.sample(sorted(self.ranks), min(4, len(self.ranks))))
        return f"{HELPERS}def program(a, m, x):\n" + "\n".join(self.lines) + f"\n    return ({results}, a, m)\n"
