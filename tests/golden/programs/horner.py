def program(x: float, n: int):
    p = 1.0
    for i in range(n):
        p = p * x + i
    return p
