"""Floor 5: what becomes of every name of `numpy`, `numpy.linalg` and `numpy.fft` that meets a Variable, as data.

Imports floor 2. What is differentiable is not listed: it follows from the names of our own functions. Names are as in
`numpy`; those of `numpy.linalg` begin with `linalg.`, those of `numpy.fft` with `fft.`. A name that this NumPy does
not have is passed over.
"""

from __future__ import annotations

from tinypytorch.function import value


@value
class Group:
    """Names of functions, and what is to be said of all of them."""

    reason: str
    names: str

    def __contains__(self, name: str) -> bool:
        return name in self.names.split()


# They see the data, and give what NumPy gives: plain arrays, numbers, text.
CONSTANT = (
    Group(
        "its value jumps, so that its derivative is zero or does not exist",
        "sign floor ceil rint trunc fix round around floor_divide spacing nextafter digitize searchsorted",
    ),
    Group(
        "it answers yes or no",
        "isnan isinf isfinite isneginf isposinf signbit iscomplex isreal iscomplexobj isrealobj less less_equal "
        "greater greater_equal equal not_equal logical_and logical_or logical_xor logical_not any all isclose allclose "
        "array_equal array_equiv isin shares_memory may_share_memory can_cast linalg.matrix_rank",
    ),
    Group(
        "it gives positions or a count",
        "argmax argmin nanargmax nanargmin argsort argpartition argwhere nonzero flatnonzero count_nonzero lexsort ix_ "
        "ravel_multi_index unravel_index diag_indices_from tril_indices_from triu_indices_from einsum_path",
    ),
    Group(
        "it depends on shape and dtype alone",
        "shape ndim size zeros_like ones_like empty_like result_type common_type min_scalar_type",
    ),
    Group(
        "it tells which values there are; for their gradients index x with np.unique(x.data, return_index=True)[1]",
        "unique unique_all unique_counts unique_inverse unique_values",
    ),
    Group("it gives text", "array2string array_repr array_str"),
    Group(
        "it is for integers, which are constants",
        "bitwise_and bitwise_or bitwise_xor bitwise_not bitwise_invert invert bitwise_count bitwise_left_shift "
        "bitwise_right_shift left_shift right_shift gcd lcm",
    ),
)

# A `TypeError` that names the function, and says this.
REFUSED = (
    Group(
        "it writes into its argument, and results are new here; use tinypytorch.at_set, at_add or np.where",
        "copyto put place putmask put_along_axis fill_diagonal",
    ),
    Group(
        "polynomials have no rules here; evaluate one with np.polyval or np.vander, or take x.data for a constant",
        "poly polyadd polyder polydiv polyfit polyint polymul polysub roots",
    ),
    Group(
        "which values are in a set changes by jumps, and its entries would lose their gradients; take x.data",
        "intersect1d setdiff1d setxor1d union1d in1d",
    ),
    Group(
        "counts change by jumps, and weights would lose their gradients; take x.data, or add weights up with "
        "tinypytorch.at_add",
        "bincount histogram histogram2d histogramdd histogram_bin_edges",
    ),
    Group(
        "eigenvalues of a matrix that is not symmetric are complex; use np.linalg.eigh for a symmetric one, or x.data",
        "linalg.eig linalg.eigvals",
    ),
    Group("whether it gives real numbers depends on the values; use np.real", "real_if_close"),
    Group("files hold no graph; take x.data", "save savez savez_compressed savetxt"),
    Group(
        "dates and times are no real numbers",
        "busday_count busday_offset is_busday isnat datetime_as_string",
    ),
    Group("it is for the bits of integers; take x.data", "packbits unpackbits"),
    Group("it sorts complex numbers; use np.sort", "sort_complex"),
    Group("how much it cuts off depends on the values; index x with what this gives of x.data", "trim_zeros"),
    Group("use tinypytorch's own Bessel functions where it has them, or take x.data for a constant", "i0"),
)

# They convert their argument with `__array__`, which refuses: the graph would be dropped silently. (Those of
# `tinypytorch.numpy` join Variables instead.)
CONVERTING = Group(
    "it would drop the graph silently; take x.data, np.copy or np.stack, or import tinypytorch.numpy as np",
    "array asarray asanyarray asarray_chkfinite ascontiguousarray asfortranarray asmatrix bmat require",
)

# They take no arrays to differentiate: a Variable reaches them by mistake only.
NEVER = (
    Group(
        "it makes an array from shapes and numbers",
        "arange empty eye full identity indices ones zeros tri tril_indices triu_indices diag_indices mask_indices "
        "bartlett blackman hamming hanning kaiser fft.fftfreq fft.rfftfreq broadcast_shapes",
    ),
    Group(
        "it calls the function it is given, or makes one",
        "fromfunction frompyfunc nested_iters",
    ),
    Group(
        "it reads",
        "from_dlpack frombuffer fromfile fromiter fromregex fromstring genfromtxt load loadtxt",
    ),
    Group("it writes a number", "base_repr binary_repr format_float_positional format_float_scientific"),
    Group("it is about types", "isdtype issubdtype mintypecode promote_types typename isfortran isscalar iterable"),
    Group("it is about dates", "datetime_data"),
    Group(
        "it is about NumPy itself",
        "get_include get_printoptions set_printoptions printoptions getbufsize setbufsize geterr seterr geterrcall "
        "seterrcall info show_config show_runtime test linalg.test fft.test",
    ),
    Group("it is an old name of another function", "row_stack trapz"),
)


def makes(name: str) -> bool:
    """Whether the function of this name makes an array from shapes and numbers alone."""
    return name in NEVER[0]


def why(name: str) -> str | None:
    """What a refused function's error says, by the function's name.

    >>> why("save"), why("sin")
    ('files hold no graph; take x.data', None)
    """
    for group in (*REFUSED, CONVERTING):
        if name in group:
            return group.reason
    return None
