"""Whether an edition of a whole record is whole: no series known before is gone, no place that the seed names is absent."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from caspian_env.catalog.editions import series_from
from caspian_env.catalog.engine import Connection
from caspian_env.errors import BadGranule
from caspian_env.formats.mirror_addresses import public_address
from caspian_env.model import Dataset, GranuleRef
from caspian_env.transport import addresses
from caspian_env.workflows.observe import Recorded

CONFIRM = "check the provider; a true withdrawal of this size must be confirmed by a person"


def refuse_lost_series(connection: Connection, dataset: Dataset, ref: GranuleRef, present: Collection[int]) -> None:
    """Raise BadGranule where an edition states a variable at fewer places than its addresses did before.

    A variable that is gone everywhere is no loss: a provider's new accounting basis is another variable. One place
    may go, as one value may, and the dataset's ``withdrawn_limit`` says which share.
    """
    if not dataset.whole_record:
        return
    urls = [public_address(url, ref.form) for url in addresses(ref, dataset.hosts)]
    known = series_from(connection, dataset.id, urls, ref.location.id if ref.location else None)
    kept = {one.variable_id for one in known if one.id in present}
    gone = [one for one in known if one.id not in present and one.variable_id in kept]
    if len(gone) > max(1, dataset.withdrawn_limit * len(known)):
        first = f"{gone[0].variable_id} at {gone[0].location_id}"
        problem = (
            f"the edition has lost {len(gone)} of {len(known)} series known before ({first}{' …' * (len(gone) > 1)})"
        )
        raise BadGranule(dataset.id, problem, CONFIRM)


def absent_places(dataset: Dataset, recorded: Sequence[Recorded]) -> list[str]:
    """The places of the seed that a whole record of several places says nothing of."""
    there = {row.location for row in recorded if row.observed}
    if not dataset.whole_record or dataset.kind == "grid" or len(there) < 2:
        return []
    return [place for place in dataset.locations if place not in there]
