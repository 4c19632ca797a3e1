"""Chlorophyll-a of a region relative to its own past. Absolute values of satellites are not to be trusted in this sea."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from caspian_env.processing.daily_years import day_axis
from caspian_env.processing.periods import Span, as_dataset, checked, refusal, result

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]


def relative_change(
    logarithm: xr.DataArray,
    *,
    base: Sequence[int],
    min_base_share: float,
    season: Sequence[int],
    min_day_share: float,
    relative_uncertainty: float,
    ci_level: float,
) -> xr.Dataset:
    """Geometric mean of the season of each year against that of the base years, in percent; 0 is no change.

    Parameters
    ----------
    logarithm : xarray.DataArray, dims (time,), 1
        Daily mean over the region of the common logarithm of chlorophyll-a.
    base : sequence of int
        First and last year, both included; their seasons weigh alike.
    min_base_share : float
        Share of the base years whose season must be whole; otherwise the newest season is refused.
    season : (int, int)
        First and last month, both included.
    min_day_share : float
        Share of its days that each month of a season needs.
    relative_uncertainty : float
        Standard uncertainty of the ratio to the base, as a share of it.
    ci_level : float
        Probability content of the interval.

    Returns
    -------
    xarray.Dataset, dims (period, used)
        In percent. Months weigh alike in a season; a season with a month that has too few days is refused.

    Raises
    ------
    NotComputable
        The series is not daily, not in the unit 1, or not ascending.
    """
    days, values = day_axis(checked(logarithm, "1"))
    seasons = _seasons(days, values, (season[0], season[1]), min_day_share)
    if not seasons:
        return as_dataset([], units="percent", ci_level=ci_level)
    inside = {year: one for year, one in seasons.items() if base[0] <= year <= base[1] and np.isfinite(one[1])}
    spans = [one[0] for one in inside.values()]
    needed = int(np.ceil(min_base_share * (base[1] - base[0] + 1) - 1e-9))
    rows = []
    for span, mean, n, expected, poorest in seasons.values():
        row = refusal(
            span,
            f"a month has {poorest:.0%} of its days, {min_day_share:.0%} are needed",
            n_valid=n,
            n_expected=expected,
            used=[span, *spans],
        )
        if np.isfinite(mean) and len(inside) >= needed:
            ratio = 10 ** (mean - float(np.mean([one[1] for one in inside.values()])))
            row = result(
                span, 100 * (ratio - 1), 100 * ratio * relative_uncertainty, n_valid=n, n_expected=expected,
                used=[span, *spans], ci_level=ci_level,
            )  # fmt: skip
        rows.append(row)
    if len(inside) < needed:
        reason = f"the base {base[0]}-{base[1]} needs {needed} whole seasons, this record has {len(inside)}"
        newest = rows[-1]
        rows = [refusal(newest.period, reason, n_valid=newest.n_valid, n_expected=newest.n_expected, used=newest.used)]
    return as_dataset(rows, units="percent", ci_level=ci_level)


def _seasons(
    days: NDArray[np.datetime64], values: Numbers, season: tuple[int, int], min_day_share: float
) -> dict[int, tuple[Span, float, int, int, float]]:
    """Of each year with a value in it: span, mean logarithm (NaN if not whole), days with a value, days, poorest month."""
    found: dict[int, tuple[Span, float, int, int, float]] = {}
    month = days.astype("datetime64[M]")
    for year in np.unique(days.astype("datetime64[Y]")):
        months = year.astype("datetime64[M]") + np.arange(season[0] - 1, season[1])
        parts = [values[month == one] for one in months]
        n, expected = int(sum(np.isfinite(part).sum() for part in parts)), sum(part.size for part in parts)
        if not n:
            continue
        poorest = min(float(np.isfinite(part).mean()) for part in parts)
        mean = float(np.mean([np.nanmean(part) for part in parts])) if poorest >= min_day_share else np.nan
        span = (months[0].astype("datetime64[s]"), (months[-1] + 1).astype("datetime64[s]"))
        found[int(year.astype(int)) + 1970] = (span, mean, n, expected, poorest)
    return found
