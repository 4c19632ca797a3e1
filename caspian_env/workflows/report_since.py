"""What a report of an earlier day and that of today differ by: editions, targets, reported numbers, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from caspian_env.catalog.editions import edition_of_series
from caspian_env.catalog.engine import Connection
from caspian_env.catalog.manual import CONTENT, read_manual_values
from caspian_env.catalog.migrate import require_current
from caspian_env.reports.model import Report
from caspian_env.reports.moved import KEPT_BACK
from caspian_env.reports.numbers import Value
from caspian_env.wiring import Platform
from caspian_env.workflows.commitments import Commitments, commitments
from caspian_env.workflows.report import fill_report, report_definition

Numbers = dict[str, tuple[tuple[float | None, ...], frozenset[tuple[str, str]]]]


@dataclass(frozen=True, slots=True)
class NewEdition:
    """A dataset that stands in another edition now; empty where the earlier, or the later, report has none of it."""

    dataset_id: str
    then: str
    now: str
    n_numbers: int


@dataclass(frozen=True, slots=True)
class Since:
    """What separates two days of one report.

    ``reconstructed`` says that editions of the earlier day were collected after they had become known. ``other`` are the
    numbers that differ although bytes, and targets, are the same: a method or a definition has changed in between.
    ``reported`` are the numbers that people reported since, or reported otherwise, where the report has a table of them.
    """

    report_id: str
    reconstructed: bool
    editions: tuple[NewEdition, ...]
    new_targets: tuple[str, ...]
    ended_targets: tuple[str, ...]
    reported: tuple[str, ...]
    n_same: int
    other: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """As it is printed in JSON."""
        return asdict(self)


def since(platform: Platform, report_id: str, then: datetime, now: datetime | None = None) -> Since:
    """What the report of ``then`` and that of ``now`` differ by, number by number.

    Raises
    ------
    SeedError
        When no report has that id.
    """
    require_current(platform.catalog)
    with platform.catalog.read() as connection:
        old, new = (fill_report(connection, platform, report_id, as_of=day) for day in (then, now))
        promised = [commitments(platform, connection, day) for day in (then, now)]
        held = [_held(connection, platform, one, day) for one, day in zip((old, new), (then, now), strict=True)]
        told = [
            _reported(connection, day) if _tells_reported(platform, report_id) else frozenset() for day in (then, now)
        ]
    was, known = (_numbers(report, one) for report, one in zip((old, new), promised, strict=True))
    editions = (
        dict(held[0].values()) | _editions(old, promised[0]),
        dict(held[1].values()) | _editions(new, promised[1]),
    )
    targets = [{row.target.id for row in one.targets} for one in promised]
    by_dates = targets[0] ^ targets[1]
    differing = {name for name in was.keys() | known.keys() if was.get(name, _NONE)[0] != known.get(name, _NONE)[0]}
    dated = {name for name in differing if any(_of(name, target) for target in by_dates)}
    causes = {name: _moved(name, was, known) for name in differing - dated}
    other = {name for name, found in causes.items() if not found}
    apart = [name for name in held[0].keys() | held[1].keys() if held[0].get(name) != held[1].get(name)]
    causes |= {name: {one[0] for side in held if (one := side.get(name))} for name in apart}
    return Since(
        report_id=report_id,
        reconstructed=promised[0].reconstructed,
        editions=tuple(_new_editions(*editions, causes)),
        new_targets=tuple(sorted(targets[1] - targets[0])),
        ended_targets=tuple(sorted(targets[0] - targets[1])),
        reported=tuple(sorted({name for name, _ in told[0] ^ told[1]})),
        n_same=len(was.keys() & known.keys() - differing),
        other=tuple(sorted(other)),
    )


def _tells_reported(platform: Platform, report_id: str) -> bool:
    sections = report_definition(platform.seeds.reports, report_id)["sections"]
    return any(table["kind"] == "reported_numbers" for section in sections for table in section.get("tables", ()))


def _reported(connection: Connection, day: datetime | None) -> frozenset[tuple[str, tuple[Any, ...]]]:
    """Each number that people reported by its name, with all that was said of it."""
    return frozenset(
        (
            f"{row.quantity}@{row.location_id} {row.period_start:%Y-%m-%d}/{row.period_end:%Y-%m-%d}",
            tuple(getattr(row, name) for name in CONTENT),
        )
        for row in read_manual_values(connection, as_of=day)
    )


def _held(
    connection: Connection, platform: Platform, report: Report, day: datetime | None
) -> dict[str, tuple[str, str]]:
    """Dataset and edition behind each number that a licence keeps back: the report tells it without the number."""
    found = {}
    for one in report.refusals:
        if not one.reason.startswith(KEPT_BACK):
            continue
        for given in platform.seeds.indicators[one.indicator_id].inputs:
            place = given.location or one.location_id
            edition = edition_of_series(connection, given.dataset, given.variable, place, day)
            if edition is not None:
                words = f"{edition.product_version or 'no version'} ({edition.sha256[:12]})"
                found[f"{one.indicator_id}@{one.location_id} by {given.dataset}"] = (given.dataset, words)
    return found


_NONE: tuple[tuple[float | None, ...], frozenset[tuple[str, str]]] = ((), frozenset())


def _of(name: str, target: str) -> bool:
    """Whether a number is one about a target."""
    return name.startswith(f"{target}/") or f"_{target}_" in name


def _numbers(report: Report, promised: Commitments) -> Numbers:
    """Every number of a report by its name, with dataset and sha256 of the bytes that it rests on."""
    found: Numbers = {value.value_id: (_told(value), _bytes(value)) for value in report.values}
    for row in promised.targets:
        for line in row.sources:
            told = (line.year, line.change_pct, line.progress_pct, line.required_cut_pct, line.rate_pct)
            found[f"{row.target.id}/{line.source}"] = (told, frozenset({(line.dataset_id, line.granule_sha256)}))
    return found


def _moved(name: str, was: Numbers, known: Numbers) -> set[str]:
    """The datasets whose bytes make a number differ.

    A number that one of the two reports lacks gave way to another period, so any bytes count that its datasets have in one
    of them alone: a value that a new edition repeats stays with the granule that stated it first.
    """
    apart = _all_bytes(was) ^ _all_bytes(known)
    mine = was.get(name, _NONE)[1] ^ known.get(name, _NONE)[1]
    if name in was and name in known:
        return {dataset for dataset, sha256 in mine if (dataset, sha256) in apart}
    return {dataset for dataset, _ in mine} & {dataset for dataset, _ in apart}


def _all_bytes(numbers: Numbers) -> frozenset[tuple[str, str]]:
    return frozenset(pair for _, pairs in numbers.values() for pair in pairs)


def _told(value: Value) -> tuple[float | None, ...]:
    return value.value, value.std_uncertainty, value.ci_low, value.ci_high


def _bytes(value: Value) -> frozenset[tuple[str, str]]:
    return frozenset((granule.dataset_id, granule.sha256) for granule in value.granules)


def _new_editions(then: dict[str, str], now: dict[str, str], causes: dict[str, set[str]]) -> Iterator[NewEdition]:
    named = {dataset for found in causes.values() for dataset in found}
    named |= {name for name in then.keys() | now.keys() if then.get(name) != now.get(name)}
    for name in sorted(named):
        yield NewEdition(name, then.get(name, ""), now.get(name, ""), sum(name in found for found in causes.values()))


def _editions(report: Report, promised: Commitments) -> dict[str, str]:
    """The editions of each dataset that a report prints, with the first digits of their sha256."""
    found = {
        (source.dataset_id, f"{source.product_version or 'no version'} ({source.granule_sha256[:12]})")
        for source in report.sources
        if source.granule_sha256 is not None
    }
    lines = [line for row in promised.targets for line in row.sources]
    promised_by = {line.dataset_id for line in lines}
    found = {one for one in found if one[0] not in promised_by}
    found |= {(line.dataset_id, f"{line.edition} ({line.granule_sha256[:12]})") for line in lines}
    return {name: "; ".join(sorted(words for one, words in found if one == name)) for name, _ in found}
