"""Builders with arguments in names: read and never executed, written alike where equal, and kept whole in lists."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest
from levit_bench.asking.request import singles
from levit_bench.catalog.entries import select
from levit_bench.catalog.network_calls import Call, canonical, split_names, taken_apart, without_digest, words, written
from levit_bench.catalog.user_networks import expand
from levit_bench.errors import UsageError
from levit_bench.judge.case_lookup import named
from levit_bench.pytest_plugin import declare, options
from levit_bench.report.front.reproduction import reproduce

from tests.cli.test_cli import run
from tests.making import record

BODY = "def build(width=2, kind='usual'):\n    return None\n"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A current folder with nets.py."""
    (tmp_path / "nets.py").write_text(BODY, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ('nets.py:build(2, "a,b"), levit_128s', ['nets.py:build(2, "a,b")', "levit_128s"]),
        ("m:b((1, 2), [3, {4: 5}])@64,levit_[12]*", ["m:b((1, 2), [3, {4: 5}])@64", "levit_[12]*"]),
        ("m:b[0][1],m:b(1)[-1],,", ["m:b[0][1]", "m:b(1)[-1]"]),
        (r'm:b("a\")b", 1),x', [r'm:b("a\")b", 1)', "x"]),
        ("odd (name, with)/nets.py:build", ["odd (name", "with)/nets.py:build"]),
        ("levit_[1,2]*", ["levit_[1", "2]*"]),
    ],
)
def test_commas_within_a_call_do_not_separate_names(text: str, names: list[str]) -> None:
    assert split_names(text) == names
    assert list(words(text)) == names


@pytest.mark.parametrize("text", ["nets.py:build(1, 2", "nets.py:build('a)", "m:b[0,levit_128s"])
def test_a_call_that_is_not_closed_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="not closed"):
        split_names(text)


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("m:b(kind='small',width = 2)", 'm:b(kind="small", width=2)'),
        ("m:b(width=0x10, scale=5e-1)", "m:b(scale=0.5, width=16)"),
        ("m:b()", "m:b"),
        ("m:b ()", "m:b ()"),
        ("m:b(-1, None, True, (2,), [3], {'b': 1, 'a': ()})", 'm:b(-1, None, True, (2,), [3], {"a": (), "b": 1})'),
        ("m:b[ 'aux' ]", 'm:b["aux"]'),
        ("m:b()[-1]", "m:b[-1]"),
        ("n.py:b(2)#3f2a91", "n.py:b(2)#3f2a91"),
        ("levit_128s", "levit_128s"),
        ("m:b(os.sep)", "m:b(os.sep)"),
    ],
)
def test_equal_calls_are_written_alike(text: str, stored: str) -> None:
    assert canonical(text) == stored
    assert canonical(stored) == stored


def test_a_call_is_taken_apart_into_what_it_holds() -> None:
    target, call = taken_apart('a/n.py:b(1, [2], kind="x(y]", on=False)["aux"][0]#3f2a91')
    assert target == "a/n.py:b#3f2a91"
    assert call == Call((1, [2]), (("kind", "x(y]"), ("on", False)), ("aux", 0))
    assert written(target, call) == 'a/n.py:b(1, [2], kind="x(y]", on=False)["aux"][0]#3f2a91'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("m:b(open('x'))", "\"open('x')\" is not a literal"),
        ("m:b(width=2*3)", "'2 * 3' is not a literal"),
        ("m:b(**{'width': 2})", "'**' is not a literal"),
        ("m:b(*[1])", "is not a literal"),
        ("m:b(1)(2)", "one call can stand there"),
        ("m:b[0](2)", "one call can stand there"),
        ("m:b(width=1, width=2)", "width is given twice"),
        ("m:b(1, )x", "'x' follows it"),
        ("m:b(1e999)", "is not finite"),
        ("m:b({1, 2})", "is a set"),
        ("m:b(b'x')", "is a bytes"),
        ("m:b('a@b')", "holds '@', which separates names from pixels"),
        ("m:b('#')", "holds '#'"),
        (r"m:b('a\nb')", "cannot be printed"),
        ("m:b[1.5]", "an output is named by its place or key"),
        ("m:b[True]", "an output is named by its place or key"),
        ("m:b[:1]", "is not a literal"),
        ("m:b[]", "invalid call"),
        (f"m:b({'x' * 300!r})", "more than 200 characters"),
    ],
)
def test_what_is_no_literal_call_is_refused_in_words(text: str, said: str) -> None:
    with pytest.raises(UsageError) as refused:
        expand([text])
    assert said in str(refused.value)
    assert str(refused.value).isprintable()
    assert len(str(refused.value)) < 500


@pytest.mark.usefixtures("here")
def test_a_file_is_named_with_its_call_its_digest_and_its_pixels() -> None:
    (name,), _ = expand(["nets.py:build(kind='small',width=2)@64"])
    head, digest = name.split("#")
    assert head == 'nets.py:build(kind="small", width=2)'
    assert digest.endswith("@64")
    assert expand([name])[0] == (name,)
    assert expand(["nets.py:build()"]) == expand(["nets.py:build"])
    assert select([name, "m:b(1, 2)", "levit_128s"]).unknown == (name, "m:b(1, 2)")


@pytest.mark.usefixtures("here")
def test_a_list_and_a_toml_file_hold_builders_with_arguments(here: Path) -> None:
    (here / "nets.toml").write_text(
        "[[network]]\nbuild = 'nets.py:build(width=2, kind=\"small\")'\ntop1 = 61.5\n"
        "[[network]]\nbuild = 'nets.py:build(2)[0]'\nresolution = 64\n",
        encoding="utf-8",
    )
    names = [name.partition("#")[0] for name in singles(["nets.toml,nets.py:build(1, 'a'),levit_128s"])]
    assert names == [
        "levit_128s", 'nets.py:build(kind="small", width=2)', "nets.py:build(2)[0]", 'nets.py:build(1, "a")',
    ]  # fmt: skip
    (here / "twice.toml").write_text(
        "[[network]]\nbuild = 'nets.py:build(1, 2)'\n[[network]]\nbuild = 'nets.py:build( 1,2 )'\n", encoding="utf-8"
    )
    with pytest.raises(UsageError, match="stands there twice"):
        expand(["twice.toml"])


def test_a_stored_case_is_named_with_its_call_and_its_fields() -> None:
    stored = [
        record('nets.py:build(kind="a:b=c", width=2)#012345', batch=1),
        record('nets.py:build(kind="a:b=c", width=2)#012345', batch=16),
        record("nets.py:build(width=3)#012345"),
    ]
    assert named(stored, "nets.py:build(width = 3)") is stored[2]
    assert named(stored, "nets.py:build(width=3):batch=1") is stored[2]
    assert named(stored, "nets.py:build(width=2, kind='a:b=c'):batch=16") is stored[1]


def test_the_line_that_measures_again_is_quoted_for_a_shell() -> None:

    name = 'nets.py:build(kind="it\'s", width=2)#012345'
    line = reproduce([record(name, top1=None, family=None)]).commands[0]
    asked = shlex.split(line)
    assert asked[asked.index("--networks") + 1] == f"{name}@224"
    assert split_names(asked[asked.index("--networks") + 1]) == [f"{name}@224"]


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(
    ("networks", "said"),
    [
        ("nets.py:build(1,levit_128s", "not closed"),
        ("nets.py:build(open('x'))", "is not a literal"),
        ("nets.py:build[1.5]", "an output is named by its place or key"),
    ],
)
def test_the_command_line_refuses_a_call_that_it_cannot_read(
    capsys: pytest.CaptureFixture[str], networks: str, said: str
) -> None:
    code, out, err = run(capsys, "plan", "--networks", networks)
    assert (code, out) == (2, "")
    assert said in " ".join(err.split())


@pytest.mark.usefixtures("here")
def test_a_mark_of_pytest_and_its_option_hold_builders_with_arguments() -> None:
    fields = options({"networks": "nets.py:build(1, 2),levit_128s"})
    assert fields["networks"] == ("nets.py:build(1, 2)", "levit_128s")
    cases = declare(["nets.py:build(1,2)"], {}, fields)
    assert [case.request.networks[0].partition("#")[0] for case in cases] == ["nets.py:build(1, 2)"]


def test_the_digest_of_a_file_is_left_out_of_a_name_with_and_without_pixels() -> None:
    names = ("nets.py:build#3f2a91", "nets.py:build#3f2a91@64", "nets.py:build#3f2a91@64x32", "levit_192@224")
    assert [without_digest(name) for name in names] == [
        "nets.py:build", "nets.py:build@64", "nets.py:build@64x32", "levit_192@224",
    ]  # fmt: skip
