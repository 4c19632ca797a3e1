"""Chlorophyll-a near the surface, as change against the sea's own base years: a relative number, never a concentration.

The Caspian is turbid near rivers and in the north (Case-2 water): sediment and dissolved matter count as chlorophyll, so that
only the change of a place against itself means something, and only where the bottom is not seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import exp, isnan, log, nan, sqrt
from typing import TYPE_CHECKING

import numpy as np

from caspian_env.errors import NotComputable
from caspian_env.processing import completeness
from caspian_env.processing.periods import Result, Span, as_dataset, month_span, refusal, result
from caspian_env.processing.statistics import interval

if TYPE_CHECKING:
    import xarray as xr

UNITS = "percent"


def seasonal_change(
    logarithm: xr.DataArray,
    *,
    season: Sequence[int],
    base: Sequence[int],
    min_base_share: float,
    min_coverage: float,
    relative_uncertainty: float,
    ci_level: float,
) -> xr.Dataset:
    """Geometric mean of a season against the geometric mean of the base seasons, as a change in percent.

    The mean of logarithms is the logarithm of the geometric mean, which a few very green days do not carry away. The interval
    is symmetric in the logarithm: a concentration has no values below nothing.

    Parameters
    ----------
    logarithm : xarray.DataArray, dims (time,), 1
        Common logarithm of the concentration, regional mean of each day.
    season : sequence of int
        First and last month, both included.
    base : sequence of int
        First and last year of the base seasons, both included.
    min_base_share : float
        Share of the base seasons that must be complete.
    min_coverage : float
        Share of the days of a month that must have a value; a season needs each of its months.
    relative_uncertainty : float
        Standard uncertainty of a seasonal mean as a share of it; the scatter of the base seasons is added.
    ci_level : float
        Probability content of the interval.

    Returns
    -------
    xarray.Dataset, dims (period, used)
        Changes in percent, a season each; ``n_valid`` counts months. Without enough base seasons one refusal, for the newest.

    Raises
    ------
    NotComputable
        The series is not of days, not dimensionless, or not ascending.
    """
    units, resolution = logarithm.attrs.get("units"), logarithm.attrs.get("resolution")
    if (units, resolution) != ("1", "P1D"):
        raise NotComputable("chlorophyll", f"is of unit {units} and resolution {resolution}", "give daily logarithms")
    times = logarithm["time"].values
    if (np.diff(times) <= np.timedelta64(0)).any():
        raise NotComputable("chlorophyll", "times are not ascending", "sort them")
    seasons = _seasons(completeness.from_epochs(logarithm, min_epochs=1), season, min_coverage)
    known = {year: mean for year, (mean, _, _) in seasons.items() if base[0] <= year <= base[1] and not isnan(mean)}
    n_base, spans = base[1] - base[0] + 1, [seasons[year][2] for year in known]
    if seasons and len(known) < max(2.0, min_base_share * n_base - 1e-9):
        _, n, span = seasons[max(seasons)]
        reason = f"the base {base[0]}-{base[1]} needs {min_base_share:.0%} of its seasons, this record has {len(known)}"
        rows = [refusal(span, reason, n_valid=n, n_expected=_length(season), used=[span, *spans])]
        return as_dataset(rows, units=UNITS, ci_level=ci_level)
    usual = float(np.mean(list(known.values()))) if known else nan
    scatter = float(np.std(list(known.values()), ddof=1)) / sqrt(len(known)) if known else nan
    u = sqrt(relative_uncertainty**2 + (log(10) * scatter) ** 2)
    rows = [
        refusal(span, f"{n} of {_length(season)} months", n_valid=n, n_expected=_length(season), used=[span])
        if isnan(mean)
        else _changed(span, log(10) * (mean - usual), u, n, [span, *spans], ci_level)
        for mean, n, span in seasons.values()
    ]
    return as_dataset(rows, units=UNITS, ci_level=ci_level)


def _length(season: Sequence[int]) -> int:
    return season[1] - season[0] + 1


def _seasons(months: xr.DataArray, season: Sequence[int], min_coverage: float) -> dict[int, tuple[float, int, Span]]:
    """By year: mean of the season's months (NaN where one lacks days), how many are there, and the season's span."""
    found = {}
    index = months["time"].values.astype("datetime64[M]")
    length = np.diff(np.append(index, index[-1:] + 1).astype("datetime64[D]")).astype(int)
    enough = months["n_valid"].values >= min_coverage * length
    for january in range(0, months.size, 12):
        part = slice(january + season[0] - 1, january + season[1])
        n = int(enough[part].sum())
        if not months["n_valid"].values[part].any():
            continue
        mean = float(months.values[part].mean()) if n == _length(season) else nan
        first = int(index[part.start].astype(int))
        found[first // 12 + 1970] = (mean, n, month_span(first, _length(season)))
    return found


def _changed(span: Span, change: float, u: float, n: int, used: list[Span], ci_level: float) -> Result:
    """A change of the natural logarithm, in percent; every value rests on filled gaps and is marked as estimated."""
    low, high = interval(change, u, ci_level)
    percent = [100 * (exp(value) - 1) for value in (change, low, high)]
    row = result(
        span, percent[0], 100 * exp(change) * u, n_valid=n, n_expected=n, used=used, ci_level=ci_level, estimated=True
    )
    return replace(row, ci_low=percent[1], ci_high=percent[2])
