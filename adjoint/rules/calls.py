"""How calls become ops: functions that rules call, and signatures that have defaults or take arguments apart."""

import inspect
from functools import wraps

import numpy as np

from adjoint.ir.core import Literal
from adjoint.rules.trace import Sym

# ---- what rules call


def symbolic(fun):
    """A function for use in rules: with a symbol among its arguments it leaves an op behind."""

    @wraps(fun)
    def call(*args, **kwargs):
        found = symbol_in((*args, *kwargs.values()))
        return fun(*args, **kwargs) if found is None else found.tracer.apply(fun, args, kwargs)

    return call


def symbol_in(items):
    for item in items:
        found = symbol_in(item) if isinstance(item, tuple) else item if isinstance(item, Sym) else None
        if found is not None:
            return found
    return None


# ---- signatures


class Filled(inspect.Signature):
    """A signature whose operands are all there, those that are left out with their defaults."""

    def bind(self, *args, **kwargs):
        bound = super().bind(*args, **kwargs)
        bound.apply_defaults()
        return bound


def filled(parameters):
    """The signature `parameters`, with defaults filled in."""
    return Filled.from_callable(function_with(parameters))


class Gapless(inspect.Signature):
    """A signature whose operands are all there up to the last that is given."""

    def bind(self, *args, **kwargs):
        bound = super().bind(*args, **kwargs)
        last = max(list(self.parameters).index(name) for name in bound.arguments)
        for name, parameter in list(self.parameters.items())[:last]:
            bound.arguments.setdefault(name, parameter.default)
        bound.arguments = {name: bound.arguments[name] for name in self.parameters if name in bound.arguments}
        return bound


def gapless(parameters):
    """The signature `parameters`, with defaults before what is given."""
    return Gapless.from_callable(function_with(parameters))


def function_with(parameters):
    scope = {}
    exec(f"def f({parameters}): ...", {"np": np}, scope)  # noqa: S102  # a literal of a rule file
    return scope["f"]


def arranged(fun, split):
    """Declares how a call of `fun` becomes operands and options, and how these become a call again.

    `split` has the parameters of `fun` and gives the operands, a list, and the options, a dict. The function that is
    decorated takes both and gives the arguments of `fun`, positional ones and keywords; lists and tuples among
    them may hold operands. The result is the function of a primitive, and its `parameters` are the signature.
    """

    def declare(arrange):
        own = inspect.signature(arrange)
        defaults = {name: p.default for name, p in own.parameters.items() if p.kind is p.KEYWORD_ONLY}

        class Arranged(inspect.Signature):
            also = tuple(name for name in inspect.signature(split).parameters if name not in defaults)

            def bind(self, *args, **kwargs):
                operands, options = split(*args, **kwargs)
                return super().bind(*operands, **{k: x for k, x in options.items() if constant(x) is not defaults[k]})

        @wraps(fun)
        def call(*operands, **options):
            args, kwargs = arrange(*operands, **options)
            sym = symbol_in(operands)
            return fun(*args, **kwargs) if sym is None else sym.tracer.apply(fun, args, kwargs)

        call.arrange = arrange
        call.parameters = Arranged(own.parameters.values())
        return call

    return declare


def said(options):
    """Options without those that are None."""
    return {name: item for name, item in options.items() if item is not None}


def constant(x):
    """The value of a constant, and anything else as it is."""
    return x.value if isinstance(x, Literal) else x
