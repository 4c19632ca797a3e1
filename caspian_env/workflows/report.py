"""Fill a bulletin from the catalog and write its files, each complete or not at all."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from caspian_env.catalog.checks import passed_checks
from caspian_env.catalog.engine import Connection
from caspian_env.catalog.indicator_values import read_indicator
from caspian_env.catalog.lineage import first_retrievals, granules_of, newest_granules
from caspian_env.catalog.observations import find_series, read_series, utc
from caspian_env.catalog.reference import is_synthetic
from caspian_env.formats.disk import discard, writing
from caspian_env.model import FAIL, Indicator
from caspian_env.reports.bulletin import build
from caspian_env.reports.model import Bulletin, GranuleLine, ReferenceLevel, Refusal, Series, Source, Value
from caspian_env.seeds import load_reports
from caspian_env.settings import VERSION, data_folder
from caspian_env.wiring import Platform
from caspian_env.workflows.ledger import WAIT_SECONDS, ledger
from caspian_env.workflows.outcome import Outcome
from caspian_env.workflows.same_bulletin import Written, digest_of


def write_bulletin(
    platform: Platform, folder: Path, *, as_of: datetime | None = None, scheduled_for: datetime | None = None
) -> list[Path]:
    """Write the bulletin's files into ``folder`` and return their paths, the page first.

    Raises
    ------
    DiskError
        When the disk does not take them; the files of the bulletin before stay as they were.
    AlreadyClaimed
        When another run did not stop building one; AlreadyDone when the one that was due then is built.
    """
    outcome = Outcome("bulletin", expected=1)
    claimed = ledger(
        platform, "report", "bulletin", outcome, job="report", scheduled_for=scheduled_for, wait_seconds=WAIT_SECONDS
    )
    with claimed:
        with platform.catalog.read() as connection:
            bulletin = fill_bulletin(connection, platform, as_of=as_of)
        digest, last = digest_of(bulletin), Written(platform.settings.home / "cache" / "bulletin", folder)
        written = last.same(digest)
        if written is None:
            written = _write(folder, build(bulletin))
            last.remember(digest, written)
        outcome.fetched = 1
    return sorted(written, key=lambda path: (path.suffix != ".html", path.name))


def fill_bulletin(connection: Connection, platform: Platform, *, as_of: datetime | None = None) -> Bulletin:
    """The bulletin as known now or at ``as_of``: series, values, refusals and sources."""
    definition = load_reports(data_folder("seeds"))["bulletin"]
    level = [_observed(connection, platform, entry, as_of) for entry in definition["level"]]
    surface = [
        _yearly(connection, platform, entry, location, as_of)
        for entry in definition["surface"]
        for location in entry["locations"]
    ]
    headlines = _headlines(connection, definition["headlines"], as_of)
    shown = _shown(platform, definition["indicators"])
    values, refusals = _numbers(connection, platform, shown, headlines, as_of)
    lines = [line for line in (*level, *surface) if line is not None]
    named = {line.dataset_id for line in lines} | {granule.dataset_id for value in values for granule in value.granules}
    return Bulletin(
        title=definition["title"],
        synthetic=is_synthetic(connection),
        as_of=as_of,
        level=tuple(line for line in level if line is not None),
        surface=tuple(line for line in surface if line is not None),
        values=values,
        refusals=refusals,
        sources=_sources(connection, platform, named, as_of),
        reference_levels=tuple(
            ReferenceLevel(
                label=row["label"],
                value=row["value"],
                unit="m",
                decimals=2,
                datum_id=row["datum"],
                source=row["source"],
            )
            for row in definition["reference_levels"]
        ),
        code_version=VERSION,
    )


def _observed(
    connection: Connection, platform: Platform, entry: dict[str, str], as_of: datetime | None
) -> Series | None:
    found = find_series(
        connection, dataset_id=entry["dataset"], variable_id=entry["variable"], location_id=entry["location"],
        datum_id=entry.get("datum"),
    )  # fmt: skip
    frame = read_series(connection, found[0].id, as_of=as_of) if found else None
    if frame is None or frame.empty:
        return None
    frame = frame[frame["qc_flag"] != FAIL]
    series, seeds = found[0], platform.seeds
    return Series(
        label=entry["label"],
        dataset_id=series.dataset_id,
        variable_id=series.variable_id,
        location_id=series.location_id,
        location_title=seeds.locations[series.location_id].title,
        unit=seeds.variables[series.variable_id].units,
        decimals=2,
        datum_id=series.datum_id,
        datum_title=_datum_title(platform, series.datum_id),
        resolution=series.resolution,
        redistributable=seeds.datasets[series.dataset_id].redistributable,
        times=tuple(utc(moment) for moment in frame.index),
        values=tuple(frame["value"]),
        std_uncertainty=tuple(None if u != u else float(u) for u in frame["std_uncertainty"]),
        status=tuple(frame["status"]),
        qc_flags=tuple(int(flag) for flag in frame["qc_flag"]),
        source_notes=tuple(
            note or "" for note in frame["source_note"].astype(object).where(frame["source_note"].notna())
        ),
    )


def _yearly(
    connection: Connection, platform: Platform, entry: dict[str, Any], location: str, as_of: datetime | None
) -> Series | None:
    rows = read_indicator(connection, entry["indicator"], location_id=location, as_of=as_of)
    rows = [row for row in rows if row.value is not None]
    indicator = platform.seeds.indicators[entry["indicator"]]
    if not rows:
        return None
    return Series(
        label=platform.seeds.locations[location].title,
        dataset_id=entry["dataset"],
        variable_id=indicator.inputs[0].variable,
        location_id=location,
        location_title=platform.seeds.locations[location].title,
        unit=indicator.units,
        decimals=indicator.decimals,
        datum_id="none",
        datum_title="",
        resolution="P1Y",
        redistributable=platform.seeds.datasets[entry["dataset"]].redistributable,
        times=tuple(row.period_start for row in rows),
        values=tuple(row.value for row in rows),
        std_uncertainty=tuple(row.std_uncertainty for row in rows),
        status=tuple(row.status for row in rows),
        qc_flags=tuple(row.qc_flag for row in rows),
    )


def _headlines(connection: Connection, wanted: list[dict[str, Any]], as_of: datetime | None) -> dict[str, str]:
    """Which indicator speaks in which sentence: the first of each list with a number, or else with a reason."""
    speaking: dict[str, str] = {}
    for entry in wanted:
        rows = {name: read_indicator(connection, name, as_of=as_of) for name in entry["of"]}
        numbered = [name for name, found in rows.items() if any(row.value is not None for row in found)]
        known = [name for name, found in rows.items() if found]
        speaking.update(dict.fromkeys((numbered or known)[:1], entry["say"]))
    return speaking


def _shown(platform: Platform, definitions: list[str]) -> list[Indicator]:
    """The indicators of the definitions that the report names, in its order, and after them those of the institute."""
    datasets = platform.seeds.datasets
    own = {
        indicator.definition
        for indicator in platform.seeds.indicators.values()
        if any(datasets[given.dataset].theme == "local" for given in indicator.inputs)
    }
    order = [*definitions, *sorted(own - set(definitions))]
    chosen = [indicator for indicator in platform.seeds.indicators.values() if indicator.definition in order]
    return sorted(chosen, key=lambda indicator: order.index(indicator.definition))


def _numbers(
    connection: Connection,
    platform: Platform,
    indicators: list[Indicator],
    headlines: dict[str, str],
    as_of: datetime | None,
) -> tuple[tuple[Value, ...], tuple[Refusal, ...]]:
    values: list[Value] = []
    refusals: list[Refusal] = []
    for indicator in indicators:
        rows = read_indicator(connection, indicator.id, as_of=as_of)
        rows = sorted(rows, key=lambda row: (indicator.locations.index(row.location_id), row.period_start))
        granules = granules_of(connection, [row.id for row in rows if row.value is not None])
        for row in rows:
            shared = _shared_fields(platform, indicator, row, headlines.get(indicator.id, ""))
            if row.value is None:
                refusals.append(Refusal(**shared, reason=row.reason))
                continue
            lines = {(b.dataset_id, b.sha256): GranuleLine(sha256=b.sha256, url=b.url, dataset_id=b.dataset_id)
                     for b in granules[row.id]}  # fmt: skip
            values.append(
                Value(
                    **shared,
                    value=row.value,
                    decimals=indicator.decimals,
                    std_uncertainty=row.std_uncertainty,
                    ci_low=row.ci_low,
                    ci_high=row.ci_high,
                    ci_level=row.ci_level,
                    qc_flag=row.qc_flag,
                    licence=row.licence,
                    granules=tuple(lines.values()),
                    method_citation=indicator.citation,
                    note=indicator.note,
                    confidence=row.confidence,
                )
            )
    return tuple(values), tuple(refusals)


def _shared_fields(platform: Platform, indicator: Indicator, row: Any, headline: str) -> dict[str, Any]:
    return {
        "indicator_id": indicator.id,
        "title": indicator.title,
        "statistic": indicator.statistic,
        "location_id": row.location_id,
        "location_title": platform.seeds.locations[row.location_id].title,
        "period_start": row.period_start,
        "period_end": row.period_end,
        "unit": row.unit,
        "n_valid": row.n_valid,
        "n_expected": row.n_expected,
        "status": row.status,
        "datum_id": row.datum_id,
        "datum_title": _datum_title(platform, row.datum_id),
        "method_version": row.method_version,
        "headline": headline,
    }


def _sources(connection: Connection, platform: Platform, named: set[str], as_of: datetime | None) -> tuple[Source, ...]:
    newest, checked = newest_granules(connection, as_of), passed_checks(connection, as_of)
    addresses = first_retrievals(connection, {row.granule_id for row in newest.values()})
    return tuple(
        Source(
            dataset_id=dataset.id,
            title=dataset.title,
            provider=dataset.provider,
            citation=dataset.citation,
            licence=dataset.licence,
            redistributable=dataset.redistributable,
            doi=dataset.doi,
            landing_page=dataset.landing_page,
            product_version=dataset.product_version,
            newest_observation=newest[dataset.id].time,
            granule_sha256=newest[dataset.id].sha256,
            granule_url=addresses[newest[dataset.id].granule_id][0],
            caveats=dataset.caveats,
            cannot=dataset.cannot,
            proven=dataset.proven_on == "real" or dataset.id in checked,
        )
        for dataset in platform.seeds.datasets.values()
        if dataset.id in newest and dataset.id in named
    )


def _datum_title(platform: Platform, datum_id: str) -> str:
    return "" if datum_id == "none" else platform.seeds.datums[datum_id].title


def _write(folder: Path, files: Mapping[str, bytes]) -> list[Path]:
    """Write all files, then give them their names, so that those of two bulletins are not mixed."""
    partials = {folder / name: folder / f".{name}.partial" for name in files}
    try:
        with writing(folder, "the bulletin"):
            folder.mkdir(parents=True, exist_ok=True)
            for path, partial in partials.items():
                with partial.open("wb") as file:
                    file.write(files[path.name])
                    file.flush()
                    os.fsync(file.fileno())
            for path, partial in partials.items():
                partial.replace(path)
    finally:
        for partial in partials.values():
            discard(partial)
    return list(partials)
