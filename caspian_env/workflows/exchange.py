"""Export of indicator values in exchange formats: what may go out goes, what may not is named.

A number that only repeats the row of a provider whose licence forbids passing rows on is kept back; one made from such rows
goes out with its licence. Rows of providers themselves are in no export. What was kept back is a table of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from caspian_env.catalog.editions import edition_of_series
from caspian_env.catalog.indicator_values import read_indicator
from caspian_env.catalog.manual import read_manual_values
from caspian_env.catalog.migrate import require_current
from caspian_env.errors import SettingsError, not_among
from caspian_env.formats import exchange_tables
from caspian_env.formats.disk import writing
from caspian_env.formats.sdmx_structure import About, unit_code
from caspian_env.model import Indicator
from caspian_env.seeds.crosswalk import FRAMEWORKS, Crossing, load_crosswalk, load_frameworks
from caspian_env.seeds.manual import load_reportables
from caspian_env.wiring import Platform, Seeds
from caspian_env.workflows.handed_on import kept_back

if TYPE_CHECKING:
    from caspian_env.catalog.engine import Connection

FORMATS: Mapping[str, Callable[..., dict[str, bytes]]] = {
    "sdmx-csv": exchange_tables.sdmx_csv, "data-package": exchange_tables.data_package, "csvw": exchange_tables.csvw,
}  # fmt: skip


WARMING = {f"AR{n}": f"IPCC, assessment report {n}" for n in (2, 4, 5, 6)}


@dataclass(slots=True)
class Export:
    """The rows that go out, numbers that persons reported, what is kept back, and the files written."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    reported: list[dict[str, Any]] = field(default_factory=list)
    withheld: list[dict[str, Any]] = field(default_factory=list)
    files: list[Path] = field(default_factory=list)


def export(
    platform: Platform, form: str, folder: Path, *, as_of: datetime | None = None, group_by: str | None = None,
    only: set[str] | None = None,
) -> Export:  # fmt: skip
    """Write the values known now or at ``as_of`` into ``folder``, each file whole or not at all.

    Raises
    ------
    SettingsError
        When format, framework or an indicator is not known.
    DiskError
        When the folder cannot be written.
    """
    require_current(platform.catalog)
    _check("format", form, set(FORMATS))
    if group_by is not None:
        _check("group-by", group_by, set(FRAMEWORKS))
    if unknown := sorted(set(only or ()) - set(platform.seeds.indicators)):
        raise not_among(unknown, "an indicator", platform.seeds.indicators, "caspian-env indicators")
    found = Export()
    crossings = load_crosswalk()
    with platform.catalog.read() as connection:
        for indicator in platform.seeds.indicators.values():
            if only is None or indicator.id in only:
                _add(found, connection, platform, indicator, crossings.get(indicator.definition), as_of)
        if only is None:
            _add_reported(found, read_manual_values(connection, as_of=as_of))
    if group_by is not None:
        found.rows.sort(key=lambda row: str(row[group_by.upper()]))
    moment = as_of or platform.clock()
    about = About(
        title="Indicators of the Caspian Sea and its littoral states" + (f" as of {as_of:%Y-%m-%d}" if as_of else ""),
        description=_description(found, as_of),
        created=f"{moment:%Y-%m-%dT%H:%M:%SZ}",
        codes=_codes_of(platform.seeds, found.rows),
    )
    tables = {
        exchange_tables.DATA: found.rows, exchange_tables.REPORTED: found.reported,
        exchange_tables.WITHHELD: found.withheld,
    }  # fmt: skip
    found.files = _write(folder, FORMATS[form](tables, about))
    return found


def grouped(indicators: Iterable[Indicator], framework: str) -> list[tuple[str, Indicator]]:
    """Each indicator under every code that it has in a framework, in the order of these; last those that have none.

    Raises
    ------
    SettingsError
        When the framework is not known.
    """
    _check("group-by", framework, set(FRAMEWORKS))
    rows, order = load_crosswalk(), list(load_frameworks()[framework])
    pairs = [
        (code, indicator)
        for indicator in indicators
        for code in _codes(rows.get(indicator.definition), framework) or ("",)
    ]
    return sorted(pairs, key=lambda pair: order.index(pair[0]) if pair[0] else len(order))


def _codes(crossing: Crossing | None, framework: str) -> tuple[str, ...]:
    return crossing.codes(framework) if crossing else ()


def _add(
    found: Export, connection: Connection, platform: Platform, indicator: Indicator, crossing: Crossing | None,
    as_of: datetime | None,
) -> None:  # fmt: skip
    values = [row for row in read_indicator(connection, indicator.id, as_of=as_of) if row.value is not None]
    sources = "; ".join(dict.fromkeys(given.dataset for given in indicator.inputs))
    for location in sorted({row.location_id for row in values}):
        mine = [row for row in values if row.location_id == location]
        if kept_back(platform.seeds, indicator):
            found.withheld.append(
                {"INDICATOR": indicator.id, "REF_AREA": location, "N_ROWS": len(mine), "SOURCES": sources,
                 "LICENCE": mine[-1].licence}
            )  # fmt: skip
            continue
        shared = {
            **_of_definition(platform, indicator, crossing), "SOURCES": sources,
            "EDITION": _editions(connection, indicator, location, as_of),
        }  # fmt: skip
        found.rows += [_row(row) | shared for row in mine]


def _add_reported(found: Export, rows: Iterable[Any]) -> None:
    """Numbers that persons reported; of those that may not be passed on, how many there are."""
    known = load_reportables()
    held: dict[tuple[str, str], list[Any]] = {}
    for row in rows:
        if not row.redistributable:
            held.setdefault((row.quantity, row.location_id), []).append(row)
            continue
        found.reported.append({
            "QUANTITY": row.quantity, "REF_AREA": row.location_id,
            "TIME_PERIOD": time_period(row.period_start, row.period_end), "VALUE": row.value, "UNIT_MEASURE": row.unit,
            "REPORTED_BY": row.reported_by, "REPORTED_ON": row.reported_on, "SOURCE": row.source,
            "LICENCE": row.licence, "NOTE": row.note, "SIGNED_BY": row.signed_by, "SIGNED_ON": row.signed_on,
            "KNOWN_FROM": f"{row.known_from:%Y-%m-%dT%H:%M:%SZ}",
            "THEME": known[row.quantity].theme if row.quantity in known else "",
            "TITLE": known[row.quantity].title if row.quantity in known else "",
        })  # fmt: skip
    for (quantity, place), mine in held.items():
        told = {"SOURCES": mine[-1].reported_by, "LICENCE": mine[-1].licence}
        found.withheld.append({"INDICATOR": quantity, "REF_AREA": place, "N_ROWS": len(mine), **told})


def _of_definition(platform: Platform, indicator: Indicator, crossing: Crossing | None) -> dict[str, Any]:
    variable = platform.seeds.variables[indicator.inputs[0].variable]
    across = {name.upper(): getattr(crossing, name) if crossing else "" for name in FRAMEWORKS}
    return across | {
        "BASE_YEAR": indicator.parameters.get("base_year"), "GWP_SET": variable.gwp_set, "LULUCF": variable.lulucf,
        "TARGET": indicator.target, "TITLE": indicator.title,
    }  # fmt: skip


def _row(row: Any) -> dict[str, Any]:
    return {
        "INDICATOR": row.indicator_id, "REF_AREA": row.location_id,
        "TIME_PERIOD": time_period(row.period_start, row.period_end), "OBS_VALUE": row.value, "UNIT_MEASURE": row.unit,
        "STD_UNCERTAINTY": row.std_uncertainty, "CI_LOW": row.ci_low, "CI_HIGH": row.ci_high, "CI_LEVEL": row.ci_level,
        "N_VALID": row.n_valid, "N_EXPECTED": row.n_expected, "OBS_STATUS_WORD": row.status, "QC_FLAG": row.qc_flag,
        "DATUM": "" if row.datum_id == "none" else row.datum_id, "METHOD_VERSION": row.method_version,
        "LICENCE": row.licence, "KNOWN_FROM": f"{row.known_from:%Y-%m-%dT%H:%M:%SZ}",
    }  # fmt: skip


def time_period(start: datetime, end: datetime) -> str:
    """A period as SDMX writes it: a year, a month, or the first day and an ISO 8601 duration."""
    if (start.month, start.day, end.month, end.day) == (1, 1, 1, 1) and end.year == start.year + 1:
        return f"{start:%Y}"
    if start.day == end.day == 1 and timedelta(days=27) < end - start < timedelta(days=32):
        return f"{start:%Y-%m}"
    return f"{start:%Y-%m-%d}/P{(end - start).days}D"


def _editions(connection: Connection, indicator: Indicator, location: str, as_of: datetime | None) -> str:
    words = []
    for given in indicator.inputs:
        found = edition_of_series(connection, given.dataset, given.variable, given.location or location, as_of)
        if found is not None:
            words.append(f"{given.dataset}: {found.product_version or f'{found.known_at:%Y-%m-%d}'}")
    return "; ".join(dict.fromkeys(words))


def _description(found: Export, as_of: datetime | None) -> str:
    known = f"known at {as_of:%Y-%m-%d %H:%M} UTC" if as_of else "known when this was written"
    kept = sum(row["N_ROWS"] for row in found.withheld)
    return (
        f"{len(found.rows)} values, and {len(found.reported)} reported by persons, {known}. Every value carries unit,"
        " period, editions and licence of its inputs. Rows of providers are not in it."
        f" {kept} values under licences that forbid passing them on are kept back; {exchange_tables.WITHHELD} names them."
        " Declarations of many states are context for one of them, never its compliance."
    )


def _codes_of(seeds: Seeds, rows: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, str]]:
    """The codes that the coded columns hold, with their titles; the title of a unit is its UDUNITS spelling."""
    titles: dict[str, Callable[[str], str]] = {
        "INDICATOR": lambda code: seeds.indicators[code].title,
        "REF_AREA": lambda code: seeds.locations[code].title,
        "OBS_STATUS_WORD": lambda code: code,
        "DATUM": lambda code: seeds.datums[code].title,
        "GWP_SET": lambda code: WARMING.get(code, code),
        "LULUCF": lambda code: f"Land use {code}",
    }
    held = {name: {str(row[name]) for row in rows if row.get(name)} for name in titles}
    listed = {name: {code: title(code) for code in sorted(held[name])} for name, title in titles.items() if held[name]}
    units = sorted({str(row["UNIT_MEASURE"]) for row in rows if row["UNIT_MEASURE"]})
    return listed | ({"UNIT_MEASURE": {unit_code(unit): unit for unit in units}} if units else {})


def _write(folder: Path, files: Mapping[str, bytes]) -> list[Path]:
    with writing(folder, "the export"):
        return list(_written(folder, files))


def _written(folder: Path, files: Mapping[str, bytes]) -> Iterator[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        partial = folder / f".{name}.partial"
        partial.write_bytes(content)
        partial.replace(folder / name)
        yield folder / name


def _check(what: str, word: str, known: set[str]) -> None:
    if word not in known:
        raise SettingsError(word, f"is no {what}", f"known: {', '.join(sorted(known)[:12])}")
