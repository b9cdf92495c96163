"""docs/rules.md holds the table of rules. `pytest tests/rules/test_table.py --bless` writes it."""

import pathlib

from adjoint.rules import table

PAGE = pathlib.Path(__file__).parents[2] / "docs" / "rules.md"
MARK = "<!-- below is generated: pytest tests/rules/test_table.py --bless -->\n\n"


def built_in():
    """The rules for NumPy and Python: not those for SciPy, nor those that tests declare."""
    return [row for row in table.rows() if row.home in ("numpy", "math", "builtins", "operator")]


def test_the_page_is_the_table(request):
    text = PAGE.read_text(encoding="utf-8")
    head, mark, found = text.partition(MARK)
    made = table.page(built_in())
    if request.config.getoption("--bless"):
        PAGE.write_text(head + mark + made, encoding="utf-8")
        return
    assert mark
    assert found == made, "the rules have changed: bless the page"


def test_what_a_rule_does_not_know_is_listed():
    rows = {row.name: row for row in built_in()}
    assert rows["sum"].operands == "a"
    assert "where" in rows["sum"].known
    assert rows["sum"].refused == ("out",)
    assert rows["linalg.solve"].operands == "a, b"
    assert rows["floor"].kind == "nondifferentiable"
    assert not any(name.startswith("_") for name in rows)
