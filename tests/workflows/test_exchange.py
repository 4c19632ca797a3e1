"""Exports in every format, read by the format's own library; what a licence keeps back is in none of them."""

from __future__ import annotations

import csv
import json
import re
import warnings
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from caspian_env.catalog.query import ask
from caspian_env.errors import SettingsError
from caspian_env.formats.sdmx_structure import unit_code
from caspian_env.reports.page import build
from caspian_env.seeds.crosswalk import FRAMEWORKS
from caspian_env.wiring import Platform, load_seeds
from caspian_env.workflows.exchange import FORMATS, export, time_period
from caspian_env.workflows.explain import explain, parse_target
from caspian_env.workflows.prov import prov_document
from caspian_env.workflows.report import fill_report
from caspian_env.workflows.report_groups import by_framework
from caspian_env.workflows.site import indicator_report
from caspian_env.workflows.site_changes import changes, news
from tests.workflows.export_bench import KEPT_BACK, ONLY, SECRET, exported, numbers_kept_back


@pytest.fixture(scope="module")
def platform(shared: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    with exported(shared, tmp_path_factory.mktemp("exchange")) as platform:
        yield platform


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.slow
@pytest.mark.parametrize("form", FORMATS)
def test_nothing_under_a_forbidding_licence_leaves(platform: Platform, form: str, tmp_path: Path) -> None:
    done = export(platform, form, tmp_path / form, group_by="theme")
    assert {row["INDICATOR"] for row in done.rows} == ONLY - KEPT_BACK
    assert {row["INDICATOR"] for row in table(tmp_path / form / "withheld.csv")} == KEPT_BACK | {"disaster_affected"}
    assert [(row["QUANTITY"], row["VALUE"]) for row in table(tmp_path / form / "reported.csv")] == [
        ("corridor_volume", "2.76")
    ]
    statement = (
        "SELECT DISTINCT o.value FROM v_observation o WHERE o.redistributable = :no AND o.value <> round(o.value)"
        " AND abs(o.value) > 20"
    )
    secret = {repr(row[0]) for row in ask(platform.catalog, statement, {"no": False}, limit=None).rows}
    secret |= {repr(SECRET)} | numbers_kept_back(platform)
    assert len(secret) > 1000
    for path in done.files:
        text = path.read_text(encoding="utf-8")
        cells = set(text.replace("\r\n", ",").split(","))
        assert not cells & secret, path.name
    themes = [row["THEME"] for row in table(tmp_path / form / "indicators.csv")]
    assert themes == sorted(themes)


@pytest.mark.slow
def test_neither_report_nor_site_nor_feed_hands_on_what_is_kept_back(platform: Platform) -> None:
    """The pages of indicators, the briefing, their files, and the feeds of the site."""
    secret = numbers_kept_back(platform) | {repr(SECRET)}
    with platform.catalog.read() as connection:
        pages = [indicator_report(connection, platform, platform.seeds.indicators[name]) for name in sorted(ONLY)]
        entries = news(connection, platform.seeds) + changes(connection, platform.seeds)
        briefing = fill_report(connection, platform, "cop29")
    for page in (*pages, briefing):
        assert page is not None
        assert not {value.indicator_id for value in page.values} & KEPT_BACK
        for name, content in build(page).items():
            cells = set(re.split(r"[,<>\s]", content.decode()))
            assert not (found := cells & secret), (page.id, name, sorted(found))
    named = {entry.page for entry in entries}
    assert {f"indicator-{name}.html" for name in ONLY - KEPT_BACK} == named
    held = {page.refusals[0].indicator_id: page.refusals for page in pages if page and not page.values}
    assert set(held) == KEPT_BACK
    for refusals in held.values():
        assert all("may not be passed on; get it from" in refusal.reason for refusal in refusals)


@pytest.mark.slow
@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_reports_by_framework_hand_on_nothing_either(platform: Platform, framework: str) -> None:
    with platform.catalog.read() as connection:
        briefing = by_framework(fill_report(connection, platform, "cop29"), platform.seeds.indicators, framework)
    secret = numbers_kept_back(platform) | {repr(SECRET), f"{SECRET:g}"}
    for name, content in build(briefing).items():
        assert not set(re.split(r"[,<>\s]", content.decode())) & secret, name


@pytest.mark.slow
def test_a_lineage_document_names_the_number_that_it_keeps_back(platform: Platform) -> None:
    def document(name: str) -> tuple[object, dict[str, object]]:
        indicator_id, period = parse_target(f"{name}@2020")
        explained = explain(platform, indicator_id, period, location="KAZ")
        entities = prov_document(platform, explained)["entity"]
        return explained.fields["value"], next(e for key, e in entities.items() if ":value-" in key)

    number, entity = document("ghg_total_1y_edgar")
    assert not {f"caspian:{name}" for name in ("value", "ci_low", "ci_high")} & set(entity)
    assert "may not be passed on" in str(entity["caspian:reason"])
    assert repr(number) not in json.dumps(entity)
    number, entity = document("ghg_change_1y_edgar")
    assert repr(number) in json.dumps(entity["caspian:value"])


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # the library leaves its file open
def test_sdmx_reads_structure_and_data(platform: Platform, tmp_path: Path) -> None:
    done = export(platform, "sdmx-csv", tmp_path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        sdmx = pytest.importorskip("sdmx", reason="sdmx1 is not installed")
        message = sdmx.read_sdmx(tmp_path / "structure.xml")
    structure = message.structure["DSD_INDICATORS"]
    assert [d.id for d in structure.dimensions] == ["INDICATOR", "REF_AREA", "TIME_PERIOD"]
    assert [m.id for m in structure.measures] == ["OBS_VALUE"]
    names = {"DATAFLOW", "OBS_VALUE"} | {c.id for c in (*structure.dimensions, *structure.attributes)}
    rows = table(tmp_path / "indicators.csv")
    assert set(rows[0]) == names
    assert {row["DATAFLOW"] for row in rows} == {"CASPIAN_ENV:INDICATORS(1.0)"}
    keys = {(row["INDICATOR"], row["REF_AREA"], row["TIME_PERIOD"]) for row in rows}
    assert len(keys) == len(rows) == len(done.rows) > 1000
    assert message.dataflow["INDICATORS"].structure.id == "DSD_INDICATORS"
    coded = {c.id: c.local_representation.enumerated for c in (*structure.dimensions, *structure.attributes)
             if c.local_representation and c.local_representation.enumerated}  # fmt: skip
    assert {"INDICATOR", "REF_AREA", "UNIT_MEASURE", "OBS_STATUS_WORD", "GWP_SET", "LULUCF"} <= set(coded)
    for name, codelist in coded.items():
        assert codelist is message.codelist[f"CL_{name}"]
        assert {row[name] for row in rows} - {""} == set(codelist.items), name
    titles = {code: str(item.name) for code, item in message.codelist["CL_INDICATOR"].items.items()}
    assert titles == {name: platform.seeds.indicators[name].title for name in titles}
    assert str(message.codelist["CL_REF_AREA"]["KAZ"].name) == "Kazakhstan"
    spelt = {code: str(item.name) for code, item in message.codelist["CL_UNIT_MEASURE"].items.items()}
    assert (
        spelt
        == {"Mt": "Mt", "percent": "percent", "percent_year-1": "percent year-1"}
        == {unit_code(row["UNIT_MEASURE"]): row["UNIT_MEASURE"] for row in done.rows}
    )
    # The library reads rows of version 2.0 alone, which has two more columns in front.
    head, *lines = (tmp_path / "indicators.csv").read_text(encoding="utf-8").splitlines()
    parts = [line.partition(",") for line in lines]
    two = ["STRUCTURE,STRUCTURE_ID,ACTION" + head.removeprefix("DATAFLOW")]
    two += [f"dataflow,{flow},I,{rest}" for flow, _, rest in parts]
    (tmp_path / "two.csv").write_text("\n".join(two) + "\n", encoding="utf-8")
    (read,) = sdmx.read_sdmx(tmp_path / "two.csv", structure=message.dataflow["INDICATORS"]).data
    assert [float(one.value) for one in read.obs] == [row["OBS_VALUE"] for row in done.rows]
    assert {str(one.attached_attribute["UNIT_MEASURE"].value) for one in read.obs} == set(spelt)


def test_every_unit_is_a_code_of_its_own() -> None:
    units = {indicator.units for indicator in load_seeds().indicators.values()}
    codes = {unit_code(unit) for unit in units}
    assert len(codes) == len(units) > 20
    assert all(re.fullmatch(r"[A-Za-z0-9_@$-]+", code) for code in codes)


@pytest.mark.slow
def test_frictionless_finds_the_package_valid(platform: Platform, tmp_path: Path) -> None:
    done = export(platform, "data-package", tmp_path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        frictionless = pytest.importorskip("frictionless", reason="frictionless is not installed")
        report = frictionless.validate(str(tmp_path / "datapackage.json"))
        assert report.valid, report.flatten(["type", "message"])[:3]
        package = frictionless.Package(str(tmp_path / "datapackage.json"))
        assert len(package.get_resource("indicators").read_rows()) == len(done.rows)
        assert [float(row["VALUE"]) for row in package.get_resource("reported").read_rows()] == [2.76]
    assert "kept back" in package.description
    spoilt = (tmp_path / "indicators.csv").read_text(encoding="utf-8").replace("Mt,", "Mt,no number", 1)
    (tmp_path / "indicators.csv").write_text(spoilt, encoding="utf-8")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert not frictionless.validate(str(tmp_path / "datapackage.json")).valid


@pytest.mark.slow
def test_csvw_reads_every_row_by_its_metadata(platform: Platform, tmp_path: Path) -> None:
    done = export(platform, "csvw", tmp_path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        csvw = pytest.importorskip("csvw", reason="csvw is not installed")
        group = csvw.TableGroup.from_file(tmp_path / "csv-metadata.json")
        rows = list(group.tabledict["indicators.csv"].iterdicts(strict=True))
        told = list(group.tabledict["reported.csv"].iterdicts(strict=True))
    assert [row["OBS_VALUE"] for row in rows] == [row["OBS_VALUE"] for row in done.rows]
    assert [row["VALUE"] for row in told] == [2.76]


@pytest.mark.slow
def test_every_row_names_its_basis_and_edition(platform: Platform, tmp_path: Path) -> None:
    done = export(platform, "csvw", tmp_path, only={"ghg_change_1y_edgar"})
    assert len(done.rows) > 100
    for row in done.rows:
        assert (row["GWP_SET"], row["LULUCF"], row["BASE_YEAR"]) == ("AR5", "excluded", 1990)
        assert row["EDITION"].endswith("edition 2024")
        assert "NC-ND" in row["LICENCE"]
        assert (row["THEME"], row["SDG"]) == ("A", "13.2.2")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("form", "more"), [("xlsx", {}), ("csvw", {"group_by": "colour"}), ("csvw", {"only": {"nothing"}})]
)
def test_a_wrong_call_is_named(platform: Platform, tmp_path: Path, form: str, more: dict[str, object]) -> None:
    with pytest.raises(SettingsError, match=r"known: |lists all"):
        export(platform, form, tmp_path, **more)


def test_periods_are_written_as_sdmx_has_them() -> None:
    def day(*parts: int) -> datetime:
        return datetime(*parts, tzinfo=UTC)

    assert time_period(day(2023, 1, 1), day(2024, 1, 1)) == "2023"
    assert time_period(day(2023, 5, 1), day(2023, 6, 1)) == "2023-05"
    assert time_period(day(2014, 1, 1), day(2024, 1, 1)) == "2014-01-01/P3652D"
