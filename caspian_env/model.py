"""The nouns of the platform, as frozen dataclasses and two small protocols.

The words are those of the house: a *dataset* is a published product; a *source* is the module that lists and reads
its *granules*; a *series* is one variable of one dataset at one location; an *observation* is one value of a series
in one *vintage*; a *window* is a half-open UTC interval of valid time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from caspian_env.errors import SettingsError

if TYPE_CHECKING:
    import xarray as xr

# QARTOD primary flags (IOOS QARTOD, flag meanings as in CF ``flag_meanings``).
GOOD, NOT_EVALUATED, SUSPECT, FAIL, MISSING = 1, 2, 3, 4, 9

# Statuses of a value, best first; an indicator carries the worst of its inputs.
STATUSES = ("final", "reported", "estimated", "preliminary")


@dataclass(frozen=True, slots=True)
class Window:
    """A half-open interval ``start <= t < end`` of valid time, UTC."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        """Refuse naive, empty and reversed intervals."""
        if self.start.tzinfo is None or self.end.tzinfo is None:
            raise SettingsError("window", "its ends carry no time zone", "use UTC")
        if not self.start < self.end:
            raise SettingsError(
                "window", f"{self.start:%F} is not before {self.end:%F}", "write START/END, END excluded"
            )

    @classmethod
    def parse(cls, text: str) -> Window:
        """Read ``START/END`` in ISO 8601; dates mean midnight UTC and END is excluded."""
        try:
            start, end = (datetime.fromisoformat(part.strip()) for part in text.split("/"))
        except ValueError as error:
            raise SettingsError("window", f"cannot read {text!r}", "write for example 2020-01-01/2021-01-01") from error
        return cls(as_utc(start), as_utc(end))

    def overlaps(self, other: Window) -> bool:
        """Whether the two intervals share a moment."""
        return self.start < other.end and other.start < self.end

    def __str__(self) -> str:
        """``START/END`` as ISO dates."""
        return f"{self.start:%Y-%m-%d}/{self.end:%Y-%m-%d}"


def as_utc(moment: datetime) -> datetime:
    """The same moment in UTC; a naive one is taken to be UTC."""
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


@dataclass(frozen=True, slots=True)
class GranuleRef:
    """Where one granule of a dataset is published.

    ``path`` is relative to any of the dataset's hosts (or a whole address); ``base`` is the host whose listing named
    it, tried first. ``form`` turns the request into a POST with these parameters (secrets are added by transport).
    ``protocol`` says how the bytes are got (see ``workflows/fetch.py``). ``location`` is a place that the listing found
    and no seed names, such as a station inside a box; the granule is about that place alone. Where ``editions`` is
    given, the first answer is not enough: every address of ``path`` and of these further paths may hold another edition
    of the same, all are asked, and the newest edition wins.
    """

    path: str
    window: Window | None = None
    status: str = "final"
    base: str | None = None
    form: Mapping[str, str] | None = None
    protocol: str = "http"
    location: Location | None = None
    editions: Sequence[str] | None = None


@dataclass(frozen=True, slots=True)
class Listing:
    """The names found at a directory address, and the host (base address) that answered."""

    base: str
    names: Sequence[str]


@dataclass(frozen=True, slots=True)
class Document:
    """A small text that helps to list granules (axes, a catalogue page, a station list), and the host that answered."""

    base: str
    text: str


class Http(Protocol):
    """What a source may ask of the network while it lists its granules."""

    def listing(self, path: str) -> Listing:
        """Names at a directory address below the first host that answers; NotPublished if none does."""

    def document(self, path: str, *, form: Mapping[str, str] | None = None) -> Document:
        """The text (UTF-8) at an address below the first host that answers; TransportError if none does."""


class Source(Protocol):
    """A source module: two functions, no state."""

    def list_granules(self, window: Window, http: Http) -> Iterator[GranuleRef]:
        """Granules that may hold values inside ``window``."""

    def read_granule(self, path: Path) -> xr.Dataset:
        """The granule in the provider's own names and units; BadGranule if it is not what the source promises."""


@dataclass(frozen=True, slots=True)
class Variable:
    """A quantity in customary units, named after the CF standard name table.

    Of emissions, ``gwp_set`` names the warming potentials (``none`` where no gas was converted) and ``lulucf`` whether
    land use is in them: ``included``, ``excluded``, or ``bookkeeping`` where it is not that of inventories.
    """

    id: str
    long_name: str
    units: str
    standard_name: str | None = None
    cell_methods: str | None = None
    valid_min: float | None = None
    valid_max: float | None = None
    note: str = ""
    gwp_set: str = ""
    lulucf: str = ""


@dataclass(frozen=True, slots=True)
class Measured:
    """One variable as a dataset gives it: the provider's name beside ours, datum, resolution, QC thresholds and gates."""

    name: str
    variable: str
    resolution: str
    units: str | None = None
    uncertainty: str | None = None
    datum: str | None = None
    qc: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    gates: Mapping[str, Any] = field(default_factory=dict)
    optional: bool = False  # whether a granule may lack it, as a station may lack a thermometer
    gives: str = ""  # as of the dataset, where this quantity of it differs


@dataclass(frozen=True, slots=True)
class Key:
    """How a source takes its key: the setting that holds it, the parameter that carries it, and how to get one.

    ``place`` is ``form`` (the query, where there is no form), ``header``, or ``protocol`` where only the protocol of a granule
    may use it; ``{}`` in ``template`` stands for the key.
    """

    setting: str
    parameter: str
    how_to_get: str
    place: str = "form"
    template: str = "{}"


@dataclass(frozen=True, slots=True)
class Dataset:
    """A published product as described in ``seeds/datasets/THEME.yaml`` (ACDD attributes, licence, citation, hosts).

    ``cannot`` is what it cannot give (masked sea, land only, coarse cells); ``gives`` promises where a grid has values: at
    ``sea``, on ``land`` or ``everywhere`` around it; ``finite_cells``, for a region, how many of its cells are never
    empty. ``proven_on`` says whether its reader was tried on ``real`` bytes of the provider or on bytes ``encoded`` like
    them. A dataset that is not ``active`` is ``frozen`` (its files stay, no value comes) or
    ``retired`` (its provider took it away) since a day, month or year, and may have a ``successor``. ``options`` are for a
    source module that several datasets share: both its functions take them as a keyword. ``cube`` is false for a grid of
    which only regional means are kept. ``withdrawn_limit`` is the share of a whole record that a new edition may lack and
    still be an edition. ``extra`` is the optional part of the installation that reading it needs. ``found_locations`` is a
    pattern of the ids of places that its listing finds besides ``locations``.
    """

    id: str
    title: str
    summary: str
    provider: str
    kind: str
    hosts: tuple[str, ...]
    variables: tuple[Measured, ...]
    locations: tuple[str, ...]
    licence: str
    redistributable: bool
    citation: str
    update_frequency: str
    publication_delay_days: int
    coverage_start: str
    module: str
    product_version: str | None = None
    doi: str | None = None
    landing_page: str | None = None
    whole_record: bool = False
    withdrawn_limit: float = 0.02
    look_back_days: int = 0
    default_status: str = "final"
    state: str = "active"
    key: Key | None = None
    max_bytes: int = 64_000_000
    caveats: str = ""
    cannot: str = ""
    gives: str = ""
    finite_cells: Mapping[str, int] = field(default_factory=dict)
    proven_on: str = "encoded"
    state_since: str | None = None
    successor: str | None = None
    theme: str = ""
    cube: bool = True
    extra: str | None = None
    found_locations: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Location:
    """A region (polygon), a station (point), a country or the globe.

    A region without a geometry awaits its outline, which an institute adds.
    """

    id: str
    title: str
    kind: str
    source: str
    longitude: float | None = None
    latitude: float | None = None
    elevation_m: float | None = None
    area_km2: float | None = None
    geometry: Mapping[str, Any] | None = None

    @property
    def awaits_outline(self) -> bool:
        """Whether it is a region that nobody has drawn yet."""
        return self.kind == "region" and self.geometry is None


@dataclass(frozen=True, slots=True)
class Datum:
    """A vertical reference: heights of different datums are never mixed."""

    id: str
    title: str
    source: str
    epsg: int | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class IndicatorInput:
    """One argument of an indicator: which series it takes. Without a location it takes the indicator's own.

    With ``grid`` it is the cells behind that series, dims (time, latitude, longitude), over the whole study area, with
    the coordinates ``area`` (km2) and ``weight`` (share of the cell inside the location). With ``beside`` it is another field
    of the same files, as the ice beside a temperature: zero where the variable has a value and the field none, as its
    provider leaves out what is zero.
    """

    argument: str
    dataset: str
    variable: str
    datum: str | None = None
    resolution: str | None = None
    location: str | None = None
    grid: bool = False
    beside: str = ""


@dataclass(frozen=True, slots=True)
class Indicator:
    """A definition: a pure function, its inputs, parameters, units and references.

    ``definition`` is the entry of the seeds whose variant it is. What follows it is for the page of its method: why the number
    matters here, what its uncertainty holds and leaves out, when a value is refused, what it cannot tell, and what changed
    with each version of the method. ``target`` is the row of ``targets.csv`` whose progress it is; before ``valid_from`` nobody
    had promised it, from ``valid_to`` on it is promised no longer.
    """

    id: str
    title: str
    function: str
    method_version: str
    units: str
    statistic: str
    inputs: tuple[IndicatorInput, ...]
    locations: tuple[str, ...]
    parameters: Mapping[str, Any]
    citation: str
    decimals: int
    datum: str | None = None
    relative_to_datum: bool = False
    note: str = ""
    definition: str = ""
    why: str = ""
    uncertainty: str = ""
    completeness: str = ""
    limits: str = ""
    changes: tuple[str, ...] = ()
    target: str = ""
    valid_from: str = ""
    valid_to: str = ""


@dataclass(frozen=True, slots=True)
class AlertRule:
    """When somebody must be told: what kind of condition, and how severe it is.

    ``stale_source`` looks at the freshness ``states``, ``failed_run`` at the ``states`` of the last run of each job,
    ``partial_run`` at last runs that stay partial: trying again did not help or cannot,
    ``threshold`` at the newest value of an indicator, ``revision`` at changes of more than ``times_uncertainty`` standard
    uncertainties, ``edition`` at frozen reports that no erratum corrects; ``within_days`` tells how far back an event
    still counts.
    """

    id: str
    kind: str
    severity: str
    title: str
    states: tuple[str, ...] = ()
    datasets: tuple[str, ...] = ()
    indicator: str | None = None
    location: str | None = None
    above: float | None = None
    below: float | None = None
    times_uncertainty: float | None = None
    within_days: int = 30
    source: str = ""


@dataclass(frozen=True, slots=True)
class Retention:
    """How long bytes are kept that no value needs: days, and hours for what is still being received."""

    id: str
    rejected_days: int
    unnamed_days: int
    temporary_hours: int
