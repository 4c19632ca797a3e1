"""Indexes over a part of the rows of a table: the tables with them are what a database is compared with.

They stand apart from the tables because SQLAlchemy loads what it knows of PostgreSQL for the first of them, which a command
that asks a SQLite file would wait for. Migrations make them; no query names them.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from caspian_env.catalog.tables import (
    alert,
    cube_part,
    indicator_value,
    manual_value,
    observation,
    qc_override,
    run,
)
from caspian_env.catalog.tables import metadata as metadata


def _over(name: str, *columns: sa.Column[Any], where: sa.ColumnElement[bool], unique: bool = False) -> None:
    sa.Index(name, *columns, unique=unique, sqlite_where=where, postgresql_where=where)


def _one_open(name: str, *columns: sa.Column[Any], until: sa.Column[Any]) -> None:
    """Of each combination of the columns at the most one row is still open."""
    _over(name, *columns, where=until.is_(None), unique=True)


# A due time is never done twice, nor done and missed; and a job has one run at a time.
_over("uq_run_due", run.c.job, run.c.scheduled_for, where=run.c.status.not_in(("failed", "partial")), unique=True)
_over("uq_run_running", run.c.job, where=run.c.status == "running", unique=True)

_one_open("uq_observation_open", observation.c.series_id, observation.c.time, until=observation.c.known_to)
_one_open("uq_qc_override_open", qc_override.c.series_id, qc_override.c.time, until=qc_override.c.known_to)
_one_open("uq_cube_part_open", cube_part.c.dataset_id, cube_part.c.period_start, until=cube_part.c.known_to)
_one_open("uq_indicator_value_open", indicator_value.c.indicator_id, indicator_value.c.location_id,
          indicator_value.c.period_start, indicator_value.c.period_end, until=indicator_value.c.known_to)  # fmt: skip
_one_open("uq_manual_value_open", manual_value.c.quantity, manual_value.c.location_id, manual_value.c.period_start,
          manual_value.c.period_end, until=manual_value.c.known_to)  # fmt: skip
_one_open("uq_alert_open", alert.c.rule, alert.c.subject, until=alert.c.resolved_at)

# What a provider changed is a small part of what it gave: found by the moment at which the change became known.
_over("ix_observation_closed", observation.c.known_to, where=observation.c.known_to.is_not(None))
_over("ix_observation_restored", observation.c.known_from, where=observation.c.kind == "restored")

# PostgreSQL keeps rows in the order in which they came. Its primary key therefore carries every other column, so that a
# series lies together in the index as it does in the table on SQLite, however many others were written between its rows.
observation.primary_key.dialect_kwargs["postgresql_include"] = (
    "known_to", "value", "std_uncertainty", "qc_flag", "status", "kind", "n_cells", "area_share", "source_note",
    "qc_tests", "granule_id", "run_id",
)  # fmt: skip
