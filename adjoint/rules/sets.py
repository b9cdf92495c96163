"""Arrays as sets: the result has numbers of the operands, and moves with them; of equal ones the first counts."""

import numpy as np

from adjoint.ir.types import UNKNOWN, ArrayType, promote
from adjoint.rules.infer import as_numpy, fresh_length
from adjoint.rules.registry import jvp_rule
from adjoint.rules.trace import Zero


def infer_set(inputs, attrs):
    types = tuple(as_numpy(atom.type) for atom in inputs)
    if not all(isinstance(t, ArrayType) for t in types):
        return UNKNOWN
    return ArrayType(promote(types), (fresh_length("set"),))


@jvp_rule(np.union1d, infer=infer_set)
@jvp_rule(np.setxor1d, infer=infer_set)
def union1d(a_dot, b_dot, ar1, ar2, *, out):
    joined = np.concatenate([np.ravel(ar1), np.ravel(ar2)])
    return picked(out, joined, np.concatenate([flat(a_dot, ar1), flat(b_dot, ar2)]))


@jvp_rule(np.setdiff1d, infer=lambda inputs, attrs: infer_set(inputs[:1], attrs))
def setdiff1d(a_dot, b_dot, ar1, ar2, *, out):
    return a_dot if isinstance(a_dot, Zero) else picked(out, np.ravel(ar1), flat(a_dot, ar1))


def flat(dot, x):
    return np.zeros_like(np.ravel(x)) if isinstance(dot, Zero) else np.ravel(dot)


def picked(out, x, x_dot):
    """The tangents of those of the numbers `x` that are in `out`."""
    order = np.argsort(x, kind="stable")
    return x_dot[order[np.searchsorted(x[order], out)]]
