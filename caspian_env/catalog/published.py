"""Reading the public views, with no more rights than a reader has: no table is touched here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from caspian_env.catalog.engine import Catalog
from caspian_env.catalog.tables import UtcTime
from caspian_env.errors import CatalogError, nearest_of
from caspian_env.model import Window

_TIMES = {"time", "period_start", "period_end", "known_from", "known_to"}


def _view(name: str, *columns: str) -> sa.TableClause:
    return sa.table(name, *(sa.column(column, UtcTime() if column in _TIMES else None) for column in columns))


_SERIES = _view(
    "v_series", "series_id", "dataset_id", "variable_id", "location_id", "resolution", "unit", "datum", "long_name",
    "standard_name", "cell_methods", "dataset_title", "datum_title", "provider", "licence", "citation",
)  # fmt: skip
_OBSERVATION = _view(
    "v_observation_history", "series_id", "location_id", "time", "value", "std_uncertainty", "qc_flag", "status",
    "known_from", "known_to", "n_cells", "area_share", "source_note",
)  # fmt: skip
_INDICATOR = _view(
    "v_indicator_history", "indicator_id", "method_version", "location_id", "period_start", "period_end", "value",
    "unit", "std_uncertainty", "ci_low", "ci_high", "ci_level", "n_valid", "n_expected", "status", "confidence",
    "qc_flag", "datum", "licence", "known_from", "known_to",
)  # fmt: skip
DEFINITIONS = "view v_indicator_definition"
_FACTS = _view("v_catalog", "name", "value")


def facts(catalog: Catalog) -> dict[str, str]:
    """What view ``v_catalog`` says; CatalogError where the database holds no catalog of this kind."""
    try:
        with catalog.read() as connection:
            rows = connection.execute(sa.select(_FACTS.c.name, _FACTS.c.value))
            return {row.name: row.value for row in rows}
    except sa.exc.DBAPIError as error:
        raise CatalogError(
            catalog.name, "holds no catalog that this version can read", "caspian-env db status; caspian-env run"
        ) from error


@dataclass(frozen=True, slots=True)
class Published:
    """Values with what they are: a row of ``v_series`` or ``v_indicator_definition``, and of ``v_dataset`` for a series."""

    about: Mapping[str, Any]
    dataset: Mapping[str, Any]
    rows: Sequence[dict[str, Any]]


def published_series(
    catalog: Catalog,
    dataset: str,
    *,
    variable: str | None,
    location: str | None,
    datum: str | None,
    as_of: datetime | None,
    window: Window | None,
    history: bool,
) -> Published:
    """Values of one quantity by location, time and vintage: known now, at ``as_of``, or all vintages up to then.

    Raises
    ------
    CatalogError
        When no series, or no value, or more than one quantity, datum or resolution fits.
    """
    with catalog.read() as connection:
        found = _series(connection, dataset_id=dataset, variable_id=variable, location_id=location, datum=datum)
        if not found:
            raise _no_series(connection, dataset, variable_id=variable, location_id=location, datum=datum)
        one = _only_quantity(dataset, found)
        column = _OBSERVATION.c
        wanted = [column.series_id.in_([row["series_id"] for row in found]), *_known(column, as_of, history)]
        if window is not None:
            wanted += [column.time >= window.start, column.time < window.end]
        order = (column.location_id, column.time, column.known_from)
        rows = connection.execute(sa.select(_OBSERVATION).where(*wanted).order_by(*order)).mappings()
        values = [_then(dict(row), row["time"], as_of) for row in rows]
        about = described(connection, "v_dataset", dataset_id=dataset)[0]
    if not values:
        span = f" for {window}" if window else ""
        raise CatalogError(dataset, f"no value was known{_at(as_of)}{span}", "ask for another time, or moment")
    return Published(one, about, values)


def published_indicator(
    catalog: Catalog, indicator_id: str, *, location: str | None, as_of: datetime | None, history: bool
) -> Published:
    """Values of an indicator by location, period and vintage: known now, at ``as_of``, or all vintages up to then.

    Raises
    ------
    CatalogError
        When there is no such indicator, or no value of it was known.
    """
    column = _INDICATOR.c
    wanted = [column.indicator_id == indicator_id, *_known(column, as_of, history)]
    if location is not None:
        wanted.append(column.location_id == location)
    order = (column.location_id, column.period_start, column.period_end, column.known_from)
    with catalog.read() as connection:
        defined = described(connection, "v_indicator_definition", indicator_id=indicator_id)
        rows = connection.execute(sa.select(_INDICATOR).where(*wanted).order_by(*order)).mappings()
        values = [_then(dict(row), row["period_start"], as_of) for row in rows]
    if not defined:
        with catalog.read() as connection:
            every = [row["indicator_id"] for row in described(connection, "v_indicator_definition")]
        raise CatalogError(indicator_id, "is not an indicator", nearest_of([indicator_id], every, DEFINITIONS))
    if not values:
        where = f" for {location}" if location else ""
        raise CatalogError(indicator_id, f"no value was known{_at(as_of)}{where}", "view v_refusal says why")
    return Published(defined[0], {}, values)


def described(connection: Connection, view: str, **identity: str) -> list[dict[str, Any]]:
    """Rows of ``v_dataset`` or ``v_indicator_definition``, whole, in the order of their ids."""
    key = {"v_dataset": "dataset_id", "v_indicator_definition": "indicator_id"}[view]
    statement = sa.select(sa.text("*")).select_from(sa.table(view)).order_by(sa.column(key))
    statement = statement.where(*(sa.column(name) == value for name, value in identity.items()))
    yes_or_no = ("redistributable", "relative_to_datum")  # integers to SQLite
    return [
        {name: bool(value) if name in yes_or_no else value for name, value in row.items()}
        for row in connection.execute(statement).mappings()
    ]


def _known(column: Any, as_of: datetime | None, history: bool) -> list[sa.ColumnElement[bool]]:
    """As `observations.known_at` for the tables."""
    begun = [] if as_of is None else [column.known_from <= as_of]
    if history:
        return begun
    still = column.known_to.is_(None) if as_of is None else sa.or_(column.known_to.is_(None), column.known_to > as_of)
    return [*begun, still]


def _series(connection: Connection, **identity: str | None) -> list[dict[str, Any]]:
    column = _SERIES.c
    wanted = [column[name] == value for name, value in identity.items() if value is not None]
    order = (column.variable_id, column.datum, column.resolution, column.location_id)
    rows = connection.execute(sa.select(_SERIES).where(*wanted).order_by(*order)).mappings()
    return [dict(row) for row in rows]


def _no_series(connection: Connection, dataset: str, **wanted: str | None) -> CatalogError:
    """Why nothing fits: the first of the names given that the catalog has no series of, with the nearest that it has."""
    column = _SERIES.c
    every = {row[0] for row in connection.execute(sa.select(column.dataset_id).distinct())}
    if dataset not in every:
        return CatalogError(dataset, "has no series here", nearest_of([dataset], sorted(every), "view v_dataset"))
    for name, given in wanted.items():
        known = sa.select(column[name]).where(column.dataset_id == dataset).distinct()
        there = sorted(row[0] for row in connection.execute(known) if row[0])
        if given is not None and given not in there:
            what = name.removesuffix("_id")
            return CatalogError(dataset, f"has no such series: its {what} is not {given}", nearest_of([given], there))
    return CatalogError(dataset, "has no such series", "view v_series lists what there is")


def _only_quantity(dataset: str, found: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The first of the series, which may differ in location only."""
    kinds = {" ".join(row[name] or "" for name in ("variable_id", "datum", "resolution")) for row in found}
    if len(kinds) > 1:
        fitting = "; ".join(" ".join(kind.split()) for kind in sorted(kinds))
        raise CatalogError(dataset, f"{len(kinds)} kinds of series fit: {fitting}", "name variable or datum")
    return found[0]


def _then(row: dict[str, Any], start: datetime, as_of: datetime | None) -> dict[str, Any]:
    """A row as it could be seen at a moment, which does not know the end of its knowledge if that came later."""
    ended = row["known_to"]
    known_to = None if ended is not None and as_of is not None and ended > as_of else ended
    return {**row, "location": row["location_id"], "time": start, "known_to": known_to}


def _at(as_of: datetime | None) -> str:
    return f" at {as_of:%Y-%m-%d %H:%M}" if as_of else ""
