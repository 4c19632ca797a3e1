"""The tables of a report: what stands beside the numbers of the indicators, as known now or at a moment."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from caspian_env.catalog.engine import Connection
from caspian_env.catalog.manual import read_manual_values
from caspian_env.catalog.revisions import counted_flags, counted_revisions
from caspian_env.errors import SeedError
from caspian_env.reports import promises
from caspian_env.reports.model import Figure, Table
from caspian_env.reports.tables import flags, reported_levels, revisions
from caspian_env.reports.voice import Voice
from caspian_env.seeds.manual import load_reportables
from caspian_env.wiring import Platform
from caspian_env.workflows.commitments import commitments

KINDS = ("reported_levels", "revisions", "flags", "targets", "target_sources", "pledges", "reported_numbers")


def table(
    connection: Connection,
    platform: Platform,
    entry: dict[str, Any],
    figures: tuple[Figure, ...],
    as_of: datetime | None,
    language: str,
) -> Table:
    """One table of a definition, its cells in the language of the report.

    Raises
    ------
    SeedError
        When its kind is none of ``KINDS``.
    """
    kind, name, say = entry["kind"], entry["id"], Voice(language)
    if kind == "reported_levels":
        return reported_levels(name, [line for figure in figures for line in figure.lines], say)
    if kind == "revisions":
        units = {one.id: one.units for one in platform.seeds.variables.values()}
        return revisions(name, [tuple(row) for row in counted_revisions(connection, as_of)], units, say)
    if kind == "flags":
        return flags(name, [tuple(row) for row in counted_flags(connection, as_of)], say)
    if kind == "reported_numbers":
        titles = {one.id: one.title for one in load_reportables().values()}
        places = {one.id: one.title for one in platform.seeds.locations.values()}
        return promises.reported(name, read_manual_values(connection, as_of=as_of), titles, places, say)
    if kind not in KINDS:
        raise SeedError(name, f"unknown kind of table {kind!r}", f"one of {', '.join(KINDS)}")
    found = commitments(platform, connection, as_of)
    if kind == "targets":
        return promises.targets(name, found.targets, say, reconstructed=as_of is not None and found.reconstructed)
    if kind == "target_sources":
        return promises.sources(name, found.targets, say)
    countries = {one.id: one.title for one in platform.seeds.locations.values()}
    return promises.pledges(name, found.pledges, countries, say)
