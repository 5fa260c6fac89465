import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from levit_bench.errors import UsageError
from levit_bench.numbers.units import (
    counted,
    exact_duration,
    format_bytes,
    format_count,
    format_duration,
    format_latency,
    ordinal,
    parse_duration,
    parse_percent,
    significant,
)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("60s", 60), ("3m", 180), ("1h30m", 5400), ("250ms", 0.25), (" 1.5 MIN ", 90), ("1h 5m 10s", 3910),
     ("20ms", 0.02), ("1.5 s", 1.5), ("800us", 8e-4), ("800 µs", 8e-4), ("800μs", 8e-4), ("1s 5us", 1.000005)],
)  # fmt: skip
def test_durations_are_read_as_people_write_them(text, seconds):
    assert parse_duration(text) == pytest.approx(seconds)


@pytest.mark.parametrize(
    "text", ["", "60", "s", "-3s", "0s", "3 parsecs", "1e3s", "5s!", "nan s", "20u", "20 mus", "9" * 400 + "s"]
)
def test_a_text_that_is_no_positive_duration_is_refused_with_examples(text):
    with pytest.raises(
        UsageError, match=r"invalid duration .*\. Write a positive number with a unit, such as (90s|60s)"
    ):
        parse_duration(text)


def test_a_refused_duration_of_any_length_is_quoted_shortly():
    with pytest.raises(UsageError) as refused:
        parse_duration("9" * 5000)
    assert len(str(refused.value)) < 200


@given(st.floats(1e-6, 1e4))
def test_an_exact_duration_is_read_back_as_what_was_written(seconds):
    assert parse_duration(exact_duration(seconds)) == pytest.approx(seconds, rel=1e-9)


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.02, "20 ms"), (1.5, "1.5 s"), (8e-4, "800 µs"), (0.02025, "20.25 ms"), (90, "90 s")]
)
def test_an_exact_duration_is_not_rounded(seconds, text):
    assert exact_duration(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(45, "45 s"), (59.6, "1 min"), (200, "3 min 20 s"), (3900, "1 h 05 min"), (0.2, "0 s")]
)
def test_durations_are_written_for_people(seconds, text):
    assert format_duration(seconds) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0123456, "0.0123"), (12.3456, "12.3"), (999.6, "1000"), (9.9996, "10.0"), (99.99999, "100"), (0, "0"),
        (math.inf, "∞"), (-math.inf, "-∞"), (math.nan, "nan"), (-0.5, "-0.500"), (123456, "123456"),
    ],
)  # fmt: skip
def test_three_significant_digits_without_an_exponent(value, text):
    assert significant(value) == text


@given(st.floats(1e-6, 1e6), st.integers(1, 6))
def test_significant_digits_are_right_to_half_a_unit_of_the_last(value, digits):
    assert float(significant(value, digits)) == pytest.approx(value, rel=0.5000001 * 10 ** (1 - digits))


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (1.2, "1.20 s"),
        (0.0123, "12.3 ms"),
        (850e-6, "850 µs"),
        (12e-9, "12.0 ns"),
        (0.99999, "1.00 s"),
        (0.000999, "999 µs"),
    ],
)
def test_latencies_choose_the_unit_that_shows_them_best(seconds, text):
    assert format_latency(seconds) == text


def test_counts_and_sizes_have_their_suffixes_and_a_dash_when_unknown():
    assert [format_count(c) for c in (None, 12, 9_200_000, 1.13e9, 305e6, 2e12)] == [
        "–", "12", "9.20M", "1.13G", "305M", "2.00T",
    ]  # fmt: skip
    assert [format_bytes(c) for c in (None, 12, 2048, 32 << 20, 16 << 30)] == ["–", "12 B", "2 KiB", "32 MiB", "16 GiB"]


@pytest.mark.parametrize(("text", "share"), [("1%", 0.01), ("2.5 %", 0.025), (" 0% ", 0.0), ("100%", 1.0)])
def test_a_share_is_read_as_people_write_it(text, share):
    assert parse_percent(text) == pytest.approx(share)


@pytest.mark.parametrize("text", ["", "%", "1", "0.01", "-1%", "101%", "one %", "nan%", "1%%"])
def test_a_text_that_is_no_share_is_refused_with_an_example(text):
    with pytest.raises(UsageError, match=r"invalid share .*\. Write percent from 0 to 100 with the sign, such as 1%"):
        parse_percent(text)


@pytest.mark.parametrize(
    ("number", "text"),
    [(1, "1st"), (2, "2nd"), (3, "3rd"), (4, "4th"), (11, "11th"), (22, "22nd"), (113, "113th")],
)
def test_a_place_in_a_row_is_written_as_people_say_it(number, text):
    assert ordinal(number) == text


def test_counts_of_things_are_written_in_the_singular_and_plural():
    assert [counted(count) for count in (0, 1, 2)] == ["0 runs", "1 run", "2 runs"]
    assert [counted(count, "pass") for count in (1, 3)] == ["1 pass", "3 passes"]
