"""What a workflow reports back: counts, problems and notes, and the exit code that follows from them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

OK, FAILED, USAGE, PARTIAL = 0, 1, 2, 3


@dataclass(slots=True)
class Outcome:
    """The account of one dataset's collection or one stage of a run.

    ``problems`` make it partial: something is missing or was refused; ``may_pass`` says that another try, soon, may do
    better. ``notes`` inform without being anybody's fault.
    """

    subject: str
    skipped: str = ""
    expected: int = 0
    fetched: int = 0
    unchanged: int = 0
    rejected: int = 0
    first: int = 0
    revised: int = 0
    withdrawn: int = 0
    new_granules: int = 0
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    without_data: list[str] = field(default_factory=list)
    may_pass: bool = False

    @property
    def written(self) -> int:
        """Vintages opened, replaced or closed."""
        return self.first + self.revised + self.withdrawn

    @property
    def status(self) -> str:
        """One of ok, partial, failed, skipped."""
        if self.skipped:
            return "skipped"
        if not self.problems:
            return "ok"
        return "partial" if self.fetched + self.unchanged > self.rejected else "failed"

    def counts(self, *, more_written: int = 0) -> Mapping[str, int]:
        """The counts of table ``run``, with what the transaction that is going on has written."""
        return {
            "n_expected": self.expected, "n_fetched": self.fetched, "n_unchanged": self.unchanged,
            "n_rejected": self.rejected, "n_written": self.written + more_written,
        }  # fmt: skip

    def as_dict(self) -> dict[str, Any]:
        """For ``--json``."""
        return asdict(self) | {"status": self.status, "written": self.written}


def exit_code(outcomes: Iterable[Outcome]) -> int:
    """0 all done; 3 something is missing or refused; 1 when nothing at all could be done."""
    statuses = [outcome.status for outcome in outcomes if outcome.status != "skipped"]
    if all(status == "ok" for status in statuses):
        return OK
    return FAILED if all(status == "failed" for status in statuses) else PARTIAL
