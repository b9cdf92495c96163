"""Ways to call a derivative, once a program is compiled: positions, names, defaults, and what is wrong."""

import numpy as np
import pytest

from adjoint import cache_info, grad

TYPE_ERRORS = {
    "too many": (lambda g: g(1.0, 2.0, 3.0, 4.0), "positional"),
    "unknown name": (lambda g: g(1.0, 2.0, w=3.0), "unexpected keyword argument 'w'"),
    "twice": (lambda g: g(1.0, 2.0, x=3.0), "multiple values for argument 'x'"),
    "none": (lambda g: g(), "missing a required argument: 'x'"),
    "a hole": (lambda g: g(y=2.0), "missing a required argument: 'x'"),
}


def weighted(x, y, n=3):
    return x * y * n


@pytest.mark.parametrize("warm", [(2.0, 5.0), (2.0, 5.0, 4)])
def test_every_way_to_give_the_arguments_means_the_same(warm):
    gradient = grad(weighted)
    gradient(*warm)
    for _ in range(2):
        assert gradient(2.0, 5.0) == 15.0
        assert gradient(2.0, y=5.0) == gradient(y=5.0, x=2.0) == gradient(x=2.0, y=5.0) == 15.0
        assert gradient(2.0, 5.0, 4) == gradient(2.0, 5.0, n=4) == gradient(n=4, y=5.0, x=2.0) == 20.0


@pytest.mark.parametrize("what", TYPE_ERRORS)
def test_what_python_refuses_is_refused_before_and_after_compiling(what):
    call, message = TYPE_ERRORS[what]
    gradient = grad(weighted)
    for _ in range(2):
        with pytest.raises(TypeError, match=message if what != "too many" else "too many positional arguments"):
            call(gradient)
        gradient(1.0, 2.0)


def test_keyword_arguments_find_the_compiled_program_at_once():
    gradient = grad(weighted)
    gradient(2.0, 5.0)
    before = cache_info()
    gradient(x=2.0, y=5.0)
    after = cache_info()
    assert (after.hits, after.misses) == (before.hits + 1, before.misses)


def test_names_of_parameters_that_python_or_the_guards_use_too():
    def f(len, type, _f, _again=2.0):
        return len * type * _f * _again

    def g(f, a0, call, bind, hits):
        return f * a0 * call * bind * hits

    for fun, args in ((f, (2.0, 3.0, 5.0)), (g, (2.0, 3.0, 5.0, 7.0, 11.0))):
        gradient = grad(fun)
        assert gradient(*args) == gradient(*args) == np.prod(args[1:]) * (2.0 if fun is f else 1.0)


def test_positional_only_and_keyword_only_parameters():
    def f(x, /, y, *, k=1.0):
        return x * y * k

    gradient = grad(f)
    for _ in range(2):
        assert gradient(2.0, 3.0) == gradient(2.0, y=3.0) == 3.0
        assert gradient(2.0, 3.0, k=4.0) == gradient(2.0, y=3.0, k=4.0) == 12.0
        with pytest.raises(TypeError, match="positional"):
            gradient(x=2.0, y=3.0)


def test_functions_of_one_code_with_other_defaults():
    def make(n):
        def f(x, n=n):
            return x * n

        return f

    first, second = grad(make(2.0)), grad(make(3.0))
    assert [first(1.0), second(1.0), first(1.0), second(1.0), second(1.0, 7.0)] == [2.0, 3.0, 2.0, 3.0, 7.0]
    bare = make(5.0)
    bare.__defaults__ = None
    with pytest.raises(TypeError, match="missing a required argument: 'n'"):
        grad(bare)(1.0)


def test_arguments_of_which_nothing_is_asked():
    def f(x, unused, also=None):
        return x * x

    gradient = grad(f)
    for _ in range(2):
        assert gradient(3.0, object()) == 6.0
        with pytest.raises(TypeError, match="missing a required argument: 'unused'"):
            gradient(3.0)
        with pytest.raises(TypeError, match="missing a required argument: 'unused'"):
            gradient(3.0, also=None)
