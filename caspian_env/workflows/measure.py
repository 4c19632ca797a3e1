"""From a granule as its provider wrote it to its values over places, in customary units, not judged yet.

Done once for all sources: CF names and axes, customary units, study area, regional means.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from caspian_env.errors import BadGranule
from caspian_env.model import Dataset, GranuleRef, Measured
from caspian_env.processing.conform import conform, cut
from caspian_env.processing.promised_cells import broken_promise
from caspian_env.processing.regions import regional_mean
from caspian_env.processing.units import convert, to_units
from caspian_env.wiring import Seeds
from caspian_env.workflows.weights import Weights

if TYPE_CHECKING:
    import numpy as np
    import xarray as xr
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Measurement:
    """The values of one quantity at one place in one granule, (time), in the catalog's units, before any test."""

    measured: Measured
    place: str
    time: NDArray[np.datetime64]
    values: NDArray[np.float64]
    uncertainty: NDArray[np.float64] | None
    status: NDArray[Any]
    n_cells: NDArray[np.int64] | None = None
    area_share: NDArray[np.float64] | None = None
    source_notes: NDArray[Any] | None = None
    notes: tuple[str, ...] = ()


def measure(raw: xr.Dataset, dataset: Dataset, ref: GranuleRef, seeds: Seeds, weights: Weights) -> list[Measurement]:
    """What a granule states about every quantity at every place.

    Raises
    ------
    BadGranule
        When a variable of the seed is missing, has other units, or a grid has values elsewhere than its seed promises or
        too few finite cells in a region.
    """
    for measured in dataset.variables:
        if measured.name not in raw and not measured.optional:
            raise BadGranule(
                dataset.id, f"has no variable {measured.name!r}", "the provider may have changed its format"
            )
    found = _from_grid if dataset.kind == "grid" else _from_table
    return list(found(conform(raw), dataset, ref, seeds, weights))


def _from_table(raw: xr.Dataset, dataset: Dataset, ref: GranuleRef, seeds: Seeds, _: Weights) -> Iterator[Measurement]:
    import numpy as np

    places = (ref.location.id,) if ref.location else dataset.locations
    for place, part in _by_place(raw, places):
        status = _statuses(part, dataset, ref)
        notes = part["source_note"].to_numpy() if "source_note" in part else None
        for measured in _given(dataset, part):
            units = seeds.variables[measured.variable].units
            values = to_units(part[measured.name], units).to_numpy()
            if measured.optional and not np.isfinite(values).any():
                continue  # this place lacks it, and has no series of nothing
            yield Measurement(
                measured, place, part["time"].to_numpy(), values, _uncertainty(part, measured, units), status,
                source_notes=notes,
            )  # fmt: skip


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
    raw: xr.Dataset, dataset: Dataset, ref: GranuleRef, seeds: Seeds, weights: Weights
) -> Iterator[Measurement]:
    status = _statuses(raw, dataset, ref)
    area = cut(raw, *weights.around(dataset.locations))
    for measured in _given(dataset, raw):
        units = seeds.variables[measured.variable].units
        values = to_units(area[measured.name], units)
        keep_mask(dataset, measured, values, weights)
        for place in dataset.locations:
            cells = weights.of(place, area)
            mean = regional_mean(values, cells)
            keep_promise(dataset, measured, place, mean["n_cells"].to_numpy())
            uncertainty = None
            if measured.uncertainty and measured.uncertainty in area:
                # The analysis error of neighbouring cells is taken as fully correlated: its mean, not its mean over √n.
                spread = regional_mean(area[measured.uncertainty].where(values.notnull()), cells)["value"].to_numpy()
                uncertainty = convert(
                    spread, units_of_uncertainty(area, measured), units, difference=True, name=measured.uncertainty
                )
            yield Measurement(
                measured, place, area["time"].to_numpy(), mean["value"].to_numpy(), uncertainty, status,
                n_cells=mean["n_cells"].to_numpy(), area_share=mean["area_share"].to_numpy(),
                notes=refusals(place, mean["reason"].to_numpy()),
            )  # fmt: skip


def keep_mask(dataset: Dataset, measured: Measured, values: xr.DataArray, weights: Weights) -> None:
    """Nothing, if the grid has values where its seed promises them and nowhere else.

    Parameters
    ----------
    values : xarray.DataArray, dims (time, latitude, longitude), any units
        On a conformed grid.
    """
    import numpy as np

    if gives := measured.gives or dataset.gives:
        finite = np.isfinite(values.transpose("time", "latitude", "longitude").to_numpy())
        problem = broken_promise(gives, finite.reshape(len(finite), -1), weights.ground(values).reshape(-1))
        if problem:
            raise BadGranule(
                measured.name, problem,
                "is the file whole? Where the provider has another mask now, mend 'gives' in the seed",
            )  # fmt: skip


def keep_promise(dataset: Dataset, measured: Measured, place: str, n_cells: NDArray[np.int64]) -> None:
    """Nothing, if the grid has as many finite cells in the region as its seed promises, at every time.

    Parameters
    ----------
    n_cells : ndarray (time,), 1
        Finite cells of the region.
    """
    promised = dataset.finite_cells.get(place, 0)
    if promised and n_cells.size and int(n_cells.min()) < promised:
        raise BadGranule(
            measured.name, f"has {int(n_cells.min())} finite cells in {place} where the seed promises {promised}",
            "is the file whole, or is the product masked there now?",
        )  # fmt: skip


def _statuses(raw: xr.Dataset, dataset: Dataset, ref: GranuleRef) -> NDArray[Any]:
    import numpy as np

    if "status" in raw:
        return raw["status"].to_numpy().astype(str)
    whole = ref.status if ref.status != "final" else dataset.default_status
    return np.full(raw.sizes["time"], whole)


def _uncertainty(raw: xr.Dataset, measured: Measured, units: str) -> NDArray[np.float64] | None:
    if not measured.uncertainty or measured.uncertainty not in raw:
        return None
    given = units_of_uncertainty(raw, measured)
    return convert(raw[measured.uncertainty].to_numpy(), given, units, difference=True, name=measured.uncertainty)


def units_of_uncertainty(raw: xr.Dataset, measured: Measured) -> str:
    """The units that the uncertainty of a quantity states, or those of the quantity."""
    assert measured.uncertainty is not None
    return str(raw[measured.uncertainty].attrs.get("units") or raw[measured.name].attrs["units"])


def refusals(place: str, given: Sequence[str] | NDArray[Any]) -> tuple[str, ...]:
    """Why means were refused, as one note."""
    reasons = [str(reason) for reason in given if reason]
    if not reasons:
        return ()
    return (f"{place}: {len(reasons)} of {len(given)} means refused, the first because {reasons[0]}",)
