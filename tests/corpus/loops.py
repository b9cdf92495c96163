"""`for` and `while` loops: carried values, trip counts of all kinds, nesting, zero trips."""

import math

import numpy as np

from tests.corpus.registry import normal, positive, program


@program((0.7, 5), (0.7, 1), (0.7, 0))
def power_by_loop(x, n):
    y = 1.0
    for _ in range(n):
        y = y * x
    return y


@program((0.7, 4), (0.7, 0))
def integer_start(x, n):
    y = 0
    for i in range(n):
        y += x * i
    return y + x


@program((normal(5),), (normal(1),), (np.zeros(0),))
def sum_of_elements(x):
    s = 0.0
    for i in range(len(x)):
        s += x[i] * x[i]
    return s


@program((normal(6),))
def recurrence_over_neighbours(x):
    s = x[0]
    for i in range(1, len(x)):
        s = math.sin(s) + x[i] * x[i - 1]
    return s


@program((normal(4), 3), (normal(4), 0))
def array_carried(x, n):
    for _ in range(n):
        x = np.tanh(x) + 0.1 * x
    return np.sum(x * x)


@program((0.3, 0.2, 6))
def two_carried(x, v, n):
    dt = 0.1
    for _ in range(n):
        a = -math.sin(x)
        v = v + dt * a
        x = x + dt * v
    return x * v


@program((0.3, 0.8, 5), (0.3, 0.8, 4))
def swap_every_trip(x, y, n):
    for _ in range(n):
        x, y = y, x * y + 1
    return x - y


@program((1.1, 3), (1.1, 0))
def range_with_start_and_step(x, n):
    s = 0.0
    for i in range(1, 2 * n, 2):
        s = s + x**i / i
    return s


@program((0.9, 5))
def descending_range(x, n):
    s = x
    for i in range(n, 0, -1):
        s = s * x + i
    return s


@program((0.9,))
def constant_trip_count(x):
    for i in range(3):
        x = x * x + i
    return x


@program((normal(3, 4),))
def nested_loops(a):
    s = 0.0
    for i in range(a.shape[0]):
        for j in range(a.shape[1]):
            s += math.sin(a[i, j]) * a[i, 0]
    return s


@program((normal(4),), (normal(1),))
def triangular_loops(x):
    s = 0.0
    for i in range(len(x)):
        for j in range(i):
            s += x[i] * x[j] ** 2
    return s


@program((0.5, 3, 2), (0.5, 0, 2), (0.5, 2, 0))
def carried_through_both_loops(x, n, m):
    y = x
    for _ in range(n):
        y = y * x
        for _ in range(m):
            y = math.sin(y) + x
        y = y + 1
    return y


@program((0.5, 2, 2))
def three_deep(x, n, m):
    s = 1.0
    for i in range(n):
        t = x
        for j in range(m):
            for k in range(j + 1):
                t = t * x + k
            s = s + t
        s = s * 0.5
    return s


@program((0.3, 4), (0.3, 0))
def branch_in_loop(x, n):
    y = x
    for i in range(n):
        if i % 2 == 0:
            y = y * x + 1
        else:
            y = math.sin(y)
    return y


@program((normal(7),))
def branch_on_data_in_loop(x):
    s = 0.0
    for i in range(len(x)):
        if x[i] > 0:
            s += x[i] ** 2
        else:
            s -= x[i]
    return s


@program((0.3, 4))
def loop_in_branch(x, n):
    if x > 0:
        for _ in range(n):
            x = x * 1.5 - 0.1
    else:
        x = -x
    return x * x


@program((0.3, 4), (0.3, 0))
def name_bound_in_the_loop_only(x, n):
    last = x
    for i in range(n):
        step = x * i
        last = last + step
    return last


@program((0.3, 4))
def loop_variable_after_the_loop(x, n):
    y = x
    for i in range(n):
        y = y * x + i
    return y * i


@program((3.0,), (20.0,), (0.5,))
def while_on_value(x):
    while x > 1:
        x = x / 2
    return x * x


@program((30.0, 0.9))
def while_with_counter(x, y):
    n = 0
    while x > y:
        x = x / 2
        y = math.sqrt(y)
        n += 1
    return x * y * n


@program((2.0,), (7.0,))
def newton_square_root(a):
    x = a
    for _ in range(6):
        x = 0.5 * (x + a / x)
    return x


@program((2.0,))
def newton_until_converged(a):
    x = a
    while abs(x * x - a) > 1e-13:
        x = 0.5 * (x + a / x)
    return x


@program((2.3, 3))
def while_inside_for(x, n):
    s = 0.0
    for i in range(n):
        y = x + i
        while y > 1:
            y = y * 0.5
        s += y * y * x
    return s


@program((2.0, 3))
def for_inside_while(x, n):
    while x < 20:
        for i in range(n):
            x = x + 0.3 * x / (i + 1)
    return x


@program((normal(3), normal(3, 3), 4))
def power_iteration(v, a, n):
    for _ in range(n):
        w = a @ v + v
        v = w / np.sqrt(np.sum(w * w))
    return v @ a @ v


@program((0.2 * normal(3, 3), normal(3), 5))
def recurrent_network(w, x, n):
    h = np.zeros(3)
    for _ in range(n):
        h = np.tanh(w @ h + x)
    return np.sum(h)


@program((normal(5, 3), normal(3)))
def rows_by_index(a, w):
    s = 0.0
    for i in range(len(a)):
        r = a[i] @ w
        s = s + r * r
    return s


@program((normal(3), 3), (normal(3), 0))
def scalar_joins_array(x, n):
    s = 0
    for i in range(n):
        s = s + x * i
    return np.sum(s * x)


@program((0.2, 3), (0.2, 0))
def growing_type(x, n):
    y = 1
    for _ in range(n):
        y = y * x
    return y * x


@program((positive(4), 0.1))
def explicit_euler(u, dt):
    for _ in range(4):
        u = u + dt * (np.roll(u, 1) - 2 * u + np.roll(u, -1)) * u
    return np.sum(u**2)


@program((0.3, 0.5))
def runge_kutta(y, k):
    h = 0.1
    for _ in range(3):
        k1 = -k * y * y
        k2 = -k * (y + h * k1 / 2) ** 2
        k3 = -k * (y + h * k2 / 2) ** 2
        k4 = -k * (y + h * k3) ** 2
        y = y + h * (k1 + 2 * k2 + 2 * k3 + k4) / 6
    return y


@program((1.1, 4))
def value_only_of_the_last_trip(x, n):
    y = 0.0
    for i in range(n):
        y = x * i
    return y


@program((1.1, 0.4, 4))
def invariant_work(x, y, n):
    s = 0.0
    for i in range(n):
        s = s + math.exp(x) * y * i
    return s


@program((1.1, 5))
def loop_carried_only_for_control(x, n):
    k = 0
    s = x
    for i in range(n):
        k = (k * 3 + i) % 5
        s = s * 0.5 + k
    return s


@program((1.1, 4))
def two_loops_in_a_row(x, n):
    y = x
    for _ in range(n):
        y = y * x
    z = y
    for _ in range(n):
        z = z + math.sin(y * z)
    return z


@program((normal(4), 3))
def tuple_carried(x, n):
    state = (x, 1.0)
    for _ in range(n):
        state = (state[0] * state[1] + x, state[1] * 0.5)
    return np.sum(state[0]) * state[1]


@program((0.4, 4))
def fibonacci(x, n):
    a, b = x, 1.0
    for _ in range(n):
        a, b = b, a + b
    return a * b


@program((1.3, 4))
def early_exit_by_flag(x, n):
    done = False
    y = x
    for _ in range(n):
        if not done:
            y = y * x
        if y > 2:
            done = True
    return y


@program((0.8, 3))
def loop_of_no_effect_on_result(x, n):
    unused = 0.0
    for i in range(n):
        unused = unused + x * i
    return x * 3


@program((0.8, 3), (0.8, 0))
def unchanged_in_loop(x, n):
    y = x
    for _ in range(n):
        y = y
    return y * y


@program((0.8, 3), (0.8, 0), (0.8, 1))
def shift_register(x, n):
    a, b, c = x, x * x, x**3
    for _ in range(n):
        a, b, c = b, c, a
    return a + 10 * b + 100 * c


@program((normal(3), 3), (normal(3), 0))
def delayed_values(x, n):
    old = x
    new = x * 2
    for _ in range(n):
        old, new = new, np.sin(new) * old
    return old, new


@program((0.8, 3))
def overwritten_before_read(x, n):
    t = x
    s = 0.0
    for i in range(n):
        t = i * 2.0
        s = s + t * x
    return s + t


@program((normal(3, 3), 3))
def matrix_power(a, n):
    p = np.eye(3)
    for _ in range(n):
        p = p @ a
    return np.trace(p)


@program((0.6, 3))
def loop_bound_recomputed(x, n):
    s = x
    for _ in range(n):
        n = n + 1
        s = s * x + n
    return s


@program((0.6, 3))
def index_used_as_exponent(x, n):
    s = 0.0
    for i in range(n + 1):
        s += x**i * (-1) ** i
    return s


@program((0.6,), (2.6,))
def collatz_like(x):
    n = 7
    while n != 1:
        if n % 2 == 0:
            n = n // 2
            x = x * 0.5
        else:
            n = 3 * n + 1
            x = math.sin(x) + 1
    return x


@program((0.7, 4))
def return_after_loop_by_branch(x, n):
    s = x
    for i in range(n):
        s = s * x + i
    if s > 1:
        return s * s
    return s


@program((normal(5), positive(5), 3), (normal(5), positive(5), 0))
def factors_inside_of_the_time_loop(u, d, steps):
    """What is the same in every step is in the step, as is usual: in an array that is there, and in a new one."""
    n = u.shape[0]
    p, q = np.zeros(n), np.zeros(n)
    for _ in range(steps):
        w = np.ones(n)
        p[0] = 0.0
        for j in range(1, n):
            p[j] = 0.5 / (d[j] + 0.5 * p[j - 1])
            w[j] = w[j - 1] * d[j]
            q[j] = u[j] - 0.5 * q[j - 1] * p[j]
        for j in range(n - 2, -1, -1):
            u[j] = p[j] * u[j + 1] + q[j]
        for j in range(n):
            p[j] = w[j] * 0.5
        u = u * p + 0.1 * u * u * w
    return np.sum(u * u) + np.sum(p * p)


@program((normal(4), normal(4, seed=1), 3))
def tables_of_which_a_part_stays(u, x, steps):
    """The first column is set once, the last one is what the step before has left."""
    t = np.zeros((4, 4))
    t[:, 0] = x
    v = np.zeros(4)
    for k in range(steps):
        t[:, 1] = x * x
        for i in range(4):
            t[i, 2] = t[i, 1] * t[i, 0] - t[i, 0]
            v[i] = t[i, 3] + x[i]
        u = u + 0.1 * t[:, :3] @ (x[:3] * u[:3]) * v
        t[:, 3] = t[:, 2] * k
    return np.sum(u * u) + np.sum(t)
