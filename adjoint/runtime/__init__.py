"""What generated code calls where the decision can only be made at run time. A leaf: NumPy only.

In: numbers and arrays. Out: the same. Each function stands alone, so that a module written by
`codegen.standalone` can carry a copy of just those that it needs.
"""

from adjoint.runtime.arrays import (
    add_at,
    broadcast_like,
    cast,
    fresh,
    hooked,
    product_left,
    product_right,
    rebuild,
    sum_to,
    update,
    zeros_if,
)
from adjoint.runtime.integrals import simpson_weights
from adjoint.runtime.lists import (
    list_add,
    list_add_at,
    list_add_slice,
    list_cast,
    list_cut,
    list_delete,
    list_insert,
    list_place,
    list_rows,
    list_set,
    list_spread,
    list_total_like,
    list_zeros,
    list_zeros_if,
)
from adjoint.runtime.packs import add_packs, zeros_in
from adjoint.runtime.scalars import divide, log, power
from adjoint.runtime.snapshots import SnapshotsOnDisk, bisection, halvings, revolve, thin
from adjoint.runtime.special import adjugate, bessel_i, exceeds, polygamma, quotient, recurrence

__all__ = [
    "SnapshotsOnDisk",
    "add_at", "add_packs", "adjugate", "bessel_i", "bisection", "broadcast_like", "cast", "divide", "exceeds",
    "fresh", "halvings", "hooked", "list_add", "list_add_at", "list_add_slice", "list_cast", "list_cut",
    "list_delete", "list_insert", "list_place", "list_rows", "list_set", "list_spread", "list_total_like",
    "list_zeros", "list_zeros_if", "log", "polygamma", "power", "product_left", "product_right", "quotient",
    "rebuild", "recurrence", "revolve", "simpson_weights", "sum_to", "thin", "update", "zeros_if", "zeros_in",
]  # fmt: skip
