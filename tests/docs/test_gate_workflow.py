"""The shell steps of docs/workflows/gate.yml and gate-matrix.yml, done in clones of a local repository."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.docs.workflow_runner import Job, commit, git

FIND, JUDGE, SHOW = "Find the commit where the branch began", "Time both sides and judge", "Show the verdict"
HOSTILE = [
    "$(touch${IFS}pwned)",
    "`touch${IFS}pwned`",
    'x";touch${IFS}pwned;"',
    "x';touch${IFS}pwned;'",
    "x&&touch${IFS}pwned",
]
"""Names that git takes for a branch, and that would run a command where a shell reads them."""

pytestmark = pytest.mark.skipif(not (shutil.which("git") and shutil.which("bash")), reason="no git or no bash here")


class Origin:
    """A repository whose branch `work` began before the newest commit of its base branch."""

    def __init__(self, folder: Path, base: str) -> None:
        self.folder, self.base = folder, base
        folder.mkdir(parents=True)
        git(folder, "init", "--quiet", "--initial-branch", "trunk")
        commit(folder, "nets.py", "first\n")
        git(folder, "checkout", "--quiet", "-b", base)
        self.began = commit(folder, "nets.py", "second\n")
        git(folder, "checkout", "--quiet", "-b", "work")
        self.head = commit(folder, "nets.py", "of the branch\n")
        git(folder, "checkout", "--quiet", base)
        commit(folder, "other.py", "of somebody else\n")
        git(folder, "checkout", "--quiet", "trunk")


def gate(folder: Path, base: str = "main", workflow: str = "gate.yml", **changed: str) -> tuple[Origin, Job]:
    """The job on a pull request into a branch."""
    origin = Origin(folder / "origin", base)
    context = {
        "github.event_name": "pull_request",
        "github.base_ref": base,
        "github.event.pull_request.head.sha": origin.head,
        "github.event.pull_request.number": "17",
        "matrix.runner": "ubuntu-24.04-arm",
    }
    job = Job(
        folder / "job", workflow, "gate", context | {name.replace("__", "."): text for name, text in changed.items()}
    )
    return origin, job


@pytest.mark.parametrize("workflow", ["gate.yml", "gate-matrix.yml"])
def test_the_branch_is_judged_against_where_it_began_and_not_against_what_its_base_has_become(
    tmp_path: Path, workflow: str
) -> None:
    origin, job = gate(tmp_path, workflow=workflow)
    job.check_out(origin.folder, origin.head)
    assert job.run(FIND).returncode == 0
    said = "<!-- levit-bench gate -->\n**Slower**: `$(touch pwned)`\n"
    done = job.run(JUDGE, SAID=said, CODE="1")
    assert done.returncode == 1, "the exit code of the gate is the check"
    (called,) = job.calls("levit-bench")
    assert called == (
        f"gate|--networks|nets.py:build|--a|{origin.began}|--budget|3m|"
        f"--out|{job.temp}/gate|--store|{job.temp}/gate/sessions|--annotations"
    )
    assert git(job.checkout, "rev-parse", "HEAD") == origin.head
    assert git(job.checkout, "status", "--porcelain") == "", "side b is the checkout: nothing may be written there"
    assert job.run(SHOW).returncode == 0
    assert job.summary.read_text(encoding="utf-8").endswith(said)


@pytest.mark.parametrize("workflow", ["gate.yml", "gate-matrix.yml"])
def test_further_options_are_words_and_no_part_of_the_script(tmp_path: Path, workflow: str) -> None:
    origin, job = gate(tmp_path, workflow=workflow)
    job.check_out(origin.folder, origin.head)
    job.run(FIND)
    options = "--allow-inconclusive --title $(touch${IFS}pwned) ;touch pwned *"
    assert job.run(JUDGE, GATE_OPTIONS=options).returncode == 0
    (called,) = job.calls("levit-bench")
    assert "|--budget|3m|--allow-inconclusive|--title|$(touch${IFS}pwned)|;touch|pwned|*|--out|" in called
    assert list(tmp_path.rglob("pwned")) == []


@pytest.mark.parametrize("workflow", ["gate.yml", "gate-matrix.yml"])
def test_a_job_that_ran_out_of_time_still_leaves_its_word(tmp_path: Path, workflow: str) -> None:
    _, job = gate(tmp_path, workflow=workflow)
    (show,) = [step for step in job.steps if step.get("name") == SHOW]
    (upload,) = [step for step in job.steps if step.get("uses", "").startswith("actions/upload-artifact")]
    assert show["if"] == upload["if"] == "${{ always() }}"


@pytest.mark.parametrize("code", ["0", "1", "2", "3", "130"])
def test_the_check_is_what_the_gate_ends_with(tmp_path: Path, code: str) -> None:
    origin, job = gate(tmp_path)
    job.check_out(origin.folder, origin.head)
    assert job.run(FIND).returncode == 0
    assert job.run(JUDGE, CODE=code).returncode == int(code)


def test_what_the_comment_is_made_of_is_left_beside_it(tmp_path: Path) -> None:
    origin, job = gate(tmp_path)
    job.check_out(origin.folder, origin.head)
    job.run(FIND)
    job.run(JUDGE, SAID="<!-- levit-bench gate -->\nSame.\n")
    job.run(SHOW)
    assert (job.temp / "gate" / "pull-request.txt").read_text(encoding="utf-8") == "17\n"
    assert (job.temp / "gate" / "comment.md").read_text(encoding="utf-8") == "<!-- levit-bench gate -->\nSame.\n"
    (upload,) = [step["with"] for step in job.steps if step.get("uses", "").startswith("actions/upload-artifact")]
    assert job.value(upload["path"]) == str(job.temp / "gate")


@pytest.mark.parametrize("workflow", ["gate.yml", "gate-matrix.yml"])
def test_a_gate_without_a_verdict_is_said_to_be_one(tmp_path: Path, workflow: str) -> None:
    """So that a comment of an earlier push does not stand for this one."""
    origin, job = gate(tmp_path, workflow=workflow)
    job.check_out(origin.folder, origin.head)
    job.run(FIND)
    assert job.run(JUDGE, CODE="2").returncode == 2
    assert job.run(SHOW).returncode == 0
    assert "**The gate ended without a verdict.**" in job.summary.read_text(encoding="utf-8")
    if workflow == "gate.yml":
        left = (job.temp / "gate" / "comment.md").read_text(encoding="utf-8")
        assert left.startswith("<!-- levit-bench gate -->\n")
    else:
        assert job.summary.read_text(encoding="utf-8").startswith("## ubuntu-24.04-arm\n")


@pytest.mark.parametrize("event", ["push", "workflow_dispatch", "schedule"])
def test_an_event_without_a_base_branch_is_refused_and_nothing_is_compared_with_itself(
    tmp_path: Path, event: str
) -> None:
    changed = {"github__event_name": event, "github__base_ref": "", "github__event__pull_request__head__sha": ""}
    origin, job = gate(tmp_path, **changed)
    job.check_out(origin.folder, "main")
    done = job.run(FIND)
    assert done.returncode == 2
    assert f"::error title=gate::Only a pull request has a base branch, and this event, {event}, is none" in done.stdout
    assert "give --a the commit to compare with" in done.stdout
    assert "steps.base.outputs.commit" not in job.context


def test_a_clone_without_the_history_is_refused_with_the_way_to_have_it(tmp_path: Path) -> None:
    origin, job = gate(tmp_path)
    (checkout,) = [step for step in job.steps if step.get("uses", "").startswith("actions/checkout@")]
    del checkout["with"]["fetch-depth"]
    job.check_out(origin.folder, origin.head)
    assert git(job.checkout, "rev-list", "--count", "HEAD") == "1"
    done = job.run(FIND)
    assert done.returncode == 2
    assert "::error title=gate::No commit that this branch shares with main was fetched." in done.stdout
    assert "fetch-depth: 0" in done.stdout


def test_a_branch_that_holds_nothing_new_is_refused(tmp_path: Path) -> None:
    origin, job = gate(tmp_path)
    job.context["github.event.pull_request.head.sha"] = origin.began
    job.check_out(origin.folder, origin.began)
    done = job.run(FIND)
    assert done.returncode == 2
    assert "both sides would be the same code" in done.stdout


@pytest.mark.parametrize("name", HOSTILE)
def test_the_name_of_a_branch_runs_nothing(tmp_path: Path, name: str) -> None:
    origin, job = gate(tmp_path, base=name)
    job.check_out(origin.folder, origin.head)
    assert job.run(FIND).returncode == 0
    assert job.run(JUDGE).returncode == 0
    assert job.run(SHOW).returncode == 0
    assert f"|--a|{origin.began}|" in job.calls("levit-bench")[0]
    assert list(tmp_path.rglob("pwned")) == []


@pytest.mark.parametrize("name", ['x";touch pwned;"', "$(touch pwned)", "--upload-pack=touch pwned", "%0A::set-env::"])
def test_a_name_that_no_branch_can_have_is_refused_and_runs_nothing(tmp_path: Path, name: str) -> None:
    origin, job = gate(tmp_path)
    job.check_out(origin.folder, origin.head)
    job.context["github.base_ref"] = name
    done = job.run(FIND)
    assert done.returncode == 2
    (said,) = [line for line in done.stdout.splitlines() if line.startswith("::")]
    assert said.startswith(f"::error title=gate::No commit that this branch shares with {name} was fetched.")
    assert list(tmp_path.rglob("pwned")) == []


def test_both_recipes_find_and_judge_by_the_same_lines(tmp_path: Path) -> None:
    _, one = gate(tmp_path / "one")
    _, both = gate(tmp_path / "both", workflow="gate-matrix.yml")
    for name in (FIND, JUDGE):
        assert [s for s in one.steps if s.get("name") == name] == [s for s in both.steps if s.get("name") == name]
    assert one.told["env"] == both.told["env"]
