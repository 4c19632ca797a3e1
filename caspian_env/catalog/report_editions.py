"""Frozen editions of reports: what each printed, from which vintage, its files, and the bytes it rests on.

Rows are written once, parts before their edition; triggers refuse every change after that.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from caspian_env.catalog import tables as t
from caspian_env.catalog.observations import known_at
from caspian_env.errors import CatalogError

CHUNK = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """One frozen report; the fields are the columns of table ``report_edition``."""

    id: str
    report_id: str
    number: int
    title: str
    languages: str
    formats: str
    as_of: datetime
    frozen_at: datetime
    allowed: str
    synthetic: bool
    template_hash: str
    seeds_hash: str
    code_version: str
    drawn_by: str
    citation: str
    run_id: int
    corrects: str | None = None
    erratum: int | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintedRow:
    """One number, or reason in place of one, as an edition printed it; columns of table ``report_value``."""

    printed_id: str
    value_id: str
    value: float | None
    std_uncertainty: float | None
    ci_low: float | None
    ci_high: float | None
    ci_level: float | None
    decimals: int
    unit: str
    printed: str
    reason: str | None


class FileRow(NamedTuple):
    """A file of an edition: its name below the folder of the edition, sha256 and size in bytes."""

    name: str
    sha256: str
    size: int


class NeedRow(NamedTuple):
    """Bytes that an edition rests on: ``granule`` or ``cube_part``, their sha256 and dataset."""

    kind: str
    sha256: str
    dataset_id: str


def next_number(connection: Connection, report_id: str) -> int:
    """The number of the next edition of a report."""
    column = t.report_edition.c
    last = connection.scalar(sa.select(sa.func.max(column.number)).where(column.report_id == report_id))
    return int(last or 0) + 1


def next_erratum(connection: Connection, edition_id: str) -> int:
    """The number of the next correction of an edition."""
    column = t.report_edition.c
    last = connection.scalar(sa.select(sa.func.max(column.erratum)).where(column.corrects == edition_id))
    return int(last or 0) + 1


def write_edition(
    connection: Connection, edition: Edition, values: Sequence[PrintedRow], files: Iterable[FileRow],
    needs: Iterable[NeedRow],
) -> None:  # fmt: skip
    """Store an edition whole; its parts go first, as the database demands."""
    mine = {"edition_id": edition.id}
    rows = [mine | {"position": n} | asdict(value) for n, value in enumerate(values, start=1)]
    for table, parts in (
        (t.report_value, rows),
        (t.report_file, [mine | file._asdict() for file in files]),
        (t.report_need, [mine | need._asdict() for need in needs]),
    ):
        for start in range(0, len(parts), CHUNK):
            connection.execute(sa.insert(table), parts[start : start + CHUNK])
    connection.execute(sa.insert(t.report_edition).values(**asdict(edition)))


def find_edition(connection: Connection, edition_id: str) -> Edition:
    """The edition of this id; CatalogError when there is none."""
    column = t.report_edition.c
    row = connection.execute(sa.select(t.report_edition).where(column.id == edition_id)).one_or_none()
    if row is None:
        raise CatalogError(edition_id, "is no edition of a report", "caspian-env report list names them")
    return _edition(row)


def read_editions(connection: Connection, report_id: str | None = None) -> list[Edition]:
    """The editions of a report, or of all, in the order in which they were frozen."""
    column = t.report_edition.c
    wanted = [column.report_id == report_id] if report_id else []
    order = (column.frozen_at, column.report_id, column.number)
    return [_edition(row) for row in connection.execute(sa.select(t.report_edition).where(*wanted).order_by(*order))]


def files_of(connection: Connection, edition_id: str) -> list[FileRow]:
    """The files of an edition, by name."""
    c = t.report_file.c
    statement = sa.select(c.name, c.sha256, c.size).where(c.edition_id == edition_id).order_by(c.name)
    return [FileRow(*row) for row in connection.execute(statement)]


def needs_of(connection: Connection, edition_id: str) -> list[NeedRow]:
    """The bytes that an edition rests on."""
    c = t.report_need.c
    statement = sa.select(c.kind, c.sha256, c.dataset_id).where(c.edition_id == edition_id)
    return [NeedRow(*row) for row in connection.execute(statement.order_by(c.kind, c.dataset_id, c.sha256))]


def needed_by_editions(connection: Connection) -> set[str]:
    """The sha256 of all bytes that any edition rests on."""
    return set(connection.execute(sa.select(t.report_need.c.sha256).distinct()).scalars())


def printed_in(connection: Connection, edition_id: str) -> Sequence[sa.Row[Any]]:
    """What an edition printed, in order, with the columns that tell which number each is and from which vintage."""
    r, i = t.report_value.c, t.indicator_value.c
    columns = (
        *(r[name] for name in PrintedRow.__slots__), i.indicator_id, i.location_id, i.period_start, i.period_end,
        i.method_version, i.datum_id, i.status, i.known_from,
    )  # fmt: skip
    statement = sa.select(*columns).join_from(t.report_value, t.indicator_value, i.id == r.value_id)
    return connection.execute(statement.where(r.edition_id == edition_id).order_by(r.position)).all()


def known_of(connection: Connection, edition_id: str, *, as_of: datetime | None = None) -> Mapping[str, sa.Row[Any]]:
    """What is known now, or was at ``as_of``, of the numbers that an edition printed; by their printed_id."""
    r, old, new = t.report_value.c, t.indicator_value.alias(), t.indicator_value.alias()
    same = ("indicator_id", "location_id", "period_start", "period_end")
    columns = list(new.c)
    statement = (
        sa.select(r.printed_id, *columns)
        .join_from(t.report_value, old, old.c.id == r.value_id)
        .join(new, sa.and_(*(new.c[name] == old.c[name] for name in same)))
        .where(r.edition_id == edition_id, *known_at(as_of, new))
    )
    return {row.printed_id: row for row in connection.execute(statement)}


def _edition(row: sa.Row[Any]) -> Edition:
    return Edition(**{name: getattr(row, name) for name in Edition.__slots__})
