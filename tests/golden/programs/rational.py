def program(x: float, y: float):
    q = (x + y) / (x * y + 2)
    return q - 1 / q
