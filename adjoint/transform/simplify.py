"""Local algebra: four tables of rewrites, applied until nothing changes.

`exact` holds for every op; `axes`, `arrays` and `algebra` for derivative code alone (`Op.sweep` is not ""), whose
terms may be re-associated. The order of the rows is the order of preference.
"""

from __future__ import annotations

from adjoint.ir.core import Function
from adjoint.transform.algebra import ALGEBRA
from adjoint.transform.arrays import ARRAYS
from adjoint.transform.axes import AXES
from adjoint.transform.exact import EXACT
from adjoint.transform.rewrite import rewrite_function, table_of

TABLE = table_of((*EXACT, *AXES, *ARRAYS, *ALGEBRA))
ROUNDS = 4
"""A second round sees what the first has made single-use; more are rare."""


def simplify(fn: Function) -> Function:
    """The same function in normal form."""
    for _ in range(ROUNDS):
        before = fn
        fn = simplify_once(fn)
        if fn.body is before.body and all(fn.functions[k].body is f.body for k, f in before.functions.items()):
            break
    return fn


def simplify_once(fn: Function) -> Function:
    """One walk, for a caller that goes round anyway."""
    return rewrite_function(fn, TABLE)
