"""The page on ARM says what the stored session of an emulated process says."""

from __future__ import annotations

import pytest

from tools.pages import arm_tables as tables
from tools.pages import measured_page as measured
from tools.pages.runtime_tables import written


def test_the_block_is_written_from_the_session() -> None:
    ((page, marker, made),) = tables.BLOCKS
    text = page.read_text(encoding="utf-8")
    assert text == written(text, marker, made()), "run: python -m tools.pages.arm_tables"


def test_the_emulated_session_is_of_an_arm_process_and_computes_what_another_processor_does() -> None:
    (session,) = measured.sessions("emulated")
    assert session.head.machine.isa == "aarch64"
    assert session.head.conditions.emulated
    assert session.head.conditions.dirty is False
    here = tables.native()
    found = measured.subjects([session])
    assert len(found) == 4
    for one in found:
        assert one.outcome == "done"
        assert any(run.turns for run in one.runs)
        assert one.info.logits_std == pytest.approx(here[one.case.network].info.logits_std, rel=1e-5)
