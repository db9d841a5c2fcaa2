"""SciPy's special functions for programs that differentiate: for `scipy.special`, or `autograd.scipy.special`.

As in `tinypytorch.numpy`, a Variable gives a Variable, and arrays give arrays: nearly all names are SciPy's own
objects, which ask us about Variables. What SciPy does not ask us about is handed on here: functions in Python
(`logsumexp`, `softmax`, `polygamma`) and those whose first argument is a constant (`gammainc`, `jn`). The functions of
`tinypytorch.special` give Variables for arrays, too, as all of this package's own do, and have types.

>>> from tinypytorch.scipy.special import expit, logsumexp
>>> x = tp.Variable(np.array([0.0, 0.0]))
>>> expit(np.array(0.0)), expit(x), logsumexp(x - np.log(2.0))
(np.float64(0.5), variable([0.5 0.5]), variable(0.0))
"""

from operator import attrgetter as _attrgetter

import scipy.special as _scipy

from tinypytorch import special as _special
from tinypytorch.core.hooks import Served as _Served
from tinypytorch.core.hooks import is_served as _is_served
from tinypytorch.core.variable import Variable as _Variable
from tinypytorch.ops import BINARY_UFUNCS as _BINARY
from tinypytorch.ops import UNARY_UFUNCS as _UNARY


def _either(name: str, ours: _Served, theirs: _Served) -> _Served:
    """Our function where there is a Variable among the arguments, else SciPy's."""

    def function(*args: object, **kwargs: object) -> object:
        has = any(isinstance(x, _Variable) for x in (*args, *kwargs.values()))
        return ours(*args, **kwargs) if has else theirs(*args, **kwargs)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"`scipy.special.{name}`, or of Variables `tinypytorch.special.{name}`."
    return function


def __getattr__(name: str) -> _Served:
    """What SciPy has by this name; for type checkers something to call that gives an object."""
    found: _Served = _attrgetter(name)(_scipy)
    return found


def _ours() -> dict[str, object]:
    """The functions that SciPy does not ask us about, by name."""
    found: dict[str, object] = {}
    for name in _special.__all__:
        ours: object = getattr(_special, name)
        theirs: object = getattr(_scipy, name)
        if theirs not in _UNARY and theirs not in _BINARY and _is_served(ours) and _is_served(theirs):
            found[name] = _either(name, ours, theirs)
    return found


globals().update({name: thing for name, thing in vars(_scipy).items() if not name.startswith("_") or name == "__all__"})
globals().update(_ours())
