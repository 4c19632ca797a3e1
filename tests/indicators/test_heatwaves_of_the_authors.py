"""Marine heatwaves beside the steps of marineHeatWaves, the program of an author of the definition, on three real cells.

The program itself does not run on NumPy 2; its steps are written out here. Of the other two programs heatwaveR wraps the window
round the base years and xmhw ends it with them, which moves a threshold by 0.02 degrees at most and may cost an event.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy import ndimage

from caspian_env.indicators.marine_heatwaves import climatology, detect

Floats = np.ndarray


class Found(NamedTuple):
    seas: Floats
    thresh: Floats
    events: Floats  # (event, 9): start, end, peak, greatest, mean, sum, onset, decline, category


def steps_of_the_program(days: pd.DatetimeIndex, values: Floats, base: tuple[int, int]) -> Found:
    slot = days.day_of_year.to_numpy().copy()
    slot[~days.is_leap_year & (slot > 59)] += 1
    inside = (days.year >= base[0]) & (days.year <= base[1])
    seas, thresh = np.full((2, 366), np.nan)
    for day in range(1, 367):
        window = (np.flatnonzero((slot == day) & inside)[:, None] + np.arange(-5, 6)).ravel()
        window = window[(window >= 0) & (window < values.size)]  # the record's ends, not those of the base
        if day != 60:
            seas[day - 1], thresh[day - 1] = values[window].mean(), np.percentile(values[window], 90)
    for yearly in (seas, thresh):
        yearly[59] = (yearly[58] + yearly[60]) / 2
        yearly[:] = np.convolve(np.tile(yearly, 3), np.ones(31) / 31, mode="same")[366:732]
    above, distance = values - seas[slot - 1], (thresh - seas)[slot - 1]
    runs = [(run[0].start, run[0].stop - 1) for run in ndimage.find_objects(ndimage.label(above > distance)[0])]
    joined: list[tuple[int, int]] = []
    for first, last in [run for run in runs if run[1] - run[0] >= 4]:
        if joined and first - joined[-1][1] <= 3:
            first = joined.pop()[0]
        joined.append((first, last))
    return Found(seas, thresh, np.array([_measured(above, distance, *run) for run in joined]))


def _measured(above: Floats, distance: Floats, first: int, last: int) -> tuple[float, ...]:
    event = above[first : last + 1]
    peak = int(event.argmax())
    onset = (event[peak] - (event[0] + above[first - 1]) / 2) / (peak + 0.5) if first else np.nan
    ends = last + 1 == above.size
    decline = np.nan if ends else (event[peak] - (event[-1] + above[last + 1]) / 2) / (event.size - peak - 0.5)
    category = min(int(event[peak] / distance[first + peak]), 4)
    return first, last, first + peak, event[peak], event.mean(), event.sum(), onset, decline, category


@pytest.mark.parametrize("base", [(1983, 2012), (1982, 2011), (1991, 2020), (1985, 2004)])
@pytest.mark.parametrize("cell", ["sst_WA", "sst_Med", "sst_NW_Atl"])
def test_events_of_a_real_cell(shared: Callable[..., Path], cell: str, base: tuple[int, int]) -> None:
    table = pd.read_csv(shared("reference", "heatwaveR_sst_WA", f"{cell}.csv"), parse_dates=["date"])
    days, values = pd.DatetimeIndex(table["date"]), table["temp"].to_numpy(float)
    theirs = steps_of_the_program(days, values, base)
    sst = xr.DataArray(values, dims="time", coords={"time": days.to_numpy()})
    normal, ours = climatology(sst, base), detect(sst, base)
    np.testing.assert_allclose(normal["seas"], theirs.seas, atol=1e-12)
    np.testing.assert_allclose(normal["thresh"], theirs.thresh, atol=1e-12)
    at = [
        (ours[name].to_numpy() - days[0].to_datetime64()) // np.timedelta64(1, "D") for name in ("start", "end", "peak")
    ]
    np.testing.assert_array_equal(np.array(at).T, theirs.events[:, :3])
    names = ("intensity_max", "intensity_mean", "intensity_cumulative", "rate_onset", "rate_decline", "category")
    for name, column in zip(names, theirs.events[:, 3:].T, strict=True):
        np.testing.assert_allclose(ours[name], column, rtol=0, atol=1e-11)
