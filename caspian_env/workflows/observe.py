"""From a granule as its provider wrote it to observations as the catalog keeps them.

Done once for all sources: CF names and axes, customary units, study area, regional means, quality flags.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from caspian_env.catalog.observations import Observed, utc
from caspian_env.errors import BadGranule
from caspian_env.model import Dataset, GranuleRef, Location, Measured
from caspian_env.processing.conform import cell_bounds, conform, cut, grid_fingerprint, stamp
from caspian_env.processing.qc import flag
from caspian_env.processing.regions import cell_weights, regional_mean
from caspian_env.processing.units import convert, to_units
from caspian_env.wiring import Seeds

if TYPE_CHECKING:
    import numpy as np
    import xarray as xr
    from numpy.typing import NDArray

STUDY_AREA = (46.0, 56.0, 36.0, 48.0)  # west, east, south, north: the sea, Kara-Bogaz-Gol and their shores


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


def observe(raw: xr.Dataset, dataset: Dataset, ref: GranuleRef, seeds: Seeds, weights: Weights) -> list[Recorded]:
    """The observations that a granule states, in customary units, flagged.

    Raises
    ------
    BadGranule
        When a variable of the seed is missing, has other units, or holds no finite value.
    """
    for measured in dataset.variables:
        if measured.name not in raw:
            raise BadGranule(
                dataset.id, f"has no variable {measured.name!r}", "the provider may have changed its format"
            )
    observed = _from_grid if dataset.kind == "grid" else _from_table
    recorded = observed(conform(raw), dataset, ref, seeds, weights)
    if not any(row.observed for row in recorded):
        raise BadGranule(dataset.id, "holds no finite value over the Caspian", "the product may be masked there")
    return recorded


def _from_table(raw: xr.Dataset, dataset: Dataset, ref: GranuleRef, seeds: Seeds, _: Weights) -> list[Recorded]:
    status = _statuses(raw, dataset, ref)
    notes = raw["source_note"].to_numpy() if "source_note" in raw else None
    rows = []
    for measured in dataset.variables:
        units = seeds.variables[measured.variable].units
        values = to_units(raw[measured.name], units).to_numpy()
        uncertainty = _uncertainty(raw, measured, units)
        observed = _observations(measured, raw["time"].to_numpy(), values, uncertainty, status, source_notes=notes)
        rows += [
            Recorded(measured.variable, place, measured.resolution, measured.datum, observed)
            for place in dataset.locations
        ]
    return rows


def _from_grid(raw: xr.Dataset, dataset: Dataset, ref: GranuleRef, seeds: Seeds, weights: Weights) -> list[Recorded]:
    status = _statuses(raw, dataset, ref)
    area = cut(raw, *STUDY_AREA)
    rows = []
    for measured in dataset.variables:
        units = seeds.variables[measured.variable].units
        values = to_units(area[measured.name], units)
        for place in dataset.locations:
            cells = weights.of(place, area)
            mean = regional_mean(values, cells)
            uncertainty = None
            if measured.uncertainty and measured.uncertainty in area:
                # The analysis error of neighbouring cells is taken as fully correlated: its mean, not its mean over √n.
                spread = regional_mean(area[measured.uncertainty].where(values.notnull()), cells)["value"].to_numpy()
                uncertainty = convert(
                    spread, _units_of(area, measured), units, difference=True, name=measured.uncertainty
                )
            observed = _observations(
                measured, area["time"].to_numpy(), mean["value"].to_numpy(), uncertainty, status,
                n_cells=mean["n_cells"].to_numpy(), area_share=mean["area_share"].to_numpy(),
            )  # fmt: skip
            rows.append(
                Recorded(measured.variable, place, measured.resolution, None, observed, _refused(dataset, place, mean))
            )
    return rows


def _observations(
    measured: Measured,
    time: NDArray[np.datetime64],
    values: NDArray[np.float64],
    uncertainty: NDArray[np.float64] | None,
    status: NDArray[Any],
    *,
    n_cells: NDArray[np.int64] | None = None,
    area_share: NDArray[np.float64] | None = None,
    source_notes: NDArray[Any] | None = None,
) -> list[Observed]:
    """Rows of the finite values, flagged by the seed's thresholds."""
    import numpy as np

    if np.isinf(values).any():
        raise BadGranule(measured.name, "holds an infinite value", "the file is damaged")
    stamped = stamp(time, measured.resolution)
    if len(np.unique(stamped)) != len(stamped):
        raise BadGranule(measured.name, f"has two values for one {measured.resolution}", "the file is damaged")
    flags = flag(values, stamped, measured.qc)
    rows = []
    for n in np.flatnonzero(np.isfinite(values)):
        u = None if uncertainty is None or not np.isfinite(uncertainty[n]) else float(uncertainty[n])
        rows.append(
            Observed(
                time=utc(stamped[n]),
                value=float(values[n]),
                std_uncertainty=u,
                qc_flag=int(flags[n]),
                status=str(status[n]),
                n_cells=None if n_cells is None else int(n_cells[n]),
                area_share=None if area_share is None else float(area_share[n]),
                source_note=None if source_notes is None else str(source_notes[n]) or None,
            )
        )
    return rows


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
