"""A grid is cut to the study area, and further where a region of the dataset reaches further."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr
from shapely.geometry import box, mapping

from caspian_env.model import GranuleRef, Location
from caspian_env.wiring import load_seeds
from caspian_env.workflows.observe import STUDY_AREA, Weights, observe

SEEDS = load_seeds()
FAR = Location("far", "A made-up basin", "region", "made up", geometry=mapping(box(40.0, 45.0, 60.0, 60.0)))


def grid() -> xr.Dataset:
    """Degrees of latitude as millimetres, 30-70 E and 30-70 N."""
    axis = np.arange(30.5, 70.0)
    values = np.broadcast_to(axis[None, :, None], (1, axis.size, axis.size))
    return xr.Dataset(
        {"p": (("time", "lat", "lon"), values, {"units": "mm"})},
        {"time": [np.datetime64("2021-01-01", "ns")], "lat": axis, "lon": axis},
    )


def test_the_seas_own_regions_need_no_more_than_the_study_area() -> None:
    weights = Weights(SEEDS.locations)
    for dataset in SEEDS.datasets.values():
        if dataset.kind == "grid":
            assert weights.around(dataset.locations) == STUDY_AREA, dataset.id


def test_a_region_beyond_the_study_area_is_averaged_whole() -> None:
    weights = Weights({**SEEDS.locations, "far": FAR})
    assert weights.around(("caspian_box", "far")) == (40.0, 60.0, 36.0, 60.0)
    dataset = replace(SEEDS.datasets["gpcc_first_guess"], locations=("caspian_box", "far"), gives="")
    rows = {row.location: row.observed[0] for row in observe(grid(), dataset, GranuleRef("x"), SEEDS, weights)}
    band = np.arange(45, 60)
    areas = np.sin(np.radians(band + 1)) - np.sin(np.radians(band))
    assert rows["far"].area_share == pytest.approx(1)
    assert rows["far"].n_cells == 15 * 20
    assert rows["far"].value == pytest.approx(np.average(band + 0.5, weights=areas))
    assert rows["caspian_box"].n_cells == 12 * 9
