"""Quality by hand: set and clear flags with name and reason, and compare datasets that should agree."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from caspian_env.catalog.migrate import require_current
from caspian_env.catalog.observations import find_series, read_series
from caspian_env.catalog.quality import Requalified, Signed, clear_flag, set_flag
from caspian_env.errors import CatalogError, SettingsError
from caspian_env.model import FAIL, as_utc
from caspian_env.processing.gates import annual_means, offsets
from caspian_env.wiring import Platform
from caspian_env.workflows.ledger import ledger
from caspian_env.workflows.outcome import Outcome

if TYPE_CHECKING:
    from caspian_env.catalog.engine import Connection


@dataclass(frozen=True, slots=True)
class Address:
    """One value: a time of one series, which the optional parts pick among those of its dataset."""

    dataset: str
    time: datetime
    variable: str | None = None
    region: str | None = None
    datum: str | None = None


@dataclass(frozen=True, slots=True)
class Agreement:
    """Annual mean of one dataset minus that of another, and whether it lies where the seed says it must."""

    dataset: str
    against: str
    location: str
    year: int
    difference: float
    low: float
    high: float

    @property
    def holds(self) -> bool:
        """Whether the difference lies in the stated range."""
        return self.low <= self.difference <= self.high


def override(platform: Platform, address: Address, qc_flag: int, *, by: str, reason: str) -> Requalified:
    """Set the flag of one value by hand; it stands until it is cleared, whatever editions say.

    Raises
    ------
    SettingsError
        When name or reason is missing, or the address fits several series.
    CatalogError
        When there is no such value.
    """
    return _signed(
        platform, address, by, reason,
        lambda connection, series, signed: set_flag(connection, series, as_utc(address.time), qc_flag, signed),
    )  # fmt: skip


def clear(platform: Platform, address: Address, *, by: str, reason: str) -> Requalified:
    """Give one value back the flag of its tests; errors are those of `override`."""
    return _signed(
        platform, address, by, reason,
        lambda connection, series, signed: clear_flag(connection, series, as_utc(address.time), signed),
    )  # fmt: skip


def agreements(platform: Platform) -> list[Agreement]:
    """Every gate across datasets (`offset` of the seeds), for each year that both datasets have."""
    require_current(platform.catalog)
    found: list[Agreement] = []
    with platform.catalog.read() as connection:
        for dataset in platform.seeds.datasets.values():
            for measured in dataset.variables:
                if not (offset := measured.gates.get("offset")):
                    continue
                ours = {"dataset_id": dataset.id, "datum_id": measured.datum or "none"}
                theirs = {"dataset_id": offset["against"], "datum_id": offset["datum"]}
                for place in dataset.locations:
                    same = {"variable_id": measured.variable, "location_id": place}
                    differences = offsets(
                        _annual_means(connection, ours | same), _annual_means(connection, theirs | same)
                    )
                    span = tuple(offset["between"])
                    found += [
                        Agreement(dataset.id, offset["against"], place, year, by, *span)
                        for year, by in differences.items()
                    ]
    return found


def _signed(
    platform: Platform, address: Address, by: str, reason: str,
    change: Callable[[Connection, int, Signed], Requalified],
) -> Requalified:  # fmt: skip
    """Do one change in one transaction, on the account of a run of its own."""
    if not (by.strip() and reason.strip()):
        raise SettingsError("qc", "a flag set by hand needs a name and a reason", "give --by and --reason")
    require_current(platform.catalog)
    outcome = Outcome(address.dataset, expected=1)
    subject = f"{address.dataset} {as_utc(address.time):%Y-%m-%dT%H:%M:%S}"
    with ledger(platform, "qc", subject, outcome) as run_id, platform.catalog.write() as connection:
        signed = Signed(by.strip(), reason.strip(), platform.clock(), run_id)
        changed = change(connection, _series_of(connection, address), signed)
        outcome.fetched, outcome.revised = 1, 1
    return changed


def _series_of(connection: Connection, address: Address) -> int:
    found = find_series(
        connection, dataset_id=address.dataset, variable_id=address.variable, location_id=address.region,
        datum_id=address.datum,
    )  # fmt: skip
    if not found:
        raise CatalogError(address.dataset, "has no such series in the catalog", "caspian-env series lists them")
    if len(found) > 1:
        words = ", ".join(f"{row.variable_id} at {row.location_id} ({row.datum_id})" for row in found)
        raise SettingsError(address.dataset, f"{len(found)} series fit: {words}", "add --variable, --region or --datum")
    return int(found[0].id)


def _annual_means(connection: Connection, identity: dict[str, str]) -> dict[int, float]:
    found = find_series(connection, **identity)
    if len(found) != 1:
        return {}
    frame = read_series(connection, found[0].id)
    good = frame[frame["qc_flag"] != FAIL]
    return annual_means(good["value"].to_numpy(), good.index.to_numpy(), found[0].resolution)
