"""Explain one indicator value: method, parameters, the very observations it was made of, and the bytes they came from.

The lineage is exact: the observations listed, put through the method, give the value again.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

from caspian_env.catalog.engine import Connection
from caspian_env.catalog.indicator_values import read_indicator
from caspian_env.catalog.lineage import (
    Origin,
    digits_of,
    inputs_of,
    origins_of,
    overrides_of,
    run_of,
    values_of_period,
)
from caspian_env.catalog.methods import method_at
from caspian_env.catalog.observations import read_values
from caspian_env.errors import CatalogError, SettingsError, not_among
from caspian_env.model import FAIL, Indicator, Window
from caspian_env.wiring import Platform

ROW_FIELDS = (
    "id", "indicator_id", "location_id", "period_start", "period_end", "value", "reason", "unit", "std_uncertainty",
    "ci_low", "ci_high", "ci_level", "n_valid", "n_expected", "status", "qc_flag", "datum_id", "licence", "confidence",
    "method_version", "kind", "known_from", "known_to",
)  # fmt: skip
RUN_FIELDS = ("id", "workflow", "status", "started_at", "finished_at", "code_version", "settings_hash")


@dataclass(frozen=True, slots=True)
class UsedObservation:
    """One observation inside the windows of a value; ``excluded`` where its flag is fail and the method never saw it.

    ``qc_tests`` has a digit for each quality test; ``override`` names the person who set the flag instead, and why.
    """

    time: datetime
    value: float
    std_uncertainty: float | None
    qc_flag: int
    qc_tests: str | None
    override: str | None
    status: str
    excluded: bool
    known_from: datetime
    origin: Origin


@dataclass(frozen=True, slots=True)
class Input:
    """One argument of the method: its series, the windows used, and the observations in them as known at a moment."""

    argument: str
    series_id: int
    dataset_id: str
    variable_id: str
    location_id: str
    resolution: str
    datum_id: str
    unit: str
    known_at: datetime
    windows: tuple[Window, ...]
    observations: tuple[UsedObservation, ...]

    def origins(self) -> dict[Origin, int]:
        """The granules of this input in the order of their first observation, and how many observations each gave."""
        counts: dict[Origin, int] = {}
        for observation in self.observations:
            counts[observation.origin] = counts.get(observation.origin, 0) + 1
        return counts


@dataclass(frozen=True, slots=True)
class Explanation:
    """A value, or a refusal, with everything it rests on; ``method`` is the definition of its time, if recorded."""

    fields: Mapping[str, Any]
    title: str
    statistic: str
    citation: str
    method: Mapping[str, Any] | None
    run: Mapping[str, Any]
    inputs: tuple[Input, ...]

    def origins(self) -> list[Origin]:
        """Every granule behind the value, once."""
        return list(dict.fromkeys(origin for one in self.inputs for origin in one.origins()))

    def as_dict(self) -> dict[str, Any]:
        """Everything, for ``--json``."""
        inputs = []
        for one in self.inputs:
            observations = [asdict(o) | {"origin": o.origin.sha256} for o in one.observations]
            for line in observations:
                line["granule_sha256"] = line.pop("origin")
            granules = [asdict(origin) | {"n_observations": n} for origin, n in one.origins().items()]
            windows = [{"start": w.start, "end": w.end} for w in one.windows]
            inputs.append(asdict(one) | {"windows": windows, "observations": observations, "granules": granules})
        return {
            "value": dict(self.fields),
            "title": self.title,
            "statistic": self.statistic,
            "citation": self.citation,
            "method": dict(self.method) if self.method else None,
            "run": dict(self.run),
            "inputs": inputs,
        }


def parse_target(text: str) -> tuple[str, Window]:
    """``ID@PERIOD`` as indicator and period; PERIOD is a year, a month, or START/END with END excluded.

    Raises
    ------
    SettingsError
        When it is written in another way.
    """
    indicator_id, _, period = text.partition("@")
    if not indicator_id or not period:
        raise SettingsError(text, "names no period", "write ID@2022, ID@2022-07 or ID@2013-01-01/2023-01-01")
    if found := re.fullmatch(r"(\d{4})(?:-(0[1-9]|1[0-2]))?", period):
        year, month = int(found[1]), int(found[2] or 1)
        if not 1 <= year < 9999:
            raise SettingsError(text, f"{year} is no year", "write ID@2022")
        months = 1 if found[2] else 12
        after = divmod(year * 12 + month - 1 + months, 12)
        return indicator_id, Window(
            datetime(year, month, 1, tzinfo=UTC), datetime(after[0], after[1] + 1, 1, tzinfo=UTC)
        )
    return indicator_id, Window.parse(period)


def explain(
    platform: Platform, indicator_id: str, period: Window, *, location: str | None = None, as_of: datetime | None = None
) -> Explanation:
    """What one value known now, or at ``as_of``, was made from.

    Raises
    ------
    SettingsError
        When the indicator or the location is none, or the indicator has this period at several locations.
    CatalogError
        When no such value is known.
    """
    if indicator_id not in platform.seeds.indicators:
        if indicator_id in platform.seeds.datasets:
            remedy = f"caspian-env series {indicator_id} shows its values; view v_lineage has the bytes behind each"
            raise SettingsError(indicator_id, "is a dataset, and this explains indicators", remedy)
        raise not_among([indicator_id], "an indicator", platform.seeds.indicators, "caspian-env indicators")
    indicator = platform.seeds.indicators[indicator_id]
    if location is not None and location not in indicator.locations:
        raise SettingsError(
            location, f"{indicator_id} has no such location", f"one of {', '.join(indicator.locations)}"
        )
    with platform.catalog.read() as connection:
        rows = values_of_period(
            connection, indicator_id, period.start, period.end, location_id=location, as_of=as_of
        )  # fmt: skip
        if not rows:
            raise _unknown(connection, indicator_id, period, location, as_of)
        if len(rows) > 1:
            places = ", ".join(row.location_id for row in rows)
            raise SettingsError(indicator_id, f"has {period} at {len(rows)} locations", f"--region, one of {places}")
        return _explanation(connection, indicator, rows[0])


def _explanation(connection: Connection, indicator: Indicator, row: Any) -> Explanation:
    inputs: list[Input] = []
    listed = inputs_of(connection, row.id)
    for _, group in groupby(listed, key=lambda line: (line.argument, line.series_id)):
        inputs.append(_input(connection, list(group)))
    run = run_of(connection, row.run_id)
    return Explanation(
        fields={name: getattr(row, name) for name in ROW_FIELDS},
        title=indicator.title,
        statistic=indicator.statistic,
        citation=indicator.citation,
        method=method_at(connection, row.indicator_id, row.location_id, row.known_from),
        run={name: getattr(run, name) for name in RUN_FIELDS},
        inputs=tuple(inputs),
    )


def _input(connection: Connection, lines: Sequence[Any]) -> Input:
    first = lines[0]
    windows = tuple(Window(line.period_start, line.period_end) for line in lines)
    known = read_values(connection, first.series_id, as_of=first.known_at)
    times = [row.time for row in known]
    spans = [range(bisect_left(times, window.start), bisect_left(times, window.end)) for window in windows]
    rows = [known[i] for i in sorted(set().union(*spans))]
    digits = digits_of(connection, first.series_id, first.known_at)
    overrides = overrides_of(connection, first.series_id, first.known_at)
    origins = origins_of(connection, {(row.granule_id, row.run_id) for row in rows})
    observations = tuple(
        UsedObservation(
            time=row.time,
            value=row.value,
            std_uncertainty=row.std_uncertainty,
            qc_flag=row.qc_flag,
            qc_tests=digits[row.time],
            override=overrides.get(row.time),
            status=row.status,
            excluded=row.qc_flag == FAIL,
            known_from=row.known_from,
            origin=origins[row.granule_id, row.run_id],
        )
        for row in rows
    )
    return Input(
        argument=first.argument,
        series_id=first.series_id,
        dataset_id=first.dataset_id,
        variable_id=first.variable_id,
        location_id=first.location_id,
        resolution=first.resolution,
        datum_id=first.datum_id,
        unit=first.units,
        known_at=first.known_at,
        windows=windows,
        observations=observations,
    )


def _unknown(
    connection: Connection, indicator_id: str, period: Window, location: str | None, as_of: datetime | None
) -> CatalogError:
    """An error that says what is known instead."""
    when = f" as of {as_of:%F %H:%M} UTC" if as_of else ""
    rows = read_indicator(connection, indicator_id, location_id=location, history=True)
    if not rows:
        return CatalogError(indicator_id, "has no value yet", "caspian-env run collects and computes")
    vintages = [row for row in rows if (row.period_start, row.period_end) == (period.start, period.end)]
    if not vintages:
        ends = sorted({f"{row.period_start:%F}/{row.period_end:%F}" for row in rows})
        return CatalogError(indicator_id, f"has no value for {period}", f"its periods are {ends[0]} to {ends[-1]}")
    first, last = min(row.known_from for row in vintages), max(row.known_to or row.known_from for row in vintages)
    since = (
        f"known since {first:%F %H:%M} UTC" if as_of and as_of < first else f"--as-of before {last:%F %H:%M} shows it"
    )
    return CatalogError(indicator_id, f"{period} is not known{when}", since)
