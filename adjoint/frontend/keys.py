"""What dicts and objects have under a key: some keys are there on some paths only, or differ from path to path.

Where control flow meets, a container has the keys of all paths (`abstract.merge`). One that not all of them have
set is read under a test, as Python itself does it. Which keys there are, and in which order, is then known at
run time only, and what hangs on that is refused.
"""

from __future__ import annotations

from typing import Any

from adjoint.frontend.abstract import Conflict, Maybe, Ref, constant_of, describe, may_be_none
from adjoint.ir.core import IF, Literal
from adjoint.ir.tree import Tree

AT_RUN_TIME = (
    "a key of a dict is known at run time only", "use a list or an array, or loop over a tuple of keys",
)  # fmt: skip
ONE_STRUCTURE = "give it one structure on all paths"


def entry(low: Any, tree: Tree, key: Any, node: Any, owner: Any = None) -> Any:
    """What a container has under one of its keys, certainly."""
    found = tree.children[tree.keys.index(key)]
    if isinstance(found, Conflict):
        low.refuse(node, f"`{_text(owner, tree, key)}` {found.reason}", ONE_STRUCTURE)
    if not isinstance(found, Maybe) or found.is_none:
        return found
    if tree.kind == "dict":
        certain(low, found.bound, KeyError, key, node)
    else:
        certain(low, found.bound, AttributeError, f"'{_class_of(tree)}' object has no attribute '{key}'", node)
    return found.value


def certain(low: Any, bound: Any, exception: type[Exception], text: Any, node: Any) -> None:
    """An exception where a flag is not set."""
    if (isinstance(bound, Literal) and bound.value) or bound in low.facts:
        return
    low.facts |= {bound}
    with low.at(node):
        with low.region() as then:
            pass
        with low.region() as otherwise:
            low.raise_op(exception, (Literal(text),))
        regions = (then.block((), ()), otherwise.block((), ()))
        low.builder.emit(IF, (bound,), regions=regions, types=())


def present(tree: Tree, key: Any) -> Any:
    """Whether a container has a key: a constant, or a run-time flag."""
    if key not in tree.keys:
        return Literal(False)
    found = tree.children[tree.keys.index(key)]
    return found.bound if isinstance(found, Maybe) and not found.is_none else Literal(True)


def get(low: Any, tree: Tree, key: Any, default: Any, node: Any) -> Any:
    """`owner.get(key, default)`."""
    bound = present(tree, key)
    known = low.truth(bound)
    if known is not None:
        return entry(low, tree, key, node) if known else default
    value = tree.children[tree.keys.index(key)].value
    return low.select(bound, lambda: value, lambda: default, node)


def entries(low: Any, tree: Tree, node: Any) -> dict[Any, Any]:
    """All keys with what is under them, in order."""
    for key, child in zip(tree.keys, tree.children, strict=True):
        if isinstance(child, Maybe) and not child.is_none:
            placed = isinstance(child.bound, Literal)
            what = "at another place on each path" if placed else "set on some paths only"
            low.refuse(
                node, f"the key {key!r} is {what}, and all keys of the dict are gone through",
                "set all keys before the branch or the loop, or read them one by one",
            )  # fmt: skip
        if isinstance(child, Conflict):
            low.refuse(node, f"what is under {key!r} {child.reason}", ONE_STRUCTURE)
    return dict(zip(tree.keys, tree.children, strict=True))


def with_key(tree: Tree, key: Any, value: Any) -> Tree:
    """A container with a key set. In a dict, one that only some paths had may be at another place on each path."""
    in_doubt = key in tree.keys and not _is_certain(tree.children[tree.keys.index(key)])
    if tree.kind == "dict" and in_doubt and tree.keys[-1] != key:
        value = Maybe(value, Literal(True))
    table = dict(zip(tree.keys, tree.children, strict=True)) | {key: value}
    return Tree(tree.kind, tree.cls, tuple(table), tuple(table.values()))


def _is_certain(child: Any) -> bool:
    return not isinstance(child, Maybe) or child.is_none


def without(tree: Tree, key: Any) -> Tree:
    """A container without a key."""
    kept = [(k, child) for k, child in zip(tree.keys, tree.children, strict=True) if k != key]
    return Tree(tree.kind, tree.cls, tuple(k for k, _ in kept), tuple(child for _, child in kept))


def refuse_doubts(low: Any, value: Any, node: Any) -> None:
    """Refuse to hand on a value in which something is there on some paths only."""
    if isinstance(value, Tree):
        if value.kind in ("dict", "dataclass", "object"):
            entries(low, value, node)
        for child in value.children:
            refuse_doubts(low, child, node)
    elif isinstance(value, Conflict):
        low.refuse(node, f"a value that is handed on {value.reason}", ONE_STRUCTURE)
    elif may_be_none(value):
        low.refuse(node, "a value that is handed on is None on some paths, and something else on others", ONE_STRUCTURE)


def named(low: Any, value: Any) -> str:
    """An object by the name that it was bound to, or by its class."""
    hint = value.hint if isinstance(value, Ref) else None
    return f"`{hint}`" if hint else describe(low.seen(value))


def _text(owner: Any, tree: Tree, key: Any) -> str:
    name = owner.hint if isinstance(owner, Ref) and owner.hint else "the dict" if tree.kind == "dict" else "the object"
    return f"{name}[{key!r}]" if tree.kind == "dict" else f"{name}.{key}"


def _class_of(tree: Tree) -> str:
    return tree.cls.__name__ if tree.cls is not None else tree.kind


def place_of(low: Any, items: list[Any], args: list[Any], node: Any) -> int:
    """The place of the first item that is equal to a constant, among constants."""
    try:
        return list(map(constant_of, items)).index(*map(constant_of, args))
    except ValueError as problem:
        low.error(ValueError, node, str(problem))
        raise  # not reached
