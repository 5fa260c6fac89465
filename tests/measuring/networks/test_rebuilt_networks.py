"""A network is built anew in every process: what it keeps and draws is the same there, or it is refused for that."""

from __future__ import annotations

import random
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from levit_bench.catalog.user_networks import expand
from levit_bench.measuring import networks, runtimes
from levit_bench.measuring.networks import recipe, user_builders
from levit_bench.measuring.networks.recipe import Recipe
from levit_bench.measuring.pass_data.output_check import relative_distance
from levit_bench.measuring.pass_data.reference_outputs import references_in
from levit_bench.measuring.preparing import artifacts
from levit_bench.measuring.worker import Worker
from levit_bench.measuring.workers.messages import CaseLoaded, Failed, Load
from levit_bench.records import Case, ImageShape

pytestmark = pytest.mark.slow  # builds and times networks

NETS = "tests.unusual_networks"


def loaded(network: str, folder: Path, **fields: object) -> object:
    """What a seat says when it loads what was prepared; generators are elsewhere by then, as in another process."""
    case = Case(network=f"{NETS}:{network}", resolution=32, batch=2, **fields)  # type: ignore[arg-type]
    artifacts.prepare(case, (2,), folder, 3)
    torch.manual_seed(99)
    random.seed(99)
    np.random.seed(99)
    return Worker().answer(Load(case=case, folder=str(folder), seed=3))


STYLES = ("eval-list", "eval-dict", "lazy", "once", "once-dict")


@pytest.mark.parametrize("form", ["shipped", "inference"])
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
@pytest.mark.parametrize("style", STYLES)
def test_what_is_kept_in_evaluation_mode_is_that_of_the_loaded_weights(
    tmp_path: Path, style: str, precision: str, form: str
) -> None:
    answer = loaded(f'keeps(style="{style}")', tmp_path, precision=precision, form=form)
    assert isinstance(answer, CaseLoaded), answer


@pytest.mark.parametrize("style", ["eval-dict", "lazy", "once-list"])
@pytest.mark.parametrize(
    ("runtime", "precision"),
    [
        ("channels-last", "bf16"), ("torchscript", "bf16"), ("torchscript", "fp32"), ("onnxruntime", "fp32"),
        ("openvino", "fp32"),
    ],
)  # fmt: skip
def test_what_is_kept_is_right_in_every_runtime(tmp_path: Path, style: str, runtime: str, precision: str) -> None:
    if why := runtimes.unavailable(runtime):
        pytest.skip(why)
    answer = loaded(f'keeps("{style}")', tmp_path, runtime=runtime, precision=precision)
    assert isinstance(answer, CaseLoaded), answer


@pytest.mark.slow
@pytest.mark.parametrize("style", ["eval-dict", "lazy", "once-list"])
def test_what_is_kept_is_right_when_it_is_compiled(tmp_path: Path, style: str) -> None:
    if why := runtimes.unavailable("compile"):
        pytest.skip(why)
    answer = loaded(f'keeps("{style}")', tmp_path, runtime="compile", precision="bf16")
    assert isinstance(answer, CaseLoaded), answer


def test_what_is_kept_shows_in_the_reference(tmp_path: Path) -> None:
    """The table is part of what is computed: with another one the outputs are others."""
    case = Case(network=f'{NETS}:keeps("once")', resolution=32, batch=2)
    artifacts.prepare(case, (2,), tmp_path, 3)
    network = runtimes.get("eager").rebuilt(case, artifacts.artifact_in(tmp_path))  # type: ignore[attr-defined]
    network[5].kept = torch.zeros(16)
    references = references_in(tmp_path)
    with torch.inference_mode():
        got = network(references.pool(case.shape, 3).batch([0, 1]))
    assert relative_distance(got, references.logits[:2]) > 0.01


@pytest.mark.parametrize("runtime", ["eager", "torchscript"])
def test_a_form_of_its_own_may_keep_what_no_state_dict_has(tmp_path: Path, runtime: str) -> None:
    answer = loaded("own_form", tmp_path, form="inference", runtime=runtime)
    assert isinstance(answer, CaseLoaded), answer


@pytest.mark.parametrize("network", ["grows", "lazy"])
@pytest.mark.parametrize("fields", [{}, {"form": "inference"}, {"runtime": "torchscript"}, {"precision": "bf16"}])
def test_parameters_that_are_made_in_the_first_pass_are_loaded(
    tmp_path: Path, network: str, fields: dict[str, str]
) -> None:
    answer = loaded(network, tmp_path, **fields)
    assert isinstance(answer, CaseLoaded), answer


@pytest.mark.parametrize("form", ["shipped", "inference"])
def test_methods_that_return_nothing_are_called_all_the_same(tmp_path: Path, form: str) -> None:
    for runtime in ("eager", "channels-last", "torchscript"):
        answer = loaded("silent", tmp_path, form=form, runtime=runtime, precision="bf16")
        assert isinstance(answer, CaseLoaded), answer


def test_a_layer_that_stays_in_training_mode_is_named() -> None:
    with pytest.raises(ValueError, match=r"its BatchNorm2d 1 is in training mode after eval\(\)"):
        networks.build(f"{NETS}:stays_in_training", ImageShape.square(32))


@pytest.mark.parametrize("by", ["torch", "numpy", "python"])
def test_what_is_drawn_while_it_is_built_is_drawn_again(tmp_path: Path, by: str) -> None:
    answer = loaded(f'drawn("{by}")', tmp_path)
    assert isinstance(answer, CaseLoaded), answer


def test_another_seed_draws_another_network_and_the_same_one_the_same() -> None:
    def order(seed: int) -> list[float]:
        network = networks.build(f"{NETS}:projected", ImageShape.square(32), Recipe(seed=seed))
        marked = torch.arange(16.0)
        return network.between(marked).tolist()  # type: ignore[operator, no-any-return]

    assert order(1) == order(1)
    assert order(1) != order(2)


def test_a_fixed_projection_is_the_same_in_every_process(tmp_path: Path) -> None:
    answer = loaded("projected", tmp_path)
    assert isinstance(answer, CaseLoaded), answer


@pytest.mark.parametrize("by", ["system", "own generator"])
def test_what_no_seed_reaches_is_refused_for_that(tmp_path: Path, by: str) -> None:
    with pytest.raises(ValueError, match=r"builds another network each time: .* Keep what is drawn") as refused:
        loaded(f'drawn("{by}")', tmp_path)
    assert len(str(refused.value)) <= 300, "a stored reason is cut there"


@pytest.mark.parametrize("by", ["dropout", "torch", "numpy"])
def test_dropout_and_noise_in_evaluation_mode_are_named(tmp_path: Path, by: str) -> None:
    with pytest.raises(ValueError, match=r"two passes over the same images differ by .*: dropout or noise is left on"):
        loaded(f'noisy("{by}")', tmp_path)


@pytest.mark.parametrize("first", [1, 2, 3, 6])
def test_outputs_that_are_not_finite_are_told_as_that_in_whichever_pass(tmp_path: Path, first: int) -> None:
    with pytest.raises(ValueError, match=r"^output is not finite \(NaN or infinity\)$"):
        loaded(f"not_finite({first})", tmp_path)


DRAWS_AT_IMPORT = """
import random
import numpy as np
import torch
from torch import nn


ORDERS = {"torch": torch.randperm(16).tolist(), "numpy": np.random.permutation(16).tolist(),
          "python": random.sample(range(16), 16)}
ELSEWHERE = np.random.default_rng().permutation(16).tolist()


class Net(nn.Module):
    def __init__(self, order):
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(3, 16, 8, 8), nn.BatchNorm2d(16), nn.ReLU())
        self.head, self.order = nn.Linear(16, 10), order

    def forward(self, x):
        return self.head(self.body(x).mean((2, 3))[:, self.order])


def build(by):
    return Net(ORDERS[by])


def elsewhere():
    return Net(ELSEWHERE)


def late():
    import own_late_orders  # drawn when the network is built for the first time
    return Net(torch.randperm(16)[own_late_orders.ORDER].tolist())
"""


@pytest.fixture
def drawing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file that draws numbers when it is imported."""
    (tmp_path / "nets.py").write_text(DRAWS_AT_IMPORT, encoding="utf-8")
    (tmp_path / "own_late_orders.py").write_text("import torch\n\nORDER = torch.randperm(16)\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(user_builders, "_HERE", tmp_path)
    monkeypatch.setattr(sys, "path", sys.path[:])
    monkeypatch.delitem(sys.modules, "own_late_orders", raising=False)
    user_builders._module_of.cache_clear()
    yield tmp_path
    sys.modules.pop("own_late_orders", None)


def prepared_and_loaded(function: str, folder: Path) -> object:
    """As in two processes: the second one imports the file anew."""
    (name,), _ = expand([f"nets.py:{function}"])
    case = Case(network=name, resolution=32, batch=2)
    artifacts.prepare(case, (2,), folder, 3)
    user_builders._module_of.cache_clear()
    sys.modules.pop("own_late_orders", None)
    torch.manual_seed(99)
    random.seed(99)
    np.random.seed(99)
    return Worker().answer(Load(case=case, folder=str(folder), seed=3))


@pytest.mark.parametrize("function", ['build("torch")', 'build("numpy")', 'build("python")', "late"])
def test_what_is_drawn_at_import_is_drawn_again(drawing: Path, function: str) -> None:
    answer = prepared_and_loaded(function, drawing)
    assert isinstance(answer, CaseLoaded), answer


def test_what_is_drawn_at_import_by_a_generator_of_its_own_is_asked_for(drawing: Path) -> None:
    answer = prepared_and_loaded("elsewhere", drawing)
    assert isinstance(answer, Failed)
    assert "does its module draw numbers from elsewhere when it is imported" in answer.reason


def test_weights_that_do_not_fit_blame_what_the_code_depends_on(tmp_path: Path) -> None:
    recipe.keep_weights(torch.nn.Linear(3, 3), tmp_path)
    fill = recipe.filling(tmp_path)
    assert fill is not None
    fill(torch.nn.Linear(3, 3))
    with pytest.raises(
        ValueError, match=r"builds another network in this process .*size mismatch.* --fresh prepares it"
    ):
        fill(torch.nn.Linear(4, 3))
    with pytest.raises(ValueError, match=r"builds another network in this process"):
        fill(torch.nn.Sequential(torch.nn.Linear(3, 3)))
