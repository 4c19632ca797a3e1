"""From a granule as its provider wrote it to observations as the catalog keeps them.

Done once for all sources: CF names and axes, customary units, study area, regional means, quality flags.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from caspian_env.catalog.observations import Observed, utc
from caspian_env.errors import BadGranule
from caspian_env.model import Dataset, GranuleRef, Location, Measured
from caspian_env.processing.conform import cell_bounds, conform, cut, grid_fingerprint, stamp
from caspian_env.processing.gates import physical_flags, series_faults
from caspian_env.processing.qc import Neighbours, as_digits, flag_tests, roll_up
from caspian_env.processing.regions import cell_weights, regional_mean
from caspian_env.processing.units import convert, to_units
from caspian_env.wiring import Seeds

if TYPE_CHECKING:
    import numpy as np
    import xarray as xr
    from numpy.typing import NDArray

Box = tuple[float, float, float, float]  # west, east, south, north, degrees
Known = Mapping[tuple[str, str, str, str], Neighbours]  # by variable, location, resolution and datum

CONTEXT = timedelta(days=10)  # how far around a granule its neighbours are looked for; longer than any flat line test
STUDY_AREA: Box = (46.0, 56.0, 36.0, 48.0)  # the sea, Kara-Bogaz-Gol and their shores


@dataclass(frozen=True, slots=True)
class Recorded:
    """The observations of one series in one granule, and notes on what was refused."""

    variable: str
    location: str
    resolution: str
    datum: str | None
    observed: Sequence[Observed]
    notes: tuple[str, ...] = ()


@dataclass(slots=True)
class Weights:
    """Area weights of regions on grids, computed once for each pair."""

    locations: Mapping[str, Location]
    known: dict[tuple[str, str], xr.DataArray] = field(default_factory=dict)
    boxes: dict[tuple[str, ...], Box] = field(default_factory=dict)

    def of(self, location: str, grid: xr.Dataset) -> xr.DataArray:
        """Weights of a region on a grid, km2 of each cell inside it."""
        key = (location, grid_fingerprint(grid))
        if key not in self.known:
            geometry = self.locations[location].geometry
            if geometry is None:
                raise BadGranule(
                    location, "is no region, a grid cannot be averaged over it", "name a region in the seed"
                )
            bounds = cell_bounds(grid, "latitude"), cell_bounds(grid, "longitude")
            self.known[key] = cell_weights(*bounds, geometry)
        return self.known[key]

    def around(self, places: tuple[str, ...]) -> Box:
        """The box that a grid is cut to: the study area, and whatever of the regions reaches beyond it."""
        if places not in self.boxes:
            from shapely.geometry import shape

            found = [self.locations[place].geometry for place in places]
            corners = [shape(geometry).bounds for geometry in found if geometry is not None]
            west, east, south, north = STUDY_AREA
            self.boxes[places] = (
                min([west, *(box[0] for box in corners)]), max([east, *(box[2] for box in corners)]),
                min([south, *(box[1] for box in corners)]), max([north, *(box[3] for box in corners)]),
            )  # fmt: skip
        return self.boxes[places]


def observe(
    raw: xr.Dataset, dataset: Dataset, ref: GranuleRef, seeds: Seeds, weights: Weights, known: Known | None = None
) -> list[Recorded]:
    """The observations that a granule states, in customary units, flagged.

    Parameters
    ----------
    known : mapping, optional
        Values of the same series from other granules, as context for the tests; they are not flagged again.

    Raises
    ------
    BadGranule
        When a variable of the seed is missing, has other units, holds no finite value or is no honest series.
    """
    for measured in dataset.variables:
        if measured.name not in raw and not measured.optional:
            raise BadGranule(
                dataset.id, f"has no variable {measured.name!r}", "the provider may have changed its format"
            )
    observed = _from_grid if dataset.kind == "grid" else _from_table
    recorded = observed(conform(raw), dataset, ref, seeds, weights, known or {})
    if not any(row.observed for row in recorded):
        raise BadGranule(dataset.id, "holds no finite value over the Caspian", "the product may be masked there")
    return recorded


def _from_table(
    raw: xr.Dataset, dataset: Dataset, ref: GranuleRef, seeds: Seeds, _: Weights, known: Known
) -> list[Recorded]:
    import numpy as np

    rows = []
    places = (ref.location.id,) if ref.location else dataset.locations
    for place, part in _by_place(raw, places):
        status = _statuses(part, dataset, ref)
        notes = part["source_note"].to_numpy() if "source_note" in part else None
        for measured in _given(dataset, part):
            units = seeds.variables[measured.variable].units
            values = to_units(part[measured.name], units).to_numpy()
            if measured.optional and not np.isfinite(values).any():
                continue  # this place lacks it, and has no series of nothing
            observed = _observations(
                measured, place, known, part["time"].to_numpy(), values, _uncertainty(part, measured, units), status,
                source_notes=notes,
            )  # fmt: skip
            rows.append(Recorded(measured.variable, place, measured.resolution, measured.datum, observed))
    return rows


def _by_place(raw: xr.Dataset, places: Sequence[str]) -> Iterator[tuple[str, xr.Dataset]]:
    """The table of each place; one without a dimension ``location`` is that of all of them."""
    if "location" not in raw.dims:
        yield from ((place, raw) for place in places)
        return
    labels = [str(label) for label in raw["location"].to_numpy()]
    for place in places:
        if place in labels:
            yield place, raw.isel(location=labels.index(place))


def _given(dataset: Dataset, raw: xr.Dataset) -> list[Measured]:
    return [measured for measured in dataset.variables if measured.name in raw]


def _from_grid(
    raw: xr.Dataset, dataset: Dataset, ref: GranuleRef, seeds: Seeds, weights: Weights, known: Known
) -> list[Recorded]:
    status = _statuses(raw, dataset, ref)
    area = cut(raw, *weights.around(dataset.locations))
    rows = []
    for measured in _given(dataset, raw):
        units = seeds.variables[measured.variable].units
        values = to_units(area[measured.name], units)
        for place in dataset.locations:
            cells = weights.of(place, area)
            mean = regional_mean(values, cells)
            _keep_promise(dataset, measured, place, mean["n_cells"].to_numpy())
            uncertainty = None
            if measured.uncertainty and measured.uncertainty in area:
                # The analysis error of neighbouring cells is taken as fully correlated: its mean, not its mean over √n.
                spread = regional_mean(area[measured.uncertainty].where(values.notnull()), cells)["value"].to_numpy()
                uncertainty = convert(
                    spread, _units_of(area, measured), units, difference=True, name=measured.uncertainty
                )
            observed = _observations(
                measured, place, known, area["time"].to_numpy(), mean["value"].to_numpy(), uncertainty, status,
                n_cells=mean["n_cells"].to_numpy(), area_share=mean["area_share"].to_numpy(),
            )  # fmt: skip
            notes = _refused(dataset, place, mean)
            rows.append(Recorded(measured.variable, place, measured.resolution, measured.datum, observed, notes))
    return rows


def _keep_promise(dataset: Dataset, measured: Measured, place: str, n_cells: NDArray[np.int64]) -> None:
    """Nothing, if the grid has as many finite cells in the region as its seed promises, at every time."""
    promised = dataset.finite_cells.get(place, 0)
    if promised and n_cells.size and int(n_cells.min()) < promised:
        raise BadGranule(
            measured.name, f"has {int(n_cells.min())} finite cells in {place} where the seed promises {promised}",
            "is the file whole, or is the product masked there now?",
        )  # fmt: skip


def _observations(
    measured: Measured,
    place: str,
    known: Known,
    time: NDArray[np.datetime64],
    values: NDArray[np.float64],
    uncertainty: NDArray[np.float64] | None,
    status: NDArray[Any],
    *,
    n_cells: NDArray[np.int64] | None = None,
    area_share: NDArray[np.float64] | None = None,
    source_notes: NDArray[Any] | None = None,
) -> list[Observed]:
    """Rows of the finite values, flagged by the seed's thresholds and gates."""
    import numpy as np

    if np.isinf(values).any():
        raise BadGranule(measured.name, "holds an infinite value", "the file is damaged")
    stamped = stamp(time, measured.resolution)
    if len(np.unique(stamped)) != len(stamped):
        raise BadGranule(measured.name, f"has two values for one {measured.resolution}", "the file is damaged")
    neighbours = known.get((measured.variable, place, measured.resolution, measured.datum or "none"))
    tests = _judged(measured, place, stamped, values, neighbours)
    rows = []
    for n in np.flatnonzero(np.isfinite(values)):
        u = None if uncertainty is None or not np.isfinite(uncertainty[n]) else float(uncertainty[n])
        rows.append(
            Observed(
                time=utc(stamped[n]),
                value=float(values[n]),
                std_uncertainty=u,
                qc_flag=roll_up(tests[n]),
                qc_tests=tests[n],
                status=str(status[n]),
                n_cells=None if n_cells is None else int(n_cells[n]),
                area_share=None if area_share is None else float(area_share[n]),
                source_note=None if source_notes is None else str(source_notes[n]) or None,
            )
        )
    return rows


def _judged(
    measured: Measured,
    place: str,
    time: NDArray[np.datetime64],
    values: NDArray[np.float64],
    neighbours: Neighbours | None,
) -> list[str]:
    """The flags of all tests of each value; BadGranule when the whole series is not what anybody has measured."""
    if faults := series_faults(values, time, measured.resolution, measured.gates):
        raise BadGranule(
            measured.name, "; ".join(faults), "look at the file in the archive, ask the provider, and raise the gate"
            " in seeds/datasets if it is right",
        )  # fmt: skip
    tests = flag_tests(values, time, measured.qc, place=place, known=neighbours)
    return as_digits(values, tests | {"physical": physical_flags(values, time, measured.resolution, measured.gates)})


def _statuses(raw: xr.Dataset, dataset: Dataset, ref: GranuleRef) -> NDArray[Any]:
    import numpy as np

    if "status" in raw:
        return raw["status"].to_numpy().astype(str)
    whole = ref.status if ref.status != "final" else dataset.default_status
    return np.full(raw.sizes["time"], whole)


def _uncertainty(raw: xr.Dataset, measured: Measured, units: str) -> NDArray[np.float64] | None:
    if not measured.uncertainty or measured.uncertainty not in raw:
        return None
    given = _units_of(raw, measured)
    return convert(raw[measured.uncertainty].to_numpy(), given, units, difference=True, name=measured.uncertainty)


def _units_of(raw: xr.Dataset, measured: Measured) -> str:
    assert measured.uncertainty is not None
    return str(raw[measured.uncertainty].attrs.get("units") or raw[measured.name].attrs["units"])


def _refused(dataset: Dataset, place: str, mean: xr.Dataset) -> tuple[str, ...]:
    reasons = [str(reason) for reason in mean["reason"].to_numpy() if reason]
    if not reasons:
        return ()
    return (f"{place}: {len(reasons)} of {mean.sizes['time']} means refused, the first because {reasons[0]}",)
