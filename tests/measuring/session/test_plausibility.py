"""Work that no pass can have done."""

from __future__ import annotations

import msgspec
from levit_bench.measuring.session.plausibility import too_fast

from tools.simulated.fake_world import line

SAYS = msgspec.structs.replace(line("a", 0.01), macs=228_000_000, matrix_macs_s=50e9)


def test_a_pass_that_multiplies_a_thousand_times_as_fast_as_matrices_did_not_do_the_work() -> None:
    why = too_fast(SAYS, 4.7e-6) or ""
    assert "a pass took 4.70 µs for 228 million multiply-accumulates, 970 times as many a second" in why


def test_a_pass_at_the_rate_of_matrices_is_no_wonder_nor_is_one_that_tiles_save_much_of() -> None:
    assert too_fast(SAYS, 228e6 / 50e9) is None
    assert too_fast(SAYS, 228e6 / 50e9 / 3.9) is None
    assert too_fast(SAYS, 228e6 / 50e9 / 4.1) is not None


def test_nothing_is_said_of_what_is_not_known() -> None:
    assert too_fast(msgspec.structs.replace(SAYS, macs=None), 1e-9) is None
    assert too_fast(msgspec.structs.replace(SAYS, matrix_macs_s=None), 1e-9) is None
    assert too_fast(SAYS, 0.0) is None
