"""The institute's own files: declared, watched, archived, and refused with row and column."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
import yaml
from openpyxl import Workbook

from caspian_env.catalog.query import ask
from caspian_env.errors import BadGranule, SeedError, SettingsError
from caspian_env.formats.mirror_addresses import LOCAL
from caspian_env.seeds.local import HOST
from caspian_env.settings import Settings, load_settings
from caspian_env.wiring import Platform, load_seeds, open_platform, source_of
from caspian_env.workflows.chosen import choose
from caspian_env.workflows.outcome import Outcome
from caspian_env.workflows.run import collect

from .conftest import Row, rows_of
from .old_workbook import old_workbook

PLACES = """
stations:
  - {id: example_pier, title: Pier (example), longitude: 51.1, latitude: 43.6, source: invented}
  - {id: example_mole, title: Mole (example), longitude: 51.2, latitude: 43.7, source: invented}
"""
ENTRY = {
    "id": "example_water", "title": "Water (example)", "summary": "Invented.", "provider": "Example Institute",
    "licence": "Internal", "redistributable": False, "citation": "none", "update_frequency": "P1D",
    "publication_delay_days": 1, "coverage_start": "2026-01-01", "locations": ["example_pier"],
    "variables": [
        {"name": "t", "variable": "sea_surface_temperature", "resolution": "P1D", "units": "degree_Celsius",
         "qc": {"gross_range": {"fail": [-3, 45], "suspect": [-1, 35]}}},
    ],
    "options": {"files": "pier/*.csv", "method": "Thermometer", "time": {"column": "date"}},
}  # fmt: skip
TABLE = b"date,t\n2026-01-01,4.5\n2026-01-02,4.25\n"


def declare(home: Path, options: dict[str, object] | None = None, **changes: object) -> None:
    local = home / "local"
    (local / "pier").mkdir(parents=True, exist_ok=True)
    (local / "places.yaml").write_text(PLACES, encoding="utf-8")
    entry = {**ENTRY, **changes, "options": {**ENTRY["options"], **(options or {})}}
    (local / "water.yaml").write_text(yaml.safe_dump({"datasets": [entry]}), encoding="utf-8")


Institute = Callable[[], tuple[Outcome, list[Row]]]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    declare(tmp_path / "home")
    return tmp_path / "home"


@pytest.fixture
def collected(home: Path, database_url: str) -> Institute:
    """Collect the dataset as it is declared now."""

    def now() -> tuple[Outcome, list[Row]]:
        with platform_of(home, database_url) as platform:
            (outcome,) = collect(platform, only=["example_water"])
            return outcome, rows_of(platform.catalog, "example_water")

    return now


def platform_of(home: Path, database_url: str | None = None) -> AbstractContextManager[Platform]:
    return open_platform(Settings(home=home, database_url=database_url or f"sqlite:///{home / 'caspian.db'}"))


def put(home: Path, name: str, content: bytes) -> None:
    (home / "local" / name).write_bytes(content)


def values(rows: list[Row]) -> dict[str, float]:
    return {f"{row.time:%Y-%m-%d}": row.value for row in rows}


def test_a_new_file_is_picked_up_and_a_changed_one_is_a_revision(home: Path, collected: Institute) -> None:
    put(home, "pier/2026-01.csv", TABLE)
    assert values(collected()[1]) == {"2026-01-01": 4.5, "2026-01-02": 4.25}
    put(home, "pier/2026-02.csv", b"date,t\n2026-02-01,3\n")
    outcome, rows = collected()
    assert (outcome.first, outcome.unchanged, outcome.fetched) == (1, 1, 1)
    put(home, "pier/2026-01.csv", TABLE.replace(b"4.5", b"4.75"))
    outcome, rows = collected()
    assert (outcome.first, outcome.revised, outcome.withdrawn) == (0, 1, 0)
    assert values(rows) == {"2026-01-01": 4.75, "2026-01-02": 4.25, "2026-02-01": 3.0}


def test_a_corrected_declaration_is_applied_to_the_same_bytes(home: Path, collected: Institute) -> None:
    put(home, "pier/a.csv", TABLE)
    collected()
    declare(home, {"zero": {"t": 1.0}})
    outcome, rows = collected()
    assert (outcome.revised, values(rows)) == (2, {"2026-01-01": 5.5, "2026-01-02": 5.25})
    outcome, _ = collected()
    assert (outcome.unchanged, outcome.written) == (1, 0)


VARIABLE = ENTRY["variables"][0]


@pytest.mark.slow
@pytest.mark.parametrize("whole_record", [False, True])
@pytest.mark.parametrize(
    ("changes", "options", "found"),
    [
        ({"variables": [{**VARIABLE, "units": "kelvin"}]}, {}, (-268.65, "example_pier", None, "final")),
        ({"variables": [{**VARIABLE, "datum": "BS77"}]}, {}, (4.5, "example_pier", "BS77", "final")),
        ({"locations": ["example_mole"]}, {}, (4.5, "example_mole", None, "final")),
        ({"default_status": "preliminary"}, {}, (4.5, "example_pier", None, "preliminary")),
        ({"variables": [{**VARIABLE, "name": "deep"}]}, {}, (3.5, "example_pier", None, "final")),
        ({}, {"zero": {"t": 1.0}}, (5.5, "example_pier", None, "final")),
    ],
)
def test_no_value_of_the_old_declaration_stays_beside_those_of_the_new(
    home: Path,
    collected: Institute,
    whole_record: bool,
    changes: dict[str, object],
    options: dict[str, object],
    found: tuple[float, str, str | None, str],
) -> None:
    declare(home, whole_record=whole_record)
    put(home, "pier/a.csv", b"date,t,deep\n2026-01-01,4.5,3.5\n2026-01-02,4.25,3.25\n")
    put(home, "pier/b.csv", b"date,t,deep\n2026-01-01,4.5,3.5\n2026-01-03,4,3\n")
    before = collected()[1]
    assert len(before) == (2 if whole_record else 3)
    (home / "local/pier/a.csv").unlink()  # its value of 2 January can be read in no way now
    declare(home, options, whole_record=whole_record, **changes)
    outcome, rows = collected()
    assert outcome.problems == []
    first, _ = rows
    assert (pytest.approx(first.value), first.location, first.datum, first.status) == found
    assert [f"{row.time:%F}" for row in rows] == ["2026-01-01", "2026-01-03"]
    assert {(row.location, row.datum, row.status) for row in rows} == {found[1:]}
    assert (collected()[0].written, collected()[1]) == (0, rows)
    put(home, "pier/a.csv", b"date,t,deep\n2026-01-02,4.25,3.25\n")
    assert whole_record or len(collected()[1]) == 3


def test_a_run_killed_between_reading_again_and_withdrawing_is_made_up_for(
    home: Path, collected: Institute, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(home, "pier/a.csv", TABLE)
    collected()
    declare(home, variables=[{**VARIABLE, "datum": "BS77"}])
    with monkeypatch.context() as patched:
        patched.setattr("caspian_env.workflows.ingest.withdraw_what_is_left", killed)
        with pytest.raises(KeyboardInterrupt):
            collected()
    outcome, rows = collected()
    assert (outcome.withdrawn, {row.datum for row in rows}) == (2, {"BS77"})
    again = collected()[0]
    assert (again.withdrawn, again.written, again.unchanged) == (0, 0, 1)


def killed(job: object) -> None:
    raise KeyboardInterrupt


def test_values_of_a_file_that_the_new_declaration_refuses_do_not_stay(home: Path, collected: Institute) -> None:
    put(home, "pier/a.csv", TABLE)
    put(home, "pier/b.csv", b"date,t,deep\n2026-01-03,4,3\n")
    assert len(collected()[1]) == 3
    declare(home, variables=[{**VARIABLE, "name": "deep"}])
    outcome, rows = collected()
    assert (values(rows), outcome.rejected, outcome.status) == ({"2026-01-03": 3.0}, 1, "partial")
    assert "2 values that were read by the one before are withdrawn" in outcome.notes[0]


@pytest.mark.parametrize("slip", [{"files": "peer/*.csv"}, {"files": "pier/b*.csv"}, {"zero": {"T": 1.0}}])
def test_a_slip_in_a_declaration_takes_nothing_back(home: Path, collected: Institute, slip: dict[str, object]) -> None:
    put(home, "pier/a.csv", TABLE)
    before = collected()[1]
    declare(home, slip)
    outcome, rows = collected()
    assert (outcome.withdrawn, outcome.status, values(rows)) == (0, "failed", values(before))
    declare(home, {"zero": {"t": 1.0}})
    assert values(collected()[1]) == {"2026-01-01": 5.5, "2026-01-02": 5.25}


def test_a_new_limit_of_a_test_withdraws_nothing(home: Path, collected: Institute) -> None:
    put(home, "pier/a.csv", TABLE)
    put(home, "pier/b.csv", b"date,t\n2026-01-03,4\n")
    collected()
    (home / "local/pier/b.csv").unlink()
    declare(home, variables=[{**VARIABLE, "qc": {"gross_range": {"fail": [-3, 4.4], "suspect": [-1, 4.3]}}}])
    outcome, rows = collected()
    assert (outcome.withdrawn, [row.qc_flag for row in rows]) == (0, [4, 1, 1])


def test_a_row_that_is_gone_is_withdrawn_from_a_whole_record_only(home: Path, collected: Institute) -> None:
    put(home, "pier/a.csv", TABLE)
    assert len(collected()[1]) == 2
    put(home, "pier/a.csv", b"date,t\n2026-01-02,4.25\n")
    assert len(collected()[1]) == 2
    declare(home, whole_record=True)
    put(home, "pier/b.csv", b"date,t\n2026-01-01,5\n")
    outcome, rows = collected()
    assert (outcome.expected, outcome.withdrawn, values(rows)) == (1, 1, {"2026-01-01": 5.0})


def test_values_lead_back_to_the_file(home: Path, collected: Institute, database_url: str) -> None:
    put(home, "pier/a.csv", TABLE)
    collected()
    with platform_of(home, database_url) as platform:
        found = ask(platform.catalog, "SELECT DISTINCT url, granule_sha256, source_note FROM v_observation").rows
        ((url, sha256, note),) = [tuple(row) for row in found]
        assert (url, note) == ("local:pier/a.csv", "Thermometer")
        assert platform.archive.open(sha256).read_bytes() == TABLE


def test_files_that_are_being_written_are_left_alone(home: Path, collected: Institute) -> None:
    for name in (".a.csv", "~$a.csv", "b.csv.part", "c.txt"):
        put(home, f"pier/{name}", b"half a row")
    (home / "local" / "pier" / "folder.csv").mkdir()
    outcome, _ = collected()
    assert (outcome.expected, outcome.problems[0][:20]) == (0, "nothing is published")


def test_nothing_outside_the_folder_is_read(home: Path, collected: Institute, tmp_path: Path) -> None:
    (tmp_path / "secret.csv").write_bytes(TABLE)
    (home / "local" / "pier" / "a.csv").symlink_to(tmp_path / "secret.csv")
    outcome, rows = collected()
    assert "leads out of the folder" in outcome.problems[0]
    declare(home, {"files": "../*.csv"})
    (home / "secret.csv").write_bytes(TABLE)
    outcome, rows = collected()
    assert "leads out of the folder" in outcome.problems[0]
    assert rows == []


def test_a_folder_that_is_not_there_is_told(home: Path, collected: Institute) -> None:
    declare(home, {"files": "nowhere/*.csv"})
    assert "no folder 'nowhere'" in collected()[0].problems[0]


def test_a_bad_file_does_not_stop_the_others(home: Path, collected: Institute) -> None:
    put(home, "pier/a.csv", b"date,t\n2026-01-01,4.5\n2026-01-02,4,5\n")
    put(home, "pier/b.csv", TABLE)
    outcome, rows = collected()
    assert (outcome.rejected, len(rows)) == (1, 2)
    assert outcome.problems[0].startswith("set aside local:pier/a.csv")
    assert "row 3 has 3 cells where the header has 2 (was the file cut off" in outcome.problems[0]  # with its remedy


def test_a_partial_file_keeps_what_the_checks_find(home: Path, collected: Institute) -> None:
    put(home, "pier/a.csv", b"date,t\n2026-01-01,44\n2026-01-02,4\n")
    assert [row.qc_flag for row in collected()[1]] == [3, 1]


# ── reading ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def read(home: Path, tmp_path: Path) -> Callable[..., xr.Dataset]:
    """Read bytes as the dataset with these options and changes declares them."""

    def now(content: bytes, options: dict[str, object] | None = None, **changes: object) -> xr.Dataset:
        declare(home, options, **changes)
        path = tmp_path / "granule"
        path.write_bytes(content)
        return source_of(load_seeds(own=home / "local").datasets["example_water"]).read_granule(path)

    return now


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (TABLE.replace(b"4.25", b"4..25"), r"row 3, column t \(B\): '4..25' is not a number"),
        (TABLE.replace(b"4.25", b"nan"), r"row 3, column t \(B\): 'nan' is not a number"),
        (TABLE.replace(b"4.25", b"1_0"), r"'1_0' is not a number"),
        (
            TABLE.replace(b"2026-01-02", b"02.01.2026"),
            r"row 3, column date \(A\): '02.01.2026' is not a time like YYYY",
        ),
        (TABLE.replace(b"2026-01-02", b""), r"row 3, column date \(A\): '' is not a time"),
        (TABLE.replace(b"-02,", b"-01,"), "rows 2 and 3 are both about example_pier at 2026-01-01"),
        (TABLE.replace(b"date,t", b"date,temp"), "row 1 names no column 't'"),
        (TABLE.replace(b"date,t", b"t,t"), "row 1 names more than one column 't'"),
        (TABLE[:-7], "row 3 has 1 cells where the header has 2"),
        (b"date,t\n2026-01-01,\n", "no row with a value"),
        (b"date,t\n", "no row with a value"),
        (b'date,t\n2026-01-01,"4\n', "row 2 is no CSV"),
        (b"\n", "there is no row 1|no column"),
        (b"", "the file is empty"),
        (b"<html></html>", "HTML page"),
        ("date,t\n2026-01-01,4 °\n".encode("cp1251"), "cannot be read as utf-8"),
        (b"PK\x03\x04 broken", "the workbook is damaged"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 broken \x00", "the workbook is damaged"),
        (b"\x89HDF\r\n\x1a\n broken", "netCDF"),
    ],
)
def test_what_is_wrong_is_told_with_row_and_column(
    read: Callable[..., xr.Dataset], content: bytes, problem: str
) -> None:
    with pytest.raises(BadGranule, match=problem):
        read(content)


def test_numbers_and_times_as_they_are_written_here(read: Callable[..., xr.Dataset]) -> None:
    table = read(
        "дата;t\n01.02.2026 05:30;-1,5\n02.02.2026 05:30;-999\n03.02.2026 05:30;н/д\n".encode("cp1251"),
        {"separator": ";", "decimal": ",", "encoding": "cp1251", "missing": ["-999", "н/д"],
         "time": {"column": "дата", "format": "%d.%m.%Y %H:%M", "zone": "Asia/Aqtau"}},
        variables=[{**ENTRY["variables"][0], "resolution": "instant"}],
    )  # fmt: skip
    assert (table["time"].values.astype(str)[0], table["t"].values.ravel().tolist()) == (
        "2026-02-01T00:30:00.000000",
        [-1.5],
    )


@pytest.mark.parametrize(("text", "month"), [("2026", "2026-01"), ("2026-07", "2026-07"), ("2026-07-15", "2026-07")])
def test_months_and_years_may_stand_alone(read: Callable[..., xr.Dataset], text: str, month: str) -> None:
    assert str(read(f"date,t\n{text},1\n".encode())["time"].values[0])[:7] == month


def workbook(*rows: list[object], sheet: str = "Sheet") -> bytes:
    import io

    book = Workbook()
    book.active.title = sheet
    for row in rows:
        book.active.append(row)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def test_a_workbook_with_several_places_and_statuses(read: Callable[..., xr.Dataset]) -> None:
    table = read(
        workbook(["date", "t", "where", "state"], [datetime(2026, 1, 1), 4.5, 1, "raw"], [], [2027, -999, 2, ""]),
        {"place": {"column": "where", "names": {"1": "example_pier", "2": "example_mole"}}, "missing": ["-999"],
         "status": {"column": "state", "names": {"raw": "preliminary"}}},
        locations=["example_mole", "example_pier"], default_status="reported",
    )  # fmt: skip
    assert table["location"].values.tolist() == ["example_pier"]
    assert (table["t"].values.tolist(), table["status"].values.tolist()) == ([[4.5]], [["preliminary"]])


@pytest.mark.parametrize(
    ("rows", "options", "problem"),
    [
        ([["date", "t"], ["2026-01-01", "=1+1"]], {}, "cell B2 is a formula whose result is not stored"),
        ([["date", "t"], ["2026-01-01", "#N/A"]], {}, r"row 2, column t \(B\): '#N/A' is not a number"),
        ([["date", "t"], ["2026-01-01", datetime(2026, 1, 1)]], {}, "is not a number"),
        ([["date", "t"], [1.5, 2]], {}, "'1.5' is not a time"),
        ([["date", "t"], ["2026-01-01", 1]], {"sheet": "data"}, "has no sheet 'data'"),
        ([["date", "t"], ["2026-01-01", 1]], {"header_row": 9}, "there is no row 9"),
        ([["date", "t"], ["2026-01-01", 1]], {"status": {"column": "t"}}, "'1' is no status"),
    ],
)
def test_what_is_wrong_in_a_workbook(
    read: Callable[..., xr.Dataset], rows: list[list[object]], options: dict[str, object], problem: str
) -> None:
    with pytest.raises(BadGranule, match=problem):
        read(workbook(*rows), options)


def test_a_word_that_is_no_place(read: Callable[..., xr.Dataset]) -> None:
    with pytest.raises(BadGranule, match=r"row 2, column where \(C\): 'boat' is no location of the dataset"):
        read(b"date,t,where\n2026-01-01,1,boat\n", {"place": {"column": "where"}})


def test_a_note_that_is_too_long(read: Callable[..., xr.Dataset]) -> None:
    long = f"date,t,remark\n2026-01-01,1,{'x' * 600}\n".encode()
    with pytest.raises(BadGranule, match=r"row 2, column remark \(C\): method and notes have 621 characters"):
        read(long, {"notes": ["remark"]})


def test_an_old_workbook(read: Callable[..., xr.Dataset]) -> None:
    table = read(old_workbook([["date", "t"], ["2026-01-01", 4.5]]))
    assert table["t"].values.tolist() == [[4.5]]


def netcdf(tmp_path: Path, **attrs: str) -> bytes:
    path = tmp_path / "made.nc"
    made = xr.Dataset(
        {"t": (("T", "station"), [[1.0, 2.0], [np.nan, 3.0]], attrs)},
        coords={"T": np.array(["2026-01-01", "2026-01-02"], dtype="datetime64[ns]"), "name": ("station", ["p", "m"])},
    )
    made.to_netcdf(path)
    return path.read_bytes()


def test_netcdf_of_several_stations(read: Callable[..., xr.Dataset], tmp_path: Path) -> None:
    options = {"time": {"column": "T"}, "zero": {"t": 0.5},
               "place": {"column": "name", "names": {"p": "example_pier", "m": "example_mole"}}}  # fmt: skip
    table = read(netcdf(tmp_path), options, locations=["example_pier", "example_mole"])
    assert table["location"].values.tolist() == ["example_pier", "example_mole"]
    assert table["t"].sel(location="example_mole").values.tolist() == [2.5, 3.5]
    assert table["t"].attrs["units"] == "degree_Celsius"
    with pytest.raises(BadGranule, match="in 'K' in the file and in 'degree_Celsius' in the declaration"):
        read(netcdf(tmp_path, units="K"), options, locations=["example_pier", "example_mole"])
    with pytest.raises(BadGranule, match="has no variable 'time'"):
        read(netcdf(tmp_path), {"time": {"column": "time"}})
    with pytest.raises(BadGranule, match="dimensions station besides"):
        read(netcdf(tmp_path), {"time": {"column": "T"}})


# ── declaring ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("options", "changes", "problem"),
    [
        ({"method": " "}, {}, "method is empty"),
        ({"time": {}}, {}, "time names neither"),
        ({"time": {"column": "date", "zone": "Asia/Aqtau"}}, {}, "shifts moments"),
        ({"time": {"column": "date", "zone": "Aktau"}}, {"instant": True}, "is no time zone"),
        ({}, {"locations": ["example_pier", "example_mole"]}, "no column that tells them apart"),
        ({"place": {"column": "w", "names": {"a": "baku"}}}, {}, "leads to baku"),
        ({"zero": {"level": 1}}, {}, "zero names level"),
        ({"zero": {"t": "1"}}, {}, "zero is not a number"),
        ({"decimal": ","}, {}, "not two different signs"),
        ({"header_row": 0}, {}, "header_row is not a row"),
        ({"files": "*/a.csv"}, {}, "has a pattern in its folder"),
        ({"method": 7}, {}, "method is 7 and not of type str"),
        ({"headers": 1}, {}, "unknown key headers"),
    ],
)
def test_options_that_contradict_themselves_concern_this_dataset_alone(
    home: Path, options: dict[str, object], changes: dict[str, object], problem: str
) -> None:
    if changes.pop("instant", False):
        changes = {"variables": [{**ENTRY["variables"][0], "resolution": "instant"}]}
    declare(home, options, **changes)
    with platform_of(home) as platform:
        (outcome,) = collect(platform, only=["example_water"])
    assert problem in outcome.problems[0]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("datasets: [", "local/bad.yaml: is not YAML"),
        ("[]", "local/bad.yaml: is .* and not a mapping"),
        ("sources: []", "local/bad.yaml: unknown key sources"),
        ("stations: {}", "local/bad.yaml: stations: is not a list"),
        ("stations:\n  - {id: a, title: A, source: s}", "bad.yaml: stations: a: is no station with longitude"),
        ("stations:\n  - {id: globe, title: A, source: s, longitude: 1, latitude: 1}", "the id globe is taken"),
        ("variables:\n  - {id: x, long_name: X}", "bad.yaml: variables: x: has no units"),
        ("datums:\n  - {id: BS77, title: B, source: s}", "the id BS77 is taken"),
        ("reports:\n  - {id: bulletin, title: B, sections: [{id: a}]}", "the id bulletin is taken"),
        ("reports:\n  - {id: a, title: A}", "bad.yaml: reports: a: has no sections"),
        ("reports:\n  - {id: a, text: A}", "bad.yaml: reports: a: unknown key text"),
    ],
)
def test_a_wrong_declaration_names_file_and_entry(home: Path, text: str, problem: str) -> None:
    (home / "local" / "bad.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(SeedError, match=problem):
        load_seeds(own=home / "local")


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"update_frequency": "monthly"}, "update_frequency is 'monthly', no duration"),
        ({"id": "Example-Water"}, "'Example-Water' is no id"),
        ({"coverage_start": "01.01.2026"}, "coverage_start is '01.01.2026', no day"),
        ({"variables": [{**VARIABLE, "resolution": "daily"}]}, "resolution of t is 'daily', no duration"),
        ({"publication_delay_days": "1,5"}, "publication_delay_days is '1,5' and not of type"),
        ({"licens": "Internal"}, "unknown key licens"),
    ],
)
def test_a_word_that_cannot_be_used_is_refused_where_it_stands(
    home: Path, changes: dict[str, object], problem: str
) -> None:
    declare(home, **changes)
    with pytest.raises(SeedError, match=problem) as refused:
        load_seeds(own=home / "local")
    assert refused.value.subject.startswith("local/water.yaml: datasets: ")
    assert refused.value.remedy != ""


def test_a_dataset_that_names_what_nobody_defines(home: Path) -> None:
    declare(home, locations=["atlantis"])
    with pytest.raises(SeedError, match="example_water: locations names 'atlantis'"):
        load_seeds(own=home / "local")


def test_an_installed_dataset_is_not_replaced(home: Path) -> None:
    declare(home, id="noaa_gml_co2")
    with pytest.raises(SeedError, match="the id noaa_gml_co2 is taken"):
        load_seeds(own=home / "local")


def test_the_folder_is_in_the_home_or_in_the_setting(home: Path, tmp_path: Path) -> None:
    other = tmp_path / "elsewhere"
    with pytest.raises(SettingsError, match="is not a folder"):
        load_settings({"CASPIAN_ENV_LOCAL": str(other)})
    (home / "local").rename(other)
    settings = load_settings({"CASPIAN_ENV_LOCAL": str(other), "CASPIAN_ENV_HOME": str(home)})
    assert (settings.own_files, Settings(home=home, database_url="").own_files) == (other, home / "local")
    assert "example_water" in load_seeds(own=settings.own_files).datasets
    assert "example_water" not in load_seeds(own=home / "local").datasets


def test_it_is_collected_by_a_run_like_all_others_but_never_into_a_demonstration(home: Path) -> None:
    with platform_of(home) as platform:
        assert "example_water" in {dataset.id for dataset in choose(platform, [])}
        assert platform.seeds.datasets["example_water"].theme == "local"
    with open_platform(Settings(home=home, database_url="sqlite://"), synthetic=True) as platform:
        assert "example_water" not in platform.seeds.datasets


def test_a_local_address_is_the_same_for_both_who_know_it() -> None:
    assert HOST == LOCAL == "local:"
