"""What `schedule=` and `memory_budget=` take."""

import copy

import numpy as np
import pytest

from adjoint.ir.schedules import NAMES, Recursive, Revolve, parse_budget, parse_schedule


@pytest.mark.parametrize("value", [*NAMES, Revolve(3), Revolve(snapshots=1), Revolve(np.int64(4)), Recursive()])
def test_schedules(value):
    assert parse_schedule(value) == value


def test_schedules_are_values():
    assert Revolve(3) == Revolve(snapshots=3) != Revolve(4)
    assert len({Revolve(3), Revolve(np.int64(3)), Recursive(), Recursive()}) == 2
    assert repr(Revolve(3)) == "Revolve(snapshots=3)"
    assert copy.deepcopy(Revolve(3)) == Revolve(3)
    with pytest.raises(AttributeError):
        Revolve(3).snapshots = 4


@pytest.mark.parametrize(
    ("value", "error", "text"),
    [
        ("fastest", ValueError, "'fastest'.*'sqrt'.*Revolve"),
        ("", ValueError, "there is no schedule"),
        (Revolve, TypeError, r"schedule=Revolve\(snapshots=20\)"),
        (Recursive, TypeError, r"schedule=Recursive\(\)"),
        (20, TypeError, "not a schedule"),
        (None, TypeError, "not a schedule"),
        (np.ones(2), TypeError, "not a schedule"),
    ],
)
def test_what_is_no_schedule(value, error, text):
    with pytest.raises(error, match=text):
        parse_schedule(value)


@pytest.mark.parametrize(
    ("value", "error"), [(0, ValueError), (-2, ValueError), (2.0, TypeError), ("3", TypeError), (True, TypeError)]
)
def test_what_is_no_number_of_snapshots(value, error):
    with pytest.raises(error, match="snapshot"):
        Revolve(value)


@pytest.mark.parametrize(
    ("value", "size"),
    [
        (1, 1), (np.int32(7), 7), ("512 MB", 512_000_000), ("2 GB", 2_000_000_000), ("10 kB", 10_000), ("1b", 1),
        ("1.5MiB", 3 * 2**19), (" .5 gib ", 2**29), ("3 TB", 3 * 10**12),
    ],
)  # fmt: skip
def test_budgets(value, size):
    assert parse_budget(value) == size


@pytest.mark.parametrize(
    ("value", "error"),
    [
        ("two", ValueError), ("2", ValueError), ("2 XB", ValueError), ("-1 MB", ValueError), ("1e9 B", ValueError),
        (0, ValueError), (-5, ValueError), ("0 MB", ValueError), (1.5, TypeError), (None, TypeError), (True, TypeError),
    ],
)  # fmt: skip
def test_what_is_no_budget(value, error):
    with pytest.raises(error, match="memory_budget="):
        parse_budget(value)
