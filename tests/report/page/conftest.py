from pathlib import Path

import levit_bench
import pytest

from tests.report.page.browser import Watched, started

ROOT = Path(__file__).parents[3]
FRONT, RUNTIMES = "20261126T060430Z-2c11", "20261126T185021Z-50ac"


@pytest.fixture(scope="session")
def browser():
    with started() as running:
        yield running


@pytest.fixture(scope="session")
def front_page(tmp_path_factory):
    """The page of the front's session: twelve networks with both allocators."""
    return levit_bench.load(ROOT / "results", FRONT).report(tmp_path_factory.mktemp("page") / "front.html")


@pytest.fixture(scope="session")
def runtimes_page(tmp_path_factory):
    """The page of two networks in six runtimes, at two batches, with both allocators."""
    return levit_bench.load(ROOT / "results", RUNTIMES).report(tmp_path_factory.mktemp("page") / "runtimes.html")


@pytest.fixture
def opened(browser):
    """Opens pages, and checks at the end that none requested anything or wrote to the console."""
    pages = []

    def open_page(path, fragment="", **options):
        pages.append(Watched(browser, path, fragment, **options))
        return pages[-1]

    yield open_page
    for page in pages:
        page.close()
