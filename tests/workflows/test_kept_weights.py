"""A region is cut into the cells of a grid once, also over several runs; a kept file that is not whole is as good as none."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from shapely.geometry import box, mapping

from caspian_env.formats.kept_weights import KeptWeights
from caspian_env.model import Location
from caspian_env.processing.regions import cell_weights
from caspian_env.workflows import weights as module
from caspian_env.workflows.weights import Weights
from tests.workflows.synthetic_grids import OISST, collected, days, platform_at

PLACES = {
    "here": Location("here", "A made-up basin", "region", "made up", geometry=mapping(box(49.3, 40.2, 52.6, 44.9))),
    "there": Location("there", "Another", "region", "made up", geometry=mapping(box(49.3, 40.2, 52.6, 44.8))),
}


def grid(shift: float = 0.0) -> xr.Dataset:
    return xr.Dataset(coords={"latitude": np.arange(36.5, 48) + shift, "longitude": np.arange(46.5, 56)})


@pytest.fixture
def cuts(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Every cutting that was done."""
    done: list[object] = []

    def counted(*given: object) -> xr.DataArray:
        done.append(given)
        return cell_weights(*given)

    monkeypatch.setattr(module, "cell_weights", counted)
    return done


def of(folder: Path, place: str = "here", shift: float = 0.0) -> xr.DataArray:
    """The weights of a new run."""
    return Weights(PLACES, KeptWeights(folder)).of(place, grid(shift))


def test_what_was_kept_is_the_same_and_is_not_cut_again(tmp_path: Path, cuts: list[object]) -> None:
    first = of(tmp_path)
    again = of(tmp_path)
    assert len(cuts) == 1
    xr.testing.assert_identical(again, first)
    assert float(again.sum()) == pytest.approx(float(again["region_area"]))
    again[:] = 0  # who takes them may change them
    assert [path.suffix for path in tmp_path.iterdir()] == [""]


def test_another_grid_outline_or_cutting_is_cut_anew(
    tmp_path: Path, cuts: list[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    here = of(tmp_path)
    assert not np.array_equal(of(tmp_path, "there"), here)
    assert not np.array_equal(of(tmp_path, shift=0.25), here)
    assert len(cuts) == 3
    monkeypatch.setattr(module, "CUTTING", "2")
    of(tmp_path)
    assert len(cuts) == 4
    monkeypatch.setattr(module, "version", lambda _: "99")
    of(tmp_path)
    assert len(cuts) == 5


@pytest.mark.parametrize("spoil", [lambda whole: whole[:-8], lambda whole: whole[:-1] + b"\x01", lambda _: b""])
def test_a_file_that_is_not_whole_is_cut_again(tmp_path: Path, cuts: list[object], spoil: object) -> None:
    first = of(tmp_path)
    (kept,) = tmp_path.iterdir()
    whole = kept.read_bytes()
    kept.write_bytes(spoil(whole))
    xr.testing.assert_identical(of(tmp_path), first)
    assert len(cuts) == 2
    assert kept.read_bytes() == whole


def test_where_nothing_can_be_kept_nothing_fails(tmp_path: Path, cuts: list[object]) -> None:
    (tmp_path / "file").write_bytes(b"")
    first = of(tmp_path / "file")
    xr.testing.assert_identical(of(tmp_path / "file"), first)
    assert len(cuts) == 2


def test_a_collection_keeps_them_for_the_next(tmp_path: Path, cuts: list[object]) -> None:
    days(tmp_path / "mirror", 1, [date(2024, 12, 30)])
    with platform_at(tmp_path / "home", mirror=tmp_path / "mirror") as platform:
        collected(platform, OISST)
        # Each of its places, and the open sea, where its seed promises values.
        assert len(cuts) == len(platform.seeds.datasets[OISST].locations) + 1
    days(tmp_path / "mirror", 1, [date(2024, 12, 31)])
    with platform_at(tmp_path / "home", mirror=tmp_path / "mirror") as platform:
        assert collected(platform, OISST).new_granules == 1
        assert len(cuts) == len(platform.seeds.datasets[OISST].locations) + 1
