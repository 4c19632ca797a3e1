from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from caspian_env.catalog.engine import Catalog
from caspian_env.catalog.lease import acquire_lease, lease_holder, release_lease, renew_lease, require_lease
from caspian_env.errors import LostLease

NOW = datetime(2026, 6, 10, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def acquire(catalog: Catalog, holder: str, now: datetime = NOW, gone: tuple[str, ...] = ()) -> int | None:
    with catalog.write() as connection:
        return acquire_lease(connection, "scheduler", holder=holder, now=now, seconds=60, gone=gone.__contains__)


def test_one_holder_at_a_time_and_a_higher_token_for_each(catalog: Catalog) -> None:
    assert acquire(catalog, "a") == 1
    assert acquire(catalog, "b") is None
    assert acquire(catalog, "b", NOW + 2 * MINUTE) == 2
    with catalog.write() as connection:
        assert not renew_lease(connection, "scheduler", 1, now=NOW, seconds=60)
        assert renew_lease(connection, "scheduler", 2, now=NOW + 3 * MINUTE, seconds=60)
        assert lease_holder(connection, "scheduler") == ("b", NOW + 4 * MINUTE)
    assert acquire(catalog, "a", NOW + 4 * MINUTE) is None


def test_an_old_token_is_worth_nothing(catalog: Catalog) -> None:
    acquire(catalog, "a")
    acquire(catalog, "b", gone=("a",))
    with catalog.write() as connection:
        require_lease(connection, "scheduler", 2)
        with pytest.raises(LostLease):
            require_lease(connection, "scheduler", 1)
        release_lease(connection, "scheduler", 1, now=NOW)  # does nothing
    assert acquire(catalog, "c") is None


def test_a_role_that_was_given_up_is_free_at_once(catalog: Catalog) -> None:
    acquire(catalog, "a")
    with catalog.write() as connection:
        release_lease(connection, "scheduler", 1, now=NOW)
    assert acquire(catalog, "b") == 2


def test_of_many_that_ask_at_once_exactly_one_gets_the_role(catalog: Catalog) -> None:
    begin = threading.Barrier(8)

    def ask(number: int) -> int | None:
        begin.wait()
        return acquire(catalog, f"process {number}")

    with ThreadPoolExecutor(8) as pool:
        tokens = list(pool.map(ask, range(8)))
    assert sorted(tokens, key=str) == [1] + [None] * 7
