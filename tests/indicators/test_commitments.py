"""Progress, gap and cut by hand, where they are undefined, and against pandas on the real EDGAR and OWID files."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from synthetic_series import by_start, check_form, check_windows, make

from caspian_env.errors import NotComputable
from caspian_env.indicators import commitments

RUSSIA = {"base_year": 1990, "target_year": 2030, "level_pct": 70, "ci_level": 0.9}


def yearly(first: int, values, units: str = "Mt") -> xr.DataArray:
    times = (np.datetime64(str(first), "Y") + np.arange(len(values))).astype("datetime64[s]")
    return make(times, values, units=units, resolution="P1Y")


def value(result: xr.Dataset, year: int) -> float:
    return float(by_start(result)[f"{year}-01-01"]["value"])


def reason(result: xr.Dataset, year: int) -> str:
    return str(by_start(result)[f"{year}-01-01"]["reason"].item())


def test_progress_gap_and_cut_by_hand() -> None:
    series = yearly(1990, [200.0, 170.0, 140.0, 100.0, 220.0])
    progress, gap, cut = (
        f(series, **RUSSIA) for f in (commitments.progress, commitments.gap, commitments.required_cut)
    )
    check_form(progress, "percent", uncertain=False)
    check_form(gap, "Mt", uncertain=False)
    check_form(cut, "percent year-1", uncertain=False)
    assert [value(progress, y) for y in range(1991, 1995)] == pytest.approx([50, 100, 500 / 3, -100 / 3])
    assert [value(gap, y) for y in range(1991, 1995)] == pytest.approx([30, 0, -40, 80])
    assert value(cut, 1991) == pytest.approx(100 * (1 - (140 / 170) ** (1 / 39)))
    assert (value(cut, 1992), value(cut, 1993)) == (0, 0)
    assert 220 * (1 - value(cut, 1994) / 100) ** 36 == pytest.approx(140)


def test_it_is_undefined_where_the_rule_says_so() -> None:
    for function in (commitments.progress, commitments.gap, commitments.required_cut):
        assert "base year 1990" in reason(function(yearly(1991, [10.0, 9.0]), **RUSSIA), 1992)
        assert "not above zero" in reason(function(yearly(1990, [-5.0, 9.0]), **RUSSIA), 1991)
        assert "below its base" in reason(function(yearly(1990, [5.0, 9.0]), **{**RUSSIA, "level_pct": 100}), 1991)
        with pytest.raises(NotComputable):
            function(make(["1990-01-01"], [1.0], units="Mt", resolution="P1M"), **RUSSIA)
    cut = commitments.required_cut
    assert reason(cut(yearly(1990, [5.0] * 41), **RUSSIA), 2030) == "the target year 2030 is not after 2030"
    assert "zero" in reason(cut(yearly(1990, [5.0, 4.0]), **{**RUSSIA, "level_pct": 0}), 1991)
    assert commitments.progress(yearly(1990, [5.0]), **RUSSIA).sizes["period"] == 0


@pytest.mark.parametrize("function", [commitments.progress, commitments.gap, commitments.required_cut])
def test_a_result_rests_on_the_base_year_and_its_own(function: Callable[..., xr.Dataset]) -> None:
    check_windows(partial(function, **RUSSIA), yearly(1990, [200.0, 170.0, 140.0, 100.0, 220.0]))


@pytest.mark.parametrize(
    ("country", "level", "base", "target"), [("Russia", 70, 1990, 2030), ("Kazakhstan", 85, 1990, 2030)]
)
def test_against_pandas_on_a_real_file(
    shared: Callable[..., Path], country: str, level: float, base: int, target: int
) -> None:
    path = shared("archive", "2024-12", "ourworldindata.org", "grapher", "total-ghg-emissions.csv")
    table = pd.read_csv(path)
    column = next(name for name in table.columns if name.startswith("Annual"))
    rows = table[table["Entity"] == country].set_index("Year")[column] / 1e6
    result = commitments.progress(
        yearly(int(rows.index[0]), rows.to_numpy()), base_year=base, target_year=target, level_pct=level, ci_level=0.9
    )
    expected = (1 - rows / rows[base]) / (1 - level / 100) * 100
    for year in range(2000, 2024):
        assert value(result, year) == pytest.approx(expected[year], rel=1e-12)
