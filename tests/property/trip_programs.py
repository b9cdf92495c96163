"""Random programs whose loops read and write parts of arrays, exchange arrays, and keep parts of them, as source text.

A program takes two vectors of five numbers, two matrices of 5 by 5, and an integer. Many parts are the same in every
trip, so that they may be taken before the loop; names change places in loops inside of loops and in branches.
"""

PARTS = {
    1: ("1:-1", ":-2", "2:", "::2", "::-1", "k:", "k:-1", "0:3", "...", "1:", ":-1"),
    2: ("1:-1, 1:-1", ":, 0", "0", "k", "k, 1:", "1:, k", ":, ::-1", "1:-1", "0, 1:-1", "..., 1", "1, 2", "None, 0"),
}
OF_TRIP = {1: ("{0}", "{0}:", ":{0} + 1"), 2: ("{0}", "{0}, 1:", ":, {0}", "{0}, {0}", "{0}, 1", "1, {0}")}
RANKS = {"x": 1, "y": 1, "a": 2, "b": 2}
INDICES = ("i", "j", "l")


class TripWriter:
    """Draws the lines of one program; `indices` are those of the loops around a statement."""

    def __init__(self, random):
        self.random = random
        self.lines = []

    def line(self, depth, text):
        self.lines.append("    " * depth + text)

    def part(self, indices, name=None):
        name = name or self.random.choice("xyab")
        if indices and self.random.random() < 0.3:
            item = self.random.choice(OF_TRIP[RANKS[name]]).format(self.random.choice(indices))
        else:
            item = self.random.choice(PARTS[RANKS[name]])
        return f"{name}[{item}]"

    def total(self, depth, text):
        self.line(depth, f"total = total + {text}")

    # ---- statements

    def statement(self, depth, indices):
        kinds = ["write"] * 6 + ["read"] * 3 + ["swap", "swap", "keep", "copy"]
        if depth < 4:
            kinds += ["branch", "branch"] + ["loop"] * (3 * (len(indices) < len(INDICES)))
        getattr(self, f"add_{self.random.choice(kinds)}")(depth, indices)

    def add_write(self, depth, indices):
        part, other = self.part(indices), self.part(indices)
        operator, value = self.random.choice((
            ("=", f"0.3 * np.sin({part}) + 0.1 * np.sum({other})"), ("+=", f"0.3 * np.cos({part})"),
            ("*=", f"np.cos({part})"), ("-=", f"0.1 * np.sum({other})"), ("=", f"np.tanh({part} * {part})"),
            ("=", f"0.1 * np.sum({other})"),
        ))  # fmt: skip
        self.line(depth, f"{part} {operator} {value}")

    def add_read(self, depth, indices):
        part, other = self.part(indices), self.part(indices)
        self.line(depth, f"v = {part}")
        self.total(depth, "np.sum(v * v)")
        if self.random.random() < 0.5:
            self.line(depth, f"{part} = 0.5 * v")
        self.total(depth, f"np.sum(np.cos(v) * {other}.sum())")

    def add_swap(self, depth, indices):
        self.line(depth, self.random.choice(("x, y = y, x", "a, b = b, a")))

    def add_keep(self, depth, indices):
        part = f"{self.random.choice('xy')}[{self.random.choice(PARTS[1])}]"  # items of one rank
        self.line(depth, f"kept.append({part}{self.random.choice(('', '.copy()', ' * 2.0'))})")

    def add_copy(self, depth, indices):
        name = self.random.choice("xyab")
        self.line(depth, f"{name} = {name}{self.random.choice((' * 1.1', '.copy()'))}")

    def add_branch(self, depth, indices):
        tests = [f"np.sum({self.part(indices)}) > 0.5", "k > 1", *(f"{index} % 2 == 0" for index in indices[-1:])]
        self.line(depth, f"if {self.random.choice(tests)}:")
        self.block(depth + 1, indices, 2)
        if self.random.random() < 0.5:
            self.line(depth, "else:")
            self.block(depth + 1, indices, 1)

    def add_loop(self, depth, indices):
        index = INDICES[len(indices)]
        self.line(depth, f"for {index} in range({self.random.choice(('4', '3', 'k', '1, 4'))}):")
        self.block(depth + 1, (*indices, index), 3)
        if self.random.random() < 0.2:
            self.line(depth + 1, "if total > 30.0:")
            self.line(depth + 2, "break")

    def block(self, depth, indices, size):
        for _ in range(self.random.randint(1, size)):
            self.statement(depth, indices)

    def text(self, size):
        self.line(0, "def program(x, y, a, b, k):")
        if self.random.random() < 0.7:
            self.line(1, "x, y = x.copy(), y * 1.0")
        self.line(1, "total, kept = 0.0, []")
        for _ in range(size):
            self.add_loop(1, ())
        self.line(1, "for q in kept:")
        self.total(2, "0.1 * np.sum(q * q)")
        self.line(1, "return total + np.sum(np.sin(x)) + np.sum(y * y) + np.sum(np.cos(a)) + np.sum(b * b)")
        return "\n".join(self.lines) + "\n"
