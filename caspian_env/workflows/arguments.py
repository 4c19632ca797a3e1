"""What an indicator is computed from, as the catalog knows it: series, and grids over the study area.

Within one computation each series is read once, whatever the number of indicators that take it, and not before one of them
is to be computed: whether it is follows from how much is known of its inputs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from caspian_env.catalog.cubes import last_part_change, read_parts
from caspian_env.catalog.knowledge import Knowledge, knowledge_of
from caspian_env.catalog.observations import find_series, read_values
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
_KEPT_VALUES = 2_000_000  # about 100 MB in tables


@dataclass(frozen=True, slots=True)
class Grid:
    """The cells behind a series: what identifies them, and how they are read when a method asks for them."""

    identity: tuple[str, ...]  # sha256 of the parts of the cube and of the region's outline
    load: Callable[[], xr.DataArray]


@dataclass(frozen=True, slots=True)
class Argument:
    """One input of an indicator as read from the catalog; ``known_at`` picks exactly these observations again.

    An input that is a ``grid`` has in ``frame`` the means of its region, by which its granules are known. ``vintages`` and
    ``last_year`` are what a fingerprint wants of the observations: how many vintages there are and how many are closed.
    """

    name: str
    series_id: int
    table: Callable[[], pd.DataFrame]
    units: str
    resolution: str
    datum: str
    licence: str
    known_at: datetime
    vintages: tuple[int, int] = (0, 0)
    last_year: int = 0
    grid: Grid | None = None

    @property
    def frame(self) -> pd.DataFrame:
        """The observations by time (naive, UTC): value, std_uncertainty, qc_flag, status."""
        return self.table()


@dataclass(slots=True)
class _Series:
    """A series as it was found: what it is, how much is known of it, and the moment that picks its observations."""

    platform: Platform
    series_id: int
    variable: str
    resolution: str
    datum: str
    known: Knowledge
    known_at: datetime
    parts: tuple[tuple[str, int], ...] = ()
    made: pd.DataFrame | None = None

    def table(self) -> pd.DataFrame:
        """The observations as a table, which are read when somebody asks for it."""
        if self.made is None:
            with self.platform.catalog.read() as connection:
                self.made = _table(read_values(connection, self.series_id, as_of=self.known_at))
        return self.made


@dataclass(slots=True)
class Inputs:
    """The inputs of one computation, each read once; those read first give way when they grow too large."""

    platform: Platform
    kept: dict[tuple[IndicatorInput, str], _Series | None] = field(default_factory=dict)
    series: dict[str, Sequence[Any]] = field(default_factory=dict)  # of each dataset; most indicators ask after few
    outlines: dict[str, str] = field(default_factory=dict)  # of places, as hashes
    fields: Fields = field(init=False)

    def __post_init__(self) -> None:
        """Grids are read through the same platform."""
        self.fields = Fields(self.platform)

    def of(self, connection: Connection, indicator: Indicator, location: str) -> list[Argument] | None:
        """The inputs of an indicator as known now; None when one of them has no observation."""
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
            vintages=read.known[:2],
            last_year=read.known.newest.year if read.known.newest else 0,
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
        series, as_of = found[0], None
        known = knowledge_of(connection, series.id)
        parts = read_parts(connection, wanted.dataset) if wanted.grid else ()
        if wanted.grid and known.learnt is not None:
            built = last_part_change(connection, wanted.dataset)
            if built is not None and built < known.learnt:  # the cube waits for its build
                as_of, known = built, knowledge_of(connection, series.id, as_of=built)
        moment = as_of or known.changed
        if not known.n_known or moment is None or (wanted.grid and not parts):
            return None
        return _Series(
            self.platform, series.id, series.variable_id, series.resolution, series.datum_id, known, moment,
            tuple((part.sha256, part.size) for part in parts),
        )  # fmt: skip

    def _with_grid(self, argument: Argument, wanted: IndicatorInput, location: str, read: _Series) -> Argument:
        def load() -> xr.DataArray:
            cells = self.fields.of(wanted.dataset, read.variable, read.parts, location, beside=wanted.beside)
            return described(cells, argument, beside=wanted.beside)

        if location not in self.outlines:
            self.outlines[location] = region_sha256(self.platform.seeds.locations[location].geometry)
        beside = filter(None, [wanted.beside])
        identity = (*(sha256 for sha256, _ in read.parts), self.outlines[location], *beside)
        return replace(argument, grid=Grid(identity, load))

    def _make_room(self) -> None:
        tables = {key: read.known.n_known for key, read in self.kept.items() if read and read.made is not None}
        while sum(tables.values()) > _KEPT_VALUES:
            first = next(iter(tables))
            del self.kept[first], tables[first]


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
