"""The shell step of docs/workflows/gate-comment.yml, which reads what strangers wrote, before a made-up GitHub."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.docs.workflow_runner import Job, pages

WRITE = "Write the comment, or update it"
MARK = "<!-- levit-bench gate -->"
VERDICT = f"{MARK}\n**Slower**: `$(touch pwned)` \"'; touch pwned; | <b>é ✗</b>\n"
SHA = "a" * 40
BRANCH = "x$(touch${IFS}pwned)"
BOT = "github-actions[bot]"

pytestmark = pytest.mark.skipif(not (shutil.which("jq") and shutil.which("bash")), reason="no jq or no bash here")

_GH = r"""
method=GET
for word in "$@"; do
  case $word in
    PATCH | POST) method=$word ;;
    repos/*) path=$word ;;
    body=@*) cp "${word#body=@}" "$CALLS/body" ;;
  esac
done
[ "$1" = api ] || exit 64
[ "$GH_TOKEN" = token ] || exit 4
echo "$method $path" >> "$CALLS/gh"
case "$method $path" in
  "GET repos/us/nets/pulls")
    printf '%s|' "$@" >> "$CALLS/asked"
    cat "$CALLS/../pulls.json"
    ;;
  "GET repos/us/nets/pulls/17") cat "$CALLS/../pull.json" ;;
  "GET repos/us/nets/issues/17/comments?per_page=100") cat "$CALLS/../comments.json" ;;
  POST*|PATCH*) ;;
  *) echo '{"message": "Not Found"}'; exit 1 ;;
esac
"""
"""Answers for one pull request, writes down what it is asked, and keeps the body of what it is told to write."""


def comment(number: int, body: str, login: str = BOT) -> dict[str, Any]:
    return {"id": number, "user": {"login": login}, "body": body}


class Comments(Job):
    """The job on the run of a gate, for the pull request 17 of a fork."""

    def __init__(self, folder: Path) -> None:
        context = {
            "github.token": "token",
            "github.repository": "us/nets",
            "github.event.workflow_run.head_repository.full_name": "them/nets",
            "github.event.workflow_run.head_repository.owner.login": "them",
            "github.event.workflow_run.head_branch": BRANCH,
            "github.event.workflow_run.head_sha": SHA,
            "github.event.workflow_run.conclusion": "failure",
        }
        super().__init__(folder, "gate-comment.yml", "comment", context)
        self.stub("gh", _GH)
        self.left = self.temp / "gate"
        self.left.mkdir()
        self.leave("comment.md", VERDICT)
        self.leave("pull-request.txt", "17\n")
        self.pull("open", "them/nets", SHA)
        self.present(pages([]))

    def leave(self, name: str, text: str) -> None:
        (self.left / name).write_text(text, encoding="utf-8")

    def pull(self, state: str, repository: str | None, sha: str) -> None:
        head = {"sha": sha, "repo": repository and {"full_name": repository}}
        told = {"number": 17, "state": state, "head": head}
        (self.programs / "pull.json").write_text(json.dumps(told), encoding="utf-8")
        others = [{"number": 3, "state": "open", "head": {"sha": "c" * 40, "repo": None}}]
        (self.programs / "pulls.json").write_text(json.dumps([*others, told]), encoding="utf-8")

    def leave_nothing(self, conclusion: str) -> None:
        """As a gate that was ended before its last step."""
        shutil.rmtree(self.left)
        self.context["github.event.workflow_run.conclusion"] = conclusion

    def present(self, text: str) -> None:
        (self.programs / "comments.json").write_text(text, encoding="utf-8")

    def written(self) -> tuple[list[str], str | None]:
        """What was asked of GitHub that changes something, and the body of it."""
        body = self.programs / "calls" / "body"
        asked = [call for call in self.calls("gh") if not call.startswith("GET ")]
        return asked, body.read_text(encoding="utf-8") if body.exists() else None


@pytest.fixture
def job(tmp_path: Path) -> Comments:
    return Comments(tmp_path)


def test_the_first_verdict_is_a_new_comment_to_the_last_letter(job: Comments, tmp_path: Path) -> None:
    job.present(pages([comment(1, "Nice work"), comment(2, f"Look: {MARK}")]))
    done = job.run(WRITE)
    assert done.returncode == 0, done.stdout + done.stderr
    assert job.written() == (["POST repos/us/nets/issues/17/comments"], VERDICT)
    assert list(tmp_path.rglob("pwned")) == []


@pytest.mark.parametrize("line", [f"{MARK}\nOld", f"{MARK}\r\nOld", MARK])
def test_a_later_verdict_takes_the_place_of_the_earlier_one(job: Comments, line: str) -> None:
    others = [
        comment(1, VERDICT, "them"),
        comment(2, f"Words\n{MARK}"),
        comment(3, "<!-- levit-bench gate: other -->\n"),
    ]
    job.present(pages(others, [comment(4, line), comment(5, line)]))
    done = job.run(WRITE)
    assert done.returncode == 0, done.stdout + done.stderr
    assert job.written() == (["PATCH repos/us/nets/issues/comments/4"], VERDICT)


@pytest.mark.parametrize("conclusion", ["failure", "cancelled", "timed_out"])
def test_a_gate_that_left_nothing_takes_the_place_of_an_older_verdict(
    job: Comments, tmp_path: Path, conclusion: str
) -> None:
    job.leave_nothing(conclusion)
    job.present(pages([comment(4, f"{MARK}\nPassed")]))
    done = job.run(WRITE)
    assert done.returncode == 0, done.stdout + done.stderr
    asked, body = job.written()
    assert asked == ["PATCH repos/us/nets/issues/comments/4"]
    assert body == f"{MARK}\n\n**The gate ended without a verdict.** The log of its job says why.\n"
    assert f"|head=them:{BRANCH}|" in (job.programs / "calls" / "asked").read_text(encoding="utf-8")
    assert list(tmp_path.rglob("pwned")) == []
    assert conclusion in job.told["jobs"]["comment"]["if"]


def test_a_gate_that_left_nothing_and_was_overtaken_by_a_push_writes_nothing(job: Comments) -> None:
    job.leave_nothing("cancelled")
    job.pull("open", "them/nets", "b" * 40)
    done = job.run(WRITE)
    assert done.returncode == 0
    assert "No open pull request is at the commit that was judged." in done.stdout
    assert job.written() == ([], None)


def test_a_gate_that_is_said_to_have_passed_and_left_nothing_is_refused(job: Comments) -> None:
    job.leave_nothing("success")
    done = job.run(WRITE)
    assert done.returncode == 1
    assert "::error title=gate-comment::The gate left no files." in done.stdout
    assert job.calls("gh") == []


def test_gates_of_several_names_have_a_comment_each(job: Comments) -> None:
    verdict = "<!-- levit-bench gate: other -->\nSame.\n"
    job.leave("comment.md", verdict)
    job.present(pages([comment(1, VERDICT), comment(2, verdict)]))
    assert job.run(WRITE).returncode == 0
    assert job.written() == (["PATCH repos/us/nets/issues/comments/2"], verdict)


@pytest.mark.parametrize(
    "number",
    ["", "0", "-1", "17;touch pwned", "$(touch pwned)", "17\n18", "17/../18", "../issues/3", "17 18", "017", "1" * 11],
)
def test_a_number_that_is_none_is_refused_before_github_is_asked(job: Comments, tmp_path: Path, number: str) -> None:
    job.leave("pull-request.txt", number)
    done = job.run(WRITE)
    assert done.returncode == 1
    assert "::error title=gate-comment::pull-request.txt holds no number of a pull request." in done.stdout
    assert job.calls("gh") == []
    assert list(tmp_path.rglob("pwned")) == []


@pytest.mark.parametrize(
    ("state", "repository", "sha"),
    [("open", "them/nets", "b" * 40), ("open", "others/nets", SHA), ("closed", "them/nets", SHA), ("open", None, SHA)],
)
def test_a_pull_request_whose_commit_was_not_judged_gets_no_comment(
    job: Comments, state: str, repository: str | None, sha: str
) -> None:
    job.pull(state, repository, sha)
    done = job.run(WRITE)
    assert done.returncode == 0
    assert (
        "::notice title=gate-comment::Pull request 17 is not open, or not at the commit that was judged." in done.stdout
    )
    assert job.written() == ([], None)


def test_a_pull_request_that_does_not_exist_is_red(job: Comments) -> None:
    job.leave("pull-request.txt", "18\n")
    assert job.run(WRITE).returncode != 0
    assert job.written() == ([], None)


@pytest.mark.parametrize("name", ["comment.md", "pull-request.txt"])
@pytest.mark.parametrize("kind", ["missing", "link", "folder"])
def test_what_is_no_plain_file_is_refused(job: Comments, tmp_path: Path, name: str, kind: str) -> None:
    path = job.left / name
    text = path.read_text(encoding="utf-8")
    path.unlink()
    if kind == "link":
        (tmp_path / "secret").write_text(text, encoding="utf-8")
        path.symlink_to(tmp_path / "secret")
    elif kind == "folder":
        path.mkdir()
    done = job.run(WRITE)
    assert done.returncode == 1
    assert f"::error title=gate-comment::The gate left no file {name}." in done.stdout
    assert job.calls("gh") == []


@pytest.mark.parametrize("text", ["", "Buy gold\n", f" {MARK}\n", f"{MARK} x\n", "<!-- levit-bench gate --> <b> -->\n"])
def test_a_text_that_no_gate_wrote_is_refused(job: Comments, text: str) -> None:
    job.leave("comment.md", text)
    done = job.run(WRITE)
    assert done.returncode == 1
    assert "::error title=gate-comment::comment.md does not begin with the mark of a gate." in done.stdout
    assert job.calls("gh") == []


@pytest.mark.parametrize(("letters", "code"), [(65_536, 0), (65_537, 1)])
def test_letters_are_counted_and_not_bytes(job: Comments, letters: int, code: int) -> None:
    job.leave("comment.md", f"{MARK}\n".ljust(letters, "é"))
    done = job.run(WRITE)
    assert done.returncode == code
    assert ("comment.md is longer than GitHub takes" in done.stdout) == bool(code)
