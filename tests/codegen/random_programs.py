"""Random well-formed programs over vectors and numbers: loops, branches, stacks, updates, views."""

from __future__ import annotations

import operator
import random

import numpy as np

from adjoint.ir.build import Builder
from adjoint.ir.core import FOR, IF, WHILE, Atom, Block, Function, Literal, Value
from adjoint.ir.types import PY_INT, ArrayType, StackType, Type
from adjoint.rules import internal, names
from adjoint.rules.registry import primitive_of

N = 5
VECTOR = ArrayType("float64", (N,))
PART = ArrayType("float64", (N - 2,))
NUMBER = ArrayType("float64", (), "np")

TANH, BROADCAST = primitive_of(np.tanh), names.BROADCAST_LIKE
HINTS = ("u", "v", "s", "u_bar", None, None, None)


class Programs:
    """One random program for each seed."""

    indices: tuple[object, ...] = (0, 3, ..., [0, 2, 2])
    carried: tuple[Type, ...] = (VECTOR, NUMBER)
    kinds: tuple[str, ...] = ("plain",) * 4 + ("update",) * 4 + ("view",) * 2

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.stacks: list[tuple[Value, Atom]] = []

    def function(self) -> Function:
        params = [Value("x", VECTOR), Value("w", VECTOR), Value("c", NUMBER), Value("n", PY_INT)]
        builder = Builder(sweep=self.rng.choice(["", "adjoint"]))
        scope: list[Value] = list(params)
        self.ops(builder, scope, 0)
        vectors = [v for v in scope if v.type in (VECTOR, PART, NUMBER)]
        results = [self.rng.choice(vectors) for _ in range(self.rng.randint(1, 4))]
        return Function("f", builder.block(params, results))

    def of(self, scope: list[Value], type_: Type) -> Value:
        found = [v for v in scope if v.type == type_]
        recent = found[-4:]
        return self.rng.choice(recent if self.rng.random() < 0.7 else found)

    def ops(self, builder: Builder, scope: list[Value], depth: int) -> None:
        for _ in range(self.rng.randint(2, 7)):
            kinds = [*self.kinds, *(["loop", "branch", "while"] if depth < 3 else [])]
            getattr(self, self.rng.choice(kinds))(builder, scope, depth)

    def emit(
        self, builder: Builder, scope: list[Value], fun: object, inputs: list[Atom], type_: Type, **attrs: object
    ) -> None:
        primitive = primitive_of(fun)
        assert primitive is not None
        scope += builder.emit(primitive, inputs, attrs, types=(type_,), hints=(self.rng.choice(HINTS),))

    def plain(self, builder: Builder, scope: list[Value], depth: int) -> None:
        a, b, s = self.of(scope, VECTOR), self.of(scope, VECTOR), self.of(scope, NUMBER)
        match self.rng.randrange(8):
            case 0 | 1:
                fun = self.rng.choice([operator.add, operator.sub, operator.mul, operator.truediv])
                self.emit(builder, scope, fun, [a, b], VECTOR)
            case 2:
                self.emit(builder, scope, operator.mul, [a, s], VECTOR)
            case 3:
                self.emit(builder, scope, np.tanh, [a], VECTOR)
            case 4:
                self.emit(builder, scope, operator.add, [s, Literal(-1.5)], NUMBER)
            case 5:
                self.emit(builder, scope, internal.broadcast_like, [s, a], VECTOR)
            case 6:
                self.emit(builder, scope, operator.getitem, [a], NUMBER, index=2)
            case 7:
                self.emit(builder, scope, np.zeros_like, [a], VECTOR)

    def view(self, builder: Builder, scope: list[Value], depth: int) -> None:
        a = self.of(scope, VECTOR)
        if self.rng.random() < 0.6:
            part = self.rng.choice([slice(1, -1), slice(2, None), slice(None, -2)])
            self.emit(builder, scope, operator.getitem, [a], PART, index=part)
        else:
            self.emit(builder, scope, operator.getitem, [a], VECTOR, index=slice(None, None, -1))

    def update(self, builder: Builder, scope: list[Value], depth: int) -> None:
        a = self.of(scope, VECTOR)
        fun = self.rng.choice([internal.update, internal.add_at])
        parts = [v for v in scope if v.type == PART]
        if parts and self.rng.random() < 0.6:
            part = self.rng.choice([slice(1, -1), slice(2, None), slice(None, -2)])
            self.emit(builder, scope, fun, [a, self.rng.choice(parts)], VECTOR, index=part)
        else:
            index = self.rng.choice(self.indices)
            self.emit(builder, scope, fun, [a, self.of(scope, NUMBER)], VECTOR, index=index)

    def branch(self, builder: Builder, scope: list[Value], depth: int) -> None:
        (test,) = builder.emit(names.primitive_of(operator.lt), [self.of(scope, NUMBER), Literal(0.3)])
        types = [self.rng.choice(self.carried) for _ in range(self.rng.randint(1, 3))]
        regions = tuple(self.region(builder, scope, (), types, depth) for _ in range(2))
        hints = [self.rng.choice(HINTS) for _ in types]
        scope += builder.emit(IF, [test], regions=regions, types=types, hints=hints)

    def region(
        self, builder: Builder, scope: list[Value], params: tuple[Value, ...], types: list[Type], depth: int
    ) -> Block:
        inner, inside = builder.nested(), [*scope, *params]
        self.ops(inner, inside, depth + 1)
        return inner.block(params, [self.of(inside, type_) for type_ in types])

    def loop(self, builder: Builder, scope: list[Value], depth: int) -> None:
        carried = [self.rng.choice(self.carried) for _ in range(self.rng.randint(1, 3))]
        initial = [self.of(scope, type_) for type_ in carried]
        pushed = [self.rng.choice([*self.carried, PART]) for _ in range(self.rng.choice([0, 1, 2]))]
        parts = [v for v in scope if v.type == PART]
        pushed = [t for t in pushed if t != PART or parts]
        sizes = (len(pushed),) if pushed else ()
        space: list[Atom] = [Literal(0), self.rng.choice([Literal(3), Literal(0), self.number(scope)]), Literal(1)]
        params = [Value(self.rng.choice(["i", None]), PY_INT), *(Value(self.rng.choice(HINTS), t) for t in carried)]
        body = self.region(builder, scope, tuple(params), carried + pushed, depth)
        attrs = {"carried": len(carried), "produced": sizes, "reverse": self.rng.random() < 0.3}
        types = [*carried, *([StackType(tuple(pushed))] if pushed else [])]
        outputs = builder.emit(FOR, [*space, *initial], attrs, regions=(body,), types=types)
        scope += outputs[: len(carried)]
        if pushed:
            for _ in range(self.rng.choice([1, 1, 2])):
                self.consume(builder, scope, depth, space, outputs[-1], pushed)

    def consume(
        self, builder: Builder, scope: list[Value], depth: int, space: list[Atom], stack: Value, pushed: list[Type]
    ) -> None:
        carried = [VECTOR, NUMBER]
        initial = [self.of(scope, type_) for type_ in carried]
        params = [Value(self.rng.choice(["i", None]), PY_INT), *(Value(self.rng.choice(HINTS), t) for t in carried)]
        params += [Value(self.rng.choice(HINTS), t) for t in pushed]
        body = self.region(builder, scope, tuple(params), carried, depth)
        attrs = {"carried": 2, "produced": (), "reverse": True}
        scope += builder.emit(FOR, [*space, *initial, stack], attrs, regions=(body,), types=carried)

    def number(self, scope: list[Value]) -> Value:
        return next(v for v in scope if v.hint == "n")

    def while_(self, builder: Builder, scope: list[Value], depth: int) -> None:
        carried = [PY_INT, VECTOR, NUMBER]
        count = Value("k", PY_INT)
        initial: list[Atom] = [Literal(0), self.of(scope, VECTOR), self.of(scope, NUMBER)]
        tests = [Value(None, t) for t in carried]
        test = builder.nested()
        (go,) = test.emit(names.primitive_of(operator.lt), [tests[0], Literal(2)])
        params = [count, Value(self.rng.choice(HINTS), VECTOR), Value(self.rng.choice(HINTS), NUMBER)]
        inner, inside = builder.nested(), [*scope, *params[1:]]
        self.ops(inner, inside, depth + 1)
        (following,) = inner.emit(names.ADD, [count, Literal(1)])
        pushed = self.of(inside, VECTOR)
        body = inner.block(params, [following, self.of(inside, VECTOR), self.of(inside, NUMBER), pushed])
        types = [*carried, StackType((VECTOR,)), PY_INT]
        outputs = builder.emit(
            WHILE, initial, {"produced": (1,)}, regions=(test.block(tests, [go]), body), types=types
        )
        scope += outputs[1:3]
        self.consume(builder, scope, depth, [Literal(0), outputs[-1], Literal(1)], outputs[-2], [VECTOR])


setattr(Programs, "while", Programs.while_)
