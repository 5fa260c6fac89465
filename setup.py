"""Writes the description of the package from the README, when a wheel or a source distribution is built.

A package index shows the description away from the repository, where links relative to the README lead nowhere.
Everything else about the package stands in pyproject.toml.
"""

from __future__ import annotations

import re
from pathlib import Path

from setuptools import setup

REPOSITORY = ""
"""Address of the public repository, such as https://example.org/owner/levit-bench, in GitHub's layout; empty as long as
there is none. Nothing else in the repository states it."""
_FENCED = re.compile(r"(^```.*?^```)", re.M | re.S)
_LINKED = re.compile(r"(!?)\[([^\]]*)\]\(([^)\s]+)\)")
_ABSOLUTE = re.compile(r"[a-z][a-z0-9+.-]*:")


def description(readme: str, repository: str) -> str:
    """The README with links and pictures that hold anywhere.

    Args:
        readme: its text.
        repository: where relative links lead; empty leaves the words of links and no pictures.
    """
    parts = _FENCED.split(readme)  # every second one is a block of code
    parts[::2] = [_LINKED.sub(lambda link: _absolute(link, repository), part) for part in parts[::2]]
    return "".join(parts)


def _absolute(link: re.Match[str], repository: str) -> str:
    """A link or picture with an absolute target, or what is left of it where it can have none."""
    mark, words, target = link.groups()
    if _ABSOLUTE.match(target):
        return link[0]
    if not repository:
        return "" if mark else words
    view = "raw" if mark else "blob"
    return f"{mark}[{words}]({repository.rstrip('/')}/{view}/HEAD/{target.removeprefix('./')})"


if __name__ == "__main__":
    setup(
        long_description=description(Path("README.md").read_text(encoding="utf-8"), REPOSITORY),
        long_description_content_type="text/markdown",
        project_urls={"Repository": REPOSITORY} if REPOSITORY else {},
    )
