"""Loading an engine changes nothing that other code of the process would read."""

from __future__ import annotations

import os

import pytest
from levit_bench.measuring.runtimes import onnxruntime


@pytest.mark.parametrize("before", [None, "0"])
def test_loading_the_engine_leaves_the_environment_as_it_was(
    before: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ORT_DISABLE_TELEMETRY", raising=False)
    if before is not None:
        monkeypatch.setenv("ORT_DISABLE_TELEMETRY", before)
    pytest.importorskip("onnxruntime")
    assert onnxruntime._onnxruntime().__name__ == "onnxruntime"
    assert os.environ.get("ORT_DISABLE_TELEMETRY") == before
