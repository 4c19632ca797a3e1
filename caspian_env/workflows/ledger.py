"""The account of every execution: a row when it starts, its outcome when it ends, also when it fails."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from caspian_env.catalog.provenance import record_run_end, record_run_start
from caspian_env.settings import VERSION
from caspian_env.wiring import Platform
from caspian_env.workflows.outcome import Outcome


@contextmanager
def ledger(platform: Platform, workflow: str, subject: str, outcome: Outcome) -> Iterator[int]:
    """A run whose outcome is recorded at the end of the block, as failed when the block raises."""
    with platform.catalog.write() as connection:
        run_id = record_run_start(
            connection, workflow=workflow, subject=subject, now=platform.clock(),
            code_version=VERSION, settings_hash=platform.settings.fingerprint(),
        )  # fmt: skip
    try:
        yield run_id
    except BaseException as error:
        _end(platform, run_id, "failed", outcome, f"{type(error).__name__}: {error}")
        raise
    _end(platform, run_id, outcome.status, outcome, outcome.problems[0] if outcome.problems else None)


def _end(platform: Platform, run_id: int, status: str, outcome: Outcome, error: str | None) -> None:
    with platform.catalog.write() as connection:
        record_run_end(connection, run_id, status=status, now=platform.clock(), counts=outcome.counts(), error=error)
