"""Quantiles and tail probabilities of standard distributions, computed by scipy and remembered.

Loading scipy takes longer than most of what is computed here, so it is loaded for the first value that is not known.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from types import ModuleType
from typing import TYPE_CHECKING, NamedTuple

from levit_bench.libraries import require

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class KnownValue(NamedTuple):
    """A value that was computed."""

    function: str
    """Its name in `scipy.special`."""
    arguments: tuple[float, ...]
    value: float


_MOST = 1 << 16  # Values that are remembered: simulations ask for ever new ones.
_known: dict[tuple[str, tuple[float, ...]], float] = {}


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
    quantiles: NDArray[np.float64] = _special().chdtri(freedom, tails)
    return quantiles


def gammas(shape: float, shares: NDArray[np.float64]) -> NDArray[np.float64]:
    """The quantiles of the gamma distribution with this shape and scale 1 below which these shares of it lie."""
    quantiles: NDArray[np.float64] = _special().gammaincinv(shape, shares)
    return quantiles


def normal_shares(quantiles: NDArray[np.float64]) -> NDArray[np.float64]:
    """The shares of the standard normal distribution below these quantiles."""
    shares: NDArray[np.float64] = _special().ndtr(quantiles)
    return shares


def known_values() -> Iterator[KnownValue]:
    """Every value that is known."""
    return (KnownValue(function, arguments, value) for (function, arguments), value in _known.items())


def remember(values: Iterable[KnownValue]) -> None:
    """Know values that the same version of scipy has computed; those that are known stay as they are."""
    for known in values:
        if len(_known) >= _MOST:
            break
        _known.setdefault((known.function, known.arguments), known.value)


def number_known() -> int:
    """How many values are known."""
    return len(_known)


def _value(function: str, *arguments: float) -> float:
    key = function, arguments
    value = _known.get(key)
    if value is None:
        value = float(getattr(_special(), function)(*arguments))
        if len(_known) < _MOST:
            _known[key] = value
    return value


def _special() -> ModuleType:
    require("scipy", "judge stored results")
    from scipy import special

    module: ModuleType = special
    return module
