"""An axis has one home: a row in the table and a field in each of the two nouns, and it stands at every door.

A copy of the package gets a made-up axis, `interop`, which nobody acts on; what the copy then offers is asked of it.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]

ROW = """    Axis(
        "interop", AxisKind.NUMBERS, 1, metavar=_NUMBERS, plural="interops", unit="threads", largest=64, short="i{}",
        rank=10, since=4, help="Threads between operators.",
    ),
"""
FIELD = """    interop: Threads = usual("interop")
    \"\"\"Threads between operators.\"\"\"
"""
ASKED = """    interops: tuple[int, ...] = BY_NAME["interop"].several
    \"\"\"Threads between operators.\"\"\"
"""
QUESTIONS = """
import json
import msgspec
from click.testing import CliRunner
from levit_bench import api
from levit_bench.asking import arguments
from levit_bench.asking.request import Request, check, subjects
from levit_bench.cli.verbs.aa import command as aa
from levit_bench.cli.verbs.plan import command as plan
from levit_bench.cli.verbs.run import command as run
from levit_bench.errors import UsageError
from levit_bench.judge.comparability import differences, setting, where
from levit_bench.judge.front.panels import panels
from levit_bench.pytest_plugin import declare, options
from levit_bench.records import Case
from levit_bench.report.front import table
from levit_bench.report.front.pages import BREAKS
from levit_bench.report.front.reproduction import reproduce
from levit_bench.report.views import cases
from levit_bench.report.words.setting import setting_line, titles
from tests.docs.axes_pages import DOCS, missing_from_format_page, missing_from_pytest_page
from tools.pages.format_page import page
from tests.door import plugin_options
from tests.making import record

asked = []
api.measure_request = lambda request, *_, **__: asked.append(request) or exit_early()

def exit_early():
    raise KeyboardInterrupt

try:
    api.measure("levit_192", interop=[1, 2])
except KeyboardInterrupt:
    pass

def refusal(request):
    try:
        check(request)
    except UsageError as error:
        return str(error)

helps = {verb.name: CliRunner().invoke(verb, ["--help"]).output for verb in (run, plan, aa)}
usual, other = record("net"), record("net", interop=2)
both = [usual, other]
drawn = panels(both)
chosen = [one.case for one in subjects(Request(networks=("levit_192",), interops=(1, 2)), None)]
as_before = {name: value for name, value in msgspec.to_builtins(usual.case).items() if name != "interop"}
stuck = plugin_options.held() == plugin_options.written()
plugin_options.main()
print(json.dumps({
    "help": {name: "--interop N[,N…]" in text and "Threads between operators" in text for name, text in helps.items()},
    "python": asked[0].interops,
    "largest": refusal(Request(networks=("levit_192",), interops=(65,))),
    "nothing": refusal(Request(networks=("levit_192",), interops=())),
    "option": options({"interop": "1,2"}),
    "mark": [one.id for one in declare(["levit_192"], {"interop": [1, 2]}, {})],
    "group": [one.group for one in declare(["levit_192"], {"interop": 2}, {})],
    "cases": [one.interop for one in chosen],
    "ids": len({one.id for one in chosen}),
    "usual id": usual.case.id,
    "label": [usual.case.label, other.case.label],
    "axes": [cases.axes(usual.case), cases.axes(other.case)],
    "differences": differences(map(setting, both)),
    "where": len(where(both, {"interop": "2"})),
    "panels": len(drawn),
    "titles": list(titles(drawn).values()),
    "headings": ["interop" in setting_line(one) for one in drawn],
    "csv": [row["interop"] for row in table.rows(drawn)],
    "columns": list(table.frame(drawn)["interop"]),
    "rows": [row["interop"] for row in cases.rows(both)],
    "frame": list(cases.frame(both)["interop"]),
    "stored": [msgspec.to_builtins(one.case)["interop"] for one in both],
    "read": msgspec.convert(as_before, Case) == usual.case,
    "command": [reproduce([one]).commands[0] for one in both],
    "breaks": "interop" in BREAKS,
    "plugin": {"equal before": stuck, "written": '"interop", "N[,N' in plugin_options.held()},
    "marker": "interop" in plugin_options.marked(),
    "pages": [missing_from_pytest_page((DOCS / "pytest.md").read_text(encoding="utf-8")),
              missing_from_format_page((DOCS / "format.md").read_text(encoding="utf-8")),
              missing_from_format_page(page())],
}))
"""


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the copy answers."""
    copy = tmp_path_factory.mktemp("house")
    for folder in ("bench", "tests", "tools"):
        shutil.copytree(ROOT / folder, copy / folder, ignore=shutil.ignore_patterns("__pycache__"))
    (copy / "docs").symlink_to(ROOT / "docs")
    package = copy / "bench" / "levit_bench"
    _insert(package / "axes.py", '    Axis("weights"', ROW)
    _insert(package / "records.py", "    def __post_init__(self)", FIELD + "\n")
    _insert(package / "asking" / "request.py", '    device: str = usual("device")', ASKED)
    done = subprocess.run(
        [sys.executable, "-c", QUESTIONS], cwd=copy, capture_output=True, text=True, check=False, encoding="utf-8",
        env={**os.environ, "PYTHONPATH": f"{copy / 'bench'}{os.pathsep}{copy}", "PYTHONIOENCODING": "utf-8"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    out: dict[str, Any] = json.loads(done.stdout)
    return out


def _insert(path: Path, before: str, text: str) -> None:
    source = path.read_text(encoding="utf-8")
    assert source.count(before) == 1, (path, before)
    path.write_text(source.replace(before, text + before), encoding="utf-8")


def test_it_is_an_option_an_argument_and_a_mark(found: dict[str, Any]) -> None:
    assert found["help"] == {"run": True, "plan": True, "aa": True}
    assert found["python"] == [1, 2]
    assert found["option"] == {"interops": [1, 2]}
    assert [("-i2" in one) for one in found["mark"]] == [False, True]
    assert "interop 2" in found["group"][0]
    assert found["cases"] == [1, 2]
    assert found["ids"] == 2


def test_what_cannot_be_asked_of_it_is_refused(found: dict[str, Any]) -> None:
    assert found["largest"] == "--interop 65: give a whole number from 1 to 64."
    assert found["nothing"].startswith("--interop names nothing")


def test_pytests_copy_is_seen_to_be_old_and_is_written_anew(found: dict[str, Any]) -> None:
    assert found["plugin"] == {"equal before": False, "written": True}
    assert found["marker"]


def test_names_and_headings_say_it_where_it_is_not_as_usual(found: dict[str, Any]) -> None:
    for what in ("label", "axes"):
        assert [one.split().count("i2") for one in found[what]] == [0, 1]
        assert "i1" not in found[what][0].split()
    assert found["titles"] == ["interop 1", "interop 2"]
    assert found["headings"] == [False, True]


def test_it_makes_a_setting_and_is_chosen_by(found: dict[str, Any]) -> None:
    assert found["differences"] == {"interop": ["1", "2"]}
    assert found["panels"] == 2
    assert found["where"] == 1
    assert found["breaks"]


def test_tables_files_and_frames_have_its_column(found: dict[str, Any]) -> None:
    assert found["csv"] == found["columns"] == [1, 2]
    assert found["rows"] == found["frame"] == found["stored"] == [1, 2]


def test_the_command_that_measures_again_asks_for_it(found: dict[str, Any]) -> None:
    assert ["--interop 2" in one for one in found["command"]] == [False, True]
    assert "--interop" not in found["command"][0]


def test_stored_cases_keep_their_ids_and_are_read_with_the_usual_value(found: dict[str, Any]) -> None:
    from levit_bench.records import Case

    assert found["usual id"] == Case(network="net", resolution=224).id
    assert found["read"]


def test_pages_that_leave_it_out_are_found(found: dict[str, Any]) -> None:
    by_paragraph, stored, written = found["pages"]
    assert by_paragraph == {"mark": ["interop"], "options": ["interop"]}
    assert stored == ["interop"]
    assert written == []
