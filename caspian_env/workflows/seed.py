"""Bring the database to this version's schema and its reference tables to the seeds."""

from __future__ import annotations

from caspian_env.catalog.migrate import make_folder, upgrade
from caspian_env.catalog.reference import mark_synthetic, write_reference
from caspian_env.errors import CatalogError
from caspian_env.settings import DATABASE_NAME, Settings
from caspian_env.wiring import Platform

SYNTHETIC_HOME = "SYNTHETIC-HOME.txt"


def seed(platform: Platform) -> int:
    """Migrate and seed; return how many reference rows were added or changed.

    Raises
    ------
    NewerDatabase
        When a newer version of the platform wrote the database.
    CatalogError
        When synthetic and real data would meet in one catalog or one home.
    """
    keep_apart(platform.settings, platform.synthetic)
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
            targets=seeds.targets.values(),
        )


def keep_apart(settings: Settings, synthetic: bool) -> None:
    """Mark the home of a demonstration, and refuse a home that belongs to data of the other kind.

    The mark of the catalog alone would not keep archive, cubes and reports apart where the database lies elsewhere.

    Raises
    ------
    CatalogError
        When synthetic and real data would meet.
    """
    mark = settings.home / SYNTHETIC_HOME
    if mark.is_file():
        if not synthetic:
            raise CatalogError(
                str(settings.home), "holds synthetic demonstration data", "use another home for real data"
            )
        return
    if not synthetic:
        return
    if settings.archive.exists() or (settings.home / DATABASE_NAME).exists():
        raise CatalogError(str(settings.home), "holds real data", "use another home for the demonstration")
    make_folder(settings.home)
    mark.write_text("All data below this folder are synthetic; real data are refused here.\n", encoding="utf-8")
