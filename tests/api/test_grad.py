"""`grad` and `value_and_grad`: which argument, what is returned, which callables."""

import functools
import math

import numpy as np
import pytest

import adjoint
from adjoint import grad, value_and_grad


def product(x, y, *rest, k=2.0):
    return x * y * k + sum(rest)


@pytest.mark.parametrize(
    ("argnums", "expected"),
    [
        (0, 12.0), (-1, 8.0), ("k", 6.0), ((0, "k"), (12.0, 6.0)), ((1, 0), (8.0, 12.0)), ((0, 0), (12.0, 12.0)),
        ([1], (8.0,)),
    ],
)  # fmt: skip
def test_argnums(argnums, expected):
    assert grad(product, argnums)(2.0, 3.0, k=4.0) == expected


@pytest.mark.parametrize("argnums", [5, -3, "nope", "rest"])
def test_an_argument_that_the_call_has_not_is_named(argnums):
    with pytest.raises(ValueError, match=str(argnums)):
        grad(product, argnums)(2.0, 3.0)


@pytest.mark.parametrize("argnums", [1.0, True, (), None, (0, None), [True]])
def test_argnums_of_a_wrong_type(argnums):
    with pytest.raises(TypeError, match="argnums"):
        grad(product, argnums)


def test_the_arguments_after_the_named_ones_count_too():
    assert grad(product, 2)(2.0, 3.0, 4.0) == 1.0


def test_keywords_collected_by_the_function_have_names():
    def f(x, **options):
        return x * options["a"] * options["b"]

    assert grad(f, "a")(2.0, a=3.0, b=4.0) == 8.0
    with pytest.raises(ValueError, match="options"):
        grad(f, "options")(2.0, a=3.0, b=4.0)


def test_calls_of_other_forms_do_not_mix():
    def f(x, y=1.0, z=2.0):
        return x * y + x * x * z

    g = grad(f)
    for _ in range(2):
        assert g(1.0, z=3.0) == 7.0
        assert g(1.0, 5.0) == 9.0
        assert g(1.0, 5.0, 1.0) == 7.0
        assert g(z=1.0, x=1.0) == 3.0
        assert g(1.0) == g(x=1.0) == 5.0


def test_parameters_may_have_any_name():
    def f(x, range, len, np, f, a0, entry):
        total = 0.0
        for k in (1, 2):
            total = total + x[k] * range * len * np * f * a0 * entry
        return total

    x = np.ones(3)
    assert grad(f)(x, 2.0, 3.0, 1.0, 1.0, 1.0, 1.0).tolist() == [0.0, 6.0, 6.0]
    assert adjoint.vjp(lambda bar, out_bar, residuals: bar * out_bar * residuals, 2.0, 3.0, 4.0)[1](1.0)[0] == 12.0
    assert adjoint.jvp(lambda x, x_dot: x * x_dot, (2.0, 3.0), (1.0, 0.0))[1] == 3.0


@pytest.mark.parametrize(
    ("fun", "x", "expected"),
    [
        (np.sin, 1.0, np.cos(1.0)), (math.sin, 1.0, math.cos(1.0)), (abs, -2.0, -1.0), (float, 2.0, 1.0),
        (np.sum, np.ones(2), np.ones(2)), (np.linalg.norm, np.array([3.0, 4.0]), [0.6, 0.8]),
        (functools.partial(np.multiply, 3.0), 1.0, 3.0), (np.add.reduce, np.ones(2), np.ones(2)),
    ],
    ids=str,
)  # fmt: skip
def test_functions_of_libraries(fun, x, expected):
    np.testing.assert_allclose(grad(fun)(x), expected)


def test_partial_functions():
    def f(x, y, z=1.0):
        return x * y * y * z

    assert grad(functools.partial(f, 2.0))(3.0) == 12.0
    assert grad(functools.partial(f, z=2.0))(1.0, 3.0) == 18.0
    assert grad(functools.partial(f, y=2.0), argnums="z")(1.0, z=1.0) == 4.0
    assert grad(functools.partial(functools.partial(f, 2.0), 3.0))(1.0) == 18.0


def test_cached_and_wrapped_functions():
    @functools.lru_cache
    def square(x):
        return x * x

    @functools.lru_cache
    def cube(x):
        return x**3

    def twice(f):
        @functools.wraps(f)
        def inner(*args):
            return 2.0 * f(*args)

        return inner

    assert grad(square)(2.0) == 4.0
    assert grad(cube)(2.0) == 12.0
    assert grad(twice(square.__wrapped__))(2.0) == 8.0
    doubled = twice(cube)
    assert grad(lambda x: x * doubled(x))(2.0) == 64.0


class Spring:
    rate = 1.0

    def __init__(self, k):
        self.k = k

    def __call__(self, q):
        return self.k * q * q * self.rate

    @grad(argnums="q")
    def force(self, q):
        return self.k * q * q

    @staticmethod
    @grad
    def inner(q):
        return q * q

    @grad
    @staticmethod
    def outer(q):
        return q * q

    @classmethod
    @grad(argnums=1)
    def of_class(cls, q):
        return q * q * cls.rate


def test_methods_and_callable_objects():
    spring = Spring(2.0)
    assert spring.force(3.0) == Spring.force(spring, 3.0) == 12.0
    assert spring.inner(1.0) == Spring.inner(1.0) == spring.outer(1.0) == Spring.outer(1.0) == 2.0
    assert spring.of_class(2.0) == 4.0
    assert grad(spring)(3.0) == grad(spring.__call__)(3.0) == 12.0
    spring.k = np.float64(3.0)
    assert grad(spring)(3.0) == 18.0
    assert grad(lambda q: spring.force(q) * q)(2.0) == 24.0


AUX = ["text", None, 3, 2.5, True, [1, "a", {"k": None}], (), {}, []]


@pytest.mark.parametrize("aux", AUX, ids=repr)
def test_aux_of_any_structure(aux):
    gradient, given = grad(lambda x: (x * x, aux), has_aux=True)(3.0)
    assert (gradient, given, type(given)) == (6.0, aux, type(aux))
    assert value_and_grad(lambda x: (x * x, aux), has_aux=True)(3.0) == ((9.0, aux), 6.0)


def test_aux_objects_are_those_of_the_call():
    class Thing:
        pass

    def f(x, thing):
        return x * x, thing

    g = grad(f, has_aux=True)
    for thing in (Thing(), Thing()):
        assert g(2.0, thing)[1] is thing
    assert grad(lambda x: (x, np.sin), has_aux=True)(1.0)[1] is np.sin


def test_aux_that_is_missing():
    with pytest.raises(adjoint.UnsupportedError, match="aux"):
        grad(lambda x: x * x, has_aux=True)(1.0)


@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64])
def test_number_classes_are_kept(kind):
    assert type(grad(lambda x: x * x)(kind(3))) is kind
    assert grad(lambda x: np.sum(x * x))(np.ones(3, kind)).dtype == kind


def test_python_numbers():
    g = grad(lambda x: x * x)
    assert type(g(3)) is type(g(3.0)) is float
    np.testing.assert_allclose(g(10**20), 2e20)
    for bad in (True, np.int64(1), np.bool_(1), np.arange(3), "text", object()):
        with pytest.raises(TypeError):
            g(bad)


def test_layouts_and_empty_axes():
    g = grad(lambda x: np.sum(x**2))
    x = np.arange(12.0).reshape(4, 3)
    frozen = x.copy()
    frozen.flags.writeable = False
    for view in (x.T, x[::2], x[:, 1], np.asfortranarray(x), x[::-1], x[:0], np.array(2.0), x[:1], x[:1, :1], frozen):
        np.testing.assert_allclose(g(view), 2 * view)


@pytest.mark.filterwarnings("ignore:the matrix subclass")
def test_arrays_that_compute_in_their_own_way_are_refused():
    g = grad(lambda x: np.sum(x**2))
    refused = [np.ma.array([1.0, 2.0], mask=[0, 1]), np.matrix([[1.0]]), np.array([1.0, None], object), np.array(["a"])]
    for bad in (*refused, np.ones(2).astype(np.dtype(float).newbyteorder())):
        with pytest.raises(TypeError):
            g(bad)
    with pytest.raises(TypeError, match="`m`"):
        grad(lambda x, m: np.sum(x * m))(np.ones(2), refused[0])


def shrunk(bar, shape):
    bar = bar.sum(tuple(range(bar.ndim - len(shape))))
    ones = tuple(k for k, n in enumerate(shape) if n == 1 and bar.shape[k] != 1)
    return bar.sum(ones, keepdims=True) if ones else bar


@pytest.mark.parametrize(
    "shapes",
    [
        ((3, 1), (1, 4)), ((3, 4), (1, 4)), ((1, 1), (3, 4)), ((3,), (1,)), ((1,), (1,)), ((), (3,)),
        ((2, 1, 3), (4, 1)), ((0,), (1,)), ((1, 0), (3, 1)),
    ],
    ids=str,
)  # fmt: skip
def test_axes_of_length_one(shapes):
    x, y = (np.random.standard_normal(shape) * np.ones(shape) for shape in shapes)
    x_bar, y_bar = grad(lambda x, y: np.sum(x * y), (0, 1))(x, y)
    full = np.ones(np.broadcast_shapes(*shapes))
    np.testing.assert_allclose(x_bar, shrunk(full * y, shapes[0]))
    np.testing.assert_allclose(y_bar, shrunk(full * x, shapes[1]))
