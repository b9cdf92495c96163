"""Random programs as source text, and functions made of it whose source can be found again.

A program takes two floats, arrays of shapes (3,), (2, 1), (1, 3) and (2, 3), and an integer, and returns
a number. Statements keep the shapes of names, so that every operation broadcasts; values are squashed
now and then, so that nothing overflows. Branches test sums against numbers that are hardly ever met.
"""

import linecache
import math
from itertools import count

import numpy as np
from hypothesis import strategies as st

SHAPES = {"x": (), "y": (), "v": (3,), "c": (2, 1), "r": (1, 3), "a": (2, 3)}
SQUASHING = ("np.tanh({})", "np.sin({})", "np.cos({})", "np.arctan({})")
SMOOTH = (
    *SQUASHING, "np.exp(-abs({0}))", "np.sqrt(1.5 + {0} * {0})", "np.log(2.0 + {0} * {0})", "({0}) ** 2", "-({0})",
)  # fmt: skip
PAIRS = (
    "({} + {})", "({} - {})", "{} * {}", "({} + {})", "{0} / (1.5 + ({1}) ** 2)", "np.maximum({}, {})",
    "np.where({0} > 0.1, {0}, {1})", "np.arctan2({0}, 2.0 + ({1}) ** 2)",
)  # fmt: skip
HELPERS = """\
def blend(p, q):
    if np.sum(p) > 0.2:
        return p * 0.5 + q
    return q - p


def steps(p, n):
    for j in range(n):
        p = np.sin(p) + 0.1 * j
    return p


def split(p, q):
    return p * q, p - q


"""


class Writer:
    """Draws the lines of one program; `names` are the names in reach and their shapes."""

    def __init__(self, random):
        self.random = random
        self.names = dict(SHAPES)
        self.lines = []
        self.fresh = count()
        self.index = None  # the innermost loop variable

    def line(self, depth, text):
        self.lines.append("    " * depth + text)

    def new_name(self):
        return f"t{next(self.fresh)}"

    # ---- expressions

    def leaf(self, shape):
        fitting = [name for name, other in self.names.items() if broadcasts_to(other, shape)]
        exact = [name for name in fitting if self.names[name] == shape]
        choice = self.random.random()
        if exact and choice < 0.7:
            return self.random.choice(exact)
        if fitting and choice < 0.9:
            return self.random.choice(fitting)
        return repr(self.random.choice((0.5, 2, 1.25, -0.75, 3)))

    def expression(self, shape, depth=2):
        choice = self.random.random()
        if depth == 0 or choice < 0.15:
            return self.leaf(shape)
        if choice < 0.55:
            return self.random.choice(PAIRS).format(self.operand(shape, depth), self.operand(shape, depth))
        if choice < 0.8:
            return self.random.choice(SMOOTH).format(self.expression(shape, depth - 1))
        if choice < 0.88:
            helper = self.random.choice(("blend({}, {})", "steps({0}, 2)", "(lambda t: t * {0})({1})"))
            return helper.format(self.operand(shape, depth), self.operand(shape, depth))
        return self.reduction(shape, depth)

    def operand(self, shape, depth):
        smaller = self.random.choice([shape, shape, *(s for s in SHAPES.values() if broadcasts_to(s, shape))])
        return self.expression(smaller, depth - 1)

    def reduction(self, shape, depth):
        """Something of a shape out of something larger."""
        inner = depth - 1
        if shape == ():
            forms = (
                ("np.sum({})", (2, 3)), ("{}.mean()", (2, 3)), ("np.max({})", (3,)), ("{}[1]", (3,)),
                ("{}[0, -1]", (2, 3)),
                ("np.sum({0}[1:] * {0}[:-1])", (3,)), ("({} @ v)", (3,)), ("np.sum({}[::2])", (3,)),
            )  # fmt: skip
            if self.index:
                forms = (*forms, (f"{{}}[{self.index} % 3]", (3,)), (f"{{}}[{self.index} % 2, 1]", (2, 3)))
        elif shape == (3,):
            forms = (
                ("np.sum({}, axis=0)", (2, 3)), ("{}[1]", (2, 3)), ("{}[0]", (1, 3)), ("np.cumsum({})", (3,)),
                ("{}[::-1]", (3,)),
            )  # fmt: skip
        elif shape == (2, 1):
            forms = (("np.sum({}, axis=1, keepdims=True)", (2, 3)), ("{}[:, 1:2]", (2, 3)))
        elif shape == (1, 3):
            forms = (("{}[None, :]", (3,)), ("{}.reshape(1, 3)", (3,)), ("{}[:1]", (2, 3)))
        else:
            forms = (("np.outer(c[:, 0], {})", (3,)), ("np.stack([{0}, v])", (3,)), ("{}[::-1]", (2, 3)))
        form, wanted = self.random.choice(forms)
        body = self.random.choice([n for n, s in self.names.items() if s == wanted])
        if self.random.random() < 0.5:
            body = f"({body} * {self.expression(wanted, inner)})"
        return form.format(body)

    def condition(self):
        number = self.random.choice((0.137, -0.211, 0.713))
        forms = [f"{self.expression((), 1)} > {number}", f"np.sum({self.expression((3,), 1)}) < {number}", "n % 2 == 0"]
        if self.index:
            forms.append(f"{self.index} > 0")
        first = self.random.choice(forms)
        return f"{first} and x < 1.5" if self.random.random() < 0.2 else first

    # ---- statements

    def block(self, depth, size):
        for _ in range(self.random.randint(1, size)):
            self.statement(depth)

    def statement(self, depth):
        kinds = ["assign"] * 4 + ["augment", "swap", "several", "buffer"]
        if depth < 3:
            kinds += ["branch", "for", "for", "while", "early", "closure"]
        getattr(self, f"add_{self.random.choice(kinds)}")(depth)

    def squashed(self, shape):
        text = self.expression(shape)
        text = self.random.choice(SQUASHING).format(text) if self.random.random() < 0.6 else f"0.5 * ({text})"
        if shape and not any(name in text for name in self.names if self.names[name] == shape):
            text = f"np.zeros({shape}) + {text}"
        return text

    def exactly(self, shape):
        """An expression of just this shape: constants and smaller operands broadcast."""
        like = self.random.choice([name for name, other in self.names.items() if other == shape])
        return f"{like} * 0.5 + {self.squashed(shape)}"

    def add_assign(self, depth):
        shape = self.random.choice(list(SHAPES.values()))
        text = self.exactly(shape)
        old = self.random.choice([n for n, s in self.names.items() if s == shape])
        name = self.new_name() if self.random.random() < 0.5 else old
        self.names[name] = shape
        self.line(depth, f"{name} = {text}")

    def add_augment(self, depth):
        name = self.random.choice([n for n, s in self.names.items() if s == ()])
        self.line(depth, f"{name} {self.random.choice(('+=', '-=', '*='))} {self.squashed(())}")

    def add_swap(self, depth):
        shape = self.random.choice(list(SHAPES.values()))
        names = [n for n, s in self.names.items() if s == shape]
        one, other = self.random.choice(names), self.random.choice(names)
        self.line(depth, f"{one}, {other} = {self.random.choice((other, self.exactly(shape)))}, {one}")

    def add_several(self, depth):
        shape = self.random.choice(list(SHAPES.values()))
        one, other = self.new_name(), self.new_name()
        self.line(depth, f"{one}, {other} = split({self.exactly(shape)}, {self.exactly(shape)})")
        self.names[one] = self.names[other] = shape

    def add_buffer(self, depth):
        name, index = self.new_name(), f"k{next(self.fresh)}"
        self.line(depth, f"{name} = np.zeros(3)")
        self.line(depth, f"for {index} in range(3):")
        self.line(depth + 1, f"{name}[{index}] = v[{index}] * {self.squashed(())}")
        if self.random.random() < 0.5:
            self.line(depth + 1, f"{name}[{index}] += {name}[{index} - 1] * x")
        self.names[name] = (3,)

    def nested(self, depth, size):
        """A block whose new names are not known after it."""
        known = dict(self.names)
        self.block(depth, size)
        self.names = known

    def add_branch(self, depth):
        self.line(depth, f"if {self.condition()}:")
        self.nested(depth + 1, 2)
        if self.random.random() < 0.6:
            self.line(depth, "else:")
            self.nested(depth + 1, 2)

    def looped(self, depth, header, last=None):
        saved = self.index
        self.line(depth, header[0])
        self.index = header[1]
        self.nested(depth + 1, 3)
        if last:
            self.line(depth + 1, last)
        self.index = saved

    def add_for(self, depth):
        index = f"i{next(self.fresh)}"
        space = self.random.choice(("n", "3", "2", "1, n", "n, 0, -1", "n * 0", "len(v)"))
        self.looped(depth, (f"for {index} in range({space}):", index))

    def add_while(self, depth):
        index = f"k{next(self.fresh)}"
        self.line(depth, f"{index} = 0")
        test = self.random.choice((f"{index} < n", f"{index} < 3 and {self.expression((), 1)} < 0.8"))
        self.looped(depth, (f"while {test}:", index), f"{index} += 1")

    def add_early(self, depth):
        if self.index is not None:
            self.add_assign(depth)
            return
        self.line(depth, f"if {self.condition()}:")
        self.line(depth + 1, f"return {self.squashed(())} + x * y")

    def add_closure(self, depth):
        name, captured = f"f{next(self.fresh)}", self.random.choice([n for n, s in self.names.items() if s == ()])
        self.line(depth, f"def {name}(t):")
        self.line(depth + 1, f"return t * {captured} + {self.expression((), 1)}")
        target = self.new_name()
        self.line(depth, f"{target} = np.tanh({name}({self.expression((), 1)}))")
        self.names[target] = ()

    def result(self):
        parts = [f"np.sum({name})" if shape else name for name, shape in self.names.items()]
        chosen = [parts[0], *self.random.sample(parts[1:], min(5, len(parts) - 1))]
        return " + ".join(f"{k + 1} * {part}" for k, part in enumerate(chosen))

    def text(self, size):
        self.block(1, size)
        self.line(1, f"return {self.result()}")
        return HELPERS + f"def program({', '.join(SHAPES)}, n):\n" + "\n".join(self.lines) + "\n"


def broadcasts_to(shape, other):
    try:
        return np.broadcast_shapes(shape, other) == other
    except ValueError:
        return False


@st.composite
def texts(draw, size=5):
    return Writer(draw(st.randoms(use_true_random=False))).text(size)


_numbers = count()


def made(text):
    """The function of a text, whose source `inspect` finds."""
    name = f"<random program {next(_numbers)}>"
    linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)
    module = {"np": np, "math": math}
    exec(compile(text, name, "exec"), module)
    return module["program"]


def arguments(seed, n):
    rng = np.random.default_rng(seed)
    drawn = (rng.standard_normal(shape) for shape in SHAPES.values())
    return (*(numbers if np.ndim(numbers) else float(numbers) for numbers in drawn), n)
