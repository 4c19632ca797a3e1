"""How many years are left until the sea reaches a level, if the rate of the last years stays."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from typing import TYPE_CHECKING

from caspian_env.processing.datum_bridge import Offset, bridge, shifted
from caspian_env.processing.level_years import newest_refused, whole_windows, year_of
from caspian_env.processing.periods import Result, as_dataset, merged, refusal, refused_once
from caspian_env.processing.statistics import Rate, increment_rate, interval

if TYPE_CHECKING:
    import xarray as xr


def years_until(
    level: xr.DataArray,
    reference: xr.DataArray,
    *,
    threshold: float,
    years: int,
    datum: str,
    scatter: float,
    fewest_overlaps: int,
    plausible: Sequence[float] | None,
    min_epochs: int,
    min_cycle_years: int,
    annual_uncertainty: float,
    ci_level: float,
) -> xr.Dataset:
    """Distance of the last annual mean to ``threshold`` over the rate of ``years`` annual means, both with their errors.

    The interval is that of a ratio (Fieller 1954, doi:10.1111/j.2517-6161.1954.tb00159.x), with the degrees of freedom
    of the rate for the rate and the interval of the level for the level. It is no forecast: it says when, if the mean
    rate stays.

    Parameters
    ----------
    threshold : float
        A level (m) above ``datum``.
    years : int
        Annual means of the rate.

    Other parameters as in `caspian_env.indicators.level_datum.offset`.

    Returns
    -------
    xarray.Dataset, dims (period, used)
        Years from the middle of the last year of each window. Refused where the level is already below the threshold, the
        rate points away from it, or its interval holds zero.
    """
    rows, found = bridge(
        level, reference, datum=datum, scatter=scatter, fewest_overlaps=fewest_overlaps, plausible=plausible,
        min_epochs=min_epochs, min_cycle_years=min_cycle_years, annual_uncertainty=annual_uncertainty, ci_level=ci_level,
    )  # fmt: skip
    if found.reason:
        made = refused_once(rows, found.reason)
    else:
        windows = whole_windows(rows, years)
        made = [*(_left(window, found, threshold, ci_level) for window in windows), *newest_refused(rows, years)]
    return as_dataset(made, units="year", ci_level=ci_level)


def _left(window: Sequence[Result], found: Offset, threshold: float, ci_level: float) -> Result:
    """Years left at the end of one window, or why none can be told."""
    rate = increment_rate([row.value for row in window], level=ci_level)
    last = shifted(window[-1], found, ci_level)
    above = last.value - threshold
    period = (window[0].period[0], window[-1].period[1])
    used = merged([*(span for row in window for span in row.used), *found.overlap.used])
    if reason := _objection(above, rate, threshold, year_of(last)):
        return refusal(period, reason, n_valid=len(window), n_expected=len(window), used=used)
    fall = -rate.estimate
    left = above / fall
    _, k = interval(0.0, 1.0, ci_level, rate.dof)
    shrink = 1 - (k * rate.std_uncertainty / fall) ** 2  # positive, as the interval of the rate does not hold zero
    reach = sqrt((last.ci_high - last.value) ** 2 * shrink + (left * k * rate.std_uncertainty) ** 2) / fall
    return Result(
        period=period,
        value=left,
        std_uncertainty=sqrt(last.std_uncertainty**2 + (left * rate.std_uncertainty) ** 2) / fall,
        ci_low=max(0.0, (left - reach) / shrink),
        ci_high=(left + reach) / shrink,
        n_valid=len(window),
        n_expected=len(window),
        estimated=True,
        reason="",
        used=used,
    )


def _objection(above: float, rate: Rate, threshold: float, year: int) -> str:
    """Why a threshold has no date; empty if it has one."""
    if above <= 0:
        return f"already below {threshold:g} m: the mean of {year} stands {-above:.2f} m under it"
    if rate.estimate >= 0:
        return f"{threshold:g} m is not reached: the level rises by {100 * rate.estimate:.1f} cm a year"
    if rate.ci_high >= 0:
        return f"no date for {threshold:g} m: the interval of the rate holds zero, so it may not be reached"
    return ""
