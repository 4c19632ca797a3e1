"""Filling in the past: a long window a year at a time, without asking again for what the catalog has.

Each year is a run of its own in the ledger, so that a back-fill that was stopped goes on where it was, and a scheduled
collection takes its turn between two years.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import fields
from datetime import UTC, datetime

from caspian_env.catalog.stored import accepted_addresses, arrivals
from caspian_env.errors import SettingsError
from caspian_env.formats.http_pace import PACE_SECONDS
from caspian_env.formats.mirror_addresses import public_address
from caspian_env.model import Dataset, GranuleRef, Window
from caspian_env.transport import addresses
from caspian_env.wiring import Platform
from caspian_env.workflows.ingest import ingest
from caspian_env.workflows.outcome import Outcome
from caspian_env.workflows.seed import seed

Progress = Callable[[str, int, int], None]
Say = Callable[[str], None]


def backfill(
    platform: Platform,
    dataset: Dataset,
    window: Window,
    *,
    progress: Progress | None = None,
    say: Say | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> Outcome:
    """Collect what is missing of a window, oldest year first; what was accepted before costs no request.

    Parameters
    ----------
    progress : callable, optional
        Takes a subject and how many granules of a year are done, of how many.
    say : callable, optional
        Takes a line of words: at the beginning, and after each year with an estimate of the rest.
    clock : callable
        Seconds that never go back.

    Raises
    ------
    SettingsError
        When the window lies outside what the dataset covers.
    """
    seed(platform)
    window = _covered(platform, dataset, window)
    whole = Outcome(dataset.id)
    spent = 0.0
    years = list(pieces(dataset, window))
    if say:
        say(_first_words(platform, dataset, window, len(years)))
    for number, year in enumerate(years):
        begun = clock()
        skipped: list[GranuleRef] = []
        one = ingest(platform, dataset, window=year, wanted=_unknown(platform, dataset, skipped), progress=progress)
        _add(whole, one, len(skipped))
        if one.skipped and number:
            whole.problems.append(f"stopped before {year}: {one.skipped}")
        elif one.skipped:
            whole.skipped = one.skipped
        if one.skipped:
            break
        spent += clock() - begun
        if say:
            said = f"{year}: {one.fetched} fetched, {len(skipped)} were there, {len(one.problems)} problems"
            say(said + _rest(spent, number + 1, len(years)))
    return whole


def pieces(dataset: Dataset, window: Window) -> Iterator[Window]:
    """The calendar years of a window; a dataset that comes whole is one piece."""
    if dataset.whole_record:
        yield window
        return
    start = window.start
    while start < window.end:
        end = min(datetime(start.year + 1, 1, 1, tzinfo=UTC), window.end)
        yield Window(start, end)
        start = end


def is_known(accepted: set[str], dataset: Dataset, ref: GranuleRef) -> bool:
    """Whether one of the addresses of a granule has given bytes that were accepted."""
    return any(public_address(url, ref.form) in accepted for url in addresses(ref, dataset.hosts))


def duration(seconds: float) -> str:
    """A time for people: ``40 s``, ``12 min``, ``3.5 h``, ``2.1 days``."""
    for size, unit, digits in ((86_400, "days", 1), (3_600, "h", 1), (60, "min", 0)):
        if seconds >= 1.5 * size:
            return f"{seconds / size:.{digits}f} {unit}"
    return f"{max(seconds, 1):.0f} s"


def _rest(spent: float, done: int, pieces: int) -> str:
    """How long the rest takes if it is like the pieces before it, '' at the end."""
    return f"; about {duration(spent / done * (pieces - done))} left at this pace" if done < pieces else ""


def _unknown(platform: Platform, dataset: Dataset, skipped: list[GranuleRef]) -> Callable[[GranuleRef], bool]:
    with platform.catalog.read() as connection:
        accepted = accepted_addresses(connection, dataset.id)

    def wanted(ref: GranuleRef) -> bool:
        if is_known(accepted, dataset, ref):
            skipped.append(ref)
            return False
        return True

    return wanted


def _covered(platform: Platform, dataset: Dataset, window: Window) -> Window:
    first = datetime.fromisoformat(dataset.coverage_start).replace(tzinfo=UTC)
    start, end = max(window.start, first), min(window.end, platform.clock())
    if start >= end:
        raise SettingsError(
            "window", f"{window} has nothing of {dataset.id}, which begins on {first:%F}", "give another one"
        )
    return Window(start, end)


def _first_words(platform: Platform, dataset: Dataset, window: Window, n_pieces: int) -> str:
    """What is ahead, as far as it can be said before anything is listed."""
    with platform.catalog.read() as connection:
        count, size = arrivals(connection, dataset.id)
    said = f"{dataset.id} {window}: {n_pieces} piece{'s' if n_pieces > 1 else ''}, one request at a time"
    if dataset.update_frequency == "P1D" and not dataset.whole_record:
        days = (window.end - window.start).days
        said += f", at most {days} granules"
        if count:
            said += f" of {size / count / 1e6:.1f} MB each, {days * size / count / 1e9:.1f} GB"
        said += (
            f"; where a provider is asked at least {duration(days * PACE_SECONDS)}, {PACE_SECONDS:g} s between requests"
        )
    return said


def _add(whole: Outcome, one: Outcome, n_skipped: int) -> None:
    for field in fields(Outcome):
        if field.name not in ("subject", "skipped"):
            value = getattr(one, field.name)
            setattr(whole, field.name, getattr(whole, field.name) + value)
    whole.expected += n_skipped
    whole.unchanged += n_skipped
