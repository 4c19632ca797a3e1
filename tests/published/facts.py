"""A published figure beside what the platform computes, and the table of them in docs/verification.md."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from caspian_env.wiring import Seeds, load_seeds

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "verification.md"
SHARED = Path(os.environ.get("CASPIAN_ENV_TEST_SHARED", ROOT.parent / "shared"))

# Where a figure was printed.
KAZHYDROMET = "Kazhydromet, 2021-07-30"
DASHBOARD = "the dashboard"  # attributed to Kazhydromet, state of 2026-03-04
CHEN = "Chen et al. 2017, GRL 44, abstract"
GINZBURG = "Ginzburg et al. 2021, abstract"
STATE = "State of the Environment 2019, p. 13"
MARINER = "az-mariner.az"
GRID = "GRID-Arendal 7569"


@dataclass(frozen=True, slots=True)
class Fact:
    """One published number beside our own.

    ``within`` is how far apart the two may be and still agree, with the reason in ``how`` where it is not that of the
    printed digits. Where they do not agree, ``why`` says which of series, window and estimator differs.
    """

    quantity: str
    published: float
    source: str
    ours: float
    unit: str
    how: str
    within: float
    digits: int
    why: str = ""
    interval: tuple[float, float] | None = None

    @property
    def apart(self) -> float:
        """Ours less the published one."""
        return self.ours - self.published

    @property
    def agrees(self) -> bool:
        """Whether the two are within what they may be apart; rounding to the printed digits is forgiven."""
        return abs(self.apart) <= self.within + 0.5 * 10.0**-self.digits

    def row(self) -> list[str]:
        """The cells of the table."""
        ours = self._number(self.ours)
        if self.interval:
            ours += f" ({self._number(self.interval[0])} to {self._number(self.interval[1])})"
        verdict = (f"yes, within {self._allowed}" if self.within else "yes") if self.agrees else "no"
        text = self.how if self.agrees else f"{self.how}; {self.why}"
        printed = " ".join(filter(None, (self._number(self.published), self.unit, f"({self.source})")))
        return [self.quantity, printed, ours, self._number(self.apart), verdict, text]

    @property
    def _allowed(self) -> str:
        return f"{self.within:,.0f}" if self.within >= 100 else f"{self.within:g}"

    def _number(self, of: float) -> str:
        rounded = round(of, self.digits) + 0.0  # no minus before a zero
        return f"{rounded:{',' if self.unit else ''}.{self.digits}f}"


def table(facts: list[Fact]) -> str:
    """All facts as a table in Markdown."""
    head = ["quantity", "published", "here", "apart", "agrees", "series, window and estimator"]
    lines = [head, ["---"] * len(head), *(fact.row() for fact in facts)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def shared(*parts: str) -> Path:
    """A file of the material beside the project."""
    path = SHARED.joinpath(*parts)
    if not path.exists():
        raise FileNotFoundError(
            f"{path} is not there: set CASPIAN_ENV_TEST_SHARED to the folder of the shared material"
        )
    return path


@cache
def seeds() -> Seeds:
    """The delivered seeds."""
    return load_seeds()


def parameters(indicator: str, **changed: Any) -> dict[str, Any]:
    """What the seed of an indicator hands to its function."""
    return dict(seeds().indicators[indicator].parameters) | changed


def series(times: Any, values: Any, *, units: str, resolution: str, datum: str = "none") -> xr.DataArray:
    """A series in the form that indicators take."""
    stamps = np.asarray(times, "datetime64[s]")
    attrs = {"units": units, "resolution": resolution, "datum": datum}
    nothing = ("time", np.full(stamps.size, np.nan))
    status = ("time", np.full(stamps.size, "final", dtype=object))
    coords = {"time": stamps, "std_uncertainty": nothing, "status": status}
    return xr.DataArray(np.asarray(values, float), coords, ("time",), "published", attrs)


def years(pairs: dict[int, float], units: str, datum: str = "none") -> xr.DataArray:
    """A series of years."""
    return series([f"{y}-01-01" for y in pairs], list(pairs.values()), units=units, resolution="P1Y", datum=datum)


def row_of(found: xr.Dataset, first: int, last: int | None = None) -> xr.Dataset:
    """The row of an indicator from the beginning of one year to the end of another; KeyError where there is none."""
    begins = found["period_start"].values == np.datetime64(datetime(first, 1, 1), "s")
    ends = found["period_end"].values == np.datetime64(date((last or first) + 1, 1, 1), "s")
    (place,) = np.flatnonzero(begins & ends)
    return found.isel(period=int(place))


def value(found: xr.Dataset, first: int, last: int | None = None) -> float:
    """Its value."""
    return float(row_of(found, first, last)["value"])


def by_year(found: xr.Dataset) -> dict[int, float]:
    """The values of an annual indicator that are not refused."""
    starts = found["period_start"].values.astype("datetime64[Y]").astype(int) + 1970
    return {int(y): float(v) for y, v in zip(starts, found["value"].values, strict=True) if np.isfinite(v)}


def bounds(row: xr.Dataset) -> tuple[float, float]:
    """Its interval."""
    return float(row["ci_low"]), float(row["ci_high"])
