"""Synthetic editions of a monthly table in the layout of NOAA GML, and a platform that reads them from a mirror."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from math import pi, sin
from pathlib import Path

from caspian_env.settings import Settings
from caspian_env.wiring import Platform, now, open_platform
from caspian_env.workflows.compute import compute
from caspian_env.workflows.ingest import ingest
from caspian_env.workflows.outcome import Outcome
from caspian_env.workflows.seed import seed

DATASET = "noaa_gml_co2"
ADDRESS = "gml.noaa.gov/webdata/ccgg/trends/co2/co2_mm_mlo.csv"
URL = f"https://{ADDRESS}"
START_YEAR = 1990


def month_of(number: int) -> datetime:
    """The first of the month, counted from January 1990 = 0."""
    return datetime(START_YEAR + number // 12, number % 12 + 1, 1, tzinfo=UTC)


def averages(months: int, changes: Mapping[int, float] = {}) -> dict[datetime, float]:
    """Synthetic monthly means, some of them moved."""
    return {month_of(n): round(350 + 0.15 * n + 3 * sin(pi * n / 6) + changes.get(n, 0.0), 2) for n in range(months)}


def co2_table(months: int, changes: Mapping[int, float] = {}) -> str:
    """The table as a provider would print it; every month measured."""
    lines = ["# synthetic: no value is a measurement", "year,month,decimal date,average,deseasonalized,ndays,sdev,unc"]
    for n, (month, average) in enumerate(averages(months, changes).items()):
        smooth = 350 + 0.15 * n + 0.1 * sin(1.7 * n) + changes.get(n, 0.0)
        date = month.year + (month.month - 0.5) / 12
        lines.append(f"{month.year},{month.month},{date:.4f},{average:.2f},{smooth:.2f},25,0.40,0.20")
    return "\n".join(lines) + "\n"


def publish(mirror: Path, text: str) -> None:
    """Put an edition at its address in the mirror."""
    target = mirror / ADDRESS
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text, encoding="utf-8")


@contextmanager
def opened(
    url: str, folder: Path, clock: Callable[[], datetime] = now, address: str | None = None
) -> Iterator[Platform]:
    """A seeded platform whose providers are ``folder/mirror``, or a mirror at an address."""
    mirror = folder / "mirror"
    mirror.mkdir(exist_ok=True)
    settings = Settings(home=folder / "home", database_url=url, mirror=address or str(mirror))
    with open_platform(settings, clock=clock) as platform:
        seed(platform)
        yield platform


def collect_edition(platform: Platform, text: str, known_at: datetime | None = None) -> Outcome:
    """Publish an edition, collect it and compute."""
    publish(Path(str(platform.settings.mirror)), text)
    outcome = ingest(platform, platform.seeds.datasets[DATASET], known_at=known_at)
    computed = compute(platform, only={"co2_mean_1y", "co2_growth_1y"}, known_at=known_at)
    assert not computed.problems
    return outcome
