"""Cases that are of use only with each other: what is left of them where one cannot be timed."""

from __future__ import annotations

import pytest
from levit_bench.api import _subjects_of
from levit_bench.asking import request
from levit_bench.asking.request import Request
from levit_bench.errors import UsageError
from levit_bench.measuring.session.session import _of_no_use
from levit_bench.records import Case, CaseLine

LINES = [CaseLine(id=name, case=Case(network=name, resolution=224)) for name in ("own", "rival", "other", "single")]
PAIRS = [("own", "rival"), ("other", "rival")]


@pytest.mark.parametrize(
    ("failed", "skipped"),
    [
        ((), ()),
        (("own",), ()),  # the rival has another test
        (("rival",), ("other", "own")),
        (("own", "other"), ("rival",)),
        (("single",), ()),
    ],
)
def test_a_case_is_skipped_where_each_group_that_wants_it_holds_one_that_failed(failed, skipped):
    reasons = _of_no_use(LINES, dict.fromkeys(failed, "it broke"), PAIRS)
    assert tuple(sorted(reasons)) == skipped
    for reason in reasons.values():
        assert "which failed: it broke" in reason


@pytest.mark.parametrize(
    ("unknown", "left"),
    [
        ("own", ["rival", "other", "single"]),  # the rival has another test
        ("rival", ["single"]),
        ("other", ["own", "rival", "single"]),
        ("nobody", ["own", "rival", "other", "single"]),
    ],
)
def test_requests_that_only_a_refused_one_needs_are_left_out(monkeypatch, unknown, left):
    def subjects(asked, _workshop):
        if asked.networks == (unknown,):
            raise UsageError(f"unknown network {unknown!r}")
        return list(asked.networks)

    monkeypatch.setattr(request, "subjects", subjects)
    names = ["own", "rival", "other", "single"]
    told = []
    requests = [Request(networks=(name,)) for name in names]
    groups = _subjects_of(requests, None, lambda number, _: told.append(number), [(0, 1), (2, 1), (3,)])
    assert [name for group in groups for name in group] == left
    assert told == ([names.index(unknown)] if unknown in names else [])
