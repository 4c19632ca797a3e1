from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from caspian_env.catalog.engine import Catalog
from caspian_env.catalog.indicator_values import Computed, Used, read_indicator, write_indicator_values
from caspian_env.catalog.lineage import granules_of
from caspian_env.catalog.observations import Written, write_observations

from .conftest import START, add_granule
from .test_observations import edition

END = datetime(2025, 1, 1, tzinfo=UTC)
FIELDS = {
    "method_version": "1", "value": -28.1, "reason": None, "unit": "m", "std_uncertainty": 0.03, "ci_low": -28.2,
    "ci_high": -28.0, "ci_level": 0.9, "n_valid": 12, "n_expected": 12, "status": "final", "qc_flag": 1,
    "datum_id": "BS77", "licence": "public",
}  # fmt: skip


def computed(known: datetime, **changes: object) -> Computed:
    return Computed(START, END, FIELDS | changes, (Used("level", 1, START, END, known),))


def write(catalog: Catalog, result: Computed, known: datetime) -> Written:
    with catalog.write() as connection:
        return write_indicator_values(connection, "sl_mean_1y", "sea", [result], known_at_moment=known, run_id=1)


def test_a_revised_value_is_a_new_vintage_with_its_own_lineage(prepared: Catalog) -> None:
    first, second = START + timedelta(days=400), START + timedelta(days=500)
    for known, sha, value in ((first, "b", 1.0), (second, "c", 2.0)):
        with prepared.write() as connection:
            granule = add_granule(connection, sha * 64, known_at=known)
            write_observations(
                connection, 1, edition({0: value}), known_at=known, granule_id=granule, run_id=1, whole_record=True
            )
    assert write(prepared, computed(first), first) == Written(first=1)
    assert write(prepared, computed(second), second) == Written(unchanged=1)
    assert write(prepared, computed(second, value=-28.15), second) == Written(revised=1)
    with prepared.read() as connection:
        old, new = read_indicator(connection, "sl_mean_1y", history=True)
        assert read_indicator(connection, "sl_mean_1y", as_of=first) == [old]
        assert read_indicator(connection, "sl_mean_1y") == [new]
        lineage = granules_of(connection, [old.id, new.id])
        joined = connection.execute(sa.text("SELECT granule_sha256, url FROM v_lineage")).all()
    assert [b.sha256 for b in lineage[old.id]] == ["b" * 64]
    assert [b.sha256 for b in lineage[new.id]] == ["c" * 64]
    assert joined == [("c" * 64, "https://provider.test/cccc")]


def test_a_refusal_is_stored_with_its_reason_and_stays_out_of_the_public_view(prepared: Catalog) -> None:
    nothing = dict.fromkeys(("value", "std_uncertainty", "ci_low", "ci_high", "ci_level"))
    write(prepared, computed(START, **nothing, reason="7 of 12 months"), START)
    with prepared.read() as connection:
        assert connection.execute(sa.text("SELECT * FROM v_indicator")).all() == []
        assert connection.execute(sa.text("SELECT reason FROM v_refusal")).scalar_one() == "7 of 12 months"


@pytest.mark.parametrize(
    "changes",
    [{"unit": ""}, {"licence": ""}, {"n_valid": 0}, {"datum_id": "none"}, {"status": "guessed"}, {"reason": "both"},
     {"ci_low": -28.0}, {"ci_level": None}, {"unit": None}, {"licence": None}, {"n_expected": None}],
)  # fmt: skip
def test_the_publish_gate_refuses_an_incomplete_value(prepared: Catalog, changes: dict[str, object]) -> None:
    with pytest.raises(sa.exc.DBAPIError):
        write(prepared, computed(START, **changes), START)


def test_the_publish_gate_refuses_a_value_without_lineage(prepared: Catalog) -> None:
    with pytest.raises(sa.exc.DBAPIError, match="needs its inputs"):
        write(prepared, Computed(START, END, FIELDS, ()), START)


def test_a_period_no_longer_computed_is_closed(prepared: Catalog) -> None:
    write(prepared, computed(START), START)
    with prepared.write() as connection:
        later = START + timedelta(days=1)
        assert write_indicator_values(connection, "sl_mean_1y", "sea", [], known_at_moment=later, run_id=1) == Written(
            withdrawn=1
        )
        assert read_indicator(connection, "sl_mean_1y") == []
        assert len(read_indicator(connection, "sl_mean_1y", as_of=START)) == 1
