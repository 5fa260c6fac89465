import pytest
from levit_bench.spelling import did_you_mean, nearest

AXES = ("against", "batch", "threads", "streams")


@pytest.mark.parametrize(
    ("text", "names", "name"),
    [
        ("agianst", AXES, "against"),
        ("thread", AXES, "threads"),
        ("Batch", AXES, "batch"),
        ("onnx", ("openvino", "onnxruntime", "onnxruntime-gpu"), "onnxruntime"),
        ("gpu", ("cpu", "cuda"), None),
        ("cdua", ("cpu", "cuda"), "cuda"),
        ("on", ("onnxruntime",), None),
        ("colour", AXES, None),
        ("t" * 10_000, AXES, None),
    ],
)
def test_the_nearest_name_is_found(text, names, name):
    assert nearest(text, names) == name


def test_the_question_has_a_space_before_it_and_is_empty_where_nothing_is_near():
    assert did_you_mean("biuld", ["build"]) == " Did you mean 'build'?"
    assert did_you_mean("other", ["build"]) == ""
