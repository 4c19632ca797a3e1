"""Writing and reading observations in vintages.

A write compares what an edition says with what is known, and stores only the differences: a changed value closes the
open vintage and opens a new one, a value seen for the first time opens its first, and everything else is left alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from caspian_env.catalog import tables as t
from caspian_env.errors import BadGranule

if TYPE_CHECKING:
    import pandas as pd

TICK = timedelta(microseconds=1)
WITHDRAWN_LIMIT = 0.02  # an edition that loses more of its rows than this is damaged, not revised


@dataclass(frozen=True, slots=True)
class Observed:
    """One value as an edition states it; the fields are the columns of table ``observation``."""

    time: datetime
    value: float
    std_uncertainty: float | None
    qc_flag: int
    status: str
    n_cells: int | None = None
    area_share: float | None = None
    source_note: str | None = None


@dataclass(frozen=True, slots=True)
class Written:
    """What one write changed."""

    first: int = 0
    revised: int = 0
    withdrawn: int = 0
    unchanged: int = 0

    @property
    def total(self) -> int:
        """Vintages opened or closed for good."""
        return self.first + self.revised + self.withdrawn

    def __add__(self, other: Written) -> Written:
        """Sum of two writes."""
        return Written(
            self.first + other.first, self.revised + other.revised,
            self.withdrawn + other.withdrawn, self.unchanged + other.unchanged,
        )  # fmt: skip


def write_observations(
    connection: Connection,
    series_id: int,
    observed: Sequence[Observed],
    *,
    known_at: datetime,
    granule_id: int,
    run_id: int,
    whole_record: bool,
) -> Written:
    """Store the differences between an edition and what is known of a series.

    Parameters
    ----------
    observed : sequence of Observed
        The edition's values, times unique.
    known_at : datetime
        From when the edition is known, UTC.
    whole_record : bool
        Whether the edition states the whole series, so that a value missing from it was withdrawn.

    Raises
    ------
    BadGranule
        When a whole record loses more than 2 % of the values known before.
    """
    if not observed:
        return Written()
    times = [row.time for row in observed]
    known, ever, versions = _known(connection, series_id, None if whole_record else (min(times), max(times)))
    version = connection.scalar(sa.select(t.granule.c.product_version).where(t.granule.c.id == granule_id))
    gone = sorted(set(known) - set(times)) if whole_record else []
    if known and len(gone) > max(1, WITHDRAWN_LIMIT * len(known)):
        raise BadGranule(
            f"series {series_id}", f"the edition has lost {len(gone)} of {len(known)} values known before",
            "check the provider; a true withdrawal of this size must be confirmed by a person",
        )  # fmt: skip
    closed: list[dict[str, Any]] = []
    opened: list[dict[str, Any]] = []
    for row in observed:
        old = known.get(row.time)
        if old is not None and _same(old, row):
            continue
        since = known_at if old is None else max(known_at, old.known_from + TICK)
        kind = _kind(
            old, row, row.time in ever, old is not None and _reprocessed(versions.get(old.granule_id), version)
        )
        if old is not None:
            closed.append({"at": row.time, "until": since})
        opened.append(
            {name: getattr(row, name) for name in Observed.__slots__}
            | {"series_id": series_id, "known_from": since, "kind": kind, "granule_id": granule_id, "run_id": run_id}
        )
    closed += [{"at": time, "until": max(known_at, known[time].known_from + TICK)} for time in gone]
    _close(connection, series_id, closed)
    insert_observations(connection, opened)
    revised = len(closed) - len(gone)
    return Written(len(opened) - revised, revised, len(gone), len(observed) - len(opened))


def insert_observations(connection: Connection, rows: list[dict[str, Any]]) -> None:
    """Insert vintages in bulk: COPY on PostgreSQL, executemany on SQLite."""
    if not rows:
        return
    names = [column.name for column in t.observation.columns if column.name in rows[0]]
    if connection.dialect.name != "postgresql":
        connection.execute(sa.insert(t.observation), rows)
        return
    statement = f"COPY observation ({', '.join(names)}) FROM STDIN"
    cursor = connection.connection.cursor()
    failure = connection.dialect.loaded_dbapi.Error
    try:
        with cursor.copy(statement) as copy:
            for row in rows:
                copy.write_row([row[name] for name in names])
    except failure as error:  # as SQLAlchemy would have wrapped it
        raise sa.exc.IntegrityError(statement, None, error) from error


def read_series(connection: Connection, series_id: int, *, as_of: datetime | None = None) -> pd.DataFrame:
    """A series as it is known now or was known at ``as_of``, by time.

    Returns
    -------
    pandas.DataFrame
        Indexed by time (naive, UTC), columns value, std_uncertainty, qc_flag, status, known_from, granule_id, run_id,
        source_note.
    """
    import pandas as pd

    column = t.observation.c
    names = (
        "time",
        "value",
        "std_uncertainty",
        "qc_flag",
        "status",
        "known_from",
        "granule_id",
        "run_id",
        "source_note",
    )
    statement = sa.select(*(column[name] for name in names)).where(column.series_id == series_id, *known_at(as_of))
    rows = connection.execute(statement.order_by(column.time)).all()
    frame = pd.DataFrame.from_records([tuple(row) for row in rows], columns=list(names))
    index = pd.DatetimeIndex([moment.replace(tzinfo=None) for moment in frame.pop("time")], name="time").as_unit("us")
    frame["std_uncertainty"] = frame["std_uncertainty"].astype(float)
    return frame.set_index(index)


def known_at(as_of: datetime | None, table: sa.Table = t.observation) -> tuple[sa.ColumnElement[bool], ...]:
    """Conditions that pick the vintage known at a moment, or the open one."""
    if as_of is None:
        return (table.c.known_to.is_(None),)
    return (table.c.known_from <= as_of, sa.or_(table.c.known_to.is_(None), table.c.known_to > as_of))


def find_series(connection: Connection, **identity: str | None) -> Sequence[sa.Row[Any]]:
    """Series whose columns have the given values (None means any), in a stable order."""
    column = t.series.c
    wanted = [column[name] == value for name, value in identity.items() if value is not None]
    order = (column.dataset_id, column.variable_id, column.location_id, column.datum_id, column.resolution)
    return connection.execute(sa.select(t.series).where(*wanted).order_by(*order)).all()


def _known(
    connection: Connection, series_id: int, span: tuple[datetime, datetime] | None
) -> tuple[dict[datetime, sa.Row[Any]], set[datetime], dict[int, str | None]]:
    column = t.observation.c
    statement = sa.select(t.observation).where(column.series_id == series_id)
    if span is not None:
        statement = statement.where(column.time.between(*span))
    known: dict[datetime, sa.Row[Any]] = {}
    ever: set[datetime] = set()
    for row in connection.execute(statement):
        ever.add(row.time)
        if row.known_to is None:
            known[row.time] = row
    return known, ever, _versions(connection, {row.granule_id for row in known.values()})


def _versions(connection: Connection, granule_ids: Iterable[int]) -> dict[int, str | None]:
    ids = list(granule_ids)
    found: dict[int, str | None] = {}
    for start in range(0, len(ids), 500):
        statement = sa.select(t.granule.c.id, t.granule.c.product_version)
        chunk = connection.execute(statement.where(t.granule.c.id.in_(ids[start : start + 500])))
        found.update({row.id: row.product_version for row in chunk})
    return found


def _same(old: sa.Row[Any], new: Observed) -> bool:
    return bool(
        old.value == new.value
        and old.std_uncertainty == new.std_uncertainty
        and old.qc_flag == new.qc_flag
        and old.status == new.status
        and old.source_note == new.source_note
    )


def _reprocessed(old_version: str | None, new_version: str | None) -> bool:
    return old_version is not None and new_version is not None and old_version != new_version


def _kind(old: sa.Row[Any] | None, new: Observed, seen_before: bool, reprocessed: bool) -> str:
    if old is None:
        return "restored" if seen_before else "first"
    if old.status == "preliminary" and new.status == "final":
        return "finalised"
    if reprocessed:
        return "reprocessed"
    if old.value != new.value or old.std_uncertainty != new.std_uncertainty:
        return "corrected"
    return "requalified"


def _close(connection: Connection, series_id: int, closed: list[dict[str, Any]]) -> None:
    if not closed:
        return
    column = t.observation.c
    connection.execute(
        sa.update(t.observation)
        .where(column.series_id == series_id, column.time == sa.bindparam("at"), column.known_to.is_(None))
        .values(known_to=sa.bindparam("until")),
        closed,
    )


def utc(moment: Any) -> datetime:
    """A naive numpy or pandas moment, meant as UTC, as an aware datetime."""
    import pandas as pd

    converted: datetime = pd.Timestamp(moment).to_pydatetime(warn=False).replace(tzinfo=UTC)
    return converted
