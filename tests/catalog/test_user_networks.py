"""Users' networks in the users' words: what is found, what is refused, and what no file of theirs can do."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import pytest
from levit_bench.asking.request import Request, check_race, singles, subjects
from levit_bench.catalog.entries import accuracy_of, entries
from levit_bench.catalog.user_networks import SOURCE, expand
from levit_bench.errors import UsageError
from levit_bench.measuring.preparing.workshop import Workshop
from levit_bench.measuring.workers.messages import Resolved
from levit_bench.records import ImageShape

BODY = "raise SystemExit('this file is named, not executed')\nfrom elsewhere import *\n"
DIGEST = hashlib.sha256(BODY.encode()).hexdigest()[:6]


class _Known(Workshop):
    """Resolves every name to 64 pixels, without a process."""

    def __init__(self) -> None:
        return

    def resolve(self, names: object) -> Resolved:
        return Resolved(shapes=dict.fromkeys(names, ImageShape.square(64)), missing={}, known=())


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A current folder that holds nets.py and sub/nets.py."""
    folder = tmp_path / "work"
    (folder / "sub").mkdir(parents=True)
    for name in ("nets.py", "sub/nets.py", "../outside.py"):
        (folder / name).write_text(BODY, encoding="utf-8")
    monkeypatch.chdir(folder)
    monkeypatch.setenv("HOME", str(folder))
    return folder


def toml(text: str, name: str = "nets.toml") -> str:
    """A TOML file in the current folder."""
    Path(name).write_text(text, encoding="utf-8")
    return name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("nets.py:build", "nets.py:build"),
        ("./nets.py:build", "nets.py:build"),
        ("sub/../nets.py:build", "nets.py:build"),
        ("../work/sub/nets.py:build", "sub/nets.py:build"),
        ("HERE/sub/nets.py:build", "sub/nets.py:build"),
        ("~/sub/nets.py:build", "sub/nets.py:build"),
    ],
)
def test_a_file_is_named_by_its_path_below_the_current_folder_and_its_digest(here: Path, text: str, name: str) -> None:
    assert expand([text.replace("HERE", str(here))]) == ((f"{name}#{DIGEST}",), {})


def test_pixels_stay_at_the_end_and_a_name_may_be_given_as_it_was_stored() -> None:
    (stored,), _ = expand(["nets.py:build@48"])
    assert stored == f"nets.py:build#{DIGEST}@48"
    assert expand([stored])[0] == (stored,)


def test_an_edited_file_is_another_network_and_the_old_one_can_no_longer_be_asked_for() -> None:
    (before,), _ = expand(["nets.py:build"])
    Path("nets.py").write_text(BODY + "# edited\n", encoding="utf-8")
    assert expand(["nets.py:build"])[0] != (before,)
    with pytest.raises(UsageError, match=r"'nets.py' has changed"):
        expand([before])


@pytest.mark.parametrize("name", ["levit_128s", "paper", "levit_*", "my_pkg.nets:build", "resnet18@64", "a.b:c@32"])
def test_every_other_name_is_passed_on_as_it_is(name: str) -> None:
    assert expand([name]) == ((name,), {})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("nosuch.py:build", "there is no file 'nosuch.py'"),
        ("sub:x.py:build", "there is no file 'sub:x.py'"),
        ("../outside.py:build", "not below the current folder"),
        ("/etc/passwd.py:build", "not below the current folder"),
        ("~nobody-of-that-name/x.py:build", "cannot find '~nobody-of-that-name/x.py'"),
        ("nets.py", "names no function"),
        ("nets.py:", "names no function"),
        ("nets.py:build(open('x'))", "is not a literal"),
        ("nets.py:build;rm -rf sub", "names no function"),
        ("a;touch x.py:build", "there is no file 'a;touch x.py'"),
        ("<script>alert(1)</script>.py:build", "there is no file '<script>alert(1)</script>.py'"),
        ("'quoted\".py:build", "there is no file"),
        ("new\nline.py:build", r"invalid file name 'new\nline.py:build'"),
        ("\x1b[31mred.py:build", r"invalid file name '\x1b[31mred.py:build'"),
        ("nul\x00.py:build", r"invalid file name 'nul\x00.py:build'"),
        ("x" * 300 + ".py:build", "cannot read 'xxx"),
        ("no.toml", "there is no file 'no.toml'"),
        ("\x1b[31m.toml", r"invalid file name '\x1b[31m.toml'"),
    ],
)
def test_what_is_no_file_of_the_users_is_refused_as_text(here: Path, text: str, said: str) -> None:
    before = sorted(here.rglob("*"))
    with pytest.raises(UsageError) as refused:
        expand([text])
    assert said in str(refused.value)
    assert str(refused.value).isprintable()
    assert len(str(refused.value)) < 400
    assert sorted(here.rglob("*")) == before


@pytest.mark.parametrize(
    ("ending", "wanted"), [(".toml", "Name a TOML file that holds tables"), (".py:build", "Name a Python file")]
)
def test_what_stands_in_place_of_a_file_is_called_what_it_is(here: Path, ending: str, wanted: str) -> None:
    suffix = ending.partition(":")[0]
    (here / f"folder{suffix}").mkdir()
    os.mkfifo(here / f"pipe{suffix}")
    (here / f"loop{suffix}").symlink_to(f"loop{suffix}")
    (here / f"circle{suffix}").symlink_to(f"back{suffix}")
    (here / f"back{suffix}").symlink_to(f"circle{suffix}")
    (here / f"gone{suffix}").symlink_to("nothing")
    (here / f"far{suffix}").symlink_to(f"pipe{suffix}")
    for name, what in (
        ("folder", "a folder"), ("pipe", "a pipe"), ("far", "a pipe"), ("loop", "a link that leads back to itself"),
        ("circle", "a link that leads back to itself"), ("gone", "a link to a file that is not there"),
    ):  # fmt: skip
        with pytest.raises(UsageError) as refused:
            expand([f"{name}{ending}"])
        assert f"'{name}{suffix}' is {what}. {wanted}" in str(refused.value)
        assert str(here) not in str(refused.value)


def test_a_folder_and_a_file_with_a_separator_in_its_name_are_refused(here: Path) -> None:
    (here / "folder.py").mkdir()
    with pytest.raises(UsageError, match=r"'folder\.py' is a folder\. Name a Python file"):
        expand(["folder.py:build"])
    (here / "at@home.py").write_text(BODY, encoding="utf-8")
    with pytest.raises(UsageError, match="separate pixels and names"):
        expand(["at@home.py:build"])


def test_an_accuracy_belongs_to_the_one_network_outside_the_catalog() -> None:
    found = subjects(Request(networks=("nets.py:build", "levit_128s"), accuracy=78.3), _Known())
    accuracies = {s.case.network: s.accuracy for s in found}
    mine = accuracies[f"nets.py:build#{DIGEST}"]
    assert mine is not None
    assert (mine.top1, mine.source) == (78.3, SOURCE)
    assert accuracies["levit_128s"] is not None
    assert accuracies["levit_128s"].top1 != 78.3


@pytest.mark.parametrize(
    ("networks", "accuracy", "said"),
    [
        (["levit_128s"], 78.3, "none is"),
        (["m:f", "m:g"], 78.3, "2 are: 'm:f', 'm:g'"),
        (["m:f@32", "m:f@48"], 78.3, "2 are"),
        (["m:f"], 0.783, "percent, not as a fraction. Write 78.3"),
        (["m:f"], 101.0, "--accuracy 101: give a percentage from 0 to 100"),
        (["m:f"], -1.0, "give a percentage"),
        (["m:f"], float("nan"), "give a percentage"),
        (["nets.toml"], 78.3, "top1 in a TOML file"),
    ],
)
def test_an_accuracy_that_belongs_to_nothing_or_is_none_is_refused(
    networks: list[str], accuracy: float, said: str
) -> None:
    toml('[[network]]\nbuild = "nets.py:build"\ntop1 = 70.0\n')
    with pytest.raises(UsageError) as refused:
        subjects(Request(networks=tuple(networks), accuracy=accuracy), _Known())
    assert said in str(refused.value)


def test_a_toml_file_states_networks_with_their_accuracy(here: Path) -> None:
    text = """
    [[network]]
    build = "nets.py:build"
    resolution = 160
    top1 = 78.3
    top5 = 94.0
    images = 10000
    dataset = "my validation set"
    source = "our run of May"
    family = "Mine"

    [[network]]
    build = "my_pkg.nets:other"
    """
    found = subjects(Request(networks=(toml(text, "sub/nets.toml"), "levit_128s")), _Known())
    by_name = {s.case.network: s for s in found}
    assert list(by_name) == ["levit_128s", f"sub/nets.py:build#{DIGEST}", "my_pkg.nets:other"]
    mine, other = by_name[f"sub/nets.py:build#{DIGEST}"], by_name["my_pkg.nets:other"]
    assert (mine.case.resolution, mine.family) == (160, "Mine")
    assert mine.accuracy is not None
    assert (mine.accuracy.top1, mine.accuracy.top5, mine.accuracy.images) == (78.3, 94.0, 10000)
    assert (mine.accuracy.dataset, mine.accuracy.source) == ("my validation set", "our run of May")
    assert (other.case.resolution, other.family, other.accuracy) == (64, "other", None)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "'nets.toml' holds no [[network]]"),
        ("network = 3", "holds no [[network]]"),
        ("network = [3]", "holds no [[network]]"),
        ('[[networks]]\nbuild = "m:f"', "holds 'networks'. Networks are tables [[network]]"),
        ("[[network]\n", "'nets.toml' is no TOML: Expected ']]' at the end of an array declaration (at line 1"),
        ('[[network]]\nbuild = "m:f"\ntop1 = \n', "(at line 3"),
        ("[[network]]\ntop1 = 70.0", "'nets.toml', network 1: name one network, by build ="),
        (
            '[[network]]\nbuild = "m:f"\n[[network]]\nbuild = "m:g"\ntop_1 = 7.0',
            "'nets.toml', network 2: unknown key 'top_1'. Did you mean 'top1'? Known are build, resolution",
        ),
        ('[[network]]\nbuild = "m:f"\ntop1 = "high"', "network 1, key top1: Expected `float | null`, got `str`"),
        ('[[network]]\nbuild = "m:f"\nresolution = 22.5', "network 1, key resolution: Expected `int | str | null`"),
        ('[[network]]\nbuild = "m:f"\nresolution = -3', "network 1, key resolution: invalid size -3"),
        (
            '[[network]]\nbuild = "m:f"\nresolution = 99999',
            "network 1, key resolution: invalid size 99999. Give pixels",
        ),
        ('[[network]]\nbuild = "m:f"\ntop1 = 0.78', "network 1, key top1: 0.78: accuracy is given in percent"),
        ('[[network]]\nbuild = "m:f"\ntop1 = nan', "give a percentage"),
        ('[[network]]\nbuild = "m:f"\ntop1 = 90.0\ntop5 = 80.0', "key top5: 80 without a top1"),
        ('[[network]]\nbuild = "m:f"\nimages = 0', "key images: 0 is not positive"),
        ('[[network]]\nbuild = "levit_128s"', "key build: invalid builder 'levit_128s'"),
        ('[[network]]\nbuild = "m:f@64"', "pixels as resolution"),
        ('[[network]]\nbuild = "../outside.py:build"', "not below the current folder"),
        ('[[network]]\nbuild = "no.py:build"', "there is no file 'no.py'"),
        ('[[network]]\nbuild = "m:f"\n[[network]]\nbuild = "m:f"', "network 2: 'm:f' stands there twice"),
        ('[[network]]\nbuild = "m:f"\nsource = "\\u001b[31mred"', r"key source: give 1 to 200 printable characters"),
        ('[[network]]\nbuild = "m:f"\nfamily = ""', "key family: give 1 to 200 printable characters"),
        ('[[network]]\nbuild = "m:f"\n"\\u001b[31m" = 1', r"unknown key '\x1b[31m'"),
        (b"\xff\xfe", "is no TOML: 'utf-8' codec can't decode"),
    ],
)
def test_a_malformed_toml_file_is_refused_with_its_place(here: Path, text: str | bytes, said: str) -> None:
    (here / "nets.toml").write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(UsageError) as refused:
        subjects(Request(networks=("nets.toml",)), _Known())
    assert said in str(refused.value)
    assert str(refused.value).isprintable()


def test_hostile_text_in_a_toml_file_stays_text(here: Path) -> None:
    hostile = "<img src=x onerror=alert(1)> $(touch x) ../../x '; drop"
    before = {path for path in here.rglob("*") if path.name != "nets.toml"}
    text = f'[[network]]\nbuild = "m:f"\ntop1 = 70.0\nsource = "{hostile}"\nfamily = "{hostile}"\n'
    (found,) = subjects(Request(networks=(toml(text),)), _Known())
    assert found.family == hostile
    assert found.accuracy is not None
    assert found.accuracy.source == hostile
    assert {path for path in here.rglob("*") if path.name != "nets.toml"} == before


@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_toml_file_of_any_editor_is_read(here: Path, mark: str, end: str) -> None:
    text = '[[network]]\nbuild = "nets.py:build"\ntop1 = 78.3\nsource = "wörkshop"\n'
    (here / "nets.toml").write_bytes((mark + text.replace("\n", end)).encode())
    _, stated = expand(["nets.toml"])
    assert [(one.top1, one.source) for one in stated.values()] == [(78.3, "wörkshop")]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("[[network]]".encode("utf-16"), "is no UTF-8 text, but UTF-16. Save it as UTF-8"),
        ("[[network]]".encode("utf-16-le"), "byte 1 is zero"),
        ("[[network]]".encode("utf-32"), "is no UTF-8 text, but UTF-32"),
        ("[[network]]\n# w\xf6".encode("latin-1"), "byte 15, in line 2"),
        (b"x = " + b"9" * 5000, "is no TOML"),
    ],
)
def test_a_toml_file_that_is_no_utf_8_is_told_what_it_is(here: Path, content: bytes, said: str) -> None:
    (here / "nets.toml").write_bytes(content)
    with pytest.raises(UsageError) as refused:
        expand(["nets.toml"])
    assert said in str(refused.value)
    assert "nets.toml" in str(refused.value)


def entry(**keys: object) -> str:
    """One `[[network]]`."""
    return "[[network]]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in keys.items())


PARTS = {"dataset": "my-parts", "images": 2000, "classes": 10}


def test_a_network_may_be_scored_on_several_sets_and_one_of_the_catalog_on_the_users() -> None:
    text = (
        entry(build="m:f", top1=61.0, label="Ours v2")
        + entry(build="m:f", top1=93.0, **PARTS)
        + entry(name="levit_128s", top1=95.5, source="fine-tuned", **PARTS)
        + entry(name="resnet18d", top1=90.0, **PARTS)
        + entry(name="levit_128s", resolution=256, top1=75.0)
    )
    found = {(s.case.network, s.case.resolution): s for s in subjects(Request(networks=(toml(text),)), _Known())}
    assert list(found) == [("levit_128s", 224), ("levit_128s", 256), ("m:f", 64), ("resnet18d", 64)]
    told = {
        key: [(a.top1, a.dataset, a.images, a.classes, a.source) for a in (s.accuracy, *s.accuracies) if a]
        for key, s in found.items()
    }
    paper = accuracy_of(next(one for one in entries() if one.name == "levit_128s"))
    assert paper is not None
    imagenet = "ImageNet-1k validation", 50_000, 1000
    assert told == {
        ("levit_128s", 224): [(paper.top1, *imagenet, paper.source), (95.5, "my-parts", 2000, 10, "fine-tuned")],
        ("levit_128s", 256): [(75.0, *imagenet, SOURCE)],
        ("m:f", 64): [(61.0, *imagenet, SOURCE), (93.0, "my-parts", 2000, 10, SOURCE)],
        ("resnet18d", 64): [(90.0, "my-parts", 2000, 10, SOURCE)],
    }
    assert {key: s.label for key, s in found.items() if s.label} == {("m:f", 64): "Ours v2"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (entry(build="m:f", name="levit_128s", top1=70.0), "network 1: name one network, by build"),
        (entry(name="m:f", top1=70.0), "key name: 'm:f' is not a network of the catalog or timm"),
        (entry(name="levit_*", top1=70.0), "key name: 'levit_*' is not a network"),
        (entry(name="levit_128s@160", top1=70.0), "pixels as resolution"),
        (entry(name="levit_128s"), "nothing is stated of 'levit_128s'. Add its top1 and dataset"),
        (entry(name="levit_128s", top1=93.0, label="Ours", **PARTS), "'levit_128s' keeps its name"),
        (entry(name="levit_128s", top1=93.0), "has a top-1 of 76.6 on ImageNet-1k validation"),
        (entry(name="levit_128s", top1=93.0, dataset="imagenet val"), "and 93 is stated, too. State the dataset"),
        (entry(build="m:f", top1=70.0, dataset="my-parts"), "key dataset: 'my-parts' has how many images?"),
        (entry(build="m:f", top1=70.0, dataset="my-parts", images=2000, classes=0), "key classes: 0 is not positive"),
        (entry(build="m:f", top1=70.0, dataset="my-parts", images=10**18), "key images: more than 1,000,000,000."),
        (entry(build="m:f", top1=7.0, **PARTS) + entry(build="m:f", top1=8.0, **{**PARTS, "dataset": "My Parts"}),
         "network 2: 'm:f' stands there twice at one resolution. State it once, or once for each set"),
        (entry(build="m:f", top1=7.0) + entry(build="m:f"), "network 2: 'm:f' stands there twice"),
        (entry(build="m:f", top1=7.0, label="a") + entry(build="m:f", top1=7.0, label="b", **PARTS),
         "has the label 'a' already"),
        (entry(build="m:f", label="Ours") + entry(build="m:g", label="Ours"),
         "label 'Ours' is given to 'm:f' and 'm:g'"),
        (entry(build="m:f", label="x" * 61), "key label: give 1 to 60 printable characters"),
        (entry(build="m:f", label=" "), "key label: give 1 to 60 printable characters"),
        (entry(build="m:f", label="two\nlines"), "key label: give 1 to 60 printable characters"),
        (entry(build="m:f", dataset="  ", top1=7.0), "key dataset: give 1 to 200 printable characters"),
    ],
)  # fmt: skip
def test_what_is_stated_of_a_set_or_a_label_and_cannot_be_is_refused(text: str, said: str) -> None:
    toml(text)
    with pytest.raises(UsageError) as refused:
        subjects(Request(networks=("nets.toml",)), _Known())
    assert said in str(refused.value)
    assert str(refused.value).isprintable()


def test_one_file_named_twice_is_read_once_and_two_files_add_sets_to_one_network() -> None:
    toml(entry(build="m:f", top1=61.0), "a.toml")
    toml(entry(build="m:f", top1=93.0, **PARTS), "b.toml")
    (found,) = subjects(Request(networks=("a.toml", "a.toml", "b.toml")), _Known())
    assert found.accuracy is not None
    assert [a.top1 for a in (found.accuracy, *found.accuracies)] == [61.0, 93.0]


def test_an_accuracy_stated_without_pixels_does_not_follow_to_others() -> None:
    toml(entry(build="m:f", top1=61.0))
    at = {size: subjects(Request(networks=("nets.toml",), resolution=size), _Known())[0] for size in (None, 64, 96)}
    assert [at[size].accuracy is not None for size in (None, 64, 96)] == [True, True, False]


@pytest.mark.parametrize(
    ("stated", "kept"),
    [
        ({}, ("ImageNet-1k validation", 50_000, 1000)),
        ({"dataset": "my-parts", "images": 2000}, ("my-parts", 2000, None)),
        ({"dataset": "my-parts", "images": 2000, "classes": 10}, ("my-parts", 2000, 10)),
        ({"dataset": "imagenet-v2"}, ("imagenet-v2", 10_000, 1000)),
        ({"images": 10_000}, ("ImageNet-1k validation", 10_000, None)),
    ],
)
def test_options_state_the_set_of_an_accuracy_and_the_label_of_its_network(
    stated: dict[str, Any], kept: tuple[str, int, int | None]
) -> None:
    asked = Request(networks=("m:f", "levit_128s"), accuracy=91.0, label="Ours", **stated)
    found = {s.case.network: s for s in subjects(asked, _Known())}
    mine = found["m:f"].accuracy
    assert mine is not None
    assert (mine.dataset, mine.images, mine.classes) == kept
    assert (found["m:f"].label, found["levit_128s"].label) == ("Ours", None)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"accuracy": 91.0, "dataset": "my-parts"}, "--dataset: 'my-parts' has how many images?"),
        ({"accuracy": 91.0, "dataset": "a\nb", "images": 9}, "--dataset: give 1 to 200 printable characters"),
        ({"accuracy": 91.0, "dataset": "a", "images": 0}, "--images 0: give a positive number"),
        ({"accuracy": 91.0, "classes": -1}, "--classes -1: give a positive number"),
        ({"dataset": "a"}, "--dataset is about the set of an --accuracy, and none is given"),
        ({"images": 5}, "--images is about the set of an --accuracy"),
        ({"label": "x" * 61}, "--label: give 1 to 60"),
        (
            {"networks": ("m:f", "m:g"), "label": "Ours"},
            "--label 'Ours' belongs to one network outside the catalog, and 2",
        ),
        ({"networks": ("levit_128s",), "label": "Ours"}, "and none is"),
        ({"networks": ("nets.toml",), "label": "Ours"}, "has its label in a TOML file"),
    ],
)
def test_options_about_a_set_that_say_too_little_are_refused(asked: dict[str, Any], said: str) -> None:
    toml(entry(build="m:f", label="Mine"))
    with pytest.raises(UsageError) as refused:
        subjects(Request(**{"networks": ("m:f",), **asked}), _Known())
    assert said in str(refused.value)


def test_names_of_a_file_each_stand_for_one_network_with_what_is_stated_of_it() -> None:
    toml(entry(name="levit_128s", resolution=224, top1=95.5, **PARTS) + entry(build="m:f", top1=7.0))
    found = singles(["nets.toml", "levit_128"])
    assert {name: one and one.top1 for name, one in found.items()} == {
        "levit_128s": 95.5,
        "levit_128": None,
        "m:f": 7.0,
    }


def test_a_race_needs_one_set_that_all_were_scored_on() -> None:
    toml(entry(build="m:f", top1=93.0, **PARTS) + entry(name="levit_128s", top1=95.5, **PARTS))
    check_race(subjects(Request(networks=("nets.toml",)), _Known()))
    with pytest.raises(UsageError) as refused:
        check_race(subjects(Request(networks=("nets.toml", "levit_128")), _Known()))
    assert str(refused.value).startswith(
        "--race decides places on one front, and no set is one that all networks were scored on: "
        "ImageNet-1k validation (levit_128s, levit_128); my-parts (2,000 images, 10 classes) (levit_128s, m:f). "
    )


def test_a_function_that_a_file_does_not_have_is_refused_with_the_nearest_and_without_executing_it(here: Path) -> None:
    (here / "nets.py").write_text("raise SystemExit\ndef build(): ...\n", encoding="utf-8")
    assert expand(["nets.py:build"])[0][0].startswith("nets.py:build#")
    with pytest.raises(UsageError, match=r"^cannot find 'nets.py:biuld': nets.py has no .*\. Did you mean 'build'\?"):
        expand(["nets.py:biuld"])
