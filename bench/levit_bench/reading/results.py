"""The Python API of stored sessions: front, pick, comparison, explanation, scaling, A/A test and views.

Every verb that reads calls these methods and prints what they return.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from levit_bench.asking import arguments
from levit_bench.command_lines import command_line
from levit_bench.errors import NothingToShowError, UsageError
from levit_bench.reading.rules import MIN_EFFECT, TREND_MIN_EFFECT, rules_from
from levit_bench.reading.selection import StoredSelection

if TYPE_CHECKING:
    import pandas as pd

    from levit_bench.judge.compare.aa import AAComparison
    from levit_bench.judge.explain.factors import Explanation
    from levit_bench.judge.front.pick import Pick
    from levit_bench.judge.gate.gate_report import GateReport
    from levit_bench.judge.scaling import Curve
    from levit_bench.reading.comparison import SessionComparison
    from levit_bench.reading.exporting import Export
    from levit_bench.reading.front_page import FrontPage
    from levit_bench.reading.trend import TrendPage
    from levit_bench.records import Finding
    from levit_bench.report.views.view import CaseView


class Results(StoredSelection):
    """Records of one or more sessions, findings about their files, and methods that evaluate them."""

    def to_pandas(self) -> pd.DataFrame:
        """One row a case: its axes, latency in seconds with its interval, ratio to the yardstick, outcome, and its cold
        start in seconds and bytes.
        """
        from levit_bench.report.views.cases import frame

        return frame(self.records)

    @property
    def case_findings(self) -> tuple[Finding, ...]:
        """Findings about the numbers, one a kind, with the names of the cases it is about."""
        from levit_bench.report.views.cases import findings_of

        return tuple(findings_of(self.records, self.whole))

    def turns(self) -> pd.DataFrame:
        """One row a timed pass: session, case, run, round, position, pass, duration in seconds. Nothing is averaged."""
        from levit_bench.report.views.cases import passes

        return passes(self.records)

    def show(self, *, instrument: bool = False, **views: str | bool | None) -> CaseView:
        """The cases as `levit-bench show` shows them; its `rows()` are what `--json` prints.

        Args:
            instrument: also the yardsticks and the null network.
            views: the view, by the names of `levit_bench.report.views.registry.VIEWS`: `variance=True`,
                `percentiles=True`, `cold=True`, `cross_check=True`, or `against="levit_128s"`, which
                `grid="efficientnet_b2"` refines.

        Raises:
            UsageError: the view does not exist, or more than one is given.
            NothingToShowError: no case has what the view shows.
        """
        from levit_bench.report.views.registry import view
        from levit_bench.report.views.view import ViewRequest

        arguments.flag("instrument", instrument)
        shown = [record for record in self.records if instrument or record.info.role == "subject"]
        return view(views, ViewRequest(shown, self.whole, self.history, one_session=self.is_one_session))

    def front(
        self,
        metric: Literal["latency", "throughput"] = "latency",
        *,
        on: str | None = None,
        published: str | Path | Sequence[str | Path] = (),
        published_networks: str | Sequence[str] = ("measured",),
        published_batch: int | str | Sequence[int] = (),
        published_front: bool = False,
        base: Mapping[str, object] | None = None,
        overlay: str | Sequence[str] = (),
    ) -> FrontPage:
        """The Pareto front of each comparable group, over speed and top-1 on one set of images.

        Of a whole store with more panels than a picture holds, the page is of its newest session.

        Args:
            metric: `latency` (seconds a batch) or `throughput` (images a second).
            on: one set of images alone, by its name.
            published: a CSV file of timm's results or several, whose figures are shown beside the measured ones.
            published_networks: `measured`, `all`, or names, groups and globs.
            published_batch: published speeds of these batch sizes alone: `16`, `(1, 16)` or `"1,16"`.
            published_front: find the front of each published panel among its own figures.
            base: fields and values of the panel with which the others are compared; absent: the most usual setting.
            overlay: axes such as `"runtime"` or `("runtime", "allocator")`: panels that differ in them alone share a
                pair of axes in the picture, and where they are of one session have a front over all values.

        Returns:
            The page: `panels` with their `points`, `changes` between them, `overlays` with the front over all values,
            `rows()` for programs, and `write(folder)`.

        Raises:
            NothingToShowError: no case has both a speed and an accuracy; the message says why.
            NotComparableError: the records have more settings than a page can hold.
            UsageError: the set, the base panel, the overlay's axis or a published network does not exist.
        """
        from levit_bench.reading.front_page import PublishedChoice, front_page, panels_of

        if metric not in ("latency", "throughput"):
            raise UsageError(f"metric={metric!r}: give 'latency' or 'throughput'.")
        base_values = {} if base is None else arguments.conditions("base", base)
        beside = PublishedChoice(
            arguments.paths("published", published),
            arguments.words("published_networks", published_networks),
            arguments.numbers("published_batch", published_batch),
            arguments.flag("published_front", published_front),
        )
        chosen_set = arguments.optional_text("on", on)
        axes = arguments.words("overlay", overlay)
        return front_page(panels_of(self, metric, chosen_set, beside, base_values, axes), base_values)

    def report(
        self,
        path: str | Path = "reports/report.html",
        *,
        on: str | None = None,
        published: str | Path | Sequence[str | Path] = (),
        published_networks: str | Sequence[str] = ("measured",),
        published_batch: int | str | Sequence[int] = (),
        figures: bool = False,
    ) -> Path:
        """Write one HTML file in which a reader finds, compares and traces every number; it needs no network.

        Args:
            path: the file, or a folder that gets `report.html`.
            on: one set of images alone, by its name.
            published: a CSV file of timm's results or several, whose figures can be shown hollow beside the measured.
            published_networks: as for `front`.
            published_batch: as for `front`.
            figures: whether to write the figure and tables for papers beside it, too.

        Returns:
            The path of the file.

        Raises:
            NothingToShowError: no case was timed; the message says why.
            StoreError: the file cannot be written.
            UsageError: the set or a published network does not exist.
        """
        from levit_bench.reading.front_page import PublishedChoice
        from levit_bench.reading.report_page import report_page

        beside = PublishedChoice(
            arguments.paths("published", published),
            arguments.words("published_networks", published_networks),
            arguments.numbers("published_batch", published_batch),
        )
        (target,) = arguments.paths("path", path)
        page = report_page(self, arguments.optional_text("on", on), beside)
        written = page.write(target)
        if arguments.flag("figures", figures):
            page.write_figures(written.parent)
        return written

    def pick(
        self,
        *,
        max_latency: str | float | None = None,
        min_throughput: float | None = None,
        min_top1: float | None = None,
        percentile: str | None = None,
        on: str | None = None,
    ) -> Pick:
        """The best network and setting within limits of speed or top-1, with its ties and the undecided ones.

        Chooses among all settings of one machine and device: runtimes, forms, precisions, allocators, threads, batches.

        Args:
            max_latency: at most this long a batch: `"20ms"`, or a number of seconds.
            min_throughput: at least this many images a second.
            min_top1: published top-1 of at least this, in percent.
            percentile: which passes take at most `max_latency`: `"p95"` for 95 of 100, from `"p50"` on; absent: the
                median pass.
            on: one set of images, by its name.

        Returns:
            The pick; its `answer` is absent where no network is sure to be within the limits. `by_setting` has the best
            of each setting, `rivals` the other networks and what keeps each from being the answer.

        Raises:
            UsageError: no limit is given, or one is out of range.
            NothingToShowError: no case has both a speed and an accuracy, or none the passes for the percentile.
            NotComparableError: the records are of several machines, devices or sets; the message says how to choose.
        """
        from levit_bench.reading.picking import limits, picked

        share = arguments.optional_text("percentile", percentile)
        bounds = limits(max_latency, min_throughput, min_top1, share)
        return picked(self, bounds, arguments.optional_text("on", on))

    def compare(
        self, other: Results, *, ignore: str | Sequence[str] = (), min_effect: str = MIN_EFFECT,
        margin: str | None = None,
    ) -> SessionComparison:  # fmt: skip
        """Compare another session with this one, case by case: slower, faster, the same, or inconclusive.

        Args:
            other: the session that is judged: ratios are its time over that of this one.
            ignore: fields that may differ, such as `"torch"`, `"torch,isolation"` or `("torch", "isolation")`.
            min_effect: smaller differences do not count, however certain.
            margin: differences within it count as the same; absent: `min_effect`.

        Returns:
            The comparison: `report.rows` with a ratio and a verdict each, `summary`, `exit_code`, `document()`.

        Raises:
            UsageError: a field cannot be ignored, or a share is invalid.
            NotComparableError, NothingToShowError: nothing of the two can be compared.
        """
        from levit_bench.reading.comparison import compare_sessions

        if not isinstance(other, StoredSelection):
            raise UsageError(f"other={other!r}: give results, such as levit_bench.load('results', 'last').")
        ignored = arguments.words("ignore", ignore)
        return compare_sessions(self, other, self.history(), rules_from(min_effect, margin), ignored)

    def compare_before(
        self, *, ignore: str | Sequence[str] = (), min_effect: str = MIN_EFFECT, margin: str | None = None
    ) -> SessionComparison:
        """Compare this session with all older ones of its machine in the store, as `levit-bench compare before` does.

        Args:
            ignore: as for `compare`.
            min_effect: as for `compare`.
            margin: as for `compare`.

        Raises:
            NothingToShowError: the store holds no older session of its machine.
            UsageError, NotComparableError: as for `compare`.
        """
        from levit_bench.reading.comparison import compare_with_older

        ignored = arguments.words("ignore", ignore)
        return compare_with_older(self, self.history(), rules_from(min_effect, margin), ignored)

    def compare_within(
        self, field: str, first: str, second: str, *, min_effect: str = MIN_EFFECT, margin: str | None = None
    ) -> SessionComparison:
        """Compare two networks of this session, or two values of a field, paired by round.

        Args:
            field: `"network"`, `"form"`, `"allocator"`, `"precision"` or `"runtime"`.
            first: the value of the baseline.
            second: the value that is judged.
            min_effect: as for `compare`.
            margin: as for `compare`.

        Raises:
            UsageError: the field does not exist.
            NotComparableError, NothingToShowError: no two cases have these values and are otherwise alike.
        """
        from levit_bench.reading.comparison import compare_within_session

        for name, value in (("field", field), ("first", first), ("second", second)):
            arguments.text(name, value)
        return compare_within_session(self, field, first, second, rules_from(min_effect, margin))

    def explain(self, first: str, second: str) -> Explanation:
        """Decompose the ratio between two cases of a session into factors whose product it is.

        Args:
            first: a network, and what makes its case unique: `"levit_192"` or `"levit_192:batch=16,allocator=pinned"`.
            second: the same of the case whose time over the first's is explained.

        Returns:
            Both sides with their stored figures, the `ratio` and its `factors`.

        Raises:
            UsageError: a name matches several cases, or both names match the same one.
            NothingToShowError: a case does not exist or has no time.
        """
        from levit_bench.judge.case_lookup import two
        from levit_bench.judge.explain.factors import explain

        both = arguments.text("first", first), arguments.text("second", second)
        return explain(self.whole, *two(self.records, *both))

    def scaling(self) -> tuple[Curve, ...]:
        """Speed-up by threads and streams, of the newest session that holds one thread and more.

        Returns:
            A curve a network and setting; each step has its ratio of images a second to the base, and its efficiency.

        Raises:
            NothingToShowError: no network was measured with one thread and with more.
        """
        from levit_bench.judge.scaling import newest, scaling

        return tuple(newest(scaling(self.subjects().records)))

    def aa(self, *, min_effect: str = MIN_EFFECT, margin: str | None = None) -> tuple[AAComparison, ...]:
        """A/A test: pairs that should not differ, compared: twins, yardsticks, repeated sessions.

        Args:
            min_effect: as for `compare`.
            margin: as for `compare`.

        Returns:
            A pair each with its verdict; `levit_bench.judge.compare.aa.rates` counts how often it is a false alarm.

        Raises:
            NothingToShowError: nothing was timed twice.
            UsageError: a share is invalid.
        """
        from levit_bench.judge.compare.aa import pairs

        if comparisons := pairs(self.records, rules_from(min_effect, margin)):
            return tuple(comparisons)
        raise NothingToShowError(
            f"nothing in {self.choice.place} was timed twice. Measure some: "
            f"{command_line('aa', '--networks', 'levit_192', '--budget', '60s', stores=self.choice.stores)}"
        )

    def gate(
        self,
        *,
        min_effect: str | None = None,
        margin: str | None = None,
        allow_inconclusive: bool = False,
        allow_other_outputs: bool = False,
    ) -> GateReport:
        """The verdicts on the two sides that this session measured, as `levit-bench gate --session` prints them.

        Args:
            min_effect: share of the time below which slowdowns do not fail, such as `"2%"`; absent: the gate's own.
            margin: share within which a case is the same; absent: the gate's own.
            allow_inconclusive: whether the exit code is 0 where the data cannot tell.
            allow_other_outputs: whether times are judged where the sides compute different things.

        Returns:
            A case each with its verdict, ratio, limits and detectable slowdown; `outcome` and `exit_code`.

        Raises:
            NothingToShowError: these are none or several sessions, or one that no gate measured.
            UsageError: a share is invalid.
        """
        from levit_bench.reading.gate import gate_again

        return gate_again(
            self.records, self.findings,
            min_effect=min_effect, margin=margin,
            allow_inconclusive=arguments.flag("allow_inconclusive", allow_inconclusive),
            allow_other_outputs=arguments.flag("allow_other_outputs", allow_other_outputs),
        )  # fmt: skip

    def trend(
        self,
        *,
        reference: str | None = None,
        since: str | None = None,
        min_effect: str = TREND_MIN_EFFECT,
        acknowledged: str | Path | None = None,
        repository: str | Path | None = None,
    ) -> TrendPage:
        """These cases over the sessions of their stores: changes that last, slow drift, and who moved with whom.

        All cases of the stores are judged, whichever were chosen: they share the rate of false alerts.

        Args:
            reference: session or tag that slow drift is held against; absent: the first sessions of each series.
            since: alerts that were found before are not new: `"2026-11-26"`, or `"7d"` ago; absent: all are.
            min_effect: least lasting change.
            acknowledged: a file of alerts that a person has seen; absent: `trend.toml`, where it is there.
            repository: folder in a git repository that is asked for the commits of a change; absent: none is.

        Returns:
            The `events` with their alerts and cause, the `new` alerts, `exit_code`, `document()` and `write(folder)`;
            its `trend` holds the series with their points, changes and drift.

        Raises:
            NothingToShowError: no case was measured in two sessions.
            UsageError: an argument is invalid, a session of the reference is not there, or the file cannot be read.
        """
        from levit_bench.numbers.dates import period
        from levit_bench.reading import acknowledged as of_file
        from levit_bench.reading.rules import min_effect_from
        from levit_bench.reading.trend import reference_sessions, trend

        file, folder = (
            None if path is None else arguments.paths(name, path)[0]
            for name, path in (("acknowledged", acknowledged), ("repository", repository))
        )
        if file is not None and not file.exists():
            raise UsageError(f"there is no file {str(file)[:200]!r} of acknowledged alerts. Name another one.")
        span = period(arguments.optional_text("since", since), None)
        named = reference_sessions(self.choice.stores, arguments.optional_text("reference", reference))
        return trend(
            self, reference=named, since=span, acknowledged=of_file.read(file or Path(of_file.FILE)),
            min_effect=min_effect_from(min_effect), repository=folder, is_named=file is not None,
        )  # fmt: skip

    def export(self, to: str, *, commit: str | None = None, repository: str | Path | None = None) -> Export:
        """The cases in the format of another tool, as `levit-bench export` writes them.

        Args:
            to: `"pytest-benchmark"`, `"github-action-benchmark"`, `"bencher"` or `"codspeed"`, of one session; `"asv"`
                or `"otava"`, of any.
            commit: the commit of your repository that was measured; absent: what each session recorded.
            repository: the folder of the git repository that asv's results are filed under; absent: the current one.

        Returns:
            The export: `files`, or `text` where it is one; `left_out` with the reasons; `write(path)`.

        Raises:
            UsageError: there is no such format, or it holds one session and these are several.
            NothingToShowError: no case can be exported; the message says why of each.
        """
        from levit_bench.reading.exporting import export

        folder = None if repository is None else arguments.paths("repository", repository)[0]
        name, revision = arguments.text("to", to), arguments.optional_text("commit", commit)
        return export(self, name, commit=revision, repository=folder)

    def _repr_html_(self) -> str:
        """The table that notebooks show."""
        return str(self.to_pandas().to_html())
