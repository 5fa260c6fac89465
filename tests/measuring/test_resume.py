"""What a resumed session refuses: cases that are no longer what they were."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from bench.errors import UsageError
from bench.measuring.session import _refuse_changed
from bench.records import Case, CaseLine

CASE = Case(network="nets:build", resolution=224)
LINE = CaseLine(id=CASE.id, case=CASE, params=1000, macs=2000, logits_std=1.0)


def test_a_network_that_is_what_it_was_is_taken_on() -> None:
    _refuse_changed(Path("s.jsonl"), [LINE], [msgspec.structs.replace(LINE, logits_std=1.0001)])


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"params": 1001}, "parameters 1000, now 1001"),
        ({"macs": 2500}, "multiply-accumulates 2000, now 2500"),
        ({"logits_std": 1.1}, "deviation of its logits 1, now 1.1"),
    ],
)
def test_a_network_that_has_changed_under_its_name_is_refused(changed: dict[str, float], said: str) -> None:
    with pytest.raises(UsageError) as refused:
        _refuse_changed(Path("s.jsonl"), [LINE], [msgspec.structs.replace(LINE, **changed)])
    assert "nets:build 224 px b1 t1 pinned is another network than when the session was begun" in str(refused.value)
    assert said in str(refused.value)


def test_a_case_that_failed_or_was_never_prepared_is_not_compared() -> None:
    failed = msgspec.structs.replace(LINE, params=None, logits_std=None, outcome="failed", reason="raised")
    _refuse_changed(Path("s.jsonl"), [LINE], [failed])
    older = msgspec.structs.replace(LINE, params=None, macs=None, logits_std=None)
    _refuse_changed(Path("s.jsonl"), [older], [LINE])
