"""What the service tells of itself: whether it is well, and its numbers. Names and times only, no error texts."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from caspian_env.catalog.engine import Connection
from caspian_env.catalog.health import archived_bytes, open_alert_count, received_bytes, run_statistics
from caspian_env.catalog.lease import lease_holder
from caspian_env.settings import VERSION
from caspian_env.wiring import Platform
from caspian_env.workflows.freshness import STATES, Freshness, freshness
from caspian_env.workflows.holder import holder_of, is_gone
from jobs.dispatch import ROLE
from jobs.exposition import Family, Sample

ACTIVE, STANDING_BY, NOBODY = "active", "standing by", "nobody is active"
PREFIX = "caspian_env_"


def health(platform: Platform) -> tuple[bool, dict[str, Any]]:
    """Whether this process, or another one for which it stands by, does what is due; with what is known of that."""
    with platform.catalog.read() as connection:
        role, until = _role(connection, platform.clock())
    well = role != NOBODY
    return well, {"status": "ok" if well else "failing", "role": role, "lease_until": until and until.isoformat()}


def metrics(platform: Platform) -> list[Family]:
    """The numbers of the catalog and of this service, as they are now."""
    with platform.catalog.read() as connection:
        runs, n_alerts = run_statistics(connection), open_alert_count(connection)
        received, archived = received_bytes(connection), archived_bytes(connection)
        role, _ = _role(connection, platform.clock())
    return [
        _gauge("info", "The version of caspian-env", [Sample(1, {"version": VERSION})]),
        _gauge("active", "1 when this process is the active scheduler, 0 when it stands by", [Sample(role == ACTIVE, {})]),
        *_of_runs(runs),
        _counter("received_bytes_total", "Bytes received from providers", _by("dataset", received)),
        _gauge("archived_bytes", "Bytes of accepted granules in the archive", _by("dataset", archived)),
        *_of_sources(freshness(platform)),
        _gauge("open_alerts", "Alerts that go on and that nobody acknowledged", [Sample(n_alerts, {})]),
    ]  # fmt: skip


def _role(connection: Connection, now: datetime) -> tuple[str, datetime | None]:
    held = lease_holder(connection, ROLE)
    if held is None or held[1] < now or is_gone(held[0]):
        return NOBODY, None
    return ACTIVE if held[0] == holder_of() else STANDING_BY, held[1]


def _of_runs(runs: Iterable[Any]) -> list[Family]:
    """Counts, durations and ends of runs; ``runs`` has a row for each job and status."""
    over = [row for row in runs if row.status != "running"]
    executed = [row for row in over if row.status != "missed"]
    ended = [row for row in executed if row.last_end is not None]
    going_on = [row for row in runs if row.status == "running"]
    spent: dict[str, tuple[float, int]] = {}
    for row in executed:
        seconds, count = spent.get(row.job, (0.0, 0))
        spent[row.job] = seconds + float(row.seconds or 0), count + row.n
    return [
        _counter("runs_total", "Runs by job and how they ended; missed ones are due times that nobody executed",
                 [Sample(row.n, {"job": row.job, "status": row.status}) for row in over]),
        _gauge("runs_going_on", "Runs that go on", [Sample(row.n, {"job": row.job}) for row in going_on]),
        Family(f"{PREFIX}run_duration_seconds", "summary", "How long the runs of a job took", tuple(
            Sample(value, {"job": job}, suffix)
            for job, both in spent.items() for value, suffix in zip(both, ("_sum", "_count"), strict=True)
        )),
        _gauge("last_end_timestamp_seconds", "When a run of a job last ended in this way",
               [Sample(row.last_end.timestamp(), {"job": row.job, "status": row.status}) for row in ended]),
        _gauge("last_success_timestamp_seconds", "When a run of a job last did all that there was to do",
               [Sample(row.last_end.timestamp(), {"job": row.job}) for row in ended if row.status == "ok"]),
    ]  # fmt: skip


def _of_sources(sources: list[Freshness]) -> list[Family]:
    """How far the datasets reach, and what that means."""
    day = 86_400
    named = [({"dataset": one.dataset_id}, one) for one in sources]
    return [
        _gauge("dataset_state", "1 for the state that a dataset is in",
               [Sample(one.state == state, {**name, "state": state}) for name, one in named for state in STATES]),
        _gauge("dataset_age_seconds", "Age of the end of the period that the newest value covers",
               [Sample(one.age_days * day, name) for name, one in named if one.age_days is not None]),
        _gauge("dataset_allowed_age_seconds", "Age at which something newer should be there",
               [Sample(one.allowed_days * day, name) for name, one in named if one.allowed_days is not None]),
        _gauge("dataset_last_answer_timestamp_seconds", "When the provider of a dataset last gave or confirmed bytes",
               [Sample(one.answered_at.timestamp(), name) for name, one in named if one.answered_at is not None]),
    ]  # fmt: skip


def _by(label: str, numbers: dict[str, int]) -> list[Sample]:
    return [Sample(number, {label: name}) for name, number in numbers.items()]


def _gauge(name: str, meaning: str, samples: Iterable[Sample]) -> Family:
    return Family(PREFIX + name, "gauge", meaning, tuple(samples))


def _counter(name: str, meaning: str, samples: Iterable[Sample]) -> Family:
    return Family(PREFIX + name, "counter", meaning, tuple(samples))
