"""The main job: migrate, seed, collect what is due, build cubes, compute what changed, build the bulletin."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from caspian_env.errors import AlreadyClaimed, BackwardsKnowledge, DiskError, SeedError, SettingsError
from caspian_env.model import Dataset, Window
from caspian_env.wiring import Platform
from caspian_env.workflows.chosen import choose, left_out
from caspian_env.workflows.compute import compute
from caspian_env.workflows.cube import build_cubes
from caspian_env.workflows.holder import is_gone
from caspian_env.workflows.ingest import ingest
from caspian_env.workflows.ledger import account_for_dead
from caspian_env.workflows.outcome import Outcome, exit_code
from caspian_env.workflows.report import write_bulletin
from caspian_env.workflows.seed import seed

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Summary:
    """What a run did: an account per dataset, of the cubes, the indicators and the report, and the report's files."""

    collected: tuple[Outcome, ...]
    cubes: Outcome
    computed: Outcome
    reported: Outcome
    report: tuple[Path, ...]

    @property
    def changed(self) -> bool:
        """Whether anything at all was added or replaced."""
        return any(o.written or o.new_granules for o in (*self.collected, self.cubes, self.computed))

    @property
    def exit_code(self) -> int:
        """0 all done; 3 something is missing or refused; 1 when nothing at all could be done."""
        return exit_code([*self.collected, *(o for o in (self.cubes, self.computed, self.reported) if o.problems)])

    def as_dict(self) -> dict[str, Any]:
        """For ``--json``."""
        return {
            "exit_code": self.exit_code,
            "changed": self.changed,
            "collected": [outcome.as_dict() for outcome in self.collected],
            "cubes": self.cubes.as_dict(),
            "computed": self.computed.as_dict(),
            "reported": self.reported.as_dict(),
            "report": [str(path) for path in self.report],
        }


def run(
    platform: Platform,
    *,
    only: Sequence[str] = (),
    window: Window | None = None,
    out: Path | None = None,
    known_at: datetime | None = None,
    progress: Progress | None = None,
) -> Summary:
    """Do the whole job once.

    Parameters
    ----------
    only : sequence of str
        Datasets to collect; all of them by default. Cubes, indicators and the bulletin follow from what the catalog
        holds.
    window : Window, optional
        Valid time to collect.
    out : Path, optional
        Folder of the bulletin; the home's reports folder by default.
    known_at : datetime, optional
        From when the archived editions collected now were known, UTC.

    Raises
    ------
    DatabaseUnusable
        When the database fails. What a disk refuses is a problem of the stage concerned, and the others go on.
    """
    collected = collect(platform, only=only, window=window, known_at=known_at, progress=progress)
    cubes = _build(platform, known_at, progress)
    computed = compute(platform, known_at=known_at, progress=progress)
    reported, report = _report(platform, out or platform.settings.reports)
    return Summary(tuple(collected), cubes, computed, reported, tuple(report))


def collect(
    platform: Platform,
    *,
    only: Sequence[str] = (),
    window: Window | None = None,
    known_at: datetime | None = None,
    scheduled_for: datetime | None = None,
    progress: Progress | None = None,
) -> list[Outcome]:
    """Migrate, seed and collect the datasets named, or all active ones; what another run collects is skipped."""
    datasets = choose(platform, only)
    seed(platform)
    with suppress(DiskError):  # it takes nothing either, which each dataset that has something for it will say
        platform.archive.sweep(gone=is_gone)
    account_for_dead(platform)
    done = [_collect(platform, dataset, window, known_at, scheduled_for, progress) for dataset in datasets]
    return done if only else [*done, *(Outcome(name, skipped=why) for name, why in left_out(platform).items())]


def _collect(
    platform: Platform, dataset: Dataset, window: Window | None, known_at: datetime | None,
    scheduled_for: datetime | None, progress: Progress | None,
) -> Outcome:  # fmt: skip
    try:
        return ingest(
            platform, dataset, window=window, known_at=known_at, scheduled_for=scheduled_for, progress=progress
        )
    except (BackwardsKnowledge, SeedError, SettingsError) as error:
        return Outcome(dataset.id, problems=[str(error)])  # concerns this dataset alone; the rest goes on


def _build(platform: Platform, known_at: datetime | None, progress: Progress | None) -> Outcome:
    try:
        return build_cubes(platform, known_at=known_at, progress=progress)
    except DiskError as error:
        return Outcome("cubes", problems=[str(error)])


def _report(platform: Platform, folder: Path) -> tuple[Outcome, list[Path]]:
    outcome = Outcome("report", expected=1)
    try:
        files = write_bulletin(platform, folder)
    except (AlreadyClaimed, DiskError) as error:
        outcome.problems.append(str(error))
        return outcome, []
    except ModuleNotFoundError as error:  # what was collected and computed is told all the same
        outcome.problems.append(f"the package {error.name} is missing (install caspian-env again)")
        return outcome, []
    outcome.fetched = 1
    return outcome, files
