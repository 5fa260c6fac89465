"""Names of the panels of a page, computed once for tables, figures and files."""

from __future__ import annotations

from collections.abc import Sequence

from levit_bench.judge.front.panels import Panel
from levit_bench.report.words.setting import setting_line, titles


class PanelNames:
    """Titles and settings of the panels of one page, which tell them apart from each other."""

    def __init__(self, panels: Sequence[Panel]) -> None:
        """Name the panels of a page, also those without a point."""
        self._lines = {panel.key: setting_line(panel, panels) for panel in panels}
        self._titles = titles([panel for panel in panels if panel.points])

    def title(self, panel: Panel) -> str:
        """The fields in which a drawn panel differs from the other drawn ones; empty when it is alone."""
        return self._titles[panel.key]

    def line(self, panel: Panel) -> str:
        """Its whole setting on one line, usual values left out."""
        return self._lines[panel.key]
