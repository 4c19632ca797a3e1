"""Compute what changed: an indicator runs again only when its inputs, parameters or method version differ."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from caspian_env.catalog.indicator_values import (
    last_fingerprint,
    latest_known,
    record_fingerprint,
    write_indicator_values,
)
from caspian_env.catalog.ledger import count_so_far
from caspian_env.catalog.methods import last_method_change, record_method
from caspian_env.catalog.migrate import require_current
from caspian_env.catalog.observations import TICK
from caspian_env.errors import BackwardsKnowledge, CaspianError, DatabaseUnusable, not_among
from caspian_env.model import Indicator
from caspian_env.wiring import Platform
from caspian_env.workflows.arguments import Inputs
from caspian_env.workflows.editions import known_by
from caspian_env.workflows.evaluate import evaluate
from caspian_env.workflows.fingerprint import fingerprint_of, method_of, promised, word_of
from caspian_env.workflows.ledger import WAIT_SECONDS, ledger, standing_aside, wait_for_collections
from caspian_env.workflows.outcome import Outcome

Progress = Callable[[str, int, int], None]
NAMED = 3


def compute(
    platform: Platform,
    *,
    only: set[str] | None = None,
    known_at: datetime | None = None,
    scheduled_for: datetime | None = None,
    progress: Progress | None = None,
) -> Outcome:
    """Compute every indicator (or those named) whose fingerprint changed, and account for it.

    Raises
    ------
    SettingsError
        When ``only`` names something else than an indicator, or ``known_at`` lies in the future.
    """
    require_current(platform.catalog)
    known_at = known_by(known_at, platform.clock())
    if unknown := sorted((only or set()) - set(platform.seeds.indicators)):
        raise not_among(unknown, "an indicator", platform.seeds.indicators, "caspian-env indicators")
    outcome = Outcome("indicators")
    jobs = [
        (indicator, location)
        for indicator in platform.seeds.indicators.values()
        if not only or indicator.id in only
        for location in indicator.locations
    ]
    outcome.expected = len(jobs)
    claimed = ledger(
        platform, "compute", ",".join(sorted(only)) if only else "*", outcome, job="compute",
        scheduled_for=scheduled_for, wait_seconds=WAIT_SECONDS,
    )  # fmt: skip
    with standing_aside(outcome), claimed as run_id:
        wait_for_collections(platform, {i.dataset for indicator, _ in jobs for i in indicator.inputs}, outcome)
        inputs = Inputs(platform)
        for number, (indicator, location) in enumerate(jobs):
            if progress:
                progress(indicator.id, number, len(jobs))
            try:
                _compute_one(inputs, indicator, location, run_id, known_at, outcome)
            except DatabaseUnusable:
                raise
            except CaspianError as error:
                outcome.rejected += 1
                outcome.problems.append(f"{indicator.id} at {location}: {error}")
        if outcome.without_data:
            outcome.notes.append(_without_data(outcome.without_data))
    return outcome


def _compute_one(
    inputs: Inputs, indicator: Indicator, location: str, run_id: int, known_at: datetime | None, outcome: Outcome
) -> None:
    platform = inputs.platform
    with platform.catalog.read() as connection:
        arguments = inputs.of(connection, indicator, location)
        if arguments is None:
            outcome.without_data.append(f"{indicator.id} at {location}")
            return
        before = last_fingerprint(connection, indicator.id, location)
        known = latest_known(connection, indicator.id, location)
        method_since = last_method_change(connection, indicator.id, location)
    # A value cannot be known before its inputs are.
    moment = max([known_at or platform.clock(), *(argument.known_at for argument in arguments)])
    is_promised = promised(indicator, moment)
    if not is_promised and known is None:
        return  # nobody has promised it yet, or it was over before we came
    word = word_of(platform, indicator, location)
    fingerprint = fingerprint_of(indicator, arguments, moment, word)
    if fingerprint == before:
        outcome.unchanged += 1
        return
    if known_at is not None and known is not None and known_at < known and moment <= known:
        problem = f"values of {known_at:%F} lie behind those known since {known:%F}"
        raise BackwardsKnowledge(indicator.id, problem, "import and compute oldest first, or leave out --known-at")
    outcome.fetched += 1
    new_method = _method_part(before) != _method_part(fingerprint)
    if new_method and method_since is not None:
        moment = max(moment, method_since + TICK)  # one definition at a time
    computed = evaluate(indicator, arguments, moment, confidence=word) if is_promised else []
    with platform.catalog.write() as connection:
        written = write_indicator_values(
            connection, indicator.id, location, computed, known_at_moment=moment, run_id=run_id,
            method_changed=new_method and ":" in (before or ""),
        )  # fmt: skip
        record_fingerprint(connection, indicator.id, location, fingerprint, run_id)
        if new_method:
            record_method(connection, indicator.id, location, moment, method_of(indicator))
        count_so_far(connection, run_id, outcome.counts(more_written=written.total))
    outcome.first += written.first
    outcome.revised += written.revised
    outcome.withdrawn += written.withdrawn


def _without_data(waiting: list[str]) -> str:
    """The first that wait, and how many more there are: a line for a terminal."""
    more = f" and {len(waiting) - NAMED} more" if len(waiting) > NAMED else ""
    return f"no data yet for {', '.join(waiting[:NAMED])}{more}, as nothing was collected for them"


def _method_part(fingerprint: str | None) -> str:
    return (fingerprint or "").partition(":")[0]
