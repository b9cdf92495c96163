def program(x, y):
    return (x * y + 2.0 * x) ** 2
