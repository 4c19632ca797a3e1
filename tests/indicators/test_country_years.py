"""Yearly numbers of countries by hand: as published, against a base, a head, shares, sums, rates."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from synthetic_series import by_start, check_form, check_windows, make

from caspian_env.errors import NotComputable
from caspian_env.indicators import country_years

CI = {"ci_level": 0.9}


def yearly(first: int, values, units: str = "Mt", u=np.nan):
    times = (np.datetime64(str(first), "Y") + np.arange(len(values))).astype("datetime64[s]")
    return make(times, values, units=units, resolution="P1Y", u=u)


def values(result) -> dict[str, float]:
    return {start[:4]: float(row["value"]) for start, row in by_start(result).items() if not row["reason"].item()}


def reasons(result) -> dict[str, str]:
    return {start[:4]: row["reason"].item() for start, row in by_start(result).items() if row["reason"].item()}


def test_published_is_what_the_source_states() -> None:
    result = country_years.published(yearly(2019, [3.0, np.nan, 5.0], units="percent", u=0.5), **CI)
    check_form(result, "percent", uncertain=False)
    assert values(result) == {"2019": 3, "2021": 5}
    assert float(result["ci_high"][0]) == pytest.approx(3 + 1.6448536 * 0.5)


def test_change_is_against_the_base_year_of_the_series() -> None:
    result = country_years.change_since(yearly(2019, [40.0, 50.0, 35.0]), base_year=2020, **CI)
    check_form(result, "percent", uncertain=False)
    assert values(result) == {"2019": pytest.approx(-20), "2021": pytest.approx(-30)}
    assert reasons(country_years.change_since(yearly(2021, [3.0]), base_year=2020, **CI)) == {
        "2021": "no value of the base year 2020 in this series"
    }
    check_windows(partial(country_years.change_since, base_year=2020, **CI), yearly(2018, [4.0, 5.0, 6.0, 7.0]))


def test_rate_leads_from_one_end_to_the_other() -> None:
    result = country_years.mean_rate(yearly(2010, [100.0, *[1.0] * 9, 80.0, -1.0]), years=10, **CI)
    check_form(result, "percent year-1", uncertain=False)
    assert 100 * (1 + values(result)["2020"] / 100) ** 10 == pytest.approx(80)
    assert list(reasons(result)) == ["2021"]
    check_windows(partial(country_years.mean_rate, years=2, **CI), yearly(2018, [4.0, 5.0, 6.0, 7.0]))


def test_a_head_needs_the_population_of_the_year() -> None:
    result = country_years.per_head(yearly(2019, [60.0, 62.0]), yearly(2019, [10_000_000.0], units="1"), **CI)
    check_form(result, "t", uncertain=False)
    assert values(result) == {"2019": 6}
    assert reasons(result) == {"2020": "no population of 2020"}
    with pytest.raises(NotComputable, match="units"):
        country_years.per_head(yearly(2019, [60.0], units="kt"), yearly(2019, [1.0], units="1"), **CI)


def test_share_and_sum_take_no_gap_for_a_zero() -> None:
    part, whole = yearly(2019, [1.0, 2.0, 3.0]), yearly(2019, [4.0, 0.0])
    share = country_years.share(part, whole, **CI)
    check_form(share, "percent", uncertain=False)
    assert values(share) == {"2019": 25}
    assert set(reasons(share)) == {"2020", "2021"}
    total = country_years.sum_of(part, whole, **CI)
    check_form(total, "Mt", uncertain=False)
    assert values(total) == {"2019": 5, "2020": 2}
    assert set(reasons(total)) == {"2021"}
    with pytest.raises(NotComputable, match="units"):
        country_years.sum_of(part, yearly(2019, [1.0], units="GW"), **CI)


def test_a_share_of_three_parts_needs_all_of_them() -> None:
    parts = [yearly(2020, given, units="TW h") for given in ([14.53, 0.0, 5.0], [0.0, 0.0], [99.35, 0.0, 5.0])]
    result = country_years.share_of_sum(*parts, **CI)
    check_form(result, "percent", uncertain=False)
    assert values(result) == {"2020": pytest.approx(100 * 14.53 / 113.88)}
    assert reasons(result) == {"2021": "no whole of 2021", "2022": "no whole of 2022"}
    with pytest.raises(NotComputable, match="units"):
        country_years.share_of_sum(parts[0], yearly(2020, [1.0]), parts[2], **CI)
