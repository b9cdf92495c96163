"""Lists in lists, of which places are known at run time only: tables, matrices, buckets, graphs."""

import numpy as np

from tests.corpus.registry import normal, program


@program((normal(6), 3), (normal(6), 1))
def buckets(a, n):
    groups = [[] for _ in range(n)]
    for i, v in enumerate(a):
        groups[i % n].append(v * v)
    total = 0.0
    for k, group in enumerate(groups):
        if group:
            total += sum(group) / len(group) * (k + 1)
    return total


@program((normal(6),))
def buckets_that_are_written_out(a):
    groups = [[], [], []]
    for i, v in enumerate(a):
        groups[i % 3].append(v * v)
    total = 0.0
    for k, group in enumerate(groups):
        total += sum(group) * (k + 1)
    return total * max(groups[0])


@program((normal(6),), (np.array([1.0, 2.0, 3.0]),))
def signs_apart(a):
    found = {"positive": [], "negative": []}
    for v in a:
        if v > 0:
            found["positive"].append(v)
        else:
            found["negative"].append(v * 2)
    return sum(found["positive"]) * 2 + sum(found["negative"]) ** 2


@program((normal(6),))
def pairs_in_groups(a):
    groups = [[] for _ in range(2)]
    for i in range(len(a)):
        groups[i % 2].append((a[i], a[i] ** 2))
    total = 0.0
    for group in groups:
        for u, v in group:
            total += u * v
    return total


@program((normal(3),))
def elimination(b):
    rows = [[4.0, 1.0, b[0]], [1.0, 5.0, 2.0], [b[1], 0.5, 6.0]]
    x = [b[0], b[1], b[2]]
    n = len(rows)
    for k in range(n):
        for i in range(k + 1, n):
            f = rows[i][k] / rows[k][k]
            for j in range(k, n):
                rows[i][j] -= f * rows[k][j]
            x[i] -= f * x[k]
    for i in range(n - 1, -1, -1):
        for j in range(i + 1, n):
            x[i] -= rows[i][j] * x[j]
        x[i] /= rows[i][i]
    return sum(v * v for v in x)


@program((normal(3),))
def product_of_two_matrices(b):
    left = [[b[0], b[1]], [b[2], 1.0]]
    right = [[1.0, b[0]], [b[1], b[2]]]
    out = [[0.0] * 2 for _ in range(2)]
    for i in range(2):
        for j in range(2):
            for k in range(2):
                out[i][j] += left[i][k] * right[k][j]
    return out[0][0] * out[1][1] + out[0][1]


@program((normal(3, 3), 3))
def two_factors(a, n):
    lower = [[0.0] * n for _ in range(n)]
    upper = [[0.0] * n for _ in range(n)]
    for i in range(n):
        for j in range(i, n):
            total = a[i, j] + (4.0 if i == j else 0.0)
            for k in range(i):
                total -= lower[i][k] * upper[k][j]
            upper[i][j] = total
        lower[i][i] = 1.0
        for j in range(i + 1, n):
            total = a[j, i]
            for k in range(i):
                total -= lower[j][k] * upper[k][i]
            lower[j][i] = total / upper[i][i]
    return upper[0][0] * upper[1][1] * upper[2][2] + lower[2][1]


@program((normal(4), 4), (normal(4), 0))
def table_of_best_sums(w, n):
    table = [[0.0] * (n + 1) for _ in range(n + 1)]
    for i in range(1, n + 1):
        for j in range(1, n + 1):
            table[i][j] = max(table[i - 1][j], table[i][j - 1]) + w[i - 1] * w[j - 1]
    return table[n][n] + w[0]


@program((normal(4),))
def shortest_paths(w):
    near = [[] for _ in range(4)]
    for k, (u, v) in enumerate([(0, 1), (1, 2), (2, 3), (0, 3)]):
        near[u].append((v, w[k] ** 2))
        near[v].append((u, w[k] ** 2))
    far = [1e3] * 4
    far[0] = 0.0
    for _ in range(4):
        for u in range(4):
            for v, c in near[u]:
                far[v] = min(far[v], far[u] + c)
    return sum(far)


@program((normal(5),), (np.array([1.0, 2.0, 3.0, 2.5]),))
def runs_that_rise(a):
    runs = []
    for v in a:
        if not runs or v > runs[-1][-1]:
            runs.append([v])
        else:
            runs[-1].append(v * 1.5)
    return sum(sum(run) * len(run) for run in runs)


@program((normal(6), 0.1))
def points_by_coordinate(a, h):
    points, speeds = [], []
    for k in range(2):
        points.append([a[3 * k], a[3 * k + 1], a[3 * k + 2]])
        if k < 5:
            speeds.append([0.0, 0.0, 0.0])
    for _ in range(3):
        for i in range(2):
            for d in range(3):
                speeds[i][d] -= h * points[i][d]
                points[i][d] += h * speeds[i][d]
    return sum(p[0] * p[1] + p[2] for p in points)


@program((normal(4), 2), (normal(4, seed=5), 0))
def one_item_or_another_on_each_path(a, n):
    rows = [[a[i] * u for u in a] for i in range(n)]
    for i in range(n):
        row = rows[i]
        if row[0] > 0:
            row[1] = row[0] * row[1]
        else:
            row[0] = row[1] ** 2
    product = 1.0
    for row in rows:
        product = product * (1 + sum(row) ** 2)
    return product * a[0]


@program((normal(4), 2), (normal(4, seed=5), 0))
def items_that_some_paths_change(a, n):
    rows = [[u * u for u in a] for _ in range(n)]
    for i in range(n):
        for j in range(len(rows[i])):
            if rows[i][j] > 0.5:
                rows[i][j] = rows[i][j] * a[i] * rows[i - 1][j]
    return sum(sum(row) for row in rows) * a[0]
