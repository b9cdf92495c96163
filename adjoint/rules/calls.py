"""Signatures of functions whose operands do not come first, have defaults, or are parts of an argument."""

import inspect
from functools import wraps

import numpy as np

from adjoint.ir.core import Literal
from adjoint.rules.trace import Sym


class Filled(inspect.Signature):
    """A signature whose operands are all there, those that are left out with their defaults."""

    def bind(self, *args, **kwargs):
        bound = super().bind(*args, **kwargs)
        bound.apply_defaults()
        return bound


def filled(parameters):
    """The signature `parameters`, with defaults filled in."""
    scope = {}
    exec(f"def f({parameters}): ...", {"np": np}, scope)  # noqa: S102  # a literal of a rule file
    return Filled.from_callable(scope["f"])


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


def symbol_in(items):
    return next((x for x in items if isinstance(x, Sym)), None)
