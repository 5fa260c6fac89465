"""docs/report.md shows the page of the session that its picture names."""

from __future__ import annotations

from PIL import Image

from tools.pages import report_picture


def test_the_picture_is_of_the_stored_session() -> None:
    with Image.open(report_picture.PICTURE) as picture:
        assert picture.info["Source"] == report_picture.source()
        assert picture.size[0] == 1180
