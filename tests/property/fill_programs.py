"""Random programs whose steps write arrays at places of all kinds, many of them alike in every step, as source text.

A program takes two vectors, a number, their length and how many steps to make. It returns a number.
"""

NUMBERS = ("0", "1", "-1", "-2", "n - 1", "n - 2")
SLICES = (":", "1:-1", "1:", ":-1", "2:", ":-2", "1:n - 1", ":2", "-2:", ":n", "::2", "0:1", "1:2")
OF_INDEX = ("{}", "{}", "{}", "{}", "{} - 1", "{} - 1", "{} + 1", "{}:", ":{}", "{} + 1:", ":{} + 1", "n - 1 - {}")
RANGES = ("n", "n", "1, n", "1, n - 1", "n - 2", "n - 1, -1, -1", "n - 2, 0, -1", "0, n, 2", "2, n", "3", "0", "2, 1")
CONDITIONS = ("a > 0.0", "n > 2", "x[0] > 0.0", "x[-1] > a")
MADE = {
    1: ("np.zeros(n)", "np.zeros(len(u))", "np.ones(len(u))", "x.copy()", "x * 2.0", "w * 2.0"),
    2: ("np.zeros((n, n))", "np.zeros((len(u), len(u)))", "np.outer(x, x) * a"),
}


class FillWriter:
    """Draws the lines of one program."""

    def __init__(self, random):
        self.random = random
        self.pick = random.choice
        self.axes = {"w": 1} if random.random() < 0.5 else {"w": 1, self.pick("yz"): self.pick((1, 2))}

    def happens(self, chance):
        return self.random.random() < chance

    def text(self):
        lines = ["def program(u, x, a, n, steps):", *(["    n = len(u)"] if self.happens(0.5) else [])]
        lines += ["    s, c = 0.0, 0", "    w = x * 0.5"]
        lines += [f"    {name} = {self.pick(MADE[axes])} + 0.25" for name, axes in self.axes.items()]
        lines += ["    for t in range(steps):"] if self.happens(0.8) else ["    while c < steps:", "        c += 1"]
        lines += [f"        {name} = {self.pick(MADE[k])}" for name, k in self.axes.items() if self.happens(0.3)]
        for _ in range(self.pick((2, 3, 4))):
            lines += self.statement(2, ())
        lines += [f"        u = u * 0.5 + {self.read(())}"]
        used = " + ".join(f"np.sum({name} * 1.25)" for name in self.axes)
        return "\n".join([*lines, f"    return np.sum(u) + s + {used}", ""])

    def statement(self, depth, indices):
        indent, kind = "    " * depth, self.random.random()
        if kind < 0.45 or depth > 4:
            return [f"{indent}{self.place(indices)} {self.pick(('=', '=', '=', '+=', '*='))} {self.number(indices)}"]
        if kind < 0.6:
            return [f"{indent}s = s * 0.5 + {self.number(indices)}", f"{indent}u = u + s"]
        if kind < 0.7:
            head = [f"{indent}if {self.pick(CONDITIONS)}:", *self.statement(depth + 1, indices)]
            return head + ([f"{indent}else:", *self.statement(depth + 1, indices)] if self.happens(0.5) else [])
        index = "ijk"[len(indices)]
        lines = [f"{indent}for {index} in range({self.pick(RANGES)}):"]
        for _ in range(self.pick((1, 1, 2, 3))):
            lines += self.statement(depth + 1, (*indices, index))
        return lines

    def place(self, indices):
        name = self.pick(tuple(self.axes))
        return f"{name}[{', '.join(self.axis(indices) for _ in range(self.axes[name]))}]"

    def axis(self, indices):
        if indices and self.happens(0.6):
            return self.pick(OF_INDEX).format(self.pick(indices))
        return self.pick(NUMBERS + SLICES)

    def read(self, indices):
        return f"np.sum({self.place(indices)})"

    def number(self, indices):
        if self.happens(0.1):
            return self.pick(("s", "u[0]"))
        plain = (f"({indices[-1]} + 1.0)", f"x[{indices[-1]} % n]") if indices else ("1.5", "a", "x[0]", "2.0 * a")
        return self.read(indices) if self.happens(0.5) else self.pick(plain)
