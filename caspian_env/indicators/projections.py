"""Observed levels beside a published path of one study and scenario; paths are never pooled."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from typing import TYPE_CHECKING

from caspian_env.processing.annual_levels import annual_levels, other_datum
from caspian_env.processing.periods import Result, YearMean, as_dataset, of_year, year_refused

if TYPE_CHECKING:
    import xarray as xr


def tracking(
    level: xr.DataArray,
    *,
    scenario: str,
    path: Sequence[Sequence[float]],
    path_uncertainty: float,
    datum: str,
    min_epochs: int,
    annual_uncertainty: float,
    ci_level: float,
) -> xr.Dataset:
    """Observed annual mean minus the path of a scenario, in the years that the path names; negative below the path.

    One or two years near a path confirm nothing about it.

    Parameters
    ----------
    level : xarray.DataArray, dims (time,), m
        Heights above ``datum`` of the same waters as the path; those above another are refused, once, for the newest year.
    scenario : str
        Study and scenario, for reasons that name it.
    path : sequence of (year, level)
        As printed by the study, m above ``datum``.
    path_uncertainty : float
        Standard uncertainty of a printed value, m; the spread of the models is no part of it.
    datum : str
        Datum id of the path.
    min_epochs, annual_uncertainty : int, float
        As for `caspian_env.processing.annual_levels.annual_levels`.
    ci_level : float
        Probability content of the interval.

    Returns
    -------
    xarray.Dataset, dims (period, used)
        Differences in m.

    Raises
    ------
    NotComputable
        The level is not in metres, or its times are not ascending.
    """
    years = annual_levels(level, min_epochs=min_epochs, annual_uncertainty=annual_uncertainty)
    printed = {int(year): float(value) for year, value in path}
    if objection := other_datum(level, datum, scenario):
        return as_dataset([year_refused(year, objection) for year in years[-1:]], units="m", ci_level=ci_level)

    def difference(year: YearMean) -> Result:
        u = sqrt(year.std_uncertainty**2 + path_uncertainty**2)
        return of_year(year, value=year.value - printed[year.year], u=u, ci_level=ci_level)

    return as_dataset([difference(year) for year in years if year.year in printed], units="m", ci_level=ci_level)
