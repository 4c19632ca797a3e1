"""The numbers of a report from the catalog: values with the bytes behind them, refusals, and the sources of both."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from caspian_env.catalog.checks import passed_checks
from caspian_env.catalog.engine import Connection
from caspian_env.catalog.indicator_values import read_indicator
from caspian_env.catalog.lineage import first_retrievals, granules_of, newest_granules
from caspian_env.model import Indicator
from caspian_env.reports.model import Source
from caspian_env.reports.numbers import GranuleLine, Refusal, Value
from caspian_env.wiring import Platform
from caspian_env.workflows.handed_on import kept_back, why_kept_back


def headlines(connection: Connection, wanted: list[dict[str, Any]], as_of: datetime | None) -> dict[str, str]:
    """Which indicator speaks in which sentence: the first of each list with a number, or else with a reason."""
    speaking: dict[str, str] = {}
    for entry in wanted:
        rows = {name: read_indicator(connection, name, as_of=as_of) for name in entry["of"]}
        numbered = [name for name, found in rows.items() if any(row.value is not None for row in found)]
        known = [name for name, found in rows.items() if found]
        speaking.update(dict.fromkeys((numbered or known)[:1], entry["say"]))
    return speaking


def shown_indicators(platform: Platform, names: list[str]) -> list[Indicator]:
    """The indicators that a report names by id or by definition, in its order, and after them those of the institute."""
    datasets = platform.seeds.datasets
    own = {
        indicator.definition
        for indicator in platform.seeds.indicators.values()
        if any(datasets[given.dataset].theme == "local" for given in indicator.inputs)
    }
    order = [*names, *sorted(own - set(names))]
    place = {name: at for at, name in reversed(list(enumerate(order)))}
    # What a text places by its id stays among the variants of its definition where those are listed before.
    named = [
        (i, [place[name] for name in (i.id, i.definition) if name in place]) for i in platform.seeds.indicators.values()
    ]
    return [i for i, at in sorted(((i, min(at)) for i, at in named if at), key=lambda pair: pair[1])]


def numbers(
    connection: Connection,
    platform: Platform,
    indicators: list[Indicator],
    speaking: dict[str, str],
    as_of: datetime | None,
) -> tuple[tuple[Value, ...], tuple[Refusal, ...]]:
    """The values of the indicators and what has no number, whole sea first, each with the granules behind it.

    A number that a licence keeps back has its reason in its place, once for each place.
    """
    values: list[Value] = []
    refusals: list[Refusal] = []
    for indicator in indicators:
        rows = read_indicator(connection, indicator.id, as_of=as_of)
        rows = sorted(rows, key=lambda row: (indicator.locations.index(row.location_id), row.period_start))
        if owners := kept_back(platform.seeds, indicator):
            refusals += [
                Refusal(
                    **_shared_fields(platform, indicator, row, ""),
                    reason=why_kept_back(platform.seeds, indicator, owners),
                )
                for row in {row.location_id: row for row in rows if row.value is not None}.values()
            ]
            continue
        granules = granules_of(connection, [row.id for row in rows if row.value is not None])
        for row in rows:
            shared = _shared_fields(platform, indicator, row, speaking.get(indicator.id, ""))
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
        "datum_title": datum_title(platform, row.datum_id),
        "method_version": row.method_version,
        "headline": headline,
    }


def sources(connection: Connection, platform: Platform, named: set[str], as_of: datetime | None) -> tuple[Source, ...]:
    """The named datasets with their newest granule, in the order of the seeds."""
    newest, checked = newest_granules(connection, named, as_of), passed_checks(connection, as_of)
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
            granule_url=addresses[newest[dataset.id].granule_id].url,
            accessed=addresses[newest[dataset.id].granule_id].retrieved_at.date(),
            from_an_archive=addresses[newest[dataset.id].granule_id].from_an_archive,
            caveats=dataset.caveats,
            cannot=dataset.cannot,
            proven=dataset.proven_on == "real" or dataset.id in checked,
        )
        for dataset in platform.seeds.datasets.values()
        if dataset.id in newest and dataset.id in named
    )


def datum_title(platform: Platform, datum_id: str) -> str:
    """The title of a datum; empty where there is none."""
    return "" if datum_id == "none" else platform.seeds.datums[datum_id].title
