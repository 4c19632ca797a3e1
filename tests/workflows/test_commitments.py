"""Commitments on the archived editions, month by month: numbers against pandas, pledges of the day, traps of real files."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from caspian_env.catalog.indicator_values import read_indicator
from caspian_env.catalog.query import ask
from caspian_env.reports.page import build
from caspian_env.seeds.targets import load_targets
from caspian_env.settings import Settings
from caspian_env.wiring import Platform, open_platform
from caspian_env.workflows.commitments import CANNOT_BE_SAID, INSUFFICIENT, ON_TRACK, Commitments, commitments
from caspian_env.workflows.compute import compute
from caspian_env.workflows.report import fill_report
from caspian_env.workflows.run import collect
from caspian_env.workflows.seed import seed
from tests.workflows.conftest import compose

pytestmark = pytest.mark.slow
DATASETS = ("edgar_ghg", "owid_total_ghg", "climate_watch", "unfccc_ghg", "irena_renewables", "world_bank")
EDITIONS = ("2022-10", "2024-11", "2026-08")
SOURCES = ("edgar", "owid", "climate_watch", "cait", "unfccc")
TARGETS = ("rus_2030", "aze_2030", "aze_2035", "aze_2050", "kaz_2030", "tkm_2030")
COP29 = datetime(2024, 11, 30, tzinfo=UTC)
CW = ("www.climatewatchdata.org", "api", "v1", "data", "historical_emissions", "download.csv")


def wanted(platform: Platform) -> set[str]:
    names = {f"{name}_{source}" for name in ("ghg_total_1y", "ghg_rate_10y") for source in SOURCES}
    names |= {
        f"ndc_{what}_1y_{target}_{source}"
        for what in ("progress", "gap", "required_cut")
        for target in TARGETS
        for source in SOURCES
    }
    names |= {"re_generation_share_1y_irena", "re_capacity_share_1y_irena", "population_1y_world_bank"}
    return names & set(platform.seeds.indicators)


def known_from(month: str) -> datetime:
    return datetime(int(month[:4]), int(month[5:]), 28, tzinfo=UTC)


@pytest.fixture(scope="module")
def platform(shared: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """A catalog into which three archived states of the providers came in their order."""
    home = tmp_path_factory.mktemp("commitments")
    for month in EDITIONS:
        mirror = compose(shared, month, home / month)
        settings = Settings(
            home=home / "home", database_url=f"sqlite:///{home / 'caspian.db'}", mirror=str(mirror), datasets=DATASETS
        )
        with open_platform(settings) as opened:
            seed(opened)
            collect(opened, known_at=known_from(month))
            compute(opened, only=wanted(opened), known_at=known_from(month))
    with open_platform(settings) as opened:
        yield opened


def read(platform: Platform, as_of: datetime | None = None) -> Commitments:
    with platform.catalog.read() as connection:
        return commitments(platform, connection, as_of)


def by_id(found: Commitments) -> dict[str, dict[str, object]]:
    return {row.target.id: {line.source: line for line in row.sources} for row in found.targets}


def edgar(shared: Callable[..., Path]) -> pd.DataFrame:
    (path,) = shared("archive", "2024-09").rglob("EDGAR*.xlsx")
    with contextlib.closing(openpyxl.load_workbook(path, read_only=True)) as book:
        rows = list(book["GHG_totals_by_country"].iter_rows(values_only=True))
    return pd.DataFrame(rows[1:], columns=[str(name) for name in rows[0]]).set_index("EDGAR Country Code")


def test_numbers_are_those_of_the_files(platform: Platform, shared: Callable[..., Path]) -> None:
    table, found = edgar(shared), by_id(read(platform))
    for target, level, base in (("rus_2030", 0.70, "1990"), ("aze_2030", 0.65, "1990"), ("kaz_2030", 0.85, "1990")):
        line = found[target]["edgar"]
        row = table.loc[target[:3].upper()]
        first, last = float(row[base]), float(row["2023"])
        assert (line.year, line.base_value, line.value) == (2023, pytest.approx(first), pytest.approx(last))
        assert line.progress_pct == pytest.approx(100 * (first - last) / (first - level * first))
        assert line.gap == pytest.approx(last - level * first)
        assert line.required_cut_pct == pytest.approx(max(0.0, 100 * (1 - (level * first / last) ** (1 / 7))))
        assert line.rate_pct == pytest.approx(100 * ((last / float(row["2013"])) ** 0.1 - 1))
    owid = pd.read_csv(shared("archive", "2024-12", "ourworldindata.org", "grapher", "total-ghg-emissions.csv"))
    column = next(name for name in owid.columns if name.startswith("Annual"))
    rows = owid[owid["Entity"] == "Russia"].set_index("Year")[column] / 1e6
    assert found["rus_2030"]["owid"].progress_pct == pytest.approx(100 * (1 - rows[2023] / rows[1990]) / 0.3)


def test_an_edition_is_told_as_the_file_tells_it(platform: Platform) -> None:
    """A profile that nothing dates but its parts, and a file that states no edition at all."""
    found = by_id(read(platform))["tkm_2030"]
    assert found["unfccc"].edition == "workbook of 2022-10-04"
    assert "of November" not in {line.edition for line in found.values()}
    # In the base year itself there is no progress, but what is emitted and what is allowed are known.
    line = found["unfccc"]
    assert (line.year, line.progress_pct) == (2010, None)
    assert line.gap == pytest.approx(0.2 * line.value)


def test_a_verdict_names_the_sources_that_differ(platform: Platform) -> None:
    rows = {row.target.id: row for row in read(platform).targets}
    russia = rows["rus_2030"]
    assert (russia.word, russia.met_by, russia.n_counted) == (CANNOT_BE_SAID, 1, 2)
    assert "met by one source of two" in russia.sentence
    assert {line.source: line.word for line in russia.sources if line.counted} == {
        "climate_watch": ON_TRACK, "owid": INSUFFICIENT,
    }  # fmt: skip
    assert all("land use" in line.why_not for line in russia.sources if line.source in ("edgar", "unfccc"))
    assert russia.low < 50 < 100 < russia.high  # the choice of source moves the verdict
    kazakhstan = rows["kaz_2030"]
    assert (kazakhstan.word, kazakhstan.n_counted) == (CANNOT_BE_SAID, 0)
    assert (
        "AR4 in the target and AR5 in the source" in {s.source: s for s in kazakhstan.sources}["climate_watch"].why_not
    )
    assert "disputed" in rows["tkm_2030"].sentence
    assert "business as usual" in rows["irn_2030"].sentence


def test_then_and_now_differ_by_new_editions_and_new_targets_alone(platform: Platform) -> None:
    then, now = by_id(read(platform, COP29)), by_id(read(platform))
    assert read(platform, COP29).reconstructed
    assert set(then) - set(now) == {"aze_2050"}
    assert set(now) - set(then) == {"aze_2035", "kaz_2035", "rus_2035_low", "rus_2035_high"}
    for target in set(then) & set(now):
        for source in set(then[target]) & set(now[target]):
            old, new = then[target][source], now[target][source]
            numbers = [(line.year, line.value, line.base_value, line.progress_pct) for line in (old, new)]
            assert (numbers[0] == numbers[1]) == (old.granule_sha256 == new.granule_sha256), (target, source)
    changed = {s for t in set(then) & set(now) for s in set(then[t]) & set(now[t])
               if then[t][s].granule_sha256 != now[t][s].granule_sha256}  # fmt: skip
    assert changed == {"owid"}
    assert ("cait" in then["rus_2030"], "cait" in now["rus_2030"]) == (True, False)
    assert ("climate_watch" in then["rus_2030"], "climate_watch" in now["rus_2030"]) == (False, True)


def test_the_briefing_shows_pledges_and_emissions_of_its_day(platform: Platform) -> None:
    """Status words with the numbers beside, what stands on another basis, context, and the mark of a reconstruction."""
    with platform.catalog.read() as connection:
        then, now = (fill_report(connection, platform, "cop29", as_of=day) for day in (COP29, None))
    tables = [{table.id: table for section in one.sections for table in section.tables} for one in (then, now)]
    titles = [{row[1] for row in one["targets"].rows} for one in tables]
    assert titles[0] - titles[1] == {"60 % of 1990 in 2050"}
    assert "60 % of 1990 in 2035" in titles[1]
    assert "Reconstructed" in tables[0]["targets"].note
    assert "Reconstructed" not in tables[1]["targets"].note
    russia = next(row for row in tables[1]["targets"].rows if row[1] == "70 % of 1990 in 2030")
    assert russia[3] == "70"
    assert "met by one source of two" in russia[4]
    beside = {row[1].partition("\u00a0")[0]: row for row in tables[1]["target-sources"].rows if row[0] == "RUS 2030"}
    assert beside["EDGAR"][3:5] == ("AR5", "without")
    assert beside["EDGAR"][9] == "no: LULUCF"
    assert "never its compliance" in tables[1]["pledges"].caption
    states = [row[0].split(", ") for row in tables[1]["pledges"].rows]
    assert {state for row in states for state in row} >= {
        "Azerbaijan",
        "Islamic Republic of Iran",
        "Kazakhstan",
        "Russian Federation",
    }
    assert max(map(len, states)) > 1, "states that stand alike share a row"
    html = build(now)["cop29.html"].decode()
    assert "met by one source of two" in html
    assert '<a href="https://astanatimes.com/2023/12/' in html
    assert html.count("://astanatimes.com") == 1, "an address stands behind its title, not in the table"
    assert not re.search(r"traffic|🟢|🔴", html)


def test_no_value_of_a_pledge_is_known_before_it_was_filed(platform: Platform) -> None:
    statement = "SELECT min(known_from), max(known_to) FROM v_indicator_history WHERE indicator_id = :id"
    first, _ = ask(platform.catalog, statement, {"id": "ndc_progress_1y_aze_2035_edgar"}).rows[0]
    assert str(first)[:7] == "2026-08"
    _, last = ask(platform.catalog, statement, {"id": "ndc_progress_1y_aze_2050_edgar"}).rows[0]
    assert str(last)[:7] == "2026-08"


def test_one_ratio_is_of_one_edition(platform: Platform, shared: Callable[..., Path]) -> None:
    """Trap 6: base and year are numbers of one edition, never of two.

    A number that a new edition repeats stays with the granule that stated it first, so only there may two granules stand
    behind a ratio; every ratio of that source is therefore compared with one file alone, then and now.
    """
    statement = (
        "SELECT l.indicator_id, l.location_id, l.period_start, count(DISTINCT l.granule_sha256) FROM v_lineage l"
        " WHERE l.indicator_id LIKE 'ndc_progress%' GROUP BY 1, 2, 3 HAVING count(DISTINCT l.granule_sha256) > 1"
    )
    mixed = ask(platform.catalog, statement, limit=None).rows
    assert {str(row[0]).rpartition("_")[2] for row in mixed} <= {"owid"}
    numbers, targets, compared = 0, load_targets(), set()
    for vintage, day in (("2022-10", COP29), ("2024-12", None)):
        table = pd.read_csv(shared("archive", vintage, "ourworldindata.org", "grapher", "total-ghg-emissions.csv"))
        values = table.set_index(["Code", "Year"]).iloc[:, -1]
        for name in (one for one in TARGETS if f"ndc_progress_1y_{one}_owid" in platform.seeds.indicators):
            target = targets[name]
            country, base, level = target.country, int(target.base_year or 0), float(target.level_pct or 0) / 100
            with platform.catalog.read() as connection:
                rows = read_indicator(connection, f"ndc_progress_1y_{name}_owid", as_of=day)
            for row in (one for one in rows if one.value is not None):
                first, then = values[country, base], values[country, row.period_start.year]
                assert row.value == pytest.approx(100 * (first - then) / (first - level * first)), (name, vintage)
                compared.add((name, vintage))
                numbers += 1
    assert numbers > 100
    assert {vintage for _, vintage in compared} == {"2022-10", "2024-12"}


def test_zeros_that_mean_not_published_are_no_values(platform: Platform) -> None:
    statement = "SELECT max(period_start) FROM v_indicator WHERE indicator_id = :id"
    last = {
        name: str(ask(platform.catalog, statement, {"id": f"re_{name}_share_1y_irena"}).rows[0][0])[:4]
        for name in ("generation", "capacity")
    }
    assert last == {"generation": "2021", "capacity": "2023"}


def test_the_world_bank_raised_turkmenistan_and_both_editions_are_kept(platform: Platform) -> None:
    statement = (
        "SELECT value FROM v_indicator_history WHERE indicator_id = 'population_1y_world_bank' AND location_id = 'TKM'"
        " AND period_start = '2023-01-01 00:00:00' ORDER BY known_from"
    )
    values = [row[0] / 1e6 for row in ask(platform.catalog, statement).rows]
    assert values[-1] == pytest.approx(7.36, abs=0.01)
