"""Whether an edition of a whole record is whole: which series known before are gone, which places of the seed absent."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from caspian_env.catalog.editions import series_from
from caspian_env.catalog.engine import Connection
from caspian_env.errors import BadGranule
from caspian_env.formats.mirror_addresses import public_address
from caspian_env.model import Dataset, GranuleRef, Variable
from caspian_env.transport import addresses
from caspian_env.workflows.observe import Recorded
from caspian_env.workflows.outcome import Outcome

CONFIRM = "check the provider; where the withdrawal is true, raise withdrawn_limit in the seed"


def lost_variables(connection: Connection, dataset: Dataset, ref: GranuleRef, present: Collection[int]) -> list[str]:
    """The variables of the seed that its addresses stated before and this edition states nowhere.

    One such is no reason to refuse the rest: a provider's new accounting basis is another variable. It is to be told,
    for its values stay as the edition before stated them. One place may go, as one value may, and the dataset's
    ``withdrawn_limit`` says which share.

    Raises
    ------
    BadGranule
        When the edition states a variable at fewer places than before.
    """
    if not dataset.whole_record:
        return []
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
    wanted = {measured.variable for measured in dataset.variables}
    return sorted({one.variable_id for one in known if one.variable_id in wanted} - kept)


def tell_of_lost(
    outcome: Outcome, url: str, lost: Collection[str], stated: Collection[str], variables: Mapping[str, Variable]
) -> None:
    """Note the variables that the edition states with other warming potentials; the others lost are a problem."""
    renamed = other_potentials(lost, stated, variables)
    if renamed:
        pairs = ", ".join(f"{new} in place of {old}" for old, new in sorted(renamed.items()))
        outcome.notes.append(
            f"{url}: the edition has other warming potentials, which make other series: {pairs}; the values of the old"
            " ones stay as the edition before stated them"
        )
    if gone := sorted(set(lost) - set(renamed)):
        outcome.problems.append(
            f"{url}: the edition states nothing any more of {', '.join(gone)}; their values stay as the edition before"
            " stated them (ask the provider; if they are withdrawn for good, take them out of the seed)"
        )


def other_potentials(
    lost: Collection[str], stated: Collection[str], variables: Mapping[str, Variable]
) -> dict[str, str]:
    """Of the lost variables, those that the edition states with other warming potentials: the old id to the new one.

    The potentials identify a series, so that a provider that changes them, or begins to name them, starts a new series
    and ends the old one. Nothing is missing then: gas, land use and sector are there.
    """
    as_before = {_without_potentials(variables[one]): one for one in sorted(stated) if variables[one].gwp_set}
    kept = {one: as_before.get(_without_potentials(variables[one])) for one in lost if variables[one].gwp_set}
    return {old: new for old, new in kept.items() if new is not None}


def _without_potentials(variable: Variable) -> str:
    """The id of an emission without the set of its warming potentials (``ar5``, ``unstated_gwp``)."""
    words = variable.gwp_set.lower()
    return variable.id.replace(f"_{words}_gwp_", "_").replace(f"_{words}_", "_")


def ends_earlier(url: str, dataset: Dataset, series: int) -> str:
    """The line about an edition that lacks the newest value of some series, few enough to be taken for withdrawn.

    A provider may withdraw a preliminary value; a file that was cut at the end of a line looks the same.
    """
    return (
        f"{url}: {series} series end earlier than in the edition before, and their newest values are withdrawn (was the file"
        " cut at the end of a line? The next whole edition restores them;"
        f" caspian-env revisions --dataset {dataset.id} lists them)"
    )


def absent_places(dataset: Dataset, recorded: Sequence[Recorded]) -> list[str]:
    """The places of the seed that a whole record of several places says nothing of."""
    there = {row.location for row in recorded if row.observed}
    if not dataset.whole_record or dataset.kind == "grid" or len(there) < 2:
        return []
    return [place for place in dataset.locations if place not in there]
