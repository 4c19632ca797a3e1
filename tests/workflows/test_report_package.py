"""A report as a data package: whole, valid for the tool of the format, and the same bytes as what was frozen."""

from __future__ import annotations

import json
import warnings
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from caspian_env.errors import CatalogError, SettingsError
from caspian_env.settings import Settings
from caspian_env.wiring import Platform, open_platform
from caspian_env.workflows.edition_store import editions_folder
from caspian_env.workflows.freeze import freeze
from caspian_env.workflows.report_package import pack
from caspian_env.workflows.run import run
from tests.workflows.synthetic_co2 import DATASET, co2_table, publish

ALLOWED = ("refused", "flagged", "no_uncertainty", "unproven")


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    folder = tmp_path_factory.mktemp("package")
    publish(folder / "mirror", co2_table(60))
    settings = Settings(
        home=folder / "home", database_url=f"sqlite:///{folder}/caspian.db", mirror=str(folder / "mirror"),
        datasets=(DATASET,),
    )  # fmt: skip
    with open_platform(settings) as opened:
        run(opened)
        yield opened


def errors_of(path: Path) -> list[str]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        frictionless = pytest.importorskip("frictionless", reason="frictionless is not installed")
        report = frictionless.Package(str(path)).validate()
    return [error.type for task in report.tasks for error in task.errors] + [error.type for error in report.errors]


@pytest.mark.slow
def test_a_package_is_whole_and_valid_until_a_file_is_changed(platform: Platform, tmp_path: Path) -> None:
    written = pack(
        platform, "bulletin", tmp_path / "out", languages=("en",), formats=("html", "csv", "parquet", "netcdf", "pdf")
    )
    names = {path.name for path in written}
    assert names == {
        "bulletin.html", "bulletin.csv", "observations.csv", "bulletin.pdf", "bulletin.nc",
        "bulletin.parquet", "observations.parquet", "bulletin-citations.bib",
        "bulletin-citations.csl.json", "bulletin-citations.txt", "datapackage.json",
    }  # fmt: skip
    described = json.loads((tmp_path / "out" / "datapackage.json").read_text(encoding="utf-8"))
    assert {one["path"] for one in described["resources"]} == names - {"datapackage.json"}
    assert DATASET in (tmp_path / "out" / "bulletin-citations.bib").read_text(encoding="utf-8")
    assert "Retrieved" in described["sources"][0]["title"]
    assert errors_of(tmp_path / "out" / "datapackage.json") == []
    with (tmp_path / "out" / "bulletin.csv").open("a", encoding="utf-8") as file:
        file.write("# added\n")
    assert errors_of(tmp_path / "out" / "datapackage.json") == ["hash-count", "byte-count"]


@pytest.mark.slow
def test_an_edition_is_packed_as_it_was_frozen(platform: Platform, tmp_path: Path) -> None:
    name = freeze(platform, "bulletin", allow=ALLOWED, languages=("en",), formats=("csv", "cite")).edition.id
    pack(platform, name, tmp_path / "one.zip")
    pack(platform, name, tmp_path / "two.zip")
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()
    frozen = editions_folder(platform.settings.home) / name
    with zipfile.ZipFile(tmp_path / "one.zip") as archive:
        for path in frozen.iterdir():
            assert archive.read(path.name) == path.read_bytes()
        described = json.loads(archive.read("datapackage.json"))
        assert name in described["description"] and described["name"] == name
        archive.extractall(tmp_path / "unpacked")
    assert errors_of(tmp_path / "unpacked" / "datapackage.json") == []
    with pytest.raises(SettingsError, match="packed as it was frozen"):
        pack(platform, name, tmp_path / "three.zip", formats=("pdf",))
    spoiled = frozen / "bulletin.csv"
    spoiled.chmod(0o644)
    spoiled.write_bytes(b"other")
    with pytest.raises(CatalogError, match=r"bulletin.csv is not what was frozen"):
        pack(platform, name, tmp_path / "four.zip")
    assert not (tmp_path / "four.zip").exists()
