"""Collect a dataset: list its granules, fetch what changed, read, check, and store the differences.

A granule that is not what the source promises is set aside with its reason; the rest goes on. Each granule is one
transaction, so that a run killed half way leaves nothing half written and the next one goes on where it stopped.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path

from caspian_env.archive import Kept
from caspian_env.catalog.ledger import shorten_window
from caspian_env.catalog.provenance import LastRetrieval, last_retrieval
from caspian_env.errors import BadGranule, DiskError, NotPublished, TransportError
from caspian_env.formats.mirror_addresses import public_address
from caspian_env.model import Dataset, GranuleRef, Source, Window
from caspian_env.transport import Answer, addresses
from caspian_env.wiring import Platform, source_of
from caspian_env.workflows.collection import Job, leave, note, set_aside, store_retrieval
from caspian_env.workflows.due import Due, what_is_due
from caspian_env.workflows.editions import Arrived, known_after_all, newest_first, refuse_older
from caspian_env.workflows.job_time import job_time
from caspian_env.workflows.keys import awaited_files, missing_key
from caspian_env.workflows.ledger import ledger, standing_aside
from caspian_env.workflows.listing import gaps, is_mirrored, list_granules
from caspian_env.workflows.observe import observe
from caspian_env.workflows.outcome import Outcome
from caspian_env.workflows.pipeline import in_turn
from caspian_env.workflows.read import Ahead, Reading, reading_of
from caspian_env.workflows.reading_cluster import readers_of
from caspian_env.workflows.receive import declaration, receive
from caspian_env.workflows.redeclared import is_redeclared, withdraw_what_is_left
from caspian_env.workflows.weights import weights_of
from caspian_env.workflows.whole_edition import absent_places, ends_earlier, tell_of_lost
from caspian_env.workflows.write_granule import write_granule

DEADLINE_SECONDS = 600.0
FROM_A_FOLDER = 4  # granules at the same time: most of that time is waiting for the disk
Progress = Callable[[str, int, int], None]


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
    BackwardsKnowledge, SettingsError
        When ``known_at`` lies before what the catalog already knows of the dataset, or in the future.
    """
    outcome = Outcome(dataset.id)
    needed = missing_key(platform, dataset)
    if needed and not (scheduled_for and awaited_files(dataset)):  # files of a timetable were there when it was made
        outcome.skipped = needed
        return outcome
    known_at = known_after_all(platform, dataset, known_at)
    due = Due(window) if window else what_is_due(platform, dataset)
    span, time = due.window, job_time(platform.settings, seconds)
    claimed = ledger(platform, "ingest", dataset.id, outcome, scheduled_for=scheduled_for, window=span)
    with standing_aside(outcome, is_problem=False), claimed as run_id:
        source: Source = source_of(dataset)
        job = Job(platform, dataset, source, run_id, known_at, weights_of(platform), outcome, time, due)
        listed = list_granules(job, span) if is_mirrored(job) else []
        refs = [ref for ref in listed if due.is_worth_asking(ref) and (wanted is None or wanted(ref))]
        outcome.expected = len(refs)
        if is_redeclared(job, refs):
            job = replace(job, restated={})
        if not listed and not outcome.problems:
            outcome.problems.append(f"nothing is published for {span}")
        done = _collect_all(job, refs, span, progress)
        if done and listed and job.restated is not None:  # none listed: a slip in the declaration takes nothing back
            withdraw_what_is_left(job)
        if job.again_from and not dataset.whole_record:
            with platform.catalog.write() as connection:
                shorten_window(connection, run_id, max(span.start, min(job.again_from)))
        outcome.notes += gaps(dataset, listed)
    return outcome


@dataclass(frozen=True, slots=True)
class _Attempt:
    """What one address of a granule has given: bytes, nothing new since ``last``, or an error."""

    url: str
    answer: Answer | None = None
    kept: Kept | None = None
    last: LastRetrieval | None = None
    error: TransportError | None = None

    def is_new(self, job: Job) -> bool:
        """Whether it brought bytes that have to be read."""
        last = self.last
        if self.kept is None or job.restated is not None:
            return self.kept is not None
        seen = last and last.accepted and last.sha256 == self.kept.sha256
        if declared := declaration(job.dataset):  # bytes that are read in another way are new
            seen = seen and last and last.etag == declared
        return not seen or bool(last and last.put_off and job.known_at)


def _collect_all(job: Job, refs: list[GranuleRef], span: Window, progress: Progress | None) -> bool:
    """Fetch, read and store granules in order, until they are all done (True), or the time or the disk is at its end."""
    reading = reading_of(job, observe)
    mirror = job.platform.settings.mirror
    at_once = FROM_A_FOLDER if mirror and "://" not in mirror else 1  # providers are asked for one thing at a time
    turns = in_turn(
        refs, partial(_fetch, job), partial(_new_bytes, job), (lambda: reading.plan) if reading.alike else None, at_once,
        partial(readers_of, job.platform.settings),
    )  # fmt: skip
    for number, turn in enumerate(turns):
        if job.time.is_over:
            late = f"were not asked for: the {job.time} of the job were over; the next run asks for them"
            leave(job, refs[number:], span, late)
            return False
        if progress:
            progress(job.dataset.id, number, len(refs))
        try:
            _settle(job, turn.ref, turn.fetched(), reading, turn.means)
        except DiskError as error:  # the others would be fetched in vain
            leave(job, refs[number:], span, f"are not stored: {error}")
            return False
    return True


def _fetch(job: Job, ref: GranuleRef) -> list[_Attempt]:
    """Ask the addresses of a granule until one answers, or all of them where each may hold another edition."""
    attempts = []
    for url in addresses(ref, job.dataset.hosts):
        with job.platform.catalog.read() as connection:
            last = last_retrieval(connection, job.dataset.id, public_address(url, ref.form))
        again = job.known_at is not None or job.restated is not None
        confirmed = last if last and not again and _is_whole(job, last) else None
        try:
            seconds = min(DEADLINE_SECONDS, job.time.left)
            answer, kept = receive(job.platform, job.dataset, ref, url, confirmed, seconds, job.known_at)
        except TransportError as error:  # another host may have it
            attempts.append(_Attempt(url, error=error))
        else:
            attempts.append(_Attempt(url, answer, kept, last if kept else confirmed))
            if ref.editions is None:
                break
    return attempts


def _is_whole(job: Job, last: LastRetrieval) -> bool:
    """Whether an answer that nothing has changed would do: its bytes were taken, and the archive still has them.

    A rejected granule is asked for again without validators: the transfer, not the provider, may have been at fault.
    """
    return last.accepted and job.platform.archive.holds(last.sha256, last.size)


def _new_bytes(job: Job, attempts: list[_Attempt]) -> Path | None:
    """Where the bytes to be read lie, if there is one file of them."""
    new = [one.kept.path for one in attempts if one.kept and one.is_new(job)]
    return new[0] if len(new) == 1 else None


def _settle(job: Job, ref: GranuleRef, attempts: list[_Attempt], reading: Reading, ahead: Ahead) -> None:
    """Account for every answer, and store what the first address, or the newest edition of all, changes."""
    failures: list[TransportError] = []
    answered_before, arrived = False, list[Arrived]()
    for one in attempts:
        if isinstance(one.error, NotPublished):
            note(job, one.url, "not_published")
        elif one.error is not None:
            note(job, one.url, "failed", str(one.error))
            failures.append(one.error)
        else:
            arrived += _arrived(job, one, after_another=answered_before)
            answered_before = True
    for new in newest_first(arrived, job.source):
        _store(job, ref, new, reading, ahead if len(arrived) == 1 else lambda: None)
    if answered_before:
        return
    if not failures and not job.dataset.hosts:  # a table of the platform: nothing of it had been published by then
        job.outcome.notes.append(str(attempts[0].error))
        return
    if any(error.transient for error in failures):
        job.outcome.may_pass = True
        if ref.window and job.due.is_in_look_back(ref):
            job.again_from.append(ref.window.start)
    job.outcome.problems.append(str(failures[0]) if failures else f"not published: {attempts[0].url}")


def _arrived(job: Job, one: _Attempt, *, after_another: bool) -> list[Arrived]:
    """What an address has that is new; nothing where it has not changed."""
    assert one.answer is not None
    if one.kept is not None and one.is_new(job):
        job.outcome.fetched += 1
        return [Arrived(one.answer, one.kept, after_another)]
    job.outcome.unchanged += 1
    outcome = "same_bytes" if one.kept else "not_modified"
    store_retrieval(job, one.answer, one.kept, outcome, one.last.granule_id if one.last else None)
    return []


def _store(job: Job, ref: GranuleRef, one: Arrived, reading: Reading, ahead: Ahead) -> None:
    """Read new bytes and store, in one transaction, the granule, the answer and the values that changed."""
    try:
        recorded, version = reading.read(ref, one.kept, ahead)
        refuse_older(version, job.accepted_versions(), dataset=job.dataset.id, after_another=one.after_another)
        written, lost = write_granule(job, ref, one, recorded, version)
    except BadGranule as error:
        set_aside(job, one.answer, one.kept, error)
        return
    job.has_accepted(version)
    reading.committed(recorded, written)
    job.outcome.new_granules += 1
    job.outcome.first += written.first
    job.outcome.revised += written.revised
    job.outcome.withdrawn += written.withdrawn
    job.outcome.notes += [line for row in recorded for line in row.notes]
    if written.shortened:
        job.outcome.notes.append(ends_earlier(one.answer.url, job.dataset, written.shortened))
    if lost:
        stated = {row.variable for row in recorded if row.observed}
        tell_of_lost(job.outcome, one.answer.url, lost, stated, job.platform.seeds.variables)
    if absent := absent_places(job.dataset, recorded):
        job.outcome.notes.append(f"{one.answer.url} holds nothing of {', '.join(absent)}")
