"""Sea level by month, and what a month or a year departs from its normal."""

from __future__ import annotations

from collections.abc import Sequence
from math import isnan, sqrt
from typing import TYPE_CHECKING

import numpy as np

from caspian_env.processing import completeness
from caspian_env.processing.level_years import annual_rows, year_of
from caspian_env.processing.periods import (
    Result,
    as_dataset,
    checked,
    month_span,
    refusal,
    refused_once,
    result,
    year_span,
)

if TYPE_CHECKING:
    import xarray as xr


def monthly_mean(
    level: xr.DataArray,
    *,
    min_epochs: int,
    expected_epochs: int,
    common_uncertainty: float,
    epoch_uncertainty: float,
    ci_level: float,
) -> xr.Dataset:
    """Mean level of each month as the mean of its epochs.

    Parameters
    ----------
    level : xarray.DataArray, dims (time,), m
        Height above the series' own datum.
    min_epochs, expected_epochs : int
        Fewest epochs of a month, and how many it should have.
    common_uncertainty, epoch_uncertainty : float
        Standard uncertainty (m) that the epochs share, and that of one epoch, which their number divides.
    ci_level : float
        Probability content of the interval.

    Returns
    -------
    xarray.Dataset, dims (period, used)
        Values in m for every month from the first epoch to the last; refused with fewer than ``min_epochs``.

    Raises
    ------
    NotComputable
        The series is not in metres, not ascending, or has no months.
    """
    months = _months(level, min_epochs, common_uncertainty, epoch_uncertainty)
    rows = [_of_month(months, i, months.values[i], 0.0, expected_epochs, ci_level) for i in _touched(months)]
    return as_dataset(rows, units="m", ci_level=ci_level)


def monthly_anomaly(
    level: xr.DataArray,
    *,
    base: Sequence[int],
    min_share: float,
    min_epochs: int,
    expected_epochs: int,
    common_uncertainty: float,
    epoch_uncertainty: float,
    ci_level: float,
) -> xr.Dataset:
    """Each month minus the mean of its calendar month over the base years that exist.

    Parameters
    ----------
    base : two int
        First and last year of the base period.
    min_share : float
        Least share of the base years; with fewer the calendar month has no normal and its newest month is refused.

    Other parameters as in `monthly_mean`.

    Returns
    -------
    xarray.Dataset, dims (period, used)
        Values in m.
    """
    months = _months(level, min_epochs, common_uncertainty, epoch_uncertainty)
    normal = completeness.normals(months, base, min_share=min_share)
    touched = _touched(months)
    rows = []
    for i in touched:
        value, u, n = (float(of.values[i % 12]) for of in (normal, normal["std_uncertainty"], normal["n_valid"]))
        if not isnan(value):
            rows.append(_of_month(months, i, months.values[i] - value, u, expected_epochs, ci_level, base))
        elif i + 12 > touched[-1]:
            reason = _no_normal(int(n), base, min_share)
            rows.append(_refused(months, i, reason, expected_epochs))
    return as_dataset(rows, units="m", ci_level=ci_level)


def annual_anomaly(
    level: xr.DataArray,
    *,
    base: Sequence[int],
    min_share: float,
    min_epochs: int,
    min_cycle_years: int,
    annual_uncertainty: float,
    ci_level: float,
) -> xr.Dataset:
    """Each annual mean minus the mean of the annual means of the base period that exist.

    See `monthly_anomaly`, and `caspian_env.processing.level_years.annual_rows` for the other parameters.

    Returns
    -------
    xarray.Dataset, dims (period, used)
        Values in m; with too few base years one refusal, for the newest year.
    """
    first, last = base
    rows = annual_rows(level, min_epochs, min_cycle_years, annual_uncertainty, ci_level)
    inside = [row for row in rows if not row.reason and first <= year_of(row) <= last]
    if len(inside) < min_share * (last - first + 1):
        refused = refused_once(rows, _no_normal(len(inside), base, min_share))
        return as_dataset(refused, units="m", ci_level=ci_level)
    normal = float(np.mean([row.value for row in inside]))
    u_normal = sqrt(sum(row.std_uncertainty**2 for row in inside)) / len(inside)
    used = [span for row in inside for span in row.used]

    def anomaly(row: Result) -> Result:
        return result(
            row.period, row.value - normal, sqrt(row.std_uncertainty**2 + u_normal**2), n_valid=row.n_valid,
            n_expected=row.n_expected, used=[*row.used, *used], ci_level=ci_level, estimated=row.estimated,
        )  # fmt: skip

    return as_dataset([row if row.reason else anomaly(row) for row in rows], units="m", ci_level=ci_level)


def _months(level: xr.DataArray, min_epochs: int, common: float, epoch: float) -> xr.DataArray:
    """Monthly means with the uncertainty that their number of epochs leaves."""
    months = completeness.monthly(checked(level, "m"), min_epochs=min_epochs)
    u = np.sqrt(common**2 + epoch**2 / np.maximum(months["n_valid"].values, 1))
    return months.assign_coords(std_uncertainty=("time", u))


def _touched(months: xr.DataArray) -> list[int]:
    """Positions of the months from the first that has an epoch to the last."""
    present = np.flatnonzero(months["n_valid"].values)
    return list(range(int(present[0]), int(present[-1]) + 1)) if present.size else []


def _of_month(
    months: xr.DataArray, i: int, value: float, u_other: float, expected: int, ci_level: float, base: Sequence[int] = ()
) -> Result:
    """The result of one month; refused where it has too few epochs."""
    n = int(months["n_valid"].values[i])
    if isnan(value):
        return _refused(months, i, f"{n} epochs", expected)
    period = month_span(int(months["time"].values[i].astype("datetime64[M]").astype(int)))
    also = [(year_span(base[0])[0], year_span(base[1])[1])] if base else []
    return result(
        period, float(value), sqrt(float(months["std_uncertainty"].values[i]) ** 2 + u_other**2), n_valid=n,
        n_expected=max(n, expected), used=[period, *also], ci_level=ci_level,
        estimated=bool(months["estimated"].values[i]),
    )  # fmt: skip


def _refused(months: xr.DataArray, i: int, reason: str, expected: int) -> Result:
    n = int(months["n_valid"].values[i])
    index = int(months["time"].values[i].astype("datetime64[M]").astype(int))
    # An empty month is judged from its neighbours: they show that the record did not end there.
    used = month_span(index) if n else month_span(index - 1, 3)
    return refusal(month_span(index), reason, n_valid=n, n_expected=max(n, expected), used=[used])


def _no_normal(n: int, base: Sequence[int], min_share: float) -> str:
    first, last = base
    return f"{n} of {last - first + 1} years of the normal {first}-{last}, which needs {min_share:.0%} of them"
