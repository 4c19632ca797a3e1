"""What a provider, or the mirror in its place, lists of a dataset; each answer leaves its row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise

from caspian_env.errors import CaspianError, DatabaseUnusable, NotPublished, TransportError, Unreachable
from caspian_env.formats.mirror_addresses import host_of, join_address, public_address
from caspian_env.model import Dataset, Document, GranuleRef, Http, Listing, Window
from caspian_env.workflows.collection import Job, note
from caspian_env.workflows.keys import secrets_of


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

    job: Job
    provider: Http

    def listing(self, path: str) -> Listing:
        """Names below the first host that answers."""
        self._hurry(path)
        found = self.provider.listing(path)
        note(self.job, join_address(found.base, path), "listed")
        return found

    def document(self, path: str, *, form: Mapping[str, str] | None = None) -> Document:
        """A small text below the first host that answers."""
        self._hurry(path)
        found = self.provider.document(path, form=form)
        note(self.job, public_address(join_address(found.base, path), form), "listed")
        return found

    def _hurry(self, path: str) -> None:
        if self.job.time.is_over:
            raise Unreachable(path, f"was not asked for, the {self.job.time} of the job were over", "see the next run")


def is_mirrored(job: Job) -> bool:
    """Whether anything of the dataset can be where we look; a mirror without its hosts is one problem, not one a granule."""
    dataset = job.dataset
    if job.platform.transport.has_any_of([*dataset.hosts, *_further_addresses(dataset.options)]):
        return True
    note(job, dataset.hosts[0], "not_published")
    job.outcome.problems.append(f"not published: the mirror holds nothing of {', '.join(map(host_of, dataset.hosts))}")
    return False


def _further_addresses(option: object) -> Iterator[str]:
    """Addresses in the options of a seed, such as that of a whole file where no server answers."""
    if isinstance(option, str):
        if option.startswith("https://"):
            yield option
    elif isinstance(option, Mapping | list | tuple):
        for inner in option.values() if isinstance(option, Mapping) else option:
            yield from _further_addresses(inner)


def list_granules(job: Job, span: Window) -> list[GranuleRef]:
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
        _note_failure(job, error)
        job.outcome.may_pass |= error.transient
        job.again_from.append(span.start)
    return refs


def _note_failure(job: Job, error: CaspianError) -> None:
    """Leave a row of the answer that did not come, so that the source counts as one that was asked."""
    asked = error.subject if "://" in error.subject else join_address(job.dataset.hosts[0], error.subject)
    url = public_address(asked) if isinstance(error, TransportError) else job.dataset.hosts[0]
    note(job, url, "not_published" if isinstance(error, NotPublished) else "failed", str(error))
