"""The numbers of a report: a value with all it must carry, or the reason why there is none.

All moments are aware UTC datetimes; periods are half-open.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime

from caspian_env.errors import CatalogError

# Which sentence a value speaks in; text.py holds one form of words for each.
HEADLINES = ("level_mean", "level_change", "mean_rate", "sst_anomaly", "air_anomaly", "co2", "number")


def value_id(indicator_id: str, location_id: str, start: datetime, end: datetime) -> str:
    """The name of one number of one place and half-open period, e.g. ``co2_mean_1y@mauna_loa@2025-01-01/2026-01-01``."""
    return f"{indicator_id}@{location_id}@{start:%Y-%m-%d}/{end:%Y-%m-%d}"


@dataclass(frozen=True, slots=True, kw_only=True)
class GranuleLine:
    """One granule behind a number: the bytes by their sha256, and the provider's address of them."""

    sha256: str
    url: str
    dataset_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """One indicator value with all it must carry to be published.

    Parameters
    ----------
    indicator_id, title, statistic : str
        Identity, name in print, and what the number is in words (base period included).
    location_id, location_title : str
        Where it holds.
    period_start, period_end : datetime
        Half-open period of valid time, UTC.
    value : float
        In ``unit`` (UDUNITS spelling), printed with ``decimals`` places.
    std_uncertainty, ci_low, ci_high, ci_level : float or None
        Standard uncertainty (k=1), and the interval with its level (0.9 for 90 %).
    n_valid, n_expected : int
        Completeness of the inputs.
    status, qc_flag : str, int
        Worst status and worst QARTOD flag of the inputs.
    datum_id, datum_title : str
        Vertical reference; ``none`` and an empty title where there is none.
    method_version, licence : str
        Version of the definition; licence of the number.
    granules : tuple of GranuleLine
        Every granule that went into it.
    headline : str
        One of ``HEADLINES`` where the value belongs to the key messages, else empty.
    method_citation, note, confidence : str
        Reference of the method, what its interval includes or leaves out, and a confidence word given by a person.
    printed : str
        Number and unit as the report prints them, in its language; empty until the report is filled.
    """

    indicator_id: str
    title: str
    statistic: str
    location_id: str
    location_title: str
    period_start: datetime
    period_end: datetime
    value: float
    unit: str
    decimals: int
    std_uncertainty: float | None
    ci_low: float | None
    ci_high: float | None
    ci_level: float | None
    n_valid: int
    n_expected: int
    status: str
    qc_flag: int
    datum_id: str
    datum_title: str
    method_version: str
    licence: str
    granules: tuple[GranuleLine, ...]
    headline: str = ""
    method_citation: str = ""
    note: str = ""
    confidence: str | None = None
    printed: str = ""

    @property
    def value_id(self) -> str:
        """Its name in every edition and language: ``indicator@location@first day/day after the last``."""
        return value_id(self.indicator_id, self.location_id, self.period_start, self.period_end)

    def __post_init__(self) -> None:
        """Refuse what the house never prints: no finite number, no unit, no licence, no bytes behind it."""
        if not math.isfinite(self.value):
            raise CatalogError(self.indicator_id, f"its value is {self.value}", "hand it over as a Refusal")
        if not (self.unit and self.licence and self.granules):
            raise CatalogError(self.indicator_id, "it lacks a unit, a licence or its granules", "compute it again")
        if self.headline and self.headline not in HEADLINES:
            raise CatalogError(self.indicator_id, f"unknown headline {self.headline!r}", f"one of {HEADLINES}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """An indicator that has no number for a period, and the reason that is printed in its place."""

    indicator_id: str
    title: str
    location_id: str
    location_title: str
    period_start: datetime
    period_end: datetime
    unit: str
    reason: str
    n_valid: int
    n_expected: int
    statistic: str = ""
    status: str = ""
    datum_id: str = "none"
    datum_title: str = ""
    method_version: str = ""
    headline: str = ""
