"""The doctor looks at the data: are the archived bytes there, and do the sources still give what they should."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from caspian_env.catalog.stored import preliminary
from caspian_env.model import Dataset, Window
from caspian_env.wiring import Platform
from caspian_env.workflows.archive_upkeep import verify
from caspian_env.workflows.due import FINAL_WITHIN
from caspian_env.workflows.finding import Finding
from caspian_env.workflows.freshness import FRESH, LATE, NEVER, RETIRED, SILENT, STATES, freshness
from caspian_env.workflows.keys import awaited_files

Progress = Callable[[str, int, int], None]
MANY = 20
EXPECTED = tuple(state for state in STATES if state != RETIRED)  # to give something new
LATE_REMEDY = "wait: the next runs ask again; it is stale after as long again"
BEGINNING = datetime(1, 1, 1, tzinfo=UTC)


def check_archive(platform: Platform, *, deep: bool, progress: Progress | None = None) -> Iterator[Finding]:
    """Every granule's bytes: there and of their size, with ``deep`` also read and hashed again."""
    found = verify(platform, deep=deep, progress=progress)
    remedy = "put the file back from a copy of the archive, or delete it and collect the dataset again"
    for damage in found.damages[:MANY]:
        where = damage.url or "address unknown"
        yield Finding("error", "archive", damage.dataset_id, f"{damage.sha256} {damage.problem} ({where})", remedy)
    if len(found.damages) > MANY:
        message = f"{len(found.damages) - MANY} more granules are missing or damaged"
        yield Finding("error", "archive", "archive", message, "caspian-env archive verify names them all")
    if not found.damages:
        how = "read and hashed again" if deep else "there and of their size; --deep hashes them again"
        yield Finding("ok", "archive", "archive", f"{found.n_granules} granules, {megabytes(found.n_bytes)}: {how}")


def check_sources(platform: Platform) -> Iterator[Finding]:
    """Sources that are late or stale, and those of which nothing was ever accepted; a missing key is named elsewhere."""
    collected = {dataset.id for dataset in platform.collected()}
    found = freshness(platform)
    for source in found:
        name, said = source.dataset_id, source.sentence
        if source.needs_key and (how := awaited_files(platform.seeds.datasets[name])):
            yield Finding("note", "sources", name, how)
        if source.needs_key or source.state == FRESH:
            continue
        if source.state != RETIRED and name not in collected:
            yield Finding("ok", "sources", name, f"is not collected here any more: {said}")
            continue
        if source.state == RETIRED:
            yield Finding("ok", "sources", name, said)
            continue
        why = source.why
        if why.startswith(SILENT):
            why += _at(platform.seeds.datasets[name])
        if source.state == LATE:
            yield Finding("note", "sources", name, f"late: {said}", LATE_REMEDY, f"late: {why}")
        elif source.state == NEVER:
            kind = "never successful: it" if source.asked else "never collected: it"
            remedy = f"caspian-env ingest {name}"
            yield Finding("warning", "sources", name, f"{kind} {said}", remedy, f"{kind} {why}")
        elif source.answers:
            remedy = "look at the provider's page, and write to it"
            yield Finding("warning", "sources", name, f"stale: {said}", remedy, f"stale: {why}")
        else:
            remedy = f"caspian-env ingest {name}; doctor --network"
            yield Finding("warning", "sources", name, f"stale: {said}", remedy, f"stale: {why}")
    fresh, expected = (sum(source.state in states for source in found) for states in ((FRESH,), EXPECTED))
    yield Finding("ok", "sources", "sources", f"{fresh} of {expected} are fresh")


def _at(dataset: Dataset) -> str:
    """The hosts of a dataset."""
    hosts = dict.fromkeys(str(urlsplit(host).hostname) for host in dataset.hosts if host.startswith("http"))
    return f" ({', '.join(hosts)})" if hosts else ""


def check_preliminary(platform: Platform) -> Iterator[Finding]:
    """Values that should have become final long ago and are not asked for any more; a note when that is old news."""
    now = platform.clock()
    overdue, longest = now - FINAL_WITHIN, now - 2 * FINAL_WITHIN
    for dataset in platform.collected():
        if dataset.whole_record:
            continue  # asked for as a whole, so what becomes final is always found
        with platform.catalog.read() as connection:
            count, first, last = preliminary(connection, dataset.id, BEGINNING, before=overdue)
        if not count:
            continue
        span = Window(first.replace(hour=0, minute=0, second=0, microsecond=0), last + timedelta(days=1))
        message = f"{count} values are still preliminary after {FINAL_WITHIN.days} days ({first:%F} to {last:%F})"
        remedy = f"caspian-env ingest {dataset.id} --window {span} asks once more; then ask the provider"
        yield Finding("warning" if last >= longest else "note", "sources", dataset.id, message, remedy)


def megabytes(size: float) -> str:
    """A size for people."""
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.1f} MB"
