"""From what a granule states to observations as the catalog keeps them: stamped, tested, flagged."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, timedelta
from typing import TYPE_CHECKING

from caspian_env.catalog.observations import Observed
from caspian_env.errors import BadGranule
from caspian_env.model import Dataset, GranuleRef, Measured
from caspian_env.processing.conform import stamp
from caspian_env.processing.gates import physical_flags, series_faults
from caspian_env.processing.qc import Neighbours, as_digits, flag_tests, roll_up
from caspian_env.wiring import Seeds
from caspian_env.workflows.measure import Measurement, measure
from caspian_env.workflows.weights import STUDY_AREA as STUDY_AREA
from caspian_env.workflows.weights import Weights as Weights

if TYPE_CHECKING:
    import numpy as np
    import xarray as xr
    from numpy.typing import NDArray

Key = tuple[str, str, str, str]  # of a series within a dataset: variable, location, resolution and datum
Known = Mapping[Key, Neighbours]

CONTEXT = timedelta(days=10)  # how far around a granule its neighbours are looked for; longer than any flat line test


@dataclass(frozen=True, slots=True)
class Recorded:
    """The observations of one series in one granule, and notes on what was refused."""

    variable: str
    location: str
    resolution: str
    datum: str | None
    observed: Sequence[Observed]
    notes: tuple[str, ...] = ()

    @property
    def key(self) -> Key:
        """Which series of its dataset this is."""
        return self.variable, self.location, self.resolution, self.datum or "none"


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
    return judge(measure(raw, dataset, ref, seeds, weights), dataset, known)


def judge(stated: Iterable[Measurement], dataset: Dataset, known: Known | None = None) -> list[Recorded]:
    """What a granule states, tested; parameters and errors are those of `observe`."""
    recorded = [
        Recorded(
            one.measured.variable, one.place, one.measured.resolution, one.measured.datum,
            _observations(one, known or {}), one.notes,
        )
        for one in stated
    ]  # fmt: skip
    if not any(row.observed for row in recorded):
        raise BadGranule(dataset.id, "holds no finite value over the Caspian", "the product may be masked there")
    return recorded


def _observations(one: Measurement, known: Known) -> list[Observed]:
    """Rows of the finite values, flagged by the seed's thresholds and gates."""
    import numpy as np

    measured, values, uncertainty = one.measured, one.values, one.uncertainty
    if np.isinf(values).any():
        raise BadGranule(measured.name, "holds an infinite value", "the file is damaged")
    stamped = stamp(one.time, measured.resolution)
    if len(stamped) > 1 and len(np.unique(stamped)) != len(stamped):
        raise BadGranule(measured.name, f"has two values for one {measured.resolution}", "the file is damaged")
    neighbours = known.get((measured.variable, one.place, measured.resolution, measured.datum or "none"))
    tests = _judged(measured, one.place, stamped, values, neighbours)
    moments = stamped.tolist()
    rows = []
    for n in np.flatnonzero(np.isfinite(values)):
        u = None if uncertainty is None or not np.isfinite(uncertainty[n]) else float(uncertainty[n])
        rows.append(
            Observed(
                time=moments[n].replace(tzinfo=UTC),
                value=float(values[n]),
                std_uncertainty=u,
                qc_flag=roll_up(tests[n]),
                qc_tests=tests[n],
                status=str(one.status[n]),
                n_cells=None if one.n_cells is None else int(one.n_cells[n]),
                area_share=None if one.area_share is None else float(one.area_share[n]),
                source_note=None if one.source_notes is None else str(one.source_notes[n]) or None,
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
