"""Are the cases of the rules strict enough? Change the rules one operation at a time: each change must be noticed.

    python -m tests.rules.mutate [PATTERN]        (SciPy has to be installed)

A mutant turns a `+` into a `-` or back, drops a factor or a divisor, or drops a minus sign, in the body of a rule or in
a function that rules call. The cases of the rules that reach it are run until one fails. What survives all of them is
printed: either a case is missing, or the change makes no difference.
"""

from __future__ import annotations

import ast
import copy
import inspect
import sys
import textwrap
import time
import warnings
from collections.abc import Iterator
from types import CodeType, FunctionType
from typing import Any

import pytest

from adjoint.ir.core import Primitive
from adjoint.rules.registry import RULES
from tests.rules import test_forms, test_kinks, test_rules, test_scipy_corners

# ---- what there is to change


def functions_of_rules() -> dict[FunctionType, list[Primitive]]:
    """Every function of `adjoint.rules` that a rule runs, and the primitives whose rules do."""
    found: dict[FunctionType, list[Primitive]] = {}
    for primitive in test_rules.DIFFERENTIABLE:
        rule = RULES[primitive]
        reached: set[FunctionType] = set()
        for body in (rule.body, rule.vjp):
            if isinstance(body, FunctionType):
                reach(body, reached)
        for fun in reached:
            found.setdefault(fun, []).append(primitive)
    return dict(sorted(found.items(), key=lambda pair: (pair[0].__module__, pair[0].__code__.co_firstlineno)))


def reach(fun: FunctionType, reached: set[FunctionType]) -> None:
    if fun in reached or not fun.__module__.startswith("adjoint.rules."):
        return
    reached.add(fun)
    named = [fun.__globals__.get(name) for name in names_in(fun.__code__)]
    for item in (*named, *(cell.cell_contents for cell in fun.__closure__ or ())):
        if isinstance(item, FunctionType) and not hasattr(item, "__wrapped__"):
            reach(item, reached)


def names_in(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for item in code.co_consts:
        if isinstance(item, CodeType):
            yield from names_in(item)


# ---- mutants


def mutants(fun: FunctionType) -> Iterator[tuple[str, CodeType]]:
    """What was changed, and the code of the changed function."""
    lines, first = inspect.getsourcelines(fun)
    tree = ast.parse(textwrap.dedent("".join(lines)))
    definition = tree.body[0]
    if not isinstance(definition, ast.FunctionDef):
        return
    definition.decorator_list = []
    places = [k for k, node in enumerate(ast.walk(tree)) if any(change(node))]
    for place in places:
        for number in range(len(list(change(list(ast.walk(tree))[place])))):
            changed = copy.deepcopy(tree)
            node = list(ast.walk(changed))[place]
            before = ast.unparse(node)
            made = list(change(node))[number]
            after = ast.unparse(made)
            Replace(node, made).visit(changed)
            yield f"{fun.__module__}:{first + node.lineno - 1}: {before}  ->  {after}", code_of(changed, fun)


def code_of(tree: ast.Module, fun: FunctionType) -> CodeType:
    """The code of the changed definition, with the variables of enclosing functions that `fun` reads."""
    space: dict[str, Any] = {}
    definition = tree.body[0]
    assert isinstance(definition, ast.FunctionDef)
    if not fun.__code__.co_freevars:
        exec(compile(ast.fix_missing_locations(tree), fun.__code__.co_filename, "exec"), fun.__globals__, space)
        return space[definition.name].__code__  # type: ignore[no-any-return]  # a function
    maker = ast.parse("def maker(): ...").body[0]
    assert isinstance(maker, ast.FunctionDef)
    free = [ast.Assign([ast.Name(name, ast.Store())], ast.Constant(None)) for name in fun.__code__.co_freevars]
    maker.body = [*free, *tree.body, ast.Return(ast.Name(definition.name, ast.Load()))]
    made = ast.fix_missing_locations(ast.Module([maker], []))
    exec(compile(made, fun.__code__.co_filename, "exec"), fun.__globals__, space)
    return space["maker"]().__code__  # type: ignore[no-any-return]  # as above


def change(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.BinOp):
        if isinstance(node.op, (ast.Add, ast.Sub)):
            yield ast.BinOp(node.left, ast.Sub() if isinstance(node.op, ast.Add) else ast.Add(), node.right)
        elif isinstance(node.op, ast.Mult):
            yield node.left
            yield node.right
        elif isinstance(node.op, ast.Div):
            yield node.left
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub) and not isinstance(node.operand, ast.Constant):
        yield node.operand


class Replace(ast.NodeTransformer):
    def __init__(self, old: ast.AST, new: ast.AST) -> None:
        self.old, self.new = old, new

    def visit(self, node: ast.AST) -> Any:
        return self.new if node is self.old else super().visit(node)


# ---- running the cases

CORNERS = [
    test
    for module in (test_kinks, test_forms, test_scipy_corners)
    for name, test in vars(module).items()
    if name.startswith("test_") and not inspect.signature(test).parameters
]


def is_noticed(primitives: list[Primitive]) -> bool:
    for primitive in primitives:
        for case in test_rules.CASES.get(primitive.name, []):
            try:
                test_rules.test_rule(primitive, case)
                if test_rules.several_vary(case):
                    test_rules.test_one_operand_at_a_time(primitive, case)
            except pytest.skip.Exception:
                continue
            except Exception:  # noqa: BLE001  # a mutant may fail in any way
                return True
    for test in CORNERS:  # ties and poles, where differences tell nothing; what makes the code short
        try:
            test()
        except Exception:  # noqa: BLE001  # as above
            return True
    return False


def main(pattern: str = "") -> int:
    warnings.simplefilter("ignore")
    start, count, survivors = time.perf_counter(), 0, 0
    for fun, primitives in functions_of_rules().items():
        if pattern not in f"{fun.__module__}.{fun.__name__}":
            continue
        original = fun.__code__
        try:
            for text, code in mutants(fun):
                count += 1
                fun.__code__ = code
                if not is_noticed(primitives):
                    survivors += 1
                    sys.stdout.write(f"survived: {text}\n")
        finally:
            fun.__code__ = original
    seconds = time.perf_counter() - start
    sys.stdout.write(f"{count} mutants, {count - survivors} noticed, {survivors} survived, {seconds:.0f} s\n")
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
