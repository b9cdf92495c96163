"""Cases of numpy.fft. To cover a new rule, add one line."""

import numpy as np

from tests.rules.data import case, imaginary, normal

R, Z, MATRIX, SPECTRA, CUBE = normal(6), imaginary(6), normal(3, 4), imaginary(3, 4), normal(2, 3, 4)
NORMS = ("backward", "ortho", "forward")


def one_axis(real, complex_):
    return [
        *(case(x, n=n) for x in (real, complex_) for n in (None, 4, 6, 9)), *(case(complex_, norm=norm) for norm in NORMS), case(real, norm="ortho"),
        case(MATRIX, axis=0), case(SPECTRA, n=5, axis=-2), case(SPECTRA, n=2, axis=0), case(CUBE, None, 1),
    ]  # fmt: skip


def real_only(x):
    return [
        *(case(x, n=n) for n in (None, 4, 5, 6, 9, 1)), case(normal(5)), *(case(x, norm=norm) for norm in NORMS), case(MATRIX, axis=0),
        case(MATRIX, n=5, axis=0, norm="ortho"), case(CUBE, axis=1),
    ]  # fmt: skip


def halves(x):
    return [
        *(case(x, n=n) for n in (None, 4, 5, 7, 10, 12)), *(case(x, norm=norm) for norm in NORMS), case(SPECTRA, axis=0), case(SPECTRA, n=3, axis=0, norm="ortho"),
        case(R), case(imaginary(2, 3, 4), axis=1), case(imaginary(3, 2, 2), axis=0),
    ]  # fmt: skip


def several_axes(x, y, default=True):
    return [
        case(x), case(x, norm="ortho"), case(x, norm="forward"), case(x, s=(2, 5), axes=(0, 1)), case(x, s=(5, 3), axes=(1, 0)), case(y, axes=(0, 2)),
        case(x, s=(-1, 6), axes=(0, 1)), case(x, axes=(1,)), *([case(y)] if default else []),
    ]  # fmt: skip


CASES = {
    "fft.fft": one_axis(R, Z),
    "fft.ifft": one_axis(R, Z),
    "fft.rfft": real_only(R),
    "fft.ihfft": real_only(R),
    "fft.irfft": halves(Z),
    "fft.hfft": halves(Z),
    "fft.fftn": [*several_axes(SPECTRA, CUBE), *several_axes(MATRIX, CUBE)],
    "fft.ifftn": [*several_axes(SPECTRA, CUBE), *several_axes(MATRIX, CUBE)],
    "fft.fft2": several_axes(SPECTRA, CUBE),
    "fft.ifft2": several_axes(SPECTRA, CUBE),
    "fft.rfftn": [case(CUBE, s=(4, 3)), *several_axes(MATRIX, CUBE), case(CUBE, s=(4, 3, 2), axes=(2, 1, 0))],
    "fft.irfftn": several_axes(SPECTRA, imaginary(2, 3, 4)),
    "fft.rfft2": several_axes(MATRIX, CUBE),
    "fft.irfft2": several_axes(SPECTRA, imaginary(2, 3, 4)),
    "fft.fftshift": [case(normal(5)), case(R), case(MATRIX, axes=1), case(SPECTRA, axes=(0, 1)), case(np.ones(3) * 0.5, 0)],
    "fft.ifftshift": [case(normal(5)), case(R), case(MATRIX, axes=1), case(SPECTRA, axes=(0, 1)), case(CUBE, (0, 2))],
}  # fmt: skip
