import textwrap
from pathlib import Path

import pytest

HEALTHY = "loaded = True"

# As torchvision behaves when its library did not load: a submodule is in, then an operator is missing.
TRAPPED = """
    import torch
    from torchvision import extension
    if not hasattr(torch.ops.torchvision, "nms"):
        raise RuntimeError("operator torchvision::nms does not exist")
    loads = extension.count_load()
"""

REPORT = """
    import torch
    from levit_bench.errors import UsageError
    from levit_bench.measuring.networks import timm_import
    try:
        print("imported", timm_import.import_timm().__name__)
    except UsageError as error:
        print("refused", error)
    print("declared", timm_import.schemas_declared())
    print("nms", hasattr(torch.ops.torchvision, "nms"))
"""


# Put before REPORT: timm is not installed.
BLOCK_TIMM = """
import importlib.abc, sys
class Absent(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name == "timm":
            raise ModuleNotFoundError("No module named 'timm'")
        return None
sys.meta_path.insert(0, Absent())
"""


@pytest.fixture
def python(forks):
    """Runs code in a process of its own; what torch has registered cannot be taken back in this one."""

    def run(code, *folders):
        return forks.run(textwrap.dedent(code), path=folders)

    return run


@pytest.fixture
def report(python):
    """What is printed about an import of timm where folders are on the path."""

    def lines(*folders, before=""):
        done = python(textwrap.dedent(before) + textwrap.dedent(REPORT), *folders)
        assert done.returncode == 0, done.stderr
        return done.stdout.splitlines()

    return lines


@pytest.fixture
def fake(tmp_path):
    """A folder with an empty timm, and a function that puts a torchvision beside it."""
    (tmp_path / "timm.py").write_text("")

    def torchvision(init: str) -> Path:
        package = tmp_path / "torchvision"
        package.mkdir()
        (package / "__init__.py").write_text(textwrap.dedent(init))
        (package / "extension.py").write_text(
            "loads = 0\ndef count_load():\n    global loads\n    loads += 1\n    return loads\n"
        )
        return tmp_path

    return torchvision


def test_a_torchvision_that_loads_gets_no_schemas(report, fake):
    assert report(fake(HEALTHY)) == ["imported timm", "declared False", "nms False"]


def test_a_torchvision_whose_library_did_not_load_gets_schemas_and_is_imported_again(report, fake):
    assert report(fake(TRAPPED)) == ["imported timm", "declared True", "nms True"]


def test_the_second_import_starts_from_a_clean_slate(python, fake):
    folder = fake(TRAPPED)
    done = python(
        "from levit_bench.measuring.networks.timm_import import import_timm\n"
        "import_timm()\nimport torchvision\nprint(torchvision.loads)",
        folder,
    )
    assert done.stdout == "1\n", done.stderr


OTHERS_IMPORT = """
    import sys, torch
    from levit_bench.measuring.networks.timm_import import schemas_declared, watch_imports
    watch_imports()
    watch_imports()
    {how}
    import torchvision
    print(torchvision.loads, schemas_declared(), type(torchvision.__loader__).__name__, torchvision.__spec__.name)
"""


@pytest.mark.parametrize(
    "how",
    [
        "import torchvision",
        "from torchvision.extension import loads",
        "import torchvision.extension",
        "import importlib; importlib.import_module('torchvision')",
    ],
)
def test_whoever_imports_a_trapped_torchvision_first_gets_a_whole_one(python, fake, how):
    done = python(OTHERS_IMPORT.replace("{how}", how), fake(TRAPPED))
    assert done.stdout == "1 True SourceFileLoader torchvision\n", done.stderr


def test_whoever_imports_a_torchvision_that_loads_gets_it_as_it_is(python, fake):
    done = python(OTHERS_IMPORT.replace("{how}", "import torchvision"), fake(HEALTHY + "\nloads = 0"))
    assert done.stdout == "0 False SourceFileLoader torchvision\n", done.stderr


def test_another_fault_of_torchvision_reaches_whoever_imports_it(python, fake):
    how = "try:\n        import torchvision\n    except OSError as error:\n        print(error); sys.exit()"
    assert python(OTHERS_IMPORT.replace("{how}", how), fake("raise OSError('truncated file')")).stdout == (
        "truncated file\n"
    )


@pytest.mark.parametrize(
    "fault",
    ["RuntimeError('built for another CUDA')", "ImportError('libjpeg.so is missing')", "OSError('truncated file')"],
)
def test_any_other_fault_of_torchvision_is_told_and_declares_nothing(report, fake, fault):
    message, declared, nms = report(fake(f"raise {fault}"))
    assert message.startswith("refused torchvision fails on import: ")
    assert fault.split("'")[1] in message
    assert "Install the torchvision that belongs to your torch" in message
    assert (declared, nms) == ("declared False", "nms False")


def test_a_fault_that_the_schemas_do_not_mend_is_told(report, fake):
    message, *_ = report(fake("raise RuntimeError('operator torchvision::roi_align does not exist')"))
    assert message.startswith("refused torchvision fails on import even with its operators declared")


def test_without_torchvision_the_error_says_what_to_install(report, fake):
    message, declared, _ = report(fake(HEALTHY), before="import sys; sys.modules['torchvision'] = None\n")
    assert message.startswith("refused timm needs torchvision")
    assert declared == "declared False"


def test_without_timm_the_error_says_what_to_install(report, fake):
    message, *_ = report(fake(HEALTHY), before=BLOCK_TIMM)
    assert message.startswith("refused cannot import timm")
    assert message.endswith("pip install timm")


def test_the_installed_timm_is_imported_with_schemas_only_where_torchvision_fails_by_itself(report, python):
    alone = python("import torchvision")
    assert report() == ["imported timm", f"declared {alone.returncode != 0}", "nms True"], alone.stderr


def test_timm_builds_a_classifier_after_the_import(python):
    done = python(
        "import torch\n"
        "from levit_bench.measuring.networks.timm_import import import_timm\n"
        "timm = import_timm()\n"
        "assert import_timm() is timm\n"
        "with torch.device('meta'):\n"
        "    print(tuple(timm.create_model('lcnet_050')(torch.zeros(1, 3, 224, 224)).shape))\n"
    )
    assert done.stdout == "(1, 1000)\n", done.stderr
