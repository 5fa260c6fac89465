"""The overall sentence names the outcome, what failed, what to do and the command that does it."""

from __future__ import annotations

import msgspec
import pytest
from levit_bench.judge.gate.gate_report import CaseVerdict
from levit_bench.judge.verdicts import Verdict
from levit_bench.records import Finding
from levit_bench.report.gate.sentence import overall

from tests.report.gate import made

V = CaseVerdict


def test_a_failed_gate_names_what_failed_worst_first_and_what_to_do_about_each() -> None:
    told = overall(made.EVERY)
    assert told.sentence == (
        "Gate failed: 1 of 9 networks failed (net_failed 224px b1 t1 pinned), 1 is missing (net_missing 224px b1 t1 "
        "pinned), 1 is slower (net_slower 224px b1 t1 pinned takes 1.12 times as long, at least 1.07), 1 has other "
        "outputs (net_other_outputs 224px b1 t1 pinned, and takes 1.01 times as long, 0.990 to 1.03), 1 is "
        "inconclusive (net_inconclusive 224px b1 t1 pinned), 1 is not comparable (net_not_comparable 224px b1 t1 "
        "pinned), 1 is faster, 1 is the same, 1 is new."
    )
    assert told.advice.startswith("Fix what failed, for the reasons that stand with the cases. Bring the missing")
    assert told.advice.endswith("To measure again so:")
    assert told.command == "levit-bench gate --networks 'net_*' --a main --allow-other-outputs"
    assert told.text == f"{told.sentence} {told.advice} {told.command}"


def test_advice_is_given_for_what_there_is_alone() -> None:
    told = overall(made.report([V.SLOWER, V.SAME]))
    assert told.advice == "Look for the slowdown in what differs between the sides. To measure again:"
    alike = overall(made.report([V.SLOWER], differences=()))
    assert alike.advice.startswith("Nothing that is recorded differs between the sides: add --null")
    stored = overall(made.report([V.SLOWER], baseline="s0", session="s1", command=()))
    assert stored.advice.startswith("Look for what was changed since session s0.")
    assert stored.command == "levit-bench gate --baseline s0 --session s1"
    assert stored.sentence.endswith("at least 1.07); times are multiples of the yardstick's.")


def test_only_the_first_few_are_named() -> None:
    told = overall(made.many(5, V.MISSING)).sentence
    assert told == "Gate failed: all 5 networks are missing (net_0, net_1, net_2 and 2 more)."


def test_a_network_in_several_settings_is_several_cases() -> None:
    cases = [made.case(V.SAME, f"net b{batch}", network="net") for batch in (1, 4, 16)]
    told = overall(made.report([*cases, made.case(V.SLOWER, "net b64", network="net"), cases[0]])).sentence
    assert told.startswith(
        "Gate failed: 1 of 5 cases is slower (net b64 takes 1.12 times as long, at least 1.07), 4 are"
    )
    assert overall(made.report([V.SAME])).sentence.startswith(
        "Gate passed, nothing is slower: the only network is the same."
    )


def test_a_network_of_other_outputs_says_that_it_is_slower_and_by_how_much() -> None:
    reason = "takes 1.65 times as long, at least 1.60"
    slower = msgspec.structs.replace(made.compared(1.65, 1.6, 1.7, 1.03), verdict=Verdict.SLOWER, reason=reason)
    told = overall(made.report([made.case(V.OTHER_OUTPUTS, "net", comparison=slower), V.SAME]))
    assert f"1 of 2 networks has other outputs (net, and is slower: {reason})" in told.sentence
    without = overall(made.report([made.case(V.OTHER_OUTPUTS, "net", comparison=None)]))
    assert "(net)" in without.sentence


def test_a_gate_that_passed_says_what_it_would_have_found_and_asks_for_nothing() -> None:
    told = overall(made.QUIET)
    assert told.sentence == (
        "Gate passed, nothing is slower: 1 of 2 networks is faster, 1 is the same. A slowdown of 3.6 % would have been "
        "found in each of them, four times in five."
    )
    assert (told.advice, told.command) == ("No action is needed.", "")


def test_a_gate_of_sides_that_do_not_differ_says_so_first_and_last() -> None:
    equal = (Finding(kind="sides-equal", message="neither packages nor files of yours"),)
    told = overall(made.QUIET._replace(differences=(), findings=equal))
    assert told.sentence.endswith(" Nothing differs between the sides: code was compared with itself.")
    assert told.advice == "Where a change was meant to be judged, name what has it with --a and --b."
    of_tests = overall(made.QUIET._replace(differences=(), findings=equal, pytest_words=("tests",)))
    assert of_tests.advice.endswith("with --bench-gate.")
    slower = overall(made.many(1, V.SLOWER)._replace(findings=equal))
    assert "code was compared with itself" in slower.sentence
    assert slower.command, "what to do about a verdict stays"


def test_an_inconclusive_gate_says_how_much_could_hide_and_how_to_find_the_margin() -> None:
    told = overall(made.many(3, V.INCONCLUSIVE))
    assert told.advice == "A slowdown of up to 8.3 % could have hidden. To find a slowdown of 5 %:"
    assert told.command == "levit-bench gate --networks 'net_*' --a main --find 5%"
    assert "allow" not in told.sentence
    allowed = overall(made.report([V.INCONCLUSIVE], rules=made.ALLOWED))
    assert allowed.sentence.startswith(
        "Gate inconclusive, which --allow-inconclusive lets pass: the only network is inc"
    )


def test_of_stored_sessions_runs_are_added() -> None:
    told = overall(made.report([V.INCONCLUSIVE], baseline="s0", session="s1"))
    assert told.command == "levit-bench run --resume s1 --budget 2m"


def test_no_budget_is_offered_where_a_finding_says_that_none_will_do() -> None:
    beyond = Finding(kind="sessions-out-of-reach", message="no budget lets two single sessions find less than 11 %")
    told = overall(made.report([V.INCONCLUSIVE], baseline="s0", session="s1", findings=(beyond,)))
    assert "No budget lets two single sessions find 5 %: measure both sides in one session" in told.advice
    assert told.command == ""


def test_more_runs_are_not_advised_where_the_margin_was_detectable() -> None:
    sharp = made.case(V.INCONCLUSIVE, comparison=made.compared(1.028, 1.01, 1.047, 1.02))
    told = overall(made.report([sharp]))
    assert "about --min-effect or the margin" in told.advice
    assert told.command == ""


def test_a_case_without_figures_asks_for_a_longer_session() -> None:
    told = overall(made.report([made.case(V.INCONCLUSIVE, comparison=None), V.SAME]))
    assert (told.advice, told.command[-9:]) == ("To find a slowdown of 5 %:", "--find 5%")


def test_a_control_that_alarms_is_said_before_anything_else() -> None:
    assert overall(made.ALARMED).advice.startswith("Side a differs from itself in the same session")


@pytest.mark.parametrize("allow", [False, True])
def test_nothing_compared_is_never_a_pass(allow: bool) -> None:
    rules = made.ALLOWED if allow else made.RULES
    empty, apart = made.report(rules=rules), made.report([V.NOT_COMPARABLE, V.NEW], rules=rules)
    assert (empty.exit_code, apart.exit_code) == (3, 3)
    assert overall(empty).text.startswith("Nothing was compared: no case. A gate without cases never passes.")
    assert overall(apart).text.startswith("Nothing was compared: 1 of 2 networks is not comparable (")


def test_sides_that_cannot_be_compared_need_no_longer_session() -> None:
    told = overall(made.report([V.SAME, V.NOT_COMPARABLE]))
    assert told.advice.startswith("Make the sides comparable")
    assert told.command == ""


def test_without_a_command_line_the_command_follows_from_cases_and_sides() -> None:
    own = made.renamed(made.case(V.SLOWER), "my nets.py:build#3f2a91")
    told = overall(made.report([own, V.SAME], command=()))
    assert told.command.startswith(
        "levit-bench gate --networks 'my nets.py:build,net_same' --a main --b 'working tree' "
    )


def test_what_tests_declared_is_asked_for_again_with_pytest_and_in_its_options() -> None:
    words = ("--benchmark", "--bench-gate", "main runtime=eager")
    failed = overall(made.report([V.SLOWER, V.OTHER_OUTPUTS], pytest_words=words))
    assert failed.command == "pytest --benchmark --bench-gate 'main runtime=eager' --bench-allow-other-outputs"
    assert "Where other outputs are meant, --bench-allow-other-outputs judges the times alone." in failed.advice
    unsure = overall(made.report([V.INCONCLUSIVE], pytest_words=words, rules=made.ALLOWED))
    assert unsure.command == "pytest --benchmark --bench-gate 'main runtime=eager' --bench-find 5%"
    assert "which --bench-allow-inconclusive lets pass" in unsure.sentence


@pytest.mark.parametrize(("is_stopped", "why"), [(True, ""), (False, ", for its session did not come to its end")])
def test_an_interrupted_gate_says_so_first_and_that_no_verdict_counts(is_stopped: bool, why: str) -> None:
    told = overall(made.interrupted(is_stopped=is_stopped))
    assert (
        told.sentence
        == f"Gate interrupted{why}: no verdict counts; until then 1 of 2 networks is faster, 1 is the same."
    )
    assert told.command == "levit-bench gate --networks 'net_*' --a main"
    assert "budget" not in told.advice


def test_what_was_never_measured_is_not_among_what_is_allowed_to_pass() -> None:
    told = overall(made.report([V.SAME, V.INCONCLUSIVE, V.NOT_COMPARABLE], rules=made.ALLOWED))
    assert told.sentence.startswith("Gate inconclusive: 1 of 3 networks is inconclusive")
    assert "--allow-inconclusive covers what was measured and cannot be told" in told.sentence


def test_a_control_without_a_time_is_to_be_mended_and_not_measured_longer() -> None:
    told = overall(made.report([made.case(V.INCONCLUSIVE, withdrawn=V.SAME, lacks_control=True)]))
    assert told.advice.startswith("Mend what keeps the control from being measured")
    assert "--find" not in told.command


@pytest.mark.parametrize(
    ("verdicts", "where"),
    [
        ([V.SAME], "in it, four"),
        ([V.SAME, V.NEW], "in the one that was compared, four"),
        ([V.SAME, V.FASTER, V.NEW], "in each of the 2 that were compared, four"),
    ],
)
def test_what_would_have_been_found_is_said_of_cases_that_were_compared(verdicts: list[V], where: str) -> None:
    assert f"would have been found {where} times in five." in overall(made.report(verdicts)).sentence


def test_where_all_networks_are_new_the_advice_names_those_that_were_moved() -> None:
    assert "A network that was moved or renamed is compared where" in overall(made.report([V.NEW, V.NEW])).advice
