"""Items of lists of run-time length that are changed: lists of lists, of dicts, of objects."""

# ruff: noqa: PERF401  # lists that grow in a loop are what is tested

from dataclasses import dataclass

from tests.corpus.registry import normal, program


@program((normal(5), 0.3))
def nested_item(a, x):
    rows = []
    for v in a:
        rows.append([v, x * v])
    rows[1][0] = x
    return sum(r[0] * r[1] for r in rows)


@program((normal(5), 0.3, 3))
def nested_item_run_time(a, x, n):
    grid = [[x] * n for _ in range(n)]
    for i in range(n):
        for j in range(n):
            grid[i][j] = a[i] * a[j] * x + grid[i][j]
    return grid[0][1] * grid[1][2] + grid[1][0]


@dataclass
class Body:
    x: float
    v: float
    m: float = 1.0

    def kick(self, f, dt):
        self.v += f / self.m * dt

    def drift(self, dt):
        self.x += self.v * dt


@program((normal(4), normal(4, seed=3), 0.1))
def bodies(x, v, dt):
    ps = [Body(x[k], v[k], 1.0 + k) for k in range(len(x))]
    for _ in range(2):
        for i, p in enumerate(ps):
            force = 0.0
            for j, q in enumerate(ps):
                if i != j:
                    d = q.x - p.x
                    force += q.m * d / (d * d + 0.5)
            p.kick(force, dt)
        for p in ps:
            p.drift(dt)
            if p.x > 1.0:
                p.v = -p.v
                p.x = 2.0 - p.x
    return sum(p.m * p.v**2 for p in ps) + ps[0].x


@program((normal(4), 0.1))
def pairwise_forces(x, k):
    ps = [{"x": x[i], "f": 0.0} for i in range(len(x))]
    for i in range(len(ps)):
        for j in range(i):
            f = k * (ps[j]["x"] - ps[i]["x"])
            ps[i]["f"] += f
            ps[j]["f"] -= f
    for p in ps:
        p["x"] += p["f"]
    return sum(p["x"] ** 2 for p in ps)


@program((normal(4), 0.1))
def nested_pairs(x, k):
    ps = [Body(v, 0.0) for v in x]
    for p in ps:
        for q in ps:
            p.v += k * (q.x - p.x)
    return sum(p.v * p.x for p in ps) + ps[-1].v ** 2


@program((normal(4), 0.1))
def history_in_items(x, k):
    cells = [{"trail": [v, k], "n": 1} for v in x]
    for c in cells:
        c["trail"][0] = c["trail"][0] * k
        c["n"] += 1
    cells[2]["trail"][1] = 5.0 * k
    return sum(c["trail"][0] * c["trail"][1] * c["n"] for c in cells)


@program((normal(4), 0.1))
def one_item_by_name(x, k):
    ps = [Body(v, k) for v in x]
    p = ps[1]
    p.x = k * k
    p.v *= p.x
    return ps[1].v * ps[1].x + ps[0].x + p.v


@program((normal(4), 0.1))
def zipped_bodies(x, k):
    ps = [Body(v, k) for v in x]
    for p, f in zip(ps, x, strict=True):
        p.kick(f * k, 0.5)
    for p in reversed(ps):
        p.drift(k)
    return sum(p.v * p.x for p in ps)
