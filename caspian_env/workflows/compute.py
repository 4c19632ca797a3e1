"""Compute what changed: an indicator runs again only when its inputs, parameters or method version differ."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from caspian_env.catalog.indicator_values import (
    Computed,
    Used,
    last_fingerprint,
    latest_known,
    record_fingerprint,
    write_indicator_values,
)
from caspian_env.catalog.methods import last_method_change, record_method
from caspian_env.catalog.migrate import require_current
from caspian_env.catalog.observations import TICK, find_series, last_change, read_series, utc
from caspian_env.errors import BackwardsKnowledge, CaspianError, DatabaseUnusable, SettingsError
from caspian_env.model import FAIL, GOOD, NOT_EVALUATED, STATUSES, SUSPECT, Indicator, IndicatorInput
from caspian_env.wiring import Platform, indicator_function
from caspian_env.workflows.ledger import WAIT_SECONDS, ledger, standing_aside, wait_for_collections
from caspian_env.workflows.outcome import Outcome

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

    from caspian_env.catalog.engine import Connection

    Progress = Callable[[str, int, int], None]
WORST_FIRST = (FAIL, SUSPECT, NOT_EVALUATED, GOOD)


@dataclass(frozen=True, slots=True)
class Argument:
    """One input of an indicator as read from the catalog; ``known_at`` picks exactly these observations again."""

    name: str
    series_id: int
    frame: pd.DataFrame
    units: str
    resolution: str
    datum: str
    licence: str
    known_at: datetime


def compute(
    platform: Platform,
    *,
    only: set[str] | None = None,
    known_at: datetime | None = None,
    scheduled_for: datetime | None = None,
    progress: Progress | None = None,
) -> Outcome:
    """Compute every indicator (or those named) whose fingerprint changed, and account for it."""
    require_current(platform.catalog)
    if unknown := sorted((only or set()) - set(platform.seeds.indicators)):
        raise SettingsError(", ".join(unknown), "is not an indicator", "caspian-env indicators lists them")
    outcome = Outcome("indicators")
    jobs = [
        (indicator, location)
        for indicator in platform.seeds.indicators.values()
        if not only or indicator.id in only
        for location in indicator.locations
    ]
    outcome.expected = len(jobs)
    claimed = ledger(
        platform, "compute", ",".join(sorted(only)) if only else "*", outcome, job="compute",
        scheduled_for=scheduled_for, wait_seconds=WAIT_SECONDS,
    )  # fmt: skip
    with standing_aside(outcome), claimed as run_id:
        wait_for_collections(platform, {i.dataset for indicator, _ in jobs for i in indicator.inputs}, outcome)
        for number, (indicator, location) in enumerate(jobs):
            if progress:
                progress(indicator.id, number, len(jobs))
            try:
                _compute_one(platform, indicator, location, run_id, known_at, outcome)
            except DatabaseUnusable:
                raise
            except CaspianError as error:
                outcome.rejected += 1
                outcome.problems.append(f"{indicator.id} at {location}: {error}")
        if outcome.without_data:
            outcome.notes.append(f"no data yet for {', '.join(outcome.without_data)}")
    return outcome


def _compute_one(
    platform: Platform, indicator: Indicator, location: str, run_id: int, known_at: datetime | None, outcome: Outcome
) -> None:
    with platform.catalog.read() as connection:
        arguments = read_arguments(connection, platform, indicator, location)
        before = last_fingerprint(connection, indicator.id, location)
        known = latest_known(connection, indicator.id, location)
        method_since = last_method_change(connection, indicator.id, location)
    if arguments is None:
        outcome.without_data.append(f"{indicator.id} at {location}")
        return
    # A value cannot be known before its inputs are.
    moment = max([known_at or platform.clock(), *(argument.known_at for argument in arguments)])
    fingerprint = fingerprint_of(indicator, arguments, moment)
    if fingerprint == before:
        outcome.unchanged += 1
        return
    if known_at is not None and known is not None and known_at < known and moment <= known:
        problem = f"values of {known_at:%F} lie behind those known since {known:%F}"
        raise BackwardsKnowledge(indicator.id, problem, "import and compute oldest first, or leave out --known-at")
    outcome.fetched += 1
    new_method = _method_part(before) != _method_part(fingerprint)
    if new_method and method_since is not None:
        moment = max(moment, method_since + TICK)  # one definition at a time
    computed = evaluate(indicator, arguments, moment)
    with platform.catalog.write() as connection:
        written = write_indicator_values(
            connection, indicator.id, location, computed, known_at_moment=moment, run_id=run_id,
            method_changed=new_method and ":" in (before or ""),
        )  # fmt: skip
        record_fingerprint(connection, indicator.id, location, fingerprint, run_id)
        if new_method:
            record_method(connection, indicator.id, location, moment, definition_of(indicator))
    outcome.first += written.first
    outcome.revised += written.revised
    outcome.withdrawn += written.withdrawn


def read_arguments(
    connection: Connection,
    platform: Platform,
    indicator: Indicator,
    location: str,
    *,
    as_of: datetime | None = None,
) -> list[Argument] | None:
    """The inputs of an indicator as known now or at ``as_of``; None when one of them has no observation."""
    arguments = [_argument(connection, platform, wanted, location, as_of) for wanted in indicator.inputs]
    return None if any(argument is None for argument in arguments) else [a for a in arguments if a is not None]


def _argument(
    connection: Connection, platform: Platform, wanted: IndicatorInput, location: str, as_of: datetime | None
) -> Argument | None:
    found = find_series(
        connection, dataset_id=wanted.dataset, variable_id=wanted.variable, datum_id=wanted.datum,
        resolution=wanted.resolution, location_id=wanted.location or location,
    )  # fmt: skip
    if not found:
        return None
    if len(found) > 1:
        raise CaspianError(wanted.argument, f"{len(found)} series of {wanted.dataset} fit", "name datum or resolution")
    series = found[0]
    frame = read_series(connection, series.id, as_of=as_of)
    if frame.empty:
        return None
    return Argument(
        name=wanted.argument,
        series_id=series.id,
        frame=frame,
        units=platform.seeds.variables[series.variable_id].units,
        resolution=series.resolution,
        datum=series.datum_id,
        licence=platform.seeds.datasets[wanted.dataset].licence,
        known_at=as_of or last_change(connection, series.id) or frame["known_from"].max(),
    )


def definition_of(indicator: Indicator) -> dict[str, Any]:
    """What turns inputs into values: function, version, parameters, units and datum."""
    return {
        "function": indicator.function,
        "method_version": indicator.method_version,
        "parameters": dict(indicator.parameters),
        "units": indicator.units,
        "datum": indicator.datum,
    }


def fingerprint_of(indicator: Indicator, arguments: list[Argument], moment: datetime) -> str:
    """A hash of the method, a colon, and a hash of everything else that the result depends on."""
    method = hashlib.sha256(json.dumps(definition_of(indicator), sort_keys=True).encode())
    digest = hashlib.sha256()
    for argument in arguments:
        columns = ["value", "std_uncertainty", "qc_flag", "status"]
        identity = [argument.name, argument.series_id, argument.units, argument.datum, argument.licence]
        digest.update(json.dumps(identity).encode())
        digest.update(argument.frame[columns].to_csv().encode())
        # A period that was not over becomes publishable by the passing of time alone.
        year_end = datetime(int(argument.frame.index[-1].year) + 1, 1, 1, tzinfo=UTC)
        digest.update(f"{min(moment, year_end):%Y-%m}".encode())
    return f"{method.hexdigest()}:{digest.hexdigest()}"


def _method_part(fingerprint: str | None) -> str:
    return (fingerprint or "").partition(":")[0]


def evaluate(indicator: Indicator, arguments: list[Argument], known_at: datetime) -> list[Computed]:
    """Put the inputs through the method: one result, number or refusal, for each period."""
    function = indicator_function(indicator)
    result: Any = function(*(as_array(argument) for argument in arguments), **dict(indicator.parameters))
    return [_computed(indicator, arguments, result.isel(period=n), known_at) for n in range(result.sizes["period"])]


def as_array(argument: Argument) -> xr.DataArray:
    """A series as an indicator takes it: failed values removed, uncertainty, flag and status along time."""
    import xarray as xr

    frame = argument.frame[argument.frame["qc_flag"] != FAIL]
    return xr.DataArray(
        frame["value"].to_numpy(),
        dims="time",
        coords={
            "time": frame.index.to_numpy(),
            "std_uncertainty": ("time", frame["std_uncertainty"].to_numpy(dtype=float)),
            "qc_flag": ("time", frame["qc_flag"].to_numpy(dtype=int)),
            "status": ("time", frame["status"].to_numpy(dtype=str)),
        },
        attrs={"units": argument.units, "resolution": argument.resolution, "datum": argument.datum},
        name=argument.name,
    )


def _computed(indicator: Indicator, arguments: list[Argument], row: xr.Dataset, known_at: datetime) -> Computed:
    windows = _windows(row)
    start, end = utc(row["period_start"].values), utc(row["period_end"].values)
    used = [(argument, *span) for argument in arguments for span in windows if _inside(argument, *span)]
    value = _number(row["value"])
    reason = str(row["reason"].item()) if value is None else None
    if value is not None and end > known_at:
        value, reason = None, f"the period is not over before {end:%Y-%m-%d}"
    low = _number(row["ci_low"])
    fields: Mapping[str, Any] = {
        "method_version": indicator.method_version,
        "value": value,
        "reason": (reason or "the method gave no number") if value is None else None,
        "unit": indicator.units,
        "std_uncertainty": _number(row["std_uncertainty"]) if value is not None else None,
        "ci_low": low if value is not None else None,
        "ci_high": _number(row["ci_high"]) if value is not None else None,
        "ci_level": float(row.attrs["ci_level"]) if low is not None and value is not None else None,
        "n_valid": int(row["n_valid"]),
        "n_expected": int(row["n_expected"]),
        "status": _worst_status(used, bool(row["estimated"])),
        "qc_flag": _worst_flag(used),
        "datum_id": indicator.datum or arguments[0].datum,
        "licence": "; ".join(sorted({argument.licence for argument in arguments})),
    }
    inputs = tuple(Used(a.name, a.series_id, utc(first), utc(last), a.known_at) for a, first, last in used)
    return Computed(start, end, fields, inputs)


def _windows(row: xr.Dataset) -> list[tuple[Any, Any]]:
    import numpy as np

    if "input_start" not in row:
        return [(row["period_start"].values, row["period_end"].values)]
    pairs = zip(np.atleast_1d(row["input_start"].values), np.atleast_1d(row["input_end"].values), strict=True)
    return [(start, end) for start, end in pairs if not np.isnat(start)]


def _inside(argument: Argument, start: Any, end: Any) -> bool:
    index = argument.frame.index
    return bool(((index >= start) & (index < end)).any())


def _selected(used: list[tuple[Argument, Any, Any]], column: str) -> set[Any]:
    found: set[Any] = set()
    for argument, start, end in used:
        frame = argument.frame[(argument.frame.index >= start) & (argument.frame.index < end)]
        found |= set(frame.loc[frame["qc_flag"] != FAIL, column])
    return found


def _worst_status(used: list[tuple[Argument, Any, Any]], estimated: bool) -> str:
    found = _selected(used, "status") | ({"estimated"} if estimated else set())
    return max(found, key=STATUSES.index, default="final")


def _worst_flag(used: list[tuple[Argument, Any, Any]]) -> int:
    found = _selected(used, "qc_flag")
    return next((flag for flag in WORST_FIRST if flag in found), NOT_EVALUATED)


def _number(item: xr.DataArray) -> float | None:
    number = float(item)
    return number if math.isfinite(number) else None
