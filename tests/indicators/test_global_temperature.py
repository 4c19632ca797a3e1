"""Temperature above 1850-1900: the step between bases is that of the file it is said to be of."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from synthetic_series import by_start, check_form, check_windows, make, months

from caspian_env.errors import NotComputable
from caspian_env.indicators.global_temperature import above_1850_1900
from caspian_env.sources import nasa_gistemp
from caspian_env.wiring import load_seeds

HADCRUT = (
    "www.metoffice.gov.uk", "hadobs", "hadcrut5", "data", "HadCRUT.5.0.1.0", "analysis", "diagnostics",
    "HadCRUT.5.0.1.0.analysis.summary_series.global.annual.csv",
)  # fmt: skip
BASES = ((1850, 1900), (1951, 1980))


def seeded(years: int) -> dict[str, Any]:
    return dict(load_seeds().indicators[f"gmst_above_1850_1900_{years}y_gistemp"].parameters)


def monthly(first: str, values: Any) -> xr.DataArray:
    return make(months(first, len(values)), values, units="degree_Celsius", resolution="P1M")


def hadcrut(shared: Callable[..., Path]) -> pd.DataFrame:
    table = pd.read_csv(shared("archive", "2022-02", *HADCRUT), index_col=0)
    return table.set_axis(["anomaly", "low", "high"], axis="columns")


def test_the_step_is_that_of_hadcrut5_with_its_limits(shared: Callable[..., Path]) -> None:
    table, parameters = hadcrut(shared), seeded(1)
    early, late = (table.loc[first:last] for first, last in BASES)
    assert parameters["offset"] == pytest.approx(late["anomaly"].mean() - early["anomaly"].mean(), abs=0.005)
    u = np.hypot(*(((part["high"] - part["low"]) / (2 * 1.96)).mean() for part in (early, late)))
    assert parameters["offset_uncertainty"] == pytest.approx(u, abs=0.005)


def test_it_agrees_with_hadcrut5_itself_within_both_uncertainties(shared: Callable[..., Path]) -> None:
    """Two products of other stations and another interpolation; the interval holds nine years of ten since 1950."""
    path = shared("archive", "2024-12", "data.giss.nasa.gov", "gistemp", "tabledata_v4", "GLB.Ts+dSST.csv")
    given = nasa_gistemp.read_granule(path)["anomaly"].dropna("time")
    found = above_1850_1900(monthly(str(given["time"].values[0])[:7], given.values), **seeded(1))
    table = hadcrut(shared)
    own = table["anomaly"] - table.loc[1850:1900, "anomaly"].mean()
    rows = {int(start[:4]): row for start, row in by_start(found).items()}
    inside = [float(rows[y]["ci_low"]) <= own[y] <= float(rows[y]["ci_high"]) for y in range(1950, 2022)]
    assert np.mean(inside) > 0.9
    assert float(rows[2020]["value"]) == pytest.approx(1.3, abs=0.05)
    assert float(rows[2023]["value"]) == pytest.approx(
        1.45, abs=0.05
    )  # WMO, State of the Global Climate 2023: 1.45 +/- 0.12


def test_windows_of_whole_years_and_both_uncertainties() -> None:
    series = monthly("1960-01", np.repeat(np.arange(25) / 10, 12))
    parameters = seeded(10)
    found = above_1850_1900(series, **parameters)
    check_form(found, "degree_Celsius")
    rows = by_start(found)
    assert float(rows["1960-01-01"]["value"]) == pytest.approx(0.45 + 0.28)
    assert float(rows["1960-01-01"]["std_uncertainty"]) == pytest.approx(np.hypot(0.077, 0.08))
    assert float(rows["1970-01-01"]["std_uncertainty"]) == pytest.approx(np.hypot(0.026, 0.08))
    assert found.sizes["period"] == 16
    check_windows(lambda part: above_1850_1900(part, **parameters), series)


def test_a_running_year_is_no_year_and_units_are_checked() -> None:
    found = above_1850_1900(monthly("2023-01", np.full(17, 1.1)), **seeded(1))
    assert found["reason"].values.tolist() == ["", "incomplete: 2024 (5 of 12 months)"]
    with pytest.raises(NotComputable, match="units"):
        above_1850_1900(monthly("2023-01", np.full(12, 1.1)).assign_attrs(units="K"), **seeded(1))
