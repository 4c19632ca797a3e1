from __future__ import annotations

from dataclasses import replace

from caspian_env.reports import messages
from caspian_env.reports.tables import revisions
from caspian_env.reports.voice import Voice
from tests.reports.synthetic_bulletin import altimetry, anomaly, bulletin, change, rate, refusal, utc, value


def only(row, **changes):
    (message,) = messages.key_messages(bulletin(values=(row,), refusals=(), **changes))
    return message


def test_a_rate_carries_its_interval_and_natural_variability():
    message = only(rate())
    assert message.headline == "Caspian Sea, mean rate of level from 2016 to 2025: −7.1 cm a year"
    assert "90 % interval −13.0 to −1.2 cm a year, natural variability included" in message.detail


def test_below_twenty_years_nothing_is_called_significant():
    assert "too short for a statement of significance" in only(rate(10)).detail
    assert "does not contain zero" not in only(rate(10)).detail
    # 20 yearly means span only 19 years.
    assert "too short" in only(rate(20)).detail
    assert "does not contain zero" in only(rate(30)).detail


def test_an_interval_that_contains_zero_is_said_to():
    assert "contains zero: the sign of the mean rate is not established" in only(rate(30, ci_high=0.4)).detail
    assert "contains zero: no change is established" in only(change(ci_high=0.4)).detail


def test_an_observed_change_speaks_of_measurement_only():
    message = only(change())
    assert message.headline == "Caspian Sea, observed change of level from 2021 to 2025: −19.6 cm a year"
    assert "measurement error only" in message.detail
    assert "significan" not in message.detail


def test_a_mean_level_names_its_datum():
    assert "Datum of DAHITI target 39" in only(value()).detail


def test_a_preliminary_value_is_called_so():
    assert "preliminary and can change" in only(anomaly()).detail
    assert "preliminary" not in only(anomaly(status="final")).detail


def test_a_suspect_value_is_called_so():
    assert "Quality flag 3 suspect" in only(value(qc_flag=3)).detail


def test_only_the_newest_value_of_the_first_place_speaks():
    rows = (
        value(period_start=utc(2024), period_end=utc(2025), value=-28.6),
        value(),
        value(location_id="x", value=-28.0),
    )
    found = messages.key_messages(bulletin(values=rows, refusals=()))
    assert [message.headline for message in found] == ["Caspian Sea, mean level in 2025: −28.71 m"]


def test_a_refused_headline_gives_its_reason_instead_of_a_number():
    refused = refusal(indicator_id="sl_rate_10y", title="Rate over 10 years", headline="mean_rate")
    (message,) = messages.key_messages(bulletin(values=(), refusals=(refused,)))
    assert message.headline.endswith("no number")
    assert message.detail == "Only 12 of 30 years are complete."


def test_a_newer_refusal_is_told_beside_the_older_value():
    refused = refusal(indicator_id="sl_mean_1y", location_id="caspian_sea", period_start=utc(2026), period_end=utc(2027),
                      headline="level_mean", reason="only 7 of 12 months have a mean")  # fmt: skip
    (message,) = messages.key_messages(bulletin(values=(value(),), refusals=(refused,)))
    assert "−28.71 m" in message.headline
    assert "No number for 2026: only 7 of 12 months have a mean." in message.detail


def test_figure_titles_are_messages_with_numbers():
    assert level_title(bulletin()) == "Caspian Sea, observed change of level from 2021 to 2025: −19.6 cm a year"
    assert surface_title(bulletin()).startswith("Sea surface in 2025: ")
    assert "(preliminary)" in surface_title(bulletin())


def test_without_indicators_the_title_is_the_newest_observation():
    assert level_title(bulletin(values=())).startswith("Caspian Sea: −28.")
    assert level_title(bulletin(values=(), level=())) == "No level observations"


def test_alternative_text_counts_what_is_preliminary_and_flagged():
    words = messages.description([altimetry()])
    assert "6 preliminary" in words
    assert "1 flagged by quality control and not joined" in words
    assert "from −28.00 on 1 January 2020" in words


def test_a_flagged_value_is_no_extreme():
    assert "−30" not in messages.description([altimetry()])
    assert "−30" in messages.description([replace(altimetry(), qc_flags=(1,) * 202)])


def level_title(report):
    return messages.words(report, next(report.figures)).title


def surface_title(report):
    return messages.words(report, list(report.figures)[1]).title


def test_key_messages_stand_in_the_order_of_the_report_and_not_of_the_values():
    rows = (change(), rate(), value())
    leading = ("sl_mean_1y", "sl_rate_10y", "sl_change_5y")
    found = messages.key_messages(bulletin(values=rows, refusals=(), leading=leading))
    assert [message.headline.partition(":")[0] for message in found] == [
        "Caspian Sea, mean level in 2025", "Caspian Sea, mean rate of level from 2016 to 2025",
        "Caspian Sea, observed change of level from 2021 to 2025",
    ]  # fmt: skip


def test_what_a_provider_changed_has_its_unit_and_no_exponent():
    rows = [("a", "co2", "corrected", 3, 1274.6, utc(2026)), ("a", "ch4", "corrected", 3, 0.0612, utc(2026))]
    found = revisions("all", rows, {"co2": "Mt", "ch4": "1e-9"}, Voice("ru"))
    assert [row[4] for row in found.rows] == ["1270 млн т", "0,0612 ppb"]
