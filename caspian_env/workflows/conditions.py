"""The conditions of the alert rules: what each kind of rule looks at, and what it says about what it finds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import Any

from caspian_env.catalog.alerts import Condition
from caspian_env.catalog.health import great_revisions, last_runs
from caspian_env.catalog.indicator_values import read_indicator
from caspian_env.catalog.ledger import AGAIN, PERMANENT
from caspian_env.catalog.report_editions import read_editions
from caspian_env.catalog.revisions import moved_indicators
from caspian_env.errors import SeedError
from caspian_env.model import AlertRule
from caspian_env.wiring import Platform
from caspian_env.workflows.check_report import CHECK_JOB, check_in
from caspian_env.workflows.chosen import of_what_is_collected
from caspian_env.workflows.freshness import freshness


def judge(platform: Platform, rule: AlertRule) -> list[Condition]:
    """What a rule finds now, a subject once.

    Raises
    ------
    SeedError
        When the rule names something that is not there.
    """
    found: dict[str, Condition] = {}
    for condition in _KINDS[rule.kind](platform, rule):
        found.setdefault(condition.subject, condition)
    return list(found.values())


def _stale_sources(platform: Platform, rule: AlertRule) -> Iterator[Condition]:
    """Sources in one of the states; one that only lacks its key, or is not collected here, was not asked, which is no news."""
    collected = {dataset.id for dataset in platform.collected()}
    for source in freshness(platform):
        if source.state in rule.states and not source.needs_key and source.dataset_id in (rule.datasets or collected):
            yield _condition(rule, source.dataset_id, f"{source.dataset_id} is {source.state}: {source.sentence}")


def _failed_runs(platform: Platform, rule: AlertRule) -> Iterator[Condition]:
    with platform.catalog.read() as connection:
        rows = of_what_is_collected(
            platform, last_runs(connection, platform.clock() - timedelta(days=rule.within_days))
        )
    for row in rows:
        if row.status in rule.states:
            reason = f": {row.error}" if row.error else ""
            yield _condition(
                rule, row.job, f"{row.job} of {row.scheduled_for:%F %H:%M} UTC {row.status} (run {row.id}){reason}"
            )


def _partial_runs(platform: Platform, rule: AlertRule) -> Iterator[Condition]:
    """Jobs that were partial twice in a row, or once where nothing speaks for another try.

    Not the check of frozen reports: what it finds is an alert of its own, which an erratum ends.
    """
    with platform.catalog.read() as connection:
        found = of_what_is_collected(
            platform, last_runs(connection, platform.clock() - timedelta(days=rule.within_days))
        )
    rows = [row for row in found if row.job != CHECK_JOB]
    for row in rows:
        again = row.before in AGAIN
        if row.status == "partial" and (again or row.cause == PERMANENT):
            stays = "is still partial" if again else "is partial"
            reason = f": {row.error}" if row.error else ""
            yield _condition(
                rule, row.job, f"{row.job} of {row.scheduled_for:%F %H:%M} UTC {stays} (run {row.id}){reason}"
            )


def _crossed_threshold(platform: Platform, rule: AlertRule) -> Iterator[Condition]:
    indicator = platform.seeds.indicators.get(rule.indicator or "")
    if indicator is None or rule.location not in indicator.locations:
        raise SeedError(
            f"alerts.yaml: {rule.id}", f"{rule.indicator} at {rule.location} is no indicator", "mend the rule"
        )
    with platform.catalog.read() as connection:
        rows = [r for r in read_indicator(connection, indicator.id, location_id=rule.location) if r.value is not None]
    newest: Any = max(rows, key=lambda row: (row.period_end, row.period_start), default=None)
    if newest is None:
        return
    limits = [("above", rule.above)] if rule.above is not None and newest.value > rule.above else []
    limits += [("below", rule.below)] if rule.below is not None and newest.value < rule.below else []
    for side, limit in limits:
        spread = "" if newest.std_uncertainty is None else f" ± {newest.std_uncertainty:.2g}"
        message = (
            f"{indicator.id} at {rule.location} is {newest.value:.{indicator.decimals}f}{spread} {newest.unit} for "
            f"{newest.period_start:%F}/{newest.period_end:%F} ({newest.status}), {side} {limit:g}; threshold: {rule.source}"
        )
        yield _condition(rule, f"{indicator.id}@{rule.location}", message)


def _great_revisions(platform: Platform, rule: AlertRule) -> Iterator[Condition]:
    """Changed observations, and the indicator values that changed with no change of method; a day of knowledge is a subject."""
    times = rule.times_uncertainty or 0.0
    since = platform.clock() - timedelta(days=rule.within_days)
    with platform.catalog.read() as connection:
        values = great_revisions(connection, since, times)
        pairs = moved_indicators(connection, since)
    for row in values:
        if row.dataset_id not in (rule.datasets or [row.dataset_id]):
            continue
        datum = "" if row.datum_id == "none" else f" above {row.datum_id}"
        series = f"{row.dataset_id} {row.variable_id} at {row.location_id}{datum}"
        count = f"{row.n_values} value{'' if row.n_values == 1 else 's'}"
        span = f"{row.first:%F}" if row.first == row.last else f"{row.first:%F} to {row.last:%F}"
        message = (
            f"{series}: {count} ({span}) moved by up to {row.most:.1f} standard uncertainties; "
            f"caspian-env revisions --since {row.known_at:%F} --dataset {row.dataset_id}"
        )
        yield _condition(rule, f"{series} {row.known_at:%F %T}", message)
    for pair in () if rule.datasets else pairs:
        if pair.kind == "method_changed" or None in (pair.old_value, pair.new_value) or not pair.old_std_uncertainty:
            continue
        ratio = abs(pair.new_value - pair.old_value) / pair.old_std_uncertainty
        if ratio > times:
            value = f"{pair.indicator_id}@{pair.location_id} {pair.period_start:%F}/{pair.period_end:%F}"
            change = f"{pair.old_value:.6g} to {pair.new_value:.6g} {pair.unit}"
            message = f"{value} moved from {change}, {ratio:.1f} standard uncertainties"
            yield _condition(rule, f"{value} {pair.known_at:%F %T}", message)


def _moved_editions(platform: Platform, rule: AlertRule) -> Iterator[Condition]:
    """Frozen reports that do not hold any more, and that no erratum corrects; damaged files count in any case."""
    with platform.catalog.read() as connection:
        found = [check_in(connection, platform, edition) for edition in read_editions(connection)]
    for one in found:
        if not one.holds and (one.damaged or one.corrected_by is None):
            yield _condition(rule, one.edition.id, f"{one.sentence}; caspian-env report check {one.edition.id}")


def _condition(rule: AlertRule, subject: str, message: str) -> Condition:
    return Condition(rule.id, subject, rule.severity, " ".join(message.split()))


_KINDS: Mapping[str, Callable[[Platform, AlertRule], Iterator[Condition]]] = {
    "stale_source": _stale_sources,
    "failed_run": _failed_runs,
    "partial_run": _partial_runs,
    "threshold": _crossed_threshold,
    "revision": _great_revisions,
    "edition": _moved_editions,
}
