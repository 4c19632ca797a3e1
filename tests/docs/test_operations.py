"""What the guide for operators says is what the code does."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from datetime import timedelta
from pathlib import Path

import pytest
from packaging.specifiers import SpecifierSet

from caspian_env.catalog.engine import Catalog
from caspian_env.catalog.query import ask
from caspian_env.cli import main
from caspian_env.settings import Settings, known_names
from caspian_env.wiring import open_platform
from caspian_env.workflows.due import FINAL_WITHIN
from caspian_env.workflows.ledger import HEARTBEAT_SECONDS, LEASE_SECONDS, WAIT_SECONDS
from caspian_env.workflows.pipeline import MANY
from jobs.dispatch import ATTEMPTS, HOLD_BACK, RETRY_AFTER
from jobs.endpoint import ANSWER_SECONDS
from jobs.schedule import COMPUTE_AT, FIRST_MINUTE, REPORT_AT, SPREAD_MINUTES
from jobs.service import _parser
from jobs.shift import WORKERS, Timing
from jobs.telling import metrics
from jobs.worker import UNWIND_SECONDS
from tests.workflows.synthetic_co2 import DATASET, co2_table, publish

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
GUIDE = (Path(__file__).resolve().parents[2] / "docs" / "operations.md").read_text(encoding="utf-8")


def test_every_number_is_that_of_the_code() -> None:
    assert (LEASE_SECONDS, HEARTBEAT_SECONDS, WAIT_SECONDS, MANY) == (180, 30, 900, 32)
    again = (RETRY_AFTER, ATTEMPTS, WORKERS, UNWIND_SECONDS)
    assert again == (timedelta(minutes=15), 4, 2, 15)
    assert timedelta(hours=2) == HOLD_BACK
    assert (FIRST_MINUTE, FIRST_MINUTE + SPREAD_MINUTES) == (60, 240)
    daily = (COMPUTE_AT, REPORT_AT)
    assert daily == (timedelta(hours=4, minutes=30), timedelta(hours=4, minutes=40))
    settings = Settings(home=Path("x"), database_url="sqlite://")
    assert (settings.worker_memory_mb, settings.worker_minutes, Timing().stop_seconds) == (4096, 120, 60)
    assert (ANSWER_SECONDS, FINAL_WITHIN, settings.metrics) == (5, timedelta(days=180), ("127.0.0.1", 9464))
    for words in (
        "cube 32 or more at a time",
        "within 5 seconds", "After 180 days", "at least every 91 days", "`CASPIAN_ENV_METRICS` (`127.0.0.1:9464`",
        "three minutes", "every thirty seconds", "15 minutes at the most",
        "repeated by the service after 15 minutes, then 1 hour, then 4 hours: four attempts",
        "for two hours at the most",
        "Two jobs run at a time", "15 seconds in which a worker unwinds", "between 01:00 and 04:00 UTC", "at 04:30",
        "at 04:40", "`CASPIAN_ENV_WORKER_MEMORY_MB` of address space (4096)", "on the clock (120)",
        "`--stop-seconds` (60)",
    ):  # fmt: skip
        assert re.search(re.escape(words).replace(r"\ ", r"\s+"), GUIDE), words


def test_every_option_and_setting_it_names_exists() -> None:
    options = {option for action in _parser()._actions for option in action.option_strings}
    for command in re.findall(r"caspian-env-jobs (--[a-z-]+)", GUIDE):
        assert command in options
    assert set(re.findall(r"CASPIAN_ENV_[A-Z_]+", GUIDE)) <= known_names()
    for option in options - {"-h", "--help", "--only", "--home", "--config", "--mirror"}:
        assert option in GUIDE


def test_its_questions_are_answered(catalog: Catalog) -> None:
    for question in re.findall(r"```sql\n(.*?)```", GUIDE, flags=re.DOTALL):
        assert ask(catalog, question).rows == []


def test_its_backup_can_be_rehearsed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commands = block("<!-- backup: run by the tests -->", r"```sh\n(.*?)```").splitlines()[1:-1]
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CASPIAN_ENV_DATASETS", DATASET)
    publish(tmp_path / "mirror", co2_table(24))
    assert call("ingest", DATASET, "--mirror", "mirror") == 0
    ended = []
    for name, *words in map(shlex.split, commands):
        ended.append(call(*words) if name == "caspian-env" else subprocess.run([name, *words], timeout=60).returncode)
    assert ended == [0, 0, 0, 0, 3, 0, 0]


def test_its_move_to_postgresql_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, empty_database_url: str) -> None:
    lines = block("## From SQLite to PostgreSQL", r"```sh\n(.*?)```").splitlines()[3:-1]
    copy, export, doctor = (line.partition("#")[0].split() for line in lines)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CASPIAN_ENV_DATASETS", DATASET)
    publish(tmp_path / "mirror", co2_table(24))
    assert call("ingest", DATASET, "--mirror", "mirror") == 0
    assert export == ["export", f"CASPIAN_ENV_DATABASE_URL={copy.pop()}"]
    (tmp_path / "address").write_text(f"{empty_database_url}\n")
    assert call(*copy[1:], "--address-file", "address") == 0
    assert call(*copy[1:], "postgresql://me:secret@HOST/caspian") == 2
    assert call(*copy[1:]) == 2
    monkeypatch.setenv("CASPIAN_ENV_DATABASE_URL", empty_database_url)
    assert call("ingest", DATASET, "--mirror", "mirror") == 0
    assert call(*doctor[1:]) == 3  # nothing was computed yet


def call(*words: str) -> int:
    with pytest.raises(SystemExit) as done:
        main(words)
    return int(done.value.code or 0)


def test_systemd_waits_longer_than_the_service() -> None:
    wait = re.search(r"TimeoutStopSec=(\d+)", GUIDE)
    assert wait is not None
    assert int(wait[1]) > Timing().stop_seconds + UNWIND_SECONDS


def test_every_metric_is_in_its_table_with_its_labels(catalog: Catalog, tmp_path: Path) -> None:
    url = catalog.engine.url.render_as_string(hide_password=False)
    with open_platform(Settings(home=tmp_path, database_url=url)) as platform:
        families = metrics(platform)
    rows = re.findall(
        r"^\| (`[a-z_`, ]+`) \| ([a-z, ]*) ?\|", block("## Watching it", r"\| metric .*?\n\n"), flags=re.MULTILINE
    )
    named = {name for names, _ in rows for name in re.findall(r"`(\w+)`", names)}
    parts = {"summary": ("_sum", "_count")}
    written = {family.name.removeprefix("caspian_env_") + part for family in families
               for part in parts.get(family.kind, ("",))}  # fmt: skip
    assert named == written
    labels = {name: given for names, given in rows for name in re.findall(r"`(\w+)`", names)}
    for family in families:
        for sample in family.samples:
            name = family.name.removeprefix("caspian_env_") + sample.suffix
            assert set(sample.labels) <= set(re.findall(r"\w+", labels[name])), name


def block(after: str, pattern: str) -> str:
    found = re.search(pattern, GUIDE[GUIDE.index(after) :], flags=re.DOTALL)
    assert found, f"nothing like {pattern} after {after}"
    return found[0]


def unit() -> dict[str, list[str]]:
    text = block("## As a systemd unit", r"```ini\n(.*?)```")
    found: dict[str, list[str]] = {}
    for name, value in re.findall(r"^(\w+)=(.*)$", text, flags=re.MULTILINE):
        found.setdefault(name, []).append(value)
    return found


def test_the_unit_starts_what_is_installed() -> None:
    (start,) = unit()["ExecStart"]
    program, *arguments = shlex.split(start)
    assert Path(program).name in PROJECT["scripts"]
    _parser().parse_args(arguments)
    (folder,) = unit()["WorkingDirectory"]
    assert unit()["ReadWritePaths"] == [folder]  # the home and the settings file are below it
    assert not unit()["EnvironmentFile"][0].removeprefix("-").startswith(folder)


def test_systemd_accepts_the_unit(tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not on this machine")
    text = block("## As a systemd unit", r"```ini\n.*?```").removeprefix("```ini\n").removesuffix("```")
    file = tmp_path / "caspian-env.service"
    file.write_text(
        re.sub(r"^ExecStart=\S+", f"ExecStart={sys.executable}", text, flags=re.MULTILINE), encoding="utf-8"
    )
    checked = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(file)], capture_output=True, text=True, timeout=60
    )
    assert (checked.returncode, checked.stderr) == (0, "")
    file.write_text(text.replace("KillMode=mixed", "KillMode=mixd"), encoding="utf-8")
    wrong = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(file)], capture_output=True, text=True, timeout=60
    )
    assert "mixd" in wrong.stderr


def test_the_container_is_made_of_what_there_is() -> None:
    text = block("## In a container", r"```dockerfile\n.*?```").removeprefix("```dockerfile\n").removesuffix("```")
    steps = [line.split(None, 1) for line in text.replace("\\\n", " ").splitlines() if line.strip()]
    known = {"FROM", "COPY", "RUN", "USER", "WORKDIR", "VOLUME", "STOPSIGNAL", "HEALTHCHECK", "ENTRYPOINT"}
    given: dict[str, str] = {step[0]: step[1] for step in steps}
    assert set(given) <= known
    assert steps[0][0] == "FROM"
    version = re.match(r"python:([\d.]+)", given["FROM"])
    assert version is not None
    assert version[1] in SpecifierSet(PROJECT["requires-python"])
    sources, target = given["COPY"].split()[:-1], given["COPY"].split()[-1]
    for source in sources:
        assert (ROOT / source).exists()
    for path in re.findall(rf"{re.escape(target)}/([\w./-]+)", given["RUN"]):
        assert (ROOT / path).is_file()
    (extra,) = re.findall(rf"{re.escape(target)}\[(\w+)\]", given["RUN"])
    assert extra in PROJECT["optional-dependencies"]
    (program,) = json.loads(given["ENTRYPOINT"])
    assert program in PROJECT["scripts"]
    check = json.loads(given["HEALTHCHECK"].partition("CMD ")[2])
    assert check[:2] == ["python", "-c"]
    compile(check[2], "HEALTHCHECK", "exec")
    assert "http://127.0.0.1:9464/health" in check[2]
    assert given["VOLUME"] == f"{given['WORKDIR']}/caspian-home"  # the default home in the working folder
