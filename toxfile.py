"""Lets tox environments that differ only in their commands share one installed environment.

Tox loads this file by its name; it knows nothing of the suite. Tox remembers which environment a folder belongs to and
installs afresh when another one uses it. With several hundred MB to install, one folder for all is worth these lines.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from tox.plugin import impl
from tox.tox_env.info import Info
from tox.tox_env.python.virtual_env.runner import VirtualEnvRunner

if TYPE_CHECKING:
    from tox.tox_env.register import ToxEnvRegister


class SharedInfo(Info):
    """What tox remembers of a folder, except whose it is."""

    @contextmanager
    def compare(self, value: Any, section: str, sub_section: str | None = None) -> Iterator[tuple[bool, Any | None]]:  # noqa: ANN401 (tox stores anything)
        """Compare as tox does, with one name for every environment in the folder."""
        if section == "ToxEnv":
            value = {**value, "name": "shared"}
        with super().compare(value, section, sub_section) as answer:
            yield answer


class SharedRunner(VirtualEnvRunner):
    """Tox's own runner for environments that name the same `env_dir` (`runner = shared`)."""

    @staticmethod
    def id() -> str:
        """Name of this runner in tox.ini."""
        return "shared"

    @property
    def cache(self) -> Info:
        """What tox remembers of the folder."""
        return SharedInfo(self.env_dir)


@impl
def tox_register_tox_env(register: ToxEnvRegister) -> None:
    """Make the runner known to tox."""
    register.add_run_env(SharedRunner)
