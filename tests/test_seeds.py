"""The seeds say what they must, and every name in them exists."""

from __future__ import annotations

import importlib
import inspect
import shutil
from pathlib import Path

import cf_units
import pytest

from caspian_env.errors import SeedError
from caspian_env.processing.qc import flag_tests
from caspian_env.seeds import load_datasets, load_datums, load_locations, load_reports, load_variables
from caspian_env.settings import data_folder
from caspian_env.wiring import load_seeds

SEEDS = data_folder("seeds")
NEEDED = (
    "variables.yaml",
    "datums.csv",
    "stations.csv",
    "countries.csv",
    "regions.yaml",
    "datasets",
    "indicators",
)
DATASETS = load_datasets()


@pytest.fixture
def seeds(tmp_path: Path) -> Path:
    """A copy of the seeds that a test may spoil."""
    folder = tmp_path / "seeds"
    shutil.copytree(SEEDS, folder)
    return folder


def spoil(folder: Path, name: str, old: str, new: str) -> None:
    text = (folder / name).read_text(encoding="utf-8")
    assert old in text, f"{old!r} is not in {name}"
    (folder / name).write_text(text.replace(old, new, 1), encoding="utf-8")


@pytest.mark.parametrize("dataset", DATASETS.values(), ids=list(DATASETS))
class TestDataset:
    def test_its_module_has_the_two_functions(self, dataset) -> None:
        module = importlib.import_module(f"caspian_env.sources.{dataset.module}")
        shared = ["options"] if dataset.options else []
        assert list(inspect.signature(module.list_granules).parameters) == ["window", "http", *shared]
        assert list(inspect.signature(module.read_granule).parameters) == ["path", *shared]
        own = [n for n, f in inspect.getmembers(module, inspect.isfunction) if f.__module__ == module.__name__]
        # A table that people add to also says what of it had been published by a day.
        assert {name for name in own if not name.startswith("_")} - {"published_by"} == {
            "list_granules",
            "read_granule",
        }
        assert inspect.getdoc(module)

    def test_its_units_are_those_of_its_variables(self, dataset) -> None:
        for measured in dataset.variables:
            wanted = cf_units.Unit(load_variables()[measured.variable].units)
            assert measured.units is None or cf_units.Unit(measured.units).is_convertible(wanted)

    def test_its_thresholds_are_tests_and_contain_each_other(self, dataset) -> None:
        for measured in dataset.variables:
            assert measured.qc, f"{measured.name} has no quality control"
            flag_tests([], [], measured.qc)
            limits = measured.qc["gross_range"]
            assert limits["fail"][0] <= limits["suspect"][0] < limits["suspect"][1] <= limits["fail"][1]

    def test_heights_have_a_datum_and_nothing_else_has(self, dataset) -> None:
        for measured in dataset.variables:
            is_height = measured.variable.startswith("water_surface_height") or measured.variable == "bedrock_altitude"
            assert (measured.datum not in (None, "none")) == is_height

    def test_its_provenance_can_be_printed(self, dataset) -> None:
        for text in (
            dataset.title,
            dataset.summary,
            dataset.provider,
            dataset.licence,
            dataset.citation,
            dataset.cannot,
        ):
            assert text.strip() == text != ""
        assert dataset.kind in ("table", "grid")
        assert dataset.hosts == ("local:",) or all(h.startswith("https://") and h.endswith("/") for h in dataset.hosts)
        assert dataset.hosts or dataset.module == "reported_levels"
        assert "doi:" in dataset.citation or dataset.doi is None

    def test_a_grid_promises_where_it_has_values_and_nothing_else_does(self, dataset) -> None:
        on_cells = dataset.kind == "grid" and dataset.theme != "local"
        assert bool(dataset.gives) == on_cells
        assert on_cells or not any(measured.gives for measured in dataset.variables)


def test_series_of_one_dataset_differ() -> None:
    for dataset in DATASETS.values():
        identities = [(m.variable, m.resolution, m.datum) for m in dataset.variables]
        assert len(set(identities)) == len(identities)


@pytest.mark.parametrize(
    ("state", "problem"),
    [
        ("state: gone", "state names 'gone'"),
        ("state: retired", "is retired since when"),
        ('state_since: "2024"', "is active and has a state_since"),
        ("successor: gpcp", "is active and has a successor"),
        ('state: frozen\n  state_since: "spring"', "state_since is 'spring'"),
        ('state: frozen\n  state_since: "2024-13"', "state_since is '2024-13'"),
        ("state: frozen\n  state_since: 2024-07-01", "not of type str"),
        ('state: frozen\n  state_since: "2024"\n  successor: nobody', "successor names 'nobody'"),
        ('state: frozen\n  state_since: "2024"\n  successor: chirps_v3', "successor names 'chirps_v3'"),
    ],
)
def test_what_is_frozen_or_retired_says_since_when_and_what_follows_it(seeds: Path, state: str, problem: str) -> None:
    spoil(seeds, "datasets/atmosphere.yaml", "- id: chirps_v3\n", f"- id: chirps_v3\n  {state}\n")
    with pytest.raises(SeedError, match=problem) as refused:
        load_datasets(seeds)
    assert "chirps_v3" in refused.value.subject


@pytest.mark.parametrize("since", ["2024", "2024-07", "2024-07-01"])
def test_a_day_a_month_or_a_year_dates_a_state(seeds: Path, since: str) -> None:
    state = f'  state: retired\n  state_since: "{since}"\n  successor: gpcp\n'
    spoil(seeds, "datasets/atmosphere.yaml", "- id: chirps_v3\n", f"- id: chirps_v3\n{state}")
    assert load_datasets(seeds)["chirps_v3"].state_since == since


def test_what_must_not_be_passed_on_is_marked() -> None:
    kept_back = {d.id for d in DATASETS.values() if not d.redistributable}
    assert {"dahiti_water_level", "jma_cobe_sst2", "ostia"} <= kept_back
    assert not kept_back & {d.id for d in DATASETS.values() if "ublic domain" in d.licence}
    key = DATASETS["dahiti_water_level"].key
    assert key is not None
    assert (key.setting, key.parameter, key.place) == ("DAHITI_KEY", "api_key", "form")


def test_variables_are_in_units_of_udunits() -> None:
    for variable in load_variables().values():
        assert not cf_units.Unit(variable.units).is_unknown()


def test_datums_include_none() -> None:
    datums = load_datums()
    assert set(datums) >= {"none", "BS77", "EGM2008", "dahiti_39", "gwm_jason2_pass"}
    assert (datums["BS77"].epsg, datums["none"].epsg) == (5705, None)


def test_locations_have_a_polygon_or_a_point() -> None:
    locations = load_locations()
    assert {"caspian_sea", "kara_bogaz_gol", "gwm_lake_000270", "mauna_loa", "globe"} <= set(locations)
    awaited = [location for location in locations.values() if location.awaits_outline]
    assert [location.id for location in awaited] == ["volga_basin"]
    assert all("caspian-env region add" in location.source for location in awaited)
    for location in (one for one in locations.values() if one not in awaited):
        assert (location.geometry is not None) == (location.kind == "region") == (location.area_km2 is not None)
        assert (location.longitude is not None) == (location.kind == "station")


def test_indicators_take_series_that_exist() -> None:
    indicators = load_seeds().indicators
    assert indicators
    assert all(indicator.inputs and indicator.locations for indicator in indicators.values())


def test_a_variant_lays_its_own_over_the_definition(seeds: Path) -> None:
    shutil.rmtree(seeds / "indicators")
    (seeds / "indicators").mkdir()
    (seeds / "indicators" / "made_up.yaml").write_text(
        """
- id: made_up
  title: Made up
  function: nowhere.nothing
  method_version: "1"
  units: m
  statistic: nothing
  parameters: {a: 1, b: [1, 2]}
  citation: none
  decimals: 2
  note: First.
  variants:
    - suffix: ""
      inputs: {level: {dataset: reported_levels, variable: water_surface_height_above_reference_datum}}
      locations: [caspian_sea]
    - suffix: other
      title: Other
      inputs:
        level: {dataset: dahiti_water_level, variable: water_surface_height_above_reference_datum, resolution: instant}
        air: {dataset: nasa_gistemp, variable: air_temperature_anomaly, location: globe}
      locations: [caspian_sea]
      parameters: {a: 3}
      datum: dahiti_39
      note: Second.
""",
        encoding="utf-8",
    )
    found = load_seeds(seeds).indicators
    assert list(found) == ["made_up", "made_up_other"]
    plain, other = found.values()
    assert (plain.title, plain.parameters, plain.note, plain.datum) == (
        "Made up",
        {"a": 1, "b": [1, 2]},
        "First.",
        None,
    )
    assert (other.title, other.parameters, other.datum) == ("Other", {"a": 3, "b": [1, 2]}, "dahiti_39")
    assert other.note == "First. Second."
    assert [(i.argument, i.dataset, i.location) for i in other.inputs] == [
        ("level", "dahiti_water_level", None),
        ("air", "nasa_gistemp", "globe"),
    ]


def read_whole(folder: Path) -> None:
    """All the seeds, those too that are read when somebody asks for them."""
    seeds = load_seeds(folder)
    for later in (seeds.indicators, seeds.targets, seeds.pledges, seeds.confidence):
        len(later)


@pytest.mark.parametrize(
    ("name", "old", "new", "message"),
    [
        ("datasets/level.yaml", "  licence:", "  license:", "nasa_gwm_lake: unknown key license"),
        ("datasets/level.yaml", "  kind: table\n", "", "nasa_gwm_lake: has no kind"),
        (
            "datasets/level.yaml",
            "publication_delay_days: 10",
            'publication_delay_days: "10"',
            "is '10' and not of type int",
        ),
        ("datasets/level.yaml", "whole_record: true", "whole_record: 1", "whole_record is 1 and not of type bool"),
        ("datasets/level.yaml", "locations: [gwm_lake_000270]", "locations: gwm_lake_000270", "not of type list"),
        ("datasets/level.yaml", "locations: [gwm_lake_000270]", "locations: [aral]", "locations names 'aral'"),
        ("datasets/level.yaml", "datum: gwm_jason2_pass", "datum: chart", "variables.datum names 'chart'"),
        (
            "datasets/context.yaml",
            "variable: air_temperature_anomaly",
            "variable: heat",
            "variables.variable names 'heat'",
        ),
        ("datasets/level.yaml", "      uncertainty: error", "      error: error", "variables.*: unknown key error"),
        ("datasets/level.yaml", "    parameter: api_key\n", "", "dahiti_water_level: key: has no parameter"),
        ("datasets/context.yaml", "- id: nasa_gistemp", "- id: noaa_gml_co2", "noaa_gml_co2: stands twice"),
        ("datasets/level.yaml", "- id: nasa_gwm_lake", "  id: nasa_gwm_lake", "datasets/level.yaml: is not"),
        ("variables.yaml", "  units: m\n", "  units: 1\n", "units is 1 and not of type str"),
        ("datums.csv", "5705", "BS77", "datums.csv: BS77: epsg is 'BS77' and not a number"),
        ("datums.csv", "id,title,epsg", "id,title,code", "unknown key code"),
        ("stations.csv", "50.385,41.970,", "50.385,", "another number of cells"),
        ("stations.csv", "globe,Globe", "mauna_loa,Globe", "mauna_loa: stands twice"),
        ("regions.yaml", "geojson: caspian_sea.geojson", "geojson: aral.geojson", "caspian_sea: geojson: aral.geojson"),
        ("regions.yaml", "area_km2:", "area:", "caspian_sea: unknown key area"),
        ("regions/caspian_sea.geojson", '"type":"Polygon"', '"type":"Point"', "holds a Point"),
        ("regions/caspian_sea.geojson", "{", "", "is not GeoJSON"),
        (
            "indicators/sea_level.yaml",
            "dataset: dahiti_water_level",
            "dataset: hydroweb",
            "inputs.level.dataset names 'hydroweb'",
        ),
        ("indicators/sea_level.yaml", "datum: dahiti_39, resolution", "datum: BS77, resolution", "gives no series"),
        ("indicators/sea_level.yaml", "  decimals: 2", "  digits: 2", "unknown key digits"),
        ("indicators/sea_level.yaml", "datum: EGM2008, resolution", "resolution", "nasa_gwm_lake gives several series"),
        (
            "indicators/sea_level.yaml",
            "locations: [caspian_sea]",
            "locations: [north_caspian]",
            "location of dahiti_water_level",
        ),
    ],
)
def test_a_wrong_seed_names_file_entry_and_key(seeds: Path, name: str, old: str, new: str, message: str) -> None:
    spoil(seeds, name, old, new)
    with pytest.raises(SeedError, match=message) as refused:
        load_locations(seeds)
        load_datasets(seeds)
        read_whole(seeds)
    assert Path(name).parts[0] in str(refused.value) or name.startswith("regions/")


@pytest.mark.parametrize("name", NEEDED)
def test_a_missing_file_is_an_error(seeds: Path, name: str) -> None:
    shutil.rmtree(seeds / name) if (seeds / name).is_dir() else (seeds / name).unlink()
    with pytest.raises(SeedError, match=name):
        read_whole(seeds)


def test_a_report_names_indicators_that_exist() -> None:
    seeds = load_seeds()
    known = {indicator.definition for indicator in seeds.indicators.values()} | set(seeds.indicators)
    for report in load_reports().values():
        for section in report["sections"]:
            shown = section.get("figures", [])
            assert {name for figure in shown for name in figure.get("values", [])} <= known
            assert {
                line["indicator"] for figure in shown for line in figure.get("lines", []) if "indicator" in line
            } <= known
            assert {*section.get("indicators", []), *section.get("about", [])} <= known
        assert {name for line in report["headlines"] for name in line["of"]} <= set(seeds.indicators)


def test_words_that_a_comma_cut_are_an_error(seeds: Path) -> None:
    whole = (seeds / "reports.yaml").read_text(encoding="utf-8")
    cut = whole.replace("en: For those who keep the platform", "en: For those, who keep the platform")
    assert cut != whole
    (seeds / "reports.yaml").write_text(cut, encoding="utf-8")
    with pytest.raises(SeedError, match="'who keep the platform' is no language: a comma cut the words"):
        load_reports(seeds)
