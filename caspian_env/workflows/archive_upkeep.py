"""Looking after the archive: are all bytes there and whole, and what may go by the written policy."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from caspian_env.catalog.migrate import require_current
from caspian_env.catalog.report_editions import needed_by_editions
from caspian_env.catalog.stored import hold_claims, stored_granules
from caspian_env.errors import AlreadyClaimed, CatalogError
from caspian_env.formats.hash_names import SHA256
from caspian_env.model import Retention
from caspian_env.seeds import load_retention
from caspian_env.wiring import Platform

Progress = Callable[[str, int, int], None]
DAY, HOUR = 86_400.0, 3_600.0


@dataclass(frozen=True, slots=True)
class Damage:
    """Bytes that are missing or not what their name says, and where they came from."""

    dataset_id: str
    sha256: str
    url: str | None
    problem: str


@dataclass(frozen=True, slots=True)
class Verified:
    """What a look at the archive found; ``hashed`` tells whether every byte was read."""

    n_granules: int
    n_bytes: int
    hashed: bool
    damages: tuple[Damage, ...]

    def as_dict(self) -> dict[str, Any]:
        """For ``--json``."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Removable:
    """A file that the policy lets go, and why."""

    path: Path
    size: int
    why: str


@dataclass(frozen=True, slots=True)
class Pruned:
    """What may go, or went; and how much the archive held before."""

    removable: tuple[Removable, ...]
    n_files: int
    n_bytes: int
    removed: bool

    @property
    def freed(self) -> int:
        """Bytes of what may go."""
        return sum(one.size for one in self.removable)

    def as_dict(self) -> dict[str, Any]:
        """For ``--json``."""
        listed = [{"path": str(one.path), "size": one.size, "why": one.why} for one in self.removable]
        return {
            "removed": self.removed, "n_files": self.n_files, "n_bytes": self.n_bytes, "freed": self.freed,
            "files": listed,
        }  # fmt: skip


def verify(platform: Platform, *, deep: bool = True, progress: Progress | None = None) -> Verified:
    """Compare every granule that is needed with its bytes: their sha256, or only their size if not ``deep``."""
    require_current(platform.catalog)
    with platform.catalog.read() as connection:
        needed = [row for row in stored_granules(connection) if row.needed]
    files = platform.archive.files()
    damages = []
    for number, row in enumerate(needed):
        if progress and deep:
            progress("archive", number, len(needed))
        if problem := _problem(platform, row, files.get(row.sha256), deep):
            damages.append(Damage(row.dataset_id, row.sha256, row.url, problem))
    return Verified(len(needed), sum(row.size for row in needed), deep, tuple(damages))


def prune(platform: Platform, *, yes: bool = False, policy: Retention | None = None) -> Pruned:
    """Find what the policy lets go and, with ``yes``, remove it.

    Nothing is removed that a granule with values of any vintage rests on: such a granule was accepted, and accepted
    bytes are never in reach of the policy; nor are bytes that a frozen report needs. While files go, no run can begin.

    Raises
    ------
    AlreadyClaimed
        When something is to be removed while a run goes on, which may be storing bytes.
    """
    require_current(platform.catalog)
    policy = policy or load_retention()
    if not yes:
        with platform.catalog.read() as connection:
            return _found(platform, stored_granules(connection), needed_by_editions(connection), policy)
    with platform.catalog.write() as connection:
        if jobs := hold_claims(connection):
            raise AlreadyClaimed("archive prune", f"{', '.join(jobs[:3])} goes on", "wait until it is over")
        found = _found(platform, stored_granules(connection), needed_by_editions(connection), policy)
        for one in found.removable:
            if SHA256.fullmatch(one.path.name):
                platform.archive.remove(one.path.name)
            else:
                one.path.unlink(missing_ok=True)
    return Pruned(found.removable, found.n_files, found.n_bytes, removed=True)


def _problem(platform: Platform, row: Any, found: Any, deep: bool) -> str:
    if found is None:
        return "is missing"
    if found.size != row.size:
        return f"has {found.size} of {row.size} bytes"
    if deep:
        try:
            platform.archive.verify(row.sha256)
        except CatalogError as error:
            return error.problem
        except OSError as error:
            return f"cannot be read: {error.strerror}"
    return ""


def _found(platform: Platform, granules: Sequence[Any], printed: set[str], policy: Retention) -> Pruned:
    files = platform.archive.files()
    now = platform.clock()
    removable = list(_removable(platform, granules, printed, files, policy, now))
    for path in platform.archive.parts(now.timestamp(), policy.temporary_hours * HOUR):
        why = f"was not received completely and is older than {policy.temporary_hours} hours"
        removable.append(Removable(path, path.stat().st_size, why))
    return Pruned(tuple(removable), len(files), sum(stored.size for stored in files.values()), removed=False)


def _removable(
    platform: Platform, granules: Sequence[Any], printed: set[str], files: Any, policy: Retention, now: datetime
) -> Iterator[Removable]:
    needed = {row.sha256 for row in granules if row.needed} | printed
    aside = {row.sha256: row for row in granules if not row.needed}
    for name, stored in sorted(files.items()):
        if name in needed:
            continue
        age = now.timestamp() - stored.stored_at
        path = platform.archive.root / name[:2] / name
        if name not in aside:
            if age > policy.unnamed_days * DAY:
                yield Removable(path, stored.size, f"no granule names it, for more than {policy.unnamed_days} days")
        elif age > policy.rejected_days * DAY:
            why = f"was set aside from {aside[name].dataset_id} more than {policy.rejected_days} days ago"
            yield Removable(path, stored.size, why)
