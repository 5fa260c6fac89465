"""Quantiles and tail probabilities of standard distributions, computed by scipy and remembered.

Loading scipy takes longer than most of what is computed here, so it is loaded for the first value that is not known.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from types import ModuleType
from typing import TYPE_CHECKING, NamedTuple

from levit_bench.libraries import require

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Question = tuple[str, tuple[float, ...], bytes]
"""Name of a function in `scipy.special`, its arguments, and the SHA-256 of the last one where that is an array."""
_MOST_VALUES = 1 << 16  # Simulations ask for ever new ones.
_MOST_ARRAYS = 64


class Known(NamedTuple):
    """Values that were computed."""

    values: dict[Question, float]
    """The oldest first."""
    arrays: dict[Question, bytes]
    """Arrays of double precision, as their bytes; the oldest first."""


_known = Known({}, {})


def student_t(freedom: float, share: float) -> float:
    """The quantile of Student's t with so many degrees of freedom below which a share of it lies."""
    return _value("stdtrit", freedom, share)


def chi_square(freedom: float, tail: float) -> float:
    """The quantile of chi-square with so many degrees of freedom above which a tail of it lies."""
    return _value("chdtri", freedom, tail)


def beta(first: float, second: float, share: float) -> float:
    """The quantile of the beta distribution with these shapes below which a share of it lies."""
    return _value("betaincinv", first, second, share)


def gamma(shape: float, share: float) -> float:
    """The quantile of the gamma distribution with this shape and scale 1 below which a share of it lies."""
    return _value("gammaincinv", shape, share)


def f_tail(numerator: float, denominator: float, ratio: float) -> float:
    """The probability of more than a ratio by the F distribution with these degrees of freedom."""
    return _value("fdtrc", numerator, denominator, ratio)


def chi_squares(freedom: float, tails: NDArray[np.float64]) -> NDArray[np.float64]:
    """The quantiles of chi-square with so many degrees of freedom above which these tails of it lie."""
    return _array("chdtri", freedom, tails)


def gammas(shape: float, shares: NDArray[np.float64]) -> NDArray[np.float64]:
    """The quantiles of the gamma distribution with this shape and scale 1 below which these shares of it lie."""
    return _array("gammaincinv", shape, shares)


def normal_shares(quantiles: NDArray[np.float64]) -> NDArray[np.float64]:
    """The shares of the standard normal distribution below these quantiles."""
    shares: NDArray[np.float64] = _special().ndtr(quantiles)
    return shares


def known() -> Known:
    """All that is known; a copy."""
    return Known(dict(_known.values), dict(_known.arrays))


def remember(values: Mapping[Question, float], arrays: Mapping[Question, bytes]) -> None:
    """Know what the same version of scipy has computed before; what is known already stays as it is."""
    for question, value in values.items():
        if len(_known.values) < _MOST_VALUES:
            _known.values.setdefault(question, value)
    for question, array in arrays.items():
        if len(_known.arrays) < _MOST_ARRAYS:
            _known.arrays.setdefault(question, array)


def _value(function: str, *arguments: float) -> float:
    question = function, arguments, b""
    value = _known.values.get(question)
    if value is None:
        value = float(getattr(_special(), function)(*arguments))
        if len(_known.values) < _MOST_VALUES:
            _known.values[question] = value
    return value


def _array(function: str, parameter: float, last: NDArray[np.float64]) -> NDArray[np.float64]:
    import numpy as np

    question = function, (parameter,), sha256(last.tobytes()).digest()
    array = _known.arrays.get(question)
    if array is None:
        array = np.asarray(getattr(_special(), function)(parameter, last)).tobytes()
        if len(_known.arrays) < _MOST_ARRAYS:
            _known.arrays[question] = array
    return np.frombuffer(array).reshape(last.shape)


@cache
def _special() -> ModuleType:
    """The module of scipy; asked for thousands of times, and looked up once."""
    require("scipy", "judge stored results")
    from scipy import special

    module: ModuleType = special
    return module
