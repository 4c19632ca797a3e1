"""The command ``trend`` on a real record through the normal path: numbers, rules, as-of, wrong calls; on both databases."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import caspian_env as ce
from caspian_env.cli import main
from caspian_env.processing.statistics import increment_rate
from caspian_env.processing.trends import ols
from caspian_env.wiring import load_seeds
from caspian_env.workflows.trend import INTEGRATED_FUNCTIONS, INTEGRATED_VARIABLES
from tests.workflows.synthetic_co2 import DATASET, co2_table, publish

Answer = tuple[int, str, str]
Command = Callable[..., Answer]
VARIABLE = ("--variable", "mole_fraction_of_carbon_dioxide_in_air")


@pytest.fixture
def command(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Command]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CASPIAN_ENV_DATABASE_URL", database_url)

    def run(*words: str) -> Answer:
        with pytest.raises(SystemExit) as ended:
            main([*words, "--home", str(tmp_path / "home")])
        said = capsys.readouterr()
        return int(ended.value.code or 0), said.out, said.err

    yield run


@pytest.fixture
def collected(command: Command, tmp_path: Path) -> Command:
    """Twenty-five years, and a month of the second one moved on the first of February 2021."""
    noise = {n: float(e) for n, e in enumerate(np.random.default_rng(7).normal(size=300))}
    editions = ((co2_table(300, noise), "2021-01-01"), (co2_table(300, noise | {14: noise[14] + 1.0}), "2021-02-01"))
    for text, known_at in editions:
        publish(tmp_path / "mirror", text)
        mirrored = ("--mirror", str(tmp_path / "mirror"), "--known-at", known_at)
        assert command("ingest", DATASET, *mirrored)[0] == 0
        assert command("compute", "co2_mean_1y", "--known-at", known_at)[0] == 0
    return command


def told(command: Command, *words: str) -> dict[str, Any]:
    code, out, err = command("trend", *words, "--json")
    assert code == 0, err
    (one,) = json.loads(out)
    return one


def test_numbers_are_those_of_the_annual_means(collected: Command, database_url: str) -> None:
    one = told(collected, DATASET, *VARIABLE)
    with ce.connect(database_url) as cat:
        monthly = cat.series(DATASET, VARIABLE[1])[VARIABLE[1]].to_series()
        frame = cat.trend(DATASET, VARIABLE[1])
    annual = monthly.groupby(monthly.index.year).mean()
    line = ols(annual.to_numpy(), annual.index.to_numpy(float))
    stated = next(row for row in one["lines"] if row["method"] == "OLS, n_eff")
    assert stated["estimate"] == pytest.approx(line.estimate)
    assert (stated["ci_low"], stated["ci_high"]) == pytest.approx((line.ci_low, line.ci_high))
    assert (one["n_valid"], one["n_expected"], one["unit"]) == (25, 25, "1e-6 year-1")
    (place,) = frame.index.unique("location")
    assert frame.loc[(place, "OLS, n_eff"), "estimate"] == pytest.approx(line.estimate)
    assert frame.attrs["sentences"][place] == one["sentence"]


def test_an_indicator_and_its_series_have_one_trend(collected: Command) -> None:
    series, indicator = told(collected, DATASET, *VARIABLE), told(collected, "co2_mean_1y")
    for one, other in zip(series["lines"], indicator["lines"], strict=True):
        assert one["method"] == other["method"]
        for name in ("estimate", "ci_low", "ci_high", "z", "p"):
            assert (one[name] is None) == (other[name] is None)
            assert one[name] is None or one[name] == pytest.approx(other[name], abs=1e-9)


def test_a_past_date_has_its_own_trend(collected: Command) -> None:
    def slope(*words: str) -> float:
        return float(told(collected, DATASET, *VARIABLE, *words)["lines"][0]["estimate"])

    assert slope() != slope("--as-of", "2021-01-15")
    assert slope() == slope("--as-of", "2021-02-15")
    code, _, err = collected("trend", DATASET, *VARIABLE, "--as-of", "2019-01-01")
    assert code == 1
    assert "no value was known" in err


def test_a_page_says_what_may_be_said(collected: Command) -> None:
    code, out, _ = collected("trend", DATASET, *VARIABLE)
    assert code == 0
    assert "Hamed-Rao (liberal)" in out
    assert "25 of 25 years" in out
    assert "rising" in out
    assert out.rstrip().splitlines()[-1].startswith("next: ")
    code, out, _ = collected("trend", DATASET, *VARIABLE, "--start", "1990", "--end", "1997")
    assert "no trend below 10 years" in out
    assert "Mann-Kendall" not in out
    short = told(collected, DATASET, *VARIABLE, "--start", "1990", "--end", "2004")
    assert "no word of significance below 20" in short["sentence"]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("nothing_of_the_kind",), 1, "is no series and no indicator"),
        ((DATASET,), 1, "kinds of series fit"),
        ((DATASET, *VARIABLE, "--start", "2010", "--end", "2000"), 2, "before"),
        ((DATASET, *VARIABLE, "--start", "2090"), 1, "ask for another period"),
        ((DATASET, *VARIABLE, "--level", "90"), 2, "not between 0 and 1"),
        (("co2_mean_1y", *VARIABLE), 2, "is an indicator"),
        ((DATASET, *VARIABLE, "--region", "north_caspian"), 1, "no series"),
    ],
)
def test_a_wrong_call_is_one_line(collected: Command, words: tuple[str, ...], code: int, said: str) -> None:
    ended, out, err = collected("trend", *words)
    assert (ended, out) == (code, "")
    assert said in err
    assert len(err.strip().splitlines()) == 1


def test_the_level_of_dahiti_through_the_normal_path(
    command: Command, shared: Callable[..., Path], tmp_path: Path
) -> None:
    """The altimetric record to 2022, brought in as a file of the institute's own, against pandas and the estimator."""
    table = pd.read_csv(shared("reference", "dahiti_caspian", "caspian.csv"), parse_dates=["date"])
    declare(tmp_path / "home" / "local", table)
    code, out, err = command("ingest", "example_altimetry")
    assert code == 0, out + err
    monthly = table.set_index("date")["water level"].resample("MS").agg(["mean", "count"])
    months = monthly["mean"].where(monthly["count"] >= 2)
    by_year = months.groupby(months.index.year)
    annual = by_year.mean()[by_year.count() == 12]
    start = int(min(year for year in annual.index if set(range(year, 2023)) <= set(annual.index)))
    one = told(command, "example_altimetry", "--start", str(start), "--end", "2022")
    assert (one["n_valid"], one["n_expected"], one["unit"]) == (2023 - start, 2023 - start, "cm year-1")
    rate = increment_rate(100 * annual.loc[start:2022].to_numpy(), careful=True)
    increment = one["lines"][0]
    assert increment["method"] == "mean annual increment"
    assert (increment["estimate"], increment["ci_low"], increment["ci_high"]) == pytest.approx(
        (rate.estimate, rate.ci_low, rate.ci_high), rel=1e-6
    )
    assert one["sentence"].startswith("falling")
    # What is left of a level when a number is taken off it is a level still.
    assert command("compute", "example_anomaly_1y")[0] == 0
    anomaly = told(command, "example_anomaly_1y", "--start", str(start), "--end", "2022")
    assert (anomaly["integrated"], anomaly["unit"], anomaly["sentence"]) == (True, "cm year-1", one["sentence"])
    assert anomaly["lines"][0]["ci_low"] == pytest.approx(increment["ci_low"], rel=1e-6)


def test_every_indicator_that_follows_the_level_is_taken_as_integrated() -> None:
    """Made from a height in metres: all but what compares two datums or a level with its month, rates, seasons and counts."""
    seeds = load_seeds().indicators.values()
    lengths = {
        one.function
        for one in seeds
        if one.units in ("m", "km", "km2", "km3") and any(i.variable == INTEGRATED_VARIABLES[0] for i in one.inputs)
        and not one.id.startswith("wb_")
    }  # fmt: skip
    assert {name for name in lengths if not name.startswith(INTEGRATED_FUNCTIONS)} == {
        "level_datum.offset", "surges.greatest_departure", "surges.return_level",
    }  # fmt: skip
    others = {one.function for one in seeds if one.units in ("cm", "cm year-1", "1", "degree_Celsius", "mm")}
    assert not {name for name in others if name.startswith(INTEGRATED_FUNCTIONS)} - {"water_mass.anomaly"}


def test_totals_are_added_up_and_allow_no_gap(command: Command, tmp_path: Path) -> None:
    """Daily rain (synthetic): annual totals, and no value of a year that lacks a day, where a mean would have one."""
    days = pd.date_range("1995-01-01", "2024-12-31")
    rain = pd.Series(np.random.default_rng(4).gamma(0.4, 5.0, days.size).round(1), days)
    table = rain.drop(pd.Timestamp("2010-06-15")).rename("rain").rename_axis("date").reset_index()
    local = tmp_path / "home" / "local"
    (local / "rain").mkdir(parents=True)
    (local / "rain.yaml").write_text(RAIN, encoding="utf-8")
    table.to_csv(local / "rain" / "a.csv", index=False)
    code, out, err = command("ingest", "example_rain")
    assert code == 0, out + err
    one = told(command, "example_rain")
    annual = rain.groupby(rain.index.year).sum()
    annual[2010] = np.nan
    assert (one["n_valid"], one["n_expected"], one["unit"], one["annual"]) == (29, 30, "mm year-1", "totals")
    line = ols(annual.to_numpy(), annual.index.to_numpy(float))
    assert (one["lines"][0]["estimate"], one["lines"][0]["ci_low"]) == pytest.approx((line.estimate, line.ci_low))
    assert "annual totals, mm year-1" in command("trend", "example_rain")[1]


DECLARATION = """
stations:
  - {id: example_sea, title: Whole sea, longitude: 51.0, latitude: 42.0, source: for this test}
datums:
  - {id: example_zero, title: Datum of the product, source: for this test}
datasets:
  - id: example_altimetry
    title: Altimetric level
    summary: Level of the sea from several missions.
    provider: DGFI-TUM
    licence: cite
    redistributable: false
    citation: "Schwatke et al. 2015, doi:10.5194/hess-19-4345-2015"
    update_frequency: P1M
    publication_delay_days: 30
    coverage_start: "1992-09-28"
    whole_record: true
    locations: [example_sea]
    cannot: Its datum is its own.
    variables:
      - name: level
        variable: water_surface_height_above_reference_datum
        resolution: instant
        units: m
        datum: example_zero
        qc:
          gross_range: {fail: [-40, -15], suspect: [-35, -20]}
    options:
      files: altimetry/*.csv
      method: satellite altimetry
      time: {column: date}
indicators:
  - id: example_anomaly_1y
    title: Anomaly of the level
    function: level_monthly.annual_anomaly
    method_version: "1"
    units: m
    statistic: annual mean less that of the base period
    parameters: {base: [1993, 2020], min_share: 0.8, min_epochs: 2, min_cycle_years: 5, annual_uncertainty: 0.03,
                 ci_level: 0.9}
    citation: "Schwatke et al. 2015, doi:10.5194/hess-19-4345-2015"
    decimals: 2
    note: For this test.
    variants:
      - inputs:
          level: {dataset: example_altimetry, variable: water_surface_height_above_reference_datum, resolution: instant,
                  datum: example_zero}
        locations: [example_sea]
"""

RAIN = """
stations:
  - {id: example_post, title: Post, longitude: 51.0, latitude: 43.0, source: for this test}
datasets:
  - id: example_rain
    title: Rain of a post
    summary: Synthetic daily totals.
    provider: this test
    licence: none
    redistributable: false
    citation: none
    update_frequency: P1M
    publication_delay_days: 30
    coverage_start: "1995-01-01"
    whole_record: true
    locations: [example_post]
    cannot: It is synthetic.
    variables:
      - {name: rain, variable: lwe_thickness_of_precipitation_amount, resolution: P1D, units: mm}
    options:
      files: rain/*.csv
      method: none
      time: {column: date}
"""


def declare(local: Path, table: pd.DataFrame) -> None:
    (local / "altimetry").mkdir(parents=True)
    (local / "altimetry.yaml").write_text(DECLARATION, encoding="utf-8")
    table.rename(columns={"water level": "level"})[["date", "level"]].to_csv(local / "altimetry" / "a.csv", index=False)
