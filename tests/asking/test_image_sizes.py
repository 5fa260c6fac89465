"""Height and width in the users' words, at every door: what is understood, what is refused, and how it is stored."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
from levit_bench.asking import arguments
from levit_bench.asking.request import Request, singles, subjects
from levit_bench.catalog import entries
from levit_bench.catalog.filters import ordered
from levit_bench.catalog.user_networks import expand
from levit_bench.cli import main
from levit_bench.errors import UsageError
from levit_bench.measuring.preparing.workshop import Workshop
from levit_bench.measuring.workers.messages import Resolved
from levit_bench.pytest_plugin import NotAskedError, declare, options
from levit_bench.records import SCHEMA, Case, ImageShape, parse_size

BAD = (
    "192x",
    "x256",
    "0x10",
    "10x0",
    "9999x10",
    "10x4097",
    "192X256",
    "192x256x3",
    "",
    "x",
    "-1x2",
    "1 92",
    "１９２",
    "+192",
)


class _Known(Workshop):
    """Resolves every name to the images that its function would say, without a process."""

    def __init__(self, shape: ImageShape = ImageShape(3, 48, 64)) -> None:  # noqa: B008
        self._shape = shape

    def resolve(self, names: object) -> Resolved:
        return Resolved(shapes=dict.fromkeys(names, self._shape), missing={}, known=())  # type: ignore[call-overload]


def _shapes(*networks: str, shape: ImageShape = ImageShape(3, 48, 64), **more: Any) -> list[tuple[str, ImageShape]]:  # noqa: B008
    found = subjects(Request(networks=networks, **more), _Known(shape))
    return [(one.case.network, one.case.shape) for one in found]


@pytest.fixture
def nets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A current folder that holds nets.py; the name that its function is stored under."""
    functions = "def build(): ...\ndef other(): ...\n"
    (tmp_path / "nets.py").write_text(f"raise SystemExit('not executed')\n{functions}", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return expand(["nets.py:build"])[0][0]


@pytest.mark.parametrize(
    ("given", "size"),
    [
        (224, (224, 224)),
        ("224", (224, 224)),
        ("224x224", (224, 224)),
        ("192x256", (192, 256)),
        ((192, 256), (192, 256)),
        ([192, 256], (192, 256)),
        ("1x4096", (1, 4096)),
        *((text, None) for text in BAD),
        *(
            (one, None)
            for one in (0, 4097, -3, 2.5, True, None, (192,), (1, 2, 3), ("a", "b"), (1.5, 2), (True, 2), b"2", {})
        ),
    ],
)
def test_a_size_has_several_spellings_and_nothing_else_is_one(given: object, size: object) -> None:
    assert parse_size(given) == size


@pytest.mark.parametrize("name", ["levit_128s", "levit", "levit_*", "my_pkg.nets:build", "resnet26d", "nets.py:build"])
@pytest.mark.parametrize("size", BAD)
def test_a_malformed_size_behind_a_name_is_refused_with_how_it_is_written(nets: str, name: str, size: str) -> None:
    with pytest.raises(UsageError, match="asks for no usable resolution") as refused:
        subjects(Request(networks=(f"{name}@{size}",)), _Known())
    assert "192x256" in str(refused.value)


@pytest.mark.parametrize("size", BAD)
def test_a_malformed_size_is_refused_wherever_it_is_said(size: str) -> None:
    with pytest.raises(UsageError, match=r"--resolution .*: give a whole number from 1 to 4096, or height x width"):
        subjects(Request(networks=("levit_128s",), resolution=size), _Known())
    with pytest.raises(UsageError, match="--resolution"):
        options({"resolution": size})
    with pytest.raises(UsageError, match=r"resolution=.*: give pixels from 1 to 4096"):
        arguments.fields({"resolution": size})
    with pytest.raises(UsageError, match=r"resolution=.*: give pixels from 1 to 4096"):
        declare(["levit_128s"], {"resolution": size}, {})
    with pytest.raises(SystemExit) as ended:
        main(["plan", "--networks", "levit_128s", "--resolution", size])
    assert ended.value.code == 2


def test_names_groups_globs_and_networks_of_ones_own_take_height_and_width(nets: str) -> None:
    shape = ImageShape(3, 192, 256)
    (one,) = entries.select(["levit_128s@192x256"]).entries
    assert (one.resolution, one.width, one.size, one.top1, one.macs_m) == (192, 256, "192x256", None, None)
    assert one.note == "no figures at 192x256 px; they were published at 224 px"
    for pattern in ("levit@192x256", "levit_*@192x256"):
        assert {entry.size for entry in entries.select([pattern]).entries} == {"192x256"}
    assert entries.select(["levit_128s@224x224"]).entries == entries.select(["levit_128s"]).entries
    assert entries.select(["m:f@64x64", "m:f@64", "m:f@64x48"]).unknown == ("m:f@64", "m:f@64x48")
    assert _shapes("levit_128s@192x256", "m:f@192x256", "nets.py:build@192x256") == [
        ("levit_128s", shape), ("m:f", shape), (nets, shape),
    ]  # fmt: skip
    assert expand(["nets.py:build@64x64"])[0] == (f"{nets}@64",)
    assert expand([f"{nets}@192x256"])[0] == (f"{nets}@192x256",)
    assert list(singles(["levit_128s@192x256", "levit_128@224x224", "m:f@64x64"])) == [
        "levit_128s@192x256", "levit_128", "m:f@64",
    ]  # fmt: skip


@pytest.mark.parametrize("resolution", ["96x128", (96, 128)])
def test_one_size_for_all_gives_way_to_a_networks_own(resolution: object) -> None:
    assert [(name, shape.size) for name, shape in _shapes("m:f@32x16", "m:g", "levit_128s", resolution=resolution)] == [
        ("levit_128s", "96x128"), ("m:f", "32x16"), ("m:g", "96x128"),
    ]  # fmt: skip


def test_what_a_function_says_of_its_images_reaches_the_case() -> None:
    raw = ImageShape(7, 48, 64, "uint8")
    assert _shapes("m:f", "m:f@32", shape=raw) == [("m:f", raw), ("m:f", ImageShape(7, 32, 32, "uint8"))]


def test_published_accuracy_belongs_to_the_square_that_was_published() -> None:
    found = subjects(Request(networks=("levit_192", "levit_192@224x192", "levit_192@192x224")), _Known())
    assert [(one.case.size, one.accuracy is not None) for one in found] == [
        ("224", True), ("224x192", False), ("192x224", False),
    ]  # fmt: skip


def test_a_toml_file_states_sizes_channels_and_number_types(nets: str) -> None:
    Path("nets.toml").write_text(
        '[[network]]\nbuild = "nets.py:build"\nresolution = "192x256"\nchannels = 4\ndtype = "uint8"\ntop1 = 70.0\n'
        '[[network]]\nbuild = "nets.py:build"\nresolution = "64x64"\n'
        '[[network]]\nbuild = "nets.py:other"\n',
        encoding="utf-8",
    )
    found = subjects(Request(networks=("nets.toml",)), _Known(ImageShape(2, 48, 64)))
    assert [one.case.shape for one in found] == [
        ImageShape(4, 192, 256, "uint8"), ImageShape(2, 64, 64), ImageShape(2, 48, 64),
    ]  # fmt: skip
    assert [one.accuracy and one.accuracy.top1 for one in found] == [70.0, None, None]
    assert found[0].case.label == f"{nets} 192x256px 4 channels uint8 b1 t1 pinned"
    (declared, *_) = declare([], {}, {"networks": ("nets.toml",)})
    (one,) = subjects(declared.request, _Known())
    assert one.case == found[0].case


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (
            'resolution = "192x"',
            "key resolution: invalid size '192x'. Give pixels from 1 to 4096, such as 224, or",
        ),
        ("resolution = [192, 256]", "key resolution: Expected `int | str | null`"),
        ("channels = 0", "key channels: 0 is not from 1 to 64"),
        ("channels = 65", "key channels: 65 is not from 1 to 64"),
        ('dtype = "float16"', "key dtype: Invalid enum value 'float16'"),
        ('resolution = 64\n[[network]]\nbuild = "m:f"\nresolution = "64x64"', "stands there twice at one resolution"),
    ],
)
def test_what_a_toml_file_misspells_is_refused_with_its_place(nets: str, line: str, said: str) -> None:
    Path("nets.toml").write_text(f'[[network]]\nbuild = "m:f"\n{line}\n', encoding="utf-8")
    with pytest.raises(UsageError) as refused:
        subjects(Request(networks=("nets.toml",)), _Known())
    assert said in str(refused.value)


@pytest.mark.parametrize("marked", ["96x128", (96, 128), [96, 128]])
def test_a_mark_and_the_command_line_agree_on_one_size_in_any_spelling(marked: object) -> None:
    asked = options({"resolution": "96x128"})
    (one,) = declare(["levit_128s"], {"resolution": marked}, asked)
    assert one.id.startswith("levit_128s@96x128-b1")
    (subject,) = subjects(one.request, _Known())
    assert subject.case.size == "96x128"
    with pytest.raises(NotAskedError, match="it is about resolution"):
        declare(["levit_128s"], {"resolution": 96}, asked)
    (square,) = declare(["levit_128s"], {"resolution": 96}, options({"resolution": "96x96"}))
    assert square.id.startswith("levit_128s@96-b1")
    assert [one.id for one in declare(["levit_128s@96x128", "levit_128@224x224"], {}, {})] == [
        "levit_128s@96x128-b1-t1-pinned", "levit_128-b1-t1-pinned",
    ]  # fmt: skip


def test_list_shows_and_sorts_by_height_and_width(capsys: pytest.CaptureFixture[str]) -> None:
    chosen = entries.select(["levit_128s@256x192", "levit_128s@192x256", "levit_128s@64x64", "levit_128s"]).entries
    assert [entry.size for entry in ordered(chosen, "resolution")] == ["64", "192x256", "256x192", "224"]
    with pytest.raises(SystemExit) as ended:
        main(["list", "levit_128s@192x256"])
    assert not ended.value.code
    assert "192x256" in capsys.readouterr().out


def test_cases_that_could_be_asked_for_before_keep_their_ids() -> None:
    # As the first format gave them.
    assert Case(network="levit_128s", resolution=224).id == "f8c9a159d96f"
    assert Case(network="levit_128s", resolution=224, width=224, channels=3, dtype="float32").id == "f8c9a159d96f"
    others = [
        Case(network="levit_128s", resolution=224, width=256),
        Case(network="levit_128s", resolution=256, width=224),
        Case(network="levit_128s", resolution=224, channels=1),
        Case(network="levit_128s", resolution=224, dtype="uint8"),
    ]
    assert len({one.id for one in (*others, Case(network="levit_128s", resolution=224))}) == 5


def test_a_square_has_one_spelling_also_where_it_is_read() -> None:
    line = b'{"network":"a","resolution":64,"width":64}'
    assert msgspec.json.decode(line, type=Case) == Case(network="a", resolution=64)
    assert SCHEMA >= 4, "readers of earlier formats must not take a width for nothing"
