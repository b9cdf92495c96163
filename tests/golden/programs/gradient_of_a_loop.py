# types: f8, i8
import math

from adjoint import grad


def program(x, n):
    def f(t):
        for _ in range(n):
            t = math.sin(t) * x
        return t

    return grad(f)(x)
