"""Means, shares and percentiles over a region, against sums written out and against numpy."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from shapely.geometry import box, mapping

from caspian_env.errors import NotComputable
from caspian_env.processing.regions import regional_mean
from caspian_env.processing.zonal import area_fraction, area_percentiles, weights_of, zonal_mean

HALF_CELLS = mapping(box(50.25, 40.0, 52.0, 42.0))  # cuts the first column of cells in halves


def field(times: int = 5) -> xr.DataArray:
    values = np.random.default_rng(2).normal(10, 3, (times, 6, 8)).astype(np.float32)
    axes = {
        "time": np.datetime64("2024-01-01", "us") + np.arange(times).astype("timedelta64[D]"),
        "latitude": 39.25 + np.arange(6) / 2, "longitude": 49.25 + np.arange(8) / 2,
    }  # fmt: skip
    return xr.DataArray(values, axes, ("time", "latitude", "longitude"), "sst", {"units": "degree_Celsius"})


def test_a_lazy_cube_gives_the_means_of_observations() -> None:
    whole = field(800)
    whole[3, :, :] = np.nan
    weights = weights_of(whole, HALF_CELLS)
    expected = regional_mean(whole, weights)["value"].to_numpy()
    for given in (whole, whole.chunk({"time": 365}), whole.transpose("longitude", "time", "latitude")):
        found = zonal_mean(given, weights)
        np.testing.assert_array_equal(found.to_numpy(), expected)
    assert np.isnan(expected[3])
    assert (found.attrs["units"], found.attrs["cell_methods"]) == ("degree_Celsius", "area: mean")


def test_a_share_of_the_area_counts_parts_of_cells() -> None:
    values = field(2)
    values[0] = np.where(values["longitude"] < 50.5, 1.0, 0.0)  # the halved column alone
    values[1] = np.nan
    share = area_fraction(values, weights_of(values, HALF_CELLS), at_least=1.0)
    assert float(share[0]) == pytest.approx(0.25 / 1.75)
    assert np.isnan(float(share[1]))
    assert share.attrs["units"] == "1"


def test_percentiles_of_equal_cells_are_those_of_hazen() -> None:
    values = field()
    weights = weights_of(values, mapping(box(49.0, 39.0, 53.0, 42.0)))
    weights[:] = 100.0
    weights["region_area"] = 100.0 * weights.size
    found = area_percentiles(values, weights, [0, 10, 50, 90, 100])
    cells = values.to_numpy().reshape(5, -1)
    expected = np.percentile(cells.astype(float), [0, 10, 50, 90, 100], axis=1, method="hazen").T
    np.testing.assert_allclose(found.to_numpy(), expected, rtol=1e-12)
    heavy = weights.copy()
    heavy[0, 0] *= 10_000
    median = area_percentiles(values, heavy, [50], minimum_share=0.0)
    np.testing.assert_allclose(median.to_numpy()[:, 0], values.to_numpy()[:, 0, 0], atol=0.2)
    with pytest.raises(NotComputable, match="not between"):
        area_percentiles(values, weights, [101])


def test_what_does_not_fit_is_refused() -> None:
    values = field()
    with pytest.raises(NotComputable, match="no cell"):
        zonal_mean(values, weights_of(values, mapping(box(10, 40, 12, 42))))
    with pytest.raises(NotComputable, match="differ in latitude"):
        zonal_mean(values[:, 1:], weights_of(values, HALF_CELLS))
    with pytest.raises(NotComputable, match="dimensions"):
        zonal_mean(values[0], weights_of(values, HALF_CELLS))
