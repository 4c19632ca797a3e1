"""A report's numbers as NetCDF-4 after CF-1.11 and ACDD-1.3: a variable for each indicator and for each line of a chart.

Places and periods lie along one dimension, which indicators that have the same of them share; beside each indicator stand
under its name its uncertainty, interval, counts, flags and reasons, unless none of its numbers has any. A number that is
refused is missing, and its reason is told. The same report gives the same bytes with the same libraries; no clock is asked.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from caspian_env.model import STATUSES
from caspian_env.reports import messages, spreadsheet
from caspian_env.reports.cf_names import standard_name
from caspian_env.reports.model import Report, Series
from caspian_env.reports.numbers import Refusal, Value
from caspian_env.reports.page import file_names, without_bare_rates

if TYPE_CHECKING:
    from netCDF4 import Dataset

NONE = -127  # in place of a flag where there is no number
SECONDS = "seconds since 1970-01-01T00:00:00Z"
TEMPERATURES = ("degree_Celsius", "K")
QUALITY = {"coverage_content_type": "qualityInformation"}
COORDINATE = {"coverage_content_type": "coordinate"}
ENDS = ("ci_low", "ci_high")
ENDINGS = {"std_uncertainty": "standard_uncertainty", "ci_low": "interval_low", "ci_high": "interval_high"}


def netcdf_name(report: Report) -> str:
    """The name of the file: that of the indicator values with another ending."""
    return f"{file_names(report)[1].rpartition('.')[0]}.nc"


def build_netcdf(report: Report) -> bytes:
    """Indicator values, refusals, and the chart rows that may be handed on, as one file."""
    from netCDF4 import Dataset

    honest = without_bare_rates(report)
    # Not in memory: there netCDF-C hands out its buffer with whatever lay in the unused end of it.
    with TemporaryDirectory() as folder:
        path = Path(folder) / "report.nc"
        with Dataset(path, mode="w", format="NETCDF4") as file:
            _fill(file, honest)
        return path.read_bytes()


def _fill(file: Dataset, honest: Report) -> None:
    file.setncatts(_about(honest))
    file.createDimension("bounds", 2)
    axes: dict[tuple[Any, ...], str] = {}
    for name, entries in _by_indicator(honest).items():
        key = tuple((entry.location_id, entry.period_start, entry.period_end) for entry in entries)
        if axes.setdefault(key, name) == name:
            _axis(file, name, entries)
        _indicator(file, name, entries, axes[key])
    taken: dict[str, Series] = {}
    for line in honest.lines:
        if spreadsheet.may_be_handed_on(honest, line) and line.times and line not in taken.values():
            name = _free(f"rows_{line.dataset_id}_{line.variable_id}_{line.location_id}", taken)
            taken[name] = line
            _line(file, name, line)


def _by_indicator(report: Report) -> dict[str, list[Value | Refusal]]:
    found: dict[str, list[Value | Refusal]] = {}
    entries: list[Value | Refusal] = [*report.values, *report.refusals]
    for entry in entries:
        found.setdefault(_plain(entry.indicator_id), []).append(entry)
    return found


def _indicator(file: Dataset, name: str, entries: Sequence[Value | Refusal], axis: str) -> None:
    """One indicator: its numbers along the dimension ``AXIS_number``, and all that any of them carries."""
    values = [entry if isinstance(entry, Value) else None for entry in entries]
    first = next((value for value in values if value), entries[0])
    dimension = f"{axis}_number"
    levels = sorted({value.ci_level for value in values if value and value.ci_level is not None})
    reasons = [entry.reason if isinstance(entry, Refusal) else "" for entry in entries]
    ends = {end: [getattr(value, end) if value else None for value in values] for end in ("std_uncertainty", *ENDS)}
    told = [f"{name}_{ENDINGS[end]}" for end, cells in ends.items() if any(cell is not None for cell in cells)]
    told += [f"{name}_n_valid", *([f"{name}_status", f"{name}_quality_flag"] if any(values) else [])]
    told += [f"{name}_no_number_because"] if any(reasons) else []
    known_as = standard_name(first.indicator_id)
    about: dict[str, Any] = {
        "long_name": first.title, "standard_name": known_as, "units": first.unit, **_temperature(first.unit, first.title),
        "comment": first.statistic, "method_version": first.method_version,
        "coordinates": f"{axis}_time {axis}_place {name}_n_expected",
        "ancillary_variables": " ".join(told), "coverage_content_type": "physicalMeasurement",
        "water_surface_reference_datum": first.datum_id if first.datum_id != "none" else "",
        "license": first.licence if isinstance(first, Value) else "",
    }  # fmt: skip
    _put(file, name, dimension, [value.value if value else None for value in values], about)
    error = QUALITY | {"units": first.unit} | _temperature(first.unit, "difference")
    error["long_name"] = f"{first.title}, standard uncertainty (k = 1)"
    error["standard_name"] = f"{known_as} standard_error" if known_as else ""
    limit = QUALITY | {"units": first.unit, "standard_name": known_as} | _temperature(first.unit, first.title)
    if len(levels) == 1:
        limit["comment"] = f"level of the interval {levels[0]:g}"
    for end, cells in ends.items():
        if (beside := f"{name}_{ENDINGS[end]}") in told:
            side = {"long_name": f"{first.title}, {'lower' if end == 'ci_low' else 'upper'} end of the interval"}
            _put(file, beside, dimension, cells, error if end == "std_uncertainty" else limit | side)
    used = {"long_name": "inputs used", "standard_name": "number_of_observations", "units": "1"} | QUALITY
    _put(file, f"{name}_n_valid", dimension, [entry.n_valid for entry in entries], used, "i4")
    # How many inputs a period should hold belongs to the period, as its time does.
    expected = {"long_name": "inputs expected", "units": "1"} | COORDINATE
    _put(file, f"{name}_n_expected", dimension, [entry.n_expected for entry in entries], expected, "i4")
    if any(values):
        flags = [v.qc_flag if v else NONE for v in values]
        _flags(file, name, dimension, [v.status if v else "" for v in values], flags)
    if any(reasons):
        why = {"long_name": "why there is no number"} | QUALITY
        _words(file, f"{name}_no_number_because", dimension, reasons, why)


def _axis(file: Dataset, name: str, entries: Sequence[Value | Refusal]) -> None:
    """The dimension of an indicator with its periods and places; others with the same lie along it too."""
    file.createDimension(f"{name}_number", len(entries))
    starts, ends = [entry.period_start for entry in entries], [entry.period_end for entry in entries]
    _when(file, name, f"{name}_number", starts, ends)
    _words(file, f"{name}_place", f"{name}_number", [entry.location_id for entry in entries],
           {"long_name": "place for which the number holds"} | COORDINATE)  # fmt: skip


def _line(file: Dataset, name: str, line: Series) -> None:
    """The rows of one line of a chart along the dimension ``NAME_row``."""
    dimension = f"{name}_row"
    file.createDimension(dimension, len(line.times))
    title = f"{line.variable_id} of {line.dataset_id}, {line.location_id}"
    about = {
        "long_name": title, "standard_name": line.standard_name, "units": line.unit,
        **_temperature(line.unit, line.variable_id),
        "coordinates": f"{name}_time", "coverage_content_type": "physicalMeasurement",
        "ancillary_variables": f"{name}_standard_uncertainty {name}_status {name}_quality_flag",
        "water_surface_reference_datum": line.datum_id if line.datum_id != "none" else "",
    }  # fmt: skip
    _put(file, name, dimension, line.values, about)
    named = f"{line.standard_name} standard_error" if line.standard_name else ""
    error = {
        "long_name": f"{title}, standard uncertainty (k = 1)",
        "standard_name": named,
        "units": line.unit,
    } | QUALITY
    _put(file, f"{name}_standard_uncertainty", dimension, line.std_uncertainty,
         error | _temperature(line.unit, "difference"))  # fmt: skip
    _flags(file, name, dimension, line.status, line.qc_flags)
    _when(file, name, dimension, line.times)


def _flags(file: Dataset, name: str, dimension: str, status: Sequence[str], flags: Sequence[int]) -> None:
    import numpy as np

    numbers = [STATUSES.index(word) if word in STATUSES else NONE for word in status]
    about: dict[str, Any] = {"long_name": "status of the value", "standard_name": "status_flag"} | QUALITY
    about |= {"flag_values": np.arange(len(STATUSES), dtype="i1"), "flag_meanings": " ".join(STATUSES)}
    _put(file, f"{name}_status", dimension, numbers, about, "i1")
    about = {
        "long_name": "QARTOD flag of the inputs", "standard_name": "quality_flag",
        "flag_values": np.array([1, 2, 3, 4, 9], dtype="i1"),
        "flag_meanings": "good not_evaluated suspect fail missing", **QUALITY,
    }  # fmt: skip
    _put(file, f"{name}_quality_flag", dimension, flags, about, "i1")


def _when(
    file: Dataset, name: str, dimension: str, starts: Sequence[datetime], ends: Sequence[datetime] | None = None
) -> None:
    """The time of each value, and the half-open period it holds for where it has one."""
    about = {"long_name": "start of the period" if ends else "time", "standard_name": "time", "units": SECONDS,
             "calendar": "proleptic_gregorian", "units_metadata": "leap_seconds: none"}  # fmt: skip
    if ends:
        about["bounds"] = f"{name}_time_bounds"
        limits = file.createVariable(f"{name}_time_bounds", "f8", (dimension, "bounds"))
        limits[:] = [[start.timestamp(), end.timestamp()] for start, end in zip(starts, ends, strict=True)]
    _put(file, f"{name}_time", dimension, [start.timestamp() for start in starts], about | COORDINATE)


def _put(
    file: Dataset, name: str, dimension: str, cells: Sequence[Any], about: dict[str, Any], kind: str = "f8"
) -> None:
    """A variable along one dimension; None is missing. Coordinates have no missing values."""
    import numpy as np

    fill = None if about.get("coverage_content_type") == "coordinate" else (np.nan if kind == "f8" else NONE)
    made = file.createVariable(name, kind, (dimension,), fill_value=fill if kind != "i4" else None)
    made.setncatts({key: value for key, value in about.items() if not isinstance(value, str) or value})
    made[:] = np.array([np.nan if cell is None else cell for cell in cells], dtype=kind)


def _words(file: Dataset, name: str, dimension: str, words: Sequence[str], about: dict[str, Any]) -> None:
    """Words as arrays of characters in UTF-8, which every reader of NetCDF knows."""
    import numpy as np

    coded = [word.encode("utf-8") for word in words]
    length = max([1, *map(len, coded)])
    if f"letters_{length}" not in file.dimensions:
        file.createDimension(f"letters_{length}", length)
    made = file.createVariable(name, "S1", (dimension, f"letters_{length}"))
    made.setncatts(about)
    made[:] = np.array([list(code.ljust(length, b"\0")) for code in coded], dtype="u1").view("S1")


def _temperature(unit: str, words: str) -> dict[str, str]:
    if unit not in TEMPERATURES:
        return {}
    difference = re.search("difference|anomaly|change|against|range|above", words.lower())
    return {"units_metadata": f"temperature: {'difference' if difference else 'on_scale'}"}


def _about(report: Report) -> dict[str, str]:
    """Global attributes; they do not depend on the language of the report."""
    mark = f"{messages.SYNTHETIC}: " if report.synthetic else ""
    entries: list[Value | Refusal] = [*report.values, *report.refusals]
    notes = [
        *spreadsheet.value_notes(report)[2:3],
        *(spreadsheet.withheld_notice(s) for s in spreadsheet.withheld(report)),
    ]
    nameless = sorted({_plain(e.indicator_id) for e in entries if not standard_name(e.indicator_id)})
    if nameless:
        notes.append(f"without a standard_name, as the CF table has none for the quantity: {', '.join(nameless)}")
    periods = [(entry.period_start, entry.period_end) for entry in entries]
    providers = list(dict.fromkeys(source.provider for source in report.sources))
    found = {
        "Conventions": "CF-1.11, ACDD-1.3",
        "title": f"{mark}numbers of the report {report.edition or report.id} on the Caspian Sea",
        "summary": f"{mark}Indicator values with uncertainty, interval, status and period, reasons where there is no"
        " number, and the rows of the charts that may be handed on, as the report prints them.",
        "keywords": ", ".join(("Caspian Sea", *dict.fromkeys(value.title for value in report.values))),
        "id": report.edition or report.id,
        "institution": "caspian-env",
        "creator_name": "caspian-env",
        "creator_type": "institution",
        "source": "; ".join(source.title for source in report.sources),
        "history": f"computed by caspian-env {report.code_version} from the datasets named in source",
        "license": "; ".join(f"{source.dataset_id}: {source.licence}" for source in report.sources),
        "references": "; ".join(source.citation for source in report.sources),
        "acknowledgement": f"Data by {', '.join(providers)}",
        "comment": "; ".join(notes),
        "standard_name_vocabulary": "CF Standard Name Table v93",
        "as_of": _iso(report.as_of),
        "date_created": _iso(report.as_of),
        "time_coverage_start": _iso(min((start for start, _ in periods), default=None)),
        "time_coverage_end": _iso(max((end for _, end in periods), default=None)),
    }
    return {key: value for key, value in found.items() if value}


def _iso(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}" if moment else ""


def _plain(words: str) -> str:
    """A name as CF wants it: letters, digits and underscores, a letter first."""
    return re.sub(r"\W", "_", words, flags=re.ASCII)


def _free(words: str, taken: Iterable[str]) -> str:
    name, names = _plain(words), set(taken)
    return name if name not in names else next(f"{name}_{n}" for n in range(2, 1000) if f"{name}_{n}" not in names)
