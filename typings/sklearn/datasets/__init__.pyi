# ruff: noqa: N803  (scikit-learn's own argument names)
from typing import Literal, overload

import numpy as np
from numpy.typing import NDArray

# A `sklearn.utils.Bunch`: a dict whose keys are attributes, too; these keys.
class _Digits(dict[str, object]):
    data: NDArray[np.float64]
    target: NDArray[np.int64]
    frame: None
    feature_names: list[str]
    target_names: NDArray[np.int64]
    images: NDArray[np.float64]
    DESCR: str

# With `as_frame=True`, what is `object` here is a DataFrame or Series of pandas, which is not required.
class _DigitsFrame(dict[str, object]):
    data: object
    target: object
    frame: object
    feature_names: list[str]
    target_names: NDArray[np.int64]
    images: NDArray[np.float64]
    DESCR: str

@overload
def load_digits(
    *, n_class: int = 10, return_X_y: Literal[False] = False, as_frame: Literal[False] = False
) -> _Digits: ...
@overload
def load_digits(
    *, n_class: int = 10, return_X_y: Literal[True], as_frame: Literal[False] = False
) -> tuple[NDArray[np.float64], NDArray[np.int64]]: ...
@overload
def load_digits(*, n_class: int = 10, return_X_y: Literal[False] = False, as_frame: Literal[True]) -> _DigitsFrame: ...
@overload
def load_digits(*, n_class: int = 10, return_X_y: Literal[True], as_frame: Literal[True]) -> tuple[object, object]: ...
