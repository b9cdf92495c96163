"""`np.einsum`: linear in each operand, and its transposes are contractions again.

The cotangent of an operand contracts `bar` with the other operands to the labels of that operand. A label
that stands twice in one operand (a diagonal) gets a new label at each further place and an identity matrix
that ties both; a label that only that operand has is an axis along which the cotangent is constant.
"""

import string

import numpy as np

from adjoint.ir.core import Literal
from adjoint.ir.types import UNKNOWN, ArrayType, broadcast_dims
from adjoint.rules.infer import array_type
from adjoint.rules.join import rank
from adjoint.rules.lengths import strong_dtype
from adjoint.rules.registry import jvp_rule, vjp_rule
from adjoint.rules.trace import ZERO, Zero


def parse(subscripts, ranks):
    """The labels of each operand and of the result, with `...` written out as labels of its own."""
    terms, _, result = subscripts.replace(" ", "").partition("->")
    terms = terms.split(",")
    if len(terms) != len(ranks):
        raise ValueError(f"einsum {subscripts!r} is given {len(ranks)} operands")
    unused = [label for label in string.ascii_letters if label not in subscripts]
    written = [len(term.replace("...", "")) for term in terms]
    extra = [count - n if "..." in term else 0 for term, n, count in zip(terms, written, ranks, strict=True)]
    wide = "".join(unused[: max(extra)])
    unused = unused[max(extra) :]
    if "->" not in subscripts:
        letters = "".join(terms).replace(".", "")
        once = sorted(label for label in set(letters) if letters.count(label) == 1)
        result = ("..." if any("..." in term for term in terms) else "") + "".join(once)
    terms = [term.replace("...", wide[len(wide) - n :]) for term, n in zip(terms, extra, strict=True)]
    if any(len(term) != count for term, count in zip(terms, ranks, strict=True)):
        raise ValueError(f"einsum {subscripts!r} does not fit operands with {', '.join(map(str, ranks))} axes")
    return terms, result.replace("...", wide), unused


def infer_einsum(inputs, attrs):
    if not inputs or not isinstance(inputs[0], Literal) or not isinstance(inputs[0].value, str):
        raise TypeError("the rule of einsum needs subscripts that are a string known at compile time")
    types = [atom.type for atom in inputs[1:]]
    if not all(isinstance(type_, ArrayType) for type_ in types):
        return UNKNOWN
    dtype = strong_dtype(types)
    if any(type_.shape is None for type_ in types):
        return array_type(dtype, None)
    terms, result, _ = parse(inputs[0].value, [len(type_.shape) for type_ in types])
    lengths = {}
    for term, type_ in zip(terms, types, strict=True):
        for label, dim in zip(term, type_.shape, strict=True):
            lengths[label] = broadcast_dims(lengths.get(label, 1), dim)
    return array_type(dtype, tuple(lengths[label] for label in result))


@jvp_rule(np.einsum, infer=infer_einsum, signature="subscripts, *operands, optimize=False", view=True)
def einsum(*args, optimize=False):
    dots, (subscripts, *operands) = args[1 : len(args) // 2], args[len(args) // 2 :]
    total = ZERO
    for k, dot in enumerate(dots):
        if not isinstance(dot, Zero):
            total = total + contract(subscripts, (*operands[:k], dot, *operands[k + 1 :]), optimize)
    return total


def contract(subscripts, operands, optimize):
    return np.einsum(subscripts, *operands, **({"optimize": optimize} if optimize else {}))


@vjp_rule(np.einsum)
def einsum_cotangents(bar, subscripts, *operands, optimize=False):
    terms, result, unused = parse(subscripts, [rank(x) for x in operands])
    found = [0.0]
    for k in range(len(operands)):
        others = [(term, x) for j, (term, x) in enumerate(zip(terms, operands, strict=True)) if j != k]
        found.append(cotangent(bar, result, terms[k], operands[k], others, unused, optimize))
    return tuple(found)


def cotangent(bar, result, term, x, others, unused, optimize):
    places, factors, fresh = "", [(result, bar), *others], iter(unused)
    for axis, label in enumerate(term):
        if label in places:
            other = next(fresh)
            factors.append((label + other, np.eye(x.shape[axis], like=x)))
            label = other  # noqa: PLW2901
        places += label
    known = "".join(labels for labels, _ in factors)
    kept = "".join(label for label in places if label in known)
    if len(factors) == 1:  # np.einsum of one operand may be a view, a transpose says that it is
        order = tuple(result.index(label) for label in kept)
        product = bar if order == tuple(range(len(order))) else np.transpose(bar, order)
    else:
        subscripts = ",".join(labels for labels, _ in factors) + "->" + kept
        product = contract(subscripts, [factor for _, factor in factors], optimize)
    missing = tuple(axis for axis, label in enumerate(places) if label not in known)
    return np.expand_dims(product, missing) if missing else product
