"""Names of the catalog and of timm mean what timm means, whatever a user's file or an installed package does to timm.

In processes of their own: what is registered in timm stays for the life of a process.
"""

from __future__ import annotations

import json
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from levit_bench.measuring import networks
from levit_bench.records import ImageShape

from tests.measuring.fake_packages import Install
from tests.torch_forks import TorchForks

TIMMS = 5_435_000, 5_445_000  # resnet10t has 5.44 M parameters.
OWN = 8 * 3 * 32 * 32 + 8 + 8 * 1000 + 1000

NETS = """
    import timm
    from timm.models import register_model
    from torch import nn

    def small():
        return nn.Sequential(
            nn.Conv2d(3, 8, 32, 32), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 1000)
        )

    @register_model
    def resnet10t(pretrained=False, **kwargs):
        return small()

    @register_model
    def resnet_of_mine(pretrained=False, **kwargs):
        return small()

    def build():
        return resnet10t()

    def by_name():
        return timm.create_model("resnet10t")

    def by_a_new_name():
        return timm.create_model("resnet_of_mine")
"""

# Prints what comes of names, one after the other in one process: parameters, or why not.
TRY = """
    import json, sys, warnings
    warnings.simplefilter("ignore")
    from levit_bench.measuring import networks
    from levit_bench.records import ImageShape

    def parameters(name, shape):
        try:
            return sum(one.numel() for one in networks.build(name, shape).parameters())
        except LookupError as error:
            return str(error)

    found = networks.resolve(sys.argv[1:])
    built = {name: parameters(name, found.shapes.get(name, ImageShape.square(224))) for name in sys.argv[1:]}
    loaded = [name for name in ("timm", "torchvision") if name in sys.modules]
    sizes = {name: shape.pixels for name, shape in found.shapes.items()}
    print(json.dumps({"sizes": sizes, "built": built, "loaded": loaded}))
"""


Tried = Callable[..., dict[str, Any]]


@pytest.fixture
def tried(forks: TorchForks, tmp_path: Path) -> Tried:
    """What comes of names in this order, in a process that was started in the test's folder."""
    return lambda *names: json.loads(forks.output(textwrap.dedent(TRY), names, cwd=tmp_path).splitlines()[-1])


@pytest.mark.parametrize("first", ["catalog", "own"])
def test_a_file_that_registers_a_name_of_timm_does_not_change_what_the_name_means(
    tmp_path: Path, first: str, tried: Tried
) -> None:
    (tmp_path / "nets.py").write_text(textwrap.dedent(NETS))
    own = ["nets.py:build", "nets.py:by_name", "nets.py:by_a_new_name"]
    names = ["resnet10t", *own] if first == "catalog" else [*own, "resnet10t", "resnet_of_mine"]
    found = tried(*names)
    assert TIMMS[0] < found["built"]["resnet10t"] < TIMMS[1]
    assert found["sizes"]["resnet10t"] == 176
    assert [found["built"][name] for name in own] == [OWN] * 3
    if first == "own":
        assert "does not know 'resnet_of_mine'" in found["built"]["resnet_of_mine"]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("import timm.layers.drop; timm.layers.drop.DropPath.forward = lambda self, x: x", "DropPath.forward"),
        ("import timm.models.resnet as r; r.ResNet.__call__ = lambda self, x: x", "ResNet.__call__"),
        ("import timm.models.resnet as r; r.resnet18.__code__ = (lambda **_: 0).__code__", "resnet18"),
        ("import timm.layers as layers; layers.set_fused_attn(False)", "timm.layers.config._USE_FUSED_ATTN"),
        ("import timm; timm.create_model = print", "timm.create_model"),
    ],
)  # fmt: skip
@pytest.mark.slow
def test_a_file_that_changes_timm_itself_is_told_where_both_share_a_process(
    tmp_path: Path, change: str, told: str, forks: TorchForks
) -> None:
    build = "from torch import nn\ndef build(): return nn.Sequential(nn.Flatten(), nn.LazyLinear(9))\n"
    (tmp_path / "nets.py").write_text(f"{change}\n{build}")
    code = """
        from levit_bench.measuring import networks
        from levit_bench.records import ImageShape
        networks.build("nets.py:build", ImageShape.square(224))
        try:
            networks.build("resnet18", ImageShape.square(224))
        except LookupError as error:
            print(error)
    """
    done = forks.run(textwrap.dedent(code), cwd=tmp_path)
    assert "'resnet18' cannot be built in this process: code of another network has changed timm" in done.stdout, done
    assert told in done.stdout


IMPORTS = {
    "at the top": "import timm\ndef build(): return timm.create_model('lcnet_050', num_classes=37)",
    "in the builder": "def build():\n    import timm\n    return timm.create_model('lcnet_050', num_classes=37)",
    "torchvision's models": "from torchvision.models import squeezenet1_1\ndef build(): return squeezenet1_1()",
    "torchvision's operators": (
        "import torchvision.ops\nfrom torchvision import models\ndef build(): return models.squeezenet1_1()"
    ),
}


@pytest.mark.parametrize(
    "how", [how if how == "at the top" else pytest.param(how, marks=pytest.mark.slow) for how in IMPORTS]
)
def test_a_file_may_import_timm_or_torchvision_without_a_network_of_timm_before_it(
    tmp_path: Path, how: str, tried: Tried
) -> None:
    """Here torchvision's own library may load or not: either way is one that users have."""
    (tmp_path / "nets.py").write_text(IMPORTS[how])
    name = "nets:build" if how == "at the top" else "nets.py:build"
    assert tried(name)["built"][name] > 600_000


def test_a_file_that_imports_neither_pays_for_neither(tmp_path: Path, tried: Tried) -> None:
    (tmp_path / "nets.py").write_text(
        "from torch import nn\ndef build(): return nn.Sequential(nn.Conv2d(3, 9, 32, 32), nn.AdaptiveAvgPool2d(1), "
        "nn.Flatten())\n"
    )
    assert tried("nets.py:build", "levit_128s")["loaded"] == []


CLAIMS = """
from torch import nn
class Claims:
    def owns(self, name): return True
    def default_resolution(self, name): return 7
    def build(self, name, resolution): return nn.Identity()
builder = Claims()
"""
"""An installed builder that says every name is its own."""


def test_an_installed_builder_is_asked_for_what_is_nobody_elses(install: Install) -> None:
    install(networks.ENTRY_POINTS, "theirs", CLAIMS, value="MODULE:builder")
    ours = ["levit_128s", "resnet50", "efficientnet_b2", "null-1", "yardstick-1a"]
    found = networks.resolve([*ours, "theirs-64", "hub:theirs"])
    assert [found.shapes[name].pixels for name in ours] == [224, 224, 260, 32, 224]
    assert (found.shapes["theirs-64"].pixels, found.shapes["hub:theirs"].pixels) == (7, 7)
    # Not in the catalog, but timm's.
    assert networks.resolve(["resnet26t"]).shapes == {"resnet26t": ImageShape.square(256)}
    assert "cannot read" in networks.resolve(["nosuch.py:build"]).missing["nosuch.py:build"]


def test_an_installed_builder_that_cannot_be_loaded_costs_no_name_but_unknown_ones(install: Install) -> None:
    module = install(
        networks.ENTRY_POINTS, "theirs", "raise OSError('libtheirs.so is missing')", value="MODULE:builder"
    )
    found = networks.resolve(["resnet50", "theirs-64"])
    assert set(found.shapes) == {"resnet50"}
    assert f"cannot load '{module}:builder'" in found.missing["theirs-64"]
    assert "libtheirs.so is missing" in found.missing["theirs-64"]


def test_a_tag_of_weights_that_timm_does_not_have_is_a_name_it_does_not_know() -> None:
    found = networks.resolve(["resnet50.nosuch", "resnet50.a1_in1k"])
    assert "does not know 'resnet50.nosuch'" in found.missing["resnet50.nosuch"]
    assert set(found.shapes) == {"resnet50.a1_in1k"}
