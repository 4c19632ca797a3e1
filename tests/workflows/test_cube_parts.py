"""Which granule is current for which time, and what may stand side by side in one part."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import xarray as xr

from caspian_env.archive import Archive
from caspian_env.catalog.cubes import Believed
from caspian_env.errors import BadGranule
from caspian_env.seeds import load_datasets, load_variables
from caspian_env.settings import data_folder
from caspian_env.workflows.cube_parts import Areas, Current, assemble, current, fingerprint, vintages

SST = "sea_surface_temperature"
FIRST = datetime(2024, 1, 1, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def believed(day: int, granule: int, start: int, end: int | None = None, *, run: int = 1, **other: str) -> Believed:
    """A row for a day, known from one hour to another."""
    return Believed(
        FIRST + day * DAY, FIRST + start * HOUR, None if end is None else FIRST + end * HOUR, granule,
        f"{granule:064x}", other.get("status", "final"), run,
    )  # fmt: skip


def numbers(state: tuple[Current, ...]) -> list[int]:
    return [int(row.sha256, 16) for row in state]


def test_the_newest_granule_of_any_region_is_current() -> None:
    one_region_unmoved = [believed(0, 1, 0), believed(0, 1, 0, 5), believed(0, 2, 5, run=2)]
    assert numbers(current(one_region_unmoved)) == [2]
    assert numbers(current(one_region_unmoved, FIRST + 4 * HOUR)) == [1]
    assert current(one_region_unmoved, FIRST - HOUR) == ()


def test_a_run_is_one_state_and_only_what_came_since_is_built() -> None:
    rows = [believed(0, 1, 0), believed(1, 2, 1), believed(2, 3, 2, 9), believed(2, 4, 9, run=2)]
    states = vintages(rows, None)
    assert [(moment, numbers(state)) for moment, state in states] == [
        (FIRST + 2 * HOUR, [1, 2, 3]),
        (FIRST + 9 * HOUR, [1, 2, 4]),
    ]
    assert vintages(rows, FIRST + 2 * HOUR) == states[1:]
    assert vintages(rows, FIRST + 9 * HOUR) == []


def test_a_withdrawal_is_a_state() -> None:
    rows = [believed(0, 1, 0), believed(1, 1, 0, 6)]
    assert [numbers(state) for _, state in vintages(rows, None)] == [[1, 1], [1]]
    assert vintages([believed(0, 1, 0, 6)], FIRST) == [(FIRST + 6 * HOUR, ())]


def test_a_status_alone_makes_another_part() -> None:
    preliminary, final = (current([believed(0, 1, 0, status=status)]) for status in ("preliminary", "final"))
    assert fingerprint(preliminary) != fingerprint(final)


def day_of(number: int, *, units: str = "Celsius", shift: float = 0.0, value: float = 10.0) -> xr.Dataset:
    """A day in the provider's own axes; the granule with number n holds day n."""
    lat, lon = np.arange(34.125, 50, 0.25) + shift, np.arange(44.125, 58, 0.25)
    time = np.array([np.datetime64("2024-01-01T12", "ns") + np.timedelta64(number, "D")])
    cells = np.full((1, lat.size, lon.size), value, dtype="f4")
    return xr.Dataset(
        {"sst": (("time", "lat", "lon"), cells, {"units": units})}, {"time": time, "lat": lat, "lon": lon}
    )


def areas(folder: Path, granules: Mapping[int, xr.Dataset]) -> tuple[Areas, list[Current]]:
    """Granules as if a source read them, and the state in which each is current for its day."""
    archive, by_path, state = Archive(folder), {}, []
    for number, granule in granules.items():
        kept = archive.obtain([str(number).encode()])
        by_path[kept.path] = granule
        state.append(Current(FIRST + number * DAY, kept.sha256, "final"))
    seeds = data_folder("seeds")
    source = SimpleNamespace(read_granule=by_path.__getitem__, list_granules=None)
    return Areas(load_datasets(seeds)["noaa_oisst_v2_1"], source, archive, load_variables(seeds)), state


def test_other_units_become_those_of_the_catalog(tmp_path: Path) -> None:
    reader, state = areas(tmp_path, {0: day_of(0, units="K", value=283.15), 1: day_of(1)})
    part = assemble(state, reader)
    np.testing.assert_allclose(part[SST].mean(("latitude", "longitude")), [10.0, 10.0], atol=1e-5)
    assert part[SST].attrs["units"] == "degree_Celsius"


def test_a_shifted_grid_is_refused(tmp_path: Path) -> None:
    reader, state = areas(tmp_path, {0: day_of(0), 1: day_of(1, shift=0.125)})
    with pytest.raises(BadGranule, match="different grids"):
        assemble(state, reader)


def test_a_unit_that_changes_within_a_year_is_refused(tmp_path: Path) -> None:
    fields = {n: day_of(n).assign(ice=day_of(n)["sst"].assign_attrs(units=u)) for n, u in ((0, "1"), (1, "%"))}
    reader, state = areas(tmp_path, fields)
    with pytest.raises(BadGranule, match="units of ice change"):
        assemble(state, reader)


def test_a_granule_without_its_time_is_refused(tmp_path: Path) -> None:
    reader, state = areas(tmp_path, {3: day_of(0)})
    with pytest.raises(BadGranule, match="does not hold 2024-01-04"):
        assemble(state, reader)


def test_a_variable_that_some_days_lack_is_missing_there(tmp_path: Path) -> None:
    reader, state = areas(tmp_path, {0: day_of(0), 1: day_of(1).assign(err=day_of(1, value=0.5)["sst"])})
    part = assemble(state, reader)
    spread = part[f"{SST}_standard_error"].mean(("latitude", "longitude")).to_numpy()
    np.testing.assert_array_equal(spread, [np.nan, 0.5])


def test_memory_is_bounded_whatever_the_number_of_granules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reader, state = areas(tmp_path, {n: day_of(n) for n in range(6)})
    size = reader.of(state[0].sha256).nbytes
    monkeypatch.setattr("caspian_env.workflows.cube_parts._KEPT_BYTES", int(2.5 * size))
    for row in state:
        reader.of(row.sha256)
    assert list(reader.kept) == [row.sha256 for row in state[-2:]]
