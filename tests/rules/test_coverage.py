"""Every function of NumPy has a rule, is declared to have none, is read as Python, or is named here."""

import types

import numpy as np

import adjoint  # noqa: F401  # enters what reads functions as Python
from adjoint.frontend import builtin, inplace
from adjoint.frontend.calls import MACROS
from adjoint.rules.registry import RULES, primitive_of

WITHOUT_RULES = {
    "text and files": """
        array2string array_repr array_str base_repr binary_repr format_float_positional format_float_scientific
        from_dlpack frombuffer fromfile fromregex fromstring genfromtxt load loadtxt save savetxt savez savez_compressed
        typename
    """,
    "settings": """
        get_include get_printoptions getbufsize geterr geterrcall info printoptions set_printoptions setbufsize seterr
        seterrcall show_config show_runtime test
    """,
    "dtypes and memory": """
        can_cast common_type isdtype isfortran issubdtype iterable may_share_memory min_scalar_type mintypecode
        promote_types require result_type shares_memory
    """,
    "integers and dates": """
        broadcast_shapes mask_indices packbits ravel_multi_index unpackbits unravel_index
        busday_count busday_offset datetime_as_string datetime_data is_busday isnat
    """,
    "no arrays": "asmatrix bmat einsum_path fromiter frompyfunc nested_iters",
    "jumps wherever a number moves": "intersect1d",
    "unique with an option": "unique_all unique_counts unique_inverse",
}


def functions():
    for module in (np, np.linalg, np.fft):
        for name in dir(module):
            fun = getattr(module, name)
            if not name.startswith("_") and callable(fun) and not isinstance(fun, (type, types.ModuleType)):
                yield module, name


def is_known(fun):
    primitive = primitive_of(fun, ([1.0],)) or primitive_of(fun)
    return primitive in RULES or any(fun in table for table in (MACROS, inplace.FUNCTIONS, builtin.HANDLERS))


def test_every_function_is_known_or_named():
    unknown = {name for module, name in functions() if not is_known(getattr(module, name))}
    assert unknown == {name for names in WITHOUT_RULES.values() for name in names.split()}
