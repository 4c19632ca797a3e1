"""The demonstration: the whole platform on a mirror of synthetic provider files, in a home of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from caspian_env.demo import DATASETS, EDITIONS, write_mirror
from caspian_env.settings import Settings
from caspian_env.wiring import open_platform
from caspian_env.workflows.run import Summary, run
from caspian_env.workflows.seed import keep_apart

Progress = Callable[[str, int, int], None]


def run_demo(settings: Settings, *, out: Path | None = None, progress: Progress | None = None) -> list[Summary]:
    """Write the two editions of the synthetic mirror and run the main job on each, oldest first.

    A catalog that has seen the second edition is only run against that one again, and so finds nothing new.

    Raises
    ------
    CatalogError
        When the home holds real data.
    """
    keep_apart(settings, synthetic=True)
    editions = EDITIONS[-1:] if _written(settings, EDITIONS[-1]) else EDITIONS
    summaries = []
    for edition in editions:
        folder = mirror_folder(settings, edition)
        if not _written(settings, edition):
            write_mirror(folder, edition, progress=_named(progress, f"synthetic edition {edition}"))
            _mark_written(folder)
        with open_platform(replace(settings, mirror=str(folder), datasets=DATASETS), synthetic=True) as platform:
            summaries.append(run(platform, out=out, progress=progress))
    return summaries


def mirror_folder(settings: Settings, edition: int) -> Path:
    """Where an edition of the synthetic mirror lies."""
    return settings.home / f"synthetic-mirror-edition-{edition}"


def _written(settings: Settings, edition: int) -> bool:
    return (mirror_folder(settings, edition) / "COMPLETE").is_file()


def _mark_written(folder: Path) -> None:
    # Written last: a demonstration killed while it wrote its mirror writes it again.
    (folder / "COMPLETE").write_text("all synthetic files of this edition are written\n", encoding="utf-8")


def _named(progress: Progress | None, name: str) -> Callable[[int, int], None] | None:
    if progress is None:
        return None
    return lambda done, total: progress(name, done, total)
