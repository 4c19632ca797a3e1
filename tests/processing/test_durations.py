from __future__ import annotations

from datetime import UTC, datetime

import pytest

from caspian_env.errors import SeedError
from caspian_env.processing.durations import later
from caspian_env.seeds import load_datasets


def at(year: int, month: int, day: int = 1, hour: int = 0) -> datetime:
    return datetime(year, month, day, hour, tzinfo=UTC)


@pytest.mark.parametrize(
    ("moment", "duration", "times", "wanted"),
    [
        (at(2024, 2, 28), "P1D", 1, at(2024, 2, 29)),
        (at(2024, 2, 28), "P10D", 2, at(2024, 3, 19)),
        (at(2024, 1, 31), "P1M", 1, at(2024, 2, 29)),
        (at(2024, 12), "P1M", 2, at(2025, 2)),
        (at(2024, 2, 29), "P1Y", 1, at(2025, 2, 28)),
        (at(2024, 1), "P1W", 1, at(2024, 1, 8)),
        (at(2024, 1), "PT6H", 3, at(2024, 1, 1, 18)),
        (at(2024, 1), "instant", 5, at(2024, 1)),
    ],
)
def test_a_step_is_one_of_the_calendar(moment: datetime, duration: str, times: int, wanted: datetime) -> None:
    assert later(moment, duration, times) == wanted


@pytest.mark.parametrize("duration", ["", "P", "1D", "P1.5D", "P1M2D", "PT5M"])
def test_what_is_not_understood_is_refused(duration: str) -> None:
    with pytest.raises(SeedError, match="duration"):
        later(at(2024, 1), duration)


def test_every_dataset_has_durations_that_are_understood() -> None:
    for dataset in load_datasets().values():
        assert later(at(2024, 1), dataset.update_frequency) > at(2024, 1)
        assert all(later(at(2024, 1), measured.resolution) >= at(2024, 1) for measured in dataset.variables)
