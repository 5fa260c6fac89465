import re

import pytest
from levit_bench.judge.front.panels import panels
from levit_bench.report.papers.tables import csv, escaped, latex, markdown, rows

from tests.making import record

HOSTILE = r"\input{/etc/passwd} $x$ 50% a_b #1 ~^ & <b>"
(PANEL,) = panels(
    [record("fast", (0.010, 0.0101, 0.0102), top1=75.0), record(HOSTILE, (0.020, 0.0202, 0.0201), top1=80.0)]
)


def test_numbers_have_the_digits_of_their_intervals_in_every_form():
    fast, _ = rows(PANEL)
    assert fast[:3] == ("fast", "75.0", "10.10")
    assert re.fullmatch(r"\d+\.\d\d to \d+\.\d\d", fast[3])
    for text in (markdown(PANEL), csv(PANEL), latex(PANEL, "c")):
        assert "10.10" in text


def test_latex_is_a_booktabs_table_in_which_names_are_text():
    text = latex(PANEL, "50 % of a_b")
    assert r"\caption{50 \% of a\_b}" in text
    for word in (r"\toprule", r"\midrule", r"\bottomrule", r"\begin{tabular}{lrrrrrrrl}"):
        assert text.count(word) == 1
    assert r"\input" not in text
    assert r"\textbackslash{}input\{/etc/passwd\} \$x\$ 50\% a\_b \#1" in text
    body = text.split(r"\midrule")[1].split(r"\bottomrule")[0]
    assert all(len(re.findall(r"(?<!\\)&", line)) == 8 for line in body.strip().splitlines())


@pytest.mark.parametrize("name", ["=1+1", "@cmd", "+1", "-1"])
def test_names_are_no_formulas(name):
    (panel,) = panels([record(name)])
    assert not re.search(rf"^{re.escape(name)}", csv(panel), re.M)


def test_every_character_that_latex_reads_is_escaped():
    assert escaped("\\&%$#_{}~^<>") == (
        r"\textbackslash{}\&\%\$\#\_\{\}\textasciitilde{}\textasciicircum{}\textless{}\textgreater{}"
    )


def test_markdown_has_a_row_a_network():
    lines = markdown(PANEL).splitlines()
    assert len(lines) == 4
    assert lines[0].startswith("| network | top-1 (%) | latency (ms) | 95 % CI |")
