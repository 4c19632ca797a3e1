"""How severe a winter was for the ice of the north: mild, moderate or severe by the thirds of a stated base period.

By frost (freezing degree-days) or by the greatest extent of ice. Fixed limits in degree-days are printed for this sea, but no
source of them was at hand; a third of the base seasons is in each class by definition, so a class says how a winter stands
among those of the base, and nothing of what ice it had.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from caspian_env.indicators.heat_and_frost import freezing_degree_days
from caspian_env.indicators.sea_ice import greatest_extent
from caspian_env.processing.base_period import years_needed
from caspian_env.processing.periods import Result, Span, as_dataset, merged, refusal

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]

THIRDS = (1 / 3, 2 / 3)
DRAWS = 2000  # of the base seasons, by which the limits of the classes are uncertain


def by_frost(
    temperature: xr.DataArray,
    *,
    base: Sequence[int],
    min_base_share: float,
    freezing: float,
    start: Sequence[int],
    end: Sequence[int],
    value_uncertainty: float,
    ci_level: float,
) -> xr.Dataset:
    """Class of each winter by its freezing degree-days: 1 mild, 2 moderate, 3 severe.

    Parameters
    ----------
    temperature : xarray.DataArray, dims (time,), degree_Celsius
        Daily mean or lowest temperature.
    base : sequence of int
        First and last season of the base, both included; a season has the year of its January.
    min_base_share : float
        Share of the base seasons that must be whole (WMO-No. 1203: 0.8).
    freezing, start, end, value_uncertainty, ci_level
        Of `caspian_env.indicators.heat_and_frost.freezing_degree_days`.

    Returns
    -------
    xarray.Dataset, dims (period, used)
        Classes, unit 1. The interval is that of the class when the base seasons are drawn again with replacement and the
        season moves by its own uncertainty. Without enough base seasons one refusal, for the newest.

    Raises
    ------
    NotComputable
        As `freezing_degree_days`.
    """
    seasons = freezing_degree_days(
        temperature, freezing=freezing, start=start, end=end, value_uncertainty=value_uncertainty, ci_level=ci_level
    )
    return as_dataset(_classes(seasons, base, min_base_share, ci_level), units="1", ci_level=ci_level)


def by_extent(
    ice: xr.DataArray,
    *,
    base: Sequence[int],
    min_base_share: float,
    cell_share: float,
    min_area_share: float,
    edge_uncertainty: float,
    ci_level: float,
) -> xr.Dataset:
    """Class of each winter by its greatest extent of ice; as `by_frost`.

    Parameters
    ----------
    ice : xarray.DataArray, dims (time, latitude, longitude), 1
        As for `caspian_env.indicators.sea_ice.greatest_extent`.
    cell_share, min_area_share, edge_uncertainty
        The same.
    """
    seasons = greatest_extent(
        ice,
        cell_share=cell_share,
        min_area_share=min_area_share,
        edge_uncertainty=edge_uncertainty,
        ci_level=ci_level,
    )
    return as_dataset(_classes(seasons, base, min_base_share, ci_level), units="1", ci_level=ci_level)


def _classes(seasons: xr.Dataset, base: Sequence[int], min_base_share: float, ci_level: float) -> list[Result]:
    """The class of each season that has a value; one refusal where the base gives no limits."""
    spans = [
        (first, last) for first, last in zip(seasons["period_start"].values, seasons["period_end"].values, strict=True)
    ]
    values, year = seasons["value"].values, seasons["period_end"].values.astype("datetime64[Y]").astype(int) + 1970
    inside = np.flatnonzero(np.isfinite(values) & (year >= base[0]) & (year <= base[1]))
    known, used = values[inside], [spans[i] for i in inside]
    if spans and (reason := _no_limits(known, base, min_base_share)):
        return [_refused(seasons, len(spans) - 1, reason, [spans[-1], *used])]
    limits = np.quantile(known, THIRDS) if spans else np.empty(2)
    draws = np.random.default_rng(0)
    drawn = np.quantile(draws.choice(known, (DRAWS, known.size)), THIRDS, axis=1) if spans else np.empty((2, 0))
    noise = draws.standard_normal(DRAWS)
    tails = (1 - ci_level) / 2, (1 + ci_level) / 2
    rows = []
    for i, span in enumerate(spans):
        if np.isnan(values[i]):
            rows.append(_refused(seasons, i, str(seasons["reason"].values[i]), [span]))
            continue
        found = _class(values[i], limits)
        possible = _class(np.maximum(values[i] + float(seasons["std_uncertainty"].values[i]) * noise, 0.0), drawn)
        low, high = np.quantile(possible, tails, method="inverted_cdf")
        rows.append(
            Result(
                span, float(found), float(np.sqrt(np.mean((possible - found) ** 2))), float(min(low, found)),
                float(max(high, found)), int(seasons["n_valid"].values[i]), int(seasons["n_expected"].values[i]),
                bool(seasons["estimated"].values[i]), "", merged([span, *used]),
            )
        )  # fmt: skip
    return rows


def _class(value: float | Numbers, limits: Numbers) -> NDArray[np.int64]:
    """1 up to the lower limit, 2 up to the upper one, 3 above it."""
    found: NDArray[np.int64] = 1 + (value > limits[0]).astype(np.int64) + (value > limits[1])
    return found


def _no_limits(known: Numbers, base: Sequence[int], min_base_share: float) -> str:
    """Why the base has no thirds; empty where it has."""
    length = base[1] - base[0] + 1
    needed = years_needed(base, min_base_share)
    if known.size < needed:
        return f"the base {base[0]}-{base[1]} needs {needed} of {length} seasons, this record has {known.size}"
    low, high = np.quantile(known, THIRDS)
    if not low < high:
        return f"the thirds of the base {base[0]}-{base[1]} do not differ: too many of its seasons are alike"
    return ""


def _refused(seasons: xr.Dataset, i: int, reason: str, used: Sequence[Span]) -> Result:
    span = (seasons["period_start"].values[i], seasons["period_end"].values[i])
    n, expected = (int(seasons[name].values[i]) for name in ("n_valid", "n_expected"))
    return refusal(span, reason, n_valid=n, n_expected=expected, used=used)
