"""A corrected declaration of an institute's files: everything is read again, and nothing stays that was read before.

Another unit, zero, datum, place or column gives the same bytes other values, and often another series. Values that no
file states under the new declaration (of a file that is gone or refused, of the series under the old datum or place) are
withdrawn: they stay queryable as of any time before.
"""

from __future__ import annotations

from caspian_env.catalog.observations import withdraw_unstated
from caspian_env.catalog.provenance import is_unfinished_since, last_retrieval
from caspian_env.formats.mirror_addresses import public_address
from caspian_env.model import GranuleRef
from caspian_env.transport import addresses
from caspian_env.workflows.collection import Job
from caspian_env.workflows.receive import declaration


def is_redeclared(job: Job, refs: list[GranuleRef]) -> bool:
    """Whether one of these files was last read by another declaration of columns, units, datums or places.

    Also where all were read again, but the run that did it was killed before it had withdrawn what is left.
    """
    declared = declaration(job.dataset)
    if declared is None:
        return False
    prefix = declared.rpartition("-")[0]
    with job.platform.catalog.read() as connection:
        for ref in refs:
            for url in addresses(ref, job.dataset.hosts):
                last = last_retrieval(connection, job.dataset.id, public_address(url, ref.form))
                if last and last.accepted and (last.etag or "").rpartition("-")[0] != prefix:
                    return True
        return is_unfinished_since(connection, job.dataset.id, prefix, job.run_id)


def withdraw_what_is_left(job: Job) -> None:
    """Withdraw what no file has stated since the declaration changed, and say so."""
    assert job.restated is not None
    with job.platform.catalog.write() as connection:
        left = withdraw_unstated(connection, job.dataset.id, job.restated, known_at=job.moment())
    if left:
        job.outcome.withdrawn += left
        job.outcome.notes.append(
            f"the declaration has changed and {left} values that were read by the one before are withdrawn: no file"
            " states them now (values of a file that is gone come back with it)"
        )
