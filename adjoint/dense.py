"""Dense derivatives: the columns or rows of a Jacobian by one pushforward or pullback for each basis direction."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from adjoint.calling import bind
from adjoint.derivative import Derivative
from adjoint.errors import user_errors
from adjoint.frontend.lower import function_name
from adjoint.ir.tree import Tree, build_object, flatten_object, leaves, map_leaves
from adjoint.linear import linear_map
from adjoint.nesting import Argnums, as_tuple
from adjoint.specification import Specification, check_callable

Dense = Callable[..., Any]


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
    return _dense(fun, argnums, _forward)


def jacrev(fun: Callable[..., Any], argnums: Argnums = 0) -> Dense:
    """The Jacobian by reverse mode, one pullback for each output number: for few outputs.

    Structure, shapes and errors are those of `jacfwd`; the dtypes are those of the argument.

    >>> import numpy as np
    >>> from adjoint import jacrev
    >>> jacrev(lambda x: np.sum(x ** 2))(np.array([1.0, 2.0]))
    array([2., 4.])
    """
    return _dense(fun, argnums, _reverse)


def jacobian(fun: Callable[..., Any], argnums: Argnums = 0) -> Dense:
    """The Jacobian, by forward mode where the inputs are fewer than the outputs and else by reverse mode.

    Structure, shapes and errors are those of `jacfwd`.

    >>> import numpy as np
    >>> from adjoint import jacobian
    >>> jacobian(lambda x: np.array([x, x ** 2]))(3.0)
    array([1., 6.])
    """
    return _dense(fun, argnums, _by_size)


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
    return jacfwd(Derivative(fun, Specification(argnums)), argnums)


def _dense(fun: Callable[..., Any], argnums: Argnums, compute: Callable[..., Any]) -> Dense:
    check_callable(fun)

    @user_errors
    def derivative(*args: Any, **kwargs: Any) -> Any:
        names = [name for name, _, _ in bind(fun, args, kwargs)]
        called = functools.partial(fun, **kwargs) if kwargs else fun
        positions = tuple(_position(which, names, len(args)) for which in as_tuple(argnums))
        args = tuple(float(a) if k in positions and type(a) is int else a for k, a in enumerate(args))
        return compute(called, args, positions, isinstance(argnums, tuple))

    derivative.__name__ = derivative.__qualname__ = f"{compute.__name__.strip('_')}_jacobian_of_{function_name(fun)}"
    return derivative


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
        for unit in _basis(leaf):
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
            return np.reshape(np.array(bars), shape + np.shape(leaf)) if bars else np.zeros(shape + np.shape(leaf))

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
            for unit in _basis(leaf):
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
            shape = np.shape(out) + np.shape(leaf)
            return (
                np.reshape(np.stack([np.broadcast_to(c, np.shape(out)) for c in columns], axis=-1), shape)
                if columns
                else (np.zeros(shape))
            )

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
    """The zero of a leaf; what has no derivative stays as it is."""
    if isinstance(leaf, np.ndarray):
        return np.zeros(leaf.shape, leaf.dtype)
    if isinstance(leaf, np.generic):
        return np.zeros((), leaf.dtype)[()]
    return leaf * 0 if isinstance(leaf, (float, complex)) else leaf
