"""Cases of selection and order statistics. To cover a new rule, add one line."""

import numpy as np

from tests.rules.data import Runtime, Static, case, distinct, imaginary, normal, with_holes

FIVE, DISTINCT, CUBE = distinct(5), distinct(3, 4), distinct(2, 3, 4)
HOLES, HOLED_CUBE = with_holes(DISTINCT), with_holes(CUBE)
SIX, OTHER = normal(6), normal(6, seed=1)
LEVELS = np.array([0.12, 0.65, 0.9])
METHODS = (
    "linear",
    "hazen",
    "weibull",
    "median_unbiased",
    "normal_unbiased",
    "interpolated_inverted_cdf",
    "lower",
    "higher",
    "nearest",
    "midpoint",
)


def medians(x, cube):
    return [
        case(x), case(x, axis=0), case(x, axis=1, keepdims=True), case(cube, axis=(0, 2)), case(cube, axis=(2, 0), keepdims=True), case(cube, axis=1),
        case(x, axis=None, keepdims=True), case(x[0]),
    ]  # fmt: skip


def quantiles(x, cube, scale):
    return [
        case(x, Static(0.3 * scale)), case(x, 0.32 * scale), case(x, Static(0.37 * scale), axis=0), case(x, LEVELS * scale, axis=1, narrow=False),
        case(cube, LEVELS * scale, axis=(0, 2), keepdims=True, narrow=False), case(cube, np.float64(0.4 * scale), axis=-1, keepdims=True, narrow=False),
        case(x, LEVELS.reshape(1, 3) * scale, axis=0, narrow=False), case(x[0], LEVELS * scale, narrow=False), case(distinct(2, 3), LEVELS * scale, narrow=False), *(case(x, Static(q * scale), axis=1, method=m) for q in (0.02, 0.98, 1.0) for m in ("hazen", "weibull")),
        *(case(x, 0.43 * scale, axis=1, method=method) for method in METHODS), *(case(x, q * scale, axis=1, method="hazen") for q in (0.03, 0.97)),
    ]  # fmt: skip


CASES = {
    "select": [
        case([FIVE > 0.5, FIVE > -0.5], [normal(5), normal(5, seed=1)], 1.0), case([FIVE > 0.5, FIVE > -0.5], [normal(5), 2.0]),
        case([DISTINCT > 0], [normal(4)], np.float64(0.3)), case([DISTINCT > 0, DISTINCT < -1], [imaginary(3, 1), normal(4)], normal(3, 4)),
    ],
    "choose": [
        case(np.array([0, 1, 1, 0]), [normal(4), normal(4, seed=1)]), case(np.array([[0], [2], [1]]), [normal(4), 0.3, normal(3, 1)]),
        case(np.array([5, -1, 1]), [normal(3), normal(3, seed=1)], mode="wrap"), case(np.array([5, -1, 1]), [normal(3), normal(3, seed=1)], mode="clip"),
    ],
    "partition": [case(distinct(7), 2), case(DISTINCT, 1, axis=0), case(DISTINCT, (1, 3)), case(DISTINCT, 5, axis=None), case(CUBE, 1, axis=1), case(distinct(7), -2)],
    "sort_complex": [case(FIVE + 1j * normal(5)), case(FIVE, narrow=False), case(distinct(2, 3) + 1j * normal(2, 3))],
    "unique": [
        case(FIVE), case(DISTINCT), case(np.array([0.3, 0.7, -0.2]), return_index=True), case(DISTINCT, return_counts=True, return_inverse=True),
    ],
    "bincount": [case(np.array([0, 1, 1, 3]), normal(4), narrow=False), case(np.array([0, 1]), normal(2), minlength=5, narrow=False)],
    "histogram": [case(SIX), case(normal(3, 4), 4), case(SIX, "sqrt"), case(SIX, Static(LEVELS), narrow=False), case(SIX, bins=Runtime(3), range=(-1.0, 1.0), narrow=False)],
    "histogram2d": [
        case(SIX, OTHER, narrow=False), case(SIX, OTHER, (3, 4), narrow=False), case(SIX, OTHER, (LEVELS, 3), narrow=False), case(SIX, OTHER, 3, range=[[-1.0, 1.0], None], narrow=False),
        case(SIX, OTHER, Static(LEVELS), narrow=False),
    ],
    "histogram_bin_edges": [case(SIX), case(normal(3, 4), 4), case(SIX, Static(LEVELS), narrow=False)],
    "union1d": [case(FIVE, DISTINCT + 0.1), case(FIVE, normal(3))],
    "setxor1d": [case(FIVE, normal(3))],
    "setdiff1d": [case(FIVE, normal(3)), case(DISTINCT + 0.1, Static(FIVE), narrow=False)],
    "unique_values": [case(FIVE), case(DISTINCT)],
    "median": medians(DISTINCT, CUBE),
    "nanmedian": [*medians(HOLES, HOLED_CUBE), case(DISTINCT, axis=0)],
    "quantile": quantiles(DISTINCT, CUBE, 1),
    "percentile": quantiles(DISTINCT, CUBE, 100),
    "nanquantile": quantiles(HOLES, HOLED_CUBE, 1),
    "nanpercentile": quantiles(HOLES, HOLED_CUBE, 100),
}  # fmt: skip
