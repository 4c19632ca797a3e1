"""Into the catalog, in one transaction: a granule, the answer that brought it, and what it changes of every series."""

from __future__ import annotations

from collections.abc import Sequence

from caspian_env.catalog.changes import GranuleEdition
from caspian_env.catalog.engine import Connection
from caspian_env.catalog.ledger import count_so_far
from caspian_env.catalog.observations import Observed, Written, write_observations, write_together
from caspian_env.catalog.provenance import record_granule, record_retrieval
from caspian_env.catalog.reference import series_id, write_location
from caspian_env.model import GranuleRef
from caspian_env.workflows.collection import Job, answered
from caspian_env.workflows.editions import Arrived
from caspian_env.workflows.observe import Recorded
from caspian_env.workflows.whole_edition import lost_variables

Stated = Sequence[tuple[int, Sequence[Observed]]]


def write_granule(
    job: Job, ref: GranuleRef, one: Arrived, recorded: list[Recorded], version: str | None
) -> tuple[Written, list[str]]:
    """One transaction: the granule, the answer that brought it, and the differences of every series; what was lost."""
    answer, kept = one.answer, one.kept
    with job.platform.catalog.write() as connection:
        granule_id = record_granule(
            connection, dataset_id=job.dataset.id, sha256=kept.sha256, size=kept.size,
            media_type=answer.media_type, product_version=version,
        )  # fmt: skip
        moment = job.moment()
        record_retrieval(connection, job.run_id, answered(job, answer, kept, "new", granule_id, moment))
        if ref.location and ref.location.id not in job.platform.seeds.locations:  # what the seeds say of a place stands
            write_location(connection, ref.location)
        stated = [(_series(connection, job, row), row.observed) for row in recorded]
        given = {series for series, observed in stated if observed}
        lost = [] if job.restated is not None else lost_variables(connection, job.dataset, ref, given)
        redeclared = job.restated is not None
        edition = GranuleEdition(moment, granule_id, version, job.run_id, job.dataset.whole_record, redeclared)
        written = _write_values(connection, job, stated, edition)
        count_so_far(connection, job.run_id, job.outcome.counts(more_written=written.total))
    if job.restated is not None:
        for series, observed in stated:
            job.restated.setdefault(series, set()).update(one.time for one in observed)
    job.series.update({row.key: series for row, (series, _) in zip(recorded, stated, strict=True)})
    return written, lost


def _write_values(connection: Connection, job: Job, stated: Stated, edition: GranuleEdition) -> Written:
    if not edition.whole_record and all(row.source_note is None for _, observed in stated for row in observed):
        return write_together(connection, stated, edition)
    written = Written()
    for series, observed in stated:
        written += write_observations(
            connection, series, observed, known_at=edition.known_at, granule_id=edition.granule_id,
            run_id=edition.run_id, whole_record=edition.whole_record, withdrawn_limit=job.dataset.withdrawn_limit,
            redeclared=edition.redeclared,
        )  # fmt: skip
    return written


def _series(connection: Connection, job: Job, row: Recorded) -> int:
    known = job.series.get(row.key)
    return known or series_id(
        connection, dataset=job.dataset.id, variable=row.variable, location=row.location,
        resolution=row.resolution, datum=row.datum,
    )  # fmt: skip
