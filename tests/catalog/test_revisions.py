from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from caspian_env.catalog.engine import Catalog, open_catalog
from caspian_env.catalog.indicator_values import write_indicator_values
from caspian_env.catalog.migrate import upgrade
from caspian_env.catalog.revisions import inputs_of_values, moved_indicators, moved_values

from .conftest import START
from .test_indicator_values import computed
from .test_indicator_values import write as write_value
from .test_observations import DAY, edition, write


def test_moved_values_are_typed_and_named(prepared: Catalog) -> None:
    write(prepared, edition({0: 1.0, 1: 2.0}), START + 10 * DAY, "b")
    write(prepared, edition({0: 1.5, 1: 2.0}), START + 11 * DAY, "c")
    with prepared.read() as connection:
        (row,) = moved_values(connection)
    assert (row.dataset_id, row.variable_id, row.location_id, row.datum, row.unit) == (
        "gauge",
        "level",
        "sea",
        "BS77",
        "m",
    )
    assert (row.time, row.old_value, row.new_value, row.known_at) == (START, 1.0, 1.5, START + 11 * DAY)
    assert (row.old_granule_sha256, row.new_granule_sha256) == ("b" * 64, "c" * 64)


def test_values_that_moved_are_told_by_dataset_and_moment(prepared: Catalog) -> None:
    for n, values in enumerate(({0: 1.0, 1: 2.0}, {0: 1.5, 1: 2.0}, {0: 1.5}, {0: 1.5, 1: 2.0})):
        write(prepared, edition(values), START + (10 + n) * DAY, "bcde"[n])
    with prepared.read() as connection:
        every = moved_values(connection)
        assert [row.kind for row in every] == ["corrected", "withdrawn", "restored"]
        assert moved_values(connection, dataset="gauge") == every
        assert moved_values(connection, dataset="another") == []
        assert [moved_values(connection, since=START + (11 + n) * DAY) for n in range(4)] == [
            every, every[1:], every[2:], [],
        ]  # fmt: skip


def test_to_tell_what_moved_no_observation_is_read_that_did_not(tmp_path: Path) -> None:
    catalog = open_catalog(f"sqlite:///{tmp_path / 'caspian.db'}")
    upgrade(catalog)
    with catalog.read() as connection:
        for wanted in ("dataset_id = 'gauge'", "known_at >= '2024-01-01'"):
            question = f"EXPLAIN QUERY PLAN SELECT * FROM v_revision WHERE {wanted}"
            steps = [row[3] for row in connection.exec_driver_sql(question)]
            assert any(step.startswith("SEARCH o ") for step in steps)
            assert not [step for step in steps if step.startswith(("SCAN o", "SCAN n", "MATERIALIZE"))]
    catalog.dispose()


def test_moved_indicators_are_pairs_and_a_period_no_longer_computed_has_no_second(prepared: Catalog) -> None:
    moments = [START + timedelta(days=n) for n in range(3)]
    write_value(prepared, computed(moments[0]), moments[0])
    write_value(prepared, computed(moments[1], value=-28.15), moments[1])
    with prepared.write() as connection:
        write_indicator_values(connection, "sl_mean_1y", "sea", [], known_at_moment=moments[2], run_id=1)
    with prepared.read() as connection:
        first, second = moved_indicators(connection)
        assert moved_indicators(connection, moments[2]) == [second]
        inputs = inputs_of_values(connection, [first.old_id, first.new_id])
    assert (first.old_value, first.new_value, first.kind, first.known_at) == (-28.1, -28.15, "revised", moments[1])
    assert (second.old_value, second.new_id, second.known_at) == (-28.15, None, moments[2])
    assert [[row.known_at for row in inputs[i]] for i in (first.old_id, first.new_id)] == [[moments[0]], [moments[1]]]
