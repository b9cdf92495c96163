"""Generated text computes what the interpreter computes, bit for bit, and its results share no memory."""

from __future__ import annotations

import copy
import itertools
from dataclasses import replace

import numpy as np
import pytest

from adjoint.codegen.bufferize import bufferize
from adjoint.codegen.generate import Interface, Place, generate
from adjoint.codegen.load import load
from adjoint.ir.core import Function
from adjoint.ir.tree import Tree
from adjoint.ir.verify import verify
from tests.codegen.random_programs import N, Programs
from tests.interpreter import assert_equal, run


def plain_interface(fn: Function) -> Interface:
    places = tuple(Place(k) for k in range(len(fn.results)))
    results = Tree("tuple", None, tuple(range(len(places))), places)
    return Interface(fn.name, tuple((str(p.hint), Place(k)) for k, p in enumerate(fn.params)), results)


@pytest.mark.parametrize("frees", [False, True])
@pytest.mark.parametrize("block", range(10))
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_text_computes_what_the_program_means(block, frees):
    random = np.random.default_rng(block)
    for seed in range(20 * block, 20 * block + 20):
        fn = Programs(seed).function()
        args = (random.normal(size=N), random.normal(size=N), np.float64(0.5), 3)
        expected = copy.deepcopy(run(fn, *args))
        untouched = copy.deepcopy(args)
        ready = bufferize(replace(fn, frees=frees))
        verify(ready)
        results = load(generate(ready, plain_interface(fn)))(*args)
        assert_equal(results, expected)
        assert_equal(args, untouched)
        assert_separate(results, args)


def assert_separate(results, args):
    """Results are writable and share memory with neither one another nor the arguments."""
    arrays = [x for x in results if isinstance(x, np.ndarray)]
    assert all(x.flags.writeable for x in arrays)
    given = [x for x in args if isinstance(x, np.ndarray)]
    for a, b in itertools.combinations(arrays, 2):
        assert not np.shares_memory(a, b)
    for a, b in itertools.product(arrays, given):
        assert not np.shares_memory(a, b)


def test_the_text_is_the_same_on_every_run():
    first, second = Programs(7).function(), Programs(7).function()
    texts = [generate(bufferize(fn), plain_interface(fn)).text for fn in (first, second)]
    assert texts[0] == texts[1]


def test_what_is_not_read_any_more_is_deleted():
    functions = [replace(Programs(seed).function(), frees=True) for seed in range(20)]
    texts = [generate(bufferize(fn), plain_interface(fn)).text for fn in functions]
    assert sum("del " in text for text in texts) > 5
