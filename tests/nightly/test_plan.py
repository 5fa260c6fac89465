"""The plan of a night: what a file may say, and what is refused before anything is measured."""

from __future__ import annotations

from pathlib import Path

import pytest
from levit_bench.errors import UsageError
from levit_bench.nightly.plan import read_plan


def plan(folder: Path, text: str) -> Path:
    path = folder / "nightly.toml"
    path.write_text(text)
    return path


def test_arguments_of_a_measurement_and_of_the_judgement_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("known.toml").write_text("")
    text = (
        'networks = ["levit_128s", "levit_192"]\nbudget = "10m"\nbatch = [1, 16]\nthreads = 2\nallocator = "shipped"\n'
        'title = "every night"\n[judge]\nreference = "v1"\nsince = "2w"\nmin_effect = "3%"\n'
        'acknowledged = "known.toml"\n'
    )
    read = read_plan(plan(tmp_path, text))
    assert read.request.networks == ("levit_128s", "levit_192")
    assert (read.request.batches, read.request.threads, read.request.allocators) == ((1, 16), (2,), ("shipped",))
    assert (read.request.budget, read.title, read.reference) == ("10m", "every night", "v1")
    assert (read.since, read.min_effect, read.acknowledged) == ("2w", "3%", Path("known.toml"))


def test_networks_alone_are_enough(tmp_path: Path) -> None:
    read = read_plan(plan(tmp_path, 'networks = "paper"\n'))
    assert (read.title, read.since, read.reference, read.acknowledged) == ("nightly", "30d", None, None)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "it lacks networks"),
        ("networks = []\n", "it lacks networks"),
        ("networks = 3\n", "give a text, or several"),
        ('networks = "a"\nbudgett = "3m"\n', "Did you mean 'budget'"),
        ('networks = "a"\nbatch = "x"\n', "invalid list of batches"),
        ('networks = "a"\ntitle = 3\n', "title=3"),
        ('networks = "a"\n[judge]\nreferense = "x"\n', "[judge] has no 'referense'"),
        ('networks = "a"\n[judge]\nsince = "soon"\n', "--since 'soon'"),
        ('networks = "a"\n[judge]\nmin_effect = 2\n', "give percent as a text"),
        ('networks = "a"\n[judge]\nacknowledged = "none.toml"\n', "there is no such file"),
        ('networks = "a"\njudge = 3\n', "judge is no table"),
        ('networks = "a"\n[other]\nx = 1\n', "there is no table [other]"),
        ("networks = [\n", "it is no TOML"),
        ("\x00", "it is no TOML"),
    ],
)
def test_a_malformed_plan_is_refused_with_the_place(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(UsageError, match="is no plan of a night") as refused:
        read_plan(plan(tmp_path, text))
    assert said in str(refused.value)


def test_no_file_and_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"cannot read the plan .*No such file"):
        read_plan(tmp_path / "none.toml")
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageError, match="no TOML"):
        read_plan(tmp_path / "bytes.toml")
