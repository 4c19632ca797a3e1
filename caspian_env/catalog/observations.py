"""Writing and reading observations in vintages.

A write compares what an edition says with what is known, and stores only the differences: a changed value closes the
open vintage and opens a new one, a value seen for the first time opens its first, and everything else is left alone.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from caspian_env.catalog import tables as t
from caspian_env.catalog.bulk import Row, close_vintages, insert_rows, select_columns, select_rows, stored_times
from caspian_env.catalog.changes import KEYS, STATED, Before, GranuleEdition, Open, differences, end_of
from caspian_env.catalog.changes import TICK as TICK
from caspian_env.catalog.changes import Observed as Observed
from caspian_env.catalog.changes import Written as Written
from caspian_env.errors import BadGranule
from caspian_env.processing.edition_scale import scale_break

if TYPE_CHECKING:
    import pandas as pd

WITHDRAWN_LIMIT = 0.02  # an edition that loses more of its rows than this is damaged, not revised
NOTE_LIMIT = 600  # characters; PostgreSQL holds at most 2704 bytes of a row in the primary key, which carries the note

VALUE_COLUMNS = (
    "value", "std_uncertainty", "qc_flag", "status", "known_from", "granule_id", "run_id", "source_note",
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
    withdrawn_limit: float = WITHDRAWN_LIMIT,
    redeclared: bool = False,
) -> Written:
    """Store the differences between an edition and what is known of a series.

    A flag that a person has set stands, also for a value revised since, until a person clears it.

    Parameters
    ----------
    observed : sequence of Observed
        The edition's values, times unique.
    known_at : datetime
        From when the edition is known, UTC.
    whole_record : bool
        Whether the edition states the whole series, so that a value missing from it was withdrawn.
    withdrawn_limit : float
        The share of a whole record that its provider may withdraw.
    redeclared : bool
        Whether the same bytes are read in another way now; then all of a record may change.

    Raises
    ------
    BadGranule
        When a whole record loses more than that share of the values known before or comes in another unit, or a source
        note is longer than 600 characters.
    """
    if not observed:
        return Written()
    if (longest := max(len(row.source_note or "") for row in observed)) > NOTE_LIMIT:
        problem = f"has a source note of {longest} characters"
        raise BadGranule(f"series {series_id}", problem, f"shorten it to {NOTE_LIMIT}, a reference is enough")
    observed = _as_overridden(connection, series_id, observed)
    moments = [row.time for row in observed]
    known, ever, versions = _known(connection, series_id, None if whole_record else (min(moments), max(moments)))
    version = connection.scalar(sa.select(t.granule.c.product_version).where(t.granule.c.id == granule_id))
    stated = stored_times(connection, moments)
    gone = sorted(known.keys() - set(stated)) if whole_record else []
    if known and not redeclared and len(gone) > max(1, withdrawn_limit * len(known)):
        raise BadGranule(
            f"series {series_id}", f"the edition has lost {len(gone)} of {len(known)} values known before",
            "check the provider; where the withdrawal is true, raise withdrawn_limit in the seed",
        )  # fmt: skip
    if known and whole_record and not redeclared:
        _check_scale(connection, series_id, known, observed)
    edition = GranuleEdition(known_at, granule_id, version, run_id, whole_record, redeclared)
    opened, closed = differences(connection, series_id, observed, Before(known, ever, versions), edition)
    closed += [(time, end_of(connection, Open(*known[time]), known_at)) for time in gone]
    close_vintages(connection, series_id, closed)
    insert_rows(connection, t.observation, (*KEYS, *STATED), opened)
    revised = len(closed) - len(gone)
    shortened = bool(gone) and gone[-1] > max(stated) and not redeclared
    return Written(len(opened) - revised, revised, len(gone), len(observed) - len(opened), int(shortened))


def _check_scale(
    connection: Connection, series_id: int, known: Mapping[Any, Row], observed: Sequence[Observed]
) -> None:
    moments = stored_times(connection, [row.time for row in observed])
    now = {time: row.value for time, row in zip(moments, observed, strict=True)}
    if problem := scale_break({time: Open(*row).value for time, row in known.items()}, now):
        remedy = "ask the provider, and declare the new unit in the seed; its values are converted then"
        raise BadGranule(f"series {series_id}", problem, remedy)


def withdraw_unstated(
    connection: Connection, dataset_id: str, stated: Mapping[int, Collection[datetime]], *, known_at: datetime
) -> int:
    """Withdraw every value of a dataset but those at the times stated of each series; how many there were."""
    withdrawn = 0
    for series in find_series(connection, dataset_id=dataset_id):
        kept = set(stored_times(connection, sorted(stated.get(series.id, ()))))
        known, _, _ = _known(connection, series.id, None)
        closed = [(at, end_of(connection, Open(*row), known_at)) for at, row in known.items() if at not in kept]
        close_vintages(connection, series.id, closed)
        withdrawn += len(closed)
    return withdrawn


def write_together(
    connection: Connection, stated: Sequence[tuple[int, Sequence[Observed]]], edition: GranuleEdition
) -> Written:
    """Store the differences between what a granule states of several series and what is known of them.

    As `write_observations` for each, with a question for all of them in place of one for each.

    Parameters
    ----------
    stated : sequence of (int, sequence of Observed)
        Series and their values; none has a source note.
    """
    stated = [(series_id, observed) for series_id, observed in stated if observed]
    if not stated:
        return Written()
    moments = [row.time for _, observed in stated for row in observed]
    ids = [series_id for series_id, _ in stated]
    flags = {(row.series_id, row.time): row.qc_flag for row in connection.execute(_flags_of_persons(), {"ids": ids})}
    found: dict[int, list[Row]] = {series_id: [] for series_id in ids}
    for row in select_rows(connection, _vintages(), ids=ids, begin=min(moments), end=max(moments)):
        found[row[0]].append(row[1:])
    versions = _versions(connection, {row[-1] for rows in found.values() for row in rows if row[1] is None})
    all_opened, written = [], Written()
    for series_id, observed in stated:
        if flags:
            observed = [replace(row, qc_flag=flags.get((series_id, row.time), row.qc_flag)) for row in observed]
        known = {row[0]: row[2:] for row in found[series_id] if row[1] is None}
        before = Before(known, {row[0] for row in found[series_id]}, versions)
        opened, closed = differences(connection, series_id, observed, before, edition)
        close_vintages(connection, series_id, closed)
        all_opened += opened
        written += Written(len(opened) - len(closed), len(closed), 0, len(observed) - len(opened))
    insert_rows(connection, t.observation, (*KEYS, *STATED), all_opened)
    return written


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
    statement = sa.select(column.time, *(column[name] for name in VALUE_COLUMNS)).order_by(column.time)
    data = select_columns(connection, statement.where(column.series_id == series_id, *known_at(as_of)))
    frame = pd.DataFrame(data).set_index("time")
    frame["std_uncertainty"] = frame["std_uncertainty"].astype(float)
    frame["known_from"] = frame["known_from"].dt.tz_localize(UTC)
    return frame


def read_values(connection: Connection, series_id: int, *, as_of: datetime | None = None) -> Sequence[sa.Row[Any]]:
    """What `read_series` reads, as rows with time and its columns, for answers that need no table to compute with.

    Times are aware; what has no uncertainty has None.
    """
    column = t.observation.c
    statement = sa.select(column.time, *(column[name] for name in VALUE_COLUMNS)).order_by(column.time)
    return connection.execute(statement.where(column.series_id == series_id, *known_at(as_of))).all()


def read_history(connection: Connection, series_id: int, *, as_of: datetime | None = None) -> Sequence[sa.Row[Any]]:
    """Every vintage of a series, by time and start of knowledge; with ``as_of`` those known by then, as they stood then.

    Rows have time, value, std_uncertainty, qc_flag, status, kind, known_from, known_to.
    """
    column = t.observation.c
    known_to: sa.ColumnElement[Any] = column.known_to
    wanted = [column.series_id == series_id]
    if as_of is not None:  # what was closed later was still open then
        known_to = sa.type_coerce(sa.case((column.known_to <= as_of, column.known_to)), t.UtcTime)
        wanted.append(column.known_from <= as_of)
    names = ("time", "value", "std_uncertainty", "qc_flag", "status", "kind", "known_from")
    columns: list[sa.ColumnElement[Any]] = [*(column[name] for name in names), known_to.label("known_to")]
    statement = sa.select(*columns).where(*wanted)
    return connection.execute(statement.order_by(column.time, column.known_from)).all()


def first_known(connection: Connection, series_ids: Collection[int]) -> datetime | None:
    """When the first value of any of these series became known; None when nothing is."""
    column = t.observation.c
    statement = sa.select(sa.func.min(column.known_from)).where(column.series_id.in_(series_ids))
    found: datetime | None = connection.scalar(statement)
    return found


def known_at(as_of: datetime | None, table: sa.FromClause = t.observation) -> tuple[sa.ColumnElement[bool], ...]:
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
) -> tuple[dict[Any, Row], set[Any], dict[int, str | None]]:
    """Fields of `Open` by time, the times that ever had a vintage, and the product version of each granule."""
    column = t.observation.c
    statement = sa.select(column.time, column.known_to, *(column[name] for name in Open._fields))
    statement = statement.where(column.series_id == series_id)
    if span is not None:
        statement = statement.where(column.time.between(*span))
    rows = select_rows(connection, statement)
    known = {row[0]: row[2:] for row in rows if row[1] is None}
    return known, {row[0] for row in rows}, _versions(connection, {row[-1] for row in known.values()})


def _as_overridden(connection: Connection, series_id: int, observed: Sequence[Observed]) -> Sequence[Observed]:
    column = t.qc_override.c
    opened = sa.select(column.time, column.qc_flag).where(column.series_id == series_id, column.known_to.is_(None))
    flags: dict[datetime, int] = {row.time: row.qc_flag for row in connection.execute(opened)}
    return [replace(row, qc_flag=flags.get(row.time, row.qc_flag)) for row in observed] if flags else observed


def _versions(connection: Connection, granule_ids: Iterable[int]) -> dict[int, str | None]:
    ids = list(granule_ids)
    found: dict[int, str | None] = {}
    for start in range(0, len(ids), 500):
        statement = sa.select(t.granule.c.id, t.granule.c.product_version)
        chunk = connection.execute(statement.where(t.granule.c.id.in_(ids[start : start + 500])))
        found.update({row.id: row.product_version for row in chunk})
    return found


@cache
def _flags_of_persons() -> sa.Select[Any]:
    column = t.qc_override.c
    wanted = (column.series_id.in_(sa.bindparam("ids", expanding=True)), column.known_to.is_(None))
    return sa.select(column.series_id, column.time, column.qc_flag).where(*wanted)


@cache
def _vintages() -> sa.Select[Any]:
    """Series, time, end of knowledge and the fields of `Open` of some series between two times."""
    column = t.observation.c
    names = (column.series_id, column.time, column.known_to, *(column[name] for name in Open._fields))
    between = column.time.between(sa.bindparam("begin"), sa.bindparam("end"))
    return sa.select(*names).where(column.series_id.in_(sa.bindparam("ids", expanding=True)), between)


def utc(moment: Any) -> datetime:
    """A naive numpy or pandas moment, meant as UTC, as an aware datetime."""
    import pandas as pd

    converted: datetime = pd.Timestamp(moment).to_pydatetime(warn=False).replace(tzinfo=UTC)
    return converted
