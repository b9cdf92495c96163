def program(x: float, y: float):
    return 3 * x**3 - 2 * x * y + y**2 / 4 - 7
