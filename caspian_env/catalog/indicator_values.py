"""Writing and reading indicator values in vintages, with the inputs each was made of."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from caspian_env.catalog import tables as t
from caspian_env.catalog.observations import TICK, Written, known_at

# What makes a value another value; run, knowledge and kind are about it, not of it.
CONTENT = (
    "method_version", "value", "reason", "unit", "std_uncertainty", "ci_low", "ci_high", "ci_level", "n_valid",
    "n_expected", "status", "confidence", "qc_flag", "datum_id", "licence",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Used:
    """The observations of one argument that a value was made from: a series, a window, a moment of knowledge."""

    argument: str
    series_id: int
    period_start: datetime
    period_end: datetime
    known_at: datetime


@dataclass(frozen=True, slots=True)
class Computed:
    """One result of an indicator for one period; ``fields`` are the columns named in CONTENT, empty where not given."""

    period_start: datetime
    period_end: datetime
    fields: Mapping[str, Any]
    used: tuple[Used, ...]


def write_indicator_values(
    connection: Connection, indicator_id: str, location_id: str, computed: Sequence[Computed],
    *, known_at_moment: datetime, run_id: int, method_changed: bool = False,
) -> Written:  # fmt: skip
    """Store the differences between a computation and the values known of an indicator at a location.

    A period that is no longer computed is closed; inputs are written before their value, which the database demands.
    ``method_changed`` says that function, parameters or version are others than in the computation before.
    """
    column = t.indicator_value.c
    mine = (column.indicator_id == indicator_id, column.location_id == location_id)
    rows = connection.execute(sa.select(t.indicator_value).where(*mine)).all()
    known = {(row.period_start, row.period_end): row for row in rows if row.known_to is None}
    ever = {(row.period_start, row.period_end) for row in rows}
    opened: list[dict[str, Any]] = []
    inputs: list[dict[str, Any]] = []
    closed: list[dict[str, Any]] = []
    for result in computed:
        period = (result.period_start, result.period_end)
        old = known.pop(period, None)
        if old is not None and all(getattr(old, name) == result.fields.get(name) for name in CONTENT):
            continue
        since = known_at_moment if old is None else max(known_at_moment, old.known_from + TICK)
        value_id = _value_id(indicator_id, location_id, *period, since)
        if old is not None:
            closed.append({"key": old.id, "until": since})
        opened.append(
            dict(result.fields)
            | {"id": value_id, "indicator_id": indicator_id, "location_id": location_id, "run_id": run_id,
               "period_start": period[0], "period_end": period[1], "known_from": since,
               "kind": _kind(old, result, period in ever, method_changed)}
        )  # fmt: skip
        inputs += [
            {"value_id": value_id} | {name: getattr(used, name) for name in Used.__slots__} for used in result.used
        ]
    gone = [{"key": old.id, "until": max(known_at_moment, old.known_from + TICK)} for old in known.values()]
    if closed or gone:
        update = sa.update(t.indicator_value).where(column.id == sa.bindparam("key"))
        connection.execute(update.values(known_to=sa.bindparam("until")), closed + gone)
    if inputs:
        connection.execute(sa.insert(t.indicator_input), inputs)
    if opened:
        connection.execute(sa.insert(t.indicator_value), opened)
    return Written(len(opened) - len(closed), len(closed), len(gone), len(computed) - len(opened))


def read_indicator(
    connection: Connection, indicator_id: str, *, location_id: str | None = None, as_of: datetime | None = None,
    history: bool = False,
) -> Sequence[sa.Row[Any]]:  # fmt: skip
    """Values and refusals of an indicator, by location and period: known now, at ``as_of``, or all vintages."""
    column = t.indicator_value.c
    wanted = [column.indicator_id == indicator_id]
    if location_id is not None:
        wanted.append(column.location_id == location_id)
    if history:
        wanted += [column.known_from <= as_of] if as_of else []
    else:
        wanted += known_at(as_of, t.indicator_value)
    order = (column.location_id, column.period_start, column.period_end, column.known_from)
    return connection.execute(sa.select(t.indicator_value).where(*wanted).order_by(*order)).all()


def newest_results(
    connection: Connection, indicator_ids: Sequence[str], *, as_of: datetime | None = None
) -> dict[tuple[str, str], sa.Row[Any]]:
    """The value or refusal of the newest period of each indicator and location, known now or at ``as_of``."""
    column = t.indicator_value.c
    found: dict[tuple[str, str], sa.Row[Any]] = {}
    for start in range(0, len(indicator_ids), 500):
        wanted = column.indicator_id.in_(indicator_ids[start : start + 500])
        statement = sa.select(t.indicator_value).where(wanted, *known_at(as_of, t.indicator_value))
        for row in connection.execute(statement.order_by(column.period_start, column.period_end)):
            found[row.indicator_id, row.location_id] = row
    return found


def latest_known(connection: Connection, indicator_id: str, location_id: str) -> datetime | None:
    """The moment up to which the catalog's knowledge of an indicator at a location reaches."""
    column = t.indicator_value.c
    where = (column.indicator_id == indicator_id, column.location_id == location_id)
    row = connection.execute(
        sa.select(sa.func.max(column.known_from), sa.func.max(column.known_to)).where(*where)
    ).one()
    return max((moment for moment in row if moment is not None), default=None)


def last_fingerprint(connection: Connection, indicator_id: str, location_id: str) -> str | None:
    """The fingerprint an indicator was last computed from, or None."""
    column = t.computation.c
    where = (column.indicator_id == indicator_id, column.location_id == location_id)
    found: str | None = connection.scalar(sa.select(column.fingerprint).where(*where))
    return found


def last_fingerprints(connection: Connection) -> dict[tuple[str, str], str]:
    """The fingerprint of every last computation, by indicator and location."""
    column = t.computation.c
    rows = connection.execute(sa.select(column.indicator_id, column.location_id, column.fingerprint))
    return {(row.indicator_id, row.location_id): row.fingerprint for row in rows}


def record_fingerprint(
    connection: Connection, indicator_id: str, location_id: str, fingerprint: str, run_id: int
) -> None:
    """Remember what an indicator was computed from."""
    column = t.computation.c
    values = {"fingerprint": fingerprint, "run_id": run_id}
    where = (column.indicator_id == indicator_id, column.location_id == location_id)
    if not connection.execute(sa.update(t.computation).where(*where).values(values)).rowcount:
        key = {"indicator_id": indicator_id, "location_id": location_id}
        connection.execute(sa.insert(t.computation).values(**key, **values))


def _kind(old: sa.Row[Any] | None, new: Computed, seen_before: bool, method_changed: bool) -> str:
    if old is None:
        return "restored" if seen_before else "first"
    if method_changed or old.method_version != new.fields["method_version"]:
        return "method_changed"
    return "revised"


def _value_id(*parts: object) -> str:
    return hashlib.sha256("\n".join(str(part) for part in parts).encode()).hexdigest()[:32]
