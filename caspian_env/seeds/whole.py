"""All the seeds together, as a workflow takes them; a command that asks for no value needs no more than these."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from caspian_env.model import Dataset, Datum, Indicator, Location, Variable
from caspian_env.seeds import load_datasets, load_datums, load_locations, load_reports, load_variables
from caspian_env.seeds.confidence import Assessment, load_confidence
from caspian_env.seeds.entries import Entry
from caspian_env.seeds.indicators import load_indicators
from caspian_env.seeds.local import Declared, load_local
from caspian_env.seeds.targets import Pledge, Target, load_pledges, load_targets
from caspian_env.settings import data_folder

K = TypeVar("K")
V = TypeVar("V")


class Later(Mapping[K, V]):
    """A mapping that is read when it is first asked, and held from then on; what is wrong with it is told then."""

    __slots__ = ("_held", "_read")

    def __init__(self, read: Callable[[], Mapping[K, V]]) -> None:
        self._read = read
        self._held: Mapping[K, V] | None = None

    def __getitem__(self, key: K) -> V:
        """What stands under a key."""
        return self._whole()[key]

    def __iter__(self) -> Iterator[K]:
        """The keys in their order."""
        return iter(self._whole())

    def __len__(self) -> int:
        """How many there are."""
        return len(self._whole())

    def _whole(self) -> Mapping[K, V]:
        if self._held is None:
            self._held = self._read()
        return self._held


@dataclass(frozen=True, slots=True)
class Seeds:
    """What is true, as read from the seeds folder."""

    variables: Mapping[str, Variable]
    datums: Mapping[str, Datum]
    locations: Mapping[str, Location]
    datasets: Mapping[str, Dataset]
    indicators: Mapping[str, Indicator]
    targets: Mapping[str, Target] = field(default_factory=dict)
    pledges: Mapping[str, Pledge] = field(default_factory=dict)
    confidence: Mapping[tuple[str, str], Assessment] = field(default_factory=dict)
    reports: Mapping[str, Entry] = field(default_factory=dict)


def load_seeds(folder: Path | None = None, *, own: Path | None = None) -> Seeds:
    """All the seeds, with what the institute declares in its ``own`` folder; SeedError names the file and entry at fault.

    Indicators, the largest of them by far, and what hangs on them are read when somebody asks for them; where the institute
    has declared some of its own, which nobody has tested, they are read at once.
    """
    folder = folder or data_folder("seeds")
    known = Declared(
        load_variables(folder), load_datums(folder), load_locations(folder), load_datasets(folder), load_reports(folder)
    )
    if own:
        known = load_local(own, known)
    indicators = Later(
        lambda: load_indicators(known.datasets, known.datums, folder, own=known.indicators, places=known.locations)
    )
    if known.indicators:
        len(indicators)
    return Seeds(
        known.variables, known.datums, known.locations, known.datasets, indicators, Later(lambda: load_targets(folder)),
        Later(lambda: load_pledges(folder)), Later(lambda: load_confidence(indicators, folder)), known.reports,
    )  # fmt: skip
