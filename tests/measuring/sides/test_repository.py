"""Revisions of a repository: found by their names, written into a folder, and nothing entered in the repository."""

from __future__ import annotations

import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
from levit_bench.errors import EXIT_USAGE, UsageError
from levit_bench.measuring.sides.repository import (
    BASE_VARIABLE,
    CheckedOut,
    CheckoutError,
    Repository,
    repository_at,
    why_no_repository,
)
from levit_bench.measuring.sides.user_revision import user_revision


def git(folder: Path, *words: str) -> str:
    own = ["-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "protocol.file.allow=always"]
    done = subprocess.run(["git", *own, *words], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository whose branch is two commits ahead of main."""
    monkeypatch.delenv(BASE_VARIABLE, raising=False)
    folder = tmp_path / "a repository"
    (folder / "models").mkdir(parents=True)
    git(folder, "init", "-q", "-b", "main")
    (folder / "models" / "nets.py").write_text("one\n", encoding="utf-8")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "one")
    git(folder, "checkout", "-qb", "work")
    for text in ("two", "three"):
        (folder / "models" / "nets.py").write_text(f"{text}\n", encoding="utf-8")
        git(folder, "commit", "-qam", text)
    return folder


def found(folder: Path) -> Repository:
    made = repository_at(folder)
    assert made is not None
    return made


def state(folder: Path) -> str:
    """Everything that a checkout could have left behind."""
    return git(folder, "status", "--porcelain") + git(folder, "worktree", "list") + git(folder, "stash", "list")


def test_the_files_of_a_revision_are_written_and_the_repository_is_untouched(repository: Path, tmp_path: Path) -> None:
    before, index = state(repository), (repository / ".git" / "index").read_bytes()
    made = found(repository / "models")
    assert made.prefix == Path("models")
    into = tmp_path / "side"
    into.mkdir()
    made.check_out(made.commit("HEAD~1"), into)
    assert (into / "models" / "nets.py").read_text(encoding="utf-8") == "two\n"
    assert (state(repository), (repository / ".git" / "index").read_bytes()) == (before, index)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a repository", "side"]


def test_the_merge_base_is_where_the_branch_left_main(repository: Path) -> None:
    made = found(repository)
    base = made.merge_base()
    assert base.commit == git(repository, "rev-parse", "main")
    assert base.words == "merge base with main"
    assert made.head() == git(repository, "rev-parse", "work")


def test_the_branch_that_a_pull_request_goes_to_decides(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    git(repository, "branch", "release", "HEAD~1")
    monkeypatch.setenv(BASE_VARIABLE, "release")
    assert found(repository).merge_base().commit == git(repository, "rev-parse", "release")


def test_a_file_that_git_does_not_know_makes_a_tree_dirty(repository: Path) -> None:
    assert not found(repository).is_dirty()
    (repository / "models" / "new.py").write_text("", encoding="utf-8")
    assert found(repository).is_dirty()


@pytest.mark.parametrize("name", ["gone", "--upload-pack=touch pwned", "$(touch pwned)", "main..work"])
def test_what_is_no_revision_is_refused(repository: Path, name: str) -> None:
    with pytest.raises(UsageError, match="no revision"):
        found(repository).commit(name)
    assert not (repository / "pwned").exists()


def test_a_shallow_clone_says_so(repository: Path, tmp_path: Path) -> None:
    git(repository, "checkout", "-q", "main")
    git(tmp_path, "clone", "-q", "--depth", "1", "--branch", "work", f"file://{repository}", "clone")
    git(tmp_path / "clone", "fetch", "-q", "--depth", "1", "origin", "main:refs/remotes/origin/main")
    made = found(tmp_path / "clone")
    with pytest.raises(UsageError, match=r"no common commit.*This clone is shallow.*fetch-depth: 0"):
        made.merge_base()


@pytest.mark.parametrize("depth", [["--depth", "1"], ["--single-branch"]])
def test_a_clone_of_one_branch_says_so_and_the_command_that_it_names_mends_it(
    repository: Path, tmp_path: Path, depth: list[str]
) -> None:
    """Git takes the branch of such a clone for the remote's default one, and a plain fetch brings no other."""
    git(repository, "checkout", "-q", "main")
    git(tmp_path, "clone", "-q", *depth, "--branch", "work", f"file://{repository}", "clone")
    git(tmp_path / "clone", "remote", "set-head", "origin", "work")
    made = found(tmp_path / "clone")
    with pytest.raises(
        UsageError, match=r"does not have the branch that the work began at.*of the branch work alone"
    ) as refused:
        made.merge_base()
    with pytest.raises(UsageError, match="no revision 'main'"):
        made.commit("main")
    command = shlex.split(str(refused.value).rpartition(": ")[2])
    assert command[:2] == ["git", "fetch"]
    git(tmp_path / "clone", *command[1:])
    assert made.commit("main").commit == made.merge_base().commit == git(repository, "rev-parse", "main")


def test_the_first_commit_and_none_have_nothing_to_compare_with(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "-b", "main")
    made = found(tmp_path)
    for ask in (made.merge_base, lambda: made.commit("main")):
        with pytest.raises(UsageError, match="no commit yet"):
            ask()
    (tmp_path / "f").write_text("", encoding="utf-8")
    git(tmp_path, "add", "f")
    git(tmp_path, "commit", "-qm", "one")
    assert "nothing to compare with yet" in made.nothing_changed(made.merge_base())


def test_what_was_checked_out_before_is_a_revision(repository: Path) -> None:
    git(repository, "branch", "me@feature", "main")
    for name, commit in (("HEAD@{1}", "work~1"), ("me@feature", "main"), ("@{-1}", "main"), (":/two", "work~1")):
        assert found(repository).commit(name).commit == git(repository, "rev-parse", commit), name


def test_a_repository_of_another_user_is_refused_with_the_remedy_that_git_names(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    assert repository_at(repository) is None
    told = why_no_repository(repository)
    assert "belongs to another user" in told
    assert f"git config --global --add safe.directory '{repository}'" in told
    monkeypatch.setenv("PATH", str(repository))
    assert "git is not installed" in why_no_repository(repository)


@pytest.mark.parametrize("end", [" ", "\n"])
def test_the_name_of_a_repository_may_end_in_white_space(tmp_path: Path, end: str) -> None:
    folder = tmp_path / f"r{end}"
    folder.mkdir()
    git(folder, "init", "-q")
    assert found(folder).root == folder.resolve()


def test_a_damaged_repository_is_not_taken_for_one_without_changes(repository: Path) -> None:
    (repository / ".git" / "index").write_bytes(b"nonsense")
    with pytest.raises(CheckoutError, match=r"git status failed in this repository: .*index"):
        found(repository).is_dirty()


def test_a_side_that_cannot_be_checked_out_is_no_slower_code(repository: Path, tmp_path: Path) -> None:
    (repository / ".gitattributes").write_text("*.py filter=broken\n", encoding="utf-8")
    git(repository, "add", "-A")
    git(repository, "commit", "-qm", "filtered")
    git(repository, "config", "filter.broken.smudge", "false")
    git(repository, "config", "filter.broken.required", "true")
    (tmp_path / "side").mkdir()
    made = found(repository)
    with pytest.raises(CheckoutError, match="git checkout-index failed") as refused:
        made.check_out(made.commit("HEAD"), tmp_path / "side")
    assert refused.value.exit_code == EXIT_USAGE


def test_a_repository_without_a_default_branch_is_told_to_name_a_side(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "-b", "odd")
    (tmp_path / "f").write_text("", encoding="utf-8")
    git(tmp_path, "add", "f")
    git(tmp_path, "commit", "-qm", "one")
    git(tmp_path, "config", "init.defaultBranch", "nowhere")
    with pytest.raises(UsageError, match=r"no default branch that could be found.*--a"):
        found(tmp_path).merge_base()


def add_layers(repository: Path, folder: Path) -> None:
    """Commit a submodule `layers`, whose own repository lies in a folder beside."""
    inner = folder / "inner"
    inner.mkdir()
    git(inner, "init", "-q", "-b", "main")
    (inner / "layer.py").write_text("old\n", encoding="utf-8")
    git(inner, "add", "-A")
    git(inner, "commit", "-qm", "old")
    git(repository, "submodule", "add", "-q", str(inner), "layers")
    git(repository, "commit", "-qm", "with layers")


def test_submodules_are_checked_out_at_the_commit_of_the_revision(repository: Path, tmp_path: Path) -> None:
    add_layers(repository, tmp_path)
    (repository / "layers" / "layer.py").write_text("new\n", encoding="utf-8")
    git(repository / "layers", "commit", "-qam", "new")
    git(repository, "commit", "-qam", "newer layers")
    made, into = found(repository), tmp_path / "side"
    into.mkdir()
    assert made.check_out(made.commit("HEAD~1"), into) == CheckedOut()
    assert (into / "layers" / "layer.py").read_text(encoding="utf-8") == "old\n"


@pytest.mark.parametrize("change", ["moved", "removed", "gone"])
def test_a_submodule_is_found_where_the_working_tree_has_moved_or_removed_it(
    repository: Path, tmp_path: Path, change: str
) -> None:
    add_layers(repository, tmp_path)
    git(repository, *(("mv", "layers", "blocks") if change == "moved" else ("rm", "-qf", "layers")))
    git(repository, "commit", "-qm", change)
    if change == "gone":
        shutil.rmtree(repository / ".git" / "modules")
    made, into = found(repository), tmp_path / "side"
    into.mkdir()
    lacking = made.check_out(made.commit("HEAD~1"), into)
    assert lacking.submodules == (("layers",) if change == "gone" else ())
    assert (into / "layers" / "layer.py").exists() == (change != "gone")


def test_files_are_converted_by_the_attributes_of_their_own_commit(repository: Path, tmp_path: Path) -> None:
    (repository / ".gitattributes").write_text("models/nets.py text eol=crlf\n", encoding="utf-8")
    made = found(repository)
    for name, commit in (("before", "HEAD"), ("after", "HEAD~1")):
        if name == "after":
            git(repository, "add", "-A")
            git(repository, "commit", "-qm", "attributes")
            (repository / ".gitattributes").write_text("", encoding="utf-8")
            (repository / "models" / ".gitattributes").write_text("nets.py text eol=crlf\n", encoding="utf-8")
        (tmp_path / name).mkdir()
        made.check_out(made.commit(commit), tmp_path / name)
        assert (tmp_path / name / "models" / "nets.py").read_bytes() == b"three\n"
    (tmp_path / "own").mkdir()
    made.check_out(made.commit("HEAD"), tmp_path / "own")
    assert (tmp_path / "own" / "models" / "nets.py").read_bytes() == b"three\r\n", "those of the commit itself count"


def test_no_hook_of_the_users_runs(repository: Path, tmp_path: Path) -> None:
    hooks = repository / ".git" / "hooks"
    hooks.mkdir(exist_ok=True)
    for name in ("post-index-change", "post-checkout"):
        (hooks / name).write_text(f"#!/bin/sh\ntouch '{tmp_path}/{name}'\n", encoding="utf-8")
        (hooks / name).chmod(0o755)
    (tmp_path / "side").mkdir()
    made = found(repository)
    made.check_out(made.commit("main"), tmp_path / "side")
    assert not list(tmp_path.glob("post-*"))


def test_files_of_git_lfs_that_hold_pointers_are_named(repository: Path, tmp_path: Path) -> None:
    (repository / ".gitattributes").write_text("*.pt filter=lfs -text\n", encoding="utf-8")
    (repository / "weights.pt").write_text(
        "version https://git-lfs.github.com/spec/v1\noid sha256:0\n", encoding="utf-8"
    )
    (repository / "whole.pt").write_text("content", encoding="utf-8")
    git(repository, "-c", "filter.lfs.clean=cat", "-c", "filter.lfs.process=", "add", "-A")
    git(repository, "commit", "-qm", "weights")
    (tmp_path / "side").mkdir()
    made = found(repository)
    git(repository, "config", "filter.lfs.process", "")
    git(repository, "config", "filter.lfs.smudge", "cat")
    assert made.check_out(made.commit("HEAD"), tmp_path / "side").pointers == ("weights.pt",)


def test_a_file_beside_a_submodule_is_not_taken_for_its_index(repository: Path, tmp_path: Path) -> None:
    inner = tmp_path / "inner"
    inner.mkdir()
    git(inner, "init", "-q", "-b", "main")
    git(inner, "commit", "-q", "--allow-empty", "-m", "empty")
    git(repository, "submodule", "add", "-q", str(inner), "layers")
    (repository / "layers.index").write_text("mine", encoding="utf-8")
    git(repository, "add", "-A")
    git(repository, "commit", "-qm", "with layers")
    (tmp_path / "side").mkdir()
    made = found(repository)
    made.check_out(made.commit("HEAD"), tmp_path / "side")
    assert (tmp_path / "side" / "layers.index").read_text(encoding="utf-8") == "mine"


def test_a_folder_that_cannot_be_written_is_an_error_with_what_git_says(repository: Path, tmp_path: Path) -> None:
    made = found(repository)
    (tmp_path / "side").write_text("a file in the way", encoding="utf-8")
    with pytest.raises(CheckoutError, match=r"git .* failed in this repository: .*side"):
        made.check_out(made.commit("main"), tmp_path / "side")


def test_no_repository_is_none(tmp_path: Path) -> None:
    assert repository_at(tmp_path) is None


@pytest.mark.parametrize(
    "variable",
    ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_OBJECT_DIRECTORY", "GIT_SHALLOW_FILE",
     "GIT_NAMESPACE"],
)  # fmt: skip
def test_a_hook_does_not_turn_git_to_its_own_repository(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    commit = git(repository, "rev-parse", "main")
    monkeypatch.setenv(variable, str(tmp_path / "other"))
    made = found(repository)
    assert made.root == repository.resolve()
    assert made.merge_base().commit == commit
    assert not made.is_dirty()


def test_the_revision_of_files_is_that_of_their_repository_and_dirty_where_one_of_them_is(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(repository / "models")
    nets, head = repository / "models" / "nets.py", git(repository, "rev-parse", "HEAD")
    (repository / "results.jsonl").write_text("a session\n", encoding="utf-8")
    assert user_revision({str(nets): "digest"}) == (head, False), "other files that git does not know say nothing"
    helper = repository / "models" / "helper.py"
    assert user_revision({str(nets): "digest", str(helper): None}) == (head, False), "one that is looked for in vain"
    helper.write_text("", encoding="utf-8")
    assert user_revision({str(nets): "digest", str(helper): "digest"}) == (head, True)
    elsewhere = tmp_path / "installed.py"
    elsewhere.write_text("", encoding="utf-8")
    assert user_revision({str(elsewhere): "digest"}) == (None, None)
    assert user_revision({}) == (None, None)
    nets.write_text("changed\n", encoding="utf-8")
    assert user_revision({str(nets): "digest"}) == (head, True)
