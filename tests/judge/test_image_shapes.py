"""Cases whose images differ in height, width, channels or number type are never taken for each other."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import msgspec
import pytest
from levit_bench.errors import NothingToShowError, SchemaError, StoreError, UsageError
from levit_bench.judge.case_lookup import named
from levit_bench.judge.comparability import where
from levit_bench.judge.compare.matching import check_ignored, keyed, match
from levit_bench.judge.compare.one_session import within
from levit_bench.judge.compare.reference_network import against
from levit_bench.judge.early_stopping.race import runners
from levit_bench.judge.front.changes import base_of, changes
from levit_bench.judge.front.panels import panels
from levit_bench.judge.published.accuracies import complete
from levit_bench.judge.published.panels import published_panels
from levit_bench.planning.forecast import _macs
from levit_bench.records import SCHEMA, Case, ImageShape
from levit_bench.report.front.table import csv
from levit_bench.report.views.cases import axes, fields, frame, rows
from levit_bench.store.files import read_session, records

from tests.judge.published.test_accuracies import accuracies
from tests.judge.published.test_panels import labels, speed, speeds
from tests.making import record
from tests.store.test_migrations import written

RUNS = (0.01, 0.0101, 0.0102)
SHAPES = (
    ImageShape.square(224),
    ImageShape(3, 224, 256),
    ImageShape(3, 256, 224),
    ImageShape(4, 224, 224),
    ImageShape(3, 224, 224, "uint8"),
)


def fed(shape: ImageShape, network: str = "m:f", runs: object = RUNS, **more: object):
    """A record of a network that was fed such images."""
    images = {"resolution": shape.height, "width": shape.width, "channels": shape.channels, "dtype": shape.dtype}
    return record(network, runs, **images, **more)  # type: ignore[arg-type]


ALL = [fed(shape, runs=[0.01 * at, 0.0101 * at, 0.0102 * at]) for at, shape in enumerate(SHAPES, 1)]


def test_a_panel_has_a_point_for_each_and_labels_that_tell_them_apart() -> None:
    (panel,) = panels(ALL)
    assert [point.label for point in panel.points] == [
        "m:f@224", "m:f@224x256", "m:f@256x224", "m:f@224 4 channels", "m:f@224 uint8",
    ]  # fmt: skip
    assert [point.latency.n for point in panel.points] == [3] * 5
    assert [line.split(",")[:4] for line in csv([panel]).splitlines()] == [
        ["network", "resolution", "channels", "dtype"],
        *(["m:f", shape.size, str(shape.channels), shape.dtype] for shape in SHAPES),
    ]


def test_sides_are_matched_by_their_images() -> None:
    again = [msgspec.structs.replace(one, session="s2") for one in ALL]
    matched = match(keyed(ALL), keyed(again))
    assert [pair.first == pair.second for pair in matched.pairs] == [True] * 5
    assert matched.apart == matched.left == matched.right == ()
    for one, other in pairwise(ALL):
        found = match(keyed([one]), keyed([msgspec.structs.replace(other, session="s2")]))
        assert found.pairs == ()
        differing = {field for pair in found.apart for field in pair.differing}
        assert differing <= {"resolution", "channels", "dtype"}
        assert differing
    found = match(keyed([ALL[1]]), keyed([ALL[2]]))
    assert found.apart[0].differing == {"resolution": ("224x256", "256x224")}
    check_ignored(["channels", "dtype"])
    assert len(match(keyed([ALL[0]]), keyed([ALL[3]]), ["channels"]).pairs) == 1


@pytest.mark.parametrize(
    ("text", "at"),
    [("m:f@224x256", 1), ("m:f:resolution=256x224", 2), ("m:f:channels=4", 3), ("m:f@224x224:dtype=uint8", 4)],
)
def test_a_case_is_named_by_its_images(text: str, at: int) -> None:
    assert named(ALL, text).case.shape == SHAPES[at]


def test_what_cannot_be_named_says_what_there_is() -> None:
    with pytest.raises(UsageError, match=r"which differ in resolution \(224, 224x256, 256x224\), channels \(3, 4\)"):
        named(ALL, "m:f")
    with pytest.raises(NothingToShowError, match="no stored case has resolution=192x256"):
        named(ALL, "m:f@192x256")
    assert [one.case.shape for one in where(ALL, {"resolution": "224x224", "dtype": "float32"})] == [
        SHAPES[0], SHAPES[3],
    ]  # fmt: skip


def test_pairs_inside_a_session_are_of_equal_images() -> None:
    short, long = [0.01, 0.0101, 0.0102, 0.0103, 0.01], [0.02, 0.0203, 0.0204, 0.0205, 0.0201]
    oblong = [fed(SHAPES[1], runs=short), fed(SHAPES[1], runs=long, form="inference")]
    square = [fed(SHAPES[0], runs=long), fed(SHAPES[0], runs=short, form="inference")]
    found = within([*oblong, *square], "form", "shipped", "inference").rows
    assert [(row.first.case.shape, row.second.case.shape) for row in found] == [
        (SHAPES[1], SHAPES[1]), (SHAPES[0], SHAPES[0]),
    ]  # fmt: skip
    assert [row.comparison.ratio.value for row in found] == pytest.approx([2.0, 0.5], rel=0.02)
    bases = [fed(SHAPES[0], "b"), fed(SHAPES[1], "b", [0.02, 0.0202, 0.0204])]
    ratios = {one.record.case.size: one.ratio for one in against([*bases, fed(SHAPES[1])], "b") if not one.is_base}
    assert ratios["224x256"].value == pytest.approx(0.5)


def test_published_figures_are_of_squares_alone() -> None:
    oblong = [fed(SHAPES[1], "levit_128s", top1=None), fed(ImageShape(3, 192, 224), "resnet26t", top1=None)]
    given = accuracies(levit_128s__fb=76.5, resnet26t__ra2_in1k=78.0)
    found, findings = complete(oblong, [given])
    assert [one.info.accuracy for one in found] == [None, None]
    assert findings == []
    (square, _), _ = complete([fed(SHAPES[0], "levit_128s.fb", top1=None), *oblong[1:]], [given])
    assert square.info.accuracy is not None
    # An accuracy that the user states is not held against one of another size.
    stated, findings = complete([fed(SHAPES[1], "levit_128s.fb", top1=12.0)], [given])
    assert (stated[0].info.accuracy.top1, findings) == (12.0, [])
    beside = published_panels([speeds(speed("levit_128s"))], panels([fed(SHAPES[1], "levit_128s", top1=70.0)]))
    assert labels(beside) in ([], [[]])
    chosen = published_panels([speeds(speed("levit_128s"))], panels(ALL), networks=["levit_128s@224x224"])
    assert labels(chosen) == [["levit_128s"]]
    for word in ("levit_128s@224x256", "levit@224x256", "levit_1*@224x256"):
        with pytest.raises(UsageError, match="chooses none of the 1 published speeds"):
            published_panels([speeds(speed("levit_128s"))], panels(ALL), networks=[word])


def test_a_front_that_moves_is_followed_by_images() -> None:
    before = [fed(SHAPES[0]), fed(SHAPES[1], runs=[0.02, 0.0201, 0.0202], top1=81.0)]
    found = panels([*before, fed(SHAPES[1], batch=16, top1=81.0), fed(SHAPES[2], batch=16, top1=70.0)])
    (change,) = changes(found, base_of(found))
    assert (change.only_here, change.only_base) == (("m:f@256x224",), ("m:f@224",))


def test_racers_and_forecasts_know_height_and_width() -> None:
    racing = runners([one.info for one in ALL])
    assert sorted(one.name for one in racing) == sorted(["m:f@224", "m:f@224x256", "m:f@256x224", "m:f@224", "m:f@224"])
    assert len({one.course for one in racing}) == 1
    square, oblong = (_macs(Case(network="levit_128s", resolution=224, width=width)) for width in (224, 112))
    assert oblong == pytest.approx(square / 2)


def test_tables_files_and_command_lines_say_height_width_channels_and_type() -> None:
    assert [axes(one.case) for one in ALL] == [
        "224px b1 t1 pinned", "224x256px b1 t1 pinned", "256x224px b1 t1 pinned", "224px 4 channels b1 t1 pinned",
        "224px uint8 b1 t1 pinned",
    ]  # fmt: skip
    assert [(row["resolution"], row["channels"], row["dtype"]) for row in rows(ALL)] == [
        (224, 3, "float32"), ("224x256", 3, "float32"), ("256x224", 3, "float32"), (224, 4, "float32"),
        (224, 3, "uint8"),
    ]  # fmt: skip
    assert list(frame(ALL[:1])["resolution"]) == [224]
    assert fields(ALL[1].case)["resolution"] == "224x256"
    assert ImageShape(1, 2, 3, "uint8").unusual == ["1 channel", "uint8"]


def test_a_reader_of_an_earlier_format_refuses_and_bad_images_are_bad_lines(tmp_path: Path) -> None:
    path = written(tmp_path, SCHEMA)
    text = path.read_text(encoding="utf-8")
    assert f'"schema":{SCHEMA}' in text
    for old, new in (
        ('"width":null', '"width":0'),
        ('"width":null', '"width":-224'),
        ('"channels":3', '"channels":-1'),
        ('"dtype":"float32"', '"dtype":"x"'),
    ):
        assert old in text
        path.write_text(text.replace(old, new, 1), encoding="utf-8")
        found = read_session(path)
        assert [one.kind for one in found.findings][:1] == ["bad-line"], new
    path.write_text(text, encoding="utf-8")
    case = records(read_session(path))[0].case
    other = msgspec.structs.replace(case, width=100)
    wide = text.replace('"width":null', '"width":100', 1).replace(case.id, other.id)
    path.write_text(wide, encoding="utf-8")
    assert "100" in records(read_session(path))[0].case.size
    path.write_text(text.replace(f'"schema":{SCHEMA}', f'"schema":{SCHEMA + 1}'), encoding="utf-8")
    with pytest.raises((SchemaError, StoreError), match="Update the checkout"):
        read_session(path)
