"""The shell steps of docs/workflows/nightly.yml, done in clones of a local repository."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.docs.workflow_runner import Job, commit, git

FETCH, MEASURE, KEEP = "Fetch the nights before", "Measure and judge", "Add the session to its branch"

pytestmark = pytest.mark.skipif(not (shutil.which("git") and shutil.which("bash")), reason="no git or no bash here")


@pytest.fixture
def origin(tmp_path: Path) -> Path:
    """A repository that others push to."""
    folder = tmp_path / "origin"
    folder.mkdir()
    git(folder, "init", "--quiet", "--initial-branch", "main")
    commit(folder, "nets.py", "first\n")
    commit(folder, "nets.py", "second\n")
    return folder


def stored(origin: Path) -> list[str]:
    """The files of the branch of sessions."""
    return git(origin, "ls-tree", "-r", "--name-only", "results").splitlines()


def measure(folder: Path, origin: Path, session: str) -> Job:
    job = Job(folder, "nightly.yml", "measure", {})
    job.check_out(origin, "main")
    done = job.run(FETCH)
    assert done.returncode == 0, done.stdout + done.stderr
    assert job.run(MEASURE, SESSION=session).returncode == 0
    return job


def keep(folder: Path, origin: Path, measured: Job) -> Job:
    """The second job, with what the first one uploaded."""
    job = Job(folder, "nightly.yml", "keep", {})
    job.check_out(origin, "main")
    shutil.copytree(measured.temp / "tonight", job.temp / "tonight")
    return job


def night(folder: Path, origin: Path, session: str) -> Job:
    measured = measure(folder / "measure", origin, session)
    kept = keep(folder / "keep", origin, measured)
    done = kept.run(KEEP)
    assert done.returncode == 0, done.stdout + done.stderr
    return measured


def test_sessions_of_all_nights_are_on_a_branch_that_holds_nothing_else(tmp_path: Path, origin: Path) -> None:
    first = night(tmp_path / "first", origin, "one")
    assert first.calls("levit-bench") == [f"nightly|nightly.toml|--store|{first.temp}/results|--out|{first.temp}/night"]
    assert stored(origin) == ["machine/one.jsonl"]
    second = night(tmp_path / "second", origin, "two")
    assert stored(origin) == ["machine/one.jsonl", "machine/two.jsonl"]
    judged = sorted(path.name for path in (second.temp / "results").rglob("*.jsonl"))
    assert judged == ["one.jsonl", "two.jsonl"], "tonight is judged among the nights before"
    assert [path.name for path in (second.temp / "tonight").rglob("*.jsonl")] == ["two.jsonl"]
    assert git(origin, "rev-list", "--count", "results") == "2"
    assert git(origin, "log", "--format=%an", "-1", "results") == "github-actions[bot]"
    assert git(origin, "merge-base", "--is-ancestor", "results~1", "results") == ""


@pytest.mark.parametrize("first", [True, False])
def test_a_push_of_somebody_else_costs_a_try_and_no_session(tmp_path: Path, origin: Path, first: bool) -> None:
    if not first:
        night(tmp_path / "first", origin, "one")
    kept = keep(tmp_path / "keep", origin, measure(tmp_path / "measure", origin, "two"))
    other = keep(tmp_path / "other", origin, measure(tmp_path / "other-measure", origin, "three"))
    assert other.run(KEEP).returncode == 0
    # It comes between this job's look at the branch and its push, once.
    tip = git(origin, "rev-parse", "results")
    git(origin, "update-ref", "refs/heads/elsewhere", tip)
    git(origin, "update-ref", *(("-d", "refs/heads/results") if first else ("refs/heads/results", "results~1")))
    kept.stub(
        "git",
        f"""
real=$(PATH=${{PATH#*:}} command -v git)
if [ "$1" = push ] && [ ! -e "$CALLS/raced" ]; then
  touch "$CALLS/raced"
  "$real" -C '{origin}' update-ref refs/heads/results {tip}
fi
exec "$real" "$@"
""",
    )
    done = kept.run(KEEP)
    assert done.returncode == 0, done.stdout + done.stderr
    assert kept.calls("sleep") == ["0", "5"]
    earlier = [] if first else ["machine/one.jsonl"]
    assert stored(origin) == [*earlier, "machine/three.jsonl", "machine/two.jsonl"]


def test_a_job_that_is_started_again_adds_nothing_twice(tmp_path: Path, origin: Path) -> None:
    measured = measure(tmp_path / "measure", origin, "one")
    for name in ("keep", "again"):
        assert keep(tmp_path / name, origin, measured).run(KEEP).returncode == 0
    assert git(origin, "rev-list", "--count", "results") == "1"


def test_a_push_that_never_arrives_is_red_and_says_where_the_session_is(tmp_path: Path, origin: Path) -> None:
    kept = keep(tmp_path / "keep", origin, measure(tmp_path / "measure", origin, "one"))
    hook = origin / ".git" / "hooks" / "pre-receive"
    hook.write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
    hook.chmod(0o755)
    done = kept.run(KEEP)
    assert done.returncode == 1
    assert "::error title=nightly::The session could not be pushed to results." in done.stdout
    assert "artifact 'session'" in done.stdout
    assert kept.calls("sleep") == ["0", "5", "20", "60"]


def test_a_store_that_cannot_be_reached_is_not_taken_for_one_that_is_new(tmp_path: Path, origin: Path) -> None:
    measured = measure(tmp_path / "measure", origin, "one")
    kept = keep(tmp_path / "keep", origin, measured)
    for job in (measured, kept):
        git(job.checkout, "remote", "set-url", "origin", f"file://{tmp_path}/gone")
    done = measured.run(FETCH)
    assert done.returncode == 128
    assert "first night" not in done.stdout
    assert kept.run(KEEP).returncode == 1
    assert kept.calls("sleep") == ["0", "5", "20", "60"]


@pytest.mark.parametrize(
    ("code", "ends", "said"),
    [
        ("0", 0, ""),
        ("1", 1, "::error title=nightly::A change that lasts is new, or a case failed: the summary says which."),
        ("2", 2, "::error title=nightly::levit-bench nightly ended with 2: the log says why."),
        ("70", 70, "::error title=nightly::levit-bench nightly ended with 70: the log says why."),
    ],
)
def test_a_night_is_red_where_something_changed_and_its_comment_is_the_summary(
    tmp_path: Path, origin: Path, code: str, ends: int, said: str
) -> None:
    job = Job(tmp_path / "measure", "nightly.yml", "measure", {})
    job.check_out(origin, "main")
    assert job.run(FETCH).returncode == 0
    done = job.run(MEASURE, SESSION="one", CODE=code, SAID="what the night came to\n")
    assert done.returncode == ends
    assert [line for line in done.stdout.splitlines() if line.startswith("::")] == ([said] if said else [])
    assert job.summary.read_text(encoding="utf-8") == "what the night came to\n"


def test_a_measurement_that_fails_is_red_and_its_session_is_kept_all_the_same(tmp_path: Path, origin: Path) -> None:
    job = Job(tmp_path / "measure", "nightly.yml", "measure", {})
    job.check_out(origin, "main")
    assert job.run(FETCH).returncode == 0
    assert job.run(MEASURE, SESSION="one", CODE="1").returncode == 1
    upload, _ = [step for step in job.steps if step.get("uses", "").startswith("actions/upload-artifact")]
    assert upload["if"] == job.told["jobs"]["keep"]["if"] == "${{ !cancelled() }}"
    assert keep(tmp_path / "keep", origin, job).run(KEEP).returncode == 0
    assert stored(origin) == ["machine/one.jsonl"]
