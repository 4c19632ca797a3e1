"""What a run would do, and why, without doing it: nothing is written and, unless listings are asked for, nobody is asked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from caspian_env.catalog.cubes import read_believed, read_parts
from caspian_env.catalog.engine import Connection
from caspian_env.catalog.indicator_values import last_fingerprints
from caspian_env.catalog.migrate import current_revision, newest_revision
from caspian_env.catalog.stored import accepted_addresses, preliminary
from caspian_env.errors import CaspianError
from caspian_env.model import Dataset, Indicator, Source, Window
from caspian_env.wiring import Platform, cubes_of, source_of
from caspian_env.workflows.arguments import Inputs
from caspian_env.workflows.chosen import choose, left_out
from caspian_env.workflows.cube_parts import current, fingerprint, vintages
from caspian_env.workflows.due import Due, what_is_due
from caspian_env.workflows.fingerprint import fingerprint_of, promised, word_of
from caspian_env.workflows.freshness import Freshness, freshness
from caspian_env.workflows.keys import missing_key


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that would be done: the stage (schema, collect, cube, compute, report), what, and why."""

    stage: str
    subject: str
    action: str
    why: str
    window: Window | None = None

    def as_dict(self) -> dict[str, Any]:
        """For ``--json``."""
        return asdict(self) | {"window": str(self.window) if self.window else None}


def plan(
    platform: Platform, *, only: Sequence[str] = (), window: Window | None = None, listing: bool = False
) -> list[Step]:
    """The steps of ``caspian-env run`` with the same arguments, in their order.

    Parameters
    ----------
    listing : bool
        Whether to ask the providers (or the mirror) what they publish, and so to tell how many granules are new.

    Raises
    ------
    SettingsError
        When ``only`` names something else than a dataset.
    """
    datasets = choose(platform, only)
    there = platform.catalog.file is None or platform.catalog.file.is_file()
    revision, head = current_revision(platform.catalog) if there else "", newest_revision()
    usable = revision == head
    steps = [] if usable else [Step("schema", platform.catalog.name, f"bring to revision {head}", _schema(revision))]
    states = {one.dataset_id: one for one in freshness(platform)} if usable else {}
    steps += [_collect(platform, dataset, window, states.get(dataset.id), listing) for dataset in datasets]
    if not only:
        steps += [Step("collect", name, "skip", why) for name, why in left_out(platform).items()]
    if usable:
        steps += _cubes(platform)
        steps += _compute(platform, datasets)
    else:
        steps.append(Step("compute", "indicators", "compute all that have data", "none was computed in this schema"))
    steps.append(Step("report", "bulletin", f"write below {platform.settings.reports}", "at the end of every run"))
    return steps


def _schema(revision: str) -> str:
    return f"it is at revision {revision}" if revision else "there is no catalog yet"


def _collect(
    platform: Platform, dataset: Dataset, window: Window | None, state: Freshness | None, listing: bool
) -> Step:
    if key := missing_key(platform, dataset):
        return Step("collect", dataset.id, "skip", key)
    by_itself = window is None and state is not None
    due = what_is_due(platform, dataset) if by_itself else Due(window or _first_window(platform, dataset))
    span = due.window
    why = "; ".join(_reasons(platform, dataset, span, state))
    what = "the whole record" if dataset.whole_record else f"{span}"
    action = _listed(platform, dataset, due, known=state is not None) if listing else f"ask for {what}"
    return Step("collect", dataset.id, action, why, span)


def _reasons(platform: Platform, dataset: Dataset, span: Window, state: Freshness | None) -> Iterator[str]:
    """Why a dataset is asked for: what is due, what is to be finalised, what may have been corrected."""
    if state is None or state.newest_observation is None:
        yield "never collected"
        return
    now = platform.clock()
    assert state.due_at is not None
    if state.state == "retired":
        yield state.sentence
    elif now > state.due_at:
        yield f"due: {state.sentence}"
    else:
        yield f"newest value of {state.newest_observation:%F}, the next is due by {state.due_at:%F}"
    since = datetime(1, 1, 1, tzinfo=UTC) if dataset.whole_record else span.start
    with platform.catalog.read() as connection:
        count, first, last = preliminary(connection, dataset.id, since)
    if count:
        between = f"{first:%F}" if first == last else f"{first:%F} to {last:%F}"
        yield f"{count} preliminary values to be finalised ({between})"
    if not dataset.whole_record and dataset.look_back_days:
        yield f"look-back of {dataset.look_back_days} days for late corrections"


def _first_window(platform: Platform, dataset: Dataset) -> Window:
    """The window of a collection without a catalog to ask."""
    end = platform.clock() + timedelta(days=1)
    start = datetime.fromisoformat(dataset.coverage_start).replace(tzinfo=UTC)
    if not (platform.settings.mirror or dataset.whole_record) and dataset.look_back_days:
        start = max(start, end - timedelta(days=dataset.look_back_days))
    return Window(start, end)


def _listed(platform: Platform, dataset: Dataset, due: Due, *, known: bool) -> str:
    from caspian_env.workflows.backfill import is_known

    source: Source = source_of(dataset)
    accepted: set[str] = set()
    if known:
        with platform.catalog.read() as connection:
            accepted = accepted_addresses(connection, dataset.id)
    try:
        listed = source.list_granules(due.window, platform.transport.bound(dataset.hosts))
        refs = [ref for ref in listed if due.is_worth_asking(ref)]
    except CaspianError as error:
        return f"nothing could be listed: {error.problem}"
    there = sum(is_known(accepted, dataset, ref) for ref in refs)
    return f"fetch {len(refs) - there} granules that are new, ask of {there} whether they changed"


def _cubes(platform: Platform) -> Iterator[Step]:
    """The parts of cubes that do not show what is known, or whose file is gone."""
    cubes = cubes_of(platform)
    for dataset in platform.seeds.datasets.values():
        if dataset.kind != "grid" or not dataset.cube:
            continue
        with platform.catalog.read() as connection:
            believed = read_believed(connection, dataset.id)
            parts = {part.period_start.year: part for part in read_parts(connection, dataset.id)}
        years = sorted({row.time.year for row in believed} | set(parts))
        behind, gone = [], []
        for year in years:
            part, rows = parts.get(year), [row for row in believed if row.time.year == year]
            states = [state for _, state in vintages(rows, part.known_from if part else None)] + [current(rows)]
            if any(state and (part is None or fingerprint(state) != part.fingerprint) for state in states):
                behind.append(str(year))
            elif part is not None and not cubes.holds(dataset.id, part.sha256, part.size):
                gone.append(str(year))
        if behind:
            yield Step("cube", dataset.id, f"build {_few(behind)}", "their granules, or the method, changed since")
        if gone:
            yield Step("cube", dataset.id, f"build {_few(gone)} again", "their files are missing or cut")


def _compute(platform: Platform, collected: Sequence[Dataset]) -> Iterator[Step]:
    """The indicators that do not follow from what is known now, and those that would follow from something new."""
    n_current = 0
    inputs = Inputs(platform)
    with platform.catalog.read() as connection:
        before = last_fingerprints(connection)
        for indicator in platform.seeds.indicators.values():
            reasons: dict[str, list[str]] = {}
            for location in indicator.locations:
                why = _reason(connection, inputs, indicator, location, before.get((indicator.id, location)))
                reasons.setdefault(why, []).append(location)
            n_current += len(reasons.pop("", []))
            for why, places in reasons.items():
                action = "wait" if why.startswith("no data") else "compute"
                yield Step("compute", indicator.id, f"{action} at {', '.join(places)}", why)
    names = [dataset.id for dataset in collected if not missing_key(platform, dataset)]
    follow = [i.id for i in platform.seeds.indicators.values() if any(given.dataset in names for given in i.inputs)]
    if n_current:
        why = (
            f"they follow from what is known; {len(follow)} of all would follow from something new of what is collected"
        )
        yield Step("compute", "indicators", f"leave {n_current} as they are", why)


def _reason(connection: Connection, inputs: Inputs, indicator: Indicator, location: str, before: str | None) -> str:
    """Why an indicator would be computed from what is known already, '' when it would not."""
    platform = inputs.platform
    arguments = inputs.of(connection, indicator, location)
    if arguments is None:
        return "no data yet of one of its inputs"
    moment = max([platform.clock(), *(argument.known_at for argument in arguments)])
    now = fingerprint_of(indicator, arguments, moment, word_of(platform, indicator, location))
    if before is None:
        return "never computed" if promised(indicator, moment) else ""
    if now == before:
        return ""
    return (
        "its method changed"
        if now.partition(":")[0] != before.partition(":")[0]
        else "its inputs changed, or a month passed"
    )


def _few(words: Sequence[str], most: int = 5) -> str:
    return ", ".join(words) if len(words) <= most else f"{words[0]} … {words[-1]} ({len(words)} parts)"
