"""What a bulletin is made of: frozen dataclasses that the report workflow fills from the catalog.

Nothing here reads a database, a clock or a file. All moments are aware UTC datetimes; periods are half-open.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime

from caspian_env.errors import CatalogError

# Which sentence a value speaks in; text.py holds one form of words for each.
HEADLINES = ("level_mean", "level_change", "mean_rate", "sst_anomaly", "air_anomaly", "co2")


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One line of a chart: the observations (or yearly means) of one dataset at one location in one datum.

    Parameters
    ----------
    label : str
        Direct label in the chart, short.
    dataset_id, variable_id, location_id, location_title : str
        Identity.
    unit, decimals : str, int
        UDUNITS spelling, and decimal places in print.
    datum_id, datum_title : str
        Vertical reference; ``none`` and an empty title where there is none.
    resolution : str
        ``instant``, ``P1D``, ``P1M`` or ``P1Y``; it decides how long a hole is a gap.
    redistributable : bool
        Whether the rows may be handed on in ``observations.csv``.
    times, values, std_uncertainty, status, qc_flags : tuples of equal length (time)
        Ascending UTC times (start of period for means), values, standard uncertainty or None, status, QARTOD flag.
    source_notes, granule_sha256 : tuples of the same length, or empty
        Who reported this one value; the granule it was read from.
    """

    label: str
    dataset_id: str
    variable_id: str
    location_id: str
    location_title: str
    unit: str
    decimals: int
    datum_id: str
    datum_title: str
    resolution: str
    redistributable: bool
    times: tuple[datetime, ...]
    values: tuple[float, ...]
    std_uncertainty: tuple[float | None, ...]
    status: tuple[str, ...]
    qc_flags: tuple[int, ...]
    source_notes: tuple[str, ...] = ()
    granule_sha256: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse columns of unequal length, times out of order and values that are no numbers."""
        n = len(self.times)
        whole = (self.values, self.std_uncertainty, self.status, self.qc_flags)
        if any(len(column) != n for column in whole):
            raise CatalogError(self.label, "its columns differ in length", "fill them from the same rows")
        if any(len(column) not in (0, n) for column in (self.source_notes, self.granule_sha256)):
            raise CatalogError(self.label, "notes and granules must be empty or one per value", "fill them per row")
        if any(late <= early for early, late in zip(self.times, self.times[1:], strict=False)):
            raise CatalogError(self.label, "its times do not ascend", "order the rows by time")
        if not all(math.isfinite(value) for value in self.values):
            raise CatalogError(self.label, "it holds values that are no numbers", "leave missing rows out")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceLevel:
    """A published level drawn as a thin labelled line, only on the panel of its own datum."""

    label: str
    value: float
    unit: str
    decimals: int
    datum_id: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A dataset the bulletin stands on; the granule is the one its newest observation came from."""

    dataset_id: str
    title: str
    provider: str
    citation: str
    licence: str
    redistributable: bool
    doi: str | None = None
    landing_page: str | None = None
    product_version: str | None = None
    newest_observation: datetime | None = None
    granule_sha256: str | None = None
    granule_url: str | None = None
    caveats: str = ""
    cannot: str = ""
    proven: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Bulletin:
    """Everything one bulletin prints; the same input gives the same bytes.

    Parameters
    ----------
    title : str
        Heading of the page, e.g. with the month.
    synthetic : bool
        Whether the catalog holds invented demonstration data; then every file, figure and table says so.
    as_of : datetime or None
        The moment of knowledge asked for; None for what is known now.
    level, surface : tuples of Series
        Lines of the level chart (any datums) and of the surface temperature chart (yearly means by sub-basin).
    values, refusals : tuples
        Indicator values in the order of print (whole sea first), and what has no number. All periods may be given:
        the page shows the latest of each indicator and location, the CSV all of them.
    sources : tuple of Source
        One for every dataset that a series or a granule names.
    reference_levels : tuple of ReferenceLevel
        Published extremes.
    code_version : str
        Version of the code that computed the numbers.
    """

    title: str
    synthetic: bool
    as_of: datetime | None
    level: tuple[Series, ...]
    surface: tuple[Series, ...]
    values: tuple[Value, ...]
    refusals: tuple[Refusal, ...]
    sources: tuple[Source, ...]
    reference_levels: tuple[ReferenceLevel, ...] = ()
    code_version: str = ""

    def __post_init__(self) -> None:
        """Refuse a bulletin in which a number or a line has no source."""
        known = {source.dataset_id for source in self.sources}
        named = {line.dataset_id for line in (*self.level, *self.surface)}
        named |= {granule.dataset_id for value in self.values for granule in value.granules}
        if missing := sorted(named - known):
            raise CatalogError("bulletin", f"no source is given for {', '.join(missing)}", "hand over their Source")

    def source(self, dataset_id: str) -> Source:
        """The source of a dataset."""
        return next(source for source in self.sources if source.dataset_id == dataset_id)
