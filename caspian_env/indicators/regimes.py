"""Turning points of the sea level: the years in which its mean annual increment changes."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING

import numpy as np

from caspian_env.processing.breaks import bai_perron
from caspian_env.processing.level_years import annual_rows, year_of
from caspian_env.processing.periods import Result, as_dataset, merged, refusal, year_span
from caspian_env.processing.statistics import interval

if TYPE_CHECKING:
    import xarray as xr

BREAK_LEVEL = 0.95
"""Content of the interval of a break year: the one that is always published for it."""


def turning_points(
    level: xr.DataArray,
    *,
    min_years: int,
    min_share: float,
    min_regime: int,
    min_epochs: int,
    min_cycle_years: int,
    annual_uncertainty: float,
) -> xr.Dataset:
    """Last year of every regime but the present one, from the annual increments of the newest years without a gap.

    See `caspian_env.processing.breaks.bai_perron`; BIC chooses how many, and the intervals allow for the memory of the
    increments.

    Parameters
    ----------
    level : xarray.DataArray, dims (time,), m
        Height above any datum.
    min_years : int
        Fewest annual means in a row.
    min_share : float
        Least share of the record in a regime: a turn within this share of either end cannot be seen.
    min_regime : int
        Fewest increments in a regime, where the record is so short that its share would be fewer.
    min_epochs, min_cycle_years, annual_uncertainty
        As for `caspian_env.processing.level_years.annual_rows`.

    Returns
    -------
    xarray.Dataset, dims (period, used)
        Calendar years (1) with their 95 % interval; the period of each is the regime that it ends. A turn is marked as
        estimated where its interval reaches into the last ``min_share`` of the record. Without a turn one refusal.
    """
    rows = annual_rows(level, min_epochs, min_cycle_years, annual_uncertainty, BREAK_LEVEL)
    run = _newest_run(rows)
    if not rows:
        return as_dataset([], units="1", ci_level=BREAK_LEVEL)
    used = merged(span for row in run or rows[-1:] for span in row.used)
    span = (run[0].period[0], run[-1].period[1]) if run else rows[-1].period
    if len(run) < min_years:
        reason = f"{len(run)} of {min_years} annual means in a row"
        made = [refusal(span, reason, n_valid=len(run), n_expected=min_years, used=used)]
    else:
        made = _turns(run, min_share, min_regime)
        if not made:
            reason = "no turning point: a single mean rate explains the increments best"
            made = [refusal(span, reason, n_valid=len(run), n_expected=len(run), used=used)]
    return as_dataset(made, units="1", ci_level=BREAK_LEVEL)


def _newest_run(rows: list[Result]) -> list[Result]:
    """The newest annual means that follow one another without a gap."""
    run: list[Result] = []
    for row in reversed([row for row in rows if not row.reason]):
        if run and year_of(run[0]) - year_of(row) != 1:
            break
        run.insert(0, row)
    return run


def _turns(run: list[Result], min_share: float, min_regime: int) -> list[Result]:
    """One result for each break in the increments of annual means in a row."""
    increments = np.diff([row.value for row in run])
    share = max(min_share, (min_regime + 1e-9) / increments.size)  # so that rounding does not make it one fewer
    found = bai_perron(increments, min_share=share, allow_for_memory=True)
    years = [year_of(row) for row in run][1:]  # an increment belongs to the year that it leads to
    unseen = len(years) - ceil(min_share * len(years))
    half = interval(0.0, 1.0, BREAK_LEVEL)[1]
    used = merged(span for row in run for span in row.used)
    made, first = [], year_of(run[0])
    for last, (low, high) in zip(found.last_index, found.intervals95, strict=True):
        made.append(
            Result(
                period=(year_span(first)[0], year_span(years[last])[1]),
                value=float(years[last]),
                std_uncertainty=(years[high] - years[low]) / (2 * half),
                ci_low=float(years[low]),
                ci_high=float(years[high]),
                n_valid=len(run),
                n_expected=len(run),
                estimated=high >= unseen or any(row.estimated for row in run),
                reason="",
                used=used,
            )
        )
        first = years[last] + 1
    return made
