import getpass
import re
import socket

import pytest

from tests.house.plan import ROOT

# Folders that hold a user's files, on any system.
PLACES = re.compile(r"(?<![\w.])/(?:home|root|Users|work|tmp|mnt|media|opt|srv)/|[A-Za-z]:\\+Users", re.IGNORECASE)
# Names that say nothing about anyone, or occur in ordinary text.
NOBODY = {"root", "user", "runner", "ubuntu", "localhost", "python", "build", "bench"}


def _names() -> list[str]:
    """Names of this machine and of who runs the tests, where they tell something."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = ""
    found = {user, socket.gethostname(), socket.gethostname().split(".")[0]}
    return sorted(name for name in found if len(name) > 3 and name.lower() not in NOBODY)


def _leaks(text: str, names: list[str]) -> list[str]:
    """What in a text tells where it was written, and by whom."""
    found = [match[0] for match in PLACES.finditer(text)]
    return found + [name for name in names if re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text)]


def test_results_and_reports_name_no_host_user_or_folder():
    names = _names()
    files = [
        path
        for folder in ("results", "reports")
        for path in sorted((ROOT / folder).rglob("*"))
        if path.suffix in {".jsonl", ".json", ".csv", ".md", ".svg", ".html"}
    ]
    found = {str(path.relative_to(ROOT)): leaks for path in files if (leaks := _leaks(path.read_text("utf-8"), names))}
    assert found == {}


@pytest.mark.parametrize(
    "text",
    [
        '{"reason":"cannot read /home/ada/weights.pth"}',
        '{"reason":"/root/x"}',
        '{"os":"/Users/ada"}',
        r'{"os":"C:\\Users\\ada"}',
        '{"host":"engine-7"}',
    ],
)
def test_a_leak_is_found(text):
    assert _leaks(text, ["engine-7"]) != []


@pytest.mark.parametrize("text", ['{"unit":"img/s","governor":"performance"}', "engine-77 https://example.org/x/home"])
def test_ordinary_text_is_no_leak(text):
    assert _leaks(text, ["engine-7"]) == []
