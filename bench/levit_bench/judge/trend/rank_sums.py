"""The permutation distribution of the rank sum: how likely two groups of one kind are so far apart in order."""

from __future__ import annotations

import math
from functools import lru_cache


def tail(k: int, m: int, against: int) -> float:
    """Chance, both sides together, that of two groups from one distribution so few pairs or fewer are out of order.

    Of the k·m pairs of a member of either group, `against` are those in which the group that is lower as a whole has
    the higher member, or an equal one (Mann & Whitney, Annals of Mathematical Statistics 18, 1947). Exact, by counting
    all orders; needs no assumption on the distribution but that its draws can be exchanged.

    Args:
        k: members of one group.
        m: members of the other.
        against: pairs out of order.
    """
    likely = _tails(k, m)
    return likely[against] if against < len(likely) else 1.0


@lru_cache(maxsize=4096)
def _tails(k: int, m: int) -> tuple[float, ...]:
    """The tail for each number of pairs out of order, up to half of them."""
    most = k * m // 2
    # Orders by their number of pairs out of order: coefficients of a Gaussian binomial, factor by factor.
    counts = [1] + [0] * most
    for i in range(1, min(k, m) + 1):
        larger = max(k, m) + i
        for at in range(most, larger - 1, -1):
            counts[at] -= counts[at - larger]
        for at in range(i, most + 1):
            counts[at] += counts[at - i]
    orders, sum_so_far, out = math.comb(k + m, k), 0, []
    for count in counts:
        sum_so_far += count
        out.append(min(1.0, 2 * sum_so_far / orders))
    return tuple(out)
