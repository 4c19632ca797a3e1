"""What providers revised, and which indicators moved with it.

A revision is a value that changed, was taken back or came back; a first value is none. An indicator moved *with* a dataset
when a revision of that dataset lies inside the windows of its inputs and became known between its two vintages. Other
changes of an indicator have another reason, which is counted: a new method, or observations seen for the first time.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from statistics import median
from typing import Any

from caspian_env.catalog.revisions import inputs_of_values, moved_indicators, moved_values
from caspian_env.errors import not_among
from caspian_env.wiring import Platform

Series = tuple[str, str, str, str | None]


@dataclass(frozen=True, slots=True)
class Moved:
    """One value before and after; ``new_value`` is empty when it was withdrawn, ``old_value`` when it came back."""

    time: datetime
    old_value: float | None
    new_value: float | None
    kind: str
    known_at: datetime
    old_granule_sha256: str | None
    new_granule_sha256: str | None

    @property
    def change(self) -> float | None:
        """New minus old."""
        return None if self.old_value is None or self.new_value is None else self.new_value - self.old_value


@dataclass(frozen=True, slots=True)
class SeriesRevision:
    """The revisions of one series."""

    variable_id: str
    location_id: str
    datum: str | None
    unit: str
    moved: tuple[Moved, ...]

    @property
    def kinds(self) -> dict[str, int]:
        """How many revisions of each kind."""
        return dict(sorted(Counter(row.kind for row in self.moved).items()))

    @property
    def largest(self) -> Moved | None:
        """The greatest change, the earliest of equals; None where values were only withdrawn or restored."""
        return max(
            (row for row in self.moved if row.change is not None), key=lambda row: abs(row.change or 0), default=None
        )

    @property
    def median_absolute(self) -> float | None:
        """Median of the absolute changes."""
        changes = [abs(row.change) for row in self.moved if row.change is not None]
        return median(changes) if changes else None

    def as_dict(self) -> dict[str, Any]:
        """For ``--json``."""
        largest = self.largest
        return {
            "variable_id": self.variable_id, "location_id": self.location_id, "datum": self.datum, "unit": self.unit,
            "n_moved": len(self.moved), "n_times": len({row.time for row in self.moved}), "kinds": self.kinds,
            "largest": asdict(largest) | {"change": largest.change} if largest else None,
            "median_absolute": self.median_absolute,
            "months": months_of(row.time for row in self.moved),
            "moved": [asdict(row) | {"change": row.change} for row in self.moved],
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class MovedIndicator:
    """One indicator value before and after; ``n_std`` is the change in standard uncertainties of the old value."""

    indicator_id: str
    location_id: str
    period_start: datetime
    period_end: datetime
    unit: str
    old_value: float | None
    new_value: float | None
    old_std_uncertainty: float | None
    old_status: str
    new_status: str | None
    kind: str
    reason: str | None
    known_at: datetime

    @property
    def change(self) -> float | None:
        """New minus old."""
        return None if self.old_value is None or self.new_value is None else self.new_value - self.old_value

    @property
    def n_std(self) -> float | None:
        """|new - old| / standard uncertainty of old."""
        return (
            abs(self.change) / self.old_std_uncertainty
            if self.change is not None and self.old_std_uncertainty
            else None
        )

    def as_dict(self) -> dict[str, Any]:
        """For ``--json``."""
        return asdict(self) | {"change": self.change, "n_std": self.n_std}


@dataclass(frozen=True, slots=True)
class DatasetRevision:
    """The revisions of one dataset, and the indicator values that moved with them."""

    dataset_id: str
    series: tuple[SeriesRevision, ...]
    indicators: tuple[MovedIndicator, ...]

    @property
    def n_moved(self) -> int:
        """Revisions in all series."""
        return sum(len(one.moved) for one in self.series)

    def as_dict(self) -> dict[str, Any]:
        """For ``--json``."""
        kinds: Counter[str] = Counter()
        for one in self.series:
            kinds.update(one.kinds)
        return {
            "dataset_id": self.dataset_id,
            "n_moved": self.n_moved,
            "kinds": dict(sorted(kinds.items())),
            "series": [one.as_dict() for one in self.series],
            "indicators": [one.as_dict() for one in self.indicators],
        }


@dataclass(frozen=True, slots=True)
class Revisions:
    """All that moved since a date; ``elsewhere`` counts indicator changes with another reason than a revision."""

    since: datetime | None
    datasets: tuple[DatasetRevision, ...]
    elsewhere: Mapping[str, int]

    def as_dict(self) -> dict[str, Any]:
        """For ``--json``."""
        return {
            "since": self.since,
            "datasets": [one.as_dict() for one in self.datasets],
            "indicators_changed_otherwise": dict(self.elsewhere),
        }


def revisions(platform: Platform, *, since: datetime | None = None, dataset: str | None = None) -> Revisions:
    """What became known to have moved from ``since`` on, by dataset.

    Raises
    ------
    SettingsError
        When the dataset is none.
    """
    if dataset is not None and dataset not in platform.seeds.datasets:
        raise not_among([dataset], "a dataset", platform.seeds.datasets, "caspian-env datasets")
    with platform.catalog.read() as connection:
        pairs = moved_indicators(connection, since)
        inputs = inputs_of_values(connection, (i for pair in pairs for i in (pair.old_id, pair.new_id) if i))
        rows = moved_values(connection, dataset=dataset, since=_earliest(since, pairs, inputs))
    by_series: dict[Series, list[Moved]] = defaultdict(list)
    units: dict[Series, str] = {}
    for row in rows:
        key = (row.dataset_id, row.variable_id, row.location_id, row.datum)
        units[key] = row.unit
        by_series[key].append(_moved(row))
    with_dataset, elsewhere = _attribute(pairs, inputs, by_series)
    recent = {key: [m for m in moved if since is None or m.known_at >= since] for key, moved in by_series.items()}
    names = {key[0] for key, moved in recent.items() if moved} | set(with_dataset)
    datasets = [
        DatasetRevision(
            name,
            tuple(SeriesRevision(*key[1:], units[key], tuple(m)) for key, m in recent.items() if key[0] == name and m),
            tuple(with_dataset.get(name, ())),
        )
        for name in sorted(names & {dataset} if dataset else names)
    ]
    return Revisions(since, tuple(datasets), {} if dataset else elsewhere)


def _earliest(since: datetime | None, pairs: Sequence[Any], inputs: Mapping[str, Sequence[Any]]) -> datetime | None:
    """From when on revisions matter: an older one may have moved a computation since, if that had not read it before."""
    if since is None:
        return None
    windows = [(pair.old_id, w) for pair in pairs for w in (*inputs[pair.old_id], *inputs.get(pair.new_id, []))]
    read = [_read_at(inputs[old], window) for old, window in windows]
    return None if None in read else min([since, *(moment for moment in read if moment is not None)])


def months_of(times: Iterable[datetime]) -> list[str]:
    """The months that the times fall into, as ``2021-06``, in order and once."""
    return sorted({f"{time:%Y-%m}" for time in times})


def in_words(months: Sequence[str], *, most: int = 8) -> str:
    """Months as ranges; where these would be more than ``most``, their number and the years they lie in."""
    ranges = _ranges([int(m[:4]) * 12 + int(m[5:]) - 1 for m in months], lambda n: f"{n // 12}-{n % 12 + 1:02}")
    if len(ranges) > most:
        years = _ranges(sorted({int(month[:4]) for month in months}), str)
        return f"{len(months)} months in {', '.join(years)}"
    return ", ".join(ranges)


def _ranges(numbers: Sequence[int], spell: Any) -> list[str]:
    found: list[list[int]] = []
    for number in numbers:
        if found and number == found[-1][1] + 1:
            found[-1][1] = number
        else:
            found.append([number, number])
    return [spell(first) if first == last else f"{spell(first)}–{spell(last)}" for first, last in found]


def _moved(row: Any) -> Moved:
    return Moved(
        row.time, row.old_value, row.new_value, row.kind, row.known_at, row.old_granule_sha256, row.new_granule_sha256
    )


def _attribute(
    pairs: Sequence[Any], inputs: Mapping[str, Sequence[Any]], by_series: Mapping[Series, Sequence[Moved]]
) -> tuple[dict[str, list[MovedIndicator]], dict[str, int]]:
    """The pairs under the datasets whose revisions they follow, and counts of the others by reason."""
    known = {key: sorted(moved, key=lambda m: m.known_at) for key, moved in by_series.items()}
    with_dataset: dict[str, list[MovedIndicator]] = defaultdict(list)
    elsewhere: Counter[str] = Counter()
    for pair in pairs:
        if pair.old_value == pair.new_value:
            elsewhere[
                "same value, other status or uncertainty" if pair.new_id else "a refusal has become pointless"
            ] += 1
            continue
        before, after = inputs[pair.old_id], inputs.get(pair.new_id, [])
        # A number where there was none is news and no revision, unless it is a value that came back.
        kinds = {"restored"} if pair.old_value is None else None
        causes = {
            window.dataset_id
            for window in (*before, *after)
            if _revised_in(
                known.get(_key(window), ()), window, _read_at(before, window), _read_at(after, window), kinds
            )
        }
        for dataset_id in causes:
            with_dataset[dataset_id].append(_moved_indicator(pair))
        if not causes:
            elsewhere["method changed" if pair.kind == "method_changed" else "new observations"] += 1
    return dict(with_dataset), dict(elsewhere)


def _key(window: Any) -> Series:
    return window.dataset_id, window.variable_id, window.location_id, window.datum


def _read_at(windows: Sequence[Any], like: Any) -> datetime | None:
    """The moment as of which a value read the series of this window, if it did."""
    return max((window.known_at for window in windows if _key(window) == _key(like)), default=None)


def _revised_in(
    known: Sequence[Moved], window: Any, after: datetime | None, until: datetime | None, kinds: set[str] | None
) -> bool:
    """Whether a value inside the window moved between two readings; without the first from the beginning on."""
    start = 0 if after is None else bisect_right(known, after, key=lambda moved: moved.known_at)
    end = len(known) if until is None else bisect_right(known, until, key=lambda moved: moved.known_at)
    return any(
        window.period_start <= moved.time < window.period_end and (kinds is None or moved.kind in kinds)
        for moved in known[start:end]
    )


def _moved_indicator(pair: Any) -> MovedIndicator:
    return MovedIndicator(
        indicator_id=pair.indicator_id, location_id=pair.location_id, period_start=pair.period_start,
        period_end=pair.period_end, unit=pair.unit, old_value=pair.old_value, new_value=pair.new_value,
        old_std_uncertainty=pair.old_std_uncertainty, old_status=pair.old_status, new_status=pair.new_status,
        kind=pair.kind or "withdrawn", known_at=pair.known_at,
        reason=pair.reason if pair.new_id else "the period is no longer computed",
    )  # fmt: skip
