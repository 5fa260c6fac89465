"""`measured.ratio()`: one case of a session against another, paired by round, as a test asserts on it."""

from __future__ import annotations

import pytest
from levit_bench import pytest_plugin
from levit_bench.errors import UsageError
from levit_bench.judge.paired_ratio import paired
from levit_bench.pytest_plugin import declare

from tests.door.conftest import FAKE, asked
from tests.making import record


def measured(*records, against=()):
    """What a test of the first record reads."""
    answer = pytest_plugin.answer(records[0])
    return answer._replace(session=records, rivals=against)


def test_it_is_the_judges_paired_ratio_with_its_interval():
    ours, theirs = record("ours", (0.010, 0.011, 0.012)), record("theirs", (0.020, 0.021, 0.026))
    ratio = measured(ours, theirs).ratio("theirs")
    judged = paired([ours], [theirs])
    assert (ratio.value, ratio.low, ratio.high, ratio.n) == pytest.approx(tuple(judged))
    assert ratio.low < ratio.value < ratio.high < 1
    assert measured(theirs, ours).ratio("ours").low == pytest.approx(1 / ratio.high)


def test_two_runs_bound_it_as_loosely_as_they_bound_a_latency():
    ours, theirs = record("ours", (0.010, 0.011)), record("theirs", (0.020, 0.021))
    ratio = measured(ours, theirs).ratio("theirs")
    assert ratio.high / ratio.value > 1.2
    assert [finding.kind for finding in ratio.findings] == ["too-few-runs"]


def test_the_other_case_is_the_one_in_the_same_setting():
    ours = record("ours", batch=4)
    others = [record("theirs", (seconds,) * 3, batch=batch) for seconds, batch in ((0.005, 1), (0.04, 4))]
    assert measured(ours, *others).ratio("theirs").value == pytest.approx(0.25)
    assert measured(ours, *others).ratio("theirs:batch=1").value == pytest.approx(2)


def test_the_same_network_in_another_form_is_another_case():
    shipped, folded = record("ours", (0.03,) * 3), record("ours", (0.01,) * 3, form="inference")
    assert measured(folded, shipped).ratio("ours:form=shipped").value == pytest.approx(1 / 3)
    with pytest.raises(UsageError, match="itself: a case has no ratio to itself"):
        measured(shipped, folded).ratio("ours")


def test_of_two_sizes_the_case_of_the_same_size_is_meant_and_else_they_are_named():
    ours = record("ours", resolution=224)
    sizes = [record("theirs", resolution=pixels) for pixels in (192, 224, 256)]
    assert measured(ours, *sizes).ratio("theirs").value == pytest.approx(1)
    with pytest.raises(UsageError, match=r"is 2 stored cases, which differ in resolution \(192, 256\).*theirs:resol"):
        measured(ours, sizes[0], sizes[2]).ratio("theirs")


@pytest.mark.parametrize(
    ("others", "against", "asked_for", "message"),
    [
        ([record("theirs")], (), "thiers", r"ratio\('thiers'\): no stored case is of 'thiers'. Did you mean 'theirs'"),
        ([record("theirs", batch=b) for b in (2, 8)], (), "theirs", "not timed in the setting of ours .* batch 2, 8"),
        ([record("theirs", outcome="failed", reason="it broke")], (), "theirs", "theirs .*failed: it broke"),
        ([record("theirs")], (), "theirs:batch=x", "no stored case has batch=x"),
        ([record("theirs")], (), "theirs:batch=2,batch=1", "gives batch twice, 2 and 1"),
        ([record("theirs")], (), "theirs,ours", "name one case"),
        ([record("theirs")], (), "", r"ratio\(\): which other case\? .* names none as against"),
        ([record("theirs")], ("theirs", "mine"), "", "Name one: the mark names theirs, mine"),
    ],
    ids=[
        "missing",
        "two other batches",
        "failed",
        "no such value",
        "one field twice",
        "two names",
        "none named",
        "two rivals",
    ],
)
def test_a_case_that_gives_no_ratio_is_an_error_that_says_why(others, against, asked_for, message):
    with pytest.raises(UsageError, match=message):
        measured(record("ours"), *others, against=against).ratio(asked_for)


def test_runs_that_never_hold_both_in_one_round_give_no_ratio():
    ours, theirs = record("ours"), record("theirs", session="s1", turns=0)
    with pytest.raises(UsageError, match="no run holds both cases in one round"):
        measured(ours, theirs).ratio("theirs")


SUITE = """
import pytest

@pytest.mark.levit_bench("fake:quick", "fake:one", batch=[1, 4], against="fake:one")
def test_ours_is_faster_than_theirs(measured):
    assert measured.ratio().high < 1
    assert measured.ratio("fake:one").value == pytest.approx(0.5)
"""


def test_a_mark_has_its_rival_timed_in_each_setting_without_making_it_a_test(repository):
    repository.write({"conftest.py": FAKE, "test_mine.py": SUITE.replace(', "fake:one", batch', ", batch")})
    out = repository.pytest("--benchmark", "-p", "no:randomly")
    assert repository.code == 0, out
    assert "2 passed" in out
    assert asked(repository.folder) == [
        [["fake:quick", 1, 1], ["fake:one", 1, 1], ["fake:quick", 4, 1], ["fake:one", 4, 1]]
    ]
    assert "2 tests timed" in out


def test_a_rival_among_the_tests_is_timed_once_and_its_own_test_says_that_it_is_the_rival(repository):
    repository.write({"conftest.py": FAKE, "test_mine.py": SUITE})
    out = repository.pytest("--benchmark", "-p", "no:randomly", "-k", "b1")
    assert "1 failed, 1 passed" in out
    assert "UsageError: ratio(): 'fake:one' is fake:one 224px b1 t1 pinned itself" in out
    assert "case_lookup.py" not in out
    assert asked(repository.folder) == [[["fake:quick", 1, 1], ["fake:one", 1, 1]]]


def test_a_rival_that_failed_fails_the_comparison_with_its_reason(repository):
    repository.write({"conftest.py": FAKE, "test_mine.py": SUITE.replace('="fake:one"', '="fake:broken"')})
    out = repository.pytest("--benchmark", "-k", "quick and b1")
    assert repository.code == 1
    assert "ratio(): fake:broken 224px b1 t1 pinned failed: it broke" in out


def test_a_rival_may_differ_from_its_test_in_an_axis():
    (case,) = declare(
        ["levit_192"], {"form": "inference", "batch": 4, "against": "levit_192@256:form=shipped,batch=1"}, {}
    )
    (rival,) = case.rivals
    assert rival.name == "levit_192@256:form=shipped,batch=1"
    assert (rival.request.networks, rival.request.forms, rival.request.batches) == (
        ("levit_192@256",),
        ("shipped",),
        (1,),
    )
    assert (case.request.forms, case.request.batches) == (("inference",), (4,))


def test_a_size_behind_the_name_of_a_rival_wins_over_that_of_the_mark():
    (case,) = declare(["levit_192"], {"resolution": 192, "against": ["levit_128s", "levit_128@256"]}, {})
    assert [rival.request.resolution for rival in case.rivals] == [192, None]


def test_what_is_stated_of_a_network_is_not_said_of_its_rival():
    marked = {"accuracy": 71.0, "label": "Ours", "against": "levit_128s"}
    (case,) = declare(["my.module:build"], marked, {})
    assert (case.request.accuracy, case.request.label) == (71.0, "Ours")
    assert (case.rivals[0].request.accuracy, case.rivals[0].request.label) == (None, "")


@pytest.mark.parametrize(
    ("against", "message"),
    [
        (7, "against=7: give a text"),
        ("levit_9*", "matches no network"),
        ("levit_192:colour=red", "may differ in batch, threads.* not in colour"),
        ("levit_192:batch=1,batch=16", "gives batch twice, 1 and 16, and names one case"),
        ("levit_192@224:resolution=256", "gives resolution twice, 224 and 256"),
        ("levit_192:batch=many", "invalid list of batches 'many'"),
        ("levit_192:precision=bf17", "unknown precision 'bf17'"),
    ],
)
def test_a_malformed_rival_is_refused_at_collection(against, message):
    with pytest.raises(UsageError, match=message):
        declare(["levit_128s"], {"against": against}, {})
