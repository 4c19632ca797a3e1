"""What one collection works with, and the rows and lines by which it accounts for every answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from caspian_env.archive import Kept
from caspian_env.catalog.ledger import count_so_far
from caspian_env.catalog.provenance import (
    RetrievalRecord,
    accepted_versions,
    is_known,
    record_granule,
    record_retrieval,
)
from caspian_env.errors import BadGranule, OlderEdition
from caspian_env.model import Dataset, GranuleRef, Source, Window
from caspian_env.transport import Answer
from caspian_env.wiring import Platform
from caspian_env.workflows.due import Due
from caspian_env.workflows.job_time import JobTime
from caspian_env.workflows.observe import Key
from caspian_env.workflows.outcome import Outcome
from caspian_env.workflows.weights import Weights


@dataclass(frozen=True, slots=True)
class Job:
    """What stays the same while one dataset is collected; ``again_from`` notes from when on the next run asks again.

    ``versions`` are those accepted so far, read when they are first wanted: only this run adds to them; ``series`` are the
    keys of those that are committed. ``restated`` is None, or, where a declaration has changed, the times stated of each series
    since.
    """

    platform: Platform
    dataset: Dataset
    source: Source
    run_id: int
    known_at: datetime | None
    weights: Weights
    outcome: Outcome
    time: JobTime
    due: Due
    again_from: list[datetime] = field(default_factory=list)
    versions: list[set[str]] = field(default_factory=list)
    series: dict[Key, int] = field(default_factory=dict)
    restated: dict[int, set[datetime]] | None = None

    def moment(self) -> datetime:
        """From when on what comes now is known, UTC."""
        return self.known_at or self.platform.clock()

    def accepted_versions(self) -> set[str]:
        """Product versions of the granules accepted; of this run alone where somebody imports an archived edition."""
        if self.known_at or not self.versions:
            with self.platform.catalog.read() as connection:
                found = accepted_versions(connection, self.dataset.id, self.run_id if self.known_at else None)
            self.versions[:] = [found]
        return self.versions[0]

    def has_accepted(self, version: str | None) -> None:
        """Take in that a granule of this version is in the catalog."""
        if version and self.versions:
            self.versions[0].add(version)


def leave(job: Job, rest: list[GranuleRef], span: Window, why: str) -> None:
    """Say what the job had no time or no room for; the next one may have."""
    job.outcome.may_pass = True
    job.outcome.problems.append(f"{len(rest)} of {job.outcome.expected} granules {why}")
    job.again_from.extend(ref.window.start if ref.window else span.start for ref in rest)


def set_aside(job: Job, answer: Answer, kept: Kept, error: BadGranule) -> None:
    """Record bytes that are not what the source promises, with the reason, and name them in the outcome.

    The first time the transfer may have been at fault, which another try shows; the same bytes once more are the provider's.
    """
    line = f"set aside {answer.url} (sha256 {kept.sha256[:12]}…): {error.problem}"
    if error.remedy and job.dataset.theme == "local":  # whoever reads this can mend the file; a provider's they cannot
        line += f" ({error.remedy})"
    if isinstance(error, OlderEdition):
        job.outcome.notes.append(line)
    else:
        job.outcome.rejected += 1
        job.outcome.problems.append(line)
    with job.platform.catalog.write() as connection:
        seen_before = is_known(connection, job.dataset.id, kept.sha256)
        granule_id = record_granule(
            connection, dataset_id=job.dataset.id, sha256=kept.sha256, size=kept.size,
            media_type=answer.media_type, rejected=str(error),
        )  # fmt: skip
        record = answered(job, answer, kept, "new", granule_id, job.moment(), error=str(error))
        record_retrieval(connection, job.run_id, record)
        count_so_far(connection, job.run_id, job.outcome.counts())
    if not isinstance(error, OlderEdition) and not seen_before:
        job.outcome.may_pass = True


def store_retrieval(job: Job, answer: Answer, kept: Kept | None, outcome: str, granule_id: int | None) -> None:
    """Record an answer that changed nothing."""
    with job.platform.catalog.write() as connection:
        record_retrieval(connection, job.run_id, answered(job, answer, kept, outcome, granule_id, job.moment()))
        count_so_far(connection, job.run_id, job.outcome.counts())


def answered(
    job: Job, answer: Answer, kept: Kept | None, outcome: str, granule_id: int | None, moment: datetime,
    error: str | None = None,
) -> RetrievalRecord:  # fmt: skip
    """The row of an answer."""
    return RetrievalRecord(
        dataset_id=job.dataset.id, url=answer.url, retrieved_at=job.platform.clock(), known_at=moment,
        outcome=outcome, http_status=answer.http_status, etag=answer.etag, last_modified=answer.last_modified,
        bytes_received=kept.size if kept else 0, granule_id=granule_id, error=error,
    )  # fmt: skip


def note(job: Job, url: str, outcome: str, error: str | None = None) -> None:
    """Record what an address said, or that it said nothing, where it brought no bytes."""
    now = job.platform.clock()
    record = RetrievalRecord(
        dataset_id=job.dataset.id, url=url, retrieved_at=now, known_at=now, outcome=outcome, error=error
    )
    with job.platform.catalog.write() as connection:
        record_retrieval(connection, job.run_id, record)
