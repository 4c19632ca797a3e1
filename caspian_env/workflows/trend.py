"""The trend of any series or indicator, over any period and as known at any moment, by one set of rules.

It reads the public views only, so a reader's rights are enough.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from itertools import groupby, pairwise
from math import isfinite
from typing import TYPE_CHECKING, Any

from caspian_env.catalog.engine import Catalog
from caspian_env.catalog.published import described, published_indicator, published_series
from caspian_env.errors import CatalogError, NotComputable, SettingsError
from caspian_env.model import FAIL
from caspian_env.processing.statistics import LEVEL

if TYPE_CHECKING:
    import xarray as xr

    from caspian_env.processing.trend_rules import Verdict

MIN_EPOCHS, MIN_CYCLE_YEARS = 2, 5
"""As the indicators of the level have it: fewest epochs in a month, and years of cycle that fill one missing month."""

INTEGRATED_VARIABLES = ("water_surface_height_above_reference_datum",)
INTEGRATED_FUNCTIONS = (
    "hypsometry.", "level_datum.annual_mean", "level_extremes.bridged_distance", "level_extremes.distance",
    "level_monthly.", "port_loading.draught_deficit", "port_loading.draught_lost", "port_margins.", "projections.tracking",
    "sea_level.above_minimum", "sea_level.annual_mean", "shoreline.", "water_mass.anomaly",
)  # fmt: skip
"""What follows the level stays yesterday's plus a balance: its anomaly, its distance to an extreme, area, depth, shore."""

CM_PER_M = 100.0


@dataclass(frozen=True, slots=True)
class TrendOf:
    """What may be said about one series: its verdict, in ``unit`` (per year), on its annual values, means or totals."""

    subject: str
    location: str
    datum: str
    unit: str
    integrated: bool
    as_of: datetime | None
    level: float
    annual: str
    verdict: Verdict

    def as_dict(self) -> dict[str, Any]:
        """For ``--json``: what there is no number for is null."""
        told = asdict(self)
        verdict = told.pop("verdict")
        lines = [{k: None if v != v else v for k, v in line.items()} for line in verdict.pop("lines")]
        return {**told, **verdict, "lines": lines}


def trend(
    catalog: Catalog,
    subject: str,
    *,
    variable: str | None = None,
    location: str | None = None,
    datum: str | None = None,
    as_of: datetime | None = None,
    start: int | None = None,
    end: int | None = None,
    level: float = LEVEL,
) -> list[TrendOf]:
    """The trend of the annual means of a series, or of the values of an indicator, one for each location that fits.

    Parameters
    ----------
    catalog : Catalog
        Opened with at least a reader's rights.
    subject : str
        Dataset id or indicator id.
    variable, location, datum : str, optional
        What is meant, by ids, where more than one fits.
    as_of : datetime, optional
        What was known then.
    start, end : int, optional
        First and last year of the period; by default those of the first and the last annual value.
    level : float
        Probability content of the intervals.

    Raises
    ------
    CatalogError
        No series and no indicator fits, or more than one kind.
    NotComputable
        The values are no series of years, months, days or epochs.
    """
    if not 0 < level < 1:
        raise SettingsError("level", f"{level} is not between 0 and 1", "write for example 0.9")
    if start is not None and end is not None and end < start:
        raise SettingsError("period", f"{end} is before {start}", "write --start 1993 --end 2024")
    with catalog.read() as connection:
        defined = described(connection, "v_indicator_definition", indicator_id=subject)
    if defined:
        if variable or datum:
            raise SettingsError(subject, "is an indicator: it has one variable and one datum", "name its region only")
        about, rows = _of_indicator(catalog, defined[0], location, as_of)
    else:
        about, rows = _of_series(catalog, subject, variable, location, datum, as_of)
    return [
        _trend_of(subject, place, about, list(own), as_of, (start, end), level)
        for place, own in groupby(rows, key=lambda row: str(row["location_id"]))
    ]


@dataclass(frozen=True, slots=True)
class _About:
    unit: str
    datum: str
    integrated: bool
    resolution: str
    annual: str


def _of_series(
    catalog: Catalog,
    dataset: str,
    variable: str | None,
    location: str | None,
    datum: str | None,
    as_of: datetime | None,
) -> tuple[_About, Sequence[dict[str, Any]]]:
    try:
        found = published_series(
            catalog, dataset, variable=variable, location=location, datum=datum, as_of=as_of, window=None, history=False
        )
    except CatalogError as error:
        if not error.problem.startswith(("has no series here", "has no such series")):
            raise
        raise CatalogError(dataset, "is no series and no indicator of the catalog", (
            "caspian-env datasets and caspian-env indicators list what there is; caspian-env run collects it"
        )) from error  # fmt: skip
    what = found.about
    integrated = what["variable_id"] in INTEGRATED_VARIABLES
    resolution = str(what["resolution"])
    finer = "totals" if str(what["cell_methods"] or "").startswith("time: sum") else "means"
    annual = "values" if resolution == "P1Y" else finer
    return _About(str(what["unit"]), str(what["datum"] or "none"), integrated, resolution, annual), found.rows


def _of_indicator(
    catalog: Catalog, definition: Mapping[str, Any], location: str | None, as_of: datetime | None
) -> tuple[_About, Sequence[dict[str, Any]]]:
    name = str(definition["indicator_id"])
    found = published_indicator(catalog, name, location=location, as_of=as_of, history=False)
    integrated = bool(definition["relative_to_datum"]) or str(definition["function"]).startswith(INTEGRATED_FUNCTIONS)
    resolution = _resolution_of_periods(name, found.rows)
    annual = "values" if resolution == "P1Y" else "means"
    return _About(
        str(definition["unit"]), str(found.rows[0]["datum"] or "none"), integrated, resolution, annual
    ), found.rows


def _resolution_of_periods(name: str, rows: Sequence[dict[str, Any]]) -> str:
    """P1M for months, P1Y for one value a year; refused where values share data, as rates over moving windows do."""
    days = [(row["period_end"] - row["period_start"]) / timedelta(days=1) for row in rows]
    for _, own in groupby(rows, key=lambda row: row["location_id"]):
        periods = [(row["period_start"], row["period_end"]) for row in own]
        if any(after[0] < before[1] for before, after in pairwise(periods)):
            raise NotComputable(
                name, "its periods overlap, so its values share data and have no trend of their own",
                "ask for the series or the annual values that it is made from",
            )  # fmt: skip
    if max(days) <= 31 and min(days) >= 28:
        return "P1M"
    if max(days) > 366:
        raise NotComputable(name, "its periods are longer than a year", "ask for annual values")
    return "P1Y"


def _trend_of(
    subject: str,
    place: str,
    about: _About,
    rows: list[dict[str, Any]],
    as_of: datetime | None,
    period: tuple[int | None, int | None],
    level: float,
) -> TrendOf:
    import numpy as np

    from caspian_env.processing.trend_rules import judged

    annual = _annual(subject, rows, about)
    if not annual and None in period:
        raise NotComputable(
            subject, f"no year at {place} is complete enough for a mean", "collect more: caspian-env run"
        )
    first = period[0] if period[0] is not None else min(annual)
    last = period[1] if period[1] is not None else max(annual)
    if last < first:
        raise NotComputable(subject, f"its annual values end in {last}, before {first}", "ask for another period")
    in_cm = about.integrated and about.unit == "m"
    values = np.array([annual.get(year, np.nan) for year in range(first, last + 1)]) * (CM_PER_M if in_cm else 1.0)
    verdict = judged(first, values, integrated=about.integrated, level=level)
    unit = f"{'cm' if in_cm else about.unit} year-1"
    return TrendOf(subject, place, about.datum, unit, about.integrated, as_of, level, about.annual, verdict)


def _annual(subject: str, rows: list[dict[str, Any]], about: _About) -> dict[int, float]:
    """The value of each year that has one: as it is, or the mean or total of twelve months by the rules of completeness."""
    from caspian_env.processing import annual_amounts, completeness

    good = [row for row in rows if row["value"] is not None and row["qc_flag"] != FAIL and isfinite(row["value"])]
    if about.resolution == "P1Y":
        ends = [row.get("period_end") for row in good]  # a season from November to April belongs to the year it ends in
        moments = [
            row["time"] if end is None else end - timedelta(seconds=1) for row, end in zip(good, ends, strict=True)
        ]
        annual = {moment.year: float(row["value"]) for moment, row in zip(moments, good, strict=True)}
        if len(annual) < len(good):
            raise NotComputable(subject, "a year holds two values", "keep one for each year")
        return annual
    given = _as_array(good, about.resolution)
    if about.annual == "totals":
        years = annual_amounts.year_amounts(annual_amounts.month_totals(given))
        return {year.year: year.value for year in years if isfinite(year.value)}
    months = completeness.monthly(given, min_epochs=MIN_EPOCHS)
    if about.integrated:
        months = completeness.fill_single_months(months, min_cycle_years=MIN_CYCLE_YEARS)
    return {mean.year: mean.value for mean in completeness.annual(months) if isfinite(mean.value)}


def _as_array(rows: list[dict[str, Any]], resolution: str) -> xr.DataArray:
    import numpy as np
    import xarray as xr

    times = np.array([row["time"].replace(tzinfo=None) for row in rows], dtype="datetime64[s]")
    values = np.array([row["value"] for row in rows], dtype=float)
    return xr.DataArray(values, dims="time", coords={"time": times}, attrs={"resolution": resolution})
