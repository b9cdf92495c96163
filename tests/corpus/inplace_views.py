"""Arrays written in place, through views, aliases and callees: numerical kernels as they are written for NumPy."""

import numpy as np

from tests.corpus.registry import normal, positive, program


def symmetric(n):
    a = normal(n, n)
    return a @ a.T + n * np.eye(n)


# ---- stencils


@program((normal(6), normal(6, seed=1)))
def jacobi_1d(a, b):
    for _ in range(2):
        b[1:-1] = 0.3 * (a[:-2] + a[1:-1] + a[2:])
        a[1:-1] = 0.3 * (b[:-2] + b[1:-1] + b[2:])
    return np.sum(a * b)


@program((normal(4, 4), normal(4, 4, seed=1)))
def jacobi_2d(a, b):
    for _ in range(2):
        b[1:-1, 1:-1] = 0.2 * (a[1:-1, 1:-1] + a[1:-1, :-2] + a[1:-1, 2:] + a[2:, 1:-1] + a[:-2, 1:-1])
        a[1:-1, 1:-1] = 0.2 * (b[1:-1, 1:-1] + b[1:-1, :-2] + b[1:-1, 2:] + b[2:, 1:-1] + b[:-2, 1:-1])
    return a, b


@program((normal(4, 5),))
def seidel_2d(a):
    n, m = a.shape
    for i in range(1, n - 1):
        a[i, 1:-1] += a[i - 1, :-2] + a[i - 1, 1:-1] + a[i - 1, 2:] + a[i, 2:] + a[i + 1, 1:-1]
        for j in range(1, m - 1):
            a[i, j] += a[i, j - 1] * a[i, j]
            a[i, j] /= 9.0
    return np.sum(a * a)


@program((normal(4, 3, 3), normal(4, 3, 3, seed=2)))
def heat_3d(a, b):
    inner = (slice(1, -1),) * 3
    for _ in range(2):
        b[inner] = 0.125 * (a[2:, 1:-1, 1:-1] - 2.0 * a[inner] + a[:-2, 1:-1, 1:-1]) + a[inner]
        a[inner] = 0.125 * (b[1:-1, 2:, 1:-1] - 2.0 * b[inner] + b[1:-1, :-2, 1:-1]) + b[inner]
    return np.sum(a * b)


@program((normal(4, 4), normal(4, 4, seed=1), normal(4, 4, seed=2), normal(3)))
def fdtd_2d(ex, ey, hz, source):
    for t in range(3):
        ey[0, :] = source[t]
        ey[1:, :] -= 0.5 * (hz[1:, :] - hz[:-1, :])
        ex[:, 1:] -= 0.5 * (hz[:, 1:] - hz[:, :-1])
        hz[:-1, :-1] -= 0.7 * (ex[:-1, 1:] - ex[:-1, :-1] + ey[1:, :-1] - ey[:-1, :-1])
    return np.sum(hz**2) + ex[1, 2] * ey[2, 1]


@program((3, normal(5, 5)))
def alternating_directions(steps, u):
    n = len(u)
    v, p, q = np.empty((n, n)), np.empty((n, n)), np.empty((n, n))
    for _ in range(steps - 1):
        v[0, :] = v[n - 1, :] = 1.0
        p[:, 0], q[:, 0] = 0.0, 1.0
        for j in range(1, n - 1):
            p[1:-1, j] = -0.3 / (-0.3 * p[1:-1, j - 1] + 1.6)
            q[1:-1, j] = (0.4 * u[j, :-2] + u[j, 1:-1] + 0.3 * q[1:-1, j - 1]) / (1.6 - 0.3 * p[1:-1, j - 1])
        for j in range(n - 2, -1, -1):
            v[j, 1:-1] = p[1:-1, j] * v[j + 1, 1:-1] + q[1:-1, j]
        u[1:-1, 1:-1] = v[1:-1, 1:-1]
    return np.sum(u[1:-1, 1:-1] * v[1:-1, 1:-1])


@program((normal(5, 5), normal(5, 5, seed=1), normal(5, 5, seed=2)))
def pressure_of_a_cavity(p, u, v):
    for _ in range(2):
        old = p.copy()
        p[1:-1, 1:-1] = 0.25 * (old[1:-1, 2:] + old[1:-1, :-2] + old[2:, 1:-1] + old[:-2, 1:-1])
        p[1:-1, 1:-1] -= (u[1:-1, 2:] - u[1:-1, :-2]) * (v[2:, 1:-1] - v[:-2, 1:-1])
        p[:, -1] = p[:, -2]
        p[0, :] = p[1, :]
        p[:, 0] = p[:, 1]
        p[-1, :] = 0.0
    return p


@program((normal(4, 5), normal(4, 5, seed=1)))
def periodic_channel(u, v):
    for _ in range(2):
        old = u.copy()
        u[1:-1, 1:-1] = old[1:-1, 1:-1] - 0.1 * v[1:-1, 1:-1] * (old[1:-1, 1:-1] - old[1:-1, :-2])
        u[1:-1, -1] = old[1:-1, -1] - 0.1 * v[1:-1, -1] * (old[1:-1, -1] - old[1:-1, -2])
        u[1:-1, 0] = old[1:-1, 0] - 0.1 * v[1:-1, 0] * (old[1:-1, 0] - old[1:-1, -1])
        u[0, :] = u[-1, :] = 0.0
    return np.sum(u**2)


@program((normal(3, 4),))
def recursive_filter(image):
    y = np.zeros_like(image)
    for i in range(image.shape[0]):
        ym1, xm1 = 0.0, 0.0
        for j in range(image.shape[1]):
            y[i, j] = 0.5 * image[i, j] + 0.3 * xm1 + 0.2 * ym1
            xm1, ym1 = image[i, j], y[i, j]
    for j in range(image.shape[1]):
        tm1 = 0.0
        for i in range(image.shape[0] - 1, -1, -1):
            y[i, j] += 0.3 * tm1
            tm1 = y[i, j] * image[i, j]
    return y


# ---- linear algebra


@program((symmetric(4),))
def cholesky(a):
    n = a.shape[0]
    a[0, 0] = np.sqrt(a[0, 0])
    for i in range(1, n):
        for j in range(i):
            a[i, j] -= np.dot(a[i, :j], a[j, :j])
            a[i, j] /= a[j, j]
        a[i, i] -= np.dot(a[i, :i], a[i, :i])
        a[i, i] = np.sqrt(a[i, i])
    return np.sum(np.tril(a) ** 2) + a[3, 1]


@program((symmetric(4),))
def lu(a):
    for i in range(len(a)):
        for j in range(i):
            a[i, j] -= a[i, :j] @ a[:j, j]
            a[i, j] /= a[j, j]
        for j in range(i, len(a)):
            a[i, j] -= a[i, :i] @ a[:i, j]
    return a


@program((symmetric(4), normal(4)))
def lu_solve(a, b):
    n = len(b)
    for k in range(n):
        pivot, below = a[k, k:], a[k + 1 :, k:]
        factors = below[:, 0] / pivot[0]
        below -= np.outer(factors, pivot)
        b[k + 1 :] -= factors * b[k]
    x = np.zeros(n)
    for i in range(n - 1, -1, -1):
        x[i] = (b[i] - a[i, i + 1 :] @ x[i + 1 :]) / a[i, i]
    return x


@program((np.tril(normal(4, 4)) + 3.0 * np.eye(4), normal(4)))
def trisolv(low, b):
    x = np.empty_like(b)
    for i in range(len(x)):
        x[i] = (b[i] - low[i, :i] @ x[:i]) / low[i, i]
    return x


@program((normal(4, 3),), exact=False)  # BLAS sums a column in another order where it lies in one piece
def gramschmidt(a):
    n = a.shape[1]
    q, r = np.zeros_like(a), np.zeros((n, n))
    for k in range(n):
        r[k, k] = np.sqrt(np.sum(a[:, k] * a[:, k]))
        q[:, k] = a[:, k] / r[k, k]
        for j in range(k + 1, n):
            r[k, j] = q[:, k] @ a[:, j]
            a[:, j] -= q[:, k] * r[k, j]
    return q, r


@program((0.2 * normal(5),))
def durbin(r):
    y = np.empty_like(r)
    alpha, beta = -r[0], 1.0
    y[0] = -r[0]
    for k in range(1, r.shape[0]):
        beta *= 1.0 - alpha * alpha
        alpha = -(r[k] + np.dot(np.flip(r[:k]), y[:k])) / beta
        y[:k] += alpha * np.flip(y[:k])
        y[k] = alpha
    return y


@program((0.7, 1.2, normal(3, 3), normal(3, 3, seed=1)))
def syrk(alpha, beta, c, a):
    for i in range(a.shape[0]):
        c[i, : i + 1] *= beta
        for k in range(a.shape[1]):
            c[i, : i + 1] += alpha * a[i, k] * a[: i + 1, k]
    return np.sum(c * c)


@program((0.7, normal(3, 3), normal(3, 4)))
def trmm(alpha, a, b):
    for i in range(b.shape[0]):
        for j in range(b.shape[1]):
            b[i, j] += np.dot(a[i + 1 :, i], b[i + 1 :, j])
    b *= alpha
    return b


@program((0.7, 1.2, normal(3, 4), normal(3, 3), normal(3, 4, seed=1)))
def symm(alpha, beta, c, a, b):
    temporary = np.empty((c.shape[1],), dtype=c.dtype)
    c *= beta
    for i in range(c.shape[0]):
        for j in range(c.shape[1]):
            c[:i, j] += alpha * b[i, j] * a[i, :i]
            temporary[j] = b[:i, j] @ a[i, :i]
        c[i, :] += alpha * b[i, :] * a[i, i] + alpha * temporary
    return np.sum(c**2)


@program((normal(3, 3), normal(3), normal(3, seed=1), normal(3, seed=2)))
def gemver(a, u, v, y):
    x, w = np.zeros(3), np.zeros(3)
    a += np.outer(u, v)
    x += 0.7 * y @ a
    x += v
    w += 1.3 * a @ x
    return w @ x


@program((normal(2, 3, 4), normal(4, 4)))
def doitgen(a, c4):
    for r in range(a.shape[0]):
        for q in range(a.shape[1]):
            total = a[r, q, :] @ c4
            a[r, q, :] = total
    return a


@program((normal(5, 3),))
def covariance(data):
    data -= np.mean(data, axis=0)
    cov = np.zeros((3, 3))
    for i in range(3):
        cov[i:, i] = cov[i, i:] = data[:, i] @ data[:, i:] / (data.shape[0] - 1.0)
    return cov


@program((normal(5, 3),))
def correlation(data):
    deviation = np.std(data, axis=0)
    deviation[deviation <= 0.1] = 1.0
    data -= data.mean(axis=0)
    data /= np.sqrt(5.0) * deviation
    corr = np.eye(3)
    for i in range(2):
        corr[i + 1 :, i] = corr[i, i + 1 :] = data[:, i] @ data[:, i + 1 :]
    return corr


# ---- other kernels


@program((positive(4, 4),))
def shortest_paths(path):
    for k in range(path.shape[0]):
        for i in range(path.shape[0]):
            path[i, :] = np.minimum(path[i, :], path[i, k] + path[k, :])
    return np.sum(path * path)


@program((positive(4, 4),))
def soft_shortest_paths(path):
    for k in range(len(path)):
        path[:] = -np.log(np.exp(-path) + np.exp(-np.add.outer(path[:, k], path[k, :])))
    return path


@program((normal(5),))
def folding_table(sequence):
    n = len(sequence)
    table = np.zeros((n, n))
    for i in range(n - 1, -1, -1):
        for j in range(i + 1, n):
            table[i, j] = max(table[i, j - 1], table[i + 1, j])
            if i < j - 1:
                table[i, j] = max(table[i, j], table[i + 1, j - 1] + sequence[i] * sequence[j])
            for k in range(i + 1, j):
                table[i, j] = max(table[i, j], table[i, k] + table[k + 1, j])
    return table[0, n - 1] + np.sum(table)


@program((positive(3), normal(3, 2), normal(3, 2, seed=1)))
def n_body(mass, pos, vel):
    acc = np.zeros_like(pos)
    for _ in range(2):
        acc[:] = 0.0
        for i in range(len(mass)):
            for j in range(i + 1, len(mass)):
                d = pos[j] - pos[i]
                pull = d / (np.sum(d * d) + 0.1) ** 1.5
                acc[i] += mass[j] * pull
                acc[j] -= mass[i] * pull
        vel += 0.1 * acc
        pos += 0.1 * vel
    return pos, vel


@program((normal(2, 5, 5), normal(3, 2, 2, 2)))
def convolution(image, weights):
    out = np.empty((3, 4, 4))
    for i in range(4):
        for j in range(4):
            window = image[:, i : i + 2, j : j + 2]
            out[:, i, j] = np.sum(window[np.newaxis] * weights, axis=(1, 2, 3))
    np.maximum(out, 0.01 * out, out=out)
    return out


@program((normal(4, 4),))
def pooled(image):
    out = np.empty((2, 2))
    for i in range(2):
        for j in range(2):
            out[i, j] = np.max(image[2 * i : 2 * i + 2, 2 * j : 2 * j + 2])
    return out * out


@program((normal(3, 4),))
def softmax_in_place(x):
    x -= np.max(x, axis=-1, keepdims=True)
    np.exp(x, out=x)
    x /= np.sum(x, axis=-1, keepdims=True)
    return x


# ---- views, aliases, callees


def scaled(row, by):
    row *= by
    return row[1:]


@program((normal(5), 0.7))
def view_returned_by_a_callee(a, x):
    tail = scaled(a[1:], x)
    tail[0] = x * x
    scaled(tail, a[0])[-1] += 2.0 * x
    return np.sum(a * a)


@program((normal(3, 4),))
def rows_and_columns_in_loops(m):
    for row in m:
        row /= 1.0 + row @ row  # noqa: PLW2901  # the row of the matrix is what is written
    for k, column in enumerate(m.T):
        column[k % 3] += k * column[0]
    return m


@program((normal(6),))
def overlapping_windows(a):
    a[1:] = a[:-1] * 0.5
    a[:-1] += a[1:] ** 2
    a[::-1] *= a
    a[::2], a[1::2] = a[1::2], a[::2].copy()
    return a


@program((normal(4), normal(4, seed=1), 0.3))
def buffers_swapped(a, b, x):
    for k in range(3):
        b[1:] += x * a[:-1]
        b[0] = a[k]
        a, b = b, a
    return np.sum(a * b) + a[0]


@program((normal(5), 0.5), (normal(5), -0.5))
def written_in_one_branch(a, x):
    tail = a[2:]
    if x > 0:
        tail *= x
        a[0] = tail[1]
    else:
        a = a * 2.0
        a[1] = x
    return np.sum(a) * np.sum(tail**2)


@program((normal(3, 4), 0.5))
def reshaped_and_transposed(m, x):
    flat = m.reshape(-1)
    flat[::5] = x
    grid = flat.reshape(4, 3).T
    grid[1] += m[0, 0] * grid[0]
    m.T[2, :] = x * m[:, 1]
    return m


@program((normal(6), 0.5))
def methods_that_write(a, x):
    b = a.copy()
    b.sort()
    a[b > x] *= x
    b[:2].fill(x * x)
    np.copyto(a[3:], b[:3], where=b[:3] > 0.1)
    np.multiply(a, b, out=b[::-1], where=a > -0.2)
    np.add.at(a, [0, 2, 2], b[:3])
    np.put(b, [1, 4], a[:2])
    return np.sum(a * b)


@program((normal(3, 3), 0.5))
def functions_that_write(m, x):
    np.fill_diagonal(m, x)
    np.putmask(m, m < -0.5, m * m)
    np.add(m, m.T, out=m)
    m[[0, 2]] = m[[2, 0]] * x
    m[m > 1.1] = x
    np.subtract(m[0], m[1], out=m[2])
    return m


@program((normal(4), normal(4, seed=1)))
def several_names_of_one_array(a, b):
    c = d = a
    c[1] = b[0]
    d[2] *= c[1]
    a, b = b, a
    b[0] += a[3]
    return np.sum(c * d) + np.sum(a * b)


@program((normal(4), 3))
def accumulated_along_an_axis(x, n):
    table = np.zeros((n + 1, 4))
    table[0] = x
    for k in range(n):
        table[k + 1, 1:] = np.tanh(table[k, :-1]) + table[k, 1:]
        table[k + 1, 0] = table[k, -1]
        if table[k + 1].sum() > 3.0:
            break
    return table


@program((normal(2, 3), 0.4))
def complex_parts_written(m, x):
    z = np.zeros((2, 3), dtype=complex)
    z.real = m
    z.imag[0] = x * m[1]
    z[1] *= 1j
    return np.sum(np.abs(z) ** 2) + z.real[0, 1] * z.imag[1, 2]
