"""The benchmark of budgets, small: every gradient fits its budget and has the bits of store-all."""

from tests.benchmarks import budgets
from tests.benchmarks.timing import peak_memory


def test_budgets_of_a_small_network(capsys):
    args = budgets.arguments(6, examples=400)
    found = list(budgets.gradients(args, (60, 45)))
    expected = [weights.tobytes() for weights in found[0][1](*args)]
    for name, gradient, budget in found:
        assert [weights.tobytes() for weights in gradient(*args)] == expected, name
        assert budget is None or peak_memory(lambda g=gradient: g(*args)) <= budget
    assert found[-1][0] == "smallest feasible"
    budgets.print_table(args, rounds=1, effort=50)
    assert capsys.readouterr().out.count("\n|") >= 2 + 3 + 1
