"""The commands of operation as a person types them: exit codes, JSON, lines that fit a terminal."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from caspian_env.cli import INSTANT, main
from caspian_env.settings import Settings
from caspian_env.wiring import open_platform
from caspian_env.workflows.seed import seed
from tests.test_architecture import HEAVY, run
from tests.workflows.synthetic_co2 import DATASET, co2_table, publish


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home that a run has filled from a mirror with one table; the test stands beside it."""
    monkeypatch.chdir(tmp_path)
    for name in ("SMTP_URL", "ALERT_TO", "WEBHOOK_URL", "MIRROR", "HOME", "DATABASE_URL"):
        monkeypatch.delenv(f"CASPIAN_ENV_{name}", raising=False)
    publish(tmp_path / "mirror", co2_table(48))
    folder = tmp_path / "home"
    assert call("ingest", DATASET, "--mirror", "mirror", "--home", str(folder)) == 0
    return folder


def call(*arguments: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    return int(ended.value.code or 0)


def answer(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, Any]:
    capsys.readouterr()
    code = call(*arguments, "--json")
    return code, json.loads(capsys.readouterr().out)


def shown(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    capsys.readouterr()
    code = call(*arguments)
    return code, capsys.readouterr().out


def at(home: Path, *words: str) -> Sequence[str]:
    return (*words, "--home", str(home))


ASKED = (
    ("alerts",), ("datasets",), ("datasets", DATASET), ("doctor",), ("explain", "co2_mean_1y@1992"), ("freshness",),
    ("indicator", "co2_mean_1y"), ("indicators",), ("indicators", "co2_mean_1y"), ("plan",), ("report", "list"),
    ("revisions",), ("series", DATASET), ("sql", "SELECT count(*) FROM v_run"), ("targets",),
)  # fmt: skip

UNASKED = {"numpy", "caspian_env.workflows.evaluate", "sqlalchemy.dialects.postgresql"}


def test_instant_commands_wait_for_no_library_of_tables_and_grids(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert {words[0] for words in ASKED} == {name.split()[0] for name in INSTANT}
    assert call("compute", "--home", str(home)) == 0
    monkeypatch.setenv("CASPIAN_ENV_HOME", str(home))
    program = f"""
import json, sys
from caspian_env.cli import main
loaded = {{}}
for words in {ASKED!r}:
    code = 0
    try:
        main(words)
    except SystemExit as end:
        code = end.code or 0
    loaded[" ".join(words)] = [code, sorted(set(sys.modules) & {HEAVY | UNASKED!r})]
print(json.dumps(loaded))
"""
    answered = run(sys.executable, "-c", program)
    assert answered.returncode == 0, answered.stderr[-2000:]
    loaded = json.loads(answered.stdout.splitlines()[-1])
    assert {name: found for name, (_, found) in loaded.items() if found} == {}
    assert {name: code for name, (code, _) in loaded.items() if code} == {"doctor": 3}


def test_freshness(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, found = answer(capsys, *at(home, "freshness"))
    one = next(row for row in found if row["dataset_id"] == DATASET)
    assert (code, one["state"], one["newest_observation"]) == (0, "stale", "1993-12-01T00:00:00+00:00")
    code, text = shown(capsys, *at(home, "freshness"))
    assert "answers, but its newest value is of 1993-12-01" in " ".join(text.split())


def test_what_is_frozen_is_told_with_its_date_and_successor(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, text = shown(capsys, *at(home, "datasets"))  # its cells are broken into lines
    assert re.search(r"gpcp_v2_2 .*frozen since.*\n?.*followed.*\n?.*gpcp", text)
    for words in (("datasets", "gpcp_v2_2"), ("freshness",), ("doctor", "--all")):
        _, text = shown(capsys, *at(home, *words))
        assert "frozen since 2016, followed by gpcp" in " ".join(text.split()), words
    _, found = answer(capsys, *at(home, "freshness"))
    one = next(row for row in found if row["dataset_id"] == "gpcp_v2_2")
    assert (one["state"], one["state_since"], one["successor"]) == ("retired", "2016", "gpcp")


def test_doctor_exits_with_its_worst_finding(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, found = answer(capsys, *at(home, "doctor"))
    assert (code, found["exit_code"]) == (3, 3)  # the source is stale
    code, text = shown(capsys, *at(home, "doctor", "--deep", "--all"))
    assert code == 3
    assert "errors 0" in text
    never = next(line for line in text.splitlines() if "never collected: it was never asked" in line)
    assert "caspian-env run" in never, "all of one cause share a line"
    assert text.count("never asked") == 1
    assert "those of one cause share a line" in text
    (granule,) = (home / "archive").glob("??/*")
    granule.unlink()
    code, found = answer(capsys, *at(home, "doctor"))
    assert code == 1
    (missing,) = (f for f in found["findings"] if f["severity"] == "error")
    assert missing["subject"] == DATASET
    assert granule.name in missing["message"]


def test_doctor_without_a_home(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, text = shown(capsys, "doctor", "--home", str(tmp_path / "none"))
    assert code == 1
    assert "caspian-env run" in text
    assert not (tmp_path / "none").exists()


def test_plan_lists_steps(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, found = answer(capsys, *at(home, "plan", "--mirror", "mirror", "--list", "--only", DATASET))
    assert code == 0
    assert next(s for s in found if s["stage"] == "collect")["action"].endswith("ask of 1 whether they changed")
    assert call(*at(home, "plan", "--only", "nonsense")) == 2
    waiting = {s["subject"] for s in found if s["action"].startswith("wait")}
    text = shown(capsys, *at(home, "plan", "--mirror", "mirror"))[1]
    assert f"{len(waiting)} indicators" in text
    assert "sl_mean_1y_dahiti" not in text
    assert "sl_mean_1y_dahiti" in shown(capsys, *at(home, "plan", "--mirror", "mirror", "--all"))[1]


def test_backfill_has_a_window(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = at(home, "backfill", DATASET, "--window", "1990-01-01/1992-01-01", "--mirror", "mirror")
    code, found = answer(capsys, *arguments)
    assert (code, found["unchanged"], found["fetched"]) == (0, 1, 0)
    assert call(*at(home, "backfill", DATASET)) == 2
    assert call(*at(home, "backfill", "nonsense", "--window", "1990-01-01/1992-01-01")) == 2
    assert call(*at(home, "backfill", DATASET, "--window", "1992-01-01/1990-01-01")) == 2


def test_archive_verify_and_prune(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, text = shown(capsys, *at(home, "archive", "verify"))
    assert (code, text.startswith("1 granules (")) == (0, True)
    code, found = answer(capsys, *at(home, "archive", "prune", "--yes"))
    assert (code, found["removed"], found["n_files"], found["files"]) == (0, True, 1, [])
    (granule,) = (home / "archive").glob("??/*")
    granule.chmod(0o644)
    granule.write_bytes(granule.read_bytes()[::-1])
    code, found = answer(capsys, *at(home, "archive", "verify"))
    assert code == 1
    assert found["damages"][0]["dataset_id"] == DATASET


def test_backup_and_restore(home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = str(tmp_path / "catalog.zip")
    code, made = answer(capsys, *at(home, "db", "backup", file))
    assert (code, made["missing"]) == (0, [])
    assert call(*at(home, "db", "backup", file)) == 1
    assert call(*at(home, "db", "restore", file)) == 1, "the database there is not empty"
    code, done = answer(capsys, "db", "restore", file, "--into", str(tmp_path / "other"))
    assert code == 3, "the archive there lacks the bytes"
    assert done["rows"] == made["rows"]
    assert done["missing"][0]["dataset_id"] == DATASET
    (tmp_path / "third").mkdir()
    (home / "archive").rename(tmp_path / "third" / "archive")
    assert call("db", "restore", file, "--into", str(tmp_path / "third")) == 0
    assert answer(capsys, "series", DATASET, "--home", str(tmp_path / "third"))[0] == 0


def test_a_synthetic_backup_makes_a_synthetic_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    settings = Settings(home=tmp_path / "one", database_url=f"sqlite:///{tmp_path / 'one' / 'caspian-synthetic.db'}")
    with open_platform(settings, synthetic=True) as platform:
        seed(platform)
    assert call("db", "backup", "catalog.zip", "--home", "one") == 0
    assert call("db", "restore", "catalog.zip", "--into", "two") == 0
    assert (tmp_path / "two" / "caspian-synthetic.db").is_file()
    assert (tmp_path / "two" / "SYNTHETIC-HOME.txt").is_file()


def test_mend_puts_views_back(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings = Settings(home=home, database_url=f"sqlite:///{home / 'caspian.db'}")
    with open_platform(settings) as platform, platform.catalog.write() as connection:
        connection.exec_driver_sql("DROP VIEW v_refusal")
    assert "v_refusal" in shown(capsys, *at(home, "doctor"))[1]
    assert call(*at(home, "db", "mend")) == 0
    assert "v_refusal" not in shown(capsys, *at(home, "doctor"))[1]


def test_alerts_are_listed_checked_and_acknowledged(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert shown(capsys, *at(home, "alerts"))[1] == "no alert goes on\n"
    code, text = shown(capsys, *at(home, "alerts", "check"))
    assert code == 0
    assert text.startswith("[warning] noaa_gml_co2 is stale: answers, but its newest value is of 1993-12-01")
    assert shown(capsys, *at(home, "alerts", "check"))[1] == "0 new, 1 go on, 0 are over\n"
    (alert,) = answer(capsys, *at(home, "alerts"))[1]
    assert (alert["rule"], alert["subject"]) == ("source_stale", DATASET)
    assert call(*at(home, "alerts", "ack", str(alert["id"]))) == 2, "a person has a name"
    assert call(*at(home, "alerts", "ack", str(alert["id"]), "--by", " ")) == 2
    assert call(*at(home, "alerts", "ack", str(alert["id"]), "999", "--by", "Ana")) == 1
    assert answer(capsys, *at(home, "alerts"))[1][0]["acknowledged_by"] is None, "all of them, or none"
    code, text = shown(capsys, *at(home, "alerts", "ack", str(alert["id"]), "--by", "Ana"))
    assert (code, text) == (0, f"alert {alert['id']} (source_stale: {DATASET}) acknowledged by Ana\n")
    assert call(*at(home, "alerts", "ack", str(alert["id"]), "--by", "Bo")) == 1
    assert answer(capsys, *at(home, "alerts", "--all"))[1][0]["acknowledged_by"] == "Ana"


def test_a_channel_that_fails_is_partial(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CASPIAN_ENV_SMTP_URL", "smtp://ana:s3cret@127.0.0.1:1")
    monkeypatch.setenv("CASPIAN_ENV_ALERT_TO", "ana@example.org")
    code, text = shown(capsys, *at(home, "alerts", "check"))
    assert code == 3
    assert "could not be told by email" in text
    assert "s3cret" not in text
