"""Each side's networks are prepared by its own code: where that may differ, on the side, and else once for both."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterable, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from levit_bench.measuring.preparing.artifact_cache import ArtifactCache
from levit_bench.measuring.preparing.workshop import Artifact
from levit_bench.measuring.sides import sides_workshop
from levit_bench.measuring.sides.output_distance import output_distance
from levit_bench.measuring.sides.side_places import placed, relative_files
from levit_bench.measuring.sides.side_words import SideWords, side_words
from levit_bench.measuring.sides.sides_workshop import SidesWorkshop, noticed_files_of, unknown_of
from levit_bench.measuring.workers.messages import Prepared
from levit_bench.measuring.workers.place import HERE, Place
from levit_bench.paths.code_files import CodeFiles
from levit_bench.records import Case, SideName

from tests.measuring.sides.test_repository import git, repository

__all__ = ["repository"]
SIDES: tuple[SideName, ...] = ("a", "b")


def prepared(**more: Any) -> Prepared:
    return Prepared(
        sha256="0" * 64, params=7, macs=9, logits_std=1.0, seconds=2.0, compile_s=0.5, distinct_images=9, **more
    )


def of(network: str) -> list[Case]:
    """The network on both sides, and the yardstick, which is on neither."""
    return [
        *(Case(network=network, resolution=64, side=side) for side in SIDES),
        Case(network="yardstick-1a", resolution=64),
    ]


class Recorded:
    """Stands for a workshop: notes in its artifacts where they were prepared, and whether from the cache."""

    def __init__(self, seed: int, timeout_s: float, cache: object = None, place: Place = HERE) -> None:
        self._name = f"{place.python or 'here'} {place.folder and 'files'} {'kept' if cache else 'new'}"

    def __enter__(self) -> Recorded:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing to end."""

    def release(self) -> None:
        """Nothing to end."""

    def prepare(self, cases: Iterable[Case], report: object, references: Mapping[str, str]) -> dict[str, Artifact]:
        return {case.id: Artifact(Path(self._name), prepared()) for case in cases}


def prepared_in(words: str, network: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """Where the network was prepared for side a, for side b, and where the yardstick was."""
    monkeypatch.setattr(sides_workshop, "Workshop", Recorded)
    cache, cases = ArtifactCache(tmp_path / "kept", seed=0), of(network)
    with placed(side_words("--a", words), SideWords()) as both, SidesWorkshop(both.both, 0, 60.0, cache) as workshop:
        made = workshop.prepare(cases, lambda _: None, {})
        artifacts = [made[case.id] for case in cases]
        assert [one.place for one in artifacts if isinstance(one, Artifact)] == [
            both.first.place, both.second.place, HERE,
        ]  # fmt: skip
    return [str(one.folder) for one in artifacts if isinstance(one, Artifact)]


@pytest.mark.parametrize("network", ["resnet10t", "levit_128s", "nets.py:build"])
def test_where_a_side_is_a_revision_each_prepares_for_itself_whatever_the_network_is(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, network: str
) -> None:
    monkeypatch.chdir(repository)
    assert prepared_in("main", network, monkeypatch, tmp_path) == ["here files new", "here  new", "here  kept"]


def test_where_files_and_packages_are_shared_a_network_of_the_catalog_is_prepared_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert prepared_in("runtime=eager", "levit_128s", monkeypatch, tmp_path) == ["here  kept"] * 3
    own = ["here  new", "here  new", "here  kept"]
    assert prepared_in("runtime=eager", "nets.py:build", monkeypatch, tmp_path) == own


def test_another_interpreter_prepares_for_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert prepared_in(sys.executable, "levit_128s", monkeypatch, tmp_path) == [
        f"{sys.executable}  new", "here  kept", "here  kept",
    ]  # fmt: skip


def test_files_count_of_any_network_and_what_is_unknown_is_named() -> None:
    first, second, other = of("resnet10t")[:1] + of("nets.py:build")[:1] + of("failed")[:1]
    artifacts = {
        first.id: Artifact(Path(), prepared(noticed={"/r/timm/resnet.py": "1"}, code_files=CodeFiles())),
        second.id: Artifact(Path(), prepared(noticed={"/r/nets.py": "2"}, beyond_files=("os.system",))),
    }
    cases = [first, second, other]
    assert noticed_files_of(artifacts, cases) == {"/r/timm/resnet.py": "1", "/r/nets.py": "2"}
    assert unknown_of(artifacts, cases) == {"nets.py:build": ("os.system",)}


@pytest.mark.slow
def test_where_the_repository_is_timm_each_side_has_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = find_spec("timm")
    assert spec is not None
    assert spec.origin is not None
    folder = tmp_path / "theirs"
    shutil.copytree(Path(spec.origin).parent, folder / "timm", ignore=shutil.ignore_patterns("__pycache__"))
    git(tmp_path, "init", "-q", "-b", "main", "theirs")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "one")
    resnet = folder / "timm" / "models" / "resnet.py"
    line = "        x = self.forward_features(x)\n        x = self.forward_head(x)\n"
    text = resnet.read_text(encoding="utf-8")
    assert text.count(line) == 1
    resnet.write_text(text.replace(line, line.replace("(x)\n", "(x.abs())\n", 1)), encoding="utf-8")
    monkeypatch.chdir(folder)
    monkeypatch.syspath_prepend(str(folder))
    cache = ArtifactCache(tmp_path / "kept", seed=0)
    cases = [Case(network="resnet10t", resolution=64, runtime="torchscript", side=side) for side in SIDES]
    with placed(side_words("--a", "main"), SideWords()) as both, SidesWorkshop(both.both, 0, 600.0, cache) as workshop:
        made = workshop.prepare(cases, lambda _: None, {})
        files = [
            relative_files(side, {both.first.root, both.second.root}, noticed_files_of(made, [case]))  # type: ignore[arg-type]
            for side, case in zip(both.both, cases, strict=True)
        ]
        artifacts = [made[case.id] for case in cases]
        assert all(isinstance(one, Artifact) for one in artifacts), artifacts
        apart = output_distance(*(one.folder for one in artifacts if isinstance(one, Artifact)))
    assert [name for name in files[0] if files[0][name] != files[1].get(name)] == ["timm/models/resnet.py"]
    assert "timm/models/resnet.py" in files[1]
    assert apart.apart > apart.allowed, "the outputs of a side are those of its own timm"
    assert cache.entries() == [], "what one side's timm made is not found for the other's"
