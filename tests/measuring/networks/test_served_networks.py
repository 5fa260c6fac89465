"""What a user's network returns and is wrapped in: served, chosen, told, or refused by what it is."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from levit_bench.measuring import networks, runtimes
from levit_bench.measuring.networks.plain_module import compiled_frames, plain
from levit_bench.measuring.pass_data.output_check import relative_distance
from levit_bench.measuring.pass_data.reference_outputs import references_in
from levit_bench.measuring.preparing import artifacts
from levit_bench.measuring.preparing.probabilities import ending_of, logits_before
from levit_bench.measuring.worker import Worker
from levit_bench.measuring.workers.messages import CaseLoaded, Load, Prepared
from levit_bench.records import Case, ImageShape

pytestmark = pytest.mark.slow  # builds and times networks

NETS = "tests.unusual_networks"


def prepared(network: str, folder: Path, batch: int = 2, **fields: object) -> Prepared:
    """Prepared, and loaded as a seat does."""
    case = Case(network=f"{NETS}:{network}", resolution=32, batch=batch, **fields)  # type: ignore[arg-type]
    made = artifacts.prepare(case, (batch,), folder, 3)
    answer = Worker().answer(Load(case=case, folder=str(folder), seed=3))
    assert isinstance(answer, CaseLoaded), answer
    return made


def told(made: Prepared) -> dict[str, str]:
    """Messages of the findings by kind."""
    return {finding.kind: finding.message for finding in made.findings}


# Builders with arguments.


def test_arguments_reach_the_builder_and_an_equal_call_is_the_same_network(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    wide = prepared("plain(32)", tmp_path)
    deep = prepared('plain(kind="deep", width=32)', tmp_path / "other")
    assert wide.params == 32 * (3 * 64 + 1) + 2 * 32 + 10 * 33
    assert deep.params == wide.params + 32 * 33


@pytest.mark.parametrize(
    ("network", "said"),
    [
        ("needs", "takes the arguments width, kind. Give them as literals, such as :needs(width=…, kind=…)"),
        ("needs(2)", "cannot be called so: missing a required argument: 'kind'. It takes (width, kind)"),
        (
            "plain(deep=True)",
            "unexpected keyword argument 'deep'. It takes (width=16, kind='usual', classes=10)",
        ),
        ("plain(1, 2, 3, 4)", "too many positional arguments"),
        ("plain(1, width=2)", "multiple values for argument 'width'"),
        ("nosuch(1)", "has no 'nosuch'"),
    ],
)
def test_arguments_that_do_not_fit_are_refused_with_what_fits(network: str, said: str) -> None:
    (why,) = networks.resolve([f"{NETS}:{network}"]).missing.values()
    assert said in why


# Several outputs.


@pytest.mark.parametrize(
    ("kind", "taken"),
    [
        ("tuple", "returns 2 tensors ([0] (2, 10), [1] (2, 7)); [0] is"),
        ("list", "returns 3 tensors ([0] (2, 10), [1] (2, 7), [2] (2, 16, 1, 1)); [0] is"),
        ("logits and aux", 'returns 2 tensors (["logits"] (2, 10), ["aux"] (2, 7)); ["logits"] is'),
        ("object", 'returns 2 tensors (["logits"] (2, 10), ["aux"] (2, 7)); ["logits"] is'),
        ("named tuple", 'returns 2 tensors (["features"] (2, 16, 1, 1), ["logits"] (2, 10)); ["logits"] is'),
    ],
)
def test_several_outputs_are_told_with_the_one_that_is_timed(tmp_path: Path, kind: str, taken: str) -> None:
    said = told(prepared(f'several("{kind}")', tmp_path))["several-outputs"]
    assert f"{taken} checked and timed as logits: all of them are computed" in said
    assert f'Choose another as {NETS}:several("{kind}")[…]' in said


@pytest.mark.parametrize("kind", ["one", "out alone"])
def test_a_single_output_is_served_without_a_word(tmp_path: Path, kind: str) -> None:
    assert told(prepared(f'several("{kind}")', tmp_path)) == {}


@pytest.mark.parametrize(
    ("network", "classes"),
    [
        ('several("tuple")[-1]', 7), ('several("tuple")[0]', 10), ('several("out and aux")["aux"]', 7),
        ('several("logits and aux")["aux"]', 7), ('several("other object")["main"]', 10),
        ('several("nested")[0][1]', 7), ('several("features first")[1]', 10), ('several("named tuple")[1]', 10),
    ],
)  # fmt: skip
def test_an_output_that_is_chosen_is_the_one_that_is_checked(tmp_path: Path, network: str, classes: int) -> None:
    made = prepared(network, tmp_path)
    assert told(made) == {}
    assert references_in(tmp_path).logits.shape[1] == classes
    assert made.logits_std == pytest.approx(1, abs=0.3), "its own layer was calibrated, not that of another output"


@pytest.mark.parametrize("chosen", ["", "[-1]"])
def test_a_runtime_that_leaves_out_what_nobody_reads_says_so_whatever_was_chosen(tmp_path: Path, chosen: str) -> None:
    said = told(prepared(f'several("tuple"){chosen}', tmp_path, runtime="torchscript"))["several-outputs"]
    assert "torchscript leaves out what only the others need" in said


@pytest.mark.parametrize(
    ("network", "said"),
    [
        (
            'several("out and aux")',
            'a dict with the keys out, aux; .* Choose with {NETS}:several("out and aux")["out"] or ',
        ),
        ('several("other object")', 'returned a _Other; .* several("other object")["main"] or '),
        ('several("nested")', 'a tuple of list, Tensor; .* several("nested")[0][0] or '),
        ('several("features first")', 'shape (2, 16, 1, 1) in its tuple for 2 images; .* several("features first")[1]'),
        (
            'several("tuple")[2]',
            'a tuple of Tensor, Tensor, without [2]. Choose with .* several("tuple")[0] or .* several("tuple")[1]',
        ),
        ('several("tuple")["aux"]', 'without ["aux"]. Choose with .* several("tuple")[0]'),
        ("plain[0]", "returned shape (10,) in its Tensor"),
        ('ends("classes")', "returned int64 numbers; expected are logits in floating point"),
    ],
)
def test_an_output_that_is_not_clear_is_asked_for(network: str, said: str) -> None:
    with pytest.raises(TypeError) as refused:
        networks.build(f"{NETS}:{network}", ImageShape.square(32))
    assert all(part in str(refused.value) for part in said.replace("{NETS}", NETS).split(" .* "))


# A batch of one.


@pytest.mark.parametrize("batch", [1, 3])
@pytest.mark.parametrize("runtime", ["eager", "channels-last", "torchscript", "onnxruntime", "openvino"])
def test_a_batch_of_one_that_is_squeezed_away_is_put_back(tmp_path: Path, batch: int, runtime: str) -> None:
    if why := runtimes.unavailable(runtime):
        pytest.skip(why)
    prepared('ends("squeeze")', tmp_path, batch, runtime=runtime)
    assert references_in(tmp_path).logits.shape[1] == 10


# Probabilities.


@pytest.mark.parametrize("classes", [10, 1000])
@pytest.mark.parametrize("kind", ["softmax", "sharp softmax", "log-softmax", "sigmoid", "wrapped softmax"])
def test_probabilities_are_calibrated_by_their_logits_and_told(tmp_path: Path, kind: str, classes: int) -> None:
    made = prepared(f'ends("{kind}", {classes})', tmp_path)
    assert 0.5 < made.logits_std < 3
    said = told(made)["ends-with-softmax"]
    assert f"ends with {kind.removeprefix('sharp ').removeprefix('wrapped ')}, which is timed" in said
    outputs = references_in(tmp_path).logits
    probabilities = outputs.exp() if kind == "log-softmax" else outputs
    assert 1 / classes < float(probabilities.max()) < (1 if kind == "sigmoid" else 0.9), "a row of one class alone"


@pytest.mark.parametrize("kind", ["relu", "softplus"])
def test_what_only_looks_like_probabilities_at_first_is_no_end(tmp_path: Path, kind: str) -> None:
    made = prepared(f'ends("{kind}")', tmp_path)
    assert told(made) == {}
    assert 0.3 < made.logits_std < 2


def test_logits_are_found_behind_what_was_made_of_them() -> None:
    logits = torch.randn(4, 100, generator=torch.Generator().manual_seed(0))
    made = {"softmax": logits.softmax(1), "log-softmax": logits.log_softmax(1), "sigmoid": logits.sigmoid()}
    for name, outputs in made.items():
        ending = ending_of(outputs)
        assert ending == name
        before = logits_before(outputs, ending)
        assert relative_distance(before, logits) < 1e-5
    assert ending_of(logits) is None
    assert ending_of(logits.relu()) is None
    assert ending_of(torch.full((2, 4), float("nan"))) is None


# Modules that are run in another way.


@pytest.mark.parametrize(
    ("by", "taken"),
    [
        ("compile", "torch.compile"), ("compile in place", "torch.compile"), ("compiled forward", "torch.compile"),
        ("parallel", "DataParallel"), ("parallel compile", "DataParallel and torch.compile"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("where", ["wrapped", "holds_wrapped"])
def test_the_plain_module_is_taken_out_and_that_is_told(tmp_path: Path, where: str, by: str, taken: str) -> None:
    made = prepared(f'{where}("{by}")', tmp_path)
    assert f"was returned within {taken}, and the plain module was taken out of it" in told(made)["module-unwrapped"]
    network = networks.build(f'{NETS}:{where}("{by}")', ImageShape.square(32))
    assert {type(module).__module__.split(".")[1] for module in network.modules()} == {"nn"}
    assert all(module._compiled_call_impl is None for module in network.modules())
    before = compiled_frames()  # of the whole process: another test may have compiled
    network(torch.zeros(2, 3, 32, 32))
    assert compiled_frames() == before, "nothing may be compiled in a pass"


def test_a_forward_that_is_compiled_by_a_decorator_is_run_as_it_is_written(tmp_path: Path) -> None:
    made = prepared("compiles_its_forward", tmp_path)
    assert "within torch.compile" in told(made)["module-unwrapped"]


def test_a_symbolic_graph_is_a_plain_module(tmp_path: Path) -> None:
    assert told(prepared('wrapped("graph")', tmp_path)) == {}


@pytest.mark.parametrize(
    ("by", "said"),
    [
        ("script", "is a scripted module. Give the plain module, and name --runtime torchscript"),
        ("trace", "is a traced module. Give the plain module, and name --runtime torchscript"),
        ("quantised", "is quantised (Linear). Give the network in floating point"),
        ("observed", "is prepared for quantisation (MinMaxObserver), which changes in every pass"),
        ("int8", "weight is torch.int8: it is quantised"),
        ("exported", "is the module of an exported program. Give the plain module, and name --runtime compile"),
        ("meta", "weight is on the device meta. Build it on the processor"),
    ],
)
@pytest.mark.parametrize("where", ["wrapped", "holds_wrapped"])
def test_another_program_is_refused_by_what_it_is(where: str, by: str, said: str) -> None:
    with pytest.raises(ValueError, match=r"it|its") as refused:
        networks.build(f'{NETS}:{where}("{by}")', ImageShape.square(32))
    assert said in str(refused.value)


def test_an_exported_program_is_refused_by_name() -> None:
    with pytest.raises(TypeError, match=r"returned an ExportedProgram, not a torch\.nn\.Module\. Give the"):
        networks.build(f'{NETS}:wrapped("program")', ImageShape.square(32))


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_a_function_that_is_compiled_within_a_pass_is_noticed() -> None:
    with pytest.raises(ValueError, match=r"calls torch\.compile in its forward"):
        networks.build(f"{NETS}:calls_compiled", ImageShape.square(32))


def test_a_module_that_is_held_twice_is_looked_at_once() -> None:
    inner = torch.nn.Linear(2, 2)
    network = torch.nn.Sequential(torch.nn.DataParallel(inner), torch.nn.DataParallel(inner))
    found, taken = plain(network)
    assert found[0] is found[1] is inner  # type: ignore[index]
    assert taken == ("DataParallel",)


def test_rows_of_one_class_that_no_weights_prevent_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="ends with softmax, and whatever its weights are, one class takes nearly all"):
        prepared('ends("one-hot")', tmp_path)


@pytest.mark.parametrize("by", ["fc", "head", "classifier", "get_classifier"])
def test_a_network_without_its_classifier_is_told(tmp_path: Path, by: str) -> None:
    said = told(prepared(f'headless("{by}")', tmp_path))["no-classifier"]
    assert "returns 16 features an image, and no classes" in said
