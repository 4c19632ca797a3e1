"""What an indicator is computed from, as the catalog knows it: series, and grids over the study area.

Within one computation each series is read and written out once, whatever the number of indicators that take it.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, time
from typing import TYPE_CHECKING, Any

from caspian_env.catalog.cubes import last_part_change, read_parts
from caspian_env.catalog.observations import find_series, last_change, read_values
from caspian_env.errors import CaspianError
from caspian_env.model import FAIL, Indicator, IndicatorInput
from caspian_env.wiring import Platform
from caspian_env.workflows.grid_arguments import Fields
from caspian_env.workflows.weights import region_sha256

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

    from caspian_env.catalog.engine import Connection

CONTENTS = ["value", "std_uncertainty", "qc_flag", "status"]
_KEPT_BYTES = 128_000_000


@dataclass(frozen=True, slots=True)
class Grid:
    """The cells behind a series: what identifies them, and how they are read when a method asks for them."""

    identity: tuple[str, ...]  # sha256 of the parts of the cube and of the region's outline
    load: Callable[[], xr.DataArray]


@dataclass(frozen=True, slots=True)
class Argument:
    """One input of an indicator as read from the catalog; ``known_at`` picks exactly these observations again.

    An input that is a ``grid`` has in ``frame`` the means of its region, by which its granules are known. ``contents`` and
    ``last_year`` are what a fingerprint wants of the observations, which a plan asks for without computing with them.
    """

    name: str
    series_id: int
    table: Callable[[], pd.DataFrame]
    units: str
    resolution: str
    datum: str
    licence: str
    known_at: datetime
    contents: bytes = b""
    last_year: int = 0
    grid: Grid | None = None

    @property
    def frame(self) -> pd.DataFrame:
        """The observations by time (naive, UTC): value, std_uncertainty, qc_flag, status."""
        return self.table()


@dataclass(slots=True)
class _Series:
    """A series as it was read: what it is, its observations, and the moment that picks them again."""

    series_id: int
    variable: str
    resolution: str
    datum: str
    rows: Sequence[Any]  # let go when there is a table of them
    known_at: datetime
    contents: bytes
    last_year: int
    parts: tuple[tuple[str, int], ...] = ()
    made: pd.DataFrame | None = None

    def table(self) -> pd.DataFrame:
        """The observations as a table, which is made when somebody asks for it."""
        if self.made is None:
            self.made, self.rows = _table(self.rows), ()
        return self.made

    @property
    def nbytes(self) -> int:
        # By a rule of thumb, as this is asked often: a table is of about the size of its text, rows are five times as large.
        return (6 if self.rows else 2) * len(self.contents)


@dataclass(slots=True)
class Inputs:
    """The inputs of one computation, each read once; those read first give way when they grow too large."""

    platform: Platform
    as_of: datetime | None = None
    kept: dict[tuple[IndicatorInput, str], _Series | None] = field(default_factory=dict)
    series: dict[str, Sequence[Any]] = field(default_factory=dict)  # of each dataset; most indicators ask after few
    fields: Fields = field(init=False)

    def __post_init__(self) -> None:
        """Grids are read through the same platform."""
        self.fields = Fields(self.platform)

    def of(self, connection: Connection, indicator: Indicator, location: str) -> list[Argument] | None:
        """The inputs of an indicator as known now or at ``as_of``; None when one of them has no observation."""
        arguments = [self._argument(connection, wanted, wanted.location or location) for wanted in indicator.inputs]
        return None if any(argument is None for argument in arguments) else [a for a in arguments if a is not None]

    def _argument(self, connection: Connection, wanted: IndicatorInput, location: str) -> Argument | None:
        # The argument's name and the indicator that takes it do not matter to what is read.
        key = IndicatorInput("", wanted.dataset, wanted.variable, wanted.datum, wanted.resolution, grid=wanted.grid)
        if (key, location) not in self.kept:
            self._make_room()
            self.kept[key, location] = self._read(connection, wanted, location)
        read = self.kept[key, location]
        if read is None:
            return None
        argument = Argument(
            name=wanted.argument,
            series_id=read.series_id,
            table=read.table,
            units=self.platform.seeds.variables[read.variable].units,
            resolution=read.resolution,
            datum=read.datum,
            licence=self.platform.seeds.datasets[wanted.dataset].licence,
            known_at=read.known_at,
            contents=read.contents,
            last_year=read.last_year,
        )
        return self._with_grid(argument, wanted, location, read) if wanted.grid else argument

    def _read(self, connection: Connection, wanted: IndicatorInput, location: str) -> _Series | None:
        if wanted.dataset not in self.series:
            self.series[wanted.dataset] = find_series(connection, dataset_id=wanted.dataset)
        found = [
            one
            for one in self.series[wanted.dataset]
            if (one.variable_id, one.location_id) == (wanted.variable, location)
            and wanted.datum in (None, one.datum_id)
            and wanted.resolution in (None, one.resolution)
        ]
        if not found:
            return None
        if len(found) > 1:
            problem = f"{len(found)} series of {wanted.dataset} fit"
            raise CaspianError(wanted.argument, problem, "name datum or resolution")
        series, as_of = found[0], self.as_of
        parts = read_parts(connection, wanted.dataset, as_of=as_of) if wanted.grid else ()
        rows = read_values(connection, series.id, as_of=as_of)
        if wanted.grid and rows:
            built = last_part_change(connection, wanted.dataset, as_of=as_of)
            if built is not None and built < max(row.known_from for row in rows):  # the cube waits for its build
                as_of = built
                rows = read_values(connection, series.id, as_of=as_of)
        if not rows or (wanted.grid and not parts):
            return None
        known_at = as_of or last_change(connection, series.id) or max(row.known_from for row in rows)
        return _Series(
            series.id, series.variable_id, series.resolution, series.datum_id, rows, known_at, written_out(rows),
            rows[-1].time.year, tuple((part.sha256, part.size) for part in parts),
        )  # fmt: skip

    def _with_grid(self, argument: Argument, wanted: IndicatorInput, location: str, read: _Series) -> Argument:
        def load() -> xr.DataArray:
            cells = self.fields.of(wanted.dataset, read.variable, read.parts, location, beside=wanted.beside)
            return described(cells, argument, beside=wanted.beside)

        geometry = region_sha256(self.platform.seeds.locations[location].geometry)
        identity = (*(sha256 for sha256, _ in read.parts), geometry, *filter(None, [wanted.beside]))
        return replace(argument, grid=Grid(identity, load))

    def _make_room(self) -> None:
        while self.kept and sum(read.nbytes for read in self.kept.values() if read) > _KEPT_BYTES:
            del self.kept[next(iter(self.kept))]


def written_out(rows: Sequence[Any]) -> bytes:
    """Observations as text, the same text for the same observations.

    It is the text that pandas writes of their table: fingerprints in catalogs were made of that.
    """
    moments = [row.time for row in rows]
    days = all(moment.time() == time() for moment in moments)
    finest = max((moment.microsecond and (6 if moment.microsecond % 1000 else 3) for moment in moments), default=0)
    unit = {0: "seconds", 3: "milliseconds", 6: "microseconds"}[finest]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["time", *CONTENTS])
    for row, moment in zip(rows, moments, strict=True):
        stated = moment.date().isoformat() if days else moment.replace(tzinfo=None).isoformat(" ", unit)
        writer.writerow([stated, row.value, row.std_uncertainty, row.qc_flag, row.status])
    return text.getvalue().encode()


def _table(rows: Sequence[Any]) -> pd.DataFrame:
    import pandas as pd

    index = pd.DatetimeIndex([row.time.replace(tzinfo=None) for row in rows], name="time").as_unit("us")
    frame = pd.DataFrame({name: [getattr(row, name) for row in rows] for name in CONTENTS}, index=index)
    return frame.astype({"value": float, "std_uncertainty": float})


def as_array(argument: Argument) -> xr.DataArray:
    """An input as an indicator takes it: failed values removed, uncertainty, flag and status along time; or its grid.

    Returns
    -------
    xarray.DataArray, dims (time,) or (time, latitude, longitude), the units of the input
        attrs ``units``, ``resolution``, ``datum``.
    """
    import xarray as xr

    if argument.grid is not None:
        return argument.grid.load()
    frame = argument.frame[argument.frame["qc_flag"] != FAIL]
    return xr.DataArray(
        frame["value"].to_numpy(),
        dims="time",
        coords={
            "time": frame.index.to_numpy(),
            "std_uncertainty": ("time", frame["std_uncertainty"].to_numpy(dtype=float)),
            "qc_flag": ("time", frame["qc_flag"].to_numpy(dtype=int)),
            "status": ("time", frame["status"].to_numpy(dtype=str)),
        },
        attrs={"units": argument.units, "resolution": argument.resolution, "datum": argument.datum},
        name=argument.name,
    )


def described(cells: xr.DataArray, argument: Argument, *, beside: str = "") -> xr.DataArray:
    """Cells as an indicator takes them: the times whose regional mean did not fail, with units, resolution and datum.

    A field ``beside`` the variable has its own units.

    Parameters
    ----------
    cells : xarray.DataArray, dims (time, latitude, longitude), any units
    """
    frame = argument.frame[argument.frame["qc_flag"] != FAIL]
    kept = cells.isel(time=cells["time"].isin(frame.index.to_numpy()).to_numpy())
    units = cells.attrs.get("units", "") if beside else argument.units
    attrs = {"units": units, "resolution": argument.resolution, "datum": argument.datum}
    return kept.drop_attrs(deep=False).assign_attrs(attrs).rename(argument.name)
