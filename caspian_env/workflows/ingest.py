"""Collect a dataset: list its granules, fetch what changed, read, check, and store the differences.

A granule that is not what the source promises is set aside with its reason; the rest goes on. Each granule is one
transaction, so that a run killed half way leaves nothing half written and the next one goes on where it stopped.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise

from caspian_env.archive import Kept
from caspian_env.catalog.ledger import shorten_window
from caspian_env.catalog.observations import Written, write_observations
from caspian_env.catalog.provenance import (
    RetrievalRecord,
    accepted_versions,
    last_retrieval,
    latest_known,
    record_granule,
    record_retrieval,
)
from caspian_env.catalog.quality import neighbours
from caspian_env.catalog.reference import series_id, write_location
from caspian_env.errors import (
    BackwardsKnowledge,
    BadGranule,
    CaspianError,
    DatabaseUnusable,
    DiskError,
    NotPublished,
    OlderEdition,
    TransportError,
    Unreachable,
)
from caspian_env.formats.mirror_addresses import host_of, join_address, public_address
from caspian_env.model import Dataset, Document, GranuleRef, Http, Listing, Source, Window
from caspian_env.transport import Answer, addresses
from caspian_env.wiring import Platform, source_of
from caspian_env.workflows.due import Due, what_is_due
from caspian_env.workflows.editions import Arrived, newest_first, product_version, refuse_older
from caspian_env.workflows.job_time import JobTime, job_time
from caspian_env.workflows.keys import missing_key, secrets_of
from caspian_env.workflows.ledger import ledger, standing_aside
from caspian_env.workflows.observe import CONTEXT, Known, Recorded, Weights, observe
from caspian_env.workflows.outcome import Outcome
from caspian_env.workflows.receive import receive

DEADLINE_SECONDS = 600.0
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class _Job:
    """What stays the same while one dataset is collected; ``again_from`` notes from when on the next run asks again."""

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

    def moment(self) -> datetime:
        return self.known_at or self.platform.clock()


def ingest(
    platform: Platform,
    dataset: Dataset,
    *,
    window: Window | None = None,
    known_at: datetime | None = None,
    scheduled_for: datetime | None = None,
    wanted: Callable[[GranuleRef], bool] | None = None,
    progress: Progress | None = None,
    seconds: float | None = None,
) -> Outcome:
    """Collect one dataset and account for it; expected failures become problems of the outcome.

    Parameters
    ----------
    window : Window, optional
        Valid time to collect; by default the whole record of small files, the look-back of daily grids with what is
        still preliminary, and all that a mirror holds.
    known_at : datetime, optional
        From when an archived edition was known, UTC; now by default.
    scheduled_for : datetime, optional
        The due time that is executed, UTC; without it somebody asks, now.
    wanted : callable, optional
        Which of the granules listed are asked for; all of them by default.
    seconds : float, optional
        Time for the whole of it; by default 0.9 of what the service lets a worker take. What is not asked for by then
        is a problem of the outcome, and is asked for by the next run.

    Raises
    ------
    BackwardsKnowledge
        When ``known_at`` lies before what the catalog already knows of the dataset.
    """
    outcome = Outcome(dataset.id)
    if needed := missing_key(platform, dataset):
        outcome.skipped = needed
        return outcome
    if known_at is not None:
        _refuse_going_back(platform, dataset, known_at)
    due = Due(window) if window else what_is_due(platform, dataset)
    span, time = due.window, job_time(platform.settings, seconds)
    claimed = ledger(platform, "ingest", dataset.id, outcome, scheduled_for=scheduled_for, window=span)
    with standing_aside(outcome, is_problem=False), claimed as run_id:
        source: Source = source_of(dataset)
        job = _Job(platform, dataset, source, run_id, known_at, Weights(platform.seeds.locations), outcome, time, due)
        listed = _list(job, span) if _is_mirrored(job) else []
        refs = [ref for ref in listed if due.is_worth_asking(ref) and (wanted is None or wanted(ref))]
        outcome.expected = len(refs)
        if not listed and not outcome.problems:
            outcome.problems.append(f"nothing is published for {span}")
        for number, ref in enumerate(refs):
            if time.is_over:
                late = f"were not asked for: the {time} of the job were over; the next run asks for them"
                _leave(job, refs[number:], span, late)
                break
            if progress:
                progress(dataset.id, number, len(refs))
            try:
                _collect(job, ref)
            except DiskError as error:  # the others would be fetched in vain
                _leave(job, refs[number:], span, f"are not stored: {error}")
                break
        if job.again_from and not dataset.whole_record:
            with platform.catalog.write() as connection:
                shorten_window(connection, run_id, max(span.start, min(job.again_from)))
        outcome.notes += gaps(dataset, listed)
    return outcome


def gaps(dataset: Dataset, refs: list[GranuleRef]) -> list[str]:
    """The days missing between the granules found, as ranges in words."""
    daily = [ref.window for ref in refs if ref.window and ref.window.end - ref.window.start <= timedelta(days=1)]
    days = sorted({window.start.date() for window in daily if dataset.update_frequency == "P1D"})
    return [
        f"no granule from {before + timedelta(days=1)} to {after - timedelta(days=1)}"
        f" ({(after - before).days - 1} days are not published where we looked)"
        for before, after in pairwise(days)
        if (after - before).days > 1
    ]


@dataclass(frozen=True, slots=True)
class _Listings:
    """The provider as a source sees it while it lists; each answer leaves its row, as those of granules do."""

    job: _Job
    provider: Http

    def listing(self, path: str) -> Listing:
        """Names below the first host that answers."""
        self._hurry(path)
        found = self.provider.listing(path)
        _note(self.job, join_address(found.base, path), "listed")
        return found

    def document(self, path: str, *, form: Mapping[str, str] | None = None) -> Document:
        """A small text below the first host that answers."""
        self._hurry(path)
        found = self.provider.document(path, form=form)
        _note(self.job, public_address(join_address(found.base, path), form), "listed")
        return found

    def _hurry(self, path: str) -> None:
        if self.job.time.is_over:
            raise Unreachable(path, f"was not asked for, the {self.job.time} of the job were over", "see the next run")


def _is_mirrored(job: _Job) -> bool:
    """Whether anything of the dataset can be where we look; a mirror without its hosts is one problem, not one a granule."""
    if job.platform.transport.has_any_of(job.dataset.hosts):
        return True
    _note(job, job.dataset.hosts[0], "not_published")
    job.outcome.problems.append(
        f"not published: the mirror holds nothing of {', '.join(map(host_of, job.dataset.hosts))}"
    )
    return False


def _list(job: _Job, span: Window) -> list[GranuleRef]:
    """The granules that are published; where the listing breaks off, those named before."""
    refs: list[GranuleRef] = []
    provider = job.platform.transport.bound(job.dataset.hosts, secrets_of(job.platform, job.dataset))
    try:
        for ref in job.source.list_granules(span, _Listings(job, provider)):
            refs.append(ref)  # noqa: PERF402  # what came before an error is kept
    except DatabaseUnusable:
        raise
    except CaspianError as error:
        what = f"the listing broke off after {len(refs)} granules" if refs else "nothing could be listed"
        job.outcome.problems.append(f"{what}: {error.subject}: {error.problem}")
        job.again_from.append(span.start)
    return refs


def _leave(job: _Job, rest: list[GranuleRef], span: Window, why: str) -> None:
    """Say what the job had no time or no room for."""
    job.outcome.problems.append(f"{len(rest)} of {job.outcome.expected} granules {why}")
    job.again_from.extend(ref.window.start if ref.window else span.start for ref in rest)


def _collect(job: _Job, ref: GranuleRef) -> None:
    """Fetch one granule from the first address that has it, or the newest edition of all, and store what it changes."""
    urls = addresses(ref, job.dataset.hosts)
    failures: list[TransportError] = []
    answered, arrived = False, list[Arrived]()
    for url in urls:
        try:
            arrived += _arrived_from(job, ref, url, after_another=answered)
        except NotPublished:
            _note(job, url, "not_published")
        except TransportError as error:  # another host may have it
            _note(job, url, "failed", str(error))
            failures.append(error)
        else:
            answered = True
            if ref.editions is None:
                break
    for one in newest_first(arrived, job.source):
        _store(job, ref, one)
    if answered:
        return
    if ref.window and job.due.is_in_look_back(ref) and any(error.transient for error in failures):
        job.again_from.append(ref.window.start)
    job.outcome.problems.append(str(failures[0]) if failures else f"not published: {urls[0]}")


def _arrived_from(job: _Job, ref: GranuleRef, url: str, *, after_another: bool) -> list[Arrived]:
    """What an address has that is new; nothing where it has not changed."""
    platform, dataset = job.platform, job.dataset
    with platform.catalog.read() as connection:
        last = last_retrieval(connection, dataset.id, public_address(url, ref.form))
    # A rejected granule is asked for again without validators: the transfer, not the provider, may have been at fault.
    confirmed = last if last and last.accepted and job.known_at is None else None
    answer, kept = receive(platform, dataset, ref, url, confirmed, min(DEADLINE_SECONDS, job.time.left))
    if kept is None:
        job.outcome.unchanged += 1
        _store_retrieval(job, answer, None, "not_modified", confirmed.granule_id if confirmed else None)
    elif last and last.accepted and last.sha256 == kept.sha256 and not (last.put_off and job.known_at):
        job.outcome.unchanged += 1
        _store_retrieval(job, answer, kept, "same_bytes", last.granule_id)
    else:
        job.outcome.fetched += 1
        return [Arrived(answer, kept, after_another)]
    return []


def _store(job: _Job, ref: GranuleRef, one: Arrived) -> None:
    """Read new bytes and store, in one transaction, the granule, the answer and the values that changed."""
    answer, kept, known = one.answer, one.kept, _context(job, ref)
    try:
        recorded, version = _read(job, ref, kept, known)
        _refuse_older_edition(job, version, one)
        with job.platform.catalog.write() as connection:
            granule_id = record_granule(
                connection, dataset_id=job.dataset.id, sha256=kept.sha256, size=kept.size,
                media_type=answer.media_type, product_version=version,
            )  # fmt: skip
            moment = job.moment()
            record_retrieval(connection, job.run_id, _answered(job, answer, kept, "new", granule_id, moment))
            written = Written()
            if ref.location:
                write_location(connection, ref.location)
            for row in recorded:
                series = series_id(
                    connection, dataset=job.dataset.id, variable=row.variable, location=row.location,
                    resolution=row.resolution, datum=row.datum,
                )  # fmt: skip
                written += write_observations(
                    connection, series, row.observed, known_at=moment, granule_id=granule_id, run_id=job.run_id,
                    whole_record=job.dataset.whole_record, withdrawn_limit=job.dataset.withdrawn_limit,
                )  # fmt: skip
    except BadGranule as error:
        _set_aside(job, answer, kept, error)
        return
    job.outcome.new_granules += 1
    job.outcome.first += written.first
    job.outcome.revised += written.revised
    job.outcome.withdrawn += written.withdrawn
    job.outcome.notes += [note for row in recorded for note in row.notes]


def _context(job: _Job, ref: GranuleRef) -> Known:
    """What is known around a granule that is only a part of its series, so that its values have neighbours."""
    if job.dataset.whole_record or ref.window is None:
        return {}
    with job.platform.catalog.read() as connection:
        return neighbours(connection, job.dataset.id, ref.window.start - CONTEXT, ref.window.end + CONTEXT)


def _read(job: _Job, ref: GranuleRef, kept: Kept, known: Known) -> tuple[list[Recorded], str | None]:
    try:
        raw = job.source.read_granule(kept.path)
        version = product_version(raw, job.dataset)
        return observe(raw, job.dataset, ref, job.platform.seeds, job.weights, known), version
    except (DatabaseUnusable, DiskError):
        raise  # not the granule's fault
    except CaspianError as error:
        raise BadGranule(job.dataset.id, error.problem, error.remedy) from error
    except MemoryError:
        raise  # the machine's or the limit's fault
    except Exception as error:
        # Damaged bytes can make a reader fail in ways nobody foresaw; one bad granule must not stop the others.
        problem = f"the reader failed on these bytes: {type(error).__name__}: {str(error).splitlines()[0][:120]}"
        raise BadGranule(job.dataset.id, problem, "look at the file in the archive") from error


def _refuse_older_edition(job: _Job, version: str | None, one: Arrived) -> None:
    # An archived edition that somebody imports on purpose is compared with those of this run alone.
    within = job.run_id if job.known_at else None
    with job.platform.catalog.read() as connection:
        known = accepted_versions(connection, job.dataset.id, within)
    refuse_older(version, known, dataset=job.dataset.id, after_another=one.after_another)


def _set_aside(job: _Job, answer: Answer, kept: Kept, error: BadGranule) -> None:
    line = f"set aside {answer.url} (sha256 {kept.sha256[:12]}…): {error.problem}"
    if isinstance(error, OlderEdition):
        job.outcome.notes.append(line)
    else:
        job.outcome.rejected += 1
        job.outcome.problems.append(line)
    with job.platform.catalog.write() as connection:
        granule_id = record_granule(
            connection, dataset_id=job.dataset.id, sha256=kept.sha256, size=kept.size,
            media_type=answer.media_type, rejected=str(error),
        )  # fmt: skip
        record = _answered(job, answer, kept, "new", granule_id, job.moment(), error=str(error))
        record_retrieval(connection, job.run_id, record)


def _store_retrieval(job: _Job, answer: Answer, kept: Kept | None, outcome: str, granule_id: int | None) -> None:
    with job.platform.catalog.write() as connection:
        record_retrieval(connection, job.run_id, _answered(job, answer, kept, outcome, granule_id, job.moment()))


def _answered(
    job: _Job, answer: Answer, kept: Kept | None, outcome: str, granule_id: int | None, moment: datetime,
    error: str | None = None,
) -> RetrievalRecord:  # fmt: skip
    return RetrievalRecord(
        dataset_id=job.dataset.id, url=answer.url, retrieved_at=job.platform.clock(), known_at=moment,
        outcome=outcome, http_status=answer.http_status, etag=answer.etag, last_modified=answer.last_modified,
        bytes_received=kept.size if kept else 0, granule_id=granule_id, error=error,
    )  # fmt: skip


def _note(job: _Job, url: str, outcome: str, error: str | None = None) -> None:
    now = job.platform.clock()
    record = RetrievalRecord(
        dataset_id=job.dataset.id, url=url, retrieved_at=now, known_at=now, outcome=outcome, error=error
    )
    with job.platform.catalog.write() as connection:
        record_retrieval(connection, job.run_id, record)


def _refuse_going_back(platform: Platform, dataset: Dataset, known_at: datetime) -> None:
    with platform.catalog.read() as connection:
        latest = latest_known(connection, dataset.id)
    if latest is not None and known_at < latest:
        raise BackwardsKnowledge(
            dataset.id,
            f"an edition of {known_at:%F} lies behind what is known since {latest:%F}",
            "import archived editions oldest first, before newer ones",
        )
