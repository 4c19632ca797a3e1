"""What a newcomer does wrong in the first hour, and the line that says how it is done."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
from pathlib import Path

import pytest

from caspian_env.demo import co2
from tests.command_line import caspian_env, command, environment


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a ``home`` after a run on one synthetic table of two quantities, and its ``mirror``."""
    made = tmp_path_factory.mktemp("first slips, with a space")
    for address, make in co2.files(1).items():
        path = made / "mirror" / address
        path.parent.mkdir(parents=True)
        path.write_bytes(make())
    ran = caspian_env("ingest", "noaa_gml_co2", "--home", "home", "--mirror", "mirror", cwd=made)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return made


def test_without_a_word_it_lists_its_commands(tmp_path: Path) -> None:
    said = caspian_env(cwd=tmp_path)
    assert "Commands" in said.stdout + said.stderr
    assert "Traceback" not in said.stderr


@pytest.mark.parametrize("day", ["11.11.2024", "2024-13-01", "yesterday"])
def test_a_day_that_cannot_be_read_says_how_one_is_written(folder: Path, day: str) -> None:
    said = caspian_env("series", "noaa_gml_co2", "--as-of", day, "--home", "home", cwd=folder)
    assert said.returncode == 2
    assert "2024-11-11T06:00" in said.stderr
    assert "%Y" not in said.stderr


@pytest.mark.parametrize("day", ["2100-01-01", "2100-01-01T06:00", "2100-01-01 06:00:00+05:00"])
def test_days_and_moments_are_read_with_and_without_a_zone(folder: Path, day: str) -> None:
    said = caspian_env("series", "noaa_gml_co2", "--as-of", day, "--limit", "1", "--home", "home", cwd=folder)
    assert said.returncode == 0, said.stderr


def test_values_of_two_quantities_say_which_they_are(folder: Path) -> None:
    said = caspian_env("series", "noaa_gml_co2", "--limit", "1", "--home", "home", "--json", cwd=folder)
    names = {row["variable"] for row in json.loads(said.stdout)}
    plain = "mole_fraction_of_carbon_dioxide_in_air"
    assert names == {plain, f"{plain}_deseasonalised"}


@pytest.mark.parametrize(
    ("words", "code", "remedy"),
    [
        (("series", "noaa_gml_co2", "--region", "mauna"), 1, "nearest: mauna_loa"),
        (("series", "noaa_gml_co2", "--variable", "co2"), 1, "known: mole_fraction_of_carbon_dioxide_in_air"),
        (("series", "gpcc"), 1, "caspian-env ingest gpcc"),
        (("explain", "noaa_gml_co2@2020"), 2, "caspian-env series noaa_gml_co2"),
        (("explain", "sl_mean_1y@2020"), 2, "nearest: sl_mean_1y_dahiti"),
        (("explain", "qqqq@2020"), 2, "caspian-env indicators lists all"),
        (
            ("sql", "SELECT 1 WHERE 1 = :as_of"),
            1,
            "no value was given of :as_of (give every parameter a value: --param",
        ),
        (("db", "copy", "new.db"), 2, "sqlite:///FILE"),
        (("region", "mean", "noaa_oisst_v2_1", "caspian"), 2, "nearest: caspian_sea, caspian_box"),
    ],
)
def test_one_line_with_the_remedy(folder: Path, words: tuple[str, ...], code: int, remedy: str) -> None:
    said = caspian_env(*words, "--home", "home", cwd=folder)
    assert (said.returncode, len(said.stderr.splitlines())) == (code, 1), said.stderr
    assert remedy in said.stderr
    assert len(said.stderr) < 400


def test_a_dataset_misspelt_in_the_settings_is_told_the_nearest(folder: Path) -> None:
    said = caspian_env("plan", "--home", "home", cwd=folder, DATASETS="nasa_gwm_lak")
    assert (said.returncode, "nearest: nasa_gwm_lake;" in said.stderr) == (2, True), said.stderr


def test_a_region_whose_file_has_no_latin_name_is_asked_for_an_id(folder: Path) -> None:
    square = [[49.8, 39.8], [51.2, 39.8], [51.2, 40.8], [49.8, 40.8], [49.8, 39.8]]
    file = folder / "залив у Баку.geojson"
    file.write_text(json.dumps({"type": "Polygon", "coordinates": [square]}), encoding="utf-8")
    said = caspian_env("region", "add", file.name, "--home", "home", cwd=folder)
    assert (said.returncode, "--id" in said.stderr) == (1, True)
    assert caspian_env("region", "add", file.name, "--id", "example_bay", "--home", "home", cwd=folder).returncode == 0
    said = caspian_env("region", "add", file.name, "--id", "example_bay", "--home", "home", cwd=folder)
    assert "a new outline is a new region" in said.stderr


def test_ctrl_c_says_what_is_left(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:  # takes a question and never answers
        silent.settimeout(60)
        words = command("run", "--home", "home", "--mirror", f"http://127.0.0.1:{silent.getsockname()[1]}/")
        with subprocess.Popen(
            words, cwd=tmp_path, env=environment(), stderr=subprocess.PIPE, text=True,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # tests in the background ignore it
        ) as process:  # fmt: skip
            try:
                asked, _ = silent.accept()
                with asked:
                    process.send_signal(signal.SIGINT)
                    _, said = process.communicate(timeout=60)
            finally:
                process.kill()
    assert process.returncode == 130
    assert "the same command does the rest" in said.splitlines()[-1]
