"""Sides made into places: whose files, whose packages, and what differs."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from levit_bench.errors import UsageError
from levit_bench.measuring.session.observer import Silent
from levit_bench.measuring.sides.interpreters import Packages
from levit_bench.measuring.sides.side_places import (
    MixedSidesError,
    PlacedSide,
    Placing,
    check_sides,
    control_of,
    file_differences,
    placed,
    relative_files,
    why_lacking,
)
from levit_bench.measuring.sides.side_words import SideWords, side_words
from levit_bench.measuring.sides.sides_workshop import SidesWorkshop
from levit_bench.measuring.workers.place import HERE, Place
from levit_bench.paths.own_files import GATE_FILES
from levit_bench.records import Side

from tests.measuring.sides.test_repository import git, repository, state

__all__ = ["repository"]
NONE = SideWords()


def sides(first: str, second: str = "") -> tuple[SideWords, SideWords]:
    return (side_words("--a", first) if first else NONE), (side_words("--b", second) if second else NONE)


def test_without_names_the_merge_base_is_compared_with_the_working_tree(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(repository / "models")
    (repository / "models" / "nets.py").write_text("four\n", encoding="utf-8")
    before = state(repository)
    with placed(NONE, NONE) as both:
        assert Path(both.first.place.folder, "nets.py").read_text(encoding="utf-8") == "one\n"
        assert both.second.place == HERE
        assert (both.first.side.revision, both.first.side.dirty) == (git(repository, "rev-parse", "main"), False)
        assert (both.second.side.revision, both.second.side.dirty) == (git(repository, "rev-parse", "HEAD"), True)
        assert both.differences == ()
        folder = Path(both.first.place.folder)
    assert not folder.exists()
    assert state(repository) == before


def test_a_tree_that_is_its_own_merge_base_is_refused(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    git(repository, "checkout", "-q", "main")
    monkeypatch.chdir(repository)
    with (
        pytest.raises(UsageError, match=r"merge base with main is HEAD itself.*nothing to compare with yet"),
        placed(NONE, NONE),
    ):
        pass
    (repository / "new.py").write_text("", encoding="utf-8")
    with placed(NONE, NONE) as both:
        assert both.second.side.dirty
    git(repository, "add", "-A")
    git(repository, "commit", "-qm", "two")
    with pytest.raises(UsageError, match=r"merge base with main is HEAD itself.*--a HEAD~1"), placed(NONE, NONE):
        pass


def test_what_this_program_wrote_is_no_change_of_the_working_tree(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    git(repository, "checkout", "-q", "main")
    monkeypatch.chdir(repository)
    results, out = repository / "results", repository / "out"
    for path in (results / "m-1" / "s.jsonl", results / "tags.toml", *(out / name for name in GATE_FILES)):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("", encoding="utf-8")
    how = Placing(store=Path("results"))
    with pytest.raises(UsageError, match="merge base with main is HEAD itself"):
        check_sides(NONE, NONE, how)
    with placed(*sides("main"), how) as both:
        assert both.second.side.dirty is False
    (results / "nets.py").write_text("", encoding="utf-8")
    check_sides(NONE, NONE, how)
    with placed(*sides("main"), how) as both:
        assert both.second.side.dirty


def test_a_file_of_the_working_tree_alone_is_told_apart(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(repository / "models")
    (tmp_path / "outside.py").write_text("", encoding="utf-8")
    Path("link.py").symlink_to(tmp_path / "outside.py")
    Path("new.py").write_text("", encoding="utf-8")
    Path("hidden.py").write_text("", encoding="utf-8")
    Path(".gitignore").write_text("hidden.py\n", encoding="utf-8")
    with placed(*sides("main")) as both:
        told = {name: why_lacking(both.first, f"{name}.py:build") for name in ("link", "new", "hidden", "nets", "gone")}
        assert why_lacking(both.second, "new.py:build") == ""
    assert "a link that leads out of the repository" in told["link"]
    assert told["new"].startswith("Git does not know the file, so it is in the working tree alone. Commit it")
    assert told["hidden"].startswith("Git does not know the file and ignores it")
    assert told["nets"] == told["gone"] == ""


def test_an_interpreter_and_a_revision_are_checked_without_making_a_side(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(repository)
    slow = tmp_path / "python"
    slow.write_text("#!/bin/sh\nexec sleep 600\n", encoding="utf-8")
    slow.chmod(0o755)
    told: list[tuple[str, str]] = []

    class Told(Silent):
        def placing(self, what: str, limit: str) -> None:
            told.append((what, limit))

    with pytest.raises(UsageError, match=r"has not answered within 1 s.*--timeout"):
        check_sides(*sides(str(slow)), Placing(timeout_s=1.0, observer=Told()))
    assert told == [(f"asking {slow} for its packages", "given up after 1 s")]
    with pytest.raises(UsageError, match="no revision 'nosuch'"):
        check_sides(*sides("nosuch"))


def test_outside_a_repository_sides_must_be_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match="in no git repository, so there is no merge base"), placed(NONE, NONE):
        pass
    with (
        pytest.raises(UsageError, match=r"'main' is no environment in a folder, no requirement.*in no git repo"),
        placed(*sides("main")),
    ):
        pass
    with placed(*sides("runtime=eager", "runtime=onnxruntime")) as both:
        assert [(d.kind, d.name, d.first, d.second) for d in both.differences] == [
            ("axis", "runtime", "eager", "onnxruntime")
        ]
        assert both.first.place == both.second.place == HERE


def test_folders_of_the_import_path_within_the_repository_are_those_of_the_revision(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(repository)
    monkeypatch.syspath_prepend(str(tmp_path / "elsewhere"))
    monkeypatch.syspath_prepend(str(repository / "models"))
    with placed(*sides("main")) as both:
        path = both.first.place.path
        assert path is not None
        assert path[0] == str(both.first.root / "models")
        assert path[1] == str(tmp_path / "elsewhere")


def test_a_folder_that_the_revision_has_not_got_is_refused(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (repository / "later").mkdir()
    monkeypatch.chdir(repository / "later")
    with pytest.raises(UsageError, match="main has no folder 'later'"), placed(*sides("main")):
        pass


def test_another_interpreter_has_its_own_packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with placed(*sides(sys.executable)) as both:
        assert both.first.place.python == sys.executable
        assert both.first.place.has_own_packages
        assert not both.second.place.has_own_packages


def test_the_control_runs_where_side_a_does(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(repository)
    with placed(*sides("main")) as both, SidesWorkshop((*both.both, control_of(both.first)), 0, 60.0) as workshop:
        assert workshop.of_side("control") is workshop.of_side("a")
        assert workshop.of_side("control") is not workshop.of_side("b")
        assert control_of(both.first).side.name == "control"


def test_a_side_without_a_place_is_an_error_and_not_the_parents(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(repository)
    with placed(*sides("main")) as both, SidesWorkshop(both.both, 0, 60.0) as workshop, pytest.raises(KeyError):
        workshop.of_side("control")


def test_files_that_differ_are_told_by_their_digests() -> None:
    differences = file_differences(
        {"a.py": "1" * 64, "b.py": "2" * 64}, {"a.py": "1" * 64, "b.py": "3" * 64, "c.py": "4" * 64}
    )
    assert [(d.name, d.first, d.second) for d in differences] == [
        ("b.py", "2" * 12, "3" * 12), ("c.py", None, "4" * 12),
    ]  # fmt: skip


def test_a_side_that_imports_the_other_ones_file_is_refused(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(repository)
    with placed(*sides("main")) as both:
        own = {str(both.first.root / "models" / "nets.py"): "1" * 64, "/usr/lib/x.py": "2" * 64}
        assert relative_files(both.first, [repository.resolve()], own) == {"models/nets.py": "1" * 64}
        others = {str(repository.resolve() / "models" / "nets.py"): "1" * 64}
        with pytest.raises(MixedSidesError, match=r"side a imports nets.py from the working tree and not from 'main'"):
            relative_files(both.first, [repository.resolve()], others)


def test_a_file_counts_for_the_innermost_folder_and_a_link_for_where_it_leads(tmp_path: Path) -> None:
    tree, outside = (tmp_path / "tree").resolve(), (tmp_path / "outside").resolve()
    checkout = tree / "tmp" / "side-a"
    for folder in (checkout, outside):
        folder.mkdir(parents=True)
    for path in (tree / "nets.py", checkout / "nets.py", outside / "shared.py"):
        path.write_text("", encoding="utf-8")
    (checkout / "back.py").symlink_to(tree / "nets.py")
    (checkout / "shared.py").symlink_to(outside / "shared.py")
    (tmp_path / "way").symlink_to(tree)
    first, second = (
        PlacedSide(Side(name=name, asked=name, python="3.11"), HERE, Packages("3.11", {}), {}, root)  # type: ignore[arg-type]
        for name, root in (("a", checkout), ("b", tree))
    )
    found = relative_files(first, [tree], {str(checkout / "nets.py"): "1", str(checkout / "shared.py"): "2"})
    assert found == {"nets.py": "1", "shared.py": "2"}
    assert relative_files(second, [checkout], {str(tmp_path / "way" / "nets.py"): "1"}) == {"nets.py": "1"}
    for side, others, path in (
        (first, [tree], checkout / "back.py"),
        (first, [tree], tmp_path / "way" / "nets.py"),
        (second, [checkout], checkout / "nets.py"),
    ):
        with pytest.raises(MixedSidesError):
            relative_files(side, others, {str(path): "1"})


def test_what_the_files_of_a_side_lack_is_a_finding(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (repository / ".gitattributes").write_text("*.pt filter=lfs -text\n", encoding="utf-8")
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:0\n"
    (repository / "weights.pt").write_text(pointer, encoding="utf-8")
    for name in ("clean", "smudge"):
        git(repository, "config", f"filter.lfs.{name}", "cat")
    git(repository, "config", "filter.lfs.process", "")
    git(repository, "add", "-A")
    git(repository, "commit", "-qm", "weights")
    monkeypatch.chdir(repository)
    with placed(*sides("HEAD")) as both:
        (finding,) = both.findings
    assert finding.kind == "lfs-pointers"
    assert "side a (HEAD), these files hold pointers of Git LFS and not their content: 'weights.pt'" in finding.message


def test_where_both_sides_are_revisions_the_working_tree_is_on_neither(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(repository / "models")
    with placed(*sides("main", "HEAD")) as both:
        assert both.here == repository.resolve()
        assert len({both.here, both.first.root, both.second.root}) == 3
        others = {str(repository.resolve() / "models" / "nets.py"): "1" * 64}
        with pytest.raises(MixedSidesError, match="side b imports"):
            relative_files(both.second, {both.here, both.first.root}, others)


def test_a_place_of_its_own_says_where_modules_are_looked_for() -> None:
    environment = Place("/other/python", "/side", ("/side/src", "")).environment({"HOME": "/h", "PYTHONPATH": "/old"})
    assert environment == {"HOME": "/h", "PYTHONPATH": "/side/src:/side:/side"}
