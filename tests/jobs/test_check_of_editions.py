"""The service checks every frozen report each day, and tells when a printed number has moved."""

from __future__ import annotations

from pathlib import Path

import pytest

from caspian_env.catalog import tables as t
from tests.workflows.synthetic_co2 import DATASET, co2_table, publish

from .conftest import Operations

ALLOWED = [w for reason in ("refused", "flagged", "no_uncertainty", "unproven") for w in ("--allow", reason)]
LATER = 9 * 86400.0  # seconds after which the monthly product is asked for again


@pytest.mark.slow
def test_a_printed_number_that_moved_is_told_by_the_check_of_the_day(operations: Operations, tmp_path: Path) -> None:
    operations.mirror = tmp_path / "co2"
    operations.settings["DATASETS"] = DATASET
    publish(operations.mirror, co2_table(60))
    code, output = operations.run("jobs", "--once")
    assert code == 0, output
    (row,) = operations.runs(job="check")
    assert (row.status, row.n_expected) == ("ok", 0)  # nothing was frozen yet
    code, output = operations.run("caspian-env", "report", "freeze", "bulletin", "--language", "en", *ALLOWED)
    assert code == 0, output
    assert operations.count(t.alert, t.alert.c.rule == "edition_moved") == 0

    publish(operations.mirror, co2_table(60, {50: 3.0}))
    code, output = operations.run("jobs", "--once", shift=LATER)
    assert code == 3, output
    (row,) = operations.runs(job="check", status="partial")
    assert (row.n_expected, row.n_fetched) == (1, 1)
    assert "printed numbers have moved" in row.error
    code, output = operations.run("caspian-env", "alerts", shift=LATER)
    assert "bulletin-1, as known on" in output
    assert operations.count(t.alert, t.alert.c.rule == "edition_moved") == 1
    assert operations.count(t.alert, t.alert.c.subject == "check") == 0, "one thing that happened is told once"
