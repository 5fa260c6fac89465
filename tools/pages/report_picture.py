"""docs/pictures/report.png: the report page of a stored session in headless Chromium, with two networks pinned.

python -m tools.pages.report_picture        needs the package playwright, and Chromium
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import levit_bench

from tools.pages import ROOT
from tools.pages.measured_page import sessions

PICTURE = ROOT / "docs" / "pictures" / "report.png"
PINNED = ("levit_192", "efficientnet_b2")


def source() -> str:
    """The session that the picture shows, as it is stored in it."""
    return sessions("front")[0].head.session


def main() -> None:
    """Draw the picture."""
    from PIL import Image, PngImagePlugin
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as name, sync_playwright() as engine:
        path = levit_bench.load(ROOT / "results", source()).report(Path(name) / "report.html")
        browser = engine.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1180, "height": 860}, device_scale_factor=1)
        page.goto(path.as_uri())
        for network in PINNED:
            page.locator(f'#chart .point[aria-label^="{network},"]').click(force=True)
        page.mouse.move(5, 5)
        shown = Path(name) / "report.png"
        page.screenshot(path=shown, full_page=True, clip={"x": 0, "y": 0, "width": 1180, "height": 1330})
        browser.close()
        note = PngImagePlugin.PngInfo()
        note.add_text("Source", source())
        with Image.open(shown) as picture:
            picture.convert("P", palette=Image.Palette.ADAPTIVE, colors=128).save(PICTURE, pnginfo=note, optimize=True)


if __name__ == "__main__":
    main()
