"""The command line as scripts rely on it: names, exit codes, JSON, and one line for what is wrong."""

from __future__ import annotations

import csv
import io
import json
import re
import stat
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from caspian_env.demo import co2, dahiti, gistemp
from tests.command_line import caspian_env

CONTRACT = (
    "init", "run", "plan", "ingest", "compute", "report", "series", "indicator", "explain", "revisions", "doctor",
    "sql", "datasets", "indicators",
)  # fmt: skip


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with ``home`` after a run on three synthetic tables, and ``mirror``."""
    folder = tmp_path_factory.mktemp("filled")
    for member in (co2, dahiti, gistemp):
        for address, make in member.files(1).items():
            path = folder / "mirror" / address
            path.parent.mkdir(parents=True)
            path.write_bytes(make())
    only = ("dahiti_water_level", "nasa_gistemp", "noaa_gml_co2", "reported_levels")
    ran = caspian_env("run", "--home", "home", "--mirror", "mirror", "--only", *only, cwd=folder)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return folder


def answer_of(folder: Path, *arguments: str, code: int = 0) -> Any:
    ran = caspian_env(*arguments, "--home", "home", "--json", cwd=folder)
    assert ran.returncode == code, ran.stdout + ran.stderr
    return json.loads(ran.stdout)


def complaint_of(folder: Path, *arguments: str, code: int, **settings: str) -> str:
    ran = caspian_env(*arguments, cwd=folder, **settings)
    assert ran.returncode == code, ran.stdout + ran.stderr
    (line,) = ran.stderr.splitlines()
    assert line.startswith("caspian-env: ")
    return line


def test_the_names_of_the_commands(tmp_path: Path) -> None:
    said = caspian_env("--help", cwd=tmp_path).stdout
    listed = re.findall(r"^│ (\w[\w-]*) ", said, flags=re.MULTILINE)
    assert set(CONTRACT) <= set(listed)
    assert caspian_env("--version", cwd=tmp_path).stdout.startswith("caspian-env ")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", CONTRACT)
def test_every_command_explains_itself_and_touches_nothing(name: str, tmp_path: Path) -> None:
    ran = caspian_env(name, "--help", cwd=tmp_path)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert f"caspian-env {name}" in ran.stdout
    if name in ("run", "plan"):
        options = {"--mirror", "--only", "--window", "--json"} | ({"--out", "--demo"} if name == "run" else set())
        assert options <= set(re.findall(r"--[a-z-]+", ran.stdout))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_answers_in_json(filled: Path) -> None:
    known = json.loads(caspian_env("datasets", "--json", cwd=filled).stdout)
    assert "dahiti_water_level" in {one["id"] for one in known}
    assert all(one["licence"] and one["citation"] for one in known)
    defined = json.loads(caspian_env("indicators", "--json", cwd=filled).stdout)
    assert "sl_mean_1y_dahiti" in {one["id"] for one in defined}
    (one,) = json.loads(caspian_env("datasets", "noaa_gml_co2", "--json", cwd=filled).stdout)
    assert one["id"] == "noaa_gml_co2"
    level = answer_of(filled, "series", "dahiti_water_level")
    assert len(level) > 1000
    assert level[-1]["datum"] == "dahiti_39"
    reported = answer_of(filled, "series", "reported_levels")
    assert {row["std_uncertainty"] for row in reported} == {None}, "none is stated"
    means = answer_of(filled, "indicator", "co2_mean_1y")
    assert {row["unit"] for row in means} == {"1e-6"}
    (row,) = answer_of(filled, "sql", "SELECT count(*) AS n FROM v_observation")
    assert row["n"] > 3000
    explained = answer_of(filled, "explain", "co2_mean_1y@2022")
    assert "noaa_gml_co2" in json.dumps(explained)
    assert answer_of(filled, "revisions") is not None
    assert answer_of(filled, "plan", "--mirror", "mirror")
    assert {"exit_code", "findings"} == answer_of(filled, "doctor", code=json_code(filled, "doctor")).keys()


def test_all_that_is_known_of_a_dataset_on_one_page(filled: Path) -> None:
    told = caspian_env("datasets", "dahiti_water_level", "--home", "home", cwd=filled).stdout
    named = [line.strip() for line in told.splitlines() if re.match(r"\w[\w ]*\s{2,}", line)]
    page = dict(re.split(r"\s{2,}", line, maxsplit=1) for line in named)
    assert told.startswith("id "), "no empty line of headings"
    assert page["variables"] == (
        "water_surface_height_above_reference_datum (m), instant, above the zero of dahiti_39; the provider's height"
    )
    assert (page["coverage"], page["newest value"]) == ("since 1992-09-28", "2025-12-30")
    assert re.match(r"(fresh|late|stale): ", page["freshness"])
    assert page["key"].startswith("CASPIAN_ENV_DAHITI_KEY: register free of charge")
    assert page["cite"].startswith("Schwatke") and "@misc{dahiti_water_level," in told
    assert "rows are not exported" in page["licence"] and page["state"] == "active" and page["title"]
    (item,) = json.loads(caspian_env("datasets", "dahiti_water_level", "--csl", "--home", "home", cwd=filled).stdout)
    assert (item["type"], item["DOI"]) == ("dataset", "10.5194/hess-19-4345-2015")
    never = caspian_env("datasets", "psmsl_rlr", "--home", "home", cwd=filled).stdout
    assert re.search(r"newest value\s+none here", never) and re.search(r"places\s+found by the source", never)


def json_code(folder: Path, command: str) -> int:
    """Whatever the command exits with, which is its own matter here."""
    return caspian_env(command, "--home", "home", "--json", cwd=folder).returncode


def test_a_run_in_json_accounts_for_everything(filled: Path) -> None:
    only = ["--only", "dahiti_water_level", "nasa_gwm_lake"]
    answer = answer_of(filled, "run", "--mirror", "mirror", *only, code=3)
    assert (answer["exit_code"], answer["changed"]) == (3, False)
    by_name = {one["subject"]: one for one in answer["collected"]}
    assert by_name["dahiti_water_level"]["status"] == "ok"
    assert by_name["nasa_gwm_lake"]["problems"] == ["not published: the mirror holds nothing of earth.gsfc.nasa.gov"]
    assert all(Path(path).is_file() for path in answer["report"])


def test_answers_in_csv(filled: Path) -> None:
    said = caspian_env("indicator", "co2_mean_1y", "--csv", "--home", "home", cwd=filled).stdout
    comments = [line for line in said.splitlines() if line.startswith("#")]
    table = list(csv.DictReader(io.StringIO(said.split("\n", len(comments))[-1])))
    assert comments
    assert {"period_start", "value", "unit", "std_uncertainty", "status"} <= table[0].keys()


def test_reports_go_where_they_are_wanted(filled: Path, tmp_path: Path) -> None:
    ran = caspian_env("report", "--home", "home", "--out", tmp_path / "pages", cwd=filled)
    assert ran.returncode == 0, ran.stderr
    assert (tmp_path / "pages" / "bulletin.html").read_bytes() == (filled / "home/reports/bulletin.html").read_bytes()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["run", "--only", "nope"], ["nope", "is not a dataset", "caspian-env datasets lists all"]),
        (["ingest", "nope"], ["nope", "is not a dataset", "caspian-env datasets lists all"]),
        (["run", "--mirror", "nowhere"], ["mirror", "nowhere is not a folder"]),
        (["run", "--mirror", "ftp://mirror.example.org"], ["mirror", "http(s)"]),
        (["run", "--window", "2020"], ["window", "2020-01-01/2021-01-01"]),
        (["run", "--window", "2021-01-01/2020-01-01"], ["window", "not before"]),
        (["datasets", "nope"], ["nope", "is not a dataset"]),
        (["indicators", "nope"], ["nope", "is not an indicator"]),
        (["compute", "nope", "--home", "home"], ["nope", "is not an indicator"]),
        (["run", "--config", "none.toml"], ["none.toml", "does not exist"]),
        (["ingest", "nasa_gistmp"], ["nearest: nasa_gistemp", "caspian-env datasets"]),
        (["datasets", "DAHITI"], ["nearest: dahiti_water_level"]),
        (["datasets", "check", "noaa_gml_c02"], ["nearest: noaa_gml_co2"]),
        (["series", "noaa-gml-co2", "--home", "home"], ["nearest: noaa_gml_co2"]),
        (["indicator", "sl_mean_1y", "--home", "home"], ["nearest: sl_mean_1y_dahiti", "caspian-env indicators"]),
        (["indicators", "co2_mean_1yr"], ["nearest: co2_mean_1y"]),
        (["compute", "co2_maen_1y", "--home", "home"], ["nearest: co2_mean_1y"]),
        (["explain", "co2_mean1y@2020", "--home", "home"], ["nearest: co2_mean_1y"]),
        (["cube", "noaa_ersst", "--home", "home"], ["nearest: noaa_ersst_v5"]),
        (
            ["export", "--format", "csvw", "--out", "o", "--only", "co2_maen_1y", "--home", "home"],
            ["nearest: co2_mean_1y"],
        ),
        (["run", "--known-at", "2999-01-01"], ["--known-at", "2999-01-01 00:00 UTC is in the future"]),
        (["ingest", "noaa_gml_co2", "--known-at", "2999-01-01"], ["--known-at", "in the future"]),
        (["compute", "--known-at", "2999-01-01"], ["--known-at", "in the future"]),
        (["targets", "--as-of", "2999-01-01"], ["--as-of", "2999-01-01 00:00 UTC is in the future", "has come"]),
        (["commitments", "--as-of", "2999-01-01", "--home", "home"], ["--as-of", "in the future"]),
        (["report", "since", "cop29", "2999-01-01", "--home", "home"], ["DATE", "in the future"]),
        (["report", "since", "cop29", "2020-01-01", "--as-of", "2999-01-01", "--home", "home"], ["--as-of", "future"]),
        (["report", "build", "cop29", "--as-of", "2999-01-01", "--home", "home"], ["--as-of", "in the future"]),
        (["indicators", "import", "none.csv", "--known-at", "2999-01-01", "--home", "home"], ["--known-at", "future"]),
        (["indicators", "--known-at", "2020-01-01"], ["--known-at", "caspian-env indicators import"]),
    ],
)
def test_a_wrong_call_is_2_with_its_remedy(arguments: Sequence[str], words: Sequence[str], filled: Path) -> None:
    line = complaint_of(filled, *arguments, code=2)
    for word in words:
        assert word in line
    assert not (filled / "caspian-home").exists()


@pytest.mark.parametrize("command", [("series", "noaa_gml_co2"), ("indicator", "co2_mean_1y")])
def test_before_the_first_knowledge_it_is_said_when_that_is(command: Sequence[str], filled: Path) -> None:
    known = answer_of(filled, "series", "noaa_gml_co2", "--history")
    since = min(row["known_from"] for row in known)
    early = caspian_env(*command, "--as-of", "2001-01-01", "--home", "home", cwd=filled)
    assert (early.returncode, early.stdout) == (0, "")
    (line,) = early.stderr.splitlines()
    assert "nothing was known as of 2001-01-01 00:00 UTC; the first knowledge is of" in line
    if command[0] == "series":
        assert since[:19].replace("T", " ") in line
    table = caspian_env(*command, "--as-of", "2001-01-01", "--csv", "--home", "home", cwd=filled)
    assert "first knowledge" in table.stderr
    assert len(table.stdout.splitlines()) == 2  # a comment and the names of the columns
    assert answer_of(filled, *command, "--as-of", "2001-01-01") == []


def test_a_target_since_nobody_knows_when_says_so(tmp_path: Path) -> None:
    done = caspian_env("targets", "--as-of", "2000-01-01", cwd=tmp_path)
    assert "since when rus_2060 is promised is not known, so it is listed for every day" in done.stdout
    assert "?" not in done.stdout


def test_an_unknown_option_or_setting_is_2(tmp_path: Path) -> None:
    assert caspian_env("run", "--nope", cwd=tmp_path).returncode == 2
    assert caspian_env("nope", cwd=tmp_path).returncode == 2
    assert "CASPIAN_ENV_HOEM" in complaint_of(tmp_path, "run", code=2, HOEM="x")


def test_a_question_to_nothing_makes_nothing(tmp_path: Path) -> None:
    for arguments in (["series", "dahiti_water_level"], ["indicator", "co2_mean_1y"], ["sql", "SELECT 1"], ["report"]):
        line = complaint_of(tmp_path, *arguments, code=1)
        assert "caspian-env run" in line
    assert list(tmp_path.iterdir()) == []


def test_a_home_that_cannot_be_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert "cannot be made" in complaint_of(tmp_path, "run", "--home", "file", code=1)


def test_a_source_without_its_key_is_skipped_before_anybody_is_asked(tmp_path: Path) -> None:
    ran = caspian_env("run", "--home", "home", "--only", "dahiti_water_level", "reported_levels", cwd=tmp_path)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    (line,) = [line for line in ran.stdout.splitlines() if line.startswith("- ")]
    for word in ("dahiti_water_level skipped", "https://dahiti.dgfi.tum.de/", "CASPIAN_ENV_DAHITI_KEY"):
        assert word in line
    (row,) = answer_of(tmp_path, "sql", "SELECT count(*) AS n FROM retrieval WHERE dataset_id = 'dahiti_water_level'")
    assert row["n"] == 0
    alone = caspian_env("ingest", "--home", "home", "dahiti_water_level", cwd=tmp_path)
    assert alone.returncode == 0


def test_a_key_is_never_said(tmp_path: Path) -> None:
    """With a key the source is asked; the door is closed, and neither output nor catalog tells the key."""
    ran = caspian_env(
        "ingest", "dahiti_water_level", "reported_levels", "--home", "home", cwd=tmp_path, DAHITI_KEY="hush-hush"
    )
    assert ran.returncode == 3
    assert "hush" not in ran.stdout + ran.stderr
    assert "dahiti_water_level: " in ran.stdout
    for path in (tmp_path / "home").rglob("*"):
        assert not path.is_file() or b"hush" not in path.read_bytes(), path


def test_nothing_could_be_collected_is_never_0(tmp_path: Path) -> None:
    (tmp_path / "mirror").mkdir()
    ran = caspian_env("run", "--home", "home", "--mirror", "mirror", "--only", "noaa_gml_co2", cwd=tmp_path)
    assert ran.returncode == 1
    assert "! noaa_gml_co2: not published: " in ran.stdout


def test_init_leaves_a_usable_settings_file_and_never_overwrites(tmp_path: Path) -> None:
    first = caspian_env("init", cwd=tmp_path)
    assert first.returncode == 0, first.stderr
    path = tmp_path / "caspian-env.toml"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    settings = tomllib.loads(path.read_text(encoding="utf-8"))
    assert settings["home"] == str(tmp_path / "caspian-home")
    assert (tmp_path / "caspian-home" / "caspian.db").is_file()
    path.write_text(path.read_text(encoding="utf-8").replace('contact = ""', 'contact = "me@example.org"'), "utf-8")
    edited = path.read_bytes()
    again = caspian_env("init", cwd=tmp_path)
    assert (again.returncode, path.read_bytes()) == (0, edited)
    assert "left as it is" in again.stdout
    below = tmp_path / "elsewhere"
    below.mkdir()
    asked = caspian_env("sql", "SELECT 1 AS one", "--json", "--config", path, cwd=below)
    assert json.loads(asked.stdout) == [{"one": 1}]


def test_init_writes_the_file_that_is_named(tmp_path: Path) -> None:
    home = tmp_path / 'it\'s a "home"'
    ran = caspian_env("init", "--config", "own.toml", "--home", home, cwd=tmp_path)
    assert ran.returncode == 0, ran.stderr
    assert tomllib.loads((tmp_path / "own.toml").read_text(encoding="utf-8"))["home"] == str(home)
    assert not (tmp_path / "caspian-env.toml").exists()
