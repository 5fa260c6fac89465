"""The report page in headless Chromium, as a reader uses it."""

import json
import os
import random
from itertools import combinations
from pathlib import Path

import levit_bench
import pytest
from levit_bench.judge.front.panels import panels
from levit_bench.numbers.quantiles import student_t
from levit_bench.numbers.units import significant
from levit_bench.report.page.assembly import modules_text
from levit_bench.report.words.ratios import beside_one

from tests.making import record
from tests.report.page.conftest import FRONT, ROOT, RUNTIMES
from tests.report.page.test_assembly import HOSTILE
from tools.simulated.generate_store import PAPER
from tools.simulated.nights_store import write_nights

PINNED = "#v=1&allocator=pinned&metric=latency"


def keys(page, allocator="pinned"):
    """The keys of the points in view, by label."""
    return {mark["label"].split(",")[0].split(" · ")[0]: mark["key"] for mark in marks(page)}


def marks(page):
    return page.evaluate(
        """() => [...document.querySelectorAll('#chart .point')]
          .map(e => ({key: e.dataset.key, label: e.getAttribute('aria-label')}))"""
    )


def go(page, fragment):
    # The page's own listener is older, so that it has drawn the view by the time that this one is called.
    page.evaluate(
        """fragment => new Promise((done) => {
          if (location.hash === fragment) return done();
          window.addEventListener('hashchange', () => requestAnimationFrame(() => done()), { once: true });
          location.hash = fragment;
        })""",
        fragment,
    )


def test_the_page_opens_without_a_request_and_without_a_word_on_the_console(opened, front_page):
    page = opened(front_page).page
    assert "networks have the shortest latency at their accuracy on AMD EPYC" in page.inner_text("#question")
    assert page.locator("#chart .point").count() == 12
    assert page.locator("#points tbody tr").count() == 12


def test_the_first_view_of_several_runtimes_shows_each_network_in_its_fastest(opened, runtimes_page):
    page = opened(runtimes_page).page
    assert page.locator("#chart .point").count() == 2
    assert "each in the runtime in which it is fastest (of 6)" in page.inner_text("#question")
    assert all(" · " in mark["label"] for mark in marks(page))


def test_hover_and_focus_show_the_stored_values(opened, front_page):
    page = opened(front_page, PINNED).page
    rows = {
        row["label"]: row for row in levit_bench.load(ROOT / "results", FRONT).where(allocator="pinned").front().rows()
    }
    for label, key in keys(page).items():
        page.locator(f'[data-key="{key}"].point').hover(force=True)
        shown = page.inner_text("#details")
        row = rows[label]
        scale, unit = (1e-3, "ms") if row["latency_s"] < 1 else (1, "s")
        assert f"{significant(row['latency_s'] / scale)} {unit}" in shown
        assert f"{significant(row['latency_low_s'] / scale)} to {significant(row['latency_high_s'] / scale)}" in shown
        assert f"{row['top1_percent']:.1f} %" in shown


@pytest.mark.slow
@pytest.mark.parametrize("allocator", ["pinned", "shipped"])
def test_pins_give_the_ratio_and_the_verdict_of_compare(opened, front_page, allocator):
    page = opened(front_page, f"#v=1&allocator={allocator}").page
    results = levit_bench.load(ROOT / "results", FRONT).where(allocator=allocator)
    for (first, first_key), (second, second_key) in combinations(keys(page).items(), 2):
        go(page, f"#v=1&allocator={allocator}&pins={first_key}+{second_key}")
        shown = page.inner_text("#pins .ratio")
        comparison = results.compare_within("network", first, second).report.rows[0].comparison
        ratio = comparison.ratio
        expected = (
            f"{second} takes {significant(ratio.value)} times as long as {first} "
            f"(95 %: {beside_one(ratio.low)} to {beside_one(ratio.high)}): {comparison.verdict}. "
            f"Paired by round over {ratio.n} runs of session {FRONT}."
        )
        assert shown == expected


def test_a_runtime_is_compared_with_another_and_a_batch_is_not(opened, runtimes_page):
    page = opened(runtimes_page, "#v=1&batch=1&allocator=pinned&runtime=eager").page
    eager = keys(page)["levit_192"]
    go(page, "#v=1&batch=1&allocator=pinned&runtime=openvino")
    openvino = keys(page)["levit_192"]
    go(page, "#v=1&batch=16&allocator=pinned&runtime=eager")
    batch = keys(page)["levit_192"]
    go(page, f"#v=1&pins={eager}+{openvino}")
    row = (
        levit_bench.load(ROOT / "results", RUNTIMES)
        .where(network="levit_192", batch=1, allocator="pinned")
        .compare_within("runtime", "eager", "openvino")
        .report.rows[0]
    )
    assert f"takes {significant(row.comparison.ratio.value)} times as long" in page.inner_text("#pins .ratio")
    command = page.inner_text("#pins .command")
    assert command.startswith(f"levit-bench compare {RUNTIMES} --between runtime=eager,openvino --where ")
    go(page, f"#v=1&pins={eager}+{batch}")
    assert "not comparable, because batch differs: 1 and 16" in page.inner_text("#pins .ratio")


def test_pins_are_set_swapped_and_cleared_by_hand(opened, front_page):
    page = opened(front_page, PINNED).page
    first, second = list(keys(page).values())[:2]
    for key in (first, second):
        page.locator(f'[data-key="{key}"].point').click(force=True)
    before = page.inner_text("#pins .ratio")
    assert page.inner_text("#pin-live") == before
    page.click("#swap")
    after = page.inner_text("#pins .ratio")
    assert before.split(" takes ")[0] in after.split(" takes ")[1]
    page.click("#clear")
    assert page.locator("#pins .ratio").count() == 0
    assert page.locator(".point.pinned").count() == 0


def test_the_address_restores_the_whole_view(opened, front_page):
    watched = opened(front_page, PINNED)
    page = watched.page
    first = next(iter(keys(page).values()))
    page.locator(f'[data-key="{first}"].point').click(force=True)
    page.select_option("#metric", "throughput")
    page.check("#only-front")
    page.fill("#search", "levit")
    page.fill("#within", "20")
    address = page.evaluate("location.hash")
    seen = [page.inner_html(part) for part in ("#chart", "#pins", "#table", "#question", "#within-answer")]
    watched.open(address)
    again = [page.inner_html(part) for part in ("#chart", "#pins", "#table", "#question", "#within-answer")]
    assert again == seen
    assert page.input_value("#search") == "levit"


@pytest.mark.parametrize(
    ("fragment", "names"),
    [
        ("#v=9&allocator=pinned", "v"),
        ("#v=1&allocator=nowhere&pins=x.y&tab=elsewhere&overlay=moon&new=1", "allocator, overlay, tab, pins"),
        ("#v=1&machine=%E0%A4%A&batch=%00", "machine, batch"),
    ],
)
def test_a_fragment_of_another_page_opens_what_there_is_and_says_so(opened, front_page, fragment, names):
    page = opened(front_page, fragment).page
    assert page.locator("#chart .point").count() == 12
    assert f"what this page does not hold ({names})" in page.inner_text("#note")


def test_a_fragment_of_something_else_opens_the_first_view(opened, front_page):
    page = opened(front_page, "#section-2").page
    assert page.locator("#chart .point").count() == 12
    assert page.inner_text("#note") == ""


def test_arrow_keys_reach_every_point_from_one_stop_of_the_tab_key(opened, front_page):
    page = opened(front_page, PINNED).page
    assert page.locator('#chart .point[tabindex="0"]').count() == 1
    page.locator('#chart .point[tabindex="0"]').focus()
    page.keyboard.press("Home")
    seen = []
    for _ in range(14):
        seen.append(page.evaluate("document.activeElement.dataset.key"))
        page.keyboard.press("ArrowRight")
    assert len(set(seen)) == 12
    page.keyboard.press("Home")
    on_front = []
    for _ in range(14):
        page.keyboard.press("ArrowUp")
        on_front.append(page.evaluate("document.activeElement.dataset.key"))
    labels = {mark["key"]: mark["label"] for mark in marks(page)}
    assert all("dominated" not in labels[key] for key in on_front)
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.getAttribute('aria-pressed')") == "true"
    assert page.evaluate("document.activeElement.dataset.key") == on_front[-1]


def test_what_a_point_says_has_its_name_top1_speed_interval_place_and_findings(opened, front_page):
    page = opened(front_page, PINNED).page
    for mark in marks(page):
        assert mark["label"].count(", ") >= 4
        for words in ("top-1 ", " %, ", " ms (", " to ", "finding"):
            assert words in mark["label"]
        assert any(words in mark["label"] for words in ("on the front", "dominated", "undecided"))


def test_no_name_covers_another_or_a_point(opened, front_page):
    page = opened(front_page).page
    boxes = page.evaluate(
        """() => {
          const box = e => { const b = e.getBoundingClientRect(); return [b.left, b.top, b.right, b.bottom]; };
          return {
            names: [...document.querySelectorAll('#chart .names text')].map(box),
            marks: [...document.querySelectorAll('#chart .point .shape')].map(box),
            picture: box(document.querySelector('#chart svg')),
          };
        }"""
    )
    assert len(boxes["names"]) >= 9  # of 12, as far as the font leaves room
    for one, other in combinations(boxes["names"], 2):
        assert not overlap(one, other)
    for name in boxes["names"]:
        assert not any(overlap(name, mark) for mark in boxes["marks"])
        assert name[0] >= boxes["picture"][0]
        assert name[2] <= boxes["picture"][2]


@pytest.fixture(scope="module")
def trend_page(tmp_path_factory):
    """The page of a store of nights: one network changed with the 12th, all of them with the 24th."""
    folder = tmp_path_factory.mktemp("nights")
    steps = {12: {PAPER[1].network: 1.06}, 24: {"*": 1.08}}
    write_nights(folder / "store", PAPER[:3], range(36), steps, {24: {"numpy": "2.1"}})
    return levit_bench.load(folder / "store").report(folder / "trend.html")


def test_the_trend_says_what_changed_and_draws_each_case(opened, trend_page):
    page = opened(trend_page, "#v=1&tab=trend").page
    events = page.locator(".events li").all_inner_texts()
    assert len(events) == 2
    assert "2 other cases did not, so the network" in events[0]
    assert "nearly all networks at once" in events[1]
    assert "numpy – → 2.1" in events[1]
    labels = [one.get_attribute("aria-label") for one in page.locator(".trends svg").all()]
    assert len(labels) == 3
    assert all("36 sessions, changed by" in label for label in labels)
    assert page.locator(".trends line.slower").count() == 4
    texts = page.locator(".trends text").all_text_contents()
    assert "2025-01-01" in texts


def test_nothing_of_a_trend_is_wider_than_a_phone(opened, trend_page):
    page = opened(trend_page, "#v=1&tab=trend", viewport={"width": 360, "height": 740}).page
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_a_page_of_one_session_has_no_trend(opened, front_page):
    page = opened(front_page, "#v=1&tab=trend").page
    assert page.locator("#tab-trend").count() == 0
    assert page.locator("#tab-front").get_attribute("aria-selected") == "true"


def overlap(one, other):
    return one[0] < other[2] - 0.5 and other[0] < one[2] - 0.5 and one[1] < other[3] - 3 and other[1] < one[3] - 3


@pytest.mark.parametrize("tab", ["front", "across", "scaling", "cold", "sessions"])
def test_nothing_is_wider_than_a_phone(opened, runtimes_page, tab):
    page = opened(runtimes_page, f"#v=1&tab={tab}", viewport={"width": 360, "height": 740}).page
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_is_readable_in_light_and_dark(opened, front_page, scheme):
    page = opened(front_page, color_scheme=scheme).page
    text, ground = page.evaluate(
        "() => { const s = getComputedStyle(document.body); return [s.color, s.backgroundColor]; }"
    )
    assert contrast(text, ground) > 10
    quiet = page.evaluate("() => getComputedStyle(document.querySelector('#provenance')).color")
    assert contrast(quiet, ground) > 4.5


def contrast(one, other):
    def luminance(colour):
        parts = [int(part) / 255 for part in colour[4:-1].split(",")[:3]]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_forced_colours_keep_the_lines(opened, front_page):
    page = opened(front_page, forced_colors="active").page
    ground = page.evaluate("() => getComputedStyle(document.body).backgroundColor")
    line = page.evaluate("() => getComputedStyle(document.querySelector('.staircase path')).stroke")
    assert line != ground


def test_hostile_names_are_text_everywhere(opened, tmp_path):
    records = [
        record(name, (0.01 + at / 100,) * 2 + (0.0101 + at / 100,), top1=70.0 + at) for at, name in enumerate(HOSTILE)
    ]
    path = levit_bench.Results(records).report(tmp_path / "hostile.html")
    page = opened(path).page
    assert page.locator("#chart .point").count() == len(HOSTILE)
    for mark in marks(page):
        page.locator(f'[data-key="{mark["key"]}"].point').focus()
    for tab in ("front", "across", "scaling", "cold", "sessions"):
        go(page, f"#v=1&tab={tab}")
        assert page.locator("img, iframe, object, embed").count() == 0
        assert page.locator("script").count() == 2
    go(page, "#v=1&search=%3Cimg")
    assert page.locator("#points tbody tr").count() == 1


def test_files_of_the_view_hold_its_points(opened, front_page, tmp_path):
    page = opened(front_page, PINNED).page
    saved = {}
    for kind in ("csv", "json", "svg", "png"):
        with page.expect_download() as download:
            page.click(f"#save-{kind}")
        saved[kind] = tmp_path / kind
        download.value.save_as(saved[kind])
    rows = json.loads(saved["json"].read_text("utf-8"))["points"]
    assert len(rows) == 12
    assert saved["csv"].read_text("utf-8").count("\n") == 13
    assert saved["svg"].read_text("utf-8").startswith("<svg")
    assert "var(" not in saved["svg"].read_text("utf-8")
    assert f"session {FRONT}" in saved["svg"].read_text("utf-8")
    assert saved["png"].read_bytes().startswith(b"\x89PNG")
    assert saved["png"].stat().st_size > 10_000


def test_formulas_do_not_reach_a_spreadsheet(opened, tmp_path):
    path = levit_bench.Results([record("=1+1"), record("@cmd", (0.02, 0.021, 0.022), top1=82.0)]).report(tmp_path)
    page = opened(path).page
    with page.expect_download() as download:
        page.click("#save-csv")
    download.value.save_as(tmp_path / "view.csv")
    text = (tmp_path / "view.csv").read_text("utf-8")
    assert "'=1+1" in text
    assert "\n=" not in text


@pytest.mark.parametrize("limit", [15, 20, 30, 40, 80])
def test_the_most_accurate_within_a_limit_is_that_of_pick(opened, front_page, limit):
    page = opened(front_page, f"{PINNED}&within={limit}").page
    pick = levit_bench.load(ROOT / "results", FRONT).where(allocator="pinned").pick(max_latency=f"{limit}ms")
    shown = page.inner_text("#within-answer")
    if pick.answer is None:
        assert shown.startswith("None is ")
    else:
        assert shown.startswith(f"{pick.answer.label} (")
        assert ("As good: " in shown) == bool(pick.ties)
    assert ("erhaps" in shown) == bool(pick.undecided)


@pytest.mark.parametrize("limit", [75, 78, 80, 82])
def test_the_fastest_above_a_limit_is_that_of_pick(opened, front_page, limit):
    page = opened(front_page, f"{PINNED}&above={limit}").page
    pick = levit_bench.load(ROOT / "results", FRONT).where(allocator="pinned").pick(min_top1=limit)
    shown = page.inner_text("#above-answer")
    assert shown.startswith(f"{pick.answer.label} (" if pick.answer else "None is ")
    assert ("As good: " in shown) == bool(pick.ties)


def shaken(base, seed, jitter=0.001):
    draw = random.Random(seed)
    return [base * drift * (1 + draw.gauss(0, jitter)) for drift in (1, 1.08, 0.95, 1.05, 0.97)]


def test_a_pick_over_joined_sessions_pairs_the_runs_of_all_of_them(opened, tmp_path):
    results = levit_bench.Results(
        [
            record("a", shaken(0.0100, 1), session="s1"), record("b", shaken(0.0103, 2), session="s1"),
            record("a", shaken(0.0104, 3), session="s2"), record("b", shaken(0.0103, 4), session="s2"),
        ]
    )  # fmt: skip
    page = opened(results.report(tmp_path), "#v=1&above=70").page
    pick = results.pick(min_top1=70)
    assert page.inner_text("#above-answer").startswith(f"{pick.answer.label} (")
    assert ("As good: " in page.inner_text("#above-answer")) == bool(pick.ties)


def test_a_top1_halfway_between_two_decimals_is_written_as_everywhere(opened, tmp_path):
    results = levit_bench.Results([record("slow", top1=80.25), record("quick", (0.008, 0.0081, 0.0082), top1=80.2)])
    page = opened(results.report(tmp_path), "#v=1&within=50").page
    assert page.inner_text("#within-answer").startswith("quick (80.2 %, ")
    assert results.pick(max_latency="50ms").answer.label == "quick"


def test_a_network_at_several_sizes_gets_a_command_that_names_one_or_none(opened, tmp_path):
    records = [record("a"), record("a", resolution=384, top1=82.0), record("b", (0.02, 0.021, 0.0205), top1=81.0)]
    page = opened(levit_bench.Results(records).report(tmp_path)).page
    found = keys(page)
    go(page, f"#v=1&pins={found['a@224']}+{found['b']}")
    assert "resolution=224" in page.inner_text("#pins .command")
    go(page, f"#v=1&pins={found['a@224']}+{found['a@384']}")
    assert page.locator("#pins .command").count() == 0
    assert "takes 1.00 times" in page.inner_text("#pins .ratio") or "not comparable" in page.inner_text("#pins .ratio")


def test_the_first_view_has_the_most_networks_of_the_newest_machine(opened, tmp_path):
    many = [record(f"n{at}", (0.01 + at / 100,) * 3, top1=70.0 + at, session="s1") for at in range(4)]
    page = opened(levit_bench.Results([*many, record("n0", session="s2", form="inference")]).report(tmp_path)).page
    assert page.locator("#chart .point").count() == 4


def test_a_network_is_one_whatever_family_a_session_states(opened, tmp_path):
    records = [
        record("A", (0.010, 0.0101, 0.0099), family="X"),
        record("A", (0.012, 0.0121, 0.0119), family=None, runtime="openvino"),
        record("B", (0.012, 0.0121, 0.0119), top1=82.0),
        record("B", (0.009, 0.0091, 0.0092), top1=82.0, runtime="openvino"),
    ]  # fmt: skip
    page = opened(levit_bench.Results(records).report(tmp_path)).page
    assert [mark["label"].split(",")[0] for mark in marks(page)] == ["A · eager", "B · openvino"]


def test_without_javascript_the_page_says_what_it_needs(browser, front_page):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(front_page.absolute().as_uri())
    assert "JavaScript is off" in page.inner_text("#loading")
    assert not page.is_visible("#view")
    context.close()


def test_limits_that_are_no_numbers_are_explained(opened, front_page):
    page = opened(front_page).page
    page.fill("#within", "fast")
    page.fill("#above", "-3")
    assert page.inner_text("#within-answer") == "Write milliseconds, such as 20."
    assert page.inner_text("#above-answer") == "Write percent, such as 80."


@pytest.mark.parametrize(
    ("records", "points"),
    [
        ([record("alone")], 1),
        ([record(f"n{at}") for at in range(5)], 5),
        ([record("one", (0.01,)), record("two", (0.02,), top1=81.0)], 2),
        ([record("nothing", top1=None)], 0),
    ],
    ids=["one point", "all equal", "one run", "no accuracy"],
)
def test_few_or_equal_points_have_a_page(opened, tmp_path, records, points):
    page = opened(levit_bench.Results(records).report(tmp_path)).page
    assert page.locator("#chart .point").count() == points
    assert page.locator("#points tbody tr").count() == len(records)
    if not points:
        assert "No accuracy is known" in page.inner_text("#chart")


def test_student_t_is_that_of_the_analysis(browser):
    page = browser.new_page()
    for freedom in (1, 2, 4, 9, 30, 4.7, 200):
        for share in (0.6, 0.95, 0.975, 0.9875, 0.999):
            value = page.evaluate(
                f"() => {{ {modules_text('numbers')} return $numbers.studentT({freedom}, {share}); }}"
            )
            assert value == pytest.approx(student_t(freedom, share), rel=1e-9)
    page.close()


def test_numbers_have_the_digits_of_the_command_line(browser):
    page = browser.new_page()
    values = [
        2.125,
        0.5625,
        1234.5,
        2.5,
        0.00012345,
        0.9996,
        0.99951,
        1.0004,
        9.996,
        12.345,
        99.95,
        1234.6,
        1.00049,
        0.999999,
        1e-7,
        123456.7,
    ]
    called = "return values.map(v => [$numbers.significant(v), $numbers.besideOne(v)]);"
    script = f"values => {{ {modules_text('numbers')} {called} }}"
    shown = page.evaluate(script, values)
    assert shown == [[significant(value), beside_one(value)] for value in values]
    page.close()


@pytest.mark.slow
@pytest.mark.parametrize("tab", ["front", "across", "scaling", "cold", "trend", "sessions"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_violation(opened, front_page, trend_page, tab, scheme):
    path = Path(os.environ.get("AXE_CORE", ROOT / ".tox" / "web" / "node_modules" / "axe-core" / "axe.min.js"))
    if not path.is_file():
        pytest.skip("axe-core is not installed: npm install --prefix .tox/web axe-core")
    shown, fragment = (trend_page, "#v=1&tab=trend") if tab == "trend" else (front_page, f"{PINNED}&tab={tab}")
    page = opened(shown, fragment, color_scheme=scheme).page
    if tab == "front":
        for key in list(keys(page).values())[:2]:
            page.locator(f'[data-key="{key}"].point').click(force=True)
    page.evaluate(path.read_text("utf-8"))
    result = page.evaluate(
        "async () => (await axe.run()).violations.map(v => [v.id, v.nodes.map(n => n.html.slice(0, 120))])"
    )
    assert result == []


def test_panels_without_points_are_no_choice(opened, tmp_path):
    records = [record("a"), record("b", batch=4, outcome="failed", reason="no memory", runs=())]
    assert len(panels(records)) == 2
    page = opened(levit_bench.Results(records).report(tmp_path)).page
    assert page.locator("#choose-batch").count() == 0
