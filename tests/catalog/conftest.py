"""A catalog with the least that an observation needs: one of each reference row, a run and a granule."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from caspian_env.catalog import tables as t
from caspian_env.catalog.engine import Catalog
from caspian_env.catalog.ledger import Task, claim
from caspian_env.catalog.provenance import RetrievalRecord, record_granule, record_retrieval
from caspian_env.catalog.reference import series_id

START = datetime(2024, 1, 1, tzinfo=UTC)


def running(connection: sa.Connection) -> int:
    """A run that may write, for as long as any test lasts."""
    task = Task("ingest:gauge", "ingest", "gauge", code_version="0", settings_hash="0")
    run = claim(connection, task, holder="test:1:?-?", now=START, lease_seconds=1e9, gone=lambda holder: False)
    assert isinstance(run, int)
    return run


def reference_rows(connection: sa.Connection) -> None:
    connection.execute(sa.insert(t.variable).values(id="level", long_name="level", units="m"))
    connection.execute(sa.insert(t.datum), [{"id": name, "title": name, "source": "test"} for name in ("none", "BS77")])
    connection.execute(sa.insert(t.location).values(id="sea", title="sea", kind="region", source="test"))
    connection.execute(
        sa.insert(t.dataset).values(
            id="gauge", title="gauge", summary="", provider="test", kind="table", licence="public", redistributable=True,
            citation="nobody", update_frequency="P1D", publication_delay_days=1, whole_record=True, state="active",
        )
    )  # fmt: skip
    connection.execute(
        sa.insert(t.indicator).values(
            id="sl_mean_1y", title="mean", function="sea_level.annual_mean", method_version="1", units="m",
            statistic="mean", parameters="{}", decimals=2, citation="nobody", relative_to_datum=True,
        )
    )  # fmt: skip


@pytest.fixture
def prepared(catalog: Catalog) -> Catalog:
    with catalog.write() as connection:
        reference_rows(connection)
        running(connection)
        add_granule(connection, "a" * 64)
        series_id(connection, dataset="gauge", variable="level", location="sea", resolution="P1D", datum="BS77")
    return catalog


def add_granule(
    connection: sa.Connection, sha256: str, *, version: str | None = None, known_at: datetime = START
) -> int:
    granule = record_granule(
        connection, dataset_id="gauge", sha256=sha256, size=1, media_type="text/plain", product_version=version
    )
    record = RetrievalRecord(
        "gauge", f"https://provider.test/{sha256[:4]}", known_at, known_at, "new", granule_id=granule
    )
    record_retrieval(connection, 1, record)
    return granule
