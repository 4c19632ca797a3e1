"""Where a level stands among the extremes: below the maximum of 1995, around the minimum of 1977, and in its own record.

Extremes are levels above the Baltic datum; a product above another one is carried over with its estimated offset
(`caspian_env.processing.datum_bridge`).
"""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from typing import TYPE_CHECKING

import numpy as np

from caspian_env.processing import completeness
from caspian_env.processing.annual_levels import other_datum
from caspian_env.processing.datum_bridge import bridge, combined, moved
from caspian_env.processing.level_years import annual_rows, year_of
from caspian_env.processing.periods import Result, Span, as_dataset, merged, refusal, refused_once, year_span
from caspian_env.processing.statistics import interval

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

NODES = 32
"""Points of the Gauss-Hermite rule by which a normal error is averaged over; from 20 on nothing changes."""


def distance(
    level: xr.DataArray,
    *,
    extreme: float,
    tolerance: float,
    downwards: bool,
    datum: str,
    min_epochs: int,
    min_cycle_years: int,
    annual_uncertainty: float,
    ci_level: float,
) -> xr.Dataset:
    """How far each annual mean stands above a recorded extreme, or below it where ``downwards``.

    Parameters
    ----------
    level : xarray.DataArray, dims (time,), m
        attrs ``datum``: heights above another datum than the extreme's are refused, once, for the newest year.
    extreme, tolerance : float
        The extreme (m) above ``datum``, and by how much its printed values differ (m), taken as its standard uncertainty.
    downwards : bool
        Whether a distance counts from the extreme down, as from a maximum.
    datum : str
        Datum id of the extreme.
    min_epochs, min_cycle_years, annual_uncertainty, ci_level
        As for `caspian_env.processing.level_years.annual_rows`.

    Returns
    -------
    xarray.Dataset, dims (period, used)
        Distances in m.
    """
    rows = annual_rows(level, min_epochs, min_cycle_years, annual_uncertainty, ci_level)
    if objection := other_datum(level, datum):
        rows = refused_once(rows, objection)
    return as_dataset(
        [_from(row, extreme, tolerance, downwards, ci_level) for row in rows], units="m", ci_level=ci_level
    )


def bridged_distance(
    level: xr.DataArray,
    reference: xr.DataArray,
    *,
    extreme: float,
    tolerance: float,
    downwards: bool,
    datum: str,
    scatter: float,
    fewest_overlaps: int,
    plausible: Sequence[float] | None,
    min_epochs: int,
    min_cycle_years: int,
    annual_uncertainty: float,
    ci_level: float,
) -> xr.Dataset:
    """The same for a product above another datum, carried over with its offset against ``reference``.

    See `distance`, and `caspian_env.indicators.level_datum.offset` for the parameters of the offset.
    """
    rows, found = bridge(
        level, reference, datum=datum, scatter=scatter, fewest_overlaps=fewest_overlaps, plausible=plausible,
        min_epochs=min_epochs, min_cycle_years=min_cycle_years, annual_uncertainty=annual_uncertainty, ci_level=ci_level,
    )  # fmt: skip
    carried = moved(rows, found, ci_level)
    return as_dataset(
        [_from(row, extreme, tolerance, downwards, ci_level) for row in carried], units="m", ci_level=ci_level
    )


def rank(
    level: xr.DataArray,
    *,
    min_years: int,
    min_epochs: int,
    min_cycle_years: int,
    annual_uncertainty: float,
    ci_level: float,
) -> xr.Dataset:
    """Rank of each annual mean among those of the series up to and including it; 1 is the lowest.

    A year that measurement cannot tell from another one may stand on either side of it: the interval counts the years
    that are lower at ``ci_level`` and those that may be; ``u`` is the spread of the rank under independent errors.

    Parameters
    ----------
    min_years : int
        Fewest annual means to rank among.

    Other parameters as in `distance`.

    Returns
    -------
    xarray.Dataset, dims (period, used)
        Ranks (1); ``n_expected`` are the calendar years since the first annual mean.
    """
    rows = [r for r in annual_rows(level, min_epochs, min_cycle_years, annual_uncertainty, ci_level) if not r.reason]
    made = [_ranked(rows[:n], ci_level) for n in range(max(1, min_years), len(rows) + 1)]
    if rows and not made:
        reason = f"{len(rows)} of {min_years} annual means to rank among"
        used = [span for row in rows for span in row.used]
        made = [refusal(rows[-1].period, reason, n_valid=len(rows), n_expected=min_years, used=used)]
    return as_dataset(made, units="1", ci_level=ci_level)


def months_below(
    level: xr.DataArray,
    reference: xr.DataArray,
    *,
    extreme: float,
    tolerance: float,
    datum: str,
    scatter: float,
    fewest_overlaps: int,
    plausible: Sequence[float] | None,
    min_epochs: int,
    min_cycle_years: int,
    annual_uncertainty: float,
    ci_level: float,
) -> xr.Dataset:
    """Months of a year whose mean over the twelve months up to them stands below a recorded annual extreme.

    Single months carry the season and are not compared with annual means. The error of all twelve means of a year is
    taken as common: that of an annual mean, of the offset and of the extreme. See `bridged_distance` for the parameters.

    Returns
    -------
    xarray.Dataset, dims (period, used)
        Counts (1) of each calendar year with twelve such means.
    """
    rows, found = bridge(
        level, reference, datum=datum, scatter=scatter, fewest_overlaps=fewest_overlaps, plausible=plausible,
        min_epochs=min_epochs, min_cycle_years=min_cycle_years, annual_uncertainty=annual_uncertainty, ci_level=ci_level,
    )  # fmt: skip
    if found.reason or not rows:
        return as_dataset(moved(rows, found, ci_level), units="1", ci_level=ci_level)
    running = _running_means(level, min_epochs, min_cycle_years)
    u = combined(annual_uncertainty, found.std_uncertainty, tolerance)
    reach = combined(found.half_width(ci_level), interval(0.0, combined(annual_uncertainty, tolerance), ci_level)[1])
    used = {year_of(row): row.used for row in rows}
    made = []
    for row in rows:
        year = year_of(row)
        spans = merged([*used.get(year - 1, ()), *row.used, *found.overlap.used])
        made.append(_count_below(year, running[year] - found.value - extreme, u, reach, spans))
    return as_dataset(made, units="1", ci_level=ci_level)


def _running_means(level: xr.DataArray, min_epochs: int, min_cycle_years: int) -> dict[int, NDArray[np.float64]]:
    """For each calendar year the mean of the twelve months up to and including each of its months (m)."""
    observed = completeness.monthly(level, min_epochs=min_epochs)
    months = completeness.fill_single_months(observed, min_cycle_years=min_cycle_years).values
    running = np.full(months.size, np.nan)
    running[11:] = np.lib.stride_tricks.sliding_window_view(months, 12).mean(axis=1)
    first = int(observed["time"].values[0].astype("datetime64[Y]").astype(int)) + 1970
    return {first + k: of_year for k, of_year in enumerate(running.reshape(-1, 12))}


def _from(row: Result, extreme: float, tolerance: float, downwards: bool, ci_level: float) -> Result:
    """The distance of an annual mean; its interval is the level's own, wider by that of the extreme."""
    if row.reason:
        return row
    u = combined(row.std_uncertainty, tolerance)
    reach = combined(row.ci_high - row.value, interval(0.0, tolerance, ci_level)[1])
    value = extreme - row.value if downwards else row.value - extreme
    return Result(
        row.period, value, u, value - reach, value + reach, row.n_valid, row.n_expected, row.estimated, "", row.used
    )


def _ranked(rows: Sequence[Result], ci_level: float) -> Result:
    """Rank of the last of these annual means among all of them."""
    from scipy.special import ndtr

    last, others = rows[-1], rows[:-1]
    above = np.array([last.value - row.value for row in others])
    theirs = np.array([row.std_uncertainty for row in others])
    _, reach = interval(0.0, 1.0, ci_level)
    sure = reach * np.sqrt(theirs**2 + last.std_uncertainty**2)
    errors, weights = _normal_nodes()
    chance = ndtr((above[None, :] + errors[:, None] * last.std_uncertainty) / np.maximum(theirs, 1e-12))
    mean = chance.sum(axis=1)
    spread = weights @ (mean**2 + (chance * (1 - chance)).sum(axis=1)) - (weights @ mean) ** 2
    return Result(
        period=last.period,
        value=1.0 + int((above > 0).sum()),
        std_uncertainty=sqrt(max(0.0, float(spread))),
        ci_low=1.0 + int((above > sure).sum()),
        ci_high=1.0 + int((above > -sure).sum()),
        n_valid=len(rows),
        n_expected=year_of(last) - year_of(rows[0]) + 1,
        estimated=any(row.estimated for row in rows),
        reason="",
        used=merged(span for row in rows for span in row.used),
    )


def _count_below(year: int, means: NDArray[np.float64], u: float, reach: float, used: Sequence[Span]) -> Result:
    """How many of twelve departures from the extreme are below zero, as one common error moves all of them."""
    have = int(np.isfinite(means).sum())
    if have < 12:
        reason = f"{have} of 12 means over twelve months"
        return refusal(year_span(year), reason, n_valid=have, n_expected=12, used=used)
    errors, weights = _normal_nodes()
    counts = (means[None, :] + errors[:, None] * u < 0).sum(axis=1)
    spread = float(weights @ counts**2 - (weights @ counts) ** 2)
    low, value, high = (float((means + shift < 0).sum()) for shift in (reach, 0.0, -reach))
    return Result(year_span(year), value, sqrt(max(0.0, spread)), low, high, 12, 12, True, "", merged(used))


def _normal_nodes() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Points and weights of a standard normal error."""
    points, weights = np.polynomial.hermite_e.hermegauss(NODES)
    return points, weights / weights.sum()
