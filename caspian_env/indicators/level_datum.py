"""The datum of an altimetric product against the Baltic system: offset, drift, and the level carried over."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf, nan
from typing import TYPE_CHECKING

import numpy as np

from caspian_env.processing.datum_bridge import Overlap, bridge, moved
from caspian_env.processing.periods import Result, as_dataset, refusal, result
from caspian_env.processing.trends import ols

if TYPE_CHECKING:
    import xarray as xr

MM_PER_M = 1000.0


def offset(
    level: xr.DataArray,
    reference: xr.DataArray,
    *,
    datum: str,
    scatter: float,
    fewest_overlaps: int,
    plausible: Sequence[float] | None,
    min_epochs: int,
    min_cycle_years: int,
    annual_uncertainty: float,
    ci_level: float,
) -> xr.Dataset:
    """Product minus reference: the mean difference of the annual means that both have.

    Parameters
    ----------
    level, reference : xarray.DataArray, dims (time,), m
        The product above its own datum, and levels above ``datum``.
    datum : str
        Datum id that the reference must have.
    scatter : float
        Standard deviation (m) of one annual difference, for fewer than ``fewest_overlaps`` years.
    fewest_overlaps : int
        Fewest years whose own scatter is trusted; with fewer the offset is marked as estimated.
    plausible : two floats, or None
        Between which the offset (m) must lie.
    min_epochs, min_cycle_years, annual_uncertainty, ci_level
        As for `caspian_env.processing.level_years.annual_rows`.

    Returns
    -------
    xarray.Dataset, dims (period, used)
        One row in m, from the first to the last year in common; refused without such a year, or outside ``plausible``.
    """
    rows, found = bridge(
        level, reference, datum=datum, scatter=scatter, fewest_overlaps=fewest_overlaps, plausible=plausible,
        min_epochs=min_epochs, min_cycle_years=min_cycle_years, annual_uncertainty=annual_uncertainty, ci_level=ci_level,
    )  # fmt: skip
    made = [
        _row(found.overlap, found.value, found.std_uncertainty, found.dof, ci_level, found.reason, found.provisional)
        for _ in rows[-1:]
    ]
    return as_dataset(made, units="m", ci_level=ci_level)


def drift(
    level: xr.DataArray,
    reference: xr.DataArray,
    *,
    datum: str,
    fewest_years: int,
    min_share: float,
    min_epochs: int,
    min_cycle_years: int,
    annual_uncertainty: float,
    ci_level: float,
) -> xr.Dataset:
    """Trend of the difference product minus reference: no drift can be told where its interval holds zero.

    Parameters
    ----------
    fewest_years, min_share : int, float
        Fewest years in common, and least share of the years between the first and the last.

    Other parameters as in `offset`.

    Returns
    -------
    xarray.Dataset, dims (period, used)
        One row in mm year-1.
    """
    rows, found = bridge(
        level, reference, datum=datum, scatter=0.0, fewest_overlaps=1, plausible=None,
        min_epochs=min_epochs, min_cycle_years=min_cycle_years, annual_uncertainty=annual_uncertainty, ci_level=ci_level,
    )  # fmt: skip
    both = found.overlap
    n, between = both.difference.size, int(np.ptp(both.years)) + 1 if both.years.size else 0
    made = []
    if rows and (n < fewest_years or n < min_share * between):
        needed = f"a drift needs {fewest_years} and {min_share:.0%} of them"
        made = [_row(both, nan, nan, inf, ci_level, f"{n} years in common, of {between} between them; {needed}")]
    elif rows:
        trend = ols(both.difference * MM_PER_M, both.years, level=ci_level)
        made = [_row(both, trend.estimate, trend.std_uncertainty, trend.dof, ci_level)]
    return as_dataset(made, units="mm year-1", ci_level=ci_level)


def annual_mean(
    level: xr.DataArray,
    reference: xr.DataArray,
    *,
    datum: str,
    scatter: float,
    fewest_overlaps: int,
    plausible: Sequence[float] | None,
    min_epochs: int,
    min_cycle_years: int,
    annual_uncertainty: float,
    ci_level: float,
) -> xr.Dataset:
    """Annual mean level above the datum of the reference; every value is marked as estimated.

    See `offset` for the parameters. ``u`` combines that of an annual mean and that of the offset, which all years share.

    Returns
    -------
    xarray.Dataset, dims (period, used)
        Values in m; without an offset one refusal, for the newest year.
    """
    rows, found = bridge(
        level, reference, datum=datum, scatter=scatter, fewest_overlaps=fewest_overlaps, plausible=plausible,
        min_epochs=min_epochs, min_cycle_years=min_cycle_years, annual_uncertainty=annual_uncertainty, ci_level=ci_level,
    )  # fmt: skip
    return as_dataset(moved(rows, found, ci_level), units="m", ci_level=ci_level)


def _row(
    both: Overlap, value: float, u: float, dof: float, ci_level: float, reason: str = "", estimated: bool = False
) -> Result:
    """What is told, or why not, of all years in common at once."""
    n, of = both.difference.size, max(1, both.n_product)
    if reason:
        return refusal(both.span, reason, n_valid=n, n_expected=of, used=both.used)
    return result(
        both.span, value, u, dof=dof, n_valid=n, n_expected=of, used=both.used, ci_level=ci_level, estimated=estimated
    )
