"""Marine heatwaves of a whole cube beside a plain loop over its cells, in as many processes as there are cores."""

from __future__ import annotations

import os
import time
from datetime import date
from multiprocessing import get_context

import numpy as np
import xarray as xr
from scipy.signal import lfilter

from caspian_env.indicators.marine_heatwaves import detect

from .plain_heatwaves import Event, heatwaves
from .timing import Comparison

FIRST, BASE = date(1982, 1, 1), (1983, 2012)


def series(cell: int, days: int) -> np.ndarray:
    """A season with red noise."""
    random = np.random.default_rng(cell)
    noise = lfilter([1.0], [1.0, -0.9], random.normal(0, 0.5, days))
    return np.round(14 + 9 * np.sin(2 * np.pi * np.arange(days) / 365.25) + noise, 2)


def plain(task: tuple[int, int]) -> list[Event]:
    """The heatwaves of one cell, the plain way."""
    return heatwaves(FIRST, series(*task), BASE)


def measure_heatwaves(cells: int, days: int) -> list[Comparison]:
    """One row: the plain loop is measured on two cells a core and counted for all, which is linear in the cells."""
    cores = os.cpu_count() or 1
    sample = min(cells, 2 * cores)
    values = np.stack([series(cell, days) for cell in range(cells)], axis=1)
    time_axis = np.datetime64(FIRST, "us") + np.arange(days).astype("timedelta64[D]")
    cube = xr.DataArray(
        values, {"time": time_axis, "cell": np.arange(cells)}, ("time", "cell"), attrs={"units": "degree_Celsius"}
    )
    detect(cube[:, :2], base=BASE)
    begun = time.perf_counter()
    events = detect(cube, base=BASE)
    ours = time.perf_counter() - begun
    with get_context("spawn").Pool(cores) as pool:
        pool.map(abs, range(cores))
        begun = time.perf_counter()
        found = pool.map(plain, [(cell, days) for cell in range(sample)], chunksize=1)
        theirs = (time.perf_counter() - begun) * cells / sample
    for cell, expected in enumerate(found):
        _assert_same(events.isel(event=(events["cell"] == cell).to_numpy()), expected)
    what, peer = f"4. heatwaves, {cells} cells × {days:,} days", f"plain loop, {cores} processes"
    return [Comparison(what, ours * 1e3, peer, theirs * 1e3, (theirs / ours,), at_least=30)]


def _assert_same(events: xr.Dataset, expected: list[Event]) -> None:
    days = [
        [str(day)[:10] for day in events[name].to_numpy().astype("datetime64[D]")] for name in ("start", "peak", "end")
    ]
    assert days == [[str(getattr(one, name)) for one in expected] for name in ("start", "peak", "end")]
    for name in ("intensity_max", "intensity_mean", "intensity_cumulative", "rate_onset", "rate_decline", "category"):
        np.testing.assert_allclose(events[name].to_numpy(), [getattr(one, name) for one in expected], rtol=1e-9)
