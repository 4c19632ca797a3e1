"""The figures of a report from the catalog: lines of observations and of indicators, and the numbers beside them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from caspian_env.catalog.engine import Connection
from caspian_env.catalog.indicator_values import read_indicator
from caspian_env.catalog.lineage import known_datasets
from caspian_env.catalog.observations import find_series, read_series, utc
from caspian_env.model import FAIL, Indicator
from caspian_env.reports import messages, text
from caspian_env.reports.cf_names import standard_name
from caspian_env.reports.model import Figure, ReferenceLevel, Series
from caspian_env.reports.numbers import Refusal, Value
from caspian_env.wiring import Platform
from caspian_env.workflows import report_shapes
from caspian_env.workflows.keys import awaited_files
from caspian_env.workflows.report_numbers import datum_title, shown_indicators
from caspian_env.workflows.report_shores import shores


def figure(
    connection: Connection, platform: Platform, entry: dict[str, Any], values: tuple[Value, ...],
    refusals: tuple[Refusal, ...], as_of: datetime | None, language: str = "en",
) -> Figure:  # fmt: skip
    """One figure of a definition: its lines and numbers as known then, or the reason why there is nothing to draw."""
    kind = entry["kind"]
    lines = [line for wanted in entry.get("lines", ()) for line in _lines(connection, platform, wanted, as_of)]
    shown = [value for value in text.latest(values) if value.indicator_id in entry.get("values", ())]
    if kind in ("stripes", "cycle"):  # they need values that a line may join
        lines = [line for line in lines if messages.joined(line)]
    if kind == "calendar" and lines:
        lines, why = _calendar(lines)
    elif kind == "balance":
        lines, why = _balance(lines, len(entry["lines"])), ""
    else:
        why = ""
    if kind == "map":
        order = {name: at for at, name in enumerate(entry["values"])}
        shown = list(report_shapes.mapped(sorted(shown, key=lambda value: order[value.indicator_id])))
    goals = report_shapes.goals(connection, platform, as_of) if kind == "goals" else ()
    marks = report_shapes.marks(platform) if kind == "drafts" else ()
    missing = (
        "" if lines or shown or goals or marks else why or _why_missing(connection, platform, entry, refusals, as_of)
    )
    return Figure(
        id=entry["id"],
        kind=kind,
        title=in_language(entry.get("title", ""), language) if missing else "",
        lines=tuple(lines),
        values=tuple(shown),
        references=tuple(
            ReferenceLevel(
                label=row["label"],
                value=row["value"],
                unit="m",
                decimals=2,
                datum_id=row["datum"],
                source=row["source"],
            )
            for row in entry.get("references", ())
        ),
        outlines=report_shapes.outlines(platform) if kind == "map" and shown else (),
        spots=report_shapes.spots(platform) if kind == "map" and shown else (),
        shores=shores(connection, platform, shown, as_of) if kind == "map" else (),
        goals=goals,
        marks=marks,
        missing=missing,
    )


def _calendar(lines: list[Series]) -> tuple[list[Series], str]:
    """The days in heatwaves of the first line that covers the base period, or the reason why there are none."""
    found = [days for line in lines if (days := report_shapes.heatwave_days(line)) is not None]
    return found[:1], "" if found else report_shapes.NO_BASE


def _balance(lines: list[Series], expected: int) -> list[Series]:
    """The terms of the balance; none where one of them is missing or no year has them all."""
    years = [{moment.year for moment in line.times} for line in lines]
    whole = len(lines) == expected and bool(set.intersection(*years))
    return lines if whole else []


def _why_missing(
    connection: Connection,
    platform: Platform,
    entry: dict[str, Any],
    refusals: tuple[Refusal, ...],
    as_of: datetime | None,
) -> str:
    """What its place awaits, else the reasons of what was refused, else which datasets await files, or are not known."""
    places = {place for line in entry.get("lines", ()) for place in line.get("locations", [line.get("location")])}
    if awaited := [
        name for name in sorted(places & set(platform.seeds.locations)) if platform.seeds.locations[name].awaits_outline
    ]:
        commands = [f"caspian-env region add FILE.geojson --id {name}" for name in awaited]
        return f"the outline of its place is awaited; this adds it: {'; '.join(commands)}"
    wanted = {*entry.get("values", ()), *(line.get("indicator") for line in entry.get("lines", ()))}
    reasons = dict.fromkeys(r.reason.rstrip(".") for r in text.latest(refusals) if r.indicator_id in wanted)
    if not reasons and (absent := _needed(platform, entry) - known_datasets(connection, as_of)):
        datasets = [dataset for dataset in platform.seeds.datasets.values() if dataset.id in absent]
        if awaited := list(filter(None, map(awaited_files, datasets))):
            return "; ".join(awaited)
        titles = [dataset.title for dataset in datasets]
        return f"nothing was collected of {'; '.join(titles)}"
    return f"{'; '.join(reasons)}." if reasons else "what it draws has not been collected or computed yet."


def _needed(platform: Platform, entry: dict[str, Any]) -> set[str]:
    """The datasets that the lines and numbers of a figure are made of."""
    lines = entry.get("lines", ())
    names = [*entry.get("values", ()), *(line["indicator"] for line in lines if "indicator" in line)]
    inputs = [
        given
        for indicator in shown_indicators(platform, names)
        if _is_named(indicator, names)
        for given in indicator.inputs
    ]
    return {given.dataset for given in inputs} | {line["dataset"] for line in lines if "indicator" not in line}


def _is_named(indicator: Indicator, names: list[str]) -> bool:
    return bool({indicator.id, indicator.definition} & set(names))


def in_language(words: str | dict[str, str], language: str) -> str:
    """The words in a language; where they are not translated, the English ones with a mark that says so."""
    if isinstance(words, str) or language in words:
        return words if isinstance(words, str) else words[language]
    return f"[en] {words['en']}"


def _lines(connection: Connection, platform: Platform, entry: dict[str, Any], as_of: datetime | None) -> list[Series]:
    if "indicator" not in entry:
        found = [_observed(connection, platform, entry, as_of)]
    else:
        found = [_computed(connection, platform, entry, location, as_of) for location in entry["locations"]]
    return [line for line in found if line is not None]


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
        datum_title=datum_title(platform, series.datum_id),
        resolution=series.resolution,
        redistributable=seeds.datasets[series.dataset_id].redistributable,
        times=tuple(utc(moment) for moment in frame.index),
        values=tuple(frame["value"]),
        std_uncertainty=tuple(None if u != u else float(u) for u in frame["std_uncertainty"]),
        status=tuple(frame["status"]),
        qc_flags=tuple(int(flag) for flag in frame["qc_flag"]),
        source_notes=tuple(frame["source_note"].astype(object).fillna("")),
        standard_name=seeds.variables[series.variable_id].standard_name or "",
    )


def _computed(
    connection: Connection, platform: Platform, entry: dict[str, Any], location: str, as_of: datetime | None
) -> Series | None:
    rows = read_indicator(connection, entry["indicator"], location_id=location, as_of=as_of)
    rows = [row for row in rows if row.value is not None]
    indicator = platform.seeds.indicators[entry["indicator"]]
    if not rows:
        return None
    dataset = entry.get("dataset", indicator.inputs[0].dataset)
    return Series(
        label=entry.get("label", platform.seeds.locations[location].title),
        dataset_id=dataset,
        variable_id=indicator.inputs[0].variable,
        location_id=location,
        location_title=platform.seeds.locations[location].title,
        unit=indicator.units,
        decimals=indicator.decimals,
        datum_id=rows[-1].datum_id,
        datum_title=datum_title(platform, rows[-1].datum_id),
        resolution="P1Y" if (rows[0].period_end - rows[0].period_start).days > 300 else "P1M",
        redistributable=platform.seeds.datasets[dataset].redistributable,
        times=tuple(row.period_start for row in rows),
        values=tuple(row.value for row in rows),
        std_uncertainty=tuple(row.std_uncertainty for row in rows),
        status=tuple(row.status for row in rows),
        qc_flags=tuple(row.qc_flag for row in rows),
        standard_name=standard_name(indicator.id),
    )
