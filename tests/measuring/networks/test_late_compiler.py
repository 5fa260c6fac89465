"""torch's compiler is imported by what compiles, and not by torchvision or timm."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.torch_forks import TorchForks

pytestmark = pytest.mark.slow  # builds and times networks

_IMPORTED = """
import sys
from levit_bench.measuring.networks.timm_import import import_timm
timm = import_timm()
assert "torch._dynamo" not in sys.modules, "the compiler was imported"
"""


@pytest.fixture
def after_import(forks: TorchForks) -> Callable[[str], str]:
    """Runs a program in a process that imported timm; what it printed."""
    return lambda program: forks.output(_IMPORTED + program)


def test_a_network_of_timm_is_built_and_run_without_the_compiler(after_import: Callable[[str], str]) -> None:
    after_import(
        """
import torch
timm.create_model("test_resnet").eval()(torch.zeros(1, 3, 64, 64))
assert "torch._dynamo" not in sys.modules, "building and running imported it"
"""
    )


def test_torchvision_asks_the_compiler_when_it_needs_an_answer(after_import: Callable[[str], str]) -> None:
    told = after_import(
        """
import torchvision.ops
answer = sys.modules["torchvision.ops.roi_align"].is_compile_supported("cpu")
import torch._dynamo.utils
print(answer == torch._dynamo.utils.is_compile_supported("cpu"))
"""
    )
    assert told.strip() == "True"


def test_functions_that_are_left_out_of_graphs_are_so_from_their_first_call(after_import: Callable[[str], str]) -> None:
    told = after_import(
        """
import torch
calls = []
from levit_bench.measuring.networks.late_compiler import late_disabling
with late_disabling():
    left_out = torch.compiler.disable(lambda x: calls.append(torch.compiler.is_compiling()) or x * 2)
assert torch.compiler.disable.__module__ == "torch.compiler"
graphs = []
def backend(graph, _inputs):
    graphs.append([node.name for node in graph.graph.nodes if node.op == "call_function"])
    return graph.forward
print(torch.compile(lambda x: left_out(x + 1) - 3, backend=backend)(torch.ones(1)).item(), graphs, calls)
"""
    )
    assert told.strip() == "1.0 [['add'], ['sub']] [False]"


def test_a_compiler_that_is_there_already_stays_the_one_that_is_asked(forks: TorchForks) -> None:
    forks.output(
        """
import torch._dynamo, sys
from levit_bench.measuring.networks.timm_import import import_timm
compiler = sys.modules["torch._dynamo"]
import_timm()
assert sys.modules["torch._dynamo"] is compiler
asked = sys.modules["torchvision.ops.roi_align"].is_compile_supported
assert asked is sys.modules["torch._dynamo.utils"].is_compile_supported
"""
    )
