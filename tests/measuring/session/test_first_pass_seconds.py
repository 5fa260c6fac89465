"""The tool that times the start of a session says how long the command took to its first timed pass."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.first_pass_seconds import ROOT, Start, forecast_of, main, start_of, table

WORDS = ["--networks", "levit_128s", "--budget", "30s"]


@pytest.mark.slow
def test_a_session_is_ended_at_its_first_timed_pass_and_leaves_nothing(tmp_path: Path) -> None:
    cold, warm = (start_of(ROOT, WORDS, tmp_path / "cache") for _ in range(2))
    assert min(cold) > 0
    assert warm.processor_s < cold.processor_s, "the second one prepares nothing"
    assert forecast_of(WORDS, tmp_path / "cache") < forecast_of(WORDS, tmp_path / "empty")


@pytest.mark.slow
def test_a_session_without_a_timed_pass_is_an_error_that_says_why(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match=r"no timed pass:\n.*levit_127"):
        start_of(ROOT, ["--networks", "levit_127", "--budget", "30s"], tmp_path)


def test_the_table_has_medians_all_times_and_the_forecast() -> None:
    starts = {
        "an empty cache": [Start(9.0, 20.0), Start(8.0, 22.0), Start(8.5, 21.0)],
        "the other clone": [Start(18.0, 40.0)],
    }
    assert table(starts, {"an empty cache": 7.6})[2:] == [
        "| an empty cache | 8.5 (9.0, 8.0, 8.5) | 21 | 8 |",
        "| the other clone | 18.0 (18.0) | 40 |  |",
    ]


def test_words_for_the_session_are_passed_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    taken: list[tuple[Path, list[str], str]] = []

    def start(clone: Path, words: list[str], cache: Path) -> Start:
        taken.append((clone, words, cache.name))
        return Start(1.0, 2.0)

    monkeypatch.setattr("tools.first_pass_seconds.start_of", start)
    monkeypatch.setattr("tools.first_pass_seconds.forecast_of", lambda _words, _cache: 3.0)
    main(["--beside", "/other", "--times", "2", "--networks", "paper", "--budget", "60s"])
    words = ["--networks", "paper", "--budget", "60s"]
    assert taken == [(Path("/other"), words, "theirs"), (ROOT, words, "ours"), (ROOT, words, "ours")] * 2
    assert capsys.readouterr().out.count("| 1.0 (1.0, 1.0) | 2 |") == 3
