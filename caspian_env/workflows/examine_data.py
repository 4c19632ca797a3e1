"""The doctor looks at the data: are the archived bytes there, and do the sources still give what they should."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from caspian_env.wiring import Platform
from caspian_env.workflows.finding import Finding
from caspian_env.workflows.freshness import FRESH, LATE, NEVER, RETIRED, freshness
from caspian_env.workflows.stored import verify

Progress = Callable[[str, int, int], None]
MANY = 20


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
    found = freshness(platform)
    for source in found:
        name, said = source.dataset_id, source.sentence
        if source.needs_key or source.state in (FRESH, RETIRED):
            continue
        if source.state == LATE:
            yield Finding("note", "sources", name, f"late: {said}")
        elif source.state == NEVER:
            kind = "never successful" if source.asked else "never collected"
            yield Finding("warning", "sources", name, f"{kind}: it {said}", f"caspian-env ingest {name}")
        elif source.answers:
            yield Finding("warning", "sources", name, f"stale: {said}", "look at the provider's page, and write to it")
        else:
            yield Finding("warning", "sources", name, f"stale: {said}", f"caspian-env ingest {name}; doctor --network")
    fresh = sum(source.state == FRESH for source in found)
    yield Finding("ok", "sources", "sources", f"{fresh} of {len(found)} are fresh")


def megabytes(size: float) -> str:
    """A size for people."""
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.1f} MB"
