"""Least-squares trends of all cells of a cube at once, with the intervals of `trends.ols`.

The same formulas as for one series, in arrays: the test suite holds both to the same numbers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from caspian_env.errors import NotComputable
from caspian_env.processing.memory import LARGEST, LINE
from caspian_env.processing.statistics import LEVEL
from caspian_env.processing.trends import FEWEST

if TYPE_CHECKING:
    import numpy as np
    import xarray as xr
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]

ICE = 0.15  # fraction from which a cell counts as ice-covered (WMO sea-ice nomenclature: open water ends there)
FALSE_DISCOVERIES = 0.10  # for 90 % intervals (Wilks 2016: twice the level of a single test, as fields vary together)
_CELLS = 4096  # worked on at once, so that a large grid needs little memory


def cell_trends(
    field: xr.DataArray,
    *,
    level: float = LEVEL,
    position: Numbers | None = None,
    ice: xr.DataArray | None = None,
    false_discoveries: float = FALSE_DISCOVERIES,
) -> xr.Dataset:
    """Slope of every cell with an interval that allows for the memory of the residuals.

    Of thousands of cells without a trend one in ten leaves zero out of its 90 % interval. Which cells have one is therefore
    asked of all together, by their false discovery rate.

    Parameters
    ----------
    field : DataArray (time, …)
        At equal steps; NaN is missing.
    level : float
        Probability content of the interval.
    position : ndarray (time), optional
        Where the values lie, ascending; by default 0, 1, 2 …. The slope is per unit of it.
    ice : DataArray (time, …), optional
        Sea ice area fraction of the same cells at any times, NaN for none. A cell that ever had more than 0.15 gets no trend:
        under ice a surface temperature is a convention of its product, and less ice would look like warming.
    false_discoveries : float
        Share of the cells called significant that may be so by chance, at the most on average.

    Returns
    -------
    Dataset (…)
        ``estimate``, ``std_uncertainty``, ``ci_low``, ``ci_high`` in the unit of the field per unit of position, ``dof``,
        ``r`` and ``n_eff``, the two-sided probability ``p`` of such a slope without a trend; NaN where a cell has fewer than
        five values, or had ice. ``significant`` (true or false) as `false_discovery` has it.

    Raises
    ------
    NotComputable
        When positions do not ascend, or the ice is on other cells.

    References
    ----------
    Santer et al. 2000, doi:10.1029/1999JD901105; see `trends.ols`. Wilks 2016, doi:10.1175/BAMS-D-15-00267.1, for the cells.
    """
    import numpy as np
    import xarray as xr

    field = field.transpose("time", ...)
    x = np.arange(field.sizes["time"], dtype=np.float64) if position is None else np.asarray(position, np.float64)
    if x.shape != (field.sizes["time"],) or not (np.diff(x) > 0).all():
        raise NotComputable("trend", "its times are not ascending and unique", "give one position for each time")
    if ice is not None:
        field = field.where(~_had_ice(field, ice))
    shape = field.shape[1:]
    count = int(np.prod(shape, dtype=int))
    values = field.data.reshape(field.sizes["time"], count)
    parts = [_trends(x, np.asarray(values[:, n : n + _CELLS], np.float64), level) for n in range(0, count, _CELLS)]
    others = {name: coord for name, coord in field.coords.items() if "time" not in coord.dims}
    names = ("estimate", "std_uncertainty", "ci_low", "ci_high", "dof", "r", "n_eff", "p")
    found: dict[str, Any] = {
        name: (field.dims[1:], np.concatenate([part[number] for part in parts]).reshape(shape))
        for number, name in enumerate(names)
    }
    found["significant"] = (field.dims[1:], false_discovery(found["p"][1], share=false_discoveries))
    return xr.Dataset(found, others)


def false_discovery(p: Numbers, *, share: float = FALSE_DISCOVERIES) -> NDArray[np.bool_]:
    """Which of many tests are significant when at most a share of those called so may be by chance.

    Benjamini and Hochberg 1995, doi:10.1111/j.2517-6161.1995.tb02031.x; it holds for neighbours that vary together too,
    where it calls fewer (Wilks 2016, doi:10.1175/BAMS-D-15-00267.1).

    Parameters
    ----------
    p : ndarray, any shape
        Probabilities; NaN is no test.
    share : float
        Between 0 and 1.

    Raises
    ------
    NotComputable
        The share is none.
    """
    import numpy as np

    if not 0 < share < 1:
        raise NotComputable("false discovery rate", f"{share} is no share", "write for example 0.1")
    ordered = np.sort(p[np.isfinite(p)], axis=None)
    below = np.flatnonzero(ordered <= share * np.arange(1, ordered.size + 1) / max(ordered.size, 1))
    limit = ordered[below[-1]] if below.size else -1.0
    return np.asarray(p <= limit)  # a comparison with NaN is false


def _had_ice(field: xr.DataArray, ice: xr.DataArray) -> xr.DataArray:
    """Cells of the field that ever had ice."""
    cells = {dim: field.sizes[dim] for dim in field.dims if dim != "time"}
    axes = [dim for dim in cells if dim in field.coords and dim in ice.coords]
    alike = {dim: ice.sizes.get(dim) for dim in cells} == cells
    if not alike or any((field[dim].to_numpy() != ice[dim].to_numpy()).any() for dim in axes):
        raise NotComputable("trend", "ice and field are on different cells", "bring them to one grid")
    return (ice > ICE).any("time")


def _trends(x: Numbers, values: Numbers, level: float) -> tuple[Numbers, ...]:
    """The fields of a `trends.Trend` for every column."""
    import numpy as np
    from scipy.special import stdtr, stdtrit

    there = np.isfinite(values)
    n = there.sum(axis=0).astype(np.float64)
    enough = n >= FEWEST
    counted = np.where(enough, n, np.nan)
    filled = np.where(there, values, 0.0)
    centred = np.where(there, x[:, None] - (there * x[:, None]).sum(axis=0) / counted, 0.0)
    left = np.where(there, filled - filled.sum(axis=0) / counted, 0.0)
    spread = np.where(enough, (centred**2).sum(axis=0), np.nan)
    slope = (centred * left).sum(axis=0) / spread
    residual = left - slope * centred
    scatter = (residual**2).sum(axis=0)
    r = _memory(x, residual, there, scatter, counted, np.abs(filled).max(axis=0, initial=0.0))
    n_eff = counted * (1 - r) / (1 + r)
    dof = np.maximum(1.0, n_eff - 2)
    error = np.sqrt(scatter / dof / spread)
    reach = stdtrit(dof, 0.5 + level / 2) * error
    with np.errstate(invalid="ignore", divide="ignore"):
        p = 2 * stdtr(dof, -np.abs(np.where(error > 0, slope / error, np.where(slope == 0, 0.0, np.inf))))
    return slope, error, slope - reach, slope + reach, dof, r, n_eff, np.where(np.isnan(slope), np.nan, p)


def _memory(x: Numbers, residual: Numbers, there: NDArray[np.bool_], scatter: Numbers, n: Numbers, scale: Numbers) -> (
    Numbers
):  # fmt: skip
    """Lag-1 correlation of every column, corrected as in `trends.ols`; neighbours are one smallest step apart."""
    import numpy as np

    before = np.maximum.accumulate(np.where(there, np.arange(len(x))[:, None], -1), axis=0)
    earlier = np.vstack([np.full((1, x_count := residual.shape[1]), -1), before])[:-1]
    has = there & (earlier >= 0)
    step = np.where(has, x[:, None] - x[np.maximum(earlier, 0)], np.inf)
    near = has & (step < 1.5 * step.min(axis=0, initial=np.inf))
    previous = residual[np.maximum(earlier, 0), np.arange(x_count)]
    products = np.where(near, residual * previous, 0.0).sum(axis=0)
    pairs = np.maximum(near.sum(axis=0), 1)
    with np.errstate(invalid="ignore", divide="ignore"):
        r1 = products / scatter * (n - 1) / pairs
        r = np.clip((n * r1 + LINE) / (n - 4), 0.0, LARGEST)
    flat = ~(scatter > n * (1e-12 * scale) ** 2) | (r1 == 0)
    return np.where(np.isnan(n), np.nan, np.where(flat, 0.0, r))
