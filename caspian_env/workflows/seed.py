"""Bring the database to this version's schema and its reference tables to the seeds."""

from __future__ import annotations

from caspian_env.catalog.migrate import upgrade
from caspian_env.catalog.reference import mark_synthetic, write_reference
from caspian_env.wiring import Platform


def seed(platform: Platform) -> int:
    """Migrate and seed; return how many reference rows were added or changed.

    Raises
    ------
    NewerDatabase
        When a newer version of the platform wrote the database.
    CatalogError
        When synthetic and real data would meet in one catalog.
    """
    upgrade(platform.catalog)
    seeds = platform.seeds
    with platform.catalog.write() as connection:
        mark_synthetic(connection, platform.synthetic)
        return write_reference(
            connection,
            variables=seeds.variables.values(),
            datums=seeds.datums.values(),
            locations=seeds.locations.values(),
            datasets=seeds.datasets.values(),
            indicators=seeds.indicators.values(),
        )
