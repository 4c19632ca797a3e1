"""The demonstration: what a newcomer without network sees, marked as synthetic everywhere, and never beside real data."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest

from caspian_env import demo
from caspian_env.catalog.alerts import all_alerts
from caspian_env.catalog.engine import Catalog, open_catalog
from caspian_env.demo import DATASETS
from caspian_env.errors import CatalogError
from caspian_env.settings import Settings
from caspian_env.wiring import load_seeds, open_platform
from caspian_env.workflows.demo import run_demo
from caspian_env.workflows.seed import SYNTHETIC_HOME, seed
from tests.command_line import caspian_env, command, environment
from tests.mail_server import mail_server
from tests.workflows.conftest import history, rows

MOST_SECONDS = 120  # after installing, on two cores


def catalog_in(home: Path) -> Catalog:
    return open_catalog(f"sqlite:///{home / 'caspian-synthetic.db'}")


@dataclass(frozen=True)
class Shown:
    """A demonstration run from an empty folder, and what it said."""

    home: Path
    said: str
    catalog: Catalog
    mails: int


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shown]:
    folder = tmp_path_factory.mktemp("newcomer")
    with mail_server() as box:
        ran = caspian_env(
            "run", "--demo", cwd=folder, SMTP_URL=f"smtp://127.0.0.1:{box.port}", ALERT_TO="ana@example.org",
            WEBHOOK_URL=f"http://127.0.0.1:{box.port}/hook",
        )  # fmt: skip
    assert ran.returncode == 0, ran.stdout + ran.stderr
    home = folder / "caspian-demo"
    catalog = catalog_in(home)
    yield Shown(home, ran.stdout, catalog, len(box.messages))
    catalog.dispose()


@pytest.mark.slow
def test_judges_no_alert_and_tells_nobody_although_a_mail_server_is_set_up(shown: Shown) -> None:
    assert shown.mails == 0
    assert "alerts" not in shown.said
    with shown.catalog.read() as connection:
        assert not all_alerts(connection)
    assert rows(shown.catalog, "SELECT run_id FROM v_run WHERE job = 'alerts'") == []


@pytest.mark.slow
def test_says_where_things_are_and_what_to_do_next(shown: Shown) -> None:
    assert shown.said.count("SYNTHETIC DEMONSTRATION DATA") == 2
    for line in (
        "report    caspian-demo/reports/bulletin-synthetic.html",
        "database  caspian-demo/caspian-synthetic.db",
    ):
        assert line in shown.said
    (hint,) = {line for line in shown.said.splitlines() if line.startswith("next: ")}
    asked = caspian_env(*hint.partition("ask: caspian-env ")[2].split(), cwd=shown.home.parent)
    assert asked.returncode == 0, asked.stderr
    assert "dahiti_39" in asked.stdout
    assert "!" not in {line[:1] for line in shown.said.splitlines()}


@pytest.mark.slow
def test_is_marked_everywhere(shown: Shown) -> None:
    assert rows(shown.catalog, "SELECT value FROM catalog_property WHERE name = 'synthetic'") == [("yes",)]
    assert (shown.home / SYNTHETIC_HOME).is_file()
    reports = sorted(path.name for path in (shown.home / "reports").iterdir())
    assert "bulletin-synthetic.html" in reports
    assert all("synthetic" in name for name in reports)
    for path in (shown.home / "reports").iterdir():
        if path.suffix in (".html", ".csv"):
            assert "synthetic" in path.read_text(encoding="utf-8")[:40_000].lower(), path.name
    assert not list(shown.home.glob("caspian.db*"))


@pytest.mark.slow
def test_every_source_is_shown(shown: Shown) -> None:
    counted = dict(rows(shown.catalog, "SELECT dataset_id, count(*) FROM v_observation GROUP BY dataset_id"))
    assert counted.keys() == set(DATASETS)
    daily = "SELECT count(DISTINCT time) FROM v_observation WHERE dataset_id = 'noaa_oisst_v2_1'"
    assert rows(shown.catalog, daily)[0][0] >= 2 * 365
    months = rows(
        shown.catalog,
        "SELECT min(time), count(*) FROM v_observation WHERE dataset_id = 'noaa_ersst_v5' AND location_id = 'caspian_sea'",
    )
    assert (months[0][0].year, months[0][1]) == (1981, 541)
    shown_now = {name for (name,) in rows(shown.catalog, "SELECT DISTINCT indicator_id FROM v_indicator")}
    assert {"sl_rate_30y_dahiti", "sst_anomaly_1y_ersst", "co2_growth_1y", "sl_above_min1977_reported"} <= shown_now


def stated(kinds: set[str]) -> dict[tuple[Any, ...], tuple[float | None, float | None]]:
    """What edition 2 changes in the tables, in the words of the catalog."""
    names = {
        (dataset.id, measured.name): (measured.variable, measured.datum)
        for dataset in load_seeds().datasets.values()
        for measured in dataset.variables
    }
    return {
        (d.dataset, *names[d.dataset, d.column], d.time.replace(tzinfo=UTC)): (d.old, d.new)
        for d in demo.differences()
        if d.kind in kinds and d.dataset != "noaa_oisst_v2_1"
    }


@pytest.mark.slow
def test_the_revisions_are_those_that_edition_2_makes(shown: Shown) -> None:
    found = rows(
        shown.catalog,
        "SELECT dataset_id, variable_id, datum, time, kind, old_value, new_value FROM v_revision"
        " WHERE dataset_id <> 'noaa_oisst_v2_1'",
    )
    by_value = {tuple(row[:4]): row[5:] for row in found if row[4] != "withdrawn" and row[5] is not None}
    changed = {key: pair for key, pair in stated({"corrected", "finalised"}).items() if pair[0] != pair[1]}
    assert by_value.keys() == changed.keys()
    for key, pair in by_value.items():
        assert pair == pytest.approx(changed[key], abs=1e-9)
    withdrawn = {tuple(row[:4]): row[5] for row in found if row[4] == "withdrawn"}
    assert withdrawn == pytest.approx({key: old for key, (old, _) in stated({"withdrawn"}).items()}, abs=1e-9)
    for (*series, time), (_, new) in stated({"new"}).items():
        if series[0] != "noaa_ersst_v5":
            held = rows(
                shown.catalog,
                "SELECT value FROM v_observation WHERE dataset_id = :d AND variable_id = :v AND time = :t"
                " AND (datum = :h OR (datum IS NULL AND :h = ''))",
                d=series[0], v=series[1], h=series[2] or "", t=time,
            )  # fmt: skip
            assert held == [(pytest.approx(new, abs=1e-9),)]


@pytest.mark.slow
def test_the_days_are_finalised(shown: Shown) -> None:
    found = rows(
        shown.catalog,
        "SELECT time, old_value, new_value FROM v_revision WHERE dataset_id = 'noaa_oisst_v2_1'"
        " AND location_id = 'caspian_sea' AND kind = 'finalised'",
    )
    expected = {
        d.time.date(): d for d in demo.differences() if d.kind == "finalised" and d.dataset == "noaa_oisst_v2_1"
    }
    assert {time.date() for time, *_ in found} == expected.keys()
    for time, old, new in found:
        # Every sea cell moves by the same amount, and so does every mean of them.
        difference = expected[time.date()]
        assert difference.old is not None
        assert difference.new is not None
        assert new - old == pytest.approx(difference.new - difference.old, abs=1e-4)


@pytest.mark.slow
def test_a_second_one_finds_nothing_new(shown: Shown) -> None:
    before = history(shown.catalog)
    page = (shown.home / "reports" / "bulletin-synthetic.html").read_bytes()
    again = caspian_env("run", "--demo", cwd=shown.home.parent)
    assert again.returncode == 0, again.stdout + again.stderr
    assert "nothing new: no observation" in again.stdout
    assert history(shown.catalog) == before
    assert (shown.home / "reports" / "bulletin-synthetic.html").read_bytes() == page


@pytest.mark.slow
def test_real_data_are_refused_there(shown: Shown, small_mirror_files: Path) -> None:
    ran = caspian_env("run", "--home", shown.home, "--mirror", small_mirror_files, cwd=shown.home.parent)
    assert ran.returncode == 1
    assert "holds synthetic demonstration data" in ran.stderr


@pytest.mark.slow
@pytest.mark.parametrize("seconds", [(2.5, 14.0, 40.0)])
def test_killed_and_run_again_it_ends_the_same(seconds: tuple[float, ...], shown: Shown, tmp_path: Path) -> None:
    for pause in seconds:
        process = subprocess.Popen(
            command("run", "--demo"), cwd=tmp_path, env=environment(), stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            process.wait(timeout=pause)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
    assert caspian_env("run", "--demo", cwd=tmp_path).returncode == 0
    catalog = catalog_in(tmp_path / "caspian-demo")
    try:
        assert history(catalog) == history(shown.catalog)
        values = (
            "SELECT indicator_id, location_id, period_start, period_end, value FROM v_indicator ORDER BY 1, 2, 3, 4"
        )
        assert rows(catalog, values) == rows(shown.catalog, values)
        assert rows(catalog, "SELECT workflow FROM v_run WHERE status = 'running'") == []
    finally:
        catalog.dispose()


def synthetic(home: Path, url: str | None = None) -> Settings:
    return Settings(home=home, database_url=url or f"sqlite:///{home / 'caspian-synthetic.db'}")


def test_a_home_is_of_one_kind(tmp_path: Path, database_url: str) -> None:
    """Quick, without a run: neither home nor database takes the other kind, wherever the database is."""
    demo_home, real_home = tmp_path / "demo", tmp_path / "real"
    with open_platform(synthetic(demo_home), synthetic=True) as platform:
        seed(platform)
        seed(platform)
    with open_platform(synthetic(demo_home, database_url)) as platform, pytest.raises(CatalogError, match="synthetic"):
        seed(platform)
    with open_platform(synthetic(real_home, database_url)) as platform:
        seed(platform)
        platform.archive.obtain([b"real bytes"])
    with pytest.raises(CatalogError, match="holds real data"):
        run_demo(synthetic(real_home))
    assert [path.name for path in real_home.iterdir()] == ["archive"]
    with (
        open_platform(synthetic(tmp_path / "third", database_url), synthetic=True) as platform,
        pytest.raises(CatalogError, match="holds real data"),
    ):
        seed(platform)


def test_the_demonstration_takes_no_option_of_a_real_run(tmp_path: Path) -> None:
    for option in (["--only", "noaa_gml_co2"], ["--window", "2020-01-01/2021-01-01"], ["--mirror", str(tmp_path)]):
        ran = caspian_env("run", "--demo", *option, cwd=tmp_path)
        assert ran.returncode == 2
        assert ran.stderr.startswith("caspian-env: --demo: ")
    assert list(tmp_path.iterdir()) == []
