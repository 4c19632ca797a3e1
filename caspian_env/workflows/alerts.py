"""Alerts: judge the rules, record what is new or over, and tell each new alert once on every channel that is set up."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from caspian_env.catalog.alerts import (
    Changes,
    Condition,
    open_alerts,
    record_conditions,
    record_delivery,
    undelivered,
)
from caspian_env.catalog.migrate import require_current
from caspian_env.errors import CaspianError, DatabaseUnusable, DiskError, SettingsError
from caspian_env.notify import post_json, send_mail
from caspian_env.seeds import load_alert_rules
from caspian_env.wiring import Platform
from caspian_env.workflows.conditions import judge
from caspian_env.workflows.ledger import ledger, standing_aside
from caspian_env.workflows.outcome import Outcome

JOB = "alerts"
WAIT_SECONDS = 120.0  # for another check: two channels that do not answer take 20 s each
Deliver = Callable[[Sequence[Any]], Sequence[str]]
Say = Callable[[str, Any], None]


def check_alerts(platform: Platform, *, say: Say | None = None, wait_seconds: float = 0.0) -> Outcome:
    """Judge every rule and deliver what is new; a rule or channel that fails is a problem of the outcome.

    An alert is told once on each channel while it goes on; a channel that failed is tried again by the next check. One
    that somebody acknowledged is told no more. A process killed between telling and recording it tells twice.

    Parameters
    ----------
    say : callable, optional
        Puts an alert on standard output, given its line and its row.
    wait_seconds : float
        How long to wait for a check of another process, which may have begun before there was anything to tell.

    Returns
    -------
    Outcome
        Of rules looked at (expected, fetched) and not judged (rejected); alerts raised (first), going on (unchanged) and
        resolved (withdrawn).
    """
    require_current(platform.catalog)
    outcome = Outcome(JOB)
    with (
        standing_aside(outcome, is_problem=False),
        ledger(platform, JOB, "*", outcome, job=JOB, wait_seconds=wait_seconds),
    ):
        changes = _record(platform, outcome)
        outcome.first, outcome.unchanged, outcome.withdrawn = changes.raised, changes.going_on, changes.resolved
        for channel, deliver in _channels(platform, say):
            _deliver(platform, channel, deliver, outcome)
    return outcome


def _record(platform: Platform, outcome: Outcome) -> Changes:
    found: list[Condition] = []
    judged: set[str] = set()
    rules = load_alert_rules()
    outcome.expected = outcome.fetched = len(rules)
    for rule in rules.values():
        try:
            found += judge(platform, rule)
            judged.add(rule.id)
        except CaspianError as error:
            outcome.rejected += 1
            outcome.problems.append(f"rule {rule.id} could not be judged: {error}")
    with platform.catalog.write() as connection:
        gone = {row.rule for row in open_alerts(connection)} - set(
            rules
        )  # a rule that was taken back raises nothing any more
        return record_conditions(connection, found, judged=judged | gone, now=platform.clock())


def _channels(platform: Platform, say: Say | None) -> Iterator[tuple[str, Deliver]]:
    """The channels that are set up, each with the way to tell alerts on it; it returns what went wrong on the way."""
    settings = platform.settings
    if say is not None:
        yield "stdout", lambda alerts: _print(platform, say, alerts)
    if settings.smtp_url:
        yield "email", lambda alerts: _mail(platform, alerts)
    if settings.webhook_url:
        yield "webhook", lambda alerts: _post(platform, alerts)


def _deliver(platform: Platform, channel: str, deliver: Deliver, outcome: Outcome) -> None:
    with platform.catalog.read() as connection:
        alerts = undelivered(connection, channel)
    if not alerts:
        return
    try:
        outcome.problems += deliver(alerts)
    except CaspianError as error:
        outcome.problems.append(f"{len(alerts)} alerts could not be told by {channel}: {error}")
        outcome.may_pass |= error.transient
        return
    with platform.catalog.write() as connection:
        record_delivery(connection, [row.id for row in alerts], channel, platform.clock())
    outcome.notes.append(f"{len(alerts)} told by {channel}")


def tell_at_the_end(platform: Platform) -> Outcome:
    """Judge and deliver what a run by hand or of cron leaves behind, as the service does after each piece of work.

    It waits for another check, since that one may have looked before this run ended.

    Raises
    ------
    DatabaseUnusable
        When the database fails. Any other error is a problem of the outcome.
    """
    try:
        return check_alerts(platform, wait_seconds=WAIT_SECONDS)
    except DatabaseUnusable:
        raise
    except CaspianError as error:
        return Outcome(JOB, problems=[f"the rules could not be judged: {error}"])


def line_of(row: Any) -> str:
    """An alert in one line."""
    return f"[{row.severity}] {row.message} (alert {row.id}, rule {row.rule}, since {row.first_seen:%F %H:%M} UTC)"


def _print(platform: Platform, say: Say, alerts: Sequence[Any]) -> Sequence[str]:
    try:
        for row in alerts:
            say(f"{_synthetic(platform)}{line_of(row)}", row)
    except OSError as error:  # the other channels are tried all the same
        remedy = "free space, or look at what reads it"
        raise DiskError("standard output", f"does not take it: {error.strerror}", remedy) from error
    return []


def _mail(platform: Platform, alerts: Sequence[Any]) -> Sequence[str]:
    settings = platform.settings
    recipients = [name.strip() for name in settings.alert_to.split(",") if name.strip()]
    if not recipients:
        raise SettingsError("CASPIAN_ENV_ALERT_TO", "is empty, and CASPIAN_ENV_SMTP_URL is set", "name the recipients")
    worst = "critical" if any(row.severity == "critical" for row in alerts) else alerts[0].severity
    more = f" and {len(alerts) - 1} more" if len(alerts) > 1 else ""
    subject = f"{_synthetic(platform)}caspian-env: {worst}: {alerts[0].subject}{more}"
    lines = [line_of(row) for row in alerts]
    lines += ["caspian-env alerts lists them; caspian-env alerts ack ID… --by NAME acknowledges."]
    sender = settings.contact if "@" in settings.contact else recipients[0]
    refused = send_mail(
        settings.smtp_url, sender=sender, recipients=recipients, subject=subject, text="\n\n".join(lines) + "\n"
    )
    return [f"the mail server did not take the alerts for {name}" for name in refused]


def _post(platform: Platform, alerts: Sequence[Any]) -> Sequence[str]:
    names = ("id", "rule", "subject", "severity", "message")
    listed = [
        {name: getattr(row, name) for name in names}
        | {name: getattr(row, name).isoformat() for name in ("raised_at", "first_seen")}
        for row in alerts
    ]
    # Chat services show the field "text"; programs read the list.
    text = "\n".join(f"{_synthetic(platform)}{line_of(row)}" for row in alerts)
    post_json(platform.settings.webhook_url, {"source": "caspian-env", "text": text, "alerts": listed})
    return []


def _synthetic(platform: Platform) -> str:
    return "SYNTHETIC DATA: " if platform.synthetic else ""
