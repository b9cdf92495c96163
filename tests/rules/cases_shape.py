"""Cases of shapes, indices, joins, products and linear algebra. To cover a new rule, add one line."""

import numpy as np

from tests.rules.data import Runtime, case, distinct, imaginary, normal

VECTOR, MATRIX, CUBE = normal(3), normal(3, 4), normal(2, 3, 4)
COMPLEX = imaginary(3, 3)
SQUARE, SQUARES = normal(3, 3) + 3 * np.eye(3), normal(2, 3, 3) + 3 * np.eye(3)
DISTINCT, CUBE_DISTINCT = distinct(3, 4) + 0.05, distinct(2, 3, 4) + 0.05
WHOLE = slice(None)
ROWS, COLUMNS = np.array([2, 0, 2]), np.array([1, 1, 3])
MASK = np.array([[True, False, True, True], [False, False, True, False], [True, True, False, False]])
ANY = [case(VECTOR), case(MATRIX), case(CUBE), case(normal(0, 3)), case(imaginary(2, 3))]


def definite(x):
    """A Hermitian positive definite matrix made from any."""
    return x @ np.conj(np.swapaxes(x, -1, -2)) + np.eye(x.shape[-1])


def hermitian(x):
    return x + np.conj(np.swapaxes(x, -1, -2))


def index(x, *items):
    return case(x, items[0] if len(items) == 1 else items)


CASES = {
    # one array, the numbers in their order
    "reshape": [
        case(MATRIX, (4, 3)), case(MATRIX, -1), case(CUBE, (4, -1)), case(CUBE, (2, -1, 2)), case(MATRIX, (3, 4, 1)),
        case(MATRIX, 12, order="F"), case(normal(1), ()), case(MATRIX, (2, 6), order="F"), case(0.3, (1, 1)),
        case(imaginary(4), (2, 2)), case(normal(0, 3), (3, 0)),
    ],
    "ravel": [*ANY, case(CUBE, order="F"), case(np.float64(0.3))],
    "expand_dims": [case(VECTOR, 0), case(VECTOR, -1), case(MATRIX, (0, -1)), case(CUBE, 1)],
    "squeeze": [case(MATRIX[:, :1]), case(MATRIX[:, :1], axis=1), case(CUBE[:1, :, :1], axis=(0, -1)), case(normal(1, 1))],
    "atleast_1d": [case(np.asarray(0.3)), case(VECTOR), case(MATRIX)],
    "atleast_2d": [case(np.asarray(0.3)), case(VECTOR), case(MATRIX)],
    "atleast_3d": [case(np.asarray(0.3)), case(VECTOR), case(MATRIX), case(CUBE), case(normal(2, 2, 2, 2))],
    "copy": [*ANY, case(MATRIX, order="F"), case(0.3), case(np.float64(0.3))],
    "asarray_chkfinite": [case(MATRIX)],
    "asarray": [*ANY, case(0.3), case(VECTOR, dtype="float32", narrow=False, second=False)][:-1],
    "asanyarray": [*ANY, case(0.3)],
    "ascontiguousarray": [*ANY, case(0.3), case(MATRIX.T)],
    # the order of axes, and along axes
    "transpose": [*ANY, case(CUBE, (1, 2, 0)), case(CUBE, (2, -2, 0)), case(MATRIX, (0, 1))],
    "swapaxes": [case(MATRIX, 0, 1), case(CUBE, -1, 0), case(CUBE, 1, 1)],
    "matrix_transpose": [case(MATRIX), case(CUBE)],
    "linalg.matrix_transpose": [case(MATRIX), case(CUBE)],
    "moveaxis": [case(CUBE, 0, -1), case(CUBE, -1, 0), case(CUBE, (0, 2), (1, 0)), case(CUBE, (-1, 0), (0, 1))],
    "rollaxis": [case(CUBE, 2), case(CUBE, 0, 2), case(CUBE, 1, 3), case(CUBE, -1, -2)],
    "flip": [*ANY, case(MATRIX, 1), case(CUBE, (0, -1))],
    "fliplr": [case(MATRIX), case(CUBE)],
    "flipud": [case(VECTOR), case(CUBE)],
    "roll": [case(VECTOR, 1), case(MATRIX, -2), case(MATRIX, 1, axis=0), case(CUBE, (1, -1), axis=(0, 2)), case(MATRIX, 2, axis=(0, 1))],
    "rot90": [case(MATRIX), case(MATRIX, 2), case(CUBE, -1, axes=(1, 2)), case(CUBE, 3, axes=(2, 0))],
    # repetition and borders
    "broadcast_to": [case(VECTOR, (2, 3)), case(MATRIX[:, :1], (2, 3, 4)), case(0.3, (2, 2)), case(MATRIX, (3, 4)), case(normal(1), (4,))],
    "broadcast_arrays": [case(VECTOR, MATRIX.T), case(MATRIX[:, :1], MATRIX[:1], 0.3)],
    "meshgrid": [case(VECTOR, normal(4)), case(VECTOR, normal(4), indexing="ij"), case(VECTOR, normal(4), normal(2))],
    "tile": [case(VECTOR, 2), case(MATRIX, (2, 3)), case(VECTOR, (2, 2)), case(CUBE, (1, 2)), case(VECTOR, 1), case(0.3, (2, 3))],
    "repeat": [
        case(VECTOR, 2), case(MATRIX, 3), case(MATRIX, 2, axis=0), case(CUBE, 2, axis=-2), case(MATRIX, (0, 2, 1), axis=0),
        case(VECTOR, (1, 0, 3)), case(MATRIX, repeats=np.array([1, 0, 3]), axis=0), case(np.asarray(0.3), 3),
    ],
    "pad": [
        case(VECTOR, 1), case(MATRIX, (1, 2)), case(MATRIX, ((1, 0), (0, 2))), case(CUBE, ((1, 1),)), case(MATRIX, ((1,), (2,))), case(VECTOR, (0, 0)),
        *(case(VECTOR, pair) for pair in ((Runtime(1), 2), (2, Runtime(1)), (Runtime(0), Runtime(2)))),
        case(MATRIX, ((0, 1), (2, 0)), constant_values=3.5), case(VECTOR, (2,), mode="constant"),
    ],
    # diagonals and triangles
    "diagonal": [
        case(MATRIX), case(MATRIX, 1), case(MATRIX, -1), case(CUBE, 0, 1, 2), case(CUBE, 1, 0, 2), case(CUBE, 0, 2, 1),
        case(CUBE, -1, 2, 0), case(CUBE, axis1=1, axis2=0), *(case(MATRIX, Runtime(k)) for k in (1, 0, -1)),
    ],
    "linalg.diagonal": [case(MATRIX), case(CUBE, offset=1), case(CUBE)],
    "trace": [
        case(MATRIX), case(MATRIX, 1), case(CUBE), case(CUBE, 0, 1, 2), case(CUBE, -1, 2, 0), case(CUBE, 1, 0, 2),
        case(imaginary(3, 3)), case(normal(2, 3, 2, 3), 1, 1, 3),
    ],
    "linalg.trace": [case(MATRIX), case(CUBE), case(CUBE, offset=-1)],
    "diag": [case(VECTOR), case(VECTOR, 1), case(VECTOR, -2), case(MATRIX), case(MATRIX, 2), case(MATRIX, -1)],
    "diagflat": [case(VECTOR), case(MATRIX, 1), case(VECTOR, -1)],
    "tril": [case(MATRIX), case(MATRIX, -1), case(CUBE, 1), case(VECTOR)],
    "triu": [case(MATRIX), case(MATRIX, -1), case(CUBE, 1), case(VECTOR)],
    # parts of arrays
    "getitem": [
        index(VECTOR, 0), index(VECTOR, -1), index(MATRIX, 1), index(MATRIX, 1, 2), index(CUBE, WHOLE, -1), index(VECTOR, WHOLE),
        index(VECTOR, slice(1, None)), index(VECTOR, slice(None, -1)), index(normal(7), slice(1, -1)),
        index(normal(7), slice(2, 5)), index(normal(7), slice(None, None, 2)), index(normal(7), slice(1, None, 3)),
        index(normal(7), slice(None, None, -1)), index(normal(7), slice(-3, None)), index(normal(7), slice(5, 1, -2)),
        index(normal(7), slice(9, None)), index(normal(7), slice(-4, -1)), index(normal(7), slice(-4, 5)),
        index(normal(7), slice(3, 3)), index(normal(1), slice(None, -1)), index(MATRIX, slice(None, 1)),
        index(CUBE, ..., 1), index(CUBE, 0, ..., slice(1, None)), index(VECTOR, ...), index(VECTOR, None), index(CUBE, 0, None, ..., 2),
        index(VECTOR, ..., 0), index(np.asarray(0.3), ()), index(np.asarray(0.3), None),
        index(VECTOR, ROWS), index(MATRIX, ROWS), index(MATRIX, WHOLE, COLUMNS), index(MATRIX, ROWS, COLUMNS),
        index(CUBE, 0, WHOLE, COLUMNS), index(CUBE, WHOLE, ROWS, COLUMNS), index(CUBE, np.array([0, 1]), WHOLE, np.array([1, 1])),
        index(CUBE, np.array([[0], [1]]), np.array([0, 2]), slice(1, 3)), index(CUBE, WHOLE, np.array([[0, 1]]), None, 1),
        index(CUBE, WHOLE, ROWS, ..., COLUMNS), index(MATRIX, MASK), index(CUBE, WHOLE, MASK), index(MATRIX, MASK[:, 0]),
        index(MATRIX, WHOLE, MASK[0]), index(CUBE, 1, MASK), index(VECTOR, np.array([], int)), index(imaginary(3), slice(1, None)),
        case(MATRIX, index=ROWS), case(MATRIX, index=MASK), case(CUBE, index=np.array(1)),
    ],
    "take": [
        case(VECTOR, ROWS), case(MATRIX, ROWS), case(MATRIX, ROWS, axis=0), case(CUBE, COLUMNS, axis=-1), case(CUBE, 1, axis=1),
        case(MATRIX, 5), case(CUBE, np.array([[0, 1], [2, 2]]), axis=1), case(VECTOR, -1),
        *(case(x, np.array([-1, 1, 13]), mode=mode, **axis) for mode in ("wrap", "clip") for x, axis in ((VECTOR, {}), (MATRIX, {"axis": 1}), (MATRIX, {}))),
    ],
    "take_along_axis": [
        case(MATRIX, np.argsort(MATRIX, 0), 0), case(MATRIX, np.argsort(MATRIX, 1), 1), case(CUBE, np.argmax(CUBE, -1)[..., None], -1),
        case(VECTOR, ROWS, 0), case(MATRIX, np.array([[0, 3]]), 1), case(MATRIX, np.array([0, 5, 5]), None),
    ],
    "compress": [
        case(MASK[:, 0], MATRIX, axis=0), case(MASK[0], CUBE, axis=2), case(np.array([0, 1, 1]), VECTOR), case(np.array([False, True, True]), MATRIX),
    ],
    "ndarray.compress": [case(MATRIX, MASK[:, 0], axis=0), case(CUBE, MASK[0], 2), case(VECTOR, np.array([0, 1, 1]))],
    "extract": [case(MASK, MATRIX), case(np.array([True, False, True]), VECTOR)],
    "delete": [case(VECTOR, 1), case(MATRIX, 1, axis=0), case(MATRIX, (0, 2), axis=1), case(MATRIX, 3), case(CUBE, slice(0, 2), axis=-1)],
    "sort": [
        case(distinct(5)), case(DISTINCT), case(DISTINCT, axis=0), case(CUBE_DISTINCT, axis=1), case(DISTINCT, axis=None), case(distinct(5), axis=0),
        case(DISTINCT, kind="stable"), case(DISTINCT, axis=0, stable=True),
    ],
    # joins
    "concatenate": [
        case([VECTOR, normal(2)]), case([MATRIX, normal(2, 4)]), case([MATRIX, normal(3, 1), normal(3, 2)], axis=1), case([CUBE, CUBE[:, :1]], axis=-2),
        case([MATRIX, VECTOR], axis=None), case([VECTOR, normal(1), imaginary(2)]), case([np.zeros(1), VECTOR, np.zeros(1)]),
        case([normal(1), VECTOR, normal(2), normal(1)]), case([VECTOR, normal(0)]), case([VECTOR]), case([VECTOR, normal(1)]), case([normal(1), VECTOR, normal(1)]), case([VECTOR, normal(1), normal(1), VECTOR, normal(1), normal(1)]),
    ],
    "append": [case(VECTOR, normal(2)), case(VECTOR, 0.3), case(MATRIX, normal(2)), case(MATRIX, MATRIX[:1], axis=0), case(MATRIX, MATRIX, 1)],
    "stack": [
        case([VECTOR, normal(3)]), case([MATRIX, MATRIX + 1], axis=1), case([MATRIX, MATRIX, MATRIX], axis=-1), case([0.3, 0.4]), case([VECTOR]),
        case([VECTOR, imaginary(3)], axis=-1),
    ],
    "array": [
        case([0.3, 0.4, 0.5]), case([0.3, np.float64(2.0), 1]), case([VECTOR, normal(3)]), case([MATRIX, MATRIX]), case([1.5, 2.5j], narrow=False), case(VECTOR),
        case(0.3),
    ],
    "vstack": [case([VECTOR, normal(3)]), case([VECTOR, MATRIX.T]), case([MATRIX, MATRIX[:1]]), case([0.3, 0.4]), case([CUBE, CUBE])],
    "hstack": [case([VECTOR, normal(2)]), case([MATRIX, normal(3, 1)]), case([0.3, VECTOR]), case([CUBE, CUBE[:, :1]]), case([0.3, 0.4])],
    "dstack": [case([VECTOR, normal(3)]), case([MATRIX, MATRIX]), case([CUBE, MATRIX[:2, :3]]), case([0.3, 0.4])],
    "column_stack": [case([VECTOR, normal(3)]), case([VECTOR, MATRIX]), case([MATRIX, MATRIX]), case([0.3, 0.4])],
    "split": [case(normal(6), 3), case(normal(6), (1, 4)), case(CUBE, 2, axis=-1), case(MATRIX, (2,), axis=0)],
    "array_split": [case(normal(7), 3), case(normal(7), (2, 3)), case(CUBE, 2, axis=1)],
    "hsplit": [case(MATRIX, 2), case(normal(6), 2), case(CUBE, (1,))],
    "vsplit": [case(MATRIX, 3), case(CUBE, 2)],
    "dsplit": [case(CUBE, 2)],
    # products
    "matmul": [
        case(VECTOR, normal(3)), case(MATRIX, normal(4)), case(VECTOR, MATRIX), case(MATRIX, normal(4, 2)), case(CUBE, normal(2, 4, 5)),
        case(CUBE, normal(4, 5)), case(MATRIX, normal(2, 4, 5)), case(CUBE, normal(4)), case(VECTOR, CUBE), case(normal(5, 1, 3, 4), normal(2, 4, 2)),
        case(normal(2, 5, 3, 4), normal(4, 2)), case(imaginary(2, 3), imaginary(3, 2)), case(imaginary(2, 3), normal(3)), case(normal(1, 3), normal(3, 1)),
        case(normal(5, 2, 3, 4), normal(4)), case(normal(1, 3, 4), normal(2, 4, 3)),
    ],
    "dot": [
        case(VECTOR, normal(3)), case(MATRIX, normal(4)), case(VECTOR, MATRIX), case(MATRIX, normal(4, 2)), case(CUBE, normal(4)), case(CUBE, normal(4, 2)),
        case(VECTOR, CUBE), case(MATRIX.T, CUBE), case(CUBE, normal(5, 4, 2)), case(2.0, MATRIX), case(MATRIX, 0.3), case(0.3, 0.4), case(imaginary(3), imaginary(3)),
    ],
    "inner": [
        case(VECTOR, normal(3)), case(MATRIX, normal(4)), case(normal(4), MATRIX), case(MATRIX, normal(2, 4)), case(CUBE, normal(4)), case(CUBE, MATRIX),
        case(0.3, VECTOR), case(normal(4), CUBE),
    ],
    "outer": [case(VECTOR, normal(4)), case(MATRIX, VECTOR), case(0.3, VECTOR), case(VECTOR, normal(2, 2)), case(imaginary(2), imaginary(3))],
    "linalg.outer": [case(VECTOR, normal(4))],
    "vdot": [case(VECTOR, normal(3)), case(MATRIX, normal(4, 3)), case(imaginary(3), imaginary(3)), case(imaginary(2, 2), normal(2, 2)), case(normal(2), imaginary(2))],
    "vecdot": [case(VECTOR, normal(3)), case(MATRIX, normal(4)), case(imaginary(2, 3), imaginary(3)), case(CUBE, MATRIX)],
    "linalg.vecdot": [case(VECTOR, normal(3)), case(CUBE, MATRIX)],
    "tensordot": [
        case(CUBE, normal(3, 4, 5)), case(CUBE, normal(4, 2), 1), case(VECTOR, normal(2), 0), case(CUBE, normal(4, 3), ((1, 2), (1, 0))),
        case(CUBE, normal(5, 2), (0, 1)), case(CUBE, normal(4, 5, 2), ((2, 0), (0, 2))), case(MATRIX, MATRIX), case(VECTOR, VECTOR, 1),
        case(normal(2, 3, 4, 5), normal(5, 3, 2), ((3, 1), (0, 1))),
    ],
    "einsum": [
        case("ij,jk->ik", MATRIX, normal(4, 2)), case("ij,jk", MATRIX, normal(4, 2)), case("i,i", VECTOR, normal(3)), case("i,j->ij", VECTOR, normal(4)),
        case("ii", normal(3, 3)), case("ii->i", normal(3, 3)), case("iij->j", normal(3, 3, 2)), case("iii->i", normal(3, 3, 3)), case("ij->ji", MATRIX),
        case("ij->j", MATRIX), case("ij->", MATRIX), case("bij,bjk->bik", CUBE, normal(2, 4, 2)), case("...ij,...jk->...ik", CUBE, normal(4, 2)),
        case("...i,...i", CUBE, normal(4)), case("i...->...", CUBE), case("ij,jk,kl->il", MATRIX, normal(4, 2), normal(2, 3)), case("ij,kj->k", MATRIX, normal(2, 4)),
        case("ii,ij->j", normal(3, 3), MATRIX), case("i,i,i->i", VECTOR, normal(3), VECTOR), case(" i j , j -> i ", MATRIX, normal(4)),
        case("ij,jk->ik", imaginary(2, 3), imaginary(3, 2)), case("ij,jk,kl->il", MATRIX, normal(4, 2), normal(2, 3), optimize=True), case("ba", MATRIX),
        case("...,...->...", MATRIX[:1], MATRIX), case("i,->i", VECTOR, np.asarray(0.3)), case("...ii->...i", SQUARES), case("ij,ij->i", MATRIX[:, :1], MATRIX),
    ],
    "kron": [case(VECTOR, normal(2)), case(MATRIX, normal(2, 3)), case(VECTOR, MATRIX), case(MATRIX, VECTOR), case(0.3, MATRIX), case(CUBE, normal(2, 1, 2))],
    "cross": [case(VECTOR, normal(3, seed=1)), case(normal(2, 3), normal(3)), case(normal(3, 2), normal(3, 2, seed=1), axis=0), case(imaginary(3), normal(3))],
    "linalg.cross": [case(VECTOR, normal(3, seed=1)), case(normal(2, 3), normal(2, 3, seed=1))],
    "convolve": [
        case(normal(5), VECTOR), case(VECTOR, normal(5)), case(VECTOR, normal(3)), *(case(normal(n), normal(m), mode) for mode in ("valid", "same") for n, m in ((5, 3), (3, 6), (4, 4), (6, 2))),
        case(imaginary(4), imaginary(2)),
    ],
    # linear algebra
    "linalg.inv": [case(SQUARE), case(SQUARES), case(COMPLEX)],
    "linalg.solve": [
        case(SQUARE, VECTOR), case(SQUARE, normal(3, 2)), case(SQUARES, normal(2, 3, 1)), case(SQUARES, VECTOR), case(SQUARE, normal(2, 3, 2)),
        case(SQUARES, normal(3, 2)), case(COMPLEX, imaginary(3)), case(SQUARE, imaginary(3)),
    ],
    "linalg.pinv": [case(MATRIX, rtol=1e-12), case(MATRIX), case(MATRIX.T), case(SQUARES), case(imaginary(3, 2)), case(CUBE)],
    "linalg.det": [case(SQUARE), case(SQUARES), case(COMPLEX)],
    "linalg.slogdet": [case(SQUARE, narrow=False), case(-SQUARE, narrow=False), case(SQUARES), case(COMPLEX)],
    "linalg.matrix_power": [*(case(SQUARE, n) for n in (0, 1, 2, 3, 6, -1, -2)), case(SQUARES, 3), case(COMPLEX, 2)],
    "linalg.multi_dot": [case([MATRIX, normal(4, 2)]), case([VECTOR, MATRIX, normal(4, 2), normal(2)]), case([MATRIX, normal(4, 2), normal(2, 5)])],
    "linalg.norm": [
        case(VECTOR), case(MATRIX), case(CUBE), case(MATRIX, axis=0), case(CUBE, axis=-1, keepdims=True), case(CUBE, axis=(0, 2)), case(MATRIX, keepdims=True),
        *(case(normal(4), ord=p, narrow=p != 0) for p in (1, 2, 3, 2.5, np.inf, -np.inf, 0, -1)), *(case(DISTINCT, ord=p, axis=1) for p in (1, 3, np.inf, 0)),
        *(case(DISTINCT, ord=p) for p in ("fro", "nuc", 1, -1, 2, -2, np.inf, -np.inf)), case(CUBE, "nuc", axis=(2, 0)), case(CUBE_DISTINCT, 1, axis=(0, 1), keepdims=True),
        case(CUBE, "fro", axis=(1, 2)), case(imaginary(3)), case(imaginary(3), 1), case(imaginary(3), 3), case(imaginary(3), ord=np.inf),
        case(imaginary(2, 3), "nuc", second=False), case(imaginary(2, 3), 2, second=False), case(imaginary(2, 3), 1), case(CUBE, ord=np.inf, axis=(2, 1)), case(DISTINCT, 3, axis=0, keepdims=True),
    ],
    "linalg.vector_norm": [case(MATRIX), case(CUBE, axis=(0, 2)), case(DISTINCT, ord=3), case(DISTINCT, ord=1, axis=0, keepdims=True)],
    "linalg.matrix_norm": [case(MATRIX), case(CUBE), case(CUBE, ord="nuc", keepdims=True), case(DISTINCT, ord=1)],
    "linalg.cholesky": [
        case(definite(SQUARE)), case(definite(SQUARES)), case(definite(SQUARE), upper=True), case(definite(COMPLEX)), case(definite(COMPLEX), upper=True),
    ],
    "linalg.eigh": [*(case(hermitian(x), **upper) for x in (SQUARE, SQUARES, COMPLEX) for upper in ({}, {"UPLO": "U"}))],
    "linalg.eigvalsh": [case(hermitian(SQUARE)), case(hermitian(SQUARES)), case(hermitian(SQUARE), UPLO="U"), case(hermitian(COMPLEX), second=False)],
    "linalg.svd": [
        case(MATRIX, full_matrices=False), case(MATRIX.T, full_matrices=False), case(CUBE, full_matrices=False), case(MATRIX, compute_uv=False),
        case(imaginary(3, 2), compute_uv=False, second=False), case(CUBE, True, False), case(SQUARE), case(SQUARES), case(COMPLEX), case(normal(1, 1)),
        *(case(imaginary(*shape), full_matrices=False) for shape in ((3, 2), (2, 3), (5, 2), (2, 3, 2))),
    ],
    "linalg.svdvals": [case(MATRIX), case(CUBE), case(imaginary(2, 3), second=False)],
    "linalg.qr": [case(SQUARE, mode="r"), case(MATRIX.T, mode="r"), case(imaginary(3, 2), mode="r"), case(SQUARE), case(MATRIX.T), case(SQUARES), case(MATRIX), case(CUBE), case(COMPLEX), case(imaginary(3, 2)), case(imaginary(2, 3))],
}  # fmt: skip
