"""Area weights of the regions on the grids of datasets, computed once for each pair."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from caspian_env.errors import BadGranule
from caspian_env.model import Location
from caspian_env.processing.conform import cell_bounds, grid_fingerprint
from caspian_env.processing.regions import cell_weights

if TYPE_CHECKING:
    import xarray as xr

Box = tuple[float, float, float, float]  # west, east, south, north, degrees

STUDY_AREA: Box = (46.0, 56.0, 36.0, 48.0)  # the sea, Kara-Bogaz-Gol and their shores


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
