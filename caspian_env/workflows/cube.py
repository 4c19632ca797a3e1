"""Cubes of the gridded datasets: build the years that changed, open what was known at any time.

A part is dated by the observations it follows from and not by the hour it was built, so that a cube and the series of
the same date agree. Between two granules of one run there is no part: a cube knows the state that a run left behind.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from caspian_env.catalog.cubes import (
    Believed,
    Part,
    close_part,
    first_known,
    last_changes,
    read_believed,
    read_parts,
    write_part,
)
from caspian_env.catalog.ledger import count_so_far, guard
from caspian_env.catalog.migrate import require_current
from caspian_env.cubes import Cubes, export, open_parts, read_part
from caspian_env.errors import CaspianError, CatalogError, DatabaseUnusable, DiskError, not_among
from caspian_env.formats.lazy_parts import attribute_of
from caspian_env.formats.spooled import drop_old_windows, drop_windows
from caspian_env.model import Dataset, Source
from caspian_env.processing.describe import coverage, describe
from caspian_env.wiring import Platform, cubes_of, source_of, use_dask
from caspian_env.workflows.cube_parts import METHOD, Areas, Current, assemble, current, fingerprint, vintages
from caspian_env.workflows.editions import known_by
from caspian_env.workflows.holder import holder_of, is_gone
from caspian_env.workflows.ledger import WAIT_SECONDS, ledger, standing_aside, wait_for_collections
from caspian_env.workflows.outcome import Outcome
from caspian_env.workflows.reading_cluster import readers_of

if TYPE_CHECKING:
    import xarray as xr

    Progress = Callable[[str, int, int], None]

WINDOWS_KEPT_SECONDS = 7 * 86_400.0


def build_cubes(
    platform: Platform,
    *,
    only: Sequence[str] | None = None,
    known_at: datetime | None = None,
    scheduled_for: datetime | None = None,
    progress: Progress | None = None,
) -> Outcome:
    """Build the parts whose granules or method changed, and account for them; a part that fails is a problem.

    Parameters
    ----------
    only : sequence of str, optional
        Gridded datasets; all of them by default.
    known_at : datetime, optional
        From when a part is known that no new observation explains (another method), UTC; now by default.

    Raises
    ------
    SettingsError
        When ``only`` names something else than a gridded dataset, or ``known_at`` lies in the future.
    """
    require_current(platform.catalog)
    known_at = known_by(known_at, platform.clock())
    known = platform.seeds.datasets
    datasets = (
        [_gridded(platform, name) for name in only]
        if only
        else [d for d in known.values() if d.kind == "grid" and d.cube]
    )
    outcome = Outcome("cubes")
    claimed = ledger(
        platform, "cube", ",".join(only) if only else "*", outcome, job="cube",
        scheduled_for=scheduled_for, wait_seconds=WAIT_SECONDS,
    )  # fmt: skip
    with standing_aside(outcome), claimed as run_id:
        wait_for_collections(platform, [dataset.id for dataset in datasets], outcome)
        cubes_of(platform).sweep(gone=is_gone)
        for dataset in datasets:
            source: Source = source_of(dataset)
            areas = Areas(
                dataset, source, platform.archive, platform.seeds.variables, _windows(platform, dataset),
                partial(readers_of, platform.settings),
            )  # fmt: skip
            _build_dataset(_Job(platform, dataset, areas, run_id, known_at, outcome), progress)
            drop_old_windows(_windows(platform, dataset), WINDOWS_KEPT_SECONDS)
    return outcome


def open_cube(platform: Platform, dataset: str, as_of: datetime | None = None, *, verify: bool = False) -> xr.Dataset:
    """The cube of a gridded dataset as it is known now or was known at ``as_of``, lazily opened.

    Parameters
    ----------
    as_of : datetime, optional
        UTC.
    verify : bool
        Whether to read every part and compare its sha256; by default only its size is looked at.

    Returns
    -------
    xarray.Dataset, dims (time, latitude, longitude)
        Dask arrays, a year a chunk; times are the start of their period.

    Raises
    ------
    SettingsError
        When this is no gridded dataset.
    CatalogError
        When nothing was known then, or a part is missing or damaged.
    """
    _gridded(platform, dataset)
    use_dask(platform.settings)
    parts = parts_of(platform, dataset, as_of)
    cubes = cubes_of(platform)
    whole = open_parts([cubes.open(dataset, part.sha256, part.size, verify=verify) for part in parts])
    newest = max(part.known_from for part in parts)
    return whole.assign_attrs(coverage(whole), id=dataset, date_created=f"{newest:%Y-%m-%dT%H:%M:%SZ}")


def parts_of(platform: Platform, dataset: str, as_of: datetime | None = None) -> Sequence[Any]:
    """The rows of ``cube_part`` that make a cube; CatalogError when there is none."""
    require_current(platform.catalog)
    with platform.catalog.read() as connection:
        parts = read_parts(connection, dataset, as_of=as_of)
        first = first_known(connection, dataset)
    if parts:
        return parts
    if first is None:
        raise CatalogError(dataset, "has no cube yet", "caspian-env run collects the dataset and builds it")
    raise CatalogError(
        dataset,
        f"had no cube {f'at {as_of:%F %T}' if as_of else 'left'}",
        f"its first part is known since {first:%F %T}",
    )


def export_cube(platform: Platform, dataset: str, target: Path, as_of: datetime | None = None) -> Path:
    """Write the cube as it was known to one NetCDF file.

    Raises
    ------
    CaspianError
        When the licence does not allow the data to be passed on, or as ``open_cube``.
    """
    about = _gridded(platform, dataset)
    if not about.redistributable:
        problem = f"may not be passed on, so it is not exported: {about.licence}"
        raise CaspianError(dataset, problem, f"ask {about.provider}; inside the house open it with caspian_env")
    with open_cube(platform, dataset, as_of) as cube:
        return export(cube, target)


@dataclass(frozen=True, slots=True)
class _Job:
    """What stays the same while the parts of one dataset are built."""

    platform: Platform
    dataset: Dataset
    areas: Areas
    run_id: int
    known_at: datetime | None
    outcome: Outcome

    @property
    def cubes(self) -> Cubes:
        return cubes_of(self.platform)


def _build_dataset(job: _Job, progress: Progress | None) -> None:
    with job.platform.catalog.read() as connection:
        changed = last_changes(connection, job.dataset.id)
        parts = {part.period_start.year: part for part in read_parts(connection, job.dataset.id)}
    years = sorted({*changed, *parts})
    for number, year in enumerate(years):
        if progress:
            progress(f"cube {job.dataset.id}", number, len(years))
        job.outcome.expected += 1
        try:
            if _is_up_to_date(job, parts.get(year), changed.get(year)):
                job.outcome.unchanged += 1
                continue
            with job.platform.catalog.read() as connection:
                believed = read_believed(connection, job.dataset.id, year)
            _build_year(job, year, believed, parts.get(year))
        except DatabaseUnusable:
            raise
        except CaspianError as error:
            # The vintages that follow wait: a later state must not be taken for the one that could not be built.
            job.outcome.rejected += 1
            job.outcome.problems.append(f"{job.dataset.id} {year}: {error}")
            if isinstance(error, DiskError):
                job.outcome.may_pass = True
                return  # the other years would be built in vain


def _is_up_to_date(job: _Job, part: Any, changed: datetime | None) -> bool:
    """Whether a part is there, whole by its size, built by the method of today, and nothing has changed since."""
    if part is None or changed is None or changed > part.known_from:
        return False
    if not job.cubes.holds(job.dataset.id, part.sha256, part.size):
        return False
    return attribute_of(job.cubes.open(job.dataset.id, part.sha256, part.size), "method_version") == METHOD


def _build_year(job: _Job, year: int, believed: list[Believed], part: Any) -> None:
    """Build every state of knowledge that the open part does not show yet, oldest first."""
    shown = part
    present = (job.known_at or job.platform.clock(), current(believed))  # differs from the last if the method changed
    for moment, state in [*vintages(believed, part.known_from if part else None), present]:
        if not state and shown is not None:
            with job.platform.catalog.write() as connection:
                guard(connection, job.run_id)
                close_part(connection, job.dataset.id, shown.period_start, known_at_moment=moment)
            job.outcome.withdrawn += 1
            shown = None
        elif state and (shown is None or fingerprint(state) != shown.fingerprint):
            shown = _build_part(job, year, state, moment, shown)
    if shown is part and part is not None:
        if job.cubes.holds(job.dataset.id, part.sha256, part.size):
            job.outcome.unchanged += 1
        else:
            _restore(job, year, part, present)


def _build_part(job: _Job, year: int, state: Sequence[Current], moment: datetime, shown: Any) -> Part:
    """Write the file, then open its vintage: a run killed between the two leaves a file that the next one finds."""
    part = _write(job, year, state, _reusable(job, shown) if shown else None)
    with job.platform.catalog.write() as connection:
        write_part(connection, job.dataset.id, part, known_at_moment=moment, run_id=job.run_id)
        count_so_far(connection, job.run_id, job.outcome.counts(more_written=1))
    drop_windows(_windows(job.platform, job.dataset), (row.sha256 for row in state))
    job.outcome.fetched += 1
    job.outcome.first += shown is None
    job.outcome.revised += shown is not None
    return part


def _restore(job: _Job, year: int, part: Any, present: tuple[datetime, Sequence[Current]]) -> None:
    """Build a part again whose file is gone; other libraries may write other bytes, and then it is a new vintage."""
    moment, state = present
    again = _write(job, year, state, None)
    job.outcome.notes.append(f"{job.dataset.id} {year}: the file of this part was missing or cut, it was built again")
    if again.sha256 == part.sha256:
        job.outcome.fetched += 1
    else:
        _build_part(job, year, state, moment, part)


def _write(job: _Job, year: int, state: Sequence[Current], previous: xr.Dataset | None) -> Part:
    grid = assemble(state, job.areas, previous)
    described = describe(
        grid, job.dataset, job.platform.seeds.variables, method=METHOD, synthetic=job.platform.synthetic
    )
    stored = job.cubes.write(job.dataset.id, described.assign_attrs(id=f"{job.dataset.id}.{year}"), owner=holder_of())
    return Part(
        period_start=datetime(year, 1, 1, tzinfo=UTC),
        period_end=datetime(year + 1, 1, 1, tzinfo=UTC),
        sha256=stored.sha256,
        size=stored.size,
        fingerprint=fingerprint(state),
        n_granules=len({row.sha256 for row in state}),
    )


def _reusable(job: _Job, part: Any) -> xr.Dataset | None:
    """A part in memory, if its bytes are whole and the method of today built it."""
    try:
        path = job.cubes.open(job.dataset.id, part.sha256, part.size, verify=True)
    except CatalogError as error:
        job.outcome.notes.append(f"{job.dataset.id}: read again from the archive, because {error}")
        return None
    cells = read_part(path)
    return cells if cells.attrs.get("method_version") == METHOD else None


def _windows(platform: Platform, dataset: Dataset) -> Path:
    """Where a collection keeps what it has inflated until it is in a cube."""
    return platform.settings.home / "cubes" / "windows" / dataset.id


def _gridded(platform: Platform, name: str) -> Dataset:
    gridded = [dataset.id for dataset in platform.seeds.datasets.values() if dataset.kind == "grid" and dataset.cube]
    if name not in gridded:
        raise not_among([name], "a gridded dataset", gridded, "caspian-env datasets")
    return platform.seeds.datasets[name]
