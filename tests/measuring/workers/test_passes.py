"""The innermost loop, under a fake clock."""

from __future__ import annotations

from levit_bench.measuring.workers.passes import Usage, time_passes, usage


def test_each_pass_is_timed_from_its_call_to_the_end_of_its_synchronisation() -> None:
    now = [0]

    def run() -> None:
        now[0] += 2_000_000

    def synchronise() -> None:
        now[0] += 500_000

    def clock() -> int:
        now[0] += 1
        return now[0]

    assert time_passes(run, synchronise, 3, clock) == (0.002500001,) * 3


def test_durations_keep_their_order_and_nanoseconds() -> None:
    steps = iter([1_234_567, 3, 999_999_999])
    now = [0]

    def run() -> None:
        now[0] += next(steps)

    assert time_passes(run, lambda: None, 3, lambda: now[0]) == (0.001234567, 3e-9, 0.999999999)


def test_no_passes_give_no_durations() -> None:
    assert time_passes(lambda: None, lambda: None, 0) == ()


def test_usage_is_a_difference_and_unknown_stays_unknown() -> None:
    assert Usage(12, 1, 2.5).since(Usage(10, 1, 2.0)) == Usage(2, 0, 0.5)
    assert Usage(None, None, 2.5).since(Usage(None, None, 2.0)) == Usage(None, None, 0.5)
    assert usage().since(usage()).cpu_s <= 0
