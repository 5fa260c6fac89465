"""Users' networks as they come: what is served, how it is unwrapped, and what is refused with which reason."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
import torch
from levit_bench.asking.request import MAX_BUDGET_VARIABLE
from levit_bench.catalog.user_networks import expand
from levit_bench.measuring import networks
from levit_bench.measuring.networks import local_modules, user_builders
from levit_bench.measuring.pass_data.reference_outputs import references_in
from levit_bench.measuring.preparing import artifacts
from levit_bench.measuring.worker import Worker
from levit_bench.measuring.workers.messages import CaseLoaded, Load
from levit_bench.records import Case, ImageShape
from levit_bench.store.files import read_session

ROOT = Path(__file__).parents[3]

NETS = """
from collections import namedtuple
from dataclasses import dataclass

import torch
from torch import nn


@dataclass
class Output:
    logits: torch.Tensor
    hidden: torch.Tensor


Named = namedtuple("Named", "features logits")


class Net(nn.Module):
    def __init__(self, channels, before, after):
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(channels, 8, 3, 4), nn.BatchNorm2d(8), nn.ReLU())
        self.head = nn.Linear(8, 10)
        self.before, self.after = before, after

    def forward(self, x):
        features = self.features(self.before(x)).mean((2, 3))
        return self.after(self.head(features), features)


def maker(after=lambda logits, features: logits, before=lambda x: x, channels=3, resolution=32):
    def build():
        return Net(channels, before, after)

    build.resolution = resolution
    return build


def only(dtype=None, size=None):
    def before(x):
        if dtype is not None and x.dtype != dtype:
            raise TypeError(f"want {dtype}, got {x.dtype}")
        if size is not None and x.shape[-1] != size:
            raise ValueError(f"want {size} px")
        return x.float()

    return before


plain = maker()
pair = maker(lambda logits, features: (logits, features))
as_list = maker(lambda logits, features: [logits, features])
mapping = maker(lambda logits, features: {"hidden": features, "logits": logits})
thing = maker(lambda logits, features: Output(logits, features))
named = maker(lambda logits, features: Named(features, logits))

grey = maker(channels=1)
grey.channels = 1
grey_untold = maker(channels=1)
cmyk = maker(channels=4)
cmyk.channels = 4

uint8 = maker(before=only(torch.uint8))
sized = maker(before=only(size=64))
channels_last = maker(before=lambda x: x.permute(0, 3, 1, 2))

features_first = maker(lambda logits, features: (features[:, :, None, None], logits))
other_keys = maker(lambda logits, features: {"out": logits, "aux": logits})
nothing = maker(lambda logits, features: None)
empty = maker(lambda logits, features: ())
squeezed = maker(lambda logits, features: logits[:, 0])
one_class = maker(lambda logits, features: logits[:, :1])
dense = maker(lambda logits, features: {"logits": logits[:, :, None, None]})

deep = maker(resolution=(3, 224, 192))
huge = maker(resolution=10**9)
worded = maker(resolution="large")


def needs(width, depth=2):
    return plain()


network = plain()
number = 3
Class = type("Class", (Net,), {"__init__": lambda self: Net.__init__(self, 3, lambda x: x, lambda a, b: a)})
Class.resolution = 32
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A current folder with nets.py, as a seat that was started there sees it."""
    (tmp_path / "nets.py").write_text(NETS, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(user_builders, "_HERE", tmp_path)
    monkeypatch.setattr(sys, "path", sys.path[:])
    user_builders._module_of.cache_clear()
    return tmp_path


def named(text: str) -> str:
    """The name as a door stores it."""
    return expand([text])[0][0]


@pytest.mark.parametrize("function", ["plain", "pair", "as_list", "mapping", "thing", "named", "grey", "Class"])
def test_a_network_is_served_whatever_holds_its_logits(here: Path, tmp_path: Path, function: str) -> None:
    name = named(f"nets.py:{function}")
    channels = 1 if function == "grey" else 3
    assert networks.resolve([name]).shapes == {name: ImageShape(channels, 32, 32)}
    case = Case(network=name, resolution=32, batch=4, channels=channels)
    prepared = artifacts.prepare(case, (4,), tmp_path, 0)
    assert prepared.params == 8 * channels * 9 + 8 + 16 + 90
    assert prepared.logits_std == pytest.approx(1.0, abs=0.3)
    assert isinstance(Worker().answer(Load(case=case, folder=str(tmp_path), seed=0)), CaseLoaded)
    assert references_in(tmp_path).logits.shape[1:] == (10,)


def test_a_network_that_returns_logits_is_not_wrapped_and_one_that_does_not_gives_the_same_ones(here: Path) -> None:
    networks.resolve([named("nets.py:plain")])  # Executes the file, which may draw random numbers.
    torch.manual_seed(0)
    plain = networks.build(named("nets.py:plain"), ImageShape.square(32))
    assert type(plain).__name__ == "Net"
    x = torch.randn(2, 3, 32, 32)
    for function in ("pair", "as_list", "mapping", "thing", "named"):
        torch.manual_seed(0)
        other = networks.build(named(f"nets.py:{function}"), ImageShape.square(32))
        assert not other.training
        assert torch.equal(other(x), plain(x))


@pytest.mark.parametrize(
    ("function", "reason"),
    [
        ("grey_untold", "takes 1 channel: set grey_untold.channels = 1 on the function; it raised"),
        ("uint8", "takes uint8 images: set uint8.dtype = 'uint8' on the function; it raised"),
        (
            "sized",
            "raised ValueError when fed float images (2, 3, 32, 32): want 64 px. For another size set resolution",
        ),
        ("channels_last", "takes (batch, height, width, channels): wrap it in a module that permutes"),
        ("features_first", "returned shape (2, 8, 1, 1) in its tuple for 2 images; expected is (2, classes)"),
        ("other_keys", "returned a dict with the keys out, aux; expected is one tensor (batch, classes)"),
        ("nothing", "returned a NoneType"),
        ("empty", "returned an empty tuple"),
        ("squeezed", "returned shape (2,) for 2 images"),
        ("one_class", "returned one number for each image; outputs are checked by how two or more classes differ"),
        ("dense", "returned shape (2, 10, 1, 1) in its dict"),
    ],
)
def test_a_network_that_cannot_be_served_says_what_came_and_what_to_do(here: Path, function: str, reason: str) -> None:
    with pytest.raises((TypeError, ValueError)) as refused:
        networks.build(named(f"nets.py:{function}"), ImageShape.square(32))
    assert reason in str(refused.value)
    assert len(str(refused.value)) <= 300, "a stored reason is cut there"


@pytest.mark.parametrize(
    ("function", "reason"),
    [
        ("needs", "takes the arguments width. Give them as literals, such as :needs(width=…)"),
        ("network", "is a network. Name a function"),
        ("number", "is a int. Name a function"),
        ("deep", "its resolution is (3, 224, 192). Give whole numbers"),
        ("huge", "from 1 to 4096"),
        ("worded", "its resolution is 'large'"),
    ],
)
def test_a_builder_that_cannot_be_called_is_refused_by_name(here: Path, function: str, reason: str) -> None:
    name = named(f"nets.py:{function}")
    assert reason in networks.resolve([name]).missing[name]


def test_a_name_that_a_file_lacks_once_it_is_executed_is_refused_with_the_nearest(here: Path) -> None:
    (here / "dynamic.py").write_text("globals()['build'] = lambda: None\n", encoding="utf-8")
    name = named("dynamic.py:biuld")
    assert "dynamic.py has no 'biuld'. Did you mean 'build'?" in networks.resolve([name]).missing[name]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("def build(:\n", "broken.py, line 1: SyntaxError: invalid syntax"),
        ("import json\n\njson.loads('')\n", "broken.py, line 3: JSONDecodeError"),
        ("import no_such_module\n", "broken.py, line 1: ModuleNotFoundError: No module named 'no_such_module'"),
        ("raise SystemExit('bye')\n", "broken.py, line 1: SystemExit: bye"),
        ("from levit_bench.layers import Block\n", "A module called levit_bench is this suite itself"),
        ("from . import layers\n", "Name it as package.module:function instead"),
        ("x = '\x00'\n", "cannot import"),
    ],
)
def test_a_file_that_raises_says_where(here: Path, body: str, reason: str) -> None:
    (here / "broken.py").write_text(f"{body}def build(): ...\n", encoding="utf-8")
    name = named("broken.py:build")
    missing = networks.resolve([name]).missing[name]
    assert reason in missing
    assert str(here) not in missing


def test_a_module_that_raises_says_where(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (here / "own_broken_module.py").write_text("\nimport no_such_module\n", encoding="utf-8")
    monkeypatch.syspath_prepend(here)
    missing = networks.resolve(["own_broken_module:build"]).missing["own_broken_module:build"]
    assert "own_broken_module.py, line 2: ModuleNotFoundError" in missing


def test_a_file_that_changes_after_it_was_named_is_not_executed(here: Path) -> None:
    name = named("nets.py:plain")
    (here / "nets.py").write_text("raise SystemExit('another file')", encoding="utf-8")
    assert "'nets.py' has changed" in networks.resolve([name]).missing[name]


def test_a_file_finds_what_lies_beside_it_and_hides_nothing(here: Path) -> None:
    (here / "sub").mkdir()
    (here / "sub" / "own_layers.py").write_text("SIZE = 48\n", encoding="utf-8")
    (here / "sub" / "torch.py").write_text("raise SystemExit('hides torch')\n", encoding="utf-8")
    (here / "sub" / "nets.py").write_text(
        textwrap.dedent("""
            import own_layers
            import torch

            def build():
                return torch.nn.Identity()

            build.resolution = own_layers.SIZE
        """),
        encoding="utf-8",
    )
    name = named("sub/nets.py:build")
    assert networks.resolve([name]).shapes == {name: ImageShape.square(48)}


VERSION = """
import torch

import own_layers


def build():
    import own_late  # only when the network is built

    network = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.LazyLinear(own_layers.CLASSES + own_late.MORE))
    network.shown = own_layers.__file__
    return network


build.resolution = 8
"""


def versions(folder: Path, **classes: int) -> None:
    """A file and what it imports in several folders; the files are equal, and what they import is not."""
    for name, count in classes.items():
        place = folder / name if name != "here" else folder
        (place / "own_pack").mkdir(parents=True)
        (place / "nets.py").write_text(VERSION, encoding="utf-8")
        (place / "own_layers.py").write_text("from own_pack.inner import CLASSES\n", encoding="utf-8")
        (place / "own_pack" / "inner.py").write_text(f"CLASSES = {count}\n", encoding="utf-8")
        (place / "own_late.py").write_text(f"MORE = {count}\n", encoding="utf-8")


@pytest.fixture
def two_versions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two folders with two versions of everything; no module of theirs is left behind."""
    versions(tmp_path, here=10, base=20, old=30)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(user_builders, "_HERE", tmp_path)
    monkeypatch.setattr(local_modules, "_away", {})
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path)])  # as a seat has it
    user_builders._module_of.cache_clear()
    for name in [name for name in sys.modules if name.startswith("own_")]:
        monkeypatch.delitem(sys.modules, name)
    yield tmp_path
    for name in [name for name in sys.modules if name.startswith("own_")]:
        del sys.modules[name]


@pytest.mark.parametrize("order", [("nets.py", "base/nets.py"), ("base/nets.py", "nets.py", "old/nets.py")])
def test_versions_of_a_file_in_several_folders_import_what_lies_beside_each(
    two_versions: Path, order: tuple[str, ...]
) -> None:
    wanted = {"nets.py": 20, "base/nets.py": 40, "old/nets.py": 60}
    names = [named(f"{file}:build") for file in order]
    assert networks.resolve(names).shapes == dict.fromkeys(names, ImageShape.square(8))
    for _ in range(2):
        for file, name in zip(order, names, strict=True):
            network = networks.build(name, ImageShape.square(8))
            assert network(torch.zeros(2, 3, 8, 8)).shape == (2, wanted[file])
            assert network.shown == str(two_versions / file.replace("nets", "own_layers"))


def test_a_folder_whose_modules_have_no_namesake_shares_them_and_one_that_raises_leaves_nothing_behind(
    two_versions: Path,
) -> None:
    (two_versions / "base" / "own_late.py").unlink()
    assert networks.build(named("base/nets.py:build"), ImageShape.square(8))(torch.zeros(2, 3, 8, 8)).shape == (2, 30)
    (two_versions / "old" / "own_layers.py").write_text("raise ValueError('no')\n", encoding="utf-8")
    (broken,) = networks.resolve([named("old/nets.py:build")]).missing.values()
    assert "ValueError: no" in broken
    assert networks.build(named("nets.py:build"), ImageShape.square(8))(torch.zeros(2, 3, 8, 8)).shape == (2, 20)


def test_a_folder_called_levit_bench_beside_a_file_is_never_taken_for_the_suite(
    two_versions: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(user_builders, "_HERE", ROOT)  # as in a checkout of the suite itself
    (two_versions / "levit_bench").mkdir()
    suite = sys.modules["levit_bench"]
    with local_modules.imports_beside(two_versions, ROOT):
        assert sys.modules["levit_bench"] is suite


@pytest.fixture
def foreign(tmp_path: Path) -> Path:
    """A repository of the user's with packages `bench` and `levit_bench` of its own, which must never be imported."""
    for name in ("bench", "levit_bench"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text(f"raise SystemExit('a foreign package called {name}')")
    (tmp_path / "bench" / "nets.py").write_text(NETS, encoding="utf-8")
    return tmp_path


def levit_bench(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """The command line in a folder, as the console script starts it: without that folder on the import path."""
    env = os.environ | {"PYTHONPATH": str(ROOT / "bench"), MAX_BUDGET_VARIABLE: "4s"}
    env.pop("COLUMNS", None)  # A narrow table would fold the names that are looked for.
    return subprocess.run(
        [sys.executable, "-P", "-m", "levit_bench", *words],
        cwd=folder, env=env, capture_output=True, text=True, timeout=3600, check=False,
    )  # fmt: skip


def test_in_a_folder_with_its_own_bench_the_file_is_planned_and_the_module_is_refused(foreign: Path) -> None:
    planned = levit_bench(foreign, "plan", "--networks", "bench/nets.py:pair", "--budget", "60s")
    assert (planned.returncode, planned.stderr) == (0, "")
    assert "bench/nets.py:pair#" in planned.stdout
    refused = levit_bench(foreign, "plan", "--networks", "levit_bench.nets:pair")
    assert refused.returncode == 2
    assert "Name the file instead, such as levit_bench/nets.py:pair" in refused.stderr


@pytest.mark.slow
def test_in_a_folder_with_its_own_bench_a_network_is_measured_resumed_and_on_the_front(foreign: Path) -> None:
    scored = ["--accuracy", "78.3", "--dataset", "parts", "--images", "2000", "--classes", "10"]
    done = levit_bench(foreign, "run", "--networks", "bench/nets.py:pair", *scored, "--json")
    assert done.returncode == 0, done.stderr
    (row,) = (row for row in json.loads(done.stdout)["cases"] if row["role"] == "subject")
    assert (row["outcome"], row["top1"]) == ("done", 78.3)
    (session,) = foreign.glob("results/*/*.jsonl")
    (told,) = (one for one in read_session(session).head.findings if one.kind == "several-outputs")
    assert told.case in {line.id for line in read_session(session).cases if line.role == "subject"}
    assert "returns 2 tensors ([0] (2, 10), [1] (2, 8)); [0] is checked and timed" in told.message
    shown = levit_bench(foreign, "show")
    assert "several-outputs" in shown.stdout + shown.stderr
    assert str(foreign) not in session.read_text(encoding="utf-8")
    again = levit_bench(foreign, "run", "--resume", "last")
    assert again.returncode == 0, again.stderr
    front = levit_bench(foreign, "front")
    assert front.returncode == 0, front.stderr
    assert "78.3" in front.stdout
    (foreign / "bench" / "nets.py").write_text(NETS + "# edited\n", encoding="utf-8")
    kept = session.read_bytes()
    changed = levit_bench(foreign, "run", "--resume", "last")
    assert changed.returncode == 1
    assert "has changed" in " ".join(changed.stderr.split())
    assert session.read_bytes() == kept
