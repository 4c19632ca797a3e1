"""A report's numbers as CSV: RFC 4180 cells below comment lines that begin with ``# ``.

A text cell that a spreadsheet would take for a formula begins with an apostrophe; numbers stay numbers. Where a
licence forbids to hand rows on, the file says which dataset is left out and where to get it.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence

from caspian_env.formats.inert_cells import inert
from caspian_env.reports import messages, text
from caspian_env.reports.model import Report, Series, Source
from caspian_env.reports.numbers import Refusal, Value

Cell = str | int | float | None

VALUE_COLUMNS = (
    "indicator_id", "title", "statistic", "location_id", "location", "period_start", "period_end", "value_printed",
    "value", "unit", "datum", "std_uncertainty", "ci_low", "ci_high", "ci_level", "n_valid", "n_expected", "status",
    "qc_flag", "confidence", "method_version", "licence", "no_number_because", "granule_sha256", "url", "synthetic",
)  # fmt: skip
OBSERVATION_COLUMNS = (
    "dataset_id", "variable_id", "location_id", "location", "datum", "resolution", "time", "value", "unit",
    "std_uncertainty", "qc_flag", "status", "source_note", "granule_sha256", "synthetic",
)  # fmt: skip


def values_csv(report: Report) -> bytes:
    """Every indicator value with all it carries, then every refusal with its reason."""
    rows = value_rows(report)
    return _file([*value_notes(report), f"rows: {len(rows)}"], VALUE_COLUMNS, rows)


def value_rows(report: Report) -> list[Sequence[Cell]]:
    """A row of ``VALUE_COLUMNS`` for each value, then for each refusal; times as ISO 8601, UTC."""
    rows = [_value_row(value, report.synthetic) for value in report.values]
    return rows + [_refusal_row(refusal, report.synthetic) for refusal in report.refusals]


def value_notes(report: Report) -> list[str]:
    """What must be known of the values as a whole: synthetic or not, as known when, licences and citations."""
    return [
        *_opening(report, "indicator values"),
        "value_printed is rounded to the places the uncertainty allows; value is not rounded",
        "ci_low to ci_high is the interval of level ci_level; period_end is excluded; times are UTC",
        *(f"licence of {source.dataset_id}: {source.licence}; cite: {source.citation}" for source in report.sources),
    ]


def observations_csv(report: Report) -> bytes:
    """The rows of the charts, only of datasets whose licence lets them be handed on."""
    rows = observation_rows(report)
    return _file([*observation_notes(report), f"rows: {len(rows)}"], OBSERVATION_COLUMNS, rows)


def observation_rows(report: Report) -> list[Sequence[Cell]]:
    """A row of ``OBSERVATION_COLUMNS`` for each point of a chart that may be handed on; times as ISO 8601, UTC."""
    handed_on = (line for line in report.lines if may_be_handed_on(report, line))
    return [row for line in handed_on for row in _observation_rows(line, report)]


def observation_notes(report: Report) -> list[str]:
    """What must be known of the rows as a whole, and which rows a licence keeps back."""
    lines = report.lines
    handed_on = dict.fromkeys(line.dataset_id for line in lines if may_be_handed_on(report, line))
    return [
        *_opening(report, "rows of the charts"),
        "qc_flag is a QARTOD flag: 1 good, 2 not evaluated, 3 suspect, 4 fail; time is UTC, start of the period for means",
        *(f"licence of {name}: {report.source(name).licence}; cite: {report.source(name).citation}" for name in handed_on),
        *(withheld_notice(source) for source in withheld(report)),
    ]  # fmt: skip


def may_be_handed_on(report: Report, line: Series) -> bool:
    """Whether both the series and its dataset say that its rows may be redistributed."""
    return line.redistributable and report.source(line.dataset_id).redistributable


def withheld(report: Report) -> tuple[Source, ...]:
    """Datasets that the charts show and ``observations.csv`` leaves out, each once."""
    names = (x.dataset_id for x in report.lines if not may_be_handed_on(report, x))
    return tuple(report.source(name) for name in dict.fromkeys(names))


def withheld_notice(source: Source) -> str:
    """Which rows are left out, why, and where to get them."""
    address = source.landing_page or (f"https://doi.org/{source.doi}" if source.doi else "the provider")
    return (
        f"withheld: {source.dataset_id} ({source.title}) is not in this file because its licence does not allow"
        f" redistribution ({source.licence}); get it from {source.provider}: {address}"
    )


def _opening(report: Report, what: str) -> list[str]:
    known = f"as known on {report.as_of:%Y-%m-%dT%H:%M:%SZ}" if report.as_of else "as known now"
    known += f", {messages.RECONSTRUCTED}" if report.reconstructed else ""
    mark = messages.SYNTHETIC if report.synthetic else "not synthetic: from observations of the providers named below"
    version = f"; computed by caspian-env {report.code_version}" if report.code_version else ""
    return [f"{report.id}: {what}", mark, f"{known}{version}"]


def _value_row(value: Value, synthetic: bool) -> Sequence[Cell]:
    return (
        value.indicator_id, value.title, value.statistic, value.location_id, value.location_title,
        f"{value.period_start:%Y-%m-%dT%H:%M:%SZ}", f"{value.period_end:%Y-%m-%dT%H:%M:%SZ}",
        Number(text.plain(value.value, value.decimals)), value.value, value.unit, value.datum_id,
        value.std_uncertainty, value.ci_low, value.ci_high, value.ci_level, value.n_valid, value.n_expected,
        value.status, value.qc_flag, value.confidence, value.method_version, value.licence, "",
        " ".join(dict.fromkeys(granule.sha256 for granule in value.granules)),
        " ".join(dict.fromkeys(granule.url for granule in value.granules)), str(synthetic).lower(),
    )  # fmt: skip


def _refusal_row(refusal: Refusal, synthetic: bool) -> Sequence[Cell]:
    return (
        refusal.indicator_id, refusal.title, refusal.statistic, refusal.location_id, refusal.location_title,
        f"{refusal.period_start:%Y-%m-%dT%H:%M:%SZ}", f"{refusal.period_end:%Y-%m-%dT%H:%M:%SZ}",
        None, None, refusal.unit, refusal.datum_id, None, None, None, None, refusal.n_valid, refusal.n_expected,
        refusal.status, None, None, refusal.method_version, "", refusal.reason, "", "", str(synthetic).lower(),
    )  # fmt: skip


def _observation_rows(line: Series, report: Report) -> Iterator[Sequence[Cell]]:
    n = len(line.times)
    columns = (line.times, line.values, line.std_uncertainty, line.qc_flags, line.status,
               line.source_notes or ("",) * n, line.granule_sha256 or ("",) * n)  # fmt: skip
    for time, value, u, flag, status, note, sha256 in zip(*columns, strict=True):
        yield (
            line.dataset_id, line.variable_id, line.location_id, line.location_title, line.datum_id, line.resolution,
            f"{time:%Y-%m-%dT%H:%M:%SZ}", value, line.unit, u, flag, status, note, sha256,
            str(report.synthetic).lower(),
        )  # fmt: skip


class Number(str):
    """A number already written as text: it is not put into quotes of any kind."""

    __slots__ = ()


def _file(notes: Iterable[str], columns: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bytes:
    out = io.StringIO()
    out.writelines(f"# {_comment(note)}\n" for note in notes)
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([_cell(cell) for cell in row] for row in rows)
    return out.getvalue().encode("utf-8")


def _cell(cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, Number):
        return str(cell)
    if not isinstance(cell, str):
        return repr(cell)
    words = " ".join(cell.split())
    return inert(words)


def _comment(words: str) -> str:
    # A comma or semicolon would start a new cell in a spreadsheet, where a formula could hide.
    return re.sub(r"([,;]\s*)(?=[=+\-@])", r"\1'", " ".join(words.split()))
