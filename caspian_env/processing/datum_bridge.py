"""From the datum of a product to another one: the offset estimated on the years that both have, with its uncertainty.

No official transformation leads from an altimetric product to the Baltic system, and a library that finds none returns
zero. The offset is therefore the mean difference of annual means, it is as uncertain as they are few, and without a
year in common there is none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, nan, sqrt
from typing import TYPE_CHECKING

import numpy as np

from caspian_env.errors import NotComputable
from caspian_env.processing.level_years import annual_rows, year_of
from caspian_env.processing.memory import corrected
from caspian_env.processing.periods import Result, Span, merged, refused_once, year_span
from caspian_env.processing.statistics import interval

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Overlap:
    """Years in which both have an annual mean, the differences product minus reference (m), and how many years there were."""

    years: NDArray[np.int64]
    difference: NDArray[np.float64]
    used: tuple[Span, ...]
    span: Span
    n_product: int


@dataclass(frozen=True, slots=True)
class Offset:
    """Product minus reference (m) with its standard uncertainty; ``reason`` says why there is none.

    ``provisional`` means that the years are too few to tell their own scatter.
    """

    value: float
    std_uncertainty: float
    dof: float
    provisional: bool
    reason: str
    overlap: Overlap

    def half_width(self, ci_level: float) -> float:
        """Half of the interval (m), from Student's t: with two years it is six standard uncertainties."""
        return interval(0.0, self.std_uncertainty, ci_level, self.dof)[1]


def overlap(product: Sequence[Result], reference: Sequence[Result]) -> Overlap:
    """What two sets of annual means have in common; its span is that of the newest product year where it is nothing."""
    other = {year_of(row): row for row in reference if not row.reason}
    pairs = [(row, other[year_of(row)]) for row in product if not row.reason and year_of(row) in other]
    years = [year_of(row) for row, _ in pairs] or [year_of(row) for row in product[-1:]]
    return Overlap(
        years=np.array([year_of(row) for row, _ in pairs], dtype=np.int64),
        difference=np.array([row.value - theirs.value for row, theirs in pairs], dtype=float),
        used=tuple(span for row, _ in pairs for span in row.used) or tuple(s for row in product[-1:] for s in row.used),
        span=(year_span(years[0])[0], year_span(years[-1])[1]) if years else year_span(1970),
        n_product=sum(not row.reason for row in product),
    )


def offset(both: Overlap, *, scatter: float, fewest: int, plausible: Sequence[float] | None) -> Offset:
    """Mean difference, ``u = sd / sqrt(n_eff)`` and Student's degrees of freedom.

    Parameters
    ----------
    both : Overlap
        From `overlap`.
    scatter : float
        Standard deviation (m) of one annual difference where the overlap is too short to tell: with fewer than ``fewest``
        years the larger of it and their own is taken, for two differences may be alike by chance.
    fewest : int
        Fewest years whose own scatter and lag-1 correlation are trusted.
    plausible : two floats, or None
        Between which the offset (m) must lie; beyond them there is none.
    """
    n = both.difference.size
    if n == 0:
        reason = "no year has both an annual mean of the product and a level in the other datum"
        return Offset(nan, nan, inf, True, reason, both)
    value = float(both.difference.mean())
    deviation = both.difference - value
    own = sqrt(float(deviation @ deviation) / (n - 1)) if n > 1 else 0.0
    if provisional := n < fewest:
        sd, n_eff = max(own, scatter), float(n)
    else:
        r = corrected(deviation, both.years.astype(float), scale=float(np.abs(both.difference).max()))
        sd, n_eff = own, max(1.0, n * (1 - r) / (1 + r))
    reason = ""
    if plausible is not None and not plausible[0] <= value <= plausible[1]:
        low, high = plausible
        reason = f"the offset of {value:.2f} m is outside {low:g} to {high:g} m: another datum, or a wrong level"
    return Offset(value, sd / sqrt(n_eff), max(1.0, n_eff - 1), provisional, reason, both)


def bridge(
    level: xr.DataArray,
    reference: xr.DataArray,
    *,
    datum: str,
    scatter: float,
    fewest_overlaps: int,
    plausible: Sequence[float] | None,
    min_epochs: int,
    min_cycle_years: int,
    annual_uncertainty: float,
    ci_level: float,
) -> tuple[list[Result], Offset]:
    """Annual means of ``level`` above its own datum, and its offset against ``reference``, which is above ``datum``.

    Parameters
    ----------
    level, reference : xarray.DataArray, dims (time,), m
        Annual values, or months or epochs; the other parameters as for `offset` and `level_years.annual_rows`.

    Raises
    ------
    NotComputable
        The reference is above another datum, or a series is not what `level_years.annual_rows` takes.
    """
    if reference.attrs.get("datum") != datum:
        problem = f"its datum is {reference.attrs.get('datum')!r}, not {datum!r}"
        raise NotComputable(str(reference.name or "reference"), problem, "give levels above that datum")
    rows, theirs = (
        annual_rows(series, min_epochs, min_cycle_years, annual_uncertainty, ci_level) for series in (level, reference)
    )
    return rows, offset(overlap(rows, theirs), scatter=scatter, fewest=fewest_overlaps, plausible=plausible)


def shifted(row: Result, by: Offset, ci_level: float) -> Result:
    """An annual mean above the datum of the reference, always marked as estimated; a refusal stays what it is.

    Its uncertainty is that of the mean and of the offset, and so is its interval: half-widths are added in squares, so that
    a level is never told more closely than its offset.
    """
    if row.reason:
        return row
    half = combined(row.ci_high - row.value, by.half_width(ci_level))
    value = row.value - by.value
    return Result(
        row.period, value, combined(row.std_uncertainty, by.std_uncertainty), value - half, value + half, row.n_valid,
        row.n_expected, True, "", merged([*row.used, *by.overlap.used]),
    )  # fmt: skip


def combined(*parts: float) -> float:
    """Root of the sum of the squares."""
    return sqrt(sum(part**2 for part in parts))


def moved(rows: Sequence[Result], by: Offset, ci_level: float) -> list[Result]:
    """All annual means above the datum of the reference; without an offset one refusal, for the newest year."""
    if by.reason:
        return refused_once(rows, by.reason)
    return [shifted(row, by, ci_level) for row in rows]
