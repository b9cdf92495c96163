"""What derivative code does without: a rule leaves no op behind that changes nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from adjoint.ir.walk import all_ops
from adjoint.rules.registry import primitive_of
from adjoint.transform.adjoint import adjoint
from tests.rules.data import case, distinct, normal
from tests.rules.test_rules import program, smooth

MATRIX, VECTOR = normal(3, 4), normal(5)


def emitted(fun: Any, *args: Any, **kwargs: Any) -> list[str]:
    """The names of the ops of a call and of its reverse, without the call."""
    fn, xs = program(primitive_of(fun, args), case(*args, **kwargs))
    ops = list(all_ops(adjoint(fn, range(len(xs)), smooth(fn)).body))
    return [op.primitive.name for op in ops[len(fn.body.ops) :]]


def test_axes_that_stand_in_place_are_not_moved():
    for found in (
        emitted(np.diagonal, MATRIX), emitted(np.diagonal, normal(2, 3, 4), 0, 1, 2),
        emitted(np.linalg.norm, MATRIX, 2), emitted(np.linalg.matrix_norm, normal(2, 3, 4), ord=1),
        emitted(np.median, distinct(3, 4), axis=1), emitted(np.quantile, distinct(3, 4), 0.3, axis=-1),
    ):  # fmt: skip
        assert "moveaxis" not in found


def test_matrices_are_transposed_by_their_own_name():
    for found in (emitted(np.matmul, MATRIX, MATRIX.T), emitted(np.linalg.solve, normal(3, 3), normal(3, 2))):
        assert "swapaxes" not in found
        assert "transpose" in found


def test_nothing_is_multiplied_by_one():
    assert emitted(np.add, VECTOR, VECTOR) == []
    assert emitted(np.subtract, VECTOR, VECTOR) == ["neg"]
    assert emitted(np.sum, VECTOR) == ["broadcast_like"]


def test_ends_of_joined_arrays_are_counted_from_the_end():
    """Where only that is a constant, no length is read."""
    assert "_dim" not in emitted(np.concatenate, [VECTOR, normal(1)])
    assert "_dim" not in emitted(np.pad, VECTOR, (2, 1))


def test_shapes_that_are_known_are_not_summed_to():
    assert "sum_to" not in emitted(np.linalg.qr, MATRIX)
    assert "sum_to" not in emitted(np.linalg.svd, MATRIX, full_matrices=False)


def test_vectors_are_not_flattened():
    for found in (emitted(np.prod, VECTOR), emitted(np.cumprod, VECTOR, axis=0)):
        assert "ravel" not in found
        assert "reshape" not in found


def test_full_factors_of_a_square_matrix_have_nothing_outside():
    found = emitted(np.linalg.svd, MATRIX)
    assert "full_basis" in found
    assert "quotient" not in found
    assert "full_basis" not in emitted(np.linalg.svd, np.ones((1, 1)))


pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")
