"""Cases of rearrangements, calculus on grids, statistics and polynomials. To cover a new rule, add one line."""

import numpy as np

from tests.rules.data import Runtime, Static, case, distinct, imaginary, normal, positive, with_holes

V, MATRIX, CUBE, DISTINCT = normal(5), normal(3, 4), normal(2, 3, 4), distinct(3, 4)
HOLES = with_holes(DISTINCT)
KNOTS = np.array([-2.0, 0.1, 1.0, 3.0])
TIMES = np.cumsum(positive(5))
ROW, COLUMN = Static(TIMES[:4]), Static(TIMES[:3])

CASES = {
    "resize": [case(V, (2, 4)), case(MATRIX, (2, 3)), case(V, 7), case(V, (2,)), case(CUBE, (5, 7))],
    "insert": [
        case(V, 2, 0.5), case(V, (1, 3), np.array([0.5, 0.7])), case(V, (3, 1), normal(2)), case(MATRIX, 1, normal(4), axis=0), case(MATRIX, 1, normal(3), axis=1),
        case(MATRIX, (0, 2), normal(3, 2), axis=1), case(MATRIX, (0, 2), 0.7, axis=0), case(MATRIX, 2, normal(3)), case(V, slice(1, 3), normal(2)),
        case(CUBE, 1, normal(3, 1, 1)[:1, :, :], axis=-1, second=False), case(V, -1, normal(3)),
    ],
    "block": [
        case([[normal(2, 2), normal(2, 3)], [normal(1, 2), normal(1, 3)]]), case([V, 0.3, normal(2)]), case([[0.3, 0.7], [1.5, 0.2]]), case([MATRIX, MATRIX]),
        case([[MATRIX], [normal(4)]]), case([[CUBE, CUBE]]),
    ],
    "astype": [case(MATRIX, "float64", narrow=False), case(MATRIX, "complex128", narrow=False)],
    "trim_zeros": [case(np.array([0.3, 0.7])), case(V, "f"), case(V, "B")],
    "gradient": [
        case(normal(6)), case(normal(3), Static(0.5)), case(MATRIX), case(MATRIX, axis=0), case(CUBE, axis=(0, 2)), case(normal(6), 0.5), case(MATRIX, 0.5, 0.7),
        case(MATRIX, 0.5), case(normal(6), edge_order=2), case(normal(2)), case(normal(5), Static(TIMES), narrow=False), case(MATRIX, COLUMN, ROW, edge_order=2, narrow=False), case(CUBE, Static(0.3), axis=-1),
        case(normal(4, 4), Static(0.3), edge_order=2), case(normal(4, 2, 2), ROW, axis=0, narrow=False), case(imaginary(5)),
    ],
    "ediff1d": [case(V), case(MATRIX), case(V, 0.5), case(V, to_begin=1.5, to_end=normal(2)), case(V, np.array([0.3, 0.4]), 0.5), case(normal(1))],
    "interp": [
        case(np.array([-1.3, 0.4, 2.2]), KNOTS, normal(4), narrow=False), case(0.4, KNOTS, normal(4), narrow=False), case(np.array([[-3.0, 5.0, 0.3]]), KNOTS, normal(4), narrow=False),
        case(np.array([-3.0, 5.0, 0.3]), KNOTS, normal(4), 0.7, -0.7, narrow=False), case(np.array([-3.0, 5.0, 0.3]), KNOTS, normal(4), period=4.5, narrow=False),
        case(np.array([0.3, 0.9]), KNOTS, imaginary(4), narrow=False), case(np.array([0.3, 1.9]), np.array([1.5]), np.array([0.7]), narrow=False),
    ],
    "nancumsum": [case(HOLES), case(HOLES, axis=0), case(HOLES, axis=1)],
    "nancumprod": [case(HOLES), case(HOLES, axis=0), case(HOLES, axis=1)],
    # statistics
    "cov": [
        case(MATRIX, narrow=False), case(MATRIX, rowvar=False, ddof=0, narrow=False), case(MATRIX, bias=True, narrow=False), case(V, narrow=False), case(V, normal(5, seed=1), narrow=False),
        case(MATRIX, normal(4), narrow=False), case(imaginary(2, 4), narrow=False), case(MATRIX, normal(3, 4, seed=1), ddof=2, narrow=False), case(MATRIX, dtype="float64", narrow=False),
    ],
    "corrcoef": [case(MATRIX, narrow=False), case(MATRIX, rowvar=False, narrow=False), case(V, normal(5, seed=1), narrow=False), case(V, narrow=False), case(imaginary(2, 4), narrow=False)],
    # polynomials
    "polyval": [case(V, normal(3)), case(V, 0.7), case(V, MATRIX), case(normal(1), normal(3)), case(imaginary(3), normal(2)), case(V, imaginary(2)), case(V, np.zeros(2))],
    "polyadd": [case(V, normal(3)), case(normal(3), V), case(V, V)],
    "polysub": [case(V, normal(3)), case(normal(3), V), case(V, normal(5, seed=1))],
    "polymul": [case(V, normal(3)), case(normal(3), V)],
    "polydiv": [case(V, normal(3)), case(normal(3), V), case(V, normal(1)), case(normal(7), positive(2))],
    "polyfit": [
        case(TIMES, V, 2, narrow=False), case(TIMES, normal(5, 2), 1, narrow=False), case(TIMES, V, deg=Runtime(3), narrow=False), case(TIMES, V, 0, narrow=False),
        case(TIMES, V, 2, w=positive(5), narrow=False), case(TIMES, normal(5, 2), 1, w=positive(5), narrow=False),
    ],
    "poly": [case(V), case(normal(1)), case(normal(2))],
    "from_roots": [case(V), case(MATRIX)],
    "polyder": [case(V), case(V, 2), case(V, 0), case(normal(1))],
    "polyint": [case(V), case(V, 2), case(V, m=1, k=2.0)],
    "roots": [case(np.array([1.0, 0.3, -2.0]), narrow=False), case(np.array([1.0, 0.3, 2.0, 0.7]), narrow=False, second=False)],
    "vander": [case(x, *a, narrow=False, **k) for x, a, k in ((V, (4,), {}), (normal(3), (), {"increasing": True}), (V, (), {}), (V, (1,), {}), (imaginary(3), (3,), {}))],
}  # fmt: skip
