"""Whether a source still gives what it usually gives, judged by its newest observation and never by file dates.

A value that covers the period up to E has a successor that ends one ``update_frequency`` later and is published
``publication_delay_days`` after that. Until then a source is *fresh*, for as long again *late*, and *stale* afterwards.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from caspian_env.catalog.freshness import Contact, contacts, newest_observations
from caspian_env.model import Dataset
from caspian_env.processing.durations import later
from caspian_env.wiring import Platform
from caspian_env.workflows.keys import missing_key

FRESH, LATE, STALE, RETIRED, NEVER = "fresh", "late", "stale", "retired", "never"
STATES = (FRESH, LATE, STALE, RETIRED, NEVER)
DAY = timedelta(days=1)
SILENT = ("does not answer", "failed to answer")  # how `Freshness.why` begins where a host gives no answer at all


@dataclass(frozen=True, slots=True)
class Freshness:
    """How far a dataset reaches and what that means; ``due_at`` is when something newer should have been there.

    ``why`` is the part of the sentence that other datasets of the same source may share.
    """

    dataset_id: str
    state: str
    newest_observation: datetime | None
    covers_until: datetime | None
    due_at: datetime | None
    age_days: float | None
    allowed_days: float | None
    answered_at: datetime | None
    asked: bool
    answers: bool
    needs_key: bool
    sentence: str
    why: str = ""
    state_since: str | None = None
    successor: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """For ``--json``."""
        return asdict(self)


def freshness(platform: Platform) -> list[Freshness]:
    """Every dataset that is collected or was, in the order of the seeds, judged at the platform's present.

    What is frozen or retired is told with its date and successor, unless the installation collects others only.
    """
    with platform.catalog.read() as connection:
        rows = newest_observations(connection)
        answered = contacts(connection)
    now, chosen = platform.clock(), platform.settings.datasets
    wanted = {dataset.id for dataset in platform.collected()} | set(chosen)
    reach: dict[str, tuple[datetime, datetime]] = {}
    for row in rows:
        if row.newest is not None:
            span = (later(row.newest, row.resolution), row.newest)
            reach[row.dataset_id] = max(span, reach.get(row.dataset_id, span))
    return [
        judge(
            dataset,
            *reach.get(dataset.id, (None, None)),
            contact=answered.get(dataset.id, Contact()),
            now=now,
            key=missing_key(platform, dataset),
        )
        for dataset in platform.seeds.datasets.values()
        if dataset.id in wanted or dataset.id in reach or (dataset.state != "active" and not chosen)
    ]


def judge(
    dataset: Dataset,
    covers_until: datetime | None,
    newest: datetime | None,
    *,
    contact: Contact,
    now: datetime,
    key: str = "",
) -> Freshness:
    """The state of one dataset.

    Parameters
    ----------
    covers_until, newest : datetime or None
        End (excluded) of the period that the newest value covers, and its time; None when there is none.
    key : str
        How to get the key that is missing, '' when none is.
    """
    due = stale_at = None
    if covers_until is not None:
        due, stale_at = (_due(dataset, covers_until, times) for times in (1, 2))
    answers = contact.answered_at is not None and (due is None or contact.answered_at >= due)
    if dataset.state != "active":
        state = RETIRED
    elif due is None or stale_at is None:
        state = NEVER
    else:
        state = FRESH if now <= due else LATE if now <= stale_at else STALE
    age = (now - covers_until) / DAY if covers_until else None
    allowed = (due - covers_until) / DAY if due and covers_until else None
    if state == RETIRED:
        why = sentence = f"{standing(dataset)}: nothing new is expected"
    elif state == NEVER:
        why = sentence = key or _never(contact)
    else:
        assert newest is not None and age is not None and allowed is not None
        why, sentence = "", f"last value {max(age, 0):.0f} days old, allowed {allowed:.0f}"
        if state != FRESH:
            why = key or _why(contact, answers, newest)
            sentence = f"{why}; {sentence}"
    return Freshness(
        dataset.id,
        state,
        newest,
        covers_until,
        due,
        age,
        allowed,
        contact.answered_at,
        contact != Contact(),
        answers,
        bool(key) and state != RETIRED,
        sentence,
        why,
        dataset.state_since,
        dataset.successor,
    )


def standing(dataset: Dataset) -> str:
    """``active``, or since when it is frozen or retired and what follows it, in words."""
    since = f" since {dataset.state_since}" if dataset.state_since else ""
    return f"{dataset.state}{since}" + (f", followed by {dataset.successor}" if dataset.successor else "")


def _due(dataset: Dataset, covers_until: datetime, times: int) -> datetime:
    return later(covers_until, dataset.update_frequency, times) + times * timedelta(days=dataset.publication_delay_days)


def _why(contact: Contact, answers: bool, newest: datetime) -> str:
    """The ways in which a source can fall silent."""
    before = contact.answered_at
    last = f"its last answer is of {before:%Y-%m-%d}" if before else "it never answered"
    if _after(contact.absent_at, before) and not _after(contact.failed_at, contact.absent_at):
        return f"nothing is published at its address any more, {last}"
    if answers:
        return f"answers, but its newest value is of {newest:%Y-%m-%d}"
    return f"{SILENT[0] if _after(contact.failed_at, before) else 'was not asked since'}, {last}"


def _never(contact: Contact) -> str:
    if contact.answered_at is not None:
        return f"answered on {contact.answered_at:%Y-%m-%d}, but nothing of it could be accepted"
    if contact.absent_at is not None and not _after(contact.failed_at, contact.absent_at):
        return f"had nothing at its address on {contact.absent_at:%Y-%m-%d}"
    if contact.failed_at is not None:
        return f"{SILENT[1]} on {contact.failed_at:%Y-%m-%d}"
    return f"listed nothing to collect on {contact.listed_at:%Y-%m-%d}" if contact.listed_at else "was never asked"


def _after(moment: datetime | None, other: datetime | None) -> bool:
    return moment is not None and (other is None or moment > other)
