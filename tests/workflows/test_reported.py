"""Numbers that people report: signed or refused, whole or not at all, in vintages, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from caspian_env.catalog.manual import read_manual_values
from caspian_env.catalog.query import ask
from caspian_env.errors import BackwardsKnowledge, SettingsError
from caspian_env.settings import Settings
from caspian_env.wiring import Platform, open_platform
from caspian_env.workflows.report_since import since
from caspian_env.workflows.reported import COLUMNS, import_reported
from caspian_env.workflows.seed import seed

HEAD = "# signed_by: A. Reviewer\n# signed_on: 2026-02-01\n" + ",".join(COLUMNS) + "\n"
ROW = "corridor_volume,KAZ,2023,2.76,Mt,Operator,2024-02-29,daryo 2024-02-29,press,yes,\n"


@pytest.fixture
def platform(database_url: str, tmp_path: Path) -> Iterator[Platform]:
    with open_platform(Settings(home=tmp_path / "home", database_url=database_url)) as opened:
        seed(opened)
        yield opened


def put(folder: Path, text: str) -> Path:
    path = folder / "reported.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_number_is_shown_as_reported_by_whom_and_when(platform: Platform, tmp_path: Path) -> None:
    done = import_reported(platform, put(tmp_path, HEAD + ROW))
    assert (done.signed_by, done.new, done.revised, done.unchanged) == ("A. Reviewer", 1, 0, 0)
    again = import_reported(platform, put(tmp_path, HEAD + ROW))
    assert (again.new, again.revised, again.unchanged) == (0, 0, 1)
    before = datetime.now(UTC)
    changed = import_reported(platform, put(tmp_path, HEAD + ROW.replace("2.76", "2.8")))
    assert (changed.new, changed.revised) == (0, 1)
    statement = "SELECT value, unit, reported_by, reported_on, citation, signed_by, signed_on FROM v_manual_value"
    assert [tuple(row) for row in ask(platform.catalog, statement).rows] == [
        (2.8, "Mt", "Operator", "2024-02-29", "daryo 2024-02-29", "A. Reviewer", "2026-02-01")
    ]
    with platform.catalog.read() as connection:
        assert [row.value for row in read_manual_values(connection, as_of=before)] == [2.76]


def test_a_signed_file_of_the_past_is_in_the_reports_of_its_time(platform: Platform, tmp_path: Path) -> None:
    path = put(tmp_path, HEAD.replace("2026-02-01", "2024-03-01") + ROW)
    import_reported(platform, path, known_at=datetime(2024, 3, 2, tzinfo=UTC))

    def known(day: int) -> list[float]:
        with platform.catalog.read() as connection:
            return [row.value for row in read_manual_values(connection, as_of=datetime(2024, 3, day, tzinfo=UTC))]

    assert (known(1), known(2)) == ([], [2.76])
    assert since(platform, "cop29", datetime(2024, 3, 1, tzinfo=UTC)).reported != ()
    assert since(platform, "cop29", datetime(2024, 3, 2, tzinfo=UTC)).reported == ()
    for day, words in (
        (datetime(2999, 1, 1, tzinfo=UTC), "in the future"),
        (datetime(2024, 2, 29), "before signed_on"),
    ):
        with pytest.raises(SettingsError, match=words):
            import_reported(platform, path, known_at=day)
    later = put(tmp_path, HEAD.replace("2026-02-01", "2024-03-01") + ROW.replace("2.76", "2.8"))
    with pytest.raises(BackwardsKnowledge, match="one is known since 2024-03-02"):
        import_reported(platform, later, known_at=datetime(2024, 3, 1, 12, tzinfo=UTC))
    assert import_reported(platform, later, known_at=datetime(2024, 5, 1, tzinfo=UTC)).revised == 1


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (HEAD.replace("# signed_by: A. Reviewer\n", "") + ROW, "signed_by"),
        (HEAD.replace("2026-02-01", "yesterday") + ROW, "signed_on is 'yesterday'"),
        (HEAD, "holds no row"),
        (HEAD + ROW.replace("corridor_volume", "gossip"), "'gossip' is not known"),
        (HEAD + ROW.replace("KAZ", "Atlantis"), "'Atlantis' is not known"),
        (HEAD + ROW.replace("Mt", "t"), "unit is 't'"),
        (HEAD + ROW.replace("2.76", "2,76x").replace("2,76x", '"2,76"'), "not a number"),
        (HEAD + ROW.replace("2.76", "2760000"), "is no Volume"),
        (HEAD + ROW.replace("2.76", "nan"), "is no Volume"),
        (HEAD + ROW.replace("Operator", ""), "reported_by is empty"),
        (HEAD + ROW.replace(",yes,", ",maybe,"), "redistributable is 'maybe'"),
        (HEAD + ROW.replace(",2023,", ",2023-13,"), "period is '2023-13'"),
        (HEAD + ROW.replace(",2024-02-29,", ",20240229,"), "reported_on is '20240229'"),
        (HEAD.replace("2026-02-01", "2999-02-01") + ROW, "signed_on is 2999-02-01, in the future"),
        (HEAD + ROW.replace(",2024-02-29,", ",2026-02-02,"), "row 1: reported_on is 2026-02-02, after signed_on"),
        (HEAD + ROW.replace(",2023,", ",2031,"), "row 1: the period begins on 2031-01-01, after reported_on"),
        (HEAD + ROW + ROW, "one number twice"),
        (HEAD.replace("quantity", "what") + ROW, "other columns"),
        (HEAD + ROW + ROW.replace("KAZ", "XXX"), "row 2"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_stored(
    platform: Platform, tmp_path: Path, text: str, words: str
) -> None:
    with pytest.raises(SettingsError, match=words):
        import_reported(platform, put(tmp_path, text))
    assert ask(platform.catalog, "SELECT count(*) FROM v_manual_value").rows == [(0,)]


def test_the_catalog_refuses_to_change_a_stored_number(platform: Platform, tmp_path: Path) -> None:
    import sqlalchemy as sa

    import_reported(platform, put(tmp_path, HEAD + ROW))
    for statement in ("UPDATE manual_value SET value = 3", "DELETE FROM manual_value"):
        with pytest.raises(sa.exc.DBAPIError), platform.catalog.write() as connection:
            connection.exec_driver_sql(statement)


def test_targets_are_in_the_catalog(platform: Platform) -> None:
    rows = ask(platform.catalog, "SELECT level_pct, cut_pct FROM v_target WHERE target_id = 'rus_2030'").rows
    assert [tuple(row) for row in rows] == [(70, 30)]


def test_a_report_of_an_earlier_day_and_todays_differ_by_what_was_reported_since(
    platform: Platform, tmp_path: Path
) -> None:
    import_reported(platform, put(tmp_path, HEAD + ROW))
    first = datetime.now(UTC)
    assert since(platform, "cop29", first).reported == ()
    import_reported(platform, put(tmp_path, HEAD + ROW.replace("2.76", "2.8") + ROW.replace(",2023,", ",2022,")))
    expected = ("corridor_volume@KAZ 2022-01-01/2023-01-01", "corridor_volume@KAZ 2023-01-01/2024-01-01")
    assert since(platform, "cop29", first).reported == expected
    assert since(platform, "bulletin", first).reported == ()  # it has no table of reported numbers
