from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from caspian_env.errors import SettingsError
from caspian_env.workflows.revisions import in_words, revisions

from .synthetic_co2 import DATASET, averages, co2_table, collect_edition, month_of, opened

FIRST = datetime(2001, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)
AVERAGE = "mole_fraction_of_carbon_dioxide_in_air"


def test_what_moved_by_how_much_and_what_moved_with_it(database_url: str, tmp_path: Path) -> None:
    changes = {4: 0.3, 5: -0.01, 30: 0.02}
    with opened(database_url, tmp_path) as platform:
        collect_edition(platform, co2_table(36), FIRST)
        assert revisions(platform).datasets == ()
        collect_edition(platform, co2_table(36, changes), FIRST + DAY)
        (found,) = revisions(platform).datasets
        assert revisions(platform, since=FIRST + 2 * DAY).datasets == ()
        assert revisions(platform, dataset="nasa_gistemp").datasets == ()
        assert revisions(platform, since=FIRST + DAY, dataset=DATASET).datasets == (found,)
        with pytest.raises(SettingsError, match="is not a dataset"):
            revisions(platform, dataset="nothing")
    (average,) = (one for one in found.series if one.variable_id == AVERAGE)
    old, new = averages(36), averages(36, changes)
    assert [(m.time, m.old_value, m.new_value) for m in average.moved] == [
        (month_of(n), old[month_of(n)], new[month_of(n)]) for n in changes
    ]
    assert average.kinds == {"corrected": 3}
    assert average.largest is not None
    assert (average.largest.time, average.largest.change) == (month_of(4), pytest.approx(0.3))
    assert average.median_absolute == pytest.approx(0.02)
    assert average.as_dict()["months"] == ["1990-05", "1990-06", "1992-07"]
    means = {i.period_start.year: i for i in found.indicators if i.indicator_id == "co2_mean_1y"}
    assert sorted(means) == [1990, 1992]  # 1991 did not move
    first = means[1990]
    assert first.change == pytest.approx(0.29 / 12)
    assert first.n_std == pytest.approx(0.29 / 12 / 0.12)
    assert (first.kind, first.known_at) == ("revised", FIRST + DAY)
    assert {i.indicator_id for i in found.indicators} == {"co2_mean_1y"}  # growth takes other months


def test_withdrawn_and_restored_values_and_the_refusals_they_cause(database_url: str, tmp_path: Path) -> None:
    whole, short = co2_table(36), co2_table(35)
    with opened(database_url, tmp_path) as platform:
        told = [
            collect_edition(platform, text, FIRST + number * DAY).notes
            for number, text in enumerate((whole, short, whole))
        ]
        (found,) = revisions(platform).datasets
    assert [len(notes) for notes in told] == [0, 1, 0]
    assert "2 series end earlier than in the edition before, and their newest values are withdrawn" in told[1][0]
    last = averages(36)[month_of(35)]
    (average,) = (one for one in found.series if one.variable_id == AVERAGE)
    assert [(m.time, m.old_value, m.new_value, m.kind, m.change) for m in average.moved] == [
        (month_of(35), last, None, "withdrawn", None), (month_of(35), None, last, "restored", None),
    ]  # fmt: skip
    assert (average.largest, average.median_absolute) == (None, None)
    means = [
        (i.old_value is None, i.new_value is None, i.reason)
        for i in found.indicators
        if i.indicator_id == "co2_mean_1y"
    ]
    assert means == [(False, True, "11 of 12 months"), (True, False, None)]


def test_months_are_ranges_and_years_where_there_are_many() -> None:
    assert in_words(["2021-06"]) == "2021-06"
    assert in_words(["2021-11", "2021-12", "2022-01", "2022-03"]) == "2021-11–2022-01, 2022-03"
    many = [f"{year}-{month:02}" for year in (1990, 1991, 1995) for month in (1, 4, 7)]
    assert in_words(many) == "9 months in 1990–1991, 1995"
    assert in_words([]) == ""
