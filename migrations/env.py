"""Where alembic meets the catalog: a connection handed over by ``caspian_env.catalog.migrate``, or the configured database."""

from __future__ import annotations

from typing import Any

from alembic import context
from sqlalchemy.engine import Connection

from caspian_env.catalog.engine import open_catalog
from caspian_env.catalog.migrate import schema_change
from caspian_env.catalog.partial_indexes import metadata
from caspian_env.catalog.tables import UtcTime
from caspian_env.settings import load_settings


def _only_tables(_object: Any, name: str | None, kind: str, reflected: bool, _compare_to: Any) -> bool:
    return not (kind == "table" and reflected and name is not None and name.startswith("v_"))


def _short_types(kind: str, item: Any, _context: Any) -> str | bool:
    return "UtcTime()" if kind == "type" and isinstance(item, UtcTime) else False


def _migrate(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=metadata,
        render_as_batch=True,
        include_object=_only_tables,
        render_item=_short_types,
        compare_type=True,
        compare_server_default=False,
    )
    with context.begin_transaction():
        context.run_migrations()


given = context.config.attributes.get("connection")
if given is not None:
    _migrate(given)
else:
    with schema_change(open_catalog(load_settings().database_url)) as opened:
        _migrate(opened)
