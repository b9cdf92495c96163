"""How calls of SciPy's functions become ops: operands first, every argument known by name."""

import inspect
from functools import wraps

from adjoint.errors import MissingRuleError
from adjoint.ir.core import Literal
from adjoint.ir.types import UNKNOWN, ArrayType, broadcast_shapes, promote
from adjoint.rules.calls import function_with
from adjoint.rules.infer import array_type, infer_elementwise
from adjoint.rules.registry import elementwise, jvp_rule, name_of
from adjoint.rules.trace import Sym, Unknown

# ---- signatures


def ufunc_parameters(fun):
    """Operands of a ufunc by position; its options (`out`, `where`, `dtype`) are refused."""
    names = [f"x{k}" for k in range(fun.nin)]
    return inspect.Signature([inspect.Parameter(name, inspect.Parameter.POSITIONAL_ONLY) for name in names])


def operands_first(fun, parameters, split=None, results=None):
    """For functions whose operands do not come first, or are parts of an argument.

    `parameters` are those of `fun`. The function that is decorated takes the operands, then options by name, and gives
    the arguments of `fun`, positional ones and keywords. `split` makes operands and options of the first argument, if
    that is a tuple. `results` is for functions that give, after an array, what their options say: it makes the tuple of
    the array and the options. What is made is the function of a primitive; its `parameters` are the signature.
    """
    public = inspect.signature(function_with(parameters))

    def declare(arrange):
        own = [p for p in inspect.signature(arrange).parameters.values() if p.kind is not p.VAR_KEYWORD]
        rest = list(public.parameters.values())[1 if split else 0 :]
        own += [p.replace(kind=p.KEYWORD_ONLY) for p in rest if p.name not in {known.name for known in own}]

        class Arranged(inspect.Signature):
            def bind(self, *args, **kwargs):
                bound = public.bind(*args, **kwargs)
                bound.apply_defaults()
                given = dict(bound.arguments)
                if split:
                    given = split(*given.pop(next(iter(given)))) | given
                return super().bind(**given)

        @wraps(fun)
        def call(*operands, **options):
            args, kwargs = arrange(*operands, **options)
            found = fun(*args, **kwargs)
            return found[0] if results else found

        call.arrange = arrange
        call.results = results
        call.parameters = Arranged(own)
        return call

    return declare


# ---- what has no derivative


class Refused(Unknown):
    """A derivative that no rule gives, a partial one or a cotangent: an error where it is needed."""

    def __init__(self, fun, operand):
        super().__init__(f"no rule gives the derivative of `{name_of(fun)}` by {operand}")

    def refuse(self, other):
        span = other.tracer.builder.span if isinstance(other, Sym) else None
        raise MissingRuleError(self.text, span, "keep that argument constant")

    __mul__ = __rmul__ = __add__ = __radd__ = __neg__ = refuse


# ---- types


def infer_float(inputs, attrs):
    """Shapes broadcast; floats keep their dtype, and integers become float64."""
    types = [atom.type for atom in inputs if not (isinstance(atom, Literal) and atom.value is None)]
    if not all(isinstance(t, ArrayType) for t in types):
        return UNKNOWN
    return array_type(float_of(promote(tuple(types))), broadcast_shapes(*(t.shape for t in types)), scalar_kind="any")


def infer_float64(inputs, attrs):
    """Shapes broadcast; the function computes in float64 always."""
    type_ = infer_float(inputs, attrs)
    return array_type("float64", type_.shape, scalar_kind="any")


def float_of(dtype):
    if dtype is None or dtype.startswith(("float", "complex")):
        return dtype
    return "float64"


def ufunc_rule(fun):
    """`elementwise` for a ufunc of `scipy.special`."""
    return elementwise(fun, signature=ufunc_parameters(fun))


def ufunc_tangent(fun):
    """`jvp_rule` for a ufunc of `scipy.special`."""
    return jvp_rule(fun, infer=infer_elementwise(fun), signature=ufunc_parameters(fun))
