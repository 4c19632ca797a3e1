from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from caspian_env.cli import main
from tests.workflows.synthetic_co2 import DATASET, URL, averages, co2_table, month_of, publish

Answer = tuple[int, str, str]
Command = Callable[..., Answer]


@pytest.fixture
def command(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Command]:
    """Run a command line in this process: exit code, standard output, standard error."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CASPIAN_ENV_DATABASE_URL", database_url)

    def run(*words: str) -> Answer:
        with pytest.raises(SystemExit) as ended:
            main([*words, "--home", str(tmp_path / "home")])
        said = capsys.readouterr()
        return int(ended.value.code or 0), said.out, said.err

    yield run


@pytest.fixture
def two_editions(command: Command, tmp_path: Path) -> Command:
    """May 1990 moved on the first of February 2001."""
    for text, known_at in ((co2_table(36), "2001-01-01"), (co2_table(36, {4: 0.3}), "2001-02-01")):
        publish(tmp_path / "mirror", text)
        mirrored = ("--mirror", str(tmp_path / "mirror"), "--known-at", known_at)
        assert command("ingest", DATASET, *mirrored)[0] == 0
        assert command("compute", "co2_mean_1y", "co2_growth_1y", "--known-at", known_at)[0] == 0
    return command


def test_an_archived_edition_is_not_imported_behind_a_newer_one(two_editions: Command, tmp_path: Path) -> None:
    code, out, _ = two_editions("ingest", DATASET, "--mirror", str(tmp_path / "mirror"), "--known-at", "2001-01-15")
    assert code == 1
    assert "an edition of 2001-01-15 lies behind what is known since 2001-02-01" in out
    assert "oldest first" in out
    code, out, _ = two_editions(
        "ingest", DATASET, "--mirror", str(tmp_path / "mirror"), "--known-at", "2001-02-01", "--json"
    )
    assert (code, json.loads(out)[0]["unchanged"], json.loads(out)[0]["written"]) == (0, 1, 0)


def test_series_and_indicator_show_a_past_date_and_every_vintage(two_editions: Command) -> None:
    def values(*words: str) -> list[dict[str, object]]:
        code, out, _ = two_editions(*words, "--json")
        assert code == 0
        found: list[dict[str, object]] = json.loads(out)
        return found

    one = ("series", DATASET, "--variable", "mole_fraction_of_carbon_dioxide_in_air")
    may = month_of(4).replace(tzinfo=None).isoformat()
    old, new = averages(36)[month_of(4)], averages(36, {4: 0.3})[month_of(4)]

    def of_may(rows: list[dict[str, object]]) -> list[dict[str, object]]:
        return [row for row in rows if str(row["time"]).startswith(may[:10])]

    assert [row["value"] for row in of_may(values(*one))] == [new]
    for moment in ("2001-01-31", "2001-01-31T23:59:59", "2001-01-31T23:59:59+00:00", "2001-02-01T00:59:59.5+01:00"):
        assert [row["value"] for row in of_may(values(*one, "--as-of", moment))] == [old], moment
    assert [row["value"] for row in of_may(values(*one, "--as-of", "2001-02-01"))] == [new]  # that day at 00:00
    history = of_may(values(*one, "--history"))
    assert [(row["value"], str(row["known_to"])[:10], row["kind"]) for row in history] == [
        (old, "2001-02-01", "first"), (new, "None", "corrected"),
    ]  # fmt: skip
    past = of_may(values(*one, "--history", "--as-of", "2001-01-15"))
    assert [(row["value"], row["known_to"]) for row in past] == [(old, None)]
    vintages = [
        row for row in values("indicator", "co2_mean_1y", "--history") if str(row["period_start"]).startswith("1990")
    ]
    assert [(row["kind"], row["method_version"]) for row in vintages] == [("first", "1"), ("revised", "1")]
    before = values("indicator", "co2_mean_1y", "--history", "--as-of", "2001-01-15")
    assert {row["known_to"] for row in before} == {None}
    code, out, _ = two_editions(*one, "--history", "--limit", "3")
    assert code == 0
    assert "3 newest of 37 vintages" in out  # 36 months, one of them twice


def test_explain_is_a_short_tree_down_to_address_and_hash(two_editions: Command) -> None:
    code, out, _ = two_editions("explain", "co2_mean_1y@1990")
    assert code == 0
    assert len(out.splitlines()) < 20
    for word in (
        "method carbon_dioxide.annual_mean, version 1",
        "published_uncertainty=0.12",
        URL,
        "sha256",
        "code 0.",
    ):
        assert word in out, word
    assert out.count("sha256") == 2
    assert two_editions("explain", "co2_mean_1y@1990", "--as-of", "2001-01-15")[1].count("sha256") == 1


def test_explain_verifies_in_one_line_and_by_exit_code(two_editions: Command, tmp_path: Path) -> None:
    code, out, _ = two_editions("explain", "co2_mean_1y@1990", "--verify")
    assert code == 0
    assert out.splitlines()[-1].startswith("verified: bytes of 2 granules read again")
    code, out, err = two_editions("explain", "co2_mean_1y@1990", "--verify", "--json")
    assert (code, json.loads(out)["verification"]["verified"]) == (0, True)
    assert "verified" in err
    for path in (tmp_path / "home" / "archive").glob("??/*"):
        path.unlink()
    code, out, _ = two_editions("explain", "co2_mean_1y@1990", "--verify")
    assert code == 1
    assert "NOT VERIFIED" in out
    assert "does not hold them" in out


def test_explain_answers_in_json_and_prov(two_editions: Command) -> None:
    code, out, _ = two_editions("explain", "co2_mean_1y@1990", "--region", "mauna_loa", "--json")
    assert (code, len(json.loads(out)["inputs"][0]["observations"])) == (0, 12)
    code, out, _ = two_editions("explain", "co2_mean_1y@1990", "--prov")
    assert (
        code,
        {"entity", "activity", "agent", "used", "wasGeneratedBy", "wasDerivedFrom"} <= set(json.loads(out)),
    ) == (0, True)


@pytest.mark.parametrize(
    ("target", "code", "message"),
    [
        ("co2_mean_1y", 2, "names no period"),
        ("nothing@1990", 2, "is not an indicator"),
        ("co2_mean_1y@1950", 1, "its periods are 1990-01-01/1991-01-01 to 1992-01-01/1993-01-01"),
    ],
)
def test_explain_says_what_is_wrong_with_a_target(two_editions: Command, target: str, code: int, message: str) -> None:
    ended, _, err = two_editions("explain", target)
    assert ended == code
    assert message in err


def test_revisions_as_text_json_and_csv(two_editions: Command) -> None:
    code, out, _ = two_editions("revisions")
    assert code == 0
    for line in (f"{DATASET}: 2 values moved", "1 corrected", "months  1990-05", "largest +0.3 1e-6", "co2_mean_1y"):
        assert line in out, line
    code, out, _ = two_editions("revisions", "--json", "--since", "2001-02-01", "--dataset", DATASET)
    (found,) = json.loads(out)["datasets"]
    assert (found["n_moved"], found["kinds"]) == (2, {"corrected": 2})
    assert [(i["indicator_id"], round(i["n_std"], 3)) for i in found["indicators"]] == [("co2_mean_1y", 0.208)]
    code, out, _ = two_editions("revisions", "--csv")
    rows = list(csv.DictReader(io.StringIO(out.partition("\n")[2])))
    assert [row["what"] for row in rows] == ["observation", "observation", "indicator"]
    assert float(rows[0]["change"]) == pytest.approx(0.3)
    assert two_editions("revisions", "--since", "2001-02-02")[1] == "no value was revised since 2001-02-02\n"
    assert two_editions("revisions", "--dataset", "nothing")[0] == 2


def test_a_report_of_a_past_date_shows_only_what_was_known_then(two_editions: Command, tmp_path: Path) -> None:
    import hashlib

    first, second = (hashlib.sha256(co2_table(36, c).encode()).hexdigest() for c in ({}, {4: 0.3}))
    pages = {}
    for date in ("2000-12-31", "2001-01-15", "2001-02-01"):
        assert two_editions("report", "--as-of", date, "--out", str(tmp_path / date))[0] == 0
        page = (tmp_path / date / "bulletin.html").read_text(encoding="utf-8")
        assert f"As known on {date} 00:00 UTC" in page
        rows = (tmp_path / date / "bulletin.csv").read_text(encoding="utf-8")
        pages[date] = page + rows
    assert first not in pages["2000-12-31"]
    assert second not in pages["2000-12-31"]
    assert first in pages["2001-01-15"]
    assert second not in pages["2001-01-15"]
    assert second in pages["2001-02-01"]


def test_a_report_of_a_past_date_stays_as_it_was(two_editions: Command, tmp_path: Path) -> None:
    def files(name: str) -> list[bytes]:
        assert two_editions("report", "--as-of", "2001-02-02", "--out", str(tmp_path / name))[0] == 0
        return [path.read_bytes() for path in sorted((tmp_path / name).iterdir())]

    before = files("before")
    publish(tmp_path / "mirror", co2_table(40, {4: 0.1, 30: 0.2}))
    later = (datetime(2001, 3, 1, tzinfo=UTC) + timedelta(days=1)).strftime("%Y-%m-%d")
    assert two_editions("ingest", DATASET, "--mirror", str(tmp_path / "mirror"), "--known-at", later)[0] == 0
    assert two_editions("compute", "--known-at", later)[0] == 0
    assert files("after") == before


@pytest.mark.parametrize("name", ["series", "indicator", "explain", "report"])
def test_help_says_what_a_date_without_a_time_means(command: Command, name: str) -> None:
    code, out, _ = command(name, "--help")
    assert code == 0
    assert "--as-of" in out
    assert "00:00" in out
