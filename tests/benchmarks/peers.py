"""Gradients by other packages, where they are installed: `thunk, to_numpy` for a workload and arguments.

Arguments are converted before timing, and jax is waited for.
"""

from collections.abc import Callable
from types import FunctionType

import numpy as np


def in_namespace(fun, **modules):
    """A copy of a function, and of the functions of its module that it calls, with other modules for its globals."""
    scope = {**fun.__globals__, **modules}
    for name, value in fun.__globals__.items():
        if isinstance(value, FunctionType) and value.__module__ == fun.__module__:
            scope[name] = FunctionType(value.__code__, scope, name, value.__defaults__)
    return scope[fun.__name__]


def with_autograd(workload, arguments):
    import autograd
    import autograd.numpy

    written = workload.peers.get("autograd")
    fun = written or in_namespace(workload.primal, np=autograd.numpy, math=autograd.numpy)
    gradient = autograd.grad(fun, argnum=list(workload.argnums))
    return lambda: gradient(*arguments), tuple


def with_jax(workload, arguments):
    import jax

    jax.config.update("jax_enable_x64", True)
    written = workload.peers.get("jax")
    fun = written or in_namespace(workload.primal, np=jax.numpy, math=jax.numpy)
    static = tuple(i for i, argument in enumerate(arguments) if isinstance(argument, int))
    gradient = jax.jit(jax.grad(fun, argnums=workload.argnums), static_argnums=static)
    placed = [jax.numpy.asarray(a) if isinstance(a, np.ndarray) else a for a in arguments]
    return lambda: jax.block_until_ready(gradient(*placed)), lambda bars: tuple(map(np.asarray, bars))


def with_torch(workload, arguments):
    import torch

    torch.set_num_threads(1)
    tensors = [a if isinstance(a, int) else torch.from_numpy(np.array(a)) for a in arguments]
    leaves = [tensors[i].requires_grad_() for i in workload.argnums]
    fun = workload.peers["torch"]
    return lambda: torch.autograd.grad(fun(*tensors), leaves), lambda bars: tuple(bar.numpy() for bar in bars)


PEERS: dict[str, Callable] = {"autograd": with_autograd, "jax": with_jax, "torch": with_torch}
