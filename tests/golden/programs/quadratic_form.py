# types: f8[n,n], f8[n]
# argnums: 0, 1
def program(a, x):
    return x @ a @ x
