"""Area weights of the regions on the grids of datasets, computed once for each pair and kept from run to run."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from caspian_env.errors import BadGranule
from caspian_env.formats.kept_weights import KeptWeights
from caspian_env.model import Location
from caspian_env.processing.conform import cell_bounds, grid_fingerprint
from caspian_env.processing.promised_cells import ground
from caspian_env.processing.regions import cell_areas, cell_weights, labelled_weights

if TYPE_CHECKING:
    import numpy as np
    import xarray as xr
    from numpy.typing import NDArray

    from caspian_env.wiring import Platform

Box = tuple[float, float, float, float]  # west, east, south, north, degrees

STUDY_AREA: Box = (46.0, 56.0, 36.0, 48.0)  # the sea, Kara-Bogaz-Gol and their shores


CUTTING = "1"  # of the way from a grid and an outline to areas; another one cuts all of them again


@dataclass(slots=True)
class Weights:
    """Area weights of regions on grids, computed once for each pair; ``kept`` has those of former runs."""

    locations: Mapping[str, Location]
    kept: KeptWeights | None = None
    known: dict[tuple[str, str], xr.DataArray] = field(default_factory=dict)
    boxes: dict[tuple[str, ...], Box] = field(default_factory=dict)
    grounds: dict[str, NDArray[np.int8]] = field(default_factory=dict)

    def of(self, location: str, grid: xr.Dataset | xr.DataArray) -> xr.DataArray:
        """Weights of a region on a grid, km2 of each cell inside it.

        Parameters
        ----------
        grid : xarray.Dataset or DataArray, dims with latitude and longitude
            Conformed.

        Returns
        -------
        xarray.DataArray, dims (latitude, longitude), km2
            As `caspian_env.processing.regions.cell_weights` gives them.
        """
        key = (location, grid_fingerprint(grid))
        if key not in self.known:
            geometry = self.locations[location].geometry
            if geometry is None:
                raise BadGranule(
                    location, "is no region, a grid cannot be averaged over it", "name a region in the seed"
                )
            bounds = cell_bounds(grid, "latitude"), cell_bounds(grid, "longitude")
            self.known[key] = self._found(bounds, geometry)
        return self.known[key]

    def _found(
        self, bounds: tuple[NDArray[np.float64], NDArray[np.float64]], geometry: Mapping[str, Any]
    ) -> xr.DataArray:
        if self.kept is None:
            return cell_weights(*bounds, geometry)
        name = _name(bounds, geometry)
        found = self.kept.find(name, (len(bounds[0]), len(bounds[1])))
        if found is not None:
            return labelled_weights(*found, *bounds)
        weights = cell_weights(*bounds, geometry)
        self.kept.keep(name, weights.to_numpy(), float(weights["region_area"]))
        return weights

    def ground(self, grid: xr.Dataset | xr.DataArray) -> NDArray[np.int8]:
        """Which cells (latitude, longitude) of a grid are open sea and which are land, as `promised_cells.ground` tells."""
        key = grid_fingerprint(grid)
        if key not in self.grounds:
            areas = cell_areas(cell_bounds(grid, "latitude"), cell_bounds(grid, "longitude"))
            sea, bay = (self.of(place, grid).to_numpy() / areas for place in ("caspian_sea", "kara_bogaz_gol"))
            self.grounds[key] = ground(sea, bay)
        return self.grounds[key]

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


def weights_of(platform: Platform) -> Weights:
    """The weights of the regions of a platform, kept below its home."""
    return Weights(platform.seeds.locations, KeptWeights(platform.settings.home / "cache" / "weights"))


def region_sha256(geometry: Mapping[str, Any] | None) -> str:
    """What identifies the outline that weights are made from."""
    return hashlib.sha256(json.dumps(geometry, sort_keys=True).encode()).hexdigest()


def _name(bounds: tuple[NDArray[np.float64], NDArray[np.float64]], geometry: Mapping[str, Any]) -> str:
    """What areas follow from: the edges of the cells, the outline, and what cuts it, whose last digits may differ."""
    digest = hashlib.sha256(f"{CUTTING} shapely {version('shapely')} {region_sha256(geometry)}".encode())
    for edges in bounds:
        digest.update(f"[{len(edges)}]".encode() + edges.astype("<f8").tobytes())
    return digest.hexdigest()
