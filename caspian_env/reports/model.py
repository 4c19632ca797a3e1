"""What a report is made of: frozen dataclasses that the report workflow fills from the catalog.

Nothing here reads a database, a clock or a file. All moments are aware UTC datetimes; periods are half-open. Words are
in the language of the report where they come from its definition, and in English where they come from the seeds: the
page, the charts and the printed pages translate those by the catalogues of ``languages``.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from caspian_env.errors import CatalogError
from caspian_env.reports.numbers import Refusal, Value
from caspian_env.reports.things import Goal, Mark, Outline, Shore, Spot

# What a figure can be; charts.py holds how each is drawn.
KINDS = ("level", "lines", "stripes", "cycle", "intervals", "map", "goals", "drafts", "balance", "calendar")


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
    standard_name : str
        That of the CF conventions, where the quantity has one.
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
    standard_name: str = ""

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
    """A dataset the report stands on; the granule is that of its newest observation, ``accessed`` the day it was retrieved.

    ``from_an_archive`` tells that it was retrieved long after it had become known.
    """

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
    accessed: date | None = None
    from_an_archive: bool = False

    @property
    def id(self) -> str:
        """Key of its citation."""
        return self.dataset_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One figure as data; ``charts.draw`` draws it and ``messages.words`` gives its title and alternative text.

    Parameters
    ----------
    id : str
        Anchor, unique in the report.
    kind : str
        One of ``KINDS``.
    title, subtitle : str
        Words of the definition that take the place of those made from the numbers; empty for the latter.
    lines : tuple of Series
        What is drawn over time.
    values : tuple of Value
        What is drawn as single numbers, in the order of print.
    references : tuple of ReferenceLevel
        Published levels, each only on the panel of its datum.
    outlines, spots, goals, marks : tuples
        Of a map its regions, the whole sea first, and the rivers and ports named on it; targets of states; depths and
        draughts that were reported.
    shores : tuple of Shore, or None
        Of a map the edge of the sea at its levels, the newest first; None where it was to be drawn and could not be.
    missing : str
        Why there is nothing to draw; the reason is printed in the place of the figure.
    """

    id: str
    kind: str
    title: str = ""
    subtitle: str = ""
    lines: tuple[Series, ...] = ()
    values: tuple[Value, ...] = ()
    references: tuple[ReferenceLevel, ...] = ()
    outlines: tuple[Outline, ...] = ()
    spots: tuple[Spot, ...] = ()
    shores: tuple[Shore, ...] | None = ()
    goals: tuple[Goal, ...] = ()
    marks: tuple[Mark, ...] = ()
    missing: str = ""

    def __post_init__(self) -> None:
        """Refuse a figure that no chart draws, and one that is empty without a reason."""
        if self.kind not in KINDS:
            raise CatalogError(self.id, f"unknown kind of figure {self.kind!r}", f"one of {', '.join(KINDS)}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Words in rows and columns; ``numeric`` names the columns that are aligned to the right.

    Cells are in the language of the report; caption, note, head, title and ``empty`` are English and translated in print.
    """

    id: str
    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: tuple[int, ...] = ()
    title: str = ""
    empty: str = ""
    note: str = ""

    def __post_init__(self) -> None:
        """Refuse rows that do not have a cell for each column."""
        if any(len(row) != len(self.head) for row in self.rows):
            raise CatalogError(self.id, "a row and the head of the table differ in length", "fill them alike")


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A part of a report under one heading: paragraphs, figures, tables of words, and a table of numbers.

    ``values`` are the newest numbers that the section lists, with interval and status; ``shows`` names every indicator
    that a figure or the list of the section shows, so that a key message can point to it.
    """

    id: str
    heading: str
    text: tuple[str, ...] = ()
    figures: tuple[Figure, ...] = ()
    tables: tuple[Table, ...] = ()
    values: tuple[Value, ...] = ()
    shows: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Everything one report prints; the same input gives the same bytes.

    Parameters
    ----------
    id, title, audience : str
        Name of the definition, which is the name of its files; heading of the page; whom it is for.
    language : str
        ``en``, ``ru``, ``kk`` or ``az``.
    synthetic : bool
        Whether the catalog holds invented demonstration data; then every file, figure and table says so.
    as_of : datetime or None
        The moment of knowledge asked for; None for what is known now.
    reconstructed : bool
        Whether it tells what was known at ``as_of`` by editions that came from an archive later.
    sections : tuple of Section
        What is shown, in order.
    values, refusals : tuples
        Indicator values in the order of print (whole sea first), and what has no number. All periods may be given:
        the page shows the latest of each indicator and location, the CSV all of them.
    sources : tuple of Source
        One for every dataset that a series or a granule names.
    code_version : str
        Version of the code that computed the numbers.
    rows_name : str
        Name of the file of chart rows, without its ending.
    edition, edition_citation, notice : str
        Of a frozen report: its name, how to cite it, and which edition it corrects and why; empty for others.
    downloads : tuple of str
        Names of the files that lie beside the page for readers to take; empty where it stands alone.
    leading : tuple of str
        The indicators of the key messages in their order; empty for the order of the values.
    """

    id: str
    title: str
    language: str = "en"
    audience: str = ""
    synthetic: bool
    as_of: datetime | None
    sections: tuple[Section, ...]
    values: tuple[Value, ...]
    refusals: tuple[Refusal, ...]
    sources: tuple[Source, ...]
    code_version: str = ""
    rows_name: str = ""
    edition: str = ""
    edition_citation: str = ""
    notice: str = ""
    reconstructed: bool = False
    downloads: tuple[str, ...] = ()
    leading: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a report in which a number or a line has no source, or two figures share an anchor."""
        known = {source.dataset_id for source in self.sources}
        named = {line.dataset_id for line in self.lines}
        named |= {granule.dataset_id for value in self.values for granule in value.granules}
        named |= {one.dataset_id for figure in self.figures for goal in figure.goals for one in goal.sources}
        if missing := sorted(named - known):
            raise CatalogError(self.id, f"no source is given for {', '.join(missing)}", "hand over their Source")
        anchors = [figure.id for figure in self.figures]
        anchors += [table.id for section in self.sections for table in section.tables]
        if len(set(anchors)) != len(anchors):
            raise CatalogError(self.id, "two of its figures or tables share an id", "name each of its own")

    def source(self, dataset_id: str) -> Source:
        """The source of a dataset."""
        return next(source for source in self.sources if source.dataset_id == dataset_id)

    @property
    def figures(self) -> Iterator[Figure]:
        """Every figure, in order."""
        return (figure for section in self.sections for figure in section.figures)

    @property
    def lines(self) -> tuple[Series, ...]:
        """Every line of every figure, in order."""
        return tuple(line for figure in self.figures for line in figure.lines)
