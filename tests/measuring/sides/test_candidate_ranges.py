"""Commits between two ends as git bisect chooses them, and versions of a package as pip lists them."""

from __future__ import annotations

import random
import shutil
import subprocess
from pathlib import Path

import pytest
from levit_bench.errors import UsageError
from levit_bench.measuring.sides import version_range
from levit_bench.measuring.sides.repository import repository_at
from levit_bench.measuring.sides.revision_range import RevisionRange
from levit_bench.measuring.sides.version_range import VersionRange, version_ends

from tests.docs.workflow_runner import commit, git

needs_git = pytest.mark.skipif(not shutil.which("git"), reason="no git here")


@pytest.fixture
def history(tmp_path: Path) -> Path:
    """Twelve commits with a branch of three that was merged in the middle."""
    git(tmp_path, "init", "--quiet", "--initial-branch", "main")
    for at in range(6):
        commit(tmp_path, "nets.py", f"{at}\n")
    git(tmp_path, "tag", "begin", "main~4")
    git(tmp_path, "switch", "--quiet", "--create", "side", "main~2")
    for at in range(3):
        commit(tmp_path, "other.py", f"{at}\n")
    git(tmp_path, "switch", "--quiet", "main")
    git(tmp_path, "-c", "user.name=a", "-c", "user.email=a@example.org", "merge", "--quiet", "--no-edit", "side")
    for at in range(6, 9):
        commit(tmp_path, "nets.py", f"{at}\n")
    return tmp_path


def range_of(folder: Path, good: str, bad: str, *, first_parent: bool = False) -> RevisionRange:
    repository = repository_at(folder)
    assert repository is not None
    return RevisionRange(repository, good, bad, first_parent=first_parent)


def searched(candidates: RevisionRange, is_bad: set[str]) -> tuple[str, int]:
    """The first bad commit by halving, and how many were asked."""
    good, bad, asked = {candidates.good.id}, candidates.bad.id, 0
    while len(possible := candidates.possible(good, bad)) > 1:
        asked += 1
        if possible[0].id in is_bad:
            bad = possible[0].id
        else:
            good.add(possible[0].id)
    return bad, asked


@needs_git
def test_every_commit_is_found_also_through_a_merge(history: Path) -> None:
    candidates = range_of(history, "begin", "main")
    commits = git(history, "rev-list", "begin..main").split()
    for first_bad in commits:
        is_bad = {one for one in commits if one == first_bad or _is_ancestor(history, first_bad, one)}
        found, asked = searched(candidates, is_bad)
        assert found == first_bad
        assert asked <= 5


def _is_ancestor(folder: Path, first: str, second: str) -> bool:
    words = ["git", "-C", str(folder), "merge-base", "--is-ancestor", first, second]
    return subprocess.run(words, check=False).returncode == 0


@needs_git
def test_first_parents_alone_leave_the_branch_out(history: Path) -> None:
    candidates = range_of(history, "begin", "main", first_parent=True)
    subjects = {one.id for one in candidates.possible({candidates.good.id}, candidates.bad.id)}
    assert subjects == set(git(history, "rev-list", "--first-parent", "begin..main").split())


@needs_git
def test_nothing_is_checked_out_or_entered(history: Path) -> None:
    before = {path: path.read_bytes() for path in (history / ".git").rglob("*") if path.is_file()}
    candidates = range_of(history, "begin", "main")
    searched(candidates, set())
    candidates.in_order([candidates.bad, candidates.good])
    assert {path: path.read_bytes() for path in (history / ".git").rglob("*") if path.is_file()} == before


@needs_git
def test_commits_are_ordered_as_they_follow_each_other(history: Path) -> None:
    candidates = range_of(history, "begin", "main")
    possible = candidates.possible({candidates.good.id}, candidates.bad.id)
    random.Random(0).shuffle(possible)
    ordered = [one.id for one in candidates.in_order(possible)]
    assert ordered[-1] == candidates.bad.id
    assert ordered.index(git(history, "rev-parse", "main~3")) < ordered.index(git(history, "rev-parse", "main~2"))


@needs_git
@pytest.mark.parametrize(
    ("good", "bad", "said"),
    [
        ("main", "main", "are the same commit"),
        ("main", "begin", "is newer than"),
        ("side", "main~4", "is no ancestor|is newer"),
        ("nowhere", "main", "no revision 'nowhere'"),
    ],
)
def test_ends_that_hold_no_range_are_refused(history: Path, good: str, bad: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        range_of(history, good, bad)


@needs_git
def test_the_last_good_one_is_the_parent_or_the_nearest(history: Path) -> None:
    candidates = range_of(history, "begin", "main")
    good = {candidates.good.id, git(history, "rev-parse", "main~1")}
    assert candidates.last_good(good, candidates.bad.id, set()).id == git(history, "rev-parse", "main~1")
    far = {candidates.good.id, git(history, "rev-parse", "main~3")}
    skipped = {git(history, "rev-parse", name) for name in ("main~1", "main~2")}
    assert candidates.last_good(far, candidates.bad.id, skipped).id == git(history, "rev-parse", "main~3")


@needs_git
def test_a_good_commit_of_another_branch_is_not_the_last_one_before_a_bad_one(history: Path) -> None:
    candidates = range_of(history, "begin", "main")
    on_main, on_side = git(history, "rev-parse", "main~4"), git(history, "rev-parse", "side")
    assert not _is_ancestor(history, on_main, on_side)
    for good in ({candidates.good.id, on_main}, {candidates.good.id}):
        skipped = {git(history, "rev-parse", "side~1")}
        assert candidates.last_good(good, on_side, skipped).id == candidates.good.id


@needs_git
def test_first_lines_that_are_no_utf8_are_readable_words(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet", "--initial-branch", "main")
    git(tmp_path, "config", "i18n.logOutputEncoding", "latin1")
    for at in range(3):
        commit(tmp_path, "nets.py", f"{at}\n")
    body = f"tree {git(tmp_path, 'rev-parse', 'HEAD^{tree}')}\nparent {git(tmp_path, 'rev-parse', 'HEAD')}\n"
    raw = body.encode() + b"author a <a@example.org> 0 +0000\ncommitter a <a@example.org> 0 +0000\n\ncaf\xe9 | x\n"
    made = subprocess.run(
        ["git", "-C", str(tmp_path), "hash-object", "-t", "commit", "-w", "--stdin"], input=raw, capture_output=True,
        check=True,
    ).stdout.decode().strip()  # fmt: skip
    git(tmp_path, "update-ref", "refs/heads/main", made)
    candidates = range_of(tmp_path, "main~3", "main")
    words = candidates.bad.words
    assert words.startswith(made[:7])
    assert words.encode()  # no lone surrogates, which no file takes
    assert "caf" in words
    assert [one.words for one in candidates.possible({candidates.good.id}, made)][-1] == words


VERSIONS = ["1.19.2", "1.20.0", "1.20.1", "1.21.0", "1.24.1", "1.24.4", "1.25.0"]


def test_versions_from_the_first_to_the_last_that_match() -> None:
    candidates = VersionRange("net", "1.20.*", "1.24.*", VERSIONS)
    assert (candidates.good.id, candidates.bad.side) == ("1.20.0", "net==1.24.4")
    assert [one.id for one in candidates.possible({"1.20.0"}, "1.24.4")] == ["1.21.0", "1.20.1", "1.24.1", "1.24.4"]
    assert candidates.last_good({"1.20.0", "1.21.0"}, "1.24.1", set()).id == "1.21.0"


def test_versions_are_equal_as_for_pip() -> None:
    versions = ["2.9.0", "2.10.0", "2.10.10", "2.11", "2.12.0.0", "2.13.0rc1"]
    for good, bad, ends in [
        ("2.10", "2.11.0", ("2.10.0", "2.11")),
        ("2.9.0.0", "2.12", ("2.9.0", "2.12.0.0")),
        ("2.10.10", "2.13.0rc1", ("2.10.10", "2.13.0rc1")),
    ]:
        candidates = VersionRange("net", good, bad, versions)
        assert (candidates.good.id, candidates.bad.id) == ends


@pytest.mark.parametrize(
    ("good", "bad", "said"),
    [
        ("1.20.*", "9.*", r"there is no net==9.\*.*The newest are"),
        ("1.2", "1.20.1", "there is no net==1.2 "),
        ("1.24.*", "1.20.*", "holds no two versions"),
        ("1.25.0", "1.25.0", "holds no two versions"),
    ],
)
def test_versions_that_hold_no_range_are_refused(good: str, bad: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        VersionRange("net", good, bad, VERSIONS)


@pytest.mark.parametrize(
    ("good", "bad", "ends"),
    [
        ("torch==2.10.*", "2.13.*", ("torch", "2.10.*", "2.13.*")),
        ("torch==2.10.0", "torch==2.13.0", ("torch", "2.10.0", "2.13.0")),
        ("scikit-learn == 1.5", "scikit_learn==1.6", ("scikit-learn", "1.5", "1.6")),
        ("v1", "main", None),
        ("HEAD~3", "HEAD", None),
    ],
)
def test_ends_are_versions_where_they_are_written_so(good: str, bad: str, ends: tuple[str, str, str] | None) -> None:
    assert version_ends(good, bad) == ends


@pytest.mark.parametrize(("good", "bad"), [("a==1", "b==2"), ("main", "torch==2.1"), ("torch==2.1", "main")])
def test_ends_of_two_kinds_are_refused(good: str, bad: str) -> None:
    with pytest.raises(UsageError):
        version_ends(good, bad)


def test_pip_is_asked_for_the_versions_and_local_builds_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = "net (1.2)\nAvailable versions: 1.2+cpu, 1.2, 1.10, 1.1\n  INSTALLED: 1.2\n"
    asked: list[list[str]] = []

    def run(words: list[str], **options: object) -> subprocess.CompletedProcess[str]:
        asked.append(words)
        return subprocess.CompletedProcess(words, 0, answer, "")

    monkeypatch.setattr(version_range.subprocess, "run", run)
    assert version_range.versions_of("net") == ["1.1", "1.10", "1.2"]
    assert asked[0][1:5] == ["-m", "pip", "index", "versions"]


def test_a_package_that_pip_does_not_know_is_refused_with_what_it_says(monkeypatch: pytest.MonkeyPatch) -> None:
    def run(words: list[str], **options: object) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess(words, 1, "", "ERROR: No matching distribution found for net\n")

    monkeypatch.setattr(version_range.subprocess, "run", run)
    with pytest.raises(UsageError, match="No matching distribution found for net"):
        version_range.versions_of("net")
