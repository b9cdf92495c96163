"""Dense derivatives: the columns or rows of a Jacobian by one pushforward or pullback for each basis direction."""

from __future__ import annotations

import functools
import inspect
import types
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from adjoint.api import checked_argnums
from adjoint.calling import bind, form_of
from adjoint.derivative import Derivative
from adjoint.errors import user_errors
from adjoint.fit import leaf_of
from adjoint.frontend.lower import function_name
from adjoint.ir.tree import Tree, build_object, flatten_object, leaves, map_leaves
from adjoint.linear import linear_map
from adjoint.nesting import Argnums, as_tuple
from adjoint.specification import Specification, check_callable


def jacfwd(fun: Callable[..., Any], argnums: Argnums = 0) -> Dense:
    """The Jacobian by forward mode, one pushforward for each input number: for few inputs.

    The result has the structure of the output, in each leaf the structure of the argument (a tuple for a
    tuple of `argnums`), and in each leaf of that an array of shape output shape + input shape. `argnums`
    names positional arguments. Raises ValueError where it names none of the call, and otherwise what `jvp`
    raises.

    >>> import numpy as np
    >>> from adjoint import jacfwd
    >>> jacfwd(lambda x: x ** 2)(np.array([1.0, 2.0]))
    array([[2., 0.],
           [0., 4.]])

    Griewank and Walther (2008), section 3.1.
    """
    return Dense(fun, argnums, "jacfwd")


def jacrev(fun: Callable[..., Any], argnums: Argnums = 0) -> Dense:
    """The Jacobian by reverse mode, one pullback for each output number: for few outputs.

    Structure, shapes and errors are those of `jacfwd`; the dtypes are those of the argument.

    >>> import numpy as np
    >>> from adjoint import jacrev
    >>> jacrev(lambda x: np.sum(x ** 2))(np.array([1.0, 2.0]))
    array([2., 4.])
    """
    return Dense(fun, argnums, "jacrev")


def jacobian(fun: Callable[..., Any], argnums: Argnums = 0) -> Dense:
    """The Jacobian, by forward mode where the inputs are fewer than the outputs and else by reverse mode.

    Structure, shapes and errors are those of `jacfwd`.

    >>> import numpy as np
    >>> from adjoint import jacobian
    >>> jacobian(lambda x: np.array([x, x ** 2]))(3.0)
    array([1., 6.])
    """
    return Dense(fun, argnums, "jacobian")


def hessian(fun: Callable[..., Any], argnums: Argnums = 0) -> Dense:
    """The matrix of second derivatives of a scalar-valued function: forward mode over the gradient.

    Of one array of shape s it has shape s + s. For a pytree, or a tuple of `argnums`, it is a tree of
    blocks: the structure of the gradient, and in each leaf the structure of the argument. Raises what `grad`
    raises.

    >>> import numpy as np
    >>> from adjoint import hessian
    >>> hessian(lambda x: x[0] ** 2 * x[1])(np.array([3.0, 5.0]))
    array([[10.,  6.],
           [ 6.,  0.]])
    """
    return Dense(Derivative(fun, Specification(checked_argnums(argnums))), argnums, "jacfwd")


class Dense:
    """A function that gives a Jacobian; see `jacfwd`. `primal` is the function itself."""

    def __init__(self, fun: Callable[..., Any], argnums: Argnums, mode: str) -> None:
        check_callable(fun)
        self.primal = fun
        self.specification = (mode, checked_argnums(argnums))
        self.__name__ = self.__qualname__ = f"{mode}_of_{function_name(fun)}"

    @user_errors
    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        mode, argnums = self.specification
        fun, args, names = _by_position(self.primal, args, kwargs)
        positions = tuple(_position(which, names, len(args)) for which in as_tuple(argnums))
        args = tuple(_active(a, k) if k in positions else a for k, a in enumerate(args))
        return _MODES[mode](fun, args, positions, isinstance(argnums, tuple))

    def __get__(self, obj: Any, owner: type | None = None) -> Any:
        return self if obj is None else types.MethodType(self, obj)

    @property
    def __signature__(self) -> inspect.Signature:
        return inspect.signature(self.primal)

    def __repr__(self) -> str:
        return f"<{self.specification[0]} of {function_name(self.primal)}>"


def _by_position(fun: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, tuple[Any, ...], list[str]]:
    """The same call with as few keyword arguments as can be, and these bound to the function."""
    if not kwargs:
        return fun, args, [name for name, _, _ in bind(fun, args, {})]
    form = form_of(fun, args, kwargs)
    names = [name for name, _ in form.params]
    if form.positional == len(names):
        return fun, form.objects(args, kwargs), names
    return functools.partial(fun, **kwargs), args, names


def _active(arg: Any, position: int) -> Any:
    """An argument that is differentiated: its integers count as floats."""

    def one(leaf: Any) -> Any:
        if leaf is None or _varies(leaf):
            return leaf
        if type(leaf) is not int:
            kind = leaf.dtype if isinstance(leaf, (np.ndarray, np.generic)) else type(leaf).__name__
            raise TypeError(f"argument {position} is differentiated and holds {kind}; derivatives need floats")
        return float(leaf)

    tree = flatten_object(arg)
    return build_object(map_leaves(one, tree)) if isinstance(tree, Tree) else one(arg)


def _position(which: int | str, names: list[str], count: int) -> int:
    if isinstance(which, int):
        if not -count <= which < count:
            raise ValueError(f"argnums={which}, but the call has {count} positional arguments")
        return which % count
    if which not in names[:count]:
        raise ValueError(f"argnums={which!r} is none of the positional arguments {', '.join(names[:count])}")
    return names.index(which)


def _reverse(fun: Any, args: tuple[Any, ...], positions: tuple[int, ...], as_pair: bool) -> Any:
    out, pullback = linear_map(fun, args, False, "vjp", positions)
    return _rows(out, pullback, args, positions, as_pair)


def _rows(out: Any, pullback: Any, args: tuple[Any, ...], positions: tuple[int, ...], as_pair: bool) -> Any:
    tree = flatten_object(out)
    flat = leaves(tree)
    blocks = []
    for number, leaf in enumerate(flat):
        rows = []
        for unit in _basis(leaf) if _varies(leaf) else ():
            bars = iter([unit if k == number else _zero(other) for k, other in enumerate(flat)])
            rows.append(pullback(build_object(map_leaves(lambda _: next(bars), tree))))  # noqa: B023  # used at once
        blocks.append(_gather(rows, np.shape(leaf), args, positions, as_pair))
    parts = iter(blocks)
    return build_object(map_leaves(lambda _: next(parts), tree))


def _gather(
    rows: list[Any], shape: tuple[int, ...], args: tuple[Any, ...], positions: tuple[int, ...], as_pair: bool
) -> Any:
    """The rows for one output leaf, stacked into the structure of the arguments."""
    found = []
    for position in positions:
        tree = flatten_object(args[position])
        trees = [flatten_object(row[position]) for row in rows]

        def stack(leaf: Any, *bars: Any) -> Any:
            if not _varies(leaf):
                return None
            full = shape + np.shape(leaf)
            return np.reshape(np.array(bars), full) if bars else np.zeros(full, getattr(leaf, "dtype", type(leaf)))

        found.append(build_object(map_leaves(stack, tree, *trees)) if isinstance(tree, Tree) else stack(tree, *trees))
    return tuple(found) if as_pair else found[0]


def _forward(fun: Any, args: tuple[Any, ...], positions: tuple[int, ...], as_pair: bool) -> Any:
    out, push = linear_map(fun, args, False, "linearize", positions)
    tree = flatten_object(out)
    by_argument = []
    for position in positions:
        own = flatten_object(args[position])
        flat = leaves(own)
        columns_of_leaves = []
        for number, leaf in enumerate(flat):
            columns = []
            for unit in _basis(leaf) if _varies(leaf) else ():
                dots = iter([unit if k == number else _zero(other) for k, other in enumerate(flat)])
                dot = build_object(map_leaves(lambda _: next(dots), own))  # noqa: B023  # used at once
                dots_of_all = (dot if k == position else None for k in range(len(args)))
                columns.append(leaves(flatten_object(push(*dots_of_all))))
            columns_of_leaves.append(columns)
        by_argument.append((own, columns_of_leaves))
    numbers = iter(range(len(leaves(tree))))
    return build_object(map_leaves(lambda leaf: _columns(leaf, next(numbers), by_argument, as_pair), tree))


def _columns(out: Any, number: int, by_argument: list[Any], as_pair: bool) -> Any:
    """The derivatives of one output leaf, in the structure of the arguments."""
    found = []
    for own, columns_of_leaves in by_argument:
        groups = iter(columns_of_leaves)

        def place(leaf: Any) -> Any:
            columns = [column[number] for column in next(groups)]  # noqa: B023  # used at once
            if not _varies(leaf):
                return None
            shape = np.shape(out) + np.shape(leaf)
            if not columns or not _varies(out):
                return np.zeros(shape, getattr(leaf, "dtype", type(leaf)))
            return np.reshape(np.stack([np.broadcast_to(c, np.shape(out)) for c in columns], axis=-1), shape)

        found.append(build_object(map_leaves(place, own)) if isinstance(own, Tree) else place(own))
    return tuple(found) if as_pair else found[0]


def _by_size(fun: Any, args: tuple[Any, ...], positions: tuple[int, ...], as_pair: bool) -> Any:
    out, pullback = linear_map(fun, args, False, "vjp", positions)
    inputs = sum(np.size(leaf) for k in positions for leaf in leaves(flatten_object(args[k])))
    outputs = sum(np.size(leaf) for leaf in leaves(flatten_object(out)))
    if outputs <= inputs:
        return _rows(out, pullback, args, positions, as_pair)
    return _forward(fun, args, positions, as_pair)


def _basis(leaf: Any) -> Iterator[Any]:
    """The unit directions of a number or an array."""
    if np.ndim(leaf) == 0:
        yield 1.0 if not isinstance(leaf, (np.generic, np.ndarray)) else np.ones((), leaf.dtype)[()]
        return
    for position in range(np.size(leaf)):
        unit = np.zeros(np.size(leaf), leaf.dtype)
        unit[position] = 1
        yield unit.reshape(np.shape(leaf))


def _zero(leaf: Any) -> Any:
    """The zero of a leaf, or None where nothing varies."""
    if isinstance(leaf, np.ndarray):
        return np.zeros(leaf.shape, leaf.dtype) if _varies(leaf) else None
    return type(leaf)(0.0) if _varies(leaf) else None


def _varies(leaf: Any) -> bool:
    return leaf_of(leaf).cls is not None


_MODES = {"jacfwd": _forward, "jacrev": _reverse, "jacobian": _by_size}
