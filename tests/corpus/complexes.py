"""Complex numbers: arguments, intermediates, real and imaginary parts."""

import numpy as np

from tests.corpus.registry import complexes, normal, program

Z = complex(complexes())


@program((Z, complex(0.2, 0.7)))
def holomorphic_scalars(z, w):
    return z * w + z**2 - 1 / w


@program((complexes(3), complexes(3, seed=1)), float32=True)
def holomorphic_arrays(z, w):
    return np.exp(z) * w + np.sin(w) / (2 + z)


@program((complexes(3),))
def modulus_squared(z):
    return np.sum(np.real(z * np.conj(z)))


@program((complexes(3),))
def parts(z):
    return z.real * z.imag + np.abs(z) - np.angle(z)


@program((normal(3), complexes(3)))
def real_times_complex(x, z):
    return np.sum(x * z), x + z


@program((normal(3),))
def complex_inside_real_outside(x):
    z = np.exp(1j * x) * (1 + 2j)
    return np.sum(z.real * x) + np.sum(np.abs(z + x))


@program((0.4, 0.9))
def complex_from_floats(x, y):
    z = x + 1j * y
    return (z * z).real - z.imag


@program((complexes(3, 3), complexes(3)))
def complex_matmul(a, z):
    return a @ z, np.sum(np.abs(a @ z) ** 2)


@program((0.3, 4))
def mandelbrot(x, n):
    z = 0j
    for _ in range(n):
        z = z * z + (x + 0.2j)
    return abs(z)


@program((complexes(4), normal(4)))
def real_part_written(z, x):
    y = z * 1.0
    y[0] = x[1]
    return np.sum(np.real(y * z))


@program((normal(4), 0.3))
def real_and_complex_joined(x, s):
    z = 1j * s
    for i in range(3):
        z = z * x[i] + s
    return z


@program((normal(4), normal(4, seed=1)))
def discrete_fourier_transform(x, y):
    k = np.arange(4)
    w = np.exp(-2j * np.pi / 4 * k[:, None] * k)
    return np.sum(np.abs(w @ x) ** 2 * np.real(w @ y))
