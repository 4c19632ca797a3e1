"""Filling in the past: a long window a year at a time, without asking again for what the catalog has.

Each year is a run of its own in the ledger, so that a back-fill that was stopped goes on where it was, and a scheduled
collection takes its turn between two years. It ends with what was filled, and what is missing and why.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime, timedelta

from caspian_env.catalog.stored import accepted_addresses, arrivals, n_days_observed
from caspian_env.errors import SettingsError
from caspian_env.formats.mirror_addresses import public_address
from caspian_env.model import Dataset, GranuleRef, Window
from caspian_env.transport import addresses
from caspian_env.wiring import Platform
from caspian_env.workflows.forecast import Forecast
from caspian_env.workflows.ingest import ingest
from caspian_env.workflows.missing import NOT_LISTED, Missing, merged, not_got, unlisted
from caspian_env.workflows.outcome import Outcome
from caspian_env.workflows.seed import seed

DAY = timedelta(days=1)
Progress = Callable[[str, int, int], None]
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class _Filling:
    """What stays the same over all years; ``listed`` are the granules named so far, ``there`` those that were known."""

    platform: Platform
    dataset: Dataset
    window: Window
    forecast: Forecast
    outcome: Outcome
    missing: list[Missing] = field(default_factory=list)
    listed: list[GranuleRef] = field(default_factory=list)
    there: list[GranuleRef] = field(default_factory=list)


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
        Takes a subject, how many granules were asked for, and of how many, by what is known then.
    say : callable, optional
        Takes a line of words: at the beginning, and after each year with an estimate of the rest.
    clock : callable
        Seconds that never go back.

    Returns
    -------
    Outcome
        Its problems name each stretch that is missing and why; its notes tell what was filled.

    Raises
    ------
    SettingsError
        When the window lies outside what the dataset covers.
    """
    seed(platform)
    covered = _covered(platform, dataset, window)
    polite = not platform.settings.mirror and any(host.startswith("https") for host in dataset.hosts)
    filling = _Filling(platform, dataset, covered, Forecast(clock, polite), Outcome(dataset.id))
    years = list(pieces(dataset, covered))
    if say:
        say(_first_words(filling, len(years)))
    if covered.start > window.start:
        filling.outcome.notes.append(f"begins on {covered.start:%F}; there is nothing before that")
    for number, year in enumerate(years):
        stopped = _fill(filling, year, progress)
        if stopped:
            left = Window(year.start, covered.end)
            filling.missing.append(Missing(left, 0, f"not asked for: {stopped}"))
            break
        if say:
            say(f"{year}: {_done(filling, year)}" + _rest(filling, years[number + 1 :]))
    _conclude(filling)
    return filling.outcome


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
    return any(url in accepted for url in _addresses(dataset, ref))


def _fill(filling: _Filling, year: Window, progress: Progress | None) -> str:
    """Collect a year, and account for what it lacks; why nobody could be asked, or ''."""
    platform, dataset, forecast = filling.platform, filling.dataset, filling.forecast
    before, first, listed = forecast.done, len(filling.there), list[GranuleRef]()
    accepted = _accepted(platform, dataset)
    later_years = (_ahead(filling, Window(year.end, filling.window.end)) or 0) if year.end < filling.window.end else 0

    def wanted(ref: GranuleRef) -> bool:
        listed.append(ref)
        known = is_known(accepted, dataset, ref)
        if known:
            filling.there.append(ref)
        return not known

    def tell(subject: str, number: int, total: int) -> None:
        forecast.reached(before + number)
        if progress:
            progress(subject, forecast.done, before + total + later_years)

    one = ingest(platform, dataset, window=year, wanted=wanted, progress=tell)
    if one.skipped:
        return one.skipped
    skipped = len(filling.there) - first
    forecast.reached(before + len(listed) - skipped)
    filling.listed.extend(listed)
    _account(filling, year, one, listed)
    _add(filling.outcome, one, skipped)
    return ""


def _account(filling: _Filling, year: Window, one: Outcome, listed: list[GranuleRef]) -> None:
    """Turn the problems of a year into what is missing of it."""
    platform, dataset = filling.platform, filling.dataset
    accepted = _accepted(platform, dataset)
    lacking = [ref for ref in listed if not is_known(accepted, dataset, ref)]
    gaps = unlisted(dataset, year, listed, platform.clock())
    own = {url for ref in lacking for url in _addresses(dataset, ref)}
    rest = [line for line in one.problems if not any(url in line for url in own)]
    if listed or not dataset.whole_record:  # which of its days are missing is said below, as far as they are due
        rest = [line for line in rest if not line.startswith("nothing is published for ")]
    why = rest[0] if rest else ""
    told = [*one.problems, *one.notes]
    found = list(not_got(lacking, lambda ref: _addresses(dataset, ref), told, why or "it was not got"))
    found += [Missing(gap, 0, why or NOT_LISTED) for gap in gaps]
    filling.missing.extend(found)
    one.problems = rest[1:] if any(missing.why == why for missing in found) else rest
    one.notes = [line for line in one.notes if not line.startswith("no granule from ")]


def _conclude(filling: _Filling) -> None:
    """What was filled, and what is missing, as lines of the outcome."""
    outcome, missing = filling.outcome, merged(filling.missing)
    outcome.problems = [str(one) for one in missing] + outcome.problems
    got = f"filled {filling.window}: {outcome.new_granules} granules are new, {len(filling.there)} were there"
    named = sum(one.n_granules for one in missing)
    days = sum((one.window.end - one.window.start) / DAY for one in missing if one.window and not one.n_granules)
    lost = [f"{named} granules"] if named else []
    lost += [f"{days:.0f} days of which nothing was listed or asked for"] if days else []
    outcome.notes.insert(0, f"{got}; missing: {' and '.join(lost) or 'nothing that is due'}")


def _done(filling: _Filling, year: Window) -> str:
    """What has become of a year."""
    here = [ref for ref in filling.listed if ref.window is None or ref.window.overlaps(year)]
    there = {ref.path for ref in filling.there}
    missing = [one for one in filling.missing if one.window is None or one.window.overlaps(year)]
    got = sum(ref.path not in there for ref in here) - sum(one.n_granules for one in missing)
    days = sum((one.window.end - one.window.start) / DAY for one in missing if one.window and not one.n_granules)
    said = f"{got} fetched, {sum(ref.path in there for ref in here)} were there"
    said += f", {sum(one.n_granules for one in missing)} were not got" if any(m.n_granules for m in missing) else ""
    return said + (f", nothing is listed for {days:.0f} days" if days else "")


def _rest(filling: _Filling, years: list[Window]) -> str:
    """How much is left and how long it takes, '' at the end."""
    if not years:
        return ""
    left = _ahead(filling, Window(years[0].start, years[-1].end))
    if left is None:
        return f"; {len(years)} piece{'s' if len(years) > 1 else ''} left"
    return f"; {filling.forecast.words(left, at_most=True)}" if left else "; nothing is left to ask for"


def _ahead(filling: _Filling, window: Window) -> int | None:
    """Granules of a window that is not listed yet: the days without a value, or as many a day as in the years before."""
    platform, dataset = filling.platform, filling.dataset
    end = min(window.end, platform.clock() - timedelta(days=dataset.publication_delay_days))
    days = max(0, (end - window.start) // DAY)
    if not days:
        return 0
    if dataset.update_frequency == "P1D":
        with platform.catalog.read() as connection:
            return max(0, days - n_days_observed(connection, dataset.id, window.start, end))
    listed = (window.start - filling.window.start) / DAY
    return round(len(filling.listed) / listed * days) if listed and filling.listed else None


def _accepted(platform: Platform, dataset: Dataset) -> set[str]:
    with platform.catalog.read() as connection:
        return accepted_addresses(connection, dataset.id)


def _addresses(dataset: Dataset, ref: GranuleRef) -> list[str]:
    """The addresses of a granule as answers and lines name them."""
    return [public_address(url, ref.form) for url in addresses(ref, dataset.hosts)]


def _covered(platform: Platform, dataset: Dataset, window: Window) -> Window:
    first = datetime.fromisoformat(dataset.coverage_start).replace(tzinfo=UTC)
    start, end = max(window.start, first), min(window.end, platform.clock())
    if start >= end:
        raise SettingsError(
            "window", f"{window} has nothing of {dataset.id}, which begins on {first:%F}", "give another one"
        )
    return Window(start, end)


def _first_words(filling: _Filling, n_pieces: int) -> str:
    """What is ahead, as far as it can be said before anything is listed."""
    platform, dataset, window = filling.platform, filling.dataset, filling.window
    said = f"{dataset.id} {window}: {n_pieces} piece{'s' if n_pieces > 1 else ''}, one request at a time"
    if dataset.whole_record:
        return said
    left = _ahead(filling, window)
    if left is None:
        return f"{said}; how many granules that are is known when they are listed"
    with platform.catalog.read() as connection:
        count, size = arrivals(connection, dataset.id)
    said += f"; {filling.forecast.words(left, at_most=True)}"
    return said + (f", {left * size / count / 1e9:.1f} GB" if count else "")


def _add(whole: Outcome, one: Outcome, n_skipped: int) -> None:
    for field_ in fields(Outcome):
        if field_.name not in ("subject", "skipped", "may_pass"):
            value = getattr(one, field_.name)
            setattr(whole, field_.name, getattr(whole, field_.name) + value)
    whole.may_pass = whole.may_pass or one.may_pass
    whole.expected += n_skipped
    whole.unchanged += n_skipped
