from __future__ import annotations

import pytest

from caspian_env.reports import text
from tests.reports.synthetic_bulletin import anomaly, rate, utc, value


@pytest.mark.parametrize(
    ("given", "decimals", "signed", "printed"),
    [
        (-7.13, 1, False, "−7.1"),
        (0.94, 1, True, "+0.9"),
        (-0.04, 1, True, "0.0"),
        (392_300.4, 0, False, "392\u202f300"),
        (1234.5, 1, False, "1234.5"),
        (-28.7123, 2, False, "−28.71"),
    ],
)
def test_numbers_have_a_true_minus_and_no_negative_zero(given, decimals, signed, printed):
    assert text.number(given, decimals, signed=signed) == printed


def test_plain_numbers_are_read_back_by_a_program():
    assert text.plain(-7.13, 1) == "-7.1"
    assert text.plain(-0.04, 1) == "0.0"
    assert float(text.plain(392_300.4, 0)) == 392_300


def test_a_rate_is_written_with_its_interval():
    assert text.with_interval(rate()) == "−7.1 cm a year (90 % interval −13.0 to −1.2)"


def test_a_value_without_an_interval_says_none():
    assert text.with_interval(anomaly(ci_low=None, ci_high=None, ci_level=None)) == "1.1 °C"


@pytest.mark.parametrize(
    ("spelling", "printed"),
    [
        ("cm year-1", "cm a year"), ("degree_Celsius", "°C"), ("1e-6", "ppm"), ("1e-6 year-1", "ppm a year"), ("m", "m"),
        ("km2", "km²"), ("furlong", "furlong"),
    ],
)  # fmt: skip
def test_units_are_words_of_print(spelling, printed):
    assert text.unit(spelling) == printed


@pytest.mark.parametrize(
    ("start", "end", "printed"),
    [
        (utc(2025), utc(2026), "2025"),
        (utc(2016), utc(2026), "2016–2025"),
        (utc(2026, 10), utc(2026, 11), "October 2026"),
        (utc(2025, 12), utc(2026, 1), "December 2025"),
        (utc(2026, 10, 3), utc(2026, 10, 4), "3 October 2026"),
        (utc(2025, 11), utc(2026, 5), "1 November 2025 to 30 April 2026"),
    ],
)
def test_half_open_periods_name_their_last_day(start, end, printed):
    assert text.period(start, end) == printed


def test_a_small_uncertainty_is_no_zero():
    assert text.uncertainty(0.001, 2) == "< 0.01"
    assert text.uncertainty(0.0, 2) == "0.00"
    assert text.uncertainty(0.042, 2) == "0.04"


def test_zero_is_judged_on_the_unrounded_interval():
    assert not text.contains_zero(rate(ci_high=-0.01))
    assert text.contains_zero(rate(ci_high=0.01))


def test_latest_keeps_one_period_for_each_place():
    old, new, elsewhere = value(period_start=utc(2024), period_end=utc(2025)), value(), value(location_id="x")
    assert text.latest([old, new, elsewhere]) == (new, elsewhere)


@pytest.mark.parametrize(
    ("typed", "printed"),
    [
        ("recorded maximum, -26.62 m BS77 in 1995", "recorded maximum, −26.62 m BS77 in 1995"),
        ("against 1991-2020, 0.7 degC", "against 1991–2020, 0.7 °C"),
        ("-0.05 of a winter", "−0.05 of a winter"),
        ("doi:10.5194/hess-19-4345-2015 of 2021-07-30", "doi:10.5194/hess-19-4345-2015 of 2021-07-30"),
        ("https://example.org/a-1/1991-2020", "https://example.org/a-1/1991-2020"),
        ("Jason-2, sl_years_to-1", "Jason-2, sl_years_to-1"),
    ],
)
def test_prose_is_printed_with_true_signs_and_addresses_as_they_are(typed, printed):
    assert text.polished(typed) == printed


def test_names_that_hold_commas_are_told_apart_by_semicolons():
    assert text.listed(["Aktau", "Kuryk", "Aktau"]) == "Aktau, Kuryk"
    assert text.listed(["Aktau", "Volga, head of the delta"]) == "Aktau; Volga, head of the delta"
