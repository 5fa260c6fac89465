"""The commits between two sessions, as a repository has them or not."""

from __future__ import annotations

import shutil
from pathlib import Path

import msgspec
import pytest
from levit_bench.judge.trend.commit_range import CommitRange
from levit_bench.reading.commit_ranges import commit_range
from levit_bench.records import Record

from tests.docs.workflow_runner import commit, git
from tests.judge.trend.nights import nights

pytestmark = pytest.mark.skipif(not shutil.which("git"), reason="no git here")
BEFORE, AFTER = nights("net", 2)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    git(tmp_path, "init", "--quiet", "--initial-branch", "main")
    for at in range(9):
        commit(tmp_path, "nets.py", f"{at}\n")
    return tmp_path


def named(repository: Path, first: str, second: str) -> CommitRange:
    both: list[Record] = [
        msgspec.structs.replace(one, revision=git(repository, "rev-parse", name), dirty=False)
        for one, name in ((BEFORE, first), (AFTER, second))
    ]
    found = commit_range(*both, repository)
    assert found is not None
    return found


def test_commits_between_are_counted_and_the_newest_named(repository: Path) -> None:
    found = named(repository, "HEAD~7", "HEAD")
    assert (found.number, len(found.subjects), found.problem, found.is_of_user) == (7, 5, "", True)


def test_a_later_session_of_an_older_commit_is_told(repository: Path) -> None:
    assert named(repository, "HEAD", "HEAD~3").problem == "the later session is of an older commit"


def test_a_rewritten_history_is_told(repository: Path) -> None:
    old = git(repository, "rev-parse", "HEAD")
    git(repository, "reset", "--quiet", "--hard", "HEAD~3")
    commit(repository, "nets.py", "other\n")
    assert "neither commit is an ancestor" in named(repository, old, "HEAD").problem


@pytest.mark.parametrize("is_repository", [True, False])
def test_a_commit_that_is_gone_is_told(
    repository: Path, tmp_path_factory: pytest.TempPathFactory, is_repository: bool
) -> None:
    folder = repository if is_repository else tmp_path_factory.mktemp("elsewhere")
    both = [msgspec.structs.replace(one, revision=c * 40, dirty=False) for one, c in ((BEFORE, "a"), (AFTER, "b"))]
    found = commit_range(*both, folder)
    assert found is not None
    assert ("is not in this repository" if is_repository else "in no git repository") in found.problem


def test_commits_of_this_package_need_not_be_there(tmp_path: Path) -> None:
    both = [
        msgspec.structs.replace(one, conditions=msgspec.structs.replace(one.conditions, commit=c * 40))
        for one, c in ((BEFORE, "a"), (AFTER, "b"))
    ]
    found = commit_range(*both, tmp_path)
    assert found is not None
    assert (found.is_of_user, found.problem, found.subjects) == (False, "", ())


def test_sessions_without_commits_have_no_range(tmp_path: Path) -> None:
    assert commit_range(BEFORE, AFTER, tmp_path) is None
