"""How long is waited: it grows with what is known of a case, and has a floor."""

from __future__ import annotations

import pytest
from levit_bench.measuring.workers import timeouts


def test_a_quick_turn_has_half_a_minute_and_less_only_where_the_protocol_says_so() -> None:
    assert timeouts.of_turn(3, 0.01, 0.05, 300.0) == 30.0
    assert timeouts.of_turn(3, 0.01, 0.05, 5.0) == 5.0


def test_a_slow_turn_has_more_than_the_protocol_says() -> None:
    assert timeouts.of_turn(6, 10.0, 0.0, 5.0) == 20 * 60.0


def test_a_slow_first_pass_is_expected_once_and_not_of_every_pass() -> None:
    slow, quick = (timeouts.of_turn(6, 1.0, first, 300.0) for first in (40.0, 0.0))
    assert slow - quick == 20 * 40.0


@pytest.mark.parametrize(("prepare_s", "given_s"), [(0.0, 300.0), (30.0, 300.0), (120.0, 1200.0)])
def test_loading_may_take_what_the_protocol_says_and_more_after_a_long_preparation(
    prepare_s: float, given_s: float
) -> None:
    assert timeouts.of_load(prepare_s, 300.0) == given_s


def test_passes_of_which_only_the_first_is_known_have_more_than_the_protocol_says() -> None:
    assert timeouts.of_probe(3, 0.0, 20.0) == 20.0
    assert timeouts.of_probe(3, 4.0, 20.0) == 20.0 + 120.0
