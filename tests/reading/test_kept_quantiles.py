"""Quantiles kept between processes: those of the same libraries, whole, and the newest where there are too many."""

from __future__ import annotations

import atexit
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from levit_bench.numbers import quantiles
from levit_bench.numbers.quantiles import Known, chi_squares, student_t
from levit_bench.paths.cache_folder import VARIABLE
from levit_bench.paths.kept_files import KeptFiles
from levit_bench.reading import kept_quantiles
from levit_bench.reading.kept_quantiles import use_kept_quantiles

Process = Callable[[Callable[[], object]], Known]
TAILS = np.linspace(0.1, 0.9, 4)


@pytest.fixture
def process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Process]:
    """Call something as a process of its own would; returns what that process knew at its beginning."""
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    ends: list[Callable[[], object]] = []

    def register(function: Callable[..., object], *values: object) -> None:
        ends.append(lambda: function(*values))

    def lived(work: Callable[[], object]) -> Known:
        quantiles._known.values.clear()
        quantiles._known.arrays.clear()
        kept_quantiles._in_use.clear()
        use_kept_quantiles()
        use_kept_quantiles()
        known = quantiles.known()
        work()
        while ends:
            ends.pop()()
        return known

    monkeypatch.setattr(quantiles, "_known", Known({}, {}))
    monkeypatch.setattr(kept_quantiles, "_in_use", set())
    monkeypatch.setattr(atexit, "register", register)
    yield lived
    assert ends == []


def _ask() -> None:
    student_t(4, 0.975)
    student_t(2.5, 0.975)
    chi_squares(2.5, TAILS)


def test_the_next_process_knows_them_to_the_last_digit(process: Process) -> None:
    assert process(_ask) == Known({}, {})
    known = process(lambda: None)
    assert [*known.values.values()] == [student_t(4, 0.975), student_t(2.5, 0.975)]
    assert [*known.arrays.values()] == [chi_squares(2.5, TAILS).tobytes()]


def test_a_process_that_learns_nothing_new_writes_nothing(process: Process, tmp_path: Path) -> None:
    process(_ask)
    (kept,) = KeptFiles(tmp_path).entries()
    content = kept.path.read_bytes()
    kept.path.write_bytes(content + b" ")  # Damaged: nothing of it is known, and what is asked is kept anew.
    assert process(lambda: None) == Known({}, {})
    assert kept.path.read_bytes() == content + b" "
    process(_ask)
    assert kept.path.read_bytes() == content


@pytest.mark.parametrize("change", ["library_identity", "code_identity"])
def test_those_of_other_libraries_or_code_are_not_used(
    process: Process, change: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    process(_ask)
    monkeypatch.setattr(kept_quantiles, change, lambda *_names: "another")
    assert process(lambda: None) == Known({}, {})


def test_content_of_another_kind_is_not_used(process: Process, tmp_path: Path) -> None:
    process(_ask)
    (kept,) = KeptFiles(tmp_path).entries()
    for content in (b"", b"\xc1", b"\x92\x01\x02"):
        KeptFiles(tmp_path).keep(kept.path.name, content)
        assert process(lambda: None) == Known({}, {})


def test_of_too_many_the_newest_are_kept(process: Process, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_quantiles, "_MOST_VALUES", 3)
    monkeypatch.setattr(kept_quantiles, "_MOST_ARRAYS", 1)
    process(lambda: [student_t(freedom, 0.975) for freedom in (1, 2, 3, 4)])
    assert [arguments[0] for _, arguments, _ in process(lambda: student_t(5, 0.975)).values] == [2, 3, 4]
    assert [arguments[0] for _, arguments, _ in process(lambda: None).values] == [3, 4, 5]


def test_without_a_cache_nothing_is_known_or_kept(process: Process, monkeypatch: pytest.MonkeyPatch) -> None:
    process(_ask)
    monkeypatch.setenv(VARIABLE, "")
    assert process(_ask) == Known({}, {})
