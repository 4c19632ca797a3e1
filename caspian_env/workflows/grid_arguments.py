"""Grids as indicators take them: the cells of a cube with their areas, and how much of each lies in a region."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from caspian_env.cubes import open_parts
from caspian_env.errors import CatalogError
from caspian_env.processing.conform import cell_bounds
from caspian_env.processing.regions import cell_areas
from caspian_env.wiring import Platform, cluster_of, cubes_of
from caspian_env.workflows.weights import Weights, weights_of

if TYPE_CHECKING:
    import xarray as xr


@dataclass(slots=True)
class Fields:
    """Variables of cubes in memory; the one read last is kept, as several indicators take it one after the other."""

    platform: Platform
    weights: Weights = field(init=False)
    last: tuple[tuple[object, ...], xr.DataArray] | None = None

    def __post_init__(self) -> None:
        """Weights of regions are computed once for each grid."""
        self.weights = weights_of(self.platform)

    def of(
        self, dataset: str, variable: str, parts: tuple[tuple[str, int], ...], location: str, *, beside: str = ""
    ) -> xr.DataArray:
        """A variable of a cube made of these parts (sha256 and size), with the weights of a region.

        Or the field ``beside`` it, as `IndicatorInput` has it.

        Returns
        -------
        xarray.DataArray, dims (time, latitude, longitude)
            As `over_region` gives it.

        Raises
        ------
        CatalogError
            When a part is missing or damaged, or does not hold the variable.
        """
        key = (dataset, variable, beside, parts)
        if self.last is None or self.last[0] != key:
            self.last = (key, self._read(dataset, variable, beside, parts))
        return over_region(self.last[1], location, self.weights)

    def _read(self, dataset: str, variable: str, beside: str, parts: tuple[tuple[str, int], ...]) -> xr.DataArray:
        cluster_of(self.platform.settings)  # who asks for cells has much to compute from them
        cubes = cubes_of(self.platform)
        with open_parts([cubes.open(dataset, sha256, size) for sha256, size in parts]) as cube:
            for name in filter(None, (variable, beside)):
                if name not in cube:
                    raise CatalogError(dataset, f"its cube holds no {name}", "build the cube again")
            axes = [f"{axis}_bounds" for axis in ("latitude", "longitude") if f"{axis}_bounds" in cube.variables]
            cells = cube.set_coords(axes)
            return (field_beside(cells, variable, beside) if beside else cells[variable]).load()


def field_beside(cells: xr.Dataset, variable: str, beside: str) -> xr.DataArray:
    """A field with zero in the cells where the variable beside it has a value and it has none, dims as the variable's."""
    field = cells[beside]
    return field.fillna(0.0).where(cells[variable].notnull()).assign_attrs(field.attrs)


def over_region(cells: xr.DataArray, location: str, weights: Weights) -> xr.DataArray:
    """The cells with their areas on the sphere (``area``, km2) and the share of each inside a region (``weight``, 0 to 1).

    Parameters
    ----------
    cells : xarray.DataArray, dims (time, latitude, longitude)
        Conformed axes.
    """
    areas = cell_areas(cell_bounds(cells, "latitude"), cell_bounds(cells, "longitude"))
    inside = weights.of(location, cells.to_dataset(name="cells"))
    plain = cells.reset_coords(drop=True)
    return plain.assign_coords(
        area=(("latitude", "longitude"), areas, {"units": "km2"}),
        weight=(("latitude", "longitude"), (inside.to_numpy() / areas).clip(0.0, 1.0), {"units": "1"}),
    )
