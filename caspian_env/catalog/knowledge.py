"""How much is known of a series, without its values: enough to tell whether anything was learnt since."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from caspian_env.catalog import tables as t


class Knowledge(NamedTuple):
    """What is known of a series now, or was at a moment.

    Vintages are only added and closed (triggers see to it), so that whoever finds both numbers unchanged finds every value
    unchanged. ``newest`` is the newest time with a value, ``learnt`` the newest start of knowledge among the values known.
    What was known at ``changed``, the last change of all, flags set by a person included, is what is known now, whatever
    is written afterwards.
    """

    n_vintages: int
    n_closed: int
    newest: datetime | None
    learnt: datetime | None
    changed: datetime | None

    @property
    def n_known(self) -> int:
        """How many values are known."""
        return self.n_vintages - self.n_closed


def knowledge_of(connection: Connection, series_id: int, *, as_of: datetime | None = None) -> Knowledge:
    """How much is known of a series now, or was known at ``as_of``."""
    asked: dict[str, Any] = {"of": series_id} | ({"at": as_of} if as_of else {})
    found = connection.execute(_vintages(past=as_of is not None), asked).one()
    signed = connection.execute(_flags(past=as_of is not None), asked).one()
    moments = [moment for moment in (*found[4:], *signed) if moment is not None]
    return Knowledge(found[0], found[1] or 0, found[2], found[3], max(moments, default=None))


@cache
def _vintages(*, past: bool) -> sa.Select[Any]:
    column = t.observation.c
    is_open = _is_open(column, past)
    return _of_series(
        t.observation, past, sa.func.count(), sa.func.sum(sa.case((is_open, 0), else_=1)),
        _newest(sa.case((is_open, column.time))), _newest(sa.case((is_open, column.known_from))),
    )  # fmt: skip


@cache
def _flags(*, past: bool) -> sa.Select[Any]:
    return _of_series(t.qc_override, past)


def _of_series(table: sa.Table, past: bool, *columns: sa.ColumnElement[Any]) -> sa.Select[Any]:
    """Columns of the rows of a series begun by then, and when the last of them was begun and closed."""
    column = table.c
    closed: sa.ColumnElement[Any] = sa.case((~_is_open(column, past), column.known_to))
    wanted = [column.series_id == sa.bindparam("of")]
    if past:
        wanted.append(column.known_from <= sa.bindparam("at", type_=t.UtcTime))
    return sa.select(*columns, _newest(column.known_from), _newest(closed)).where(*wanted)


def _is_open(column: Any, past: bool) -> sa.ColumnElement[bool]:
    never: sa.ColumnElement[bool] = column.known_to.is_(None)
    return sa.or_(never, column.known_to > sa.bindparam("at", type_=t.UtcTime)) if past else never


def _newest(moment: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    return sa.type_coerce(sa.func.max(moment), t.UtcTime)
