"""How far the shoreline has moved along a transect: modelled from level and slope, or observed where positions are given."""

from __future__ import annotations

from collections.abc import Sequence
from math import isnan, sqrt
from typing import TYPE_CHECKING

import numpy as np

from caspian_env.errors import NotComputable
from caspian_env.processing import shoreline
from caspian_env.processing.annual_levels import annual_levels, other_datum
from caspian_env.processing.periods import (
    Result,
    YearMean,
    as_dataset,
    checked,
    refusal,
    result,
    year_refused,
    year_span,
)
from caspian_env.processing.shoreline import Slope

if TYPE_CHECKING:
    import xarray as xr

M_IN_KM = 1000.0


def modelled_retreat(
    level: xr.DataArray,
    bed: xr.DataArray,
    *,
    start: Sequence[float],
    end: Sequence[float],
    provisional: bool,
    spacing_km: float,
    fewest_points: int,
    lowest: float,
    highest: float,
    offset: float,
    reference_level: float,
    reference_uncertainty: float,
    datum: str,
    min_epochs: int,
    annual_uncertainty: float,
    ci_level: float,
) -> xr.Dataset:
    """Distance by which the waterline has gone seawards since a reference level, dX = dL / tan(beta); negative for a rise.

    The slope is that of the line through the profile of the bed between two heights. It leaves out wind, which moves
    the line by kilometres, and every spit and channel that the relief does not know.

    Parameters
    ----------
    level : xarray.DataArray, dims (time,), m
        Heights above ``datum``; those above another are refused, once, for the newest year.
    bed : xarray.DataArray, dims (time, latitude, longitude), m
        A single field.
    start, end : (longitude, latitude), degrees
        Landward and seaward end of the transect.
    provisional : bool
        Whether the transect waits for a survey; its values are then marked as estimated.
    spacing_km, fewest_points : float, int
        Distance of the points of the profile, and how many must lie between ``lowest`` and ``highest``.
    lowest, highest : float
        Heights between which the shoreline moves, m above ``datum``.
    offset : float
        What is added to the relief to have it above ``datum``, m.
    reference_level, reference_uncertainty : float
        Level that retreat is counted from, and its standard uncertainty, m above ``datum``.
    min_epochs, annual_uncertainty : int, float
        As for `caspian_env.processing.annual_levels.annual_levels`.
    ci_level : float
        Probability content of the interval.

    Returns
    -------
    xarray.Dataset, dims (period, used)
        Distances in km.

    Raises
    ------
    NotComputable
        Level or relief are not in metres, the relief is no single field, or the transect leaves it.
    """
    slopes = _slopes(bed, [(start, end)], spacing_km, fewest_points, (lowest - offset, highest - offset))
    return _retreat(
        level, slopes[0], None, provisional=provisional, reference_level=reference_level,
        reference_uncertainty=reference_uncertainty, datum=datum, min_epochs=min_epochs,
        annual_uncertainty=annual_uncertainty, ci_level=ci_level,
    )  # fmt: skip


def coast_retreat(
    level: xr.DataArray,
    bed: xr.DataArray,
    *,
    start: Sequence[float],
    end: Sequence[float],
    last_start: Sequence[float],
    last_end: Sequence[float],
    every_km: float,
    min_transect_share: float,
    provisional: bool,
    spacing_km: float,
    fewest_points: int,
    lowest: float,
    highest: float,
    offset: float,
    reference_level: float,
    reference_uncertainty: float,
    datum: str,
    min_epochs: int,
    annual_uncertainty: float,
    ci_level: float,
) -> xr.Dataset:
    """As `modelled_retreat`, of a stretch of coast: by the median slope of transects that lie side by side.

    Parameters
    ----------
    start, end, last_start, last_end : (longitude, latitude), degrees
        Landward and seaward ends of the first and of the last transect; those between them are evenly spaced.
    every_km : float
        Greatest distance of neighbours.
    min_transect_share : float
        Share of the transects along which the bed must fall seawards.

    Other parameters, and what is raised, as for `modelled_retreat`.

    Returns
    -------
    xarray.Dataset, dims (period, used)
        Distances in km; ``n_valid`` and ``n_expected`` count transects. The uncertainty is that of the transect in the
        middle alone: neighbours share the errors of the relief, so their number makes it no smaller.
    """
    lines = shoreline.side_by_side((start, end), (last_start, last_end), every_km=every_km)
    slopes = _slopes(bed, lines, spacing_km, fewest_points, (lowest - offset, highest - offset))
    return _retreat(
        level, shoreline.middle_slope(slopes, min_share=min_transect_share),
        (sum(isinstance(slope, Slope) for slope in slopes), len(slopes)), provisional=provisional,
        reference_level=reference_level, reference_uncertainty=reference_uncertainty, datum=datum, min_epochs=min_epochs,
        annual_uncertainty=annual_uncertainty, ci_level=ci_level,
    )  # fmt: skip


def _slopes(
    bed: xr.DataArray, lines: Sequence[shoreline.Line], spacing_km: float, fewest: int, between: tuple[float, float]
) -> list[Slope | str]:
    """The slope of the bed along each line between two heights of the relief, or why there is none."""
    if bed.dims != ("time", "latitude", "longitude") or bed.sizes["time"] != 1 or bed.attrs.get("units") != "m":
        raise NotComputable(str(bed.name or "bed"), "it is no single field in metres", "give a relief")
    relief, (lowest, highest) = bed.isel(time=0), between
    profiles = [
        shoreline.profile(relief, (first[0], first[1]), (last[0], last[1]), spacing_km=spacing_km)
        for first, last in lines
    ]
    return [shoreline.bed_slope(*one, lowest=lowest, highest=highest, fewest=fewest) for one in profiles]


def _retreat(
    level: xr.DataArray,
    slope: Slope | str,
    transects: tuple[int, int] | None,
    *,
    provisional: bool,
    reference_level: float,
    reference_uncertainty: float,
    datum: str,
    min_epochs: int,
    annual_uncertainty: float,
    ci_level: float,
) -> xr.Dataset:
    """The retreat of each year by one slope; completeness counts ``transects`` (with a slope, in all) or else months."""
    years = annual_levels(level, min_epochs=min_epochs, annual_uncertainty=annual_uncertainty)
    objection = other_datum(level, datum)
    if objection or isinstance(slope, str):
        refused = [year_refused(year, objection or str(slope)) for year in years[-1:]]
        return as_dataset(refused, units="km", ci_level=ci_level)

    def retreat(year: YearMean, fall: Slope) -> Result:
        if isnan(year.value):
            return year_refused(year, f"{year.n_months} of 12 months")
        moved = (reference_level - year.value) / fall.estimate / M_IN_KM
        heights = sqrt(year.std_uncertainty**2 + reference_uncertainty**2) / fall.estimate / M_IN_KM
        u = sqrt(heights**2 + (moved * fall.std_uncertainty / fall.estimate) ** 2)
        n, expected = transects or (year.n_months, 12)
        return result(
            year_span(year.year), moved, u, n_valid=n, n_expected=expected, used=[year_span(year.year)],
            ci_level=ci_level, estimated=provisional or year.estimated,
        )  # fmt: skip

    return as_dataset([retreat(year, slope) for year in years], units="km", ci_level=ci_level)


def observed_retreat(
    position: xr.DataArray, *, statistic: str, fewest: int, position_uncertainty: float, ci_level: float
) -> xr.Dataset:
    """Movement of a surveyed shoreline along one transect, over the whole time of its dates; seawards is positive.

    Parameters
    ----------
    position : xarray.DataArray, dims (time,), m
        Distance of the waterline from the landward end of the transect, one value a date.
    statistic : str
        ``net_movement`` (m), ``end_point_rate`` or ``regression_rate`` (m year-1).
    fewest : int
        Dates that are needed.
    position_uncertainty : float
        Standard uncertainty of a position, m; wind is the largest part of it.
    ci_level : float
        Probability content of the interval.

    Returns
    -------
    xarray.Dataset, dims (period, used)
        One row.

    Raises
    ------
    NotComputable
        The series is not in metres, or the statistic is none of these.
    """
    checked(position, "m")
    if statistic not in ("net_movement", "end_point_rate", "regression_rate"):
        raise NotComputable(statistic, "is no statistic of shorelines", "net_movement, end_point_rate, regression_rate")
    units = "m" if statistic == "net_movement" else "m year-1"
    position = position[np.isfinite(position.values)]
    if position.size == 0:
        return as_dataset([], units=units, ci_level=ci_level)
    time = position["time"].values.astype("datetime64[D]")
    first, last = (int(t.astype("datetime64[Y]").astype(int)) + 1970 for t in (time[0], time[-1]))
    period = (year_span(first)[0], year_span(last)[1])
    if position.size < max(fewest, 3 if statistic == "regression_rate" else 2):
        row = refusal(
            period, f"{position.size} of {fewest} dates", n_valid=position.size, n_expected=fewest, used=[period]
        )
        return as_dataset([row], units=units, ci_level=ci_level)
    years = 1970.0 + time.astype(float) / 365.2425
    if statistic == "regression_rate":
        moved = shoreline.regression_rate(years, position.values, level=ci_level)
    elif statistic == "end_point_rate":
        moved = shoreline.end_point_rate(years, position.values, u_position=position_uncertainty, level=ci_level)
    else:
        moved = shoreline.net_movement(years, position.values, u_position=position_uncertainty, level=ci_level)
    row = result(
        period, moved.estimate, moved.std_uncertainty, n_valid=position.size, n_expected=position.size, used=[period],
        ci_level=ci_level, dof=moved.dof,
    )  # fmt: skip
    return as_dataset([row], units=units, ci_level=ci_level)
