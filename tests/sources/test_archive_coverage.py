"""Every real file at hand is read by a dataset, or stands in a table with the reason why not."""

from __future__ import annotations

import csv
from collections.abc import Callable
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from caspian_env.errors import BadGranule
from caspian_env.seeds import load_datasets, load_uncovered
from caspian_env.wiring import source_of

TABLE = Path(__file__).resolve().parent.parent / "data" / "archive_coverage.csv"
ROWS = [
    *csv.DictReader(TABLE.read_text(encoding="utf-8").splitlines()),
    *(
        {"pattern": row["pattern"], "dataset": "", "reason": row["reason"]}
        for row in load_uncovered()
        if row["what"] == "file"
    ),
]
HOSTS = {row["pattern"].partition("/")[0] for row in ROWS}
# Its scale was lost by the provider, and repaired later that year.
REFUSED = "2020-08/raw.githubusercontent.com/owid/co2-data/master/owid-co2-data.csv"
SOURCES_OF_THIS_FILE = {
    "owid_co2", "owid_total_ghg", "edgar_ghg", "unfccc_ghg", "climate_watch", "ndc_registry", "noaa_gml_co2",
    "noaa_gml_co2_global", "noaa_gml_co2_global_annual", "noaa_gml_ch4", "noaa_gml_n2o", "nasa_gistemp",
}  # fmt: skip


def files(archive: Path) -> list[str]:
    return sorted(p.relative_to(archive).as_posix() for p in archive.glob("20*/**/*") if p.is_file())


def rows_of(name: str) -> list[dict[str, str]]:
    return [row for row in ROWS if fnmatchcase(name.partition("/")[2], row["pattern"])]


def test_each_row_names_a_dataset_or_a_reason() -> None:
    for row in ROWS:
        assert bool(row["dataset"]) != bool(row.get("reason")), row
        assert row["dataset"] in {"", *load_datasets()}, row


def test_every_file_of_these_hosts_stands_in_the_table_once_and_no_row_is_idle(shared: Callable[..., Path]) -> None:
    names = [name for name in files(shared("archive")) if name.split("/")[1] in HOSTS]
    assert {name: len(rows_of(name)) for name in names} == dict.fromkeys(names, 1)
    used = {row["pattern"] for name in names for row in rows_of(name)}
    assert used == {row["pattern"] for row in ROWS}


@pytest.mark.slow
def test_every_file_with_a_dataset_is_read_by_it(shared: Callable[..., Path]) -> None:
    archive, read = shared("archive"), 0
    for name in files(archive):
        for dataset in (row["dataset"] for row in rows_of(name) if row["dataset"] in SOURCES_OF_THIS_FILE):
            source = source_of(load_datasets()[dataset])
            if name == REFUSED:
                with pytest.raises(BadGranule, match="their scale is lost"):
                    source.read_granule(archive / name)
                continue
            assert source.read_granule(archive / name).sizes["time"] > 0, name
            read += 1
    assert read == 30


BROKEN = [
    "co2-mm-mlo__header_shifted.csv", "co2-mm-gl__header_shifted.csv", "co2-mm-mlo__header_only_2026-03-01.csv",
    "GLB.Ts+dSST__september_autofill.csv", "gdp__years_shifted_2024-10-20.csv", "global-temp_annual__stale.csv",
    "irena_re_share__zeros_for_unpublished.csv", "ndcs__old_column_names_2017.csv", "owid-co2-data__lfs_pointer.csv",
    "owid-co2__percapita_scale_lost_2020-08-07.csv", "owid-co2__spreadsheet_export.csv", "co2_mm_mlo__truncated.csv",
    "co2_mm_mlo__html_error_page.csv", "worldbank__error_body_http200.json",
]  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_no_damaged_file_is_taken_for_data_by_any_of_these_sources(shared: Callable[..., Path], name: str) -> None:
    for dataset in SOURCES_OF_THIS_FILE | {"primap_hist"}:
        with pytest.raises(BadGranule) as refused:
            source_of(load_datasets()[dataset]).read_granule(shared("samples", "broken", name))
        assert refused.value.problem
