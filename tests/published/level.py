"""Level of the sea: DAHITI (1992-09 to 2023-07) and the printed annual levels against what others published of it."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import xarray as xr

from caspian_env.indicators import (
    level_datum,
    level_monthly,
    level_rates,
    port_margins,
    projections,
    regimes,
    sea_level,
)
from caspian_env.processing import trends
from caspian_env.sources import dahiti_water_level, reported_levels

from .facts import (
    CHEN,
    DASHBOARD,
    KAZHYDROMET,
    ROOT,
    Fact,
    bounds,
    by_year,
    parameters,
    row_of,
    series,
    shared,
    value,
)

# Two annual means, each with the 0.03 m that is stated for one, at 90 %.
TWO_MEANS = 0.07
ALTIMETRY = "DAHITI"
MEASURED = "interval at 90 %, measurement error only"
NATURAL = "interval at 90 %, natural variability included"


@cache
def dahiti() -> xr.DataArray:
    """Epochs of the edition of 2023-08."""
    folder = shared("archive", "2023-08", "dahiti.dgfi.tum.de", "api", "v2", "download-water-level")
    (path,) = folder.iterdir()
    height = dahiti_water_level.read_granule(path)["height"]
    return series(height["time"].values, height.values, units="m", resolution="instant", datum="dahiti_39")


@cache
def printed(place: str) -> xr.DataArray:
    """Annual levels that are printed for the whole sea or the Kazakh part."""
    found = reported_levels.read_granule(ROOT / "seeds" / "reported_levels.csv", options={"place": place})["level_m"]
    return series(found["time"].values, found.values, units="m", resolution="P1Y", datum="BS77")


def annual() -> dict[int, float]:
    """Annual means of DAHITI above its own datum."""
    return by_year(sea_level.annual_mean(dahiti(), **parameters("sl_mean_1y_dahiti")))


def in_bs77(only: int | None = None) -> dict[int, float]:
    """Annual means in the Baltic system; with ``only`` the offset rests on that one year."""
    reference = printed("caspian_sea")
    if only is not None:
        reference = reference.sel(time=reference["time"].dt.year == only)
    return by_year(level_datum.annual_mean(dahiti(), reference, **parameters("sl_mean_1y_dahiti_bs77")))


def mean(first: int, last: int) -> float:
    """Mean of years in the Baltic system."""
    known = in_bs77()
    return float(np.mean([known[year] for year in range(first, last + 1)]))


def facts() -> list[Fact]:
    """All of them."""
    return [*levels(), *rates(), *others()]


def levels() -> list[Fact]:
    """Annual means, decades and the normal."""
    from_2020, from_1995 = in_bs77(2020), in_bs77(1995)
    both = "DAHITI less the provisional offset of 1995 and 2020"
    highest = max(annual(), key=annual().__getitem__)
    part = "years before 1993 are not in it"
    return [
        Fact("level of 1995", -26.62, KAZHYDROMET, from_2020[1995], "m BS77",
             "DAHITI less the offset of 2020 alone, so that 1995 does not enter", TWO_MEANS, 2),
        Fact("level of 2020", -28.23, KAZHYDROMET, from_1995[2020], "m BS77",
             "DAHITI less the offset of 1995 alone, so that 2020 does not enter", TWO_MEANS, 2),
        Fact("year of the maximum", 1995, KAZHYDROMET, highest, "", "DAHITI 1993-2022", 0, 0),
        Fact("mean of the 1990s", -26.98, DASHBOARD, mean(1993, 1999), "m BS77", f"{both}, 1993-1999", TWO_MEANS, 2,
             f"window: {part}, and the sea still rose until 1995"),
        Fact("mean of the 2000s", -27.08, DASHBOARD, mean(2000, 2009), "m BS77", both, TWO_MEANS, 2),
        Fact("mean of the 2010s", -27.78, DASHBOARD, mean(2010, 2019), "m BS77", both, TWO_MEANS, 2),
        Fact("mean of 2020-2024", -28.65, DASHBOARD, mean(2020, 2022), "m BS77", f"{both}, 2020-2022", TWO_MEANS, 2,
             "window: the two lowest years, 2023 and 2024, are not in it"),
        Fact("normal 1991-2020", -27.300, f"computed from {DASHBOARD}", mean(1993, 2020), "m BS77",
             f"{both}, 1993-2020", TWO_MEANS, 3),
        Fact("2020 above 1977", 0.76, f"computed from {DASHBOARD}",
             value(sea_level.above_minimum(printed("caspian_sea"), **parameters("sl_above_min1977_reported")), 2020), "m",
             f"printed levels ({KAZHYDROMET})", 0.02, 2, "rounding of both printed levels"),
        Fact("Kazakh part of 2025 below 1977", 0.34, f"computed from {DASHBOARD}", -value(
            sea_level.above_minimum(printed("kazakh_sector"), **parameters("sl_above_min1977_reported")), 2025), "m",
             "printed level of the Kazakh sector (Ministry of Ecology, 2026-03-10) less the printed minimum", 0.01, 2),
    ]  # fmt: skip


def endpoint(level: xr.DataArray, first: int, last: int, **rules: Any) -> xr.Dataset:
    """Observed change from one annual mean to another, per year between them."""
    return row_of(sea_level.observed_change(level, years=last - first + 1, **rules), first, last)


def increments(first: int, last: int) -> xr.Dataset:
    """Mean annual increment of DAHITI."""
    rules = parameters("sl_rate_10y_dahiti", years=last - first + 1)
    return row_of(sea_level.mean_rate(dahiti(), **rules), first, last)


def line(first: int, last: int) -> float:
    """Least-squares slope of annual means of DAHITI, cm a year."""
    known = annual()
    return 100 * trends.ols([known[year] for year in range(first, last + 1)]).estimate


def rates() -> list[Fact]:
    """Rates, each by the estimator of the published one where the record allows it."""
    rules = parameters("sl_change_5y_dahiti")
    del rules["years"]
    risen = endpoint(printed("caspian_sea"), 1977, 1995, **rules | {"annual_uncertainty": 0.01})
    fallen = endpoint(dahiti(), 1996, 2015, **rules)
    from_printed = f"printed levels of 1977 and 1995 ({KAZHYDROMET}), change between the two; {MEASURED}"
    scatter = 100 * 0.03 * 2**0.5 / 19  # of two annual differences between gauges and altimetry
    apart = (float(fallen["value"]) + 6.32) / scatter
    later, short = increments(1996, 2022), "window: it ends in 2022, as 2023 is not whole in this edition"
    return [
        Fact("rate 1978-1995", 13.0, "Kazhydromet via Adyrna and Astana Times", float(risen["value"]), "cm year-1",
             from_printed, 0.5, 1, interval=bounds(risen)),
        Fact("endpoint rate 1978-1995", 13.5, f"computed from {DASHBOARD}", float(risen["value"]), "cm year-1",
             from_printed, 0.1, 1, "window: it begins with 1977 and not with 1978", bounds(risen)),
        Fact("rate 1979-1995", 12.74, CHEN, float(risen["value"]), "cm year-1", from_printed, 0.1, 2,
             "window and estimator: from 1977 on, end points instead of a line; altimetry begins in 1992", bounds(risen)),
        Fact("rate 1996-2015", -6.72, CHEN, float(fallen["value"]), "cm year-1", f"DAHITI, end points; {MEASURED}",
             0.1, 2, "series and estimator: theirs is not told in the abstract; the next rows hold the estimator fixed",
             bounds(fallen)),
        Fact("endpoint rate 1996-2015", -6.32, f"computed from {DASHBOARD}", float(fallen["value"]), "cm year-1",
             f"DAHITI, end points; {MEASURED}", 0.1, 2,
             f"series: gauges; {apart:.1f} times the {scatter:.2f} that two annual differences of 0.03 m (k=1) make",
             bounds(fallen)),
        Fact("line 1996-2015, altimetry", -4.27, "computed elsewhere from DAHITI", line(1996, 2015), "cm year-1",
             "DAHITI, least squares; no interval of it holds for a level", 0.01, 2),
        Fact("line 1996-2015, gauges", -4.34, f"computed from {DASHBOARD}", line(1996, 2015), "cm year-1",
             "DAHITI, least squares, against a published standard error of 0.67", 0.67, 2),
        Fact("rate 1996-2023", -8.0, "Kazhydromet via Adyrna and Astana Times", float(later["value"]), "cm year-1",
             f"DAHITI 1996-2022, mean increment; {NATURAL}", 0.5, 1, short, bounds(later)),
        Fact("rate 1996-2024", -8.1, f"computed from {DASHBOARD}", float(later["value"]), "cm year-1",
             f"DAHITI 1996-2022, mean increment; {NATURAL}", 0.5, 1, short, bounds(later)),
        *(Fact(f"rate {first}-2024", published, f"computed from {DASHBOARD}", float(one["value"]), "cm year-1",
               f"DAHITI {first}-2022, mean increment; {NATURAL}", 0.5, 1, short, bounds(one))
          for first, published in ((2006, -11.2), (2015, -11.9), (2020, -20.3)) for one in [increments(first, 2022)]),
        Fact("line 1996-2024", -7.0, f"computed from {DASHBOARD}", line(1996, 2022), "cm year-1",
             "DAHITI 1996-2022, least squares; no interval of it holds for a level", 0.5, 1, short),
        curved(),
    ]  # fmt: skip


def curved() -> Fact:
    """The curvature of a window of thirty years."""
    found = row_of(level_rates.curvature(dahiti(), **parameters("sl_curvature_30y_dahiti")), 1993, 2022)
    return Fact("acceleration 1996-2025, Kazakh part", -0.77, f"computed from {DASHBOARD}", float(found["value"]),
                "cm year-2", f"DAHITI 1993-2022, parabola; {NATURAL}", 0.15, 2,
                "series and window: the whole sea, three years earlier", bounds(found))  # fmt: skip


def others() -> list[Fact]:
    """Changes, turning points, projections and depths."""
    known = annual()
    steps = {year: 100 * (known[year] - known[year - 1]) for year in known if year - 1 in known}
    inside = "period: another one; inside the printed range, as it has to be"
    turns = regimes.turning_points(dahiti(), **parameters("regime_turning_points_dahiti"))
    kazakh = printed("kazakh_sector")
    tracked = [
        float(projections.tracking(kazakh, **parameters(f"proj_tracking_1y_kazhydromet_{name}"))["value"][-1])
        for name in ("rcp45", "rcp85")
    ]
    depth = value(port_margins.depth_change(kazakh, **parameters("port_depth_change_reported")), 2025)
    return [
        Fact("largest rise in a year", 39, "IJMS 2017, 7(3), 1851-1991", max(steps.values()), "cm",
             "DAHITI, annual means 1993-2022", 0, 0, inside),
        Fact("largest fall in a year", -32, "IJMS 2017, 7(3), 1851-1991", min(steps.values()), "cm",
             "DAHITI, annual means 1993-2022", 0, 0, inside),
        Fact("fall 2006-2024, Kazakh part", 2.14, "Astana Times, CACF experts, September 2025", known[2006] - known[2022],
             "m", "DAHITI 2006-2022, whole sea", TWO_MEANS, 2, "series and window: 2023 and 2024 are missing"),
        *season_of_2010(),
        Fact("newest turn of the rate", 1995, f"computed from {DASHBOARD}, 1921-2024", float(turns["value"][-1]), "",
             "DAHITI, increments 1994-2022, BIC; interval at 95 %, memory allowed for", 0, 0,
             "window: a turn in the first tenth of the record cannot be seen, and 1995 is its second increment",
             bounds(turns.isel(period=-1))),
        Fact("Kazakh part of 2025 less the printed path, RCP4.5", -0.19, f"computed from {DASHBOARD}", tracked[0], "m",
             "printed level less printed path", 0, 2),
        Fact("the same, RCP8.5", 0.02, f"computed from {DASHBOARD}", tracked[1], "m", "printed level less printed path",
             0, 2),
        Fact("charted depth lost at -29.35 m", 1.35, "Caspian chart datum, EPSG:5706", -depth, "m",
             "printed level of the Kazakh sector in 2025 less -28.00 m", 0, 2),
    ]  # fmt: skip


def season_of_2010() -> list[Fact]:
    """The fall from July to September 2010 beyond that of other years, by two choices of months."""
    months = level_monthly.monthly_mean(dahiti(), **parameters("sl_mean_1m_dahiti"))
    level = months["value"].to_series()
    level.index = months["period_start"].values.astype("datetime64[M]")

    def beyond(first: int, last: int) -> float:
        change = {
            year: level.get(np.datetime64(f"{year}-{last:02}")) - level.get(np.datetime64(f"{year}-{first:02}"))
            for year in range(1993, 2023)
        }
        return 100 * float(change[2010] - np.nanmean(list(change.values())))

    source, why = (
        "Arpe et al. 2012, HESS 16, abstract",
        "estimator: which months are compared decides; both signs agree",
    )
    how = "DAHITI, {} less {} of 2010, against the mean of the same change in 1993-2022"
    return [
        Fact(
            "July to September 2010, beyond the season", -10, source, beyond(*span), "cm", how.format(*names), 2, 0, why
        )
        for span, names in (((7, 10), ("October", "July")), ((6, 9), ("September", "June")))
    ]
