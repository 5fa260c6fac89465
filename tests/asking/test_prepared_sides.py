"""Prepared sides held against each other: files that differ, code of the other side, and what nobody knows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from levit_bench.asking.sides import PreparedSides
from levit_bench.measuring.preparing.workshop import Artifact
from levit_bench.measuring.session.session import Compared
from levit_bench.measuring.sides.interpreters import Packages
from levit_bench.measuring.sides.side_places import MixedSidesError, PlacedSide, PlacedSides
from levit_bench.measuring.workers.messages import Prepared
from levit_bench.measuring.workers.place import HERE
from levit_bench.paths.code_files import CodeFiles, digest
from levit_bench.records import Case, CaseLine, Side, SideName

KNOWN = CodeFiles()
NETWORK = "nets.py:build"


@pytest.fixture
def roots(tmp_path: Path) -> dict[SideName, Path]:
    """The files of both sides, which hold the same."""
    out: dict[SideName, Path] = {"a": tmp_path / "checkout", "b": tmp_path / "tree"}
    for root in out.values():
        root.mkdir()
        for name in ("nets.py", "data.txt"):
            (root / name).write_text(f"{name} of both\n", encoding="utf-8")
    return out


def placed(name: SideName, root: Path) -> PlacedSide:
    return PlacedSide(Side(name=name, asked=name, python="3.11"), HERE, Packages("3.11", {}), {}, root)


def compared(roots: dict[SideName, Path], of_sides: dict[SideName, dict[str, Any]], network: str = NETWORK) -> Compared:
    """What is found of a network for which each side's process has said so."""
    sides = PlacedSides(placed("a", roots["a"]), placed("b", roots["b"]), (), roots["b"])
    cases = {name: Case(network=network, resolution=64, side=name) for name in of_sides}
    usual: dict[str, Any] = {
        "sha256": "0" * 64, "params": 7, "macs": 9, "logits_std": 1.0, "seconds": 2.0, "compile_s": 0.5,
        "distinct_images": 9,
    }  # fmt: skip
    artifacts = {case.id: Artifact(Path(), Prepared(**usual, **of_sides[name])) for name, case in cases.items()}
    lines = [CaseLine(id=case.id, case=case, role="yardstick") for case in cases.values()]
    return PreparedSides(sides, (), has_control=False).compare(lines, artifacts)


def files(root: Path, *names: str) -> dict[str, str | None]:
    return {str(root / name): digest(root / name) for name in names}


def test_sides_whose_files_are_equal_are_said_to_be(roots: dict[SideName, Path]) -> None:
    found = compared(roots, {name: {"noticed": files(roots[name], "nets.py"), "code_files": KNOWN} for name in roots})
    assert found.differences == ()
    assert [finding.kind for finding in found.findings] == ["sides-equal"]


@pytest.mark.parametrize("network", [NETWORK, "resnet10t"])
@pytest.mark.parametrize("code_files", [KNOWN, None])
def test_a_side_that_has_loaded_the_other_ones_file_is_refused_whatever_else_is_known(
    roots: dict[SideName, Path], code_files: CodeFiles | None, network: str
) -> None:
    of_sides: dict[SideName, dict[str, Any]] = {
        "a": {"noticed": files(roots["b"], "nets.py"), "code_files": code_files},
        "b": {"noticed": files(roots["b"], "nets.py"), "code_files": KNOWN},
    }
    with pytest.raises(MixedSidesError, match=r"side a imports nets\.py from the working tree"):
        compared(roots, of_sides, network)


@pytest.mark.parametrize("unknown", [("a",), ("b",), ("a", "b")])
def test_what_is_not_known_is_never_taken_for_equal_or_for_missing(
    roots: dict[SideName, Path], unknown: tuple[SideName, ...]
) -> None:
    of_sides: dict[SideName, dict[str, Any]] = {
        name: {
            "noticed": files(roots[name], *(("nets.py",) if name in unknown else ("nets.py", "data.txt"))),
            "code_files": None if name in unknown else KNOWN,
            "beyond_files": ("subprocess.Popen",) if name in unknown else (),
        }
        for name in roots
    }
    found = compared(roots, of_sides)
    assert found.differences == (), "a file that was not seen and is there, unchanged"
    assert [finding.kind for finding in found.findings] == ["files-unknown"] * len(unknown)
    for name, finding in zip(unknown, found.findings, strict=True):
        assert f"on side {name}" in finding.message
        assert "nets.py:build (subprocess.Popen)" in finding.message


def test_a_file_that_differs_is_told_also_where_it_was_not_seen(roots: dict[SideName, Path]) -> None:
    (roots["b"] / "data.txt").write_text("another\n", encoding="utf-8")
    of_sides: dict[SideName, dict[str, Any]] = {
        "a": {"noticed": files(roots["a"], "nets.py", "data.txt"), "code_files": KNOWN},
        "b": {"noticed": files(roots["b"], "nets.py"), "code_files": None},
    }
    found = compared(roots, of_sides)
    (difference,) = found.differences
    seen = [str(digest(roots[name] / "data.txt"))[:12] for name in ("a", "b")]
    assert (difference.name, difference.first, difference.second) == ("data.txt", *seen)
    assert "a package builds it" in found.findings[0].message
