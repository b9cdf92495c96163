"""`with` and `try ... finally`: what is done when a block is left, however it is left.

An exception ends the program, and with it what would have been done.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from adjoint.frontend import keys, protocols
from adjoint.frontend.abstract import Static
from adjoint.frontend.control import MAYBE, RAISE, has_exit
from adjoint.frontend.liveness import assigned, reads


def within(low: Any, node: Any, items: list[Any]) -> str:
    """The body of a `with`, inside of the context managers that are left."""
    if not items:
        return low.stmts(node.body)  # type: ignore[no-any-return]  # a status
    item, *rest = items
    manager = low.expr(item.context_expr) if not _is_errstate(low, item.context_expr) else None
    if manager is None:
        return within(low, node, rest)
    if protocols.method_of(low, manager, "__enter__") is None or protocols.method_of(low, manager, "__exit__") is None:
        what = f"`with` of {keys.named(low, manager)}, which has no `__enter__` and `__exit__` in Python"
        low.refuse(item.context_expr, what, "open and close outside of the function")
    entered = protocols.call_if_there(low, manager, "__enter__", [], item.context_expr)
    if item.optional_vars is not None:
        low.assign(item.optional_vars, entered)
    status = within(low, node, rest)

    def leave() -> None:
        protocols.call_if_there(low, manager, "__exit__", [Static(None)] * 3, item.context_expr)

    return _finish(low, status, leave)


def _is_errstate(low: Any, manager: Any) -> bool:
    called = low.expr(manager.func) if hasattr(manager, "func") else None
    return isinstance(called, Static) and called.value is np.errstate


def guarded(low: Any, node: Any) -> str:
    """`try: ... finally: ...`."""
    last = node.finalbody
    if has_exit(last):
        low.refuse(last[0], "`finally` leaves its block by `return`, `break` or `continue`", "put that after the `try`")
    status = low.stmts(node.body)
    changed = frozenset(assigned(node.body)) & frozenset().union(*map(reads, last))
    if status == MAYBE and changed:
        what = f"`finally` reads `{min(changed)}`, and the block before it may be left early"
        low.refuse(last[0], what, "return after the `try`")
    return _finish(low, status, lambda: low.stmts(last))


def _finish(low: Any, status: str, last: Any) -> str:
    """Do something when a block has been left, and go on as it was left."""
    frame = low.frame
    if status == RAISE:
        return status
    saved = frame.pending, frame.result
    ended = last()
    frame.pending, frame.result = saved
    return RAISE if ended == RAISE else status
