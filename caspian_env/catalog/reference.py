"""Loading the reference tables from the seeds: idempotent, and only what changed is written."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any, Protocol

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from caspian_env.catalog import tables as t
from caspian_env.errors import CatalogError
from caspian_env.model import Dataset, Datum, Indicator, Location, Variable


class Identified(Protocol):
    """A row of the seeds whose fields are the columns of its table."""

    @property
    def id(self) -> str:
        """Its name."""


def write_reference(
    connection: Connection,
    *,
    variables: Iterable[Variable],
    datums: Iterable[Datum],
    locations: Iterable[Location],
    datasets: Iterable[Dataset],
    indicators: Iterable[Indicator],
    targets: Iterable[Identified] = (),
) -> int:
    """Bring the reference tables to the seeds and return how many rows were added or changed; none is removed."""
    _one_at_a_time(connection)
    return (
        _upsert(connection, t.variable, [_pick(t.variable, v) for v in variables])
        + _upsert(connection, t.datum, [_pick(t.datum, d) for d in datums])
        + _upsert(connection, t.location, [_location(row) for row in locations])
        + _upsert(connection, t.dataset, [_pick(t.dataset, d) for d in datasets])
        + _upsert(connection, t.indicator, [_indicator(i) for i in indicators])
        + _upsert(connection, t.target, [_pick(t.target, row) for row in targets])
    )


def mark_synthetic(connection: Connection, synthetic: bool) -> None:
    """Remember for ever whether this catalog holds synthetic data, and refuse to mix the two.

    Raises
    ------
    CatalogError
        When the catalog already holds data of the other kind.
    """
    _one_at_a_time(connection)
    word = "yes" if synthetic else "no"
    known = connection.scalar(sa.select(t.catalog_property.c.value).where(t.catalog_property.c.name == "synthetic"))
    if known is None:
        connection.execute(sa.insert(t.catalog_property).values(name="synthetic", value=word))
    elif known != word:
        holds = "synthetic demonstration data" if known == "yes" else "real data"
        raise CatalogError(
            "this catalog", f"holds {holds}", "use another home for the other kind, they are never mixed"
        )


def is_synthetic(connection: Connection) -> bool:
    """Whether the catalog holds synthetic demonstration data."""
    column = t.catalog_property.c
    return connection.scalar(sa.select(column.value).where(column.name == "synthetic")) == "yes"


def series_id(
    connection: Connection, *, dataset: str, variable: str, location: str, resolution: str, datum: str | None
) -> int:
    """The key of a series, made if it is new."""
    identity = {
        "dataset_id": dataset, "variable_id": variable, "location_id": location,
        "resolution": resolution, "datum_id": datum or "none",
    }  # fmt: skip
    columns = t.series.c
    found = connection.scalar(
        sa.select(columns.id).where(*(columns[name] == value for name, value in identity.items()))
    )
    if found is None:
        found = connection.scalar(sa.insert(t.series).values(identity).returning(columns.id))
    assert found is not None
    return int(found)


def write_location(connection: Connection, location: Location) -> None:
    """A place that a listing found and no seed names, such as a station; what is known of it is brought up to date."""
    _upsert(connection, t.location, [_location(location)])


def _one_at_a_time(connection: Connection) -> None:
    """Two processes that start together do not both add what is missing; on SQLite only one writes anyhow."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SELECT pg_advisory_xact_lock(hashtext('caspian-env reference'))")


def _pick(table: sa.Table, row: Any) -> dict[str, Any]:
    return {column.name: getattr(row, column.name) for column in table.columns}


def _location(row: Location) -> dict[str, Any]:
    text = json.dumps(row.geometry, sort_keys=True) if row.geometry else None
    plain = ("id", "title", "kind", "longitude", "latitude", "elevation_m", "area_km2", "source")
    values = {name: getattr(row, name) for name in plain}
    return {**values, "geometry_sha256": hashlib.sha256(text.encode()).hexdigest() if text else None}


def _indicator(row: Indicator) -> dict[str, Any]:
    names = [column.name for column in t.indicator.columns if column.name != "parameters"]
    return {name: getattr(row, name) for name in names} | {
        "parameters": json.dumps(dict(row.parameters), sort_keys=True)
    }


def _upsert(connection: Connection, table: sa.Table, rows: list[Mapping[str, Any]]) -> int:
    wanted = sa.select(table).where(table.c.id.in_([row["id"] for row in rows]))
    known = {row.id: dict(row._mapping) for row in connection.execute(wanted)}
    new = [row for row in rows if row["id"] not in known]
    changed = [row for row in rows if row["id"] in known and known[row["id"]] != row]
    if new:
        connection.execute(sa.insert(table), new)
    for row in changed:
        connection.execute(sa.update(table).where(table.c.id == row["id"]).values(row))
    return len(new) + len(changed)
