"""Containers, and arrays in lists, that another name may stand for are refused where they change: no wrong number."""

import numpy as np
import pytest

import adjoint
from adjoint import grad


def list_that_is_also_rebound(a, q):
    items, keep = [q], [q]
    for v in a:
        items.append(v * q)
        if v > 0:
            keep = items
        if v < -5:
            items = [q]
    return sum(items) * sum(keep)


def list_rebound_first(a, q):
    items, keep = [q], [q]
    for v in a:
        if v < -5:
            items = [q]
        items.append(v * q)
        if v > 0:
            keep = items
    return sum(items) * sum(keep)


def dict_that_is_also_rebound(a, q):
    items, keep = {"t": q}, {"t": q}
    for v in a:
        if v < -5:
            items = {"t": q}
        items["t"] += v * q
        if v > 0:
            keep = items
    return items["t"] * keep["t"]


def list_after_two_branches(a, q):
    items, keep = [q], [q]
    if a[0] > -9:
        keep = items
    if a[1] > 9:
        items = [q]
    items.append(q)
    return sum(items) * sum(keep)


def list_in_a_dict(a, q):
    d = {"i": [q], "k": [q]}
    if a[0] > 0:
        d["k"] = d["i"]
    if a[1] > 9:
        d["i"] = [q]
    d["i"].append(q)
    return sum(d["k"])


def list_in_a_tuple(a, q):
    items, keep, k = [q], ([q], 1), 0
    while k < 3:
        if a[k] < -5:
            items = [q]
        items.append(a[k])
        if a[k] > 0:
            keep = (items, 2)
        k += 1
    return sum(keep[0])


def list_that_is_none_at_first(a, q):
    items, keep = None, []
    for v in a:
        if items is None:
            items = []
        items.append(v * q)
        if v > 0:
            keep = items
    return sum(items) * sum(keep)


SECOND_NAMES = (
    list_that_is_also_rebound, list_rebound_first, dict_that_is_also_rebound, list_after_two_branches, list_in_a_dict,
    list_in_a_tuple, list_that_is_none_at_first,
)  # fmt: skip


@pytest.mark.parametrize("fun", SECOND_NAMES, ids=lambda fun: fun.__name__)
def test_a_container_with_a_second_name_on_some_paths(fun):
    with pytest.raises(adjoint.AliasError, match="on one path"):
        grad(fun)(np.array([0.5, -0.2, 0.7, -0.4]), 1.3)


def written_with_an_item_held(x, k):
    rows = [row * k for row in x]
    first = rows[0]
    rows[1] += first
    return np.sum(first) * sum(np.sum(row) for row in rows)


def one_array_in_all_places(x, k):
    zero = np.zeros(2)
    rows = [zero for _ in range(len(x))]
    for i in range(len(rows)):
        rows[i] += k * x[i]
    return sum(np.sum(row**2) for row in rows)


def views_of_a_live_array(x, k):
    y = x * 1.0
    rows = [y[i] for i in range(len(x))]
    for i in range(len(rows)):
        rows[i] *= k
    return np.sum(y**2)


def one_array_in_two_items(x, k):
    rows = [{"p": row * k, "v": row + 1.0} for row in x]
    for b in rows:
        b["p"] = b["v"][::-1]
    for b in rows:
        b["p"] += 1.0
    return sum(np.sum(b["p"] * b["v"]) for b in rows)


def list_of_the_same_arrays(x, k):
    rows = [row * k for row in x]
    others = list(rows)
    rows[1] += 1.0
    return sum(np.sum(row**2) for row in others)


SHARED_ITEMS = (
    written_with_an_item_held, one_array_in_all_places, views_of_a_live_array, one_array_in_two_items,
    list_of_the_same_arrays,
)  # fmt: skip


@pytest.mark.parametrize("fun", SHARED_ITEMS, ids=lambda fun: fun.__name__)
def test_an_array_in_a_list_that_another_name_may_stand_for(fun):
    with pytest.raises(adjoint.AliasError, match="may share its memory"):
        grad(fun)(np.arange(6.0).reshape(3, 2), 1.3)
