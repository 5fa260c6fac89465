"""What is not available here is read from files, whatever is installed, and no library is loaded for it."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest
from levit_bench.catalog.entries import entries
from levit_bench.catalog.installed import timm_architectures, unavailable

from tests.house.plan import ROOT

MODELS = """
@register_model
def levit_128s(pretrained=False): ...

@register_model  # with a remark
@other.decorator(1)
def resnet50(pretrained=False): ...

def _helper(): ...
# @register_model in a comment
def not_one(): ...
"""


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Makes a library of that name, with that text among its models, the one that is found."""

    def make(name: str, models: str | None = None) -> None:
        folder = tmp_path / name / "models"
        folder.mkdir(parents=True)
        (tmp_path / name / "__init__.py").write_text("raise RuntimeError('loaded')")
        if models is not None:
            (folder / "some.py").write_text(models, encoding="utf-8")

    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    for name in ("torch", "timm"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    importlib.invalidate_caches()
    return make


def test_where_torch_or_timm_is_missing_nothing_is_available(library) -> None:
    reasons = unavailable(entries())
    assert set(reasons) == {entry.name for entry in entries()}
    assert set(reasons.values()) == {"torch is not installed: see pytorch.org for the build that fits"}
    library("torch")
    assert set(unavailable(entries()).values()) == {"timm is not installed: pip install timm"}
    assert timm_architectures() is None


def test_what_an_older_timm_does_not_register_is_named_with_the_remedy(library) -> None:
    library("torch")
    library("timm", MODELS)
    assert timm_architectures() == {"levit_128s", "resnet50"}
    missing = unavailable(entries())
    ours = {entry.name for entry in entries() if entry.built_by == "levit-bench"}
    assert ours >= {"levit_128s", "levit_192", "levit_128s_a1"}
    assert {entry.name for entry in entries()} - set(missing) - ours == {"levit_128s.fb_dist_in1k", "resnet50"}
    assert not ours & set(missing), "they need no timm"
    assert missing["levit_192.fb_dist_in1k"].startswith("unknown to timm ")
    assert missing["levit_192.fb_dist_in1k"].endswith(": pip install --upgrade timm")


def test_a_timm_without_readable_sources_condemns_nothing(library) -> None:
    library("torch")
    library("timm")
    assert timm_architectures() is None
    assert unavailable(entries()) == {}


def test_a_bare_folder_or_a_barred_library_is_no_library(
    library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "torch").mkdir()
    assert "torch is not installed" in unavailable(entries())["levit_192"]
    monkeypatch.setitem(sys.modules, "torch", None)
    assert "torch is not installed" in unavailable(entries())["levit_192"]


def test_a_tag_of_weights_is_no_part_of_an_architecture() -> None:
    assert any("." in (entry.timm_name or "") for entry in entries())
    assert unavailable(entries()) == {}


def test_the_reading_finds_the_names_that_timm_itself_lists() -> None:
    from levit_bench.measuring.networks.timm_import import import_timm

    assert timm_architectures() == set(import_timm().list_models())


@pytest.mark.parametrize("words", [["list"], ["list", "--json"], ["list", "resnet26t"]])
def test_a_list_imports_neither_torch_nor_timm(words: list[str]) -> None:
    code = (
        "import sys\nfrom levit_bench.cli import main\n"
        "try:\n    main(sys.argv[1:])\n"
        "except SystemExit: pass\n"
        "sys.exit(repr([n for n in ('torch', 'timm', 'torchvision', 'pandas', 'numpy') if n in sys.modules]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *words],
        env={**os.environ, "PYTHONPATH": str(ROOT / "bench")},
        capture_output=True,
        text=True,
        check=False,
        timeout=3600,
    )
    assert done.stderr.splitlines()[-1] == "[]"
