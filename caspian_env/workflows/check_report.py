"""Whether frozen reports still hold: which printed numbers have moved, and whether the files are what was frozen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from caspian_env.catalog.engine import Connection
from caspian_env.catalog.migrate import require_current
from caspian_env.catalog.report_editions import (
    Edition,
    files_of,
    find_edition,
    known_of,
    printed_in,
    read_editions,
)
from caspian_env.reports.moved import IN_WORDS, UNCERTAINTY, Moved, Printed, answered, moved
from caspian_env.wiring import Platform
from caspian_env.workflows.edition_store import damaged
from caspian_env.workflows.ledger import ledger
from caspian_env.workflows.outcome import Outcome

CHECK_JOB = "check"  # its name in the ledger
FIELDS = ("value", "std_uncertainty", "ci_low", "ci_high", "ci_level", "unit", "reason", "datum_id", "known_from")


@dataclass(frozen=True, slots=True)
class Checked:
    """What has become of the numbers of an edition, and of its files."""

    edition: Edition
    n_printed: int
    moved: tuple[Moved, ...]
    answered: tuple[str, ...]
    damaged: tuple[str, ...]
    corrected_by: str | None

    @property
    def holds(self) -> bool:
        """Whether every printed number would be printed alike today, and every file is what was frozen."""
        return not (self.moved or self.damaged)

    @property
    def sentence(self) -> str:
        """The result in one line."""
        e = self.edition
        if self.damaged:
            return f"{e.id}: {len(self.damaged)} of its files are missing or changed: {self.damaged[0]}"
        if not self.moved:
            return f"{e.id}: all {self.n_printed} printed numbers hold"
        beyond = sum(UNCERTAINTY in one.kinds for one in self.moved)
        return (
            f"{e.id}, as known on {e.as_of:%F}: {len(self.moved)} of {self.n_printed} printed numbers have moved, "
            f"{beyond} of them beyond their uncertainty"
        )

    def as_dict(self) -> dict[str, Any]:
        """For ``--json``."""
        counts = Counter(kind for one in self.moved for kind in one.kinds)
        return {
            "edition": self.edition.id, "as_of": self.edition.as_of, "holds": self.holds, "n_printed": self.n_printed,
            "n_moved": len(self.moved), "kinds": {kind: counts[kind] for kind in IN_WORDS if counts[kind]},
            "moved": [
                {"value_id": one.value_id, "kinds": one.kinds, "printed": asdict(one.old),
                 "now": asdict(one.new) if one.new else None}
                for one in self.moved
            ],
            "answered": self.answered, "damaged_files": self.damaged, "corrected_by": self.corrected_by,
        }  # fmt: skip


def check(platform: Platform, edition_id: str, *, as_of: datetime | None = None) -> Checked:
    """Compare what an edition printed with what is known now, or was at ``as_of``."""
    require_current(platform.catalog)
    with platform.catalog.read() as connection:
        return check_in(connection, platform, find_edition(connection, edition_id), as_of=as_of)


def check_in(connection: Connection, platform: Platform, edition: Edition, *, as_of: datetime | None = None) -> Checked:
    """The same within a transaction."""
    old = printed_of(connection, edition.id)
    new = known_now(connection, edition.id, old, as_of=as_of)
    wrong = damaged(platform.settings.home, edition.id, files_of(connection, edition.id))
    corrections = [
        e.id
        for e in read_editions(connection, edition.report_id)
        # a later erratum of what this one corrects takes its place, too
        if e.corrects == edition.id
        or (edition.corrects and e.corrects == edition.corrects and e.number > edition.number)
    ]
    numbers = sum(one.value is not None for one in old)
    return Checked(
        edition, numbers, tuple(moved(old, new)), tuple(answered(old, new)), tuple(wrong),
        corrections[-1] if corrections else None,
    )  # fmt: skip


def check_all(platform: Platform, *, scheduled_for: datetime | None = None) -> tuple[Outcome, list[Checked]]:
    """Compare every edition with what is known now; what does not hold is a problem of the outcome."""
    require_current(platform.catalog)
    outcome = Outcome("frozen reports")
    found: list[Checked] = []
    with ledger(platform, "check", "*", outcome, job=CHECK_JOB, scheduled_for=scheduled_for):
        with platform.catalog.read() as connection:
            editions = read_editions(connection)
            outcome.expected = len(editions)
            for edition in editions:
                found.append(check_in(connection, platform, edition))
                outcome.fetched += 1
        for one in found:
            if not one.holds and (one.corrected_by is None or one.damaged):
                outcome.problems.append(one.sentence)
            elif not one.holds:
                outcome.notes.append(f"{one.sentence}; corrected by {one.corrected_by}")
    return outcome, found


def printed_of(connection: Connection, edition_id: str) -> list[Printed]:
    """What an edition printed, in the order of print."""
    return [
        Printed(
            value_id=row.printed_id, decimals=row.decimals, printed=row.printed, **{n: getattr(row, n) for n in FIELDS}
        )
        for row in printed_in(connection, edition_id)
    ]


def known_now(
    connection: Connection, edition_id: str, old: Iterable[Printed], *, as_of: datetime | None = None
) -> Mapping[str, Printed]:
    """What is known of the same numbers, at the decimal places at which they were printed."""
    decimals = {one.value_id: one.decimals for one in old}
    return {
        name: Printed(value_id=name, decimals=decimals[name], **{n: getattr(row, n) for n in FIELDS})
        for name, row in known_of(connection, edition_id, as_of=as_of).items()
    }
