"""Marine heatwaves after Hobday et al. 2016 and 2018, for one series and for a cube from the same code.

A heatwave is a time of at least five days above the 90th percentile of its season; two that are two days apart or less
are one. Its category tells how often the peak exceeds the climatology by the distance between climatology and threshold.
Every result depends on the base period: another base is another indicator.

Days that are missing for up to five days are interpolated, longer gaps end an event; under ice there is no heatwave.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from caspian_env.errors import NotComputable
from caspian_env.processing.cluster import each
from caspian_env.processing.day_of_year import DAYS, day_of_year, pooled, pools, reach, smoothed
from caspian_env.processing.spells import fill_short_gaps, spells

if TYPE_CHECKING:
    import numpy as np
    import xarray as xr
    from numpy.typing import NDArray

    Cells = NDArray[np.float64]
    Block = tuple[Cells, Cells, Cells, NDArray[np.bool_] | None, int]  # values, season, threshold, ice, first cell

QUANTILE, WINDOW_DAYS, SMOOTH_DAYS = 0.9, 11, 31  # Hobday et al. 2016, table 2
MIN_DAYS, JOIN_DAYS = 5, 2  # the same
FILL_DAYS = 5
ICE = 0.15  # fraction from which a cell counts as ice-covered (WMO sea-ice nomenclature: open water ends there)
CATEGORIES = ("I Moderate", "II Strong", "III Severe", "IV Extreme")  # Hobday et al. 2018
BLOCK_CELLS = 256  # cells worked on at a time, so that forty years of a large cube need little memory


def climatology(sst: xr.DataArray, base: tuple[int, int]) -> xr.Dataset:
    """The seasonal mean and the 90th percentile of each day of the year, smoothed over 31 days.

    Values within five days of a day of the year, in all base years, are pooled; days just outside the base count where the
    record has them. 29 February is the mean of its neighbours before smoothing; the calendar year is a circle.

    Parameters
    ----------
    sst : xarray.DataArray (dims: time, any others; degree_Celsius or kelvin)
        Daily means; days may be missing.
    base : tuple of int
        First and last year of the base period, both included.

    Returns
    -------
    xarray.Dataset (dims: dayofyear 1..366, the others of ``sst``)
        ``seas`` and ``thresh``, in the units of ``sst``; NaN where a day of the year has no value in the base period.

    Raises
    ------
    NotComputable
        When the series is not daily, or does not cover the base period.

    References
    ----------
    Hobday et al. 2016, doi:10.1016/j.pocean.2015.12.014
    """
    import numpy as np
    import xarray as xr

    cells, daily = _cells(sst)
    inside = _base_days(daily, base)
    near = reach(inside, window_days=WINDOW_DAYS)
    around = pools(day_of_year(daily)[near], window_days=WINDOW_DAYS, inside=inside[near])
    found_blocks = each(_seasons, (near, around), [cells[block] for block in _blocks(len(cells))])
    seas, thresh = (np.concatenate(part) for part in zip(*found_blocks, strict=True))
    others = [dim for dim in sst.dims if dim != "time"]
    shape = (DAYS, *(sst.sizes[dim] for dim in others))
    coords = {"dayofyear": np.arange(1, DAYS + 1)} | {dim: sst[dim] for dim in others if dim in sst.coords}
    attrs = {"units": sst.attrs.get("units", "degree_Celsius")}
    found = {"seas": seas, "thresh": thresh}
    return xr.Dataset(
        {name: (("dayofyear", *others), values.T.reshape(shape), attrs) for name, values in found.items()},
        coords,
        {"base_period": f"{base[0]}-{base[1]}", "quantile": QUANTILE},
    )


def detect(
    sst: xr.DataArray,
    base: tuple[int, int],
    *,
    ice: xr.DataArray | None = None,
    normal: xr.Dataset | None = None,
) -> xr.Dataset:
    """Every marine heatwave of a series, or of each cell of a cube.

    Parameters
    ----------
    sst : xarray.DataArray (dims: time, any others; degree_Celsius or kelvin)
        Daily means; days may be missing.
    base : tuple of int
        First and last year of the base period, both included.
    ice : xarray.DataArray (dims of ``sst``; 1), optional
        Sea ice area fraction; where it is above 0.15 there is no heatwave.
    normal : xarray.Dataset, optional
        A climatology of the same cells, as ``climatology`` gives it; computed from ``sst`` if left out.

    Returns
    -------
    xarray.Dataset (dims: event)
        ``start``, ``peak``, ``end`` (days, both ends included), ``duration`` (d), ``intensity_max``, ``intensity_mean``
        (degree_Celsius above the seasonal mean), ``intensity_cumulative`` (degree_Celsius day), ``rate_onset`` and
        ``rate_decline`` (degree_Celsius day-1, between the peak and the edge of the event, which lies half a day outside;
        NaN where the day beyond the edge is unknown, as at the ends of the record), ``category`` (1..4), and
        ``days_observed`` (d, without interpolated ones). For a cube the other dimensions of ``sst`` are coordinates of
        each event. In the order of cells, then of time.

    Raises
    ------
    NotComputable
        As ``climatology``.

    References
    ----------
    Hobday et al. 2016, doi:10.1016/j.pocean.2015.12.014; categories: Hobday et al. 2018, doi:10.5670/oceanog.2018.205
    """
    import numpy as np

    cells, daily = _cells(sst)
    normal = climatology(sst, base) if normal is None else normal
    seas, thresh = (_flat(normal[name], "dayofyear") for name in ("seas", "thresh"))
    frozen = _aligned(ice, sst, daily) if ice is not None else None
    days = day_of_year(daily) - 1
    blocks = [
        (cells[block], seas[block], thresh[block], None if frozen is None else frozen[block] > ICE, block.start)
        for block in _blocks(len(cells))
    ]
    parts = each(_events, (days,), blocks)
    table = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    return _as_dataset(table, daily, sst, base)


def _seasons(near: slice, around: list[NDArray[np.int64]], cells: Cells) -> tuple[Cells, Cells]:
    """Seasonal mean and threshold of a block of cells, (cell, day of the year)."""
    import numpy as np

    mean, high = pooled(np.ascontiguousarray(cells[:, near]), around, quantile=QUANTILE)
    return smoothed(mean, days=SMOOTH_DAYS), smoothed(high, days=SMOOTH_DAYS)


def _events(days: NDArray[np.int64], block: Block) -> dict[str, NDArray[Any]]:
    """The events of a block of cells: (cell, day), and (cell, day of the year) whose position on each day is given."""
    import numpy as np

    observed, yearly_seas, yearly_thresh, hidden, offset = block
    seas, thresh = yearly_seas[:, days], yearly_thresh[:, days]
    values = fill_short_gaps(observed, max_days=FILL_DAYS)
    above = values > thresh  # a comparison with NaN is false
    if hidden is not None:
        above &= ~hidden
    runs = spells(above, min_days=MIN_DAYS, join_days=JOIN_DAYS)
    anomaly, distance = values - seas, thresh - seas
    lengths = runs.last - runs.first + 1
    event = np.repeat(np.arange(lengths.size), lengths)
    starts = np.concatenate(([0], np.cumsum(lengths)[:-1])).astype(np.int64) if lengths.size else lengths
    day = np.arange(event.size) - np.repeat(starts, lengths) + runs.first[event]
    cell = runs.cell[event]
    inside = anomaly[cell, day]
    # A day inside a joined gap may be missing; it counts for the duration and for nothing else.
    known = np.isfinite(inside)
    heights = np.where(known, inside, -np.inf)
    highest = np.maximum.reduceat(heights, starts) if lengths.size else heights
    peak = _first_true(heights == highest[event], starts, event.size)
    total = np.bincount(event, np.where(known, inside, 0.0), lengths.size)
    count = np.bincount(event, known, lengths.size)
    at_peak = (runs.cell, day[peak])
    return {
        "cell": runs.cell + offset,
        "start": runs.first,
        "peak": day[peak],
        "end": runs.last,
        "intensity_max": highest,
        "intensity_mean": total / np.maximum(count, 1),
        "intensity_cumulative": total,
        "rate_onset": _rate(anomaly, runs.cell, runs.first, -1, day[peak]),
        "rate_decline": _rate(anomaly, runs.cell, runs.last, 1, day[peak]),
        "category": np.clip(np.floor(anomaly[at_peak] / distance[at_peak]), 1, len(CATEGORIES)).astype(np.int64),
        "days_observed": np.bincount(event, np.isfinite(observed[cell, day]), lengths.size).astype(np.int64),
    }


def _rate(
    anomaly: Cells, cell: NDArray[np.int64], edge: NDArray[np.int64], outward: int, peak: NDArray[np.int64]
) -> Cells:
    """Height of each peak above the edge of its event over the days between them (Hobday et al. 2016, table 2).

    The edge lies between the outermost day and the one beyond it; where that one is unknown, so is the rate.
    """
    import numpy as np

    beyond = np.clip(edge + outward, 0, anomaly.shape[1] - 1)
    outside = np.where(beyond == edge, np.nan, anomaly[cell, beyond])
    rise = anomaly[cell, peak] - (anomaly[cell, edge] + outside) / 2
    rate: Cells = rise / (np.abs(peak - edge) + 0.5)
    return rate


def _first_true(marks: NDArray[np.bool_], starts: NDArray[np.int64], size: int) -> NDArray[np.int64]:
    """Position of the first true mark of each segment."""
    import numpy as np

    if not starts.size:
        return starts
    return np.minimum.reduceat(np.where(marks, np.arange(size), size), starts)


def _cells(sst: xr.DataArray) -> tuple[NDArray[np.float64], NDArray[np.datetime64]]:
    """The values as (cell, day) on every day from the first to the last, and the days."""
    import numpy as np

    if "time" not in sst.dims:
        raise NotComputable("marine heatwaves", "the series has no dimension time", "give daily means along time")
    time = sst["time"].to_numpy().astype("datetime64[D]")
    if time.size < 2 or (np.diff(time) < np.timedelta64(1, "D")).any():
        raise NotComputable("marine heatwaves", "the days are not ascending, each once", "sort them and remove repeats")
    daily = np.arange(time[0], time[-1] + 1)
    flat = _flat(sst, "time")
    if daily.size == time.size:
        return flat, daily
    whole = np.full((len(flat), daily.size), np.nan)
    whole[:, (time - time[0]).astype(np.int64)] = flat
    return whole, daily


def _flat(values: xr.DataArray, first: str) -> NDArray[np.float64]:
    """Values as (cell, position along ``first``), contiguous, float64."""
    import numpy as np

    ordered = values.transpose(first, ...).to_numpy()
    flat: NDArray[np.float64] = np.ascontiguousarray(ordered.reshape(ordered.shape[0], -1).T, dtype=np.float64)
    return flat


def _aligned(ice: xr.DataArray, sst: xr.DataArray, daily: NDArray[np.datetime64]) -> NDArray[np.float64]:
    """The ice fraction as (cell, day) on the cells and days of the temperature; missing where it is not given."""
    import numpy as np

    on_days = ice.assign_coords(time=ice["time"].to_numpy().astype("datetime64[D]").astype("datetime64[ns]"))
    fitted = on_days.reindex(time=daily.astype("datetime64[ns]")).transpose(
        "time", *[d for d in sst.dims if d != "time"]
    )
    if fitted.shape[1:] != sst.transpose("time", ...).shape[1:]:
        raise NotComputable("marine heatwaves", "ice and temperature are on different grids", "bring them to one grid")
    return np.nan_to_num(_flat(fitted, "time"), nan=0.0)


def _base_days(daily: NDArray[np.datetime64], base: tuple[int, int]) -> NDArray[np.bool_]:
    import numpy as np

    first, last = np.datetime64(f"{base[0]}-01-01"), np.datetime64(f"{base[1]}-12-31")
    if base[0] > base[1] or daily[0] > first or daily[-1] < last:
        problem = f"the series ({daily[0]} to {daily[-1]}) does not cover the base period {base[0]}-{base[1]}"
        raise NotComputable("marine heatwaves", problem, "choose a base period inside the record")
    inside: NDArray[np.bool_] = (daily >= first) & (daily <= last)
    return inside


def _blocks(count: int) -> list[slice]:
    return [slice(start, min(start + BLOCK_CELLS, count)) for start in range(0, max(count, 1), BLOCK_CELLS)]


def _as_dataset(
    table: dict[str, NDArray[Any]], daily: NDArray[np.datetime64], sst: xr.DataArray, base: tuple[int, int]
) -> xr.Dataset:
    import numpy as np
    import xarray as xr

    def column(values: NDArray[Any], units: str | None = None, **attrs: str) -> Any:
        return ("event", values, {**({"units": units} if units else {}), **attrs})

    stamps = {name: daily[table[name]].astype("datetime64[ns]") for name in ("start", "peak", "end")}
    duration = table["end"] - table["start"] + 1
    flags = {"flag_values": "1 2 3 4", "flag_meanings": " ".join(name.replace(" ", "_") for name in CATEGORIES)}
    found = xr.Dataset(
        {
            **{name: column(stamp) for name, stamp in stamps.items()},
            "duration": column(duration, "day"),
            "intensity_max": column(table["intensity_max"], "degree_Celsius"),
            "intensity_mean": column(table["intensity_mean"], "degree_Celsius"),
            "intensity_cumulative": column(table["intensity_cumulative"], "degree_Celsius day"),
            "rate_onset": column(table["rate_onset"], "degree_Celsius day-1"),
            "rate_decline": column(table["rate_decline"], "degree_Celsius day-1"),
            "category": column(table["category"], None, **flags),
            "days_observed": column(table["days_observed"], "day"),
        },
        attrs={"base_period": f"{base[0]}-{base[1]}"},
    )
    others = [dim for dim in sst.dims if dim != "time"]
    if others:
        places = np.unravel_index(table["cell"], [sst.sizes[dim] for dim in others])
        for dim, place in zip(others, places, strict=True):
            labels = sst[dim].to_numpy() if dim in sst.coords else np.arange(sst.sizes[dim])
            found = found.assign_coords({dim: ("event", labels[place])})
    return found
