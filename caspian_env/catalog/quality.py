"""Flags that a person sets in place of those of the tests, in vintages, and the values that serve as context of tests.

Setting or clearing a flag never edits anything: in one transaction the override gets a vintage with name and reason,
and the observation a new vintage (``requalified``) of the same value from the same granule. A clearing is a row too: it
names who cleared and why, carries the flag of the tests, and is over within its first microsecond.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from caspian_env.catalog import tables as t
from caspian_env.catalog.observations import TICK, known_at
from caspian_env.errors import CatalogError
from caspian_env.model import FAIL, NOT_EVALUATED
from caspian_env.processing.qc import Neighbours, roll_up

CLEARED = "cleared: "


@dataclass(frozen=True, slots=True)
class Signed:
    """Who sets or clears a flag, why, when, and in which run."""

    by: str
    reason: str
    at: datetime
    run_id: int


@dataclass(frozen=True, slots=True)
class Requalified:
    """What one change of a flag did: the value, its flag before and after, and since when it is known."""

    value: float
    old_flag: int
    new_flag: int
    qc_tests: str | None
    known_from: datetime


def set_flag(connection: Connection, series_id: int, time: datetime, qc_flag: int, signed: Signed) -> Requalified:
    """Put a person's flag in place of that of the tests, or of another person.

    Raises
    ------
    CatalogError
        When the series has no value at that time.
    """
    value, override = _open_value(connection, series_id, time), _open_override(connection, series_id, time)
    since = _since(signed.at, value, override)
    _close(connection, t.qc_override, series_id, time, since)
    _insert_override(connection, series_id, time, since, None, qc_flag, signed.by, signed.reason)
    return _requalify(connection, value, qc_flag, since, signed.run_id)


def clear_flag(connection: Connection, series_id: int, time: datetime, signed: Signed) -> Requalified:
    """Give a value back the flag of its tests; "not evaluated" where no record of them was kept.

    Raises
    ------
    CatalogError
        When the series has no value at that time, or nobody has set its flag.
    """
    value, override = _open_value(connection, series_id, time), _open_override(connection, series_id, time)
    if override is None:
        raise CatalogError(f"{time:%F %H:%M}", "nobody has set the flag of this value", "caspian-env qc list")
    qc_flag = roll_up(value.qc_tests) if value.qc_tests else NOT_EVALUATED
    since = _since(signed.at, value, override)
    _close(connection, t.qc_override, series_id, time, since)
    reason = CLEARED + signed.reason
    _insert_override(connection, series_id, time, since, since + TICK, qc_flag, signed.by, reason)
    return _requalify(connection, value, qc_flag, since, signed.run_id)


def read_overrides(
    connection: Connection, *, as_of: datetime | None = None, history: bool = False
) -> list[dict[str, Any]]:
    """Flags set by persons that stand now or stood at ``as_of``, or with ``history`` every one, clearings included.

    Each has dataset_id, variable_id, location_id, datum_id, time, value, qc_flag, qc_tests, set_by, reason,
    known_from, known_to; value and tests are those that the flag was given to.
    """
    s, q, o = t.series.c, t.qc_override.c, t.observation.c
    given = sa.and_(
        o.series_id == q.series_id, o.time == q.time, o.known_from <= q.known_from,
        sa.or_(o.known_to.is_(None), o.known_to > q.known_from),
    )  # fmt: skip
    statement = (
        sa.select(
            s.dataset_id, s.variable_id, s.location_id, s.datum_id, q.time, o.value, q.qc_flag, o.qc_tests,
            q.set_by, q.reason, q.known_from, q.known_to,
        )
        .join_from(t.qc_override, t.series, s.id == q.series_id)
        .outerjoin(t.observation, given)
        .order_by(s.dataset_id, s.variable_id, s.location_id, s.datum_id, q.time, q.known_from)
    )  # fmt: skip
    wanted = statement if history else statement.where(*known_at(as_of, t.qc_override))
    return [dict(row._mapping) for row in connection.execute(wanted)]


def neighbours(
    connection: Connection, dataset_id: str, start: datetime, end: datetime
) -> dict[tuple[str, str, str, str], Neighbours]:
    """What is known of each series of a dataset in ``start <= time < end``, without values that failed, as context.

    Keys are variable, location, resolution and datum; times are naive UTC.
    """
    s, o = t.series.c, t.observation.c
    statement = (
        sa.select(s.variable_id, s.location_id, s.resolution, s.datum_id, o.time, o.value)
        .join_from(t.series, t.observation, o.series_id == s.id)
        .where(s.dataset_id == dataset_id, o.time >= start, o.time < end, o.known_to.is_(None), o.qc_flag != FAIL)
        .order_by(s.id, o.time)
    )
    found: dict[tuple[str, str, str, str], tuple[list[datetime], list[float]]] = {}
    for row in connection.execute(statement):
        times, values = found.setdefault((row[0], row[1], row[2], row[3]), ([], []))
        times.append(row.time.replace(tzinfo=None))
        values.append(row.value)
    return {key: Neighbours(times, values) for key, (times, values) in found.items()}


def _open_value(connection: Connection, series_id: int, time: datetime) -> sa.Row[Any]:
    column = t.observation.c
    mine = (column.series_id == series_id, column.known_to.is_(None))
    row = connection.execute(sa.select(t.observation).where(*mine, column.time == time)).one_or_none()
    if row is not None:
        return row
    day = timedelta(days=31)
    around = sa.select(column.time).where(*mine, column.time.between(time - day, time + day)).order_by(column.time)
    near = sorted(connection.execute(around).scalars(), key=lambda moment: abs(moment - time))[:3]
    remedy = "nearest: " + ", ".join(f"{moment:%Y-%m-%dT%H:%M:%S}" for moment in sorted(near)) if near else ""
    raise CatalogError(f"{time:%Y-%m-%dT%H:%M:%S}", "the series has no value at this time", remedy)


def _open_override(connection: Connection, series_id: int, time: datetime) -> sa.Row[Any] | None:
    column = t.qc_override.c
    wanted = (column.series_id == series_id, column.time == time, column.known_to.is_(None))
    return connection.execute(sa.select(t.qc_override).where(*wanted)).one_or_none()


def _since(at: datetime, *vintages: sa.Row[Any] | None) -> datetime:
    """The moment of the change, after the start of every vintage that it closes."""
    starts: list[datetime] = [vintage.known_from for vintage in vintages if vintage is not None]
    return max([at, *(start + TICK for start in starts)])


def _close(connection: Connection, table: sa.Table, series_id: int, time: datetime, since: datetime) -> None:
    column = table.c
    wanted = (column.series_id == series_id, column.time == time, column.known_to.is_(None))
    connection.execute(sa.update(table).where(*wanted).values(known_to=since))


def _insert_override(
    connection: Connection, series_id: int, time: datetime, known_from: datetime, known_to: datetime | None,
    qc_flag: int, set_by: str, reason: str,
) -> None:  # fmt: skip
    values = {"series_id": series_id, "time": time, "known_from": known_from, "known_to": known_to}
    connection.execute(sa.insert(t.qc_override).values(**values, qc_flag=qc_flag, set_by=set_by, reason=reason))


def _requalify(connection: Connection, old: sa.Row[Any], qc_flag: int, since: datetime, run_id: int) -> Requalified:
    _close(connection, t.observation, old.series_id, old.time, since)
    values = dict(old._mapping) | {"known_from": since, "qc_flag": qc_flag, "kind": "requalified", "run_id": run_id}
    connection.execute(sa.insert(t.observation).values(values))
    return Requalified(old.value, old.qc_flag, qc_flag, old.qc_tests, since)
