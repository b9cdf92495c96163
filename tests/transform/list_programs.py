"""Programs with lists of run-time length, as a front end lowers them; each with arguments."""

from __future__ import annotations

import numpy as np

from adjoint.ir.types import PY_FLOAT, ArrayType, ListType
from adjoint.rules import list_arrays, lists
from tests.tracing import F8, I8, VECTOR, branch, loop, while_loop

FLOATS = ListType(PY_FLOAT)
VECTORS = ListType(VECTOR)


def empty(x):
    return x.tracer.apply(lists.list_of, (), {})


def sin(x):
    return x.tracer.apply(np.sin, (x,), {})


def stack(items, **attrs):
    return list_arrays.list_stack(items, **attrs)


def append_in_loop(x, n):
    """out = []; for i in range(n): x = sin(x); out.append(x); return np.stack(out)"""

    def body(i, x, out):
        y = sin(x) * 1.1
        return y, lists.list_append(out, y)

    _, out = loop(n, (x, empty(x)), body, types=(VECTOR, VECTORS))
    return np.sum(stack(out) ** 3)


def numbers_in_loop(x, n):
    def body(i, x, out):
        y = x * x * 0.9
        return y + 0.1, lists.list_append(out, y)

    _, out = loop(n, (x, empty(x)), body, types=(F8, FLOATS))
    return np.sum(list_arrays.list_array(out) ** 2)


def trace_while(x):
    """trace = [x]; while trace[-1] < 5: trace.append(trace[-1] * 1.5 + x); return sum(trace) * len(trace)"""
    (trace, _) = while_loop(
        (lists.list_of(x),),
        lambda trace: lists.list_get(trace, -1) < 5.0,
        lambda trace: lists.list_append(trace, lists.list_get(trace, -1) * 1.5 + x * x),
        types=(FLOATS,),
    )
    return lists.list_total(trace) * lists.list_length(trace)


def fibonacci(x, n):
    """f = [x, x * x]; for i in range(n): f.append(f[i] * f[i + 1])"""

    def body(i, f):
        return lists.list_append(f, lists.list_get(f, i) * lists.list_get(f, i + 1))

    (f,) = loop(n, (lists.list_of(x, x * x),), body, types=(FLOATS,))
    return lists.list_get(f, -1) + lists.list_get(f, 2) * lists.list_get(f, n)


def kept_if(x, n):
    """Items that are appended on some paths only, read again in the loop."""

    def body(i, x, out):
        def then():
            return lists.list_append(out, x * x)

        (out,) = branch(x < 0.9, then, lambda: out)
        return x * 1.2, out

    _, out = loop(n, (x, lists.list_of(x)), body, types=(F8, FLOATS))
    return list_arrays.list_sum(out) ** 2 + lists.list_get(out, 1)


def worklist(x, n):
    """todo = [x]; for i in range(n): y = todo.pop(); todo.append(sin(y)); todo.append(y * y); ..."""

    def body(i, total, todo):
        y = lists.list_get(todo, -1)
        todo = lists.list_drop(todo)
        todo = lists.list_append(lists.list_append(todo, sin(y)), y * y)
        return total + lists.list_get(todo, 0) * y, todo

    total, todo = loop(n, (x, lists.list_of(x)), body, types=(VECTOR, VECTORS))
    return np.sum(total) + np.sum(lists.list_get(todo, -1))


def set_items(x, n):
    """a = [x, x * 2]; for i in range(n): a[i % 2] = a[(i + 1) % 2] * 1.1 + x"""

    def body(i, a):
        item = lists.list_get(a, (i + 1) % 2) * 1.1 + x * x
        return lists.list_set(a, i % 2, item)

    (a,) = loop(n, (lists.list_of(x, x * 2.0),), body, types=(VECTORS,))
    return np.sum(lists.list_get(a, 0) * lists.list_get(a, 1))


def insert_and_delete(x):
    a = lists.list_of(x, x * x, x * 3.0)
    a = lists.list_insert(a, 0, sin(x))
    a = lists.list_insert(a, -1, x * x * x)
    a = lists.list_delete(a, 1)
    a = lists.list_delete(a, -2)
    return np.sum(stack(a, axis=1) * np.stack([x, x * 2.0, x * x], axis=1))


def slices(x, n):
    (a,) = loop(n, (empty(x),), lambda i, a: lists.list_append(a, x * (x + i)), types=(FLOATS,))
    b = lists.list_concat(lists.list_slice(a, 1, None, None), lists.list_reverse(lists.list_slice(a, None, -1, 2)))
    return lists.list_total(b, x) * lists.list_get(a, 0)


def joined(x, n):
    (a,) = loop(n, (lists.list_of(x),), lambda i, a: lists.list_append(a, sin(lists.list_get(a, -1))), types=(VECTORS,))
    return np.sum(list_arrays.list_concatenate(a) ** 2) + np.sum(list_arrays.list_mean(a, axis=0) * x) + np.sum(
        list_arrays.list_vstack(a) * lists.list_total(a)
    )


def nested(x, n):
    """rows = []; for i in range(n): row = []; for j in range(i): row.append(...); rows.append(row)"""

    def outer(i, x, rows):
        (row,) = loop(n, (lists.list_of(x),), lambda j, row: lists.list_append(row, x * j), types=(FLOATS,))
        return x * 1.1, lists.list_append(rows, row)

    _, rows = loop(n, (x, empty(x)), outer, types=(F8, ListType(FLOATS)))
    return np.sum(list_arrays.list_array(rows) ** 2) * lists.list_get(lists.list_get(rows, 1), 2)


def columns(x, n):
    """rows = [[u, v] for u, v in zip(a, b)], and its columns"""
    (a,) = loop(n, (empty(x),), lambda i, a: lists.list_append(a, x * (i + 1)), types=(FLOATS,))
    rows = lists.list_zip(a, lists.list_reverse(a))
    second = lists.list_column(rows, 1)
    return lists.list_total(second) * lists.list_get(lists.list_get(rows, 1), 0)


def read_while_growing(x, n):
    """The sum of everything so far, in each trip."""

    def body(i, total, out):
        out = lists.list_append(out, x * x * (i + 1))
        return total + lists.list_total(out) ** 2, out

    total, _ = loop(n, (x, empty(x)), body, types=(F8, FLOATS))
    return total


def unread_items(x, n):
    """Only one item is read: the cotangents of the others are zeros."""
    (a,) = loop(n, (empty(x),), lambda i, a: lists.list_append(a, x * (i + 1)), types=(VECTORS,))
    return np.sum(lists.list_get(a, 1) ** 2)


def beside_each_other(x, n):
    (a,) = loop(n, (lists.list_of(x),), lambda i, a: lists.list_append(a, sin(lists.list_get(a, -1))), types=(VECTORS,))
    columns = list_arrays.list_column_stack(a)
    return np.sum(list_arrays.list_hstack(a) ** 3) + np.sum(columns[0] * columns[1])


def numbers_and_arrays(x, n):
    """The sum of items of several ranks, which broadcast."""
    (a,) = loop(
        n, (lists.list_of(x, np.sum(x)),), lambda i, a: lists.list_append(a, lists.list_get(a, i) * x),
        types=(ListType(ArrayType("float64", None, "any")),),
    )  # fmt: skip
    total = lists.list_total(a)
    return np.sum(total * total * x)


def real_items_of_a_complex_array(x, n):
    (a,) = loop(n, (empty(x),), lambda i, a: lists.list_append(a, x * (x + i)), types=(FLOATS,))
    z = list_arrays.list_array(a, dtype=np.complex128)
    return np.sum(np.real(z * z * (1.0 + 2.0j)))


V, S = np.array([0.3, 0.7, 1.1]), 0.7
PROGRAMS = [
    (append_in_loop, (VECTOR, I8), (V, 3)),
    (numbers_in_loop, (F8, I8), (S, 4)),
    (trace_while, (F8,), (S,)),
    (fibonacci, (F8, I8), (1.1, 4)),
    (kept_if, (F8, I8), (S, 5)),
    (worklist, (VECTOR, I8), (V, 3)),
    (set_items, (VECTOR, I8), (V, 4)),
    (insert_and_delete, (VECTOR,), (V,)),
    (slices, (F8, I8), (S, 5)),
    (joined, (VECTOR, I8), (V, 3)),
    (nested, (F8, I8), (S, 3)),
    (columns, (F8, I8), (S, 3)),
    (read_while_growing, (F8, I8), (S, 4)),
    (unread_items, (VECTOR, I8), (V, 3)),
    (beside_each_other, (VECTOR, I8), (V, 3)),
    (numbers_and_arrays, (VECTOR, I8), (V, 3)),
    (real_items_of_a_complex_array, (F8, I8), (S, 3)),
]
