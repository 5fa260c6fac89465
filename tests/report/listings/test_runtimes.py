"""The runtimes as a table."""

from __future__ import annotations

import io

from levit_bench.report.listings.runtimes import RuntimeSummary, table
from rich.console import Console


def test_the_extra_to_install_keeps_its_brackets() -> None:
    missing = "onnx is not installed: pip install 'levit-bench[onnx]'"
    out = io.StringIO()
    Console(file=out, width=200).print(
        table([RuntimeSummary("onnxruntime", ("cpu",), ("fp32",), "an [engine]", missing)])
    )
    assert missing in out.getvalue()
    assert "an [engine]" in out.getvalue()
