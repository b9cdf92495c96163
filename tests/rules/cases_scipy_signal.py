"""Cases of `scipy.signal`, `scipy.integrate` and `scipy.ndimage`; none where SciPy is not installed."""

import importlib.util

import numpy as np

from adjoint.rules import library
from tests.rules.data import Static, case, imaginary, normal

library.load_all()

LONG, SHORT, EVEN = normal(5), normal(3), normal(4, seed=3)
IMAGE, STENCIL, FLAT = normal(4, 5), normal(2, 3), normal(3, 3)
MODES = ("full", "same", "valid")
TAPS, POLES = normal(3, seed=4), np.array([1.2, -0.4, 0.1])
SECTIONS = np.array([[0.5, 0.2, 0.1, 1.0, -0.3, 0.1], [1.0, 0.4, 0.0, 1.0, 0.2, 0.0]])
PLACES = np.cumsum(np.abs(normal(5, seed=6)) + 0.3)
SMOOTH = ("reflect", "constant", "wrap", "grid-mirror")
BORDERS = (*SMOOTH, "mirror", "nearest")


def convolved(*pairs, **options):
    return [case(a, b, mode=mode, **options) for a, b in pairs for mode in MODES]


CASES = {
    "scipy.signal.convolve": [
        *convolved((LONG, SHORT), (LONG, EVEN), (IMAGE, STENCIL), method="direct"), case(SHORT, LONG), case(SHORT, LONG, "valid"),
        case(LONG, SHORT, "same", "fft"), case(imaginary(5), SHORT),
    ],
    "scipy.signal.fftconvolve": [*convolved((LONG, EVEN), (IMAGE, STENCIL)), case(SHORT, LONG, "valid")],
    "scipy.signal.oaconvolve": convolved((LONG, SHORT)),
    "scipy.signal.convolve2d": convolved((IMAGE, STENCIL), (IMAGE, FLAT)),
    "scipy.signal.correlate": [*convolved((LONG, SHORT), (LONG, EVEN), (IMAGE, STENCIL), method="direct"), case(SHORT, LONG, "valid")],
    "scipy.signal.correlate2d": convolved((IMAGE, STENCIL), (IMAGE, FLAT), (IMAGE, STENCIL.T)),
    "scipy.signal.lfilter": [
        case(TAPS, POLES, normal(7)), case(TAPS, POLES[:1], normal(7)), case(Static(TAPS), Static(POLES), IMAGE),
        case(Static(TAPS), Static(POLES), IMAGE, 0), case(normal(9), POLES, SHORT),
    ],
    "scipy.signal.sosfilt": [case(Static(SECTIONS), normal(7)), case(Static(SECTIONS), IMAGE, axis=0)],
    "scipy.signal.detrend": [case(LONG), case(IMAGE, 0), case(IMAGE, type="constant"), case(normal(7), bp=3)],
    "scipy.integrate.trapezoid": [case(LONG), case(LONG, PLACES), case(IMAGE, PLACES[:4], axis=0), case(IMAGE, dx=0.3), case(IMAGE, IMAGE + PLACES)],
    "scipy.integrate.cumulative_trapezoid": [
        case(LONG), case(LONG, PLACES), case(IMAGE, PLACES[:4], axis=0), case(IMAGE, dx=0.3, initial=0), case(LONG, PLACES, initial=0),
        case(IMAGE, IMAGE + PLACES, Static(1.0), 1),
    ],
    "scipy.integrate.simpson": [case(normal(n), narrow=False) for n in (1, 2, 3, 4, 5, 8)] + [case(IMAGE, dx=0.3, axis=k, narrow=False) for k in (0, 1)],
    **{
        f"scipy.ndimage.{name}": [
            *(case(IMAGE, w, mode=mode) for w in (STENCIL, FLAT) for mode in BORDERS), case(LONG, SHORT), case(LONG, EVEN, origin=1),
            case(IMAGE, FLAT, origin=(0, -1)),
        ]
        for name in ("correlate", "convolve")
    },
    **{f"scipy.ndimage.{name}1d": [case(LONG, EVEN), case(IMAGE, SHORT, 0, origin=-1), case(IMAGE, SHORT, mode="nearest")] for name in ("correlate", "convolve")},
    "scipy.ndimage.gaussian_filter": [
        *(case(IMAGE, Static(0.8), mode=mode) for mode in SMOOTH), case(IMAGE, 1, order=2), case(LONG, 1, radius=2), case(IMAGE, 1, axes=(0,)),
        case(IMAGE, 2, truncate=1.5, mode=("wrap", "reflect")),
    ],
    "scipy.ndimage.gaussian_filter1d": [case(IMAGE, 1, 0), case(LONG, Static(0.8), mode="wrap"), case(IMAGE, 1, order=2)],
    "scipy.ndimage.uniform_filter": [*(case(IMAGE, mode=mode) for mode in SMOOTH), case(IMAGE, (3, 1)), case(LONG, 5)],
    "scipy.ndimage.uniform_filter1d": [case(IMAGE, 3), case(IMAGE, 3, 0, mode="constant")],
    "scipy.ndimage.laplace": [case(IMAGE), case(LONG, mode="wrap")],
} if importlib.util.find_spec("scipy") else {}  # fmt: skip
