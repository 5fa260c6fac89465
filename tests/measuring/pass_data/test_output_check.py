"""When an output is wrong, and how it is said."""

from __future__ import annotations

import pytest
import torch
from levit_bench.judge.findings.case_checks import outputs_differ
from levit_bench.measuring.pass_data.output_check import (
    as_logits,
    check_repeats,
    problem_with,
    problem_with_pair,
    relative_distance,
)

from tests.making import record

WANT = torch.randn(2, 1000, generator=torch.Generator().manual_seed(0))
OTHER = torch.randn(2, 1000, generator=torch.Generator().manual_seed(1))


def test_rounding_passes_and_a_shift_of_all_classes_is_no_difference() -> None:
    assert problem_with(WANT * (1 + 1e-6), WANT, 1e-4) is None
    assert relative_distance(WANT + 7, WANT) < 1e-6


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
def test_an_all_zero_output_fails_at_any_scale_of_logits(scale: float) -> None:
    assert "differs from fp32 eager by 1 " in (problem_with(torch.zeros_like(WANT), scale * WANT, 1e-4) or "")


def test_a_difference_names_what_the_output_is_held_against() -> None:
    assert "differs from the other one by " in (problem_with(OTHER, WANT, 1e-4, "the other one") or "")


def test_two_passes_that_are_not_finite_are_not_told_apart() -> None:
    lost = WANT * float("nan")
    for first, second in ((lost, lost), (WANT, lost), (lost, WANT)):
        with pytest.raises(ValueError, match=r"^output is not finite"):
            check_repeats(first, second, "it draws numbers")
    with pytest.raises(ValueError, match=r"differ by .* \(relative L2\): it draws numbers$"):
        check_repeats(WANT, OTHER, "it draws numbers")
    check_repeats(WANT, WANT.clone(), "it draws numbers")


def test_precision_decides_what_is_tolerated() -> None:
    off = WANT + 0.01 * OTHER
    assert problem_with(off, WANT, 1e-4) is not None
    assert problem_with(off, WANT, 5e-2) is None


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_a_single_number_that_is_not_finite_is_told_apart(bad: float) -> None:
    got = WANT.clone()
    got[1, 7] = bad
    assert "not finite" in (problem_with(got, WANT, 1e-4) or "")


def test_equal_bits_for_two_inputs_are_constant_and_swapped_outputs_differ() -> None:
    assert "constant" in (problem_with_pair((WANT, WANT), (WANT, WANT), 1e-4) or "")
    assert "differs" in (problem_with_pair((OTHER, WANT), (WANT, OTHER), 1e-4) or "")
    assert problem_with_pair((WANT, OTHER), (WANT, OTHER), 1e-4) is None


def test_another_shape_is_named() -> None:
    assert "shape (2, 10)" in (problem_with(torch.zeros(2, 10), WANT, 1e-4) or "")


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ((WANT, WANT), "returned a tuple"),
        ({"logits": WANT}, "returned a dict"),
        (torch.zeros(2, 3, 4), r"shape \(2, 3, 4\)"),
        (torch.zeros(3, 10), r"returns \(2, classes\)"),
    ],
)
def test_what_is_no_logits_is_refused(value: object, said: str) -> None:
    with pytest.raises((TypeError, ValueError), match=said):
        as_logits(value, 2)


@pytest.mark.parametrize(
    "reason",
    [
        problem_with(OTHER, WANT, 1e-4),
        problem_with(OTHER * float("nan"), WANT, 1e-4),
        problem_with(OTHER[:1], WANT, 1e-4),
        problem_with_pair((WANT, WANT), (WANT, OTHER), 1e-4),
    ],
    ids=["different", "not finite", "another shape", "constant"],
)
def test_whatever_is_wrong_has_a_finding_of_its_own_on_reading(reason: str) -> None:
    finding = outputs_differ(record(runs=(), outcome="failed", reason=reason))
    assert finding is not None
    assert reason in finding.message
