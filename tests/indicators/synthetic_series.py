"""Synthetic series in the form that every indicator takes, and the promises that hold for all of them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import xarray as xr

VARIABLES = ["value", "std_uncertainty", "ci_low", "ci_high", "n_valid", "n_expected", "estimated", "reason"]


def make(times, values, *, units: str, resolution: str, datum: str = "none", u=np.nan, status="final") -> xr.DataArray:
    times = np.asarray(times, "datetime64[s]")
    n = times.size
    return xr.DataArray(
        np.asarray(values, float),
        dims="time",
        coords={
            "time": times,
            "std_uncertainty": ("time", np.broadcast_to(np.asarray(u, float), n).copy()),
            "status": ("time", np.broadcast_to(np.asarray(status, object), n).copy()),
            "qc_flag": ("time", np.ones(n, int)),
        },
        attrs={"units": units, "resolution": resolution, "datum": datum},
        name="synthetic",
    )


def months(first: str, count: int) -> np.ndarray:
    return (np.datetime64(first, "M") + np.arange(count)).astype("datetime64[s]")


def by_start(result: xr.Dataset) -> dict[str, xr.Dataset]:
    """Rows by the first day of their period."""
    starts = pd.DatetimeIndex(result["period_start"].values).strftime("%Y-%m-%d")
    return {start: result.isel(period=i) for i, start in enumerate(starts)}


def check_form(result: xr.Dataset, units: str, ci_level: float = 0.9, *, uncertain: bool = True) -> None:
    """What the contract of every indicator says of its result; ``uncertain`` where its sources state an uncertainty."""
    assert set(result.data_vars) == {*VARIABLES, "input_start", "input_end"}
    assert result["value"].attrs == {"units": units}
    assert result.attrs == {"ci_level": ci_level}
    assert (result["period_start"] < result["period_end"]).all()
    refused = result["reason"].values != ""
    assert np.array_equal(np.isnan(result["value"].values), refused)
    kept = result.isel(period=~refused)
    if not uncertain:
        kept = kept.isel(period=np.isfinite(kept["std_uncertainty"].values))
    assert ((kept["ci_low"] <= kept["value"]) & (kept["value"] <= kept["ci_high"])).all()
    assert (kept["std_uncertainty"] >= 0).all()
    assert (kept["n_valid"] > 0).all()
    assert np.isnan(result["ci_low"].values[refused]).all()


def check_windows(function: Callable[[xr.DataArray], xr.Dataset], series: xr.DataArray) -> None:
    """Only the observations inside a row's windows give the same row again, and each window holds one."""
    result = function(series)
    assert result.sizes["period"] > 0
    for i in range(result.sizes["period"]):
        row = result.isel(period=i)
        spans = [
            (a, b) for a, b in zip(row["input_start"].values, row["input_end"].values, strict=True) if not np.isnat(a)
        ]
        time = series["time"].values
        inside = np.any([(time >= start) & (time < end) for start, end in spans], axis=0)
        again = function(series.isel(time=inside))
        same = again.isel(
            period=(again["period_start"] == row["period_start"]) & (again["period_end"] == row["period_end"])
        )
        if row["reason"].item():
            assert np.isnan(same["value"]).all()
            continue
        assert all(((time >= start) & (time < end)).any() for start, end in spans)
        assert same.sizes["period"] == 1, row["period_start"].item()
        for name in VARIABLES[:7]:
            np.testing.assert_allclose(same[name].values[0], row[name].item(), rtol=1e-12, atol=1e-12, err_msg=name)
