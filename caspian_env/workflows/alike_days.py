"""Regional means of daily files that are all alike, read for their numbers alone.

A `Plan` is learned from one granule that was read, conformed, cut and averaged with all care, and kept only if the quick
way gives the same numbers to the last digit. It is handed to other processes, so that this module loads little.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from caspian_env.formats.alike import Alike, Pattern, Window, pattern_of, read_alike
from caspian_env.formats.spooled import Spool
from caspian_env.processing.promised_cells import broken_promise
from caspian_env.processing.regions import AreaMean, area_mean

if TYPE_CHECKING:
    import numpy as np
    import xarray as xr
    from numpy.typing import NDArray

    from caspian_env.model import Dataset, Measured
    from caspian_env.workflows.measure import Measurement
    from caspian_env.workflows.weights import Weights

GRID = ("time", "latitude", "longitude")


@dataclass(frozen=True, slots=True)
class Place:
    """The cells of a region: where they lie in the window, their areas in km2, and how many must be finite."""

    id: str
    cells: NDArray[np.intp]
    area: NDArray[np.float64]
    region_area: float
    promised: int


@dataclass(frozen=True, slots=True)
class Plan:
    """How the files of one layout become regional means; ``spool`` keeps their study area for the cube.

    ``gives`` is what each quantity promises of the cells ``around`` the sea, whose kind ``ground`` tells.
    """

    pattern: Pattern
    measured: tuple[Measured, ...]
    places: tuple[Place, ...]
    gives: tuple[str, ...]
    around: NDArray[np.intp]
    ground: NDArray[np.int8]
    spool: Spool | None = None


@dataclass(frozen=True, slots=True)
class Cells:
    """How the study area of the files of one layout is kept for the cube, without means."""

    pattern: Pattern
    spool: Spool


@dataclass(frozen=True, slots=True)
class Means:
    """The means of one file, in the order of the quantities and places of its plan; the uncertainty where one is stated."""

    time: NDArray[np.datetime64]
    values: Sequence[AreaMean]
    uncertainty: Sequence[NDArray[np.float64] | None]


def read_by(path: Path, plan: Plan | Cells) -> tuple[Means | None, bytes | None]:
    """What a plan wants of a file: its means, and what is to be kept of its cells.

    None where the slow reader has to look at it, or where nothing is wanted.
    """
    window = read_alike(path, plan.pattern)
    if window is None or window.time.size != 1:
        return None, None
    found = _means(window, plan) if isinstance(plan, Plan) else None
    if plan.spool is None or (found is None and isinstance(plan, Plan)):
        return found, None
    return found, plan.spool.content(plan.pattern, window)


def means_of(path: Path, plan: Plan | Cells) -> Means | None:
    """The regional means of a file alike, its cells kept as the plan wants it; None as for `read_by`."""
    found, content = read_by(path, plan)
    if plan.spool and content:
        plan.spool.keep(path.name, content)
    return found


def learned(
    path: Path, raw: xr.Dataset, stated: Sequence[Measurement], dataset: Dataset, alike: Alike, weights: Weights
) -> Plan | None:
    """The plan of a granule that was read and measured, or None where the quick way does not give the same.

    Parameters
    ----------
    raw : xarray.Dataset
        As the source has read it.
    stated : sequence of Measurement
        What was measured in it.
    """
    from caspian_env.processing.conform import conform, cut

    measured = tuple(one for one in dataset.variables if one.name in raw)
    pattern = pattern_of(path, raw, alike)
    if pattern is None or "edition" in raw.attrs or "status" in raw or not measured:
        return None
    area = cut(conform(numbered(raw, measured[0].name)), *weights.around(dataset.locations))
    where = area[measured[0].name].transpose(*GRID).to_numpy()[0]
    places = []
    for place in dataset.locations:
        cells = weights.of(place, area)
        inside = cells.to_numpy() > 0
        places.append(
            Place(
                place, where[inside], cells.to_numpy()[inside], float(cells["region_area"]),
                dataset.finite_cells.get(place, 0),
            )
        )  # fmt: skip
    gives = tuple(one.gives or dataset.gives for one in measured)
    plan = Plan(pattern, measured, tuple(places), gives, where.reshape(-1), weights.ground(area).reshape(-1))
    found = means_of(path, plan)
    return plan if found is not None and _agrees(found, stated) else None


def numbered(raw: xr.Dataset, name: str) -> xr.Dataset:
    """A granule whose cells hold their own number in its window, so that one sees where each goes."""
    import numpy as np

    return raw[[name]].assign({name: raw[name].copy(data=np.arange(raw[name].size).reshape(raw[name].shape))})


def statements(found: Means, plan: Plan, status: str) -> list[Measurement]:
    """Means as measurements, each with the status of its granule."""
    import numpy as np

    from caspian_env.workflows.measure import Measurement

    named = [(measured, place) for measured in plan.measured for place in plan.places]
    return [
        Measurement(
            measured, place.id, found.time, mean.value, uncertainty, np.full(1, status),
            n_cells=mean.n_cells, area_share=mean.area_share,
        )
        for (measured, place), mean, uncertainty in zip(named, found.values, found.uncertainty, strict=True)
    ]  # fmt: skip


def keeping(plan: Plan, raw: xr.Dataset, folder: Path) -> Plan:
    """The same plan, whose windows are kept in a folder for the cube, where they can be."""
    spool = spool_of(raw, plan.measured[0].name, folder)
    return replace(plan, spool=spool) if spool else plan


def spool_of(raw: xr.Dataset, name: str, folder: Path) -> Spool | None:
    """The part of the windows that is the study area; None where conforming would put its cells in another order."""
    import numpy as np

    from caspian_env.processing.conform import conform, cut
    from caspian_env.workflows.weights import STUDY_AREA

    shape = raw[name].shape[-2:]
    where = cut(conform(numbered(raw, name)), *STUDY_AREA)[name].transpose(*GRID).to_numpy()[0]
    rows, columns = np.unique(where // shape[1]), np.unique(where % shape[1])
    spool = Spool(folder, (int(rows[0]), int(rows[-1]) + 1), (int(columns[0]), int(columns[-1]) + 1))
    part = np.arange(shape[0] * shape[1]).reshape(shape)[slice(*spool.rows), slice(*spool.columns)]
    return spool if np.array_equal(part, where) else None


def _means(window: Window, plan: Plan) -> Means | None:
    """The means, or None where one of them is not what the seed promises."""
    import numpy as np

    values, uncertainty = [], []
    for measured, gives in zip(plan.measured, plan.gives, strict=True):
        around = _cells(window.packed, plan, measured.name, plan.around)
        if broken_promise(gives, np.isfinite(around), plan.ground):
            return None
        for place in plan.places:
            cells = _cells(window.packed, plan, measured.name, place.cells)
            mean = area_mean(cells, place.area, place.region_area)
            if mean.reason[0] or int(mean.n_cells[0]) < max(place.promised, 1):
                return None
            values.append(mean)
            uncertainty.append(_uncertainty(window.packed, plan, measured, place, cells))
    return Means(window.time, values, uncertainty)


def _uncertainty(
    packed: Mapping[str, NDArray[Any]], plan: Plan, measured: Measured, place: Place, cells: NDArray[Any]
) -> NDArray[np.float64] | None:
    import numpy as np

    if not measured.uncertainty or measured.uncertainty not in packed:
        return None
    given = _cells(packed, plan, measured.uncertainty, place.cells)
    return area_mean(np.where(np.isfinite(cells), given, np.nan), place.area, place.region_area).value


def _cells(packed: Mapping[str, NDArray[Any]], plan: Plan, name: str, where: NDArray[np.intp]) -> NDArray[Any]:
    return plan.pattern.packings[name].decoded(packed[name].reshape(-1)[where])[None, :]


def _agrees(found: Means, stated: Sequence[Measurement]) -> bool:
    """Whether the quick numbers are the slow ones; units that need a conversion make them differ."""
    import numpy as np

    if len(found.values) != len(stated) or any(one.notes for one in stated):
        return False
    for mean, uncertainty, slow in zip(found.values, found.uncertainty, stated, strict=True):
        assert slow.n_cells is not None
        assert slow.area_share is not None
        pairs = [
            (found.time, slow.time), (mean.value, slow.values), (mean.n_cells, slow.n_cells),
            (mean.area_share, slow.area_share),
        ]  # fmt: skip
        if not all(np.array_equal(quick, given) for quick, given in pairs):
            return False
        if uncertainty is None or slow.uncertainty is None:
            if uncertainty is not slow.uncertainty:
                return False
        elif not np.array_equal(uncertainty, slow.uncertainty, equal_nan=True):
            return False
    return True
