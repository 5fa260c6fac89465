"""Reading the CSV files of timm's results: every kind of header, and every kind of bad input."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from levit_bench.catalog.timm_results import LARGEST_BYTES, VALIDATION, facts_in_name, read, read_all
from levit_bench.errors import StoreError, UsageError

SPEEDS = "model,infer_samples_per_sec,infer_step_time,infer_batch_size,infer_img_size,param_count"
ACCURACIES = "model,img_size,top1,top1_err,top5,top5_err,param_count,crop_pct,interpolation"
CPU = "benchmark-infer-fp32-nchw-pt240-cpu-i9_10940x-dynamo.csv"


def file(folder: Path, name: str, *lines: str) -> Path:
    path = folder / name
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("header", "line"),
    [
        (ACCURACIES, 'eva.clip,336,89.466,10.534,98.826,1.174,"1,013.01",1.000,bicubic'),
        (
            "model,top1,top1_err,top5,top5_err,param_count,img_size,crop_pct,interpolation",
            'eva.clip,89.466,10.534,98.826,1.174,"1,013.01",336,1.000,bicubic',
        ),
        (
            "model,top1,top1_err,top5,top5_err,param_count,img_size,cropt_pct,interpolation",
            "eva.clip,89.466,10.5,98.826,1.2,1013.01,336,1,bicubic",
        ),
    ],
)
def test_every_order_of_columns_of_an_accuracy_file_is_read_alike(tmp_path: Path, header: str, line: str) -> None:
    found = read(file(tmp_path, "results-imagenet.csv", header, line))
    (top,) = found.accuracies
    assert (top.model, top.resolution, top.accuracy.top1, top.accuracy.top5) == ("eva.clip", 336, 89.466, 98.826)
    assert top.accuracy.source == "results-imagenet.csv, eva.clip"
    assert (found.dataset, found.speeds, found.findings) == (VALIDATION, (), ())


@pytest.mark.parametrize(
    ("header", "line"),
    [
        (SPEEDS, 'levit_128s,250.5,3.991,1,224,"1,007.78"'),
        (f"{SPEEDS},infer_gmacs,infer_macts", 'levit_128s,250.5,3.991,1,224,"1,007.78",,'),
        (
            "model,infer_img_size,infer_batch_size,infer_samples_per_sec,infer_step_time,infer_gmacs,x,param_count",
            "levit_128s,224,1.0,250.5,3.991,,1.88,1007.78",
        ),
    ],
)
def test_every_order_of_columns_of_a_speed_file_is_read_alike(tmp_path: Path, header: str, line: str) -> None:
    found = read(file(tmp_path, CPU, header, line))
    (speed,) = found.speeds
    assert (speed.model, speed.resolution, speed.batch) == ("levit_128s", 224, 1)
    assert speed.latency_s == pytest.approx(0.003991)
    assert (speed.throughput, speed.params, speed.macs) == (250.5, 1_007_780_000, None)
    assert (found.dataset, found.accuracies, found.findings) == (None, (), ())


def test_a_blank_speed_is_worked_out_from_the_other_one_and_two_blanks_cost_the_line(tmp_path: Path) -> None:
    found = read(file(tmp_path, "x.csv", SPEEDS, "a,,20,4,224,1", "b,200,,4,224,", "c,,,4,224,1"))
    assert [(s.model, s.latency_s, s.throughput) for s in found.speeds] == [("a", 0.02, 200.0), ("b", 0.02, 200.0)]
    assert "x.csv:4: neither infer_samples_per_sec nor infer_step_time is given" in found.findings[0].message


def test_the_name_is_taken_apart_where_it_is_built_as_timm_builds_it_and_nothing_is_guessed_otherwise() -> None:
    assert facts_in_name(CPU).words == ("fp32", "nchw", "pt240", "cpu", "i9_10940x", "dynamo")
    gpu = facts_in_name("benchmark-infer-amp_bf16-nhwc-pt291-cu130-pro6000maxq.csv")
    assert (gpu.precision, gpu.layout, gpu.torch, gpu.device, gpu.machine) == (
        "amp_bf16", "nhwc", "pt291", "cu130", "pro6000maxq",
    )  # fmt: skip
    assert gpu.compiled is None
    assert facts_in_name("model_benchmark_amp_nchw_rtx3090.csv").words == ()
    assert facts_in_name("speeds of an fp32 cpu.csv").words == ()


@pytest.mark.parametrize(
    ("name", "header", "dataset"),
    [
        ("results-imagenet-real.csv", ACCURACIES, "ImageNet-ReaL"),
        ("results-imagenetv2-matched-frequency.csv", ACCURACIES, "ImageNet-V2"),
        ("results-inv2-matched-frequency.csv", ACCURACIES, "ImageNet-V2"),
        ("results-imagenet-a-clean.csv", ACCURACIES, "ImageNet-A"),
        ("results-imagenet-r.csv", ACCURACIES, "ImageNet-R"),
        ("results-sketch.csv", ACCURACIES, "ImageNet-Sketch"),
        ("renamed.csv", f"{ACCURACIES},top1_diff", "another set than ImageNet-1k validation"),
        ("results-all.csv", ACCURACIES, VALIDATION),
    ],
)
def test_name_and_header_tell_the_set_of_images(tmp_path: Path, name: str, header: str, dataset: str) -> None:
    line = ",".join(["a.b,224,70,30,90,10,1,0.9,bicubic", *(["+1.0"] if "diff" in header else [])])
    found = read(file(tmp_path, name, header, line))
    assert found.dataset == dataset
    assert found.accuracies[0].accuracy.dataset == dataset


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("x,abc,1,1,224,1", "infer_samples_per_sec 'abc' is not a positive number"),
        ("x,nan,1,1,224,1", "infer_samples_per_sec 'nan' is not"),
        ("x,.,1,1,224,1", "infer_samples_per_sec '.' is not"),
        ("x,-3,1,1,224,1", "infer_samples_per_sec '-3' is not"),
        ("x,1e999,1,1,224,1", "infer_samples_per_sec '1e999' is not"),
        ("x,1,0,1,224,1", "infer_step_time '0' is not"),
        ("x,1,1,1.5,224,1", "infer_batch_size '1.5' is not a whole number from 1"),
        ("x,1,1,,224,1", "infer_batch_size is not given"),
        ("x,1,1,1,99999,1", "infer_img_size '99999' is not a whole number from 1 to 4096"),
        ("x,1,1,1,224,many", "param_count 'many' is not a number"),
        ("x,1,1,1,224", "5 cells, and the header has 6"),
        ("x,1,1,1,224,1,2", "7 cells, and the header has 6"),
        (",1,1,1,224,1", "no model is named"),
        ('"x,1,1,1,224,1', "no line of comma-separated values"),
        ("good,1.0,1,1,224,1", "the same network and setting as in line 2"),
        ("x,\x1b[31m,1,1,224,1", r"infer_samples_per_sec '\x1b[31m' is not"),
    ],
)
def test_a_bad_line_costs_itself_and_is_named_with_its_place(tmp_path: Path, line: str, said: str) -> None:
    found = read(file(tmp_path, "x.csv", SPEEDS, "good,1,1,1,224,1", line, "", "better,1,1,1,224,1"))
    assert [speed.model for speed in found.speeds] == ["good", "better"]
    (finding,) = found.findings
    assert finding.kind == "published-line"
    assert finding.message.startswith(f"x.csv:3: {said}")
    assert finding.message.endswith("the line was skipped. The other 2 lines were read.")


@pytest.mark.parametrize("cell", ["101", "-1", "0.765", "", "inf"])
def test_an_accuracy_that_is_no_percentage_costs_its_line(tmp_path: Path, cell: str) -> None:
    lines = (ACCURACIES, "a.b,224,70,30,90,10,1,1,x", f"c.d,224,{cell},30,90,10,1,1,x")
    found = read(file(tmp_path, "results-imagenet.csv", *lines))
    assert [top.model for top in found.accuracies] == ["a.b"]
    assert "results-imagenet.csv:3: top1" in found.findings[0].message


@pytest.mark.parametrize(
    ("name", "header", "lines", "said"),
    [
        (
            CPU, SPEEDS, ("a,1,1,1,224,1", "b,2,2,1,224,1", "a,9,9,1,224,1"),
            "lines 2 and 4 contradict each other about 'a': infer_samples_per_sec '1' and '9', infer_step_time",
        ),
        (
            "results-imagenet.csv", ACCURACIES, ("a.b,224,70,30,90,10,1,1,x", "?", "a.b,224,71,29,90,10,1,1,x"),
            "lines 2 and 4 contradict each other about 'a.b': top1 '70' and '71', top1_err '30' and '29'",
        ),
    ],
)  # fmt: skip
def test_two_lines_that_contradict_each_other_are_refused_with_both(
    tmp_path: Path, name: str, header: str, lines: tuple[str, ...], said: str
) -> None:
    with pytest.raises(StoreError) as caught:
        read(file(tmp_path, name, header, *lines))
    assert str(caught.value).startswith(f"{name}: {said}")


def test_accuracies_at_two_crops_contradict_nothing_and_the_first_counts(tmp_path: Path) -> None:
    lines = (ACCURACIES, "a.b,224,70,30,90,10,1,0.9,x", "a.b,224,71,29,90,10,1,1.0,x")
    found = read(file(tmp_path, "results-imagenet.csv", *lines))
    assert [top.accuracy.top1 for top in found.accuracies] == [70.0]
    assert "the same network and setting as in line 2" in found.findings[0].message


def test_several_bad_lines_are_counted(tmp_path: Path) -> None:
    found = read(file(tmp_path, "x.csv", SPEEDS, "good,1,1,1,224,1", "?", "?", "?"))
    assert "So were 2 more. The other 1 line was read." in found.findings[0].message


@pytest.mark.parametrize(
    ("content", "error", "said"),
    [
        (b"", StoreError, "is empty"),
        (b" \n\n", StoreError, "is empty"),
        (b"\xff\xfe\x00m", StoreError, "is no UTF-8 text"),
        (SPEEDS.encode(), StoreError, "holds no line that can be read. It has a header alone"),
        (SPEEDS.encode() + b"\n?\n", StoreError, "holds no line that can be read. x.csv:2: 1 cells"),
        (b"a,b,c\n1,2,3\n", UsageError, "neither of timm's kinds"),
        (b"model;img_size;top1\n", UsageError, "Its header begins with 'model;img_size;top1'"),
        (b"model,train_samples_per_sec\n", UsageError, "holds training speeds"),
        (b"model,model,img_size,top1\n", UsageError, "named twice"),
        (SPEEDS.encode() + b",img_size,top1\n", UsageError, "columns of accuracies and of speeds"),
        (b'"model\n', UsageError, "x.csv:1: no line of comma-separated values"),
        (b"x" * (LARGEST_BYTES + 1), StoreError, "has 8 MiB"),
    ],
    ids=[
        "empty",
        "blank",
        "bytes",
        "header",
        "bad",
        "neither",
        "semicolons",
        "training",
        "twice",
        "both",
        "quote",
        "huge",
    ],
)
def test_a_file_that_cannot_be_used_is_refused_with_the_reason(
    tmp_path: Path, content: bytes, error: type[Exception], said: str
) -> None:
    (tmp_path / "x.csv").write_bytes(content)
    with pytest.raises(error) as raised:
        read(tmp_path / "x.csv")
    assert said in str(raised.value)


def test_a_file_that_is_not_there_or_is_a_folder_is_refused(tmp_path: Path) -> None:
    missing = [tmp_path / "none.csv", Path("a\0b"), tmp_path / ("x" * 300)]
    os.mkfifo(tmp_path / "pipe.csv")
    (tmp_path / "loop.csv").symlink_to("loop.csv")
    others = {"": "is a folder", "pipe.csv": "is a pipe", "loop.csv": "is a link that leads back to itself"}
    for path, said in (
        *((tmp_path / name, said) for name, said in others.items()),
        *((path, "there is no file|cannot read") for path in missing),
    ):
        with pytest.raises((UsageError, StoreError), match=said):
            read(path)


def test_windows_line_ends_and_a_byte_order_mark_are_no_matter(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_bytes(b"\xef\xbb\xbf" + SPEEDS.encode() + b"\r\na,1,1,1,224,1\r\n")
    assert read(tmp_path / "x.csv").speeds[0].params == 1_000_000


def test_a_file_named_twice_counts_once_and_two_files_of_one_name_are_refused(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    first = file(tmp_path, "x.csv", SPEEDS, "a,1,1,1,224,1")
    second = file(tmp_path / "other", "x.csv", SPEEDS, "a,1,1,1,224,1")
    assert len(read_all([first, tmp_path / "other" / ".." / "x.csv"])) == 1
    with pytest.raises(UsageError, match=r"two published files are called 'x\.csv'"):
        read_all([first, second])


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (
            "x,250,40,1,224,1",
            "infer_samples_per_sec '250' and infer_step_time '40' contradict each other: a batch of 1",
        ),
        ("x,250.00,4.000,16,224,1", "a batch of 16 in 4 ms is 4000 images a second"),
        ('x,"4,250",4,1,224,1', "infer_samples_per_sec '4,250' has a comma: write a decimal point"),
        ('x,250,"4,000",1,224,1', "infer_step_time '4,000' has a comma"),
        ("x,∞,4,1,224,1", "infer_samples_per_sec '∞' is not a positive number"),
        ("x,２５０,4,1,224,1", "infer_samples_per_sec '２５０' is not a positive number"),
    ],
)
def test_speeds_of_one_line_that_contradict_each_other_cost_the_line(tmp_path: Path, line: str, said: str) -> None:
    found = read(file(tmp_path, "x.csv", SPEEDS, "good,250.00,4.000,1,224,1", line))
    assert [speed.model for speed in found.speeds] == ["good"]
    assert found.findings[0].message.startswith("x.csv:3: ")
    assert said in found.findings[0].message


@pytest.mark.parametrize(
    "line",
    [
        "eva_giant,0.09,10775.568,1,560,1",  # published so: the rate is rounded to a hundredth
        "a,48000,21.34,1024,224,1",
        "a,1.9e2,5.26,1,224,1",
        'a,250.0,4.000,1,224,"1,013.01"',
    ],
)
def test_speeds_that_differ_by_their_rounding_alone_are_read(tmp_path: Path, line: str) -> None:
    assert read(file(tmp_path, "x.csv", SPEEDS, line)).findings == ()


@pytest.mark.parametrize(
    ("name", "line", "said"),
    [
        ("results-imagenet.csv", "c.d,224,1.0,,,,1,1,x", "top1 '1.0' is a fraction"),
        ("results-imagenet-a.csv", "c.d,224,0.83,0.17,,,1,1,x", "top1 '0.83' is a fraction"),
        ("results-imagenet-a.csv", "c.d,224,1.0,0.0,,,1,1,x", "top1 '1.0' is a fraction"),
        ("results-imagenet.csv", "c.d,224,1.2,,,,1,1,x", None),
        ("results-imagenet-a.csv", "c.d,224,0.83,99.17,,,1,1,x", None),
        ("results-imagenet.csv", "c.d,224,83,7,,,1,1,x", "top1 '83' and top1_err '7' contradict each other"),
        ("results-imagenet.csv", "c.d,224,83,17,0.96,0.04,1,1,x", "top5 '0.96' is below top1 '83'"),
        ("results-imagenet.csv", "c.d,224,83.1%,16.9 %,96%,4,1,1,x", None),
        ("results-imagenet.csv", "c.d,224,183%,,,,1,1,x", "top1 '183%' is not a percentage"),
        ("results-imagenet.csv", 'c.d,224,"83,1",,,,1,1,x', "top1 '83,1' has a comma: write a decimal point"),
        ("results-imagenet.csv", "c.d,224,0e999,100,,,1,1,x", None),
    ],
)
def test_percentages_are_read_as_they_are_meant_or_cost_their_line(
    tmp_path: Path, name: str, line: str, said: str | None
) -> None:
    found = read(file(tmp_path, name, ACCURACIES, "a.b,224,70,30,90,10,1,1,x", line))
    assert len(found.accuracies) == (1 if said else 2)
    assert [said in finding.message for finding in found.findings] == ([True] if said else [])


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("\ufeff" + SPEEDS + "\na,250,4,1,224,1\n", None),
        (SPEEDS + "\ra,250,4,1,224,1\r", None),
        (SPEEDS + ",,\na,250,4,1,224,1,,\n", None),
        ("," + SPEEDS + "\n0,a,250,4,1,224,1\n", None),
        (SPEEDS.replace(",", ";") + "\na;250;4,0;1;224;1\n", "columns are separated by semicolons"),
        (SPEEDS.replace(",", "\t") + "\na\t250\t4\t1\t224\t1\n", "columns are separated by tabs"),
        (SPEEDS + ",infer_step_time\na,250,4,1,224,1,4\n", "the column 'infer_step_time' is named twice"),
        (SPEEDS + "\na,250,4,1,224,1\nb,\x00\n", "is zero, as in UTF-16 and in files that hold no text"),
    ],
)
def test_what_spreadsheets_make_of_a_file_is_read_or_refused_by_name(
    tmp_path: Path, content: str, said: str | None
) -> None:
    (tmp_path / "x.csv").write_bytes(content.encode())
    if said is None:
        assert [speed.throughput for speed in read(tmp_path / "x.csv").speeds] == [250.0]
    else:
        with pytest.raises((UsageError, StoreError)) as refused:
            read(tmp_path / "x.csv")
        assert said in str(refused.value)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"])
def test_a_file_in_another_encoding_is_told_to_be_saved_anew(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "x.csv").write_bytes((SPEEDS + "\nné,250,4,1,224,1\n").encode(encoding))
    with pytest.raises(StoreError, match=r"^x\.csv is no UTF-8 text"):
        read(tmp_path / "x.csv")
