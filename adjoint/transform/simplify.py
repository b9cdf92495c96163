"""Local algebra: eight tables of rewrites, applied until nothing changes.

`exact`, `shapes` and most of `lists` hold for every op; `totals`, `axes`, `arrays`, `sums` and `algebra` for
derivative code alone (`Op.sweep` is not ""), whose terms may be re-associated. The order of the rows is the
order of preference.
"""

from __future__ import annotations

from adjoint.ir.core import Function
from adjoint.transform.algebra import ALGEBRA
from adjoint.transform.arrays import ARRAYS
from adjoint.transform.axes import AXES
from adjoint.transform.exact import EXACT
from adjoint.transform.lists import LISTS
from adjoint.transform.rewrite import Table, rewrite_function
from adjoint.transform.shapes import SHAPES
from adjoint.transform.sums import SUMS
from adjoint.transform.totals import TOTALS

TABLE = Table((*EXACT, *SHAPES, *TOTALS, *AXES, *ARRAYS, *SUMS, *ALGEBRA, *LISTS))
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


def simplify_once(fn: Function, late: int = 0) -> Function:
    """One walk, for a caller that goes round anyway. The last `late` parameters are no source of shapes."""
    return rewrite_function(fn, TABLE, late)
