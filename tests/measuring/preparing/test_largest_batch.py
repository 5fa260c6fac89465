"""The largest batch that fits, from attempts whose limit is known."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from levit_bench.asking import arguments
from levit_bench.asking.request import Request, _with_largest_batch, check
from levit_bench.errors import UsageError
from levit_bench.measuring import devices
from levit_bench.measuring.preparing.largest_batch import LARGEST, Fitting, fitting, powers
from levit_bench.measuring.session.session import Subject
from levit_bench.numbers.units import MAX, batches
from levit_bench.records import Case

CASE = Case(network="levit_192", resolution=224, device="cuda")


def up_to(most: int, tried: list[int]) -> Callable[[Case], str | None]:
    def attempt(case: Case) -> str | None:
        tried.append(case.batch)
        return None if case.batch <= most else f"out of GPU memory at batch {case.batch}"

    return attempt


@pytest.mark.parametrize("most", [1, 2, 3, 4, 7, 64, 100, 511, 512, 40_000])
def test_it_is_the_largest_power_of_two_and_the_next_one_was_tried(most: int) -> None:
    tried: list[int] = []
    found = fitting(CASE, up_to(most, tried))
    assert found.batch <= most < 2 * found.batch
    assert found.too_large == 2 * found.batch
    assert f"batch {found.too_large}" in found.why
    assert len(tried) == len(set(tried)) <= 11
    assert set(tried) <= set(powers())


def test_what_never_ends_is_not_tried_for_ever_and_nothing_may_fit_at_all() -> None:
    assert fitting(CASE, up_to(10 * LARGEST, [])) == Fitting(LARGEST, None, "")
    assert fitting(CASE, up_to(0, [])).batch == 0


class Found:
    """A workshop that has looked."""

    def __init__(self, found: Fitting) -> None:
        self._found = found

    def fitting(self, case: Case) -> Fitting:
        assert case.batch == 1
        return self._found


def test_a_session_says_what_was_found_and_never_shrinks_a_batch_in_silence() -> None:
    subject = _with_largest_batch(Subject(CASE), Found(Fitting(2048, 4096, "out of GPU memory")))  # type: ignore[arg-type]
    assert subject.case.batch == 2048
    assert subject.finding is not None
    assert "fits is 2048; 4096 does not: out of GPU memory." in subject.finding.message
    with pytest.raises(UsageError, match="does not run with one image: no kernel"):
        _with_largest_batch(Subject(CASE), Found(Fitting(0, 1, "no kernel")))  # type: ignore[arg-type]


def test_what_fails_for_another_reason_is_no_limit_of_memory() -> None:
    with pytest.raises(UsageError, match="fails at batch 8 for another reason than its memory: not finite"):
        _with_largest_batch(Subject(CASE), Found(Fitting(4, 8, "not finite")))  # type: ignore[arg-type]
    killed = _with_largest_batch(Subject(CASE), Found(Fitting(4, 8, "ended by SIGKILL")))  # type: ignore[arg-type]
    assert killed.case.batch == 4


def test_max_is_for_devices_with_memory_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match="--batch max is the largest batch that fits into a GPU's memory"):
        check(Request(networks=("levit_192",), batches=(1, MAX)))
    monkeypatch.setattr(devices, "resolve", lambda name: name)
    check(Request(networks=("levit_192",), batches=(1, MAX), device="cuda"))


@pytest.mark.parametrize(
    ("text", "found"),
    [("1", (1,)), ("1, 16,max", (1, 16, MAX)), ("1..256", (1, 2, 4, 8, 16, 32, 64, 128, 256)), ("3..13", (3, 6, 12)),
     ("8..8,8", (8,))],
)  # fmt: skip
def test_batches_are_numbers_powers_and_max(text: str, found: tuple[int, ...]) -> None:
    assert batches(text) == found


@pytest.mark.parametrize(
    "text", ["", "x", "0", "-1", "--5", "5-", "9" * 5000, "8..4", "0..8", "1..", "1.5", "maximum", "1,,2"]
)
def test_what_is_no_batch_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="batch"):
        batches(text)


def test_pythons_door_takes_the_same() -> None:
    assert arguments.batches("batch", 16) == (16,)
    assert arguments.batches("batch", [1, "max"]) == (1, MAX)
    for wrong in (-1, [1, -1], 1.5, b"1"):
        with pytest.raises(UsageError, match="batch"):
            arguments.batches("batch", wrong)
