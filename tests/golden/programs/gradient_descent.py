# types: f8[d], f8[n,d], f8[n], f8
# argnums: 3
from adjoint import grad


def program(w, x, y, rate):
    def loss(v):
        r = x @ v - y
        return r @ r

    for _ in range(3):
        w = w - rate * grad(loss)(w)
    return loss(w)
