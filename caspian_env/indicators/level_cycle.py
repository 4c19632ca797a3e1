"""The seasonal cycle of the sea level: its range, and the months of its highest and lowest water.

The cycle is the mean, by calendar month, of the level minus its 2x12 centred mean, so that a fall does not enter it. The
uncertainty is how much parts of the window (decades) differ.
"""

from __future__ import annotations

from collections.abc import Callable
from math import sqrt
from typing import TYPE_CHECKING

import numpy as np

from caspian_env.processing import completeness
from caspian_env.processing.periods import Result, as_dataset, checked, refusal, result, year_span

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]

CM_PER_M = 100.0

MONTH_ROUNDING = 1 / sqrt(12)
"""Standard uncertainty of a time that is only told to the month: a rectangle one month wide."""


def seasonal_range(
    level: xr.DataArray, *, years: int, parts: int, min_share: float, min_epochs: int, ci_level: float
) -> xr.Dataset:
    """Highest minus lowest month of the mean seasonal cycle over ``years`` calendar years.

    Parameters
    ----------
    level : xarray.DataArray, dims (time,), m
        Height above any datum.
    years, parts : int
        Length of the window, and of how many equal parts the ranges are compared: their standard deviation is ``u``.
    min_share : float
        Least share of the years in which every calendar month must have its departure.
    min_epochs : int
        Fewest epochs of a month.
    ci_level : float
        Probability content of the interval (Student's t with ``parts`` - 1 degrees of freedom).

    Returns
    -------
    xarray.Dataset, dims (period, used)
        Ranges in cm, one for each window that ends with a whole year; the newest is refused with its reason.

    Raises
    ------
    NotComputable
        The series is not in metres, not ascending, or has no months.
    """

    def of(cycle: Numbers, decades: list[Numbers]) -> tuple[float, float]:
        spread = float(np.std([np.ptp(part) for part in decades], ddof=1))
        return float(np.ptp(cycle)) * CM_PER_M, spread * CM_PER_M

    return _windows(level, years, parts, min_share, min_epochs, ci_level, of, units="cm")


def month_of_maximum(
    level: xr.DataArray, *, years: int, parts: int, min_share: float, min_epochs: int, ci_level: float
) -> xr.Dataset:
    """Calendar month (1 to 12) in which the mean seasonal cycle is highest; see `seasonal_range`.

    Its uncertainty counts around the year and holds that a month is all that is told; an end of the interval below 0.5 or
    above 12.5 lies in the year before or after.
    """
    return _windows(level, years, parts, min_share, min_epochs, ci_level, _month_of(np.argmax), units="1")


def month_of_minimum(
    level: xr.DataArray, *, years: int, parts: int, min_share: float, min_epochs: int, ci_level: float
) -> xr.Dataset:
    """Calendar month (1 to 12) in which the mean seasonal cycle is lowest; see `month_of_maximum`."""
    return _windows(level, years, parts, min_share, min_epochs, ci_level, _month_of(np.argmin), units="1")


def _month_of(where: Callable[[Numbers], np.intp]) -> Callable[[Numbers, list[Numbers]], tuple[float, float]]:
    def of(cycle: Numbers, decades: list[Numbers]) -> tuple[float, float]:
        month = int(where(cycle))
        apart = [(int(where(part)) - month + 6) % 12 - 6 for part in decades]
        spread = sum(steps**2 for steps in apart) / (len(apart) - 1)
        return month + 1.0, sqrt(MONTH_ROUNDING**2 + spread)

    return of


def _windows(
    level: xr.DataArray,
    years: int,
    parts: int,
    min_share: float,
    min_epochs: int,
    ci_level: float,
    of: Callable[[Numbers, list[Numbers]], tuple[float, float]],
    *,
    units: str,
) -> xr.Dataset:
    """A number and its uncertainty from the cycle and those of the parts, for every window of whole years."""
    months = completeness.monthly(checked(level, "m"), min_epochs=min_epochs)
    first = int(months["time"].values[0].astype("datetime64[Y]").astype(int)) + 1970 if months.size else 0
    length = years // parts * 12
    made: list[Result] = []
    for last in range(first, first + months.size // 12):
        start = (last - first - years + 1) * 12
        window = months[max(0, start) : start + years * 12]
        cycle, count = completeness.seasonal_cycle(window)
        span = (year_span(last - years + 1)[0], year_span(last)[1])
        whole = np.isfinite(window.values[-12:]).all()
        if start >= 0 and whole and count.min() >= min_share * (years - 1):
            sections = [completeness.seasonal_cycle(window[k * length : (k + 1) * length]) for k in range(parts)]
            if all(present.min() > 0 for _, present in sections):
                value, u = of(cycle, [section for section, _ in sections])
                made.append(
                    result(
                        span, value, u, dof=parts - 1, n_valid=int(count.sum()), n_expected=12 * (years - 1),
                        used=[span], ci_level=ci_level,
                    )
                )  # fmt: skip
                continue
        if last == first + months.size // 12 - 1:
            reason = f"{int(count.min())} of {years - 1} years in the seasonal cycle of its rarest month"
            reason += "" if whole else f"; {last} is not whole"
            made.append(refusal(span, reason, n_valid=int(count.sum()), n_expected=12 * (years - 1), used=[span]))
    return as_dataset(made, units=units, ci_level=ci_level)
