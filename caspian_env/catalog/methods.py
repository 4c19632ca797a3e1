"""By which definition an indicator was computed, and since when.

The reference table ``indicator`` holds the definition of now; a value of the past was made by the one of its time. Kept
as facts about this catalog, one for each change of a definition, never changed or removed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from caspian_env.catalog import tables as t


def record_method(
    connection: Connection, indicator_id: str, location_id: str, since: datetime, definition: Mapping[str, Any]
) -> None:
    """Remember the definition (function, version, parameters …) that is in use from ``since`` on."""
    name = _prefix(indicator_id, location_id) + since.isoformat()
    values = {"name": name, "value": json.dumps(dict(definition), sort_keys=True)}
    connection.execute(sa.insert(t.catalog_property).values(values))


def method_at(connection: Connection, indicator_id: str, location_id: str, moment: datetime) -> dict[str, Any] | None:
    """The definition in use at a moment, or None where none was recorded."""
    dated = _methods(connection, indicator_id, location_id)
    since = max((start for start in dated if start <= moment), default=None)
    if since is None:
        return None
    definition: dict[str, Any] = json.loads(dated[since])
    return definition


def last_method_change(connection: Connection, indicator_id: str, location_id: str) -> datetime | None:
    """Since when the newest recorded definition is in use."""
    return max(_methods(connection, indicator_id, location_id), default=None)


def _methods(connection: Connection, indicator_id: str, location_id: str) -> dict[datetime, str]:
    prefix = _prefix(indicator_id, location_id)
    wanted = t.catalog_property.c.name.startswith(prefix, autoescape=True)
    rows = connection.execute(sa.select(t.catalog_property).where(wanted))
    return {datetime.fromisoformat(row.name.removeprefix(prefix)): row.value for row in rows}


def _prefix(indicator_id: str, location_id: str) -> str:
    return f"method of {indicator_id} at {location_id} since "
