"""What the guide for operators says is what the code does."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

from caspian_env.catalog.engine import Catalog
from caspian_env.catalog.query import ask
from caspian_env.settings import Settings, known_names
from caspian_env.workflows.ledger import HEARTBEAT_SECONDS, LEASE_SECONDS, WAIT_SECONDS
from jobs.dispatch import ATTEMPTS, RETRY_AFTER
from jobs.schedule import COMPUTE_AT, FIRST_MINUTE, REPORT_AT, SPREAD_MINUTES
from jobs.service import _parser
from jobs.shift import WORKERS, Timing
from jobs.worker import UNWIND_SECONDS

GUIDE = (Path(__file__).resolve().parents[2] / "docs" / "operations.md").read_text(encoding="utf-8")


def test_every_number_is_that_of_the_code() -> None:
    assert (LEASE_SECONDS, HEARTBEAT_SECONDS, WAIT_SECONDS) == (180, 30, 900)
    again = (RETRY_AFTER, ATTEMPTS, WORKERS, UNWIND_SECONDS)
    assert again == (timedelta(minutes=15), 3, 2, 15)
    assert (FIRST_MINUTE, FIRST_MINUTE + SPREAD_MINUTES) == (60, 240)
    daily = (COMPUTE_AT, REPORT_AT)
    assert daily == (timedelta(hours=4, minutes=30), timedelta(hours=4, minutes=40))
    settings = Settings(home=Path("x"), database_url="sqlite://")
    assert (settings.worker_memory_mb, settings.worker_minutes, Timing().stop_seconds) == (4096, 120, 60)
    for words in (
        "three minutes", "every thirty seconds", "15 minutes at the most", "after 15 minutes, three attempts",
        "Two jobs run at a time", "15 seconds in which a worker unwinds", "between 01:00 and 04:00 UTC", "at 04:30",
        "at 04:40", "`CASPIAN_ENV_WORKER_MEMORY_MB` of address space (4096)", "on the clock (120)",
        "`--stop-seconds` (60)",
    ):  # fmt: skip
        assert re.search(re.escape(words).replace(r"\ ", r"\s+"), GUIDE), words


def test_every_option_and_setting_it_names_exists() -> None:
    options = {option for action in _parser()._actions for option in action.option_strings}
    for command in re.findall(r"caspian-env-jobs (--[a-z-]+)", GUIDE):
        assert command in options
    assert set(re.findall(r"CASPIAN_ENV_[A-Z_]+", GUIDE)) <= known_names()
    for option in options - {"-h", "--help", "--only", "--home", "--config", "--mirror"}:
        assert option in GUIDE


def test_its_questions_are_answered(catalog: Catalog) -> None:
    for question in re.findall(r"```sql\n(.*?)```", GUIDE, flags=re.DOTALL):
        assert ask(catalog, question).rows == []


def test_systemd_waits_longer_than_the_service() -> None:
    wait = re.search(r"TimeoutStopSec=(\d+)", GUIDE)
    assert wait is not None
    assert int(wait[1]) > Timing().stop_seconds + UNWIND_SECONDS
