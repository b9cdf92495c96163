"""Random well-formed programs with lists of vectors, of numbers, and of lists; no list is empty where it is read."""

from __future__ import annotations

from adjoint.ir.build import Builder
from adjoint.ir.core import Function, Literal, Value
from adjoint.ir.types import PY_INT, ListType, Type
from adjoint.rules import list_arrays, lists
from tests.codegen.random_programs import NUMBER, VECTOR, Programs

VECTORS, NUMBERS = ListType(VECTOR), ListType(NUMBER)
NESTED = ListType(VECTORS)
LISTS = (VECTORS, NUMBERS, NESTED)


class ListPrograms(Programs):
    """One random program for each seed."""

    indices = (0, 3, ..., [0, 2])
    carried = (VECTOR, NUMBER, VECTORS, VECTORS, NUMBERS, NESTED)
    kinds = ("plain", "plain", "update", "view", *("change",) * 5, *("look",) * 4, "derive", "replace")

    def function(self) -> Function:
        params = [Value("x", VECTOR), Value("w", VECTOR), Value("c", NUMBER), Value("n", PY_INT)]
        builder = Builder(sweep=self.rng.choice(["", "adjoint"]))
        scope: list[Value] = list(params)
        for type_, items in ((VECTORS, params[:2]), (NUMBERS, params[2:3])):
            self.emit(builder, scope, lists.list_of, list(items), type_)
        self.emit(builder, scope, lists.list_of, [self.of(scope, VECTORS)], NESTED)
        self.ops(builder, scope, 0)
        self.ops(builder, scope, 0)
        choices = [VECTOR, NUMBER, *LISTS]
        results = [self.of(scope, self.rng.choice(choices)) for _ in range(self.rng.randint(1, 4))]
        return Function("f", builder.block(params, results))

    def made(self, builder: Builder, fun: object, *inputs: object, types: tuple[Type, ...], **attrs: object) -> Value:
        """The result of an op that nobody else gets to see."""
        scope: list[Value] = []
        atoms = [x if isinstance(x, (Value, Literal)) else Literal(x) for x in inputs]
        self.emit(builder, scope, fun, atoms, *types, **attrs)
        return scope[0]

    def change(self, builder: Builder, scope: list[Value], depth: int) -> None:
        type_ = self.rng.choice([VECTORS, VECTORS, NUMBERS, NESTED])
        items = self.of(scope, type_)
        assert type_.element is not None
        x = self.of(scope, type_.element)
        place = Literal(self.rng.choice([0, -1]))
        match self.rng.randrange(7):
            case 0 | 1:
                self.emit(builder, scope, lists.list_append, [items, x], type_)
            case 2:
                self.emit(builder, scope, lists.list_set, [items, place, x], type_)
            case 3:
                self.emit(builder, scope, lists.list_insert, [items, place, x], type_)
            case 4:
                self.emit(builder, scope, lists.list_add_at, [items, self.of(scope, type_.element), place], type_) if (
                    type_ != NESTED
                ) else self.emit(builder, scope, lists.list_concat, [items, self.of(scope, type_)], type_)
            case 5:
                self.emit(builder, scope, lists.list_concat, [items, self.of(scope, type_)], type_)
            case 6:
                self.take_out(builder, scope, items, x, type_)

    def take_out(self, builder: Builder, scope: list[Value], items: Value, x: Value, type_: ListType) -> None:
        """Read an item, take it out (perhaps with ops between), and put another one in."""
        i = Literal(self.rng.choice([0, -1]))
        assert type_.element is not None
        if self.rng.random() < 0.7:
            self.emit(builder, scope, lists.list_get, [items, i], type_.element)
        for _ in range(self.rng.choice([0, 0, 1, 2])):
            self.rng.choice([self.plain, self.look, self.update])(builder, scope, 3)
        if i.value == -1 and self.rng.random() < 0.7:
            rest = self.made(builder, lists.list_drop, items, types=(type_,))
        else:
            rest = self.made(builder, lists.list_delete, items, i, types=(type_,))
        self.emit(builder, scope, lists.list_append, [rest, x], type_)

    def look(self, builder: Builder, scope: list[Value], depth: int) -> None:
        type_ = self.rng.choice([VECTORS, VECTORS, NUMBERS, NESTED])
        assert type_.element is not None
        items = self.of(scope, type_)
        match self.rng.randrange(5):
            case 0 | 1 | 2:
                self.emit(builder, scope, lists.list_get, [items, Literal(self.rng.choice([0, -1]))], type_.element)
            case 3:
                rest = self.made(builder, lists.list_slice, items, None, None, -1, types=(type_,))
                self.emit(builder, scope, lists.list_append, [rest, self.of(scope, type_.element)], type_)
            case 4:
                self.emit(builder, scope, lists.list_reverse, [items], type_)

    def derive(self, builder: Builder, scope: list[Value], depth: int) -> None:
        match self.rng.randrange(4):
            case 0:
                self.emit(builder, scope, lists.list_total, [self.of(scope, VECTORS)], VECTOR)
            case 1:
                self.emit(builder, scope, lists.list_total, [self.of(scope, NUMBERS)], NUMBER)
            case 2:
                self.emit(builder, scope, list_arrays.list_mean, [self.of(scope, VECTORS)], VECTOR, axis=0)
            case 3:
                self.emit(builder, scope, list_arrays.list_sum, [self.of(scope, NUMBERS)], NUMBER)

    def replace(self, builder: Builder, scope: list[Value], depth: int) -> None:
        """A list of its own."""
        kind = self.rng.randrange(3)
        if kind == 0:
            self.emit(builder, scope, lists.list_of, [self.of(scope, VECTOR), self.of(scope, VECTOR)], VECTORS)
        elif kind == 1:
            self.emit(builder, scope, lists.list_zeros, [self.of(scope, VECTORS)], VECTORS)
        else:
            a, b = self.of(scope, NUMBERS), self.of(scope, NUMBERS)
            joined = self.made(builder, lists.list_concat, a, b, types=(NUMBERS,))
            self.emit(builder, scope, lists.list_add, [joined, joined], NUMBERS)
