"""Damaged and misleading files in a mirror: set aside with one line, kept, the rest goes on, the next run repairs it."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from caspian_env.archive import Archive
from caspian_env.demo import ersst, oisst
from caspian_env.workflows.outcome import PARTIAL, exit_code
from caspian_env.workflows.run import collect, run
from tests.mirror_server import serving
from tests.workflows.conftest import (
    ADDRESSES,
    CO2,
    DAHITI,
    GISTEMP,
    copied,
    first_day,
    history,
    opened,
    problems,
    put,
    rows,
    values_of,
)

HTML = b"<!DOCTYPE html>\n<html><head><title>Maintenance</title></head><body>We will be back soon.</body></html>\n"
POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 12345\n"


@pytest.fixture(scope="module")
def undisturbed(small_mirror_files: Path, tmp_path_factory: pytest.TempPathFactory) -> list[tuple[object, ...]]:
    """Every value of the small mirror when nothing is damaged."""
    with opened(tmp_path_factory.mktemp("undisturbed"), small_mirror_files) as platform:
        assert exit_code(collect(platform)) == 0
        return history(platform.catalog)


def cut_short(content: bytes) -> bytes:
    return content[: len(content) * 2 // 3]


def grid_of_fills(content: bytes) -> bytes:
    """The same file, every temperature replaced by the fill value."""
    import h5py

    buffer = io.BytesIO(content)
    with h5py.File(buffer, "r+") as file:
        file["sst"][...] = np.full(file["sst"].shape, file["sst"].attrs["_FillValue"], file["sst"].dtype)
    return buffer.getvalue()


def replaced(old: bytes, new: bytes) -> Callable[[bytes], bytes]:
    def damage(content: bytes) -> bytes:
        assert old in content
        return content.replace(old, new, 1)

    return damage


# Name, dataset, damage, and a word that the line about it must hold.
DAMAGES = [
    ("html", "noaa_gml_co2", lambda _: HTML, "HTML page"),
    ("html", "dahiti_water_level", lambda _: HTML, "HTML page"),
    ("html", "noaa_oisst_v2_1", lambda _: HTML, "HTML page"),
    ("lfs", "nasa_gwm_lake", lambda _: POINTER, "LFS pointer"),
    ("lfs", "noaa_ersst_v5", lambda _: POINTER, "LFS pointer"),
    ("empty", "nasa_gistemp", lambda _: b"", "empty"),
    ("empty", "noaa_oisst_v2_1", lambda _: b"", "empty"),
    ("truncated", "noaa_oisst_v2_1", cut_short, ""),
    ("truncated", "noaa_ersst_v5", cut_short, ""),
    ("truncated", "dahiti_water_level", cut_short, "breaks off"),
    ("truncated", "noaa_gml_co2", lambda content: content[:-20], ""),
    ("header", "noaa_gml_co2", replaced(b"deseasonalized,ndays", b"ndays,deseasonalized"), ""),
    ("header", "nasa_gistemp", replaced(b"Year,Jan,Feb", b"Year,Feb,Jan"), ""),
    ("header", "nasa_gwm_lake", lambda content: content.replace(b"EGM2008", b"EGM1996"), "EGM2008"),
    ("error body", "dahiti_water_level", lambda _: b'{"code": 403, "message": "permission denied"}', "permission"),
    ("fills", "noaa_oisst_v2_1", grid_of_fills, ""),
    ("fills", "noaa_ersst_v5", grid_of_fills, ""),
    ("no rows", "noaa_gml_co2", lambda content: content[: content.index(b"\n", content.index(b"year,month")) + 1], ""),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "dataset", "damage", "word"), DAMAGES, ids=[f"{d[0]}-{d[1]}" for d in DAMAGES])
def test_is_set_aside_and_repaired(
    kind: str, dataset: str, damage: Callable[[bytes], bytes], word: str, small_mirror: Path, tmp_path: Path,
    undisturbed: list[tuple[object, ...]],
) -> None:  # fmt: skip
    address = first_day(small_mirror) if dataset == "noaa_oisst_v2_1" else ADDRESSES[dataset]
    good = (small_mirror / address).read_bytes()
    bad = damage(good)
    put(small_mirror, address, bad)
    others = ["reported_levels", "nasa_gistemp" if dataset == "noaa_gml_co2" else "noaa_gml_co2"]
    with opened(tmp_path / "home", small_mirror) as platform:
        outcomes = collect(platform, only=[dataset, *others])
        assert exit_code(outcomes) == PARTIAL
        (line,) = outcomes[0].problems
        assert "\n" not in line
        assert word in line
        assert Path(address).name.replace("%3F", "?") in line
        assert [outcome.status for outcome in outcomes[1:]] == ["ok", "ok"]
        assert all(values_of(platform.catalog, other) for other in others)
        ((sha256, size, state, reason),) = rows(
            platform.catalog, "SELECT sha256, size, state, reason FROM granule WHERE state <> 'accepted'"
        )
        assert (state, size) == ("rejected", len(bad))
        assert reason
        assert Archive(tmp_path / "home" / "archive").verify(sha256).read_bytes() == bad
        noted = rows(platform.catalog, "SELECT status, error, n_rejected FROM v_run WHERE subject = :s", s=dataset)
        assert [(status, n) for status, _, n in noted] == [(outcomes[0].status, 1)]
        assert noted[0][1] == line

        put(small_mirror, address, good)
        mended = collect(platform, only=[dataset, *others])
        assert exit_code(mended) == 0, mended
        assert history(platform.catalog) == [row for row in undisturbed if row[0] in (dataset, *others)]


SAMPLES = {
    "co2-mm-mlo__header_shifted.csv": CO2, "co2-mm-gl__header_shifted.csv": CO2,
    "co2-mm-mlo__header_only_2026-03-01.csv": CO2, "co2_mm_mlo__truncated.csv": CO2,
    "co2_mm_mlo__html_error_page.csv": CO2, "owid-co2-data__lfs_pointer.csv": CO2,
    "owid-co2__spreadsheet_export.csv": CO2, "owid-co2__percapita_scale_lost_2020-08-07.csv": CO2,
    "GLB.Ts+dSST__september_autofill.csv": GISTEMP, "global-temp_annual__stale.csv": GISTEMP,
    "global-temp_monthly__stale.csv": GISTEMP, "gdp__years_shifted_2024-10-20.csv": GISTEMP,
    "ndcs__old_column_names_2017.csv": GISTEMP, "irena_re_share__zeros_for_unpublished.csv": GISTEMP,
    "worldbank__error_body_http200.json": DAHITI, "worldbank_SP.POP.TOTL__page_1_of_7.json": DAHITI,
}  # fmt: skip
NAMES = {address: dataset for dataset, address in ADDRESSES.items()}


@pytest.mark.parametrize("sample", SAMPLES)
def test_the_samples_are_set_aside_in_front_of_a_good_edition(
    sample: str, shared: Callable[..., Path], small_mirror: Path, tmp_path: Path
) -> None:
    address = SAMPLES[sample]
    bad = shared("samples", "broken", sample).read_bytes()
    with opened(tmp_path / "home", small_mirror) as platform:
        only = [NAMES[address], "reported_levels"]
        collect(platform, only=only)
        before = history(platform.catalog)
        good = (small_mirror / address).read_bytes()
        put(small_mirror, address, bad)
        outcomes = collect(platform, only=only)
        assert exit_code(outcomes) == PARTIAL
        assert len(outcomes[0].problems) == 1
        assert history(platform.catalog) == before
        states = dict(rows(platform.catalog, "SELECT state, count(*) FROM granule GROUP BY state"))
        assert states == {"accepted": 2, "rejected": 1}
        assert exit_code(collect(platform, only=only)) == PARTIAL  # as long as it is there it is said
        put(small_mirror, address, good)
        mended = collect(platform, only=only)
        assert (exit_code(mended), sum(outcome.written for outcome in mended)) == (0, 0)


@pytest.mark.slow
def test_all_at_once_and_everything_else_goes_on(small_mirror: Path, database_url: str, tmp_path: Path) -> None:
    day = first_day(small_mirror)
    whole = copied(small_mirror, tmp_path / "whole")
    put(small_mirror, day, cut_short((small_mirror / day).read_bytes()))
    put(small_mirror, CO2, HTML)
    put(small_mirror, GISTEMP, POINTER)
    put(small_mirror, ADDRESSES["nasa_gwm_lake"], b"")
    home = tmp_path / "home"
    with opened(home, small_mirror, database_url) as platform:
        summary = run(platform)
        assert summary.exit_code == 3
        assert {name: len(lines) for name, lines in problems(summary).items()} == {
            "noaa_oisst_v2_1": 1, "noaa_gml_co2": 1, "nasa_gistemp": 1, "nasa_gwm_lake": 1,
        }  # fmt: skip
        days = rows(platform.catalog, "SELECT DISTINCT time FROM v_observation WHERE dataset_id = 'noaa_oisst_v2_1'")
        assert len(days) == 2
        assert values_of(platform.catalog, "dahiti_water_level")
        assert values_of(platform.catalog, "noaa_ersst_v5")
        assert rows(platform.catalog, "SELECT count(*) FROM v_indicator WHERE indicator_id = 'sst_mean_1y_ersst'")
        assert summary.report[0].is_file()
    with opened(home, whole, database_url) as platform:
        repaired = run(platform)
        assert (repaired.exit_code, repaired.changed) == (0, True)
        assert dict(rows(platform.catalog, "SELECT state, count(*) FROM granule GROUP BY state"))["rejected"] == 4


def test_over_http_a_page_in_place_of_a_file_is_asked_for_again(small_mirror: Path, tmp_path: Path) -> None:
    with serving(small_mirror) as served, opened(tmp_path / "home", served.url) as platform:
        served.replaced[f"/{CO2}"] = HTML
        assert exit_code(collect(platform, only=["noaa_gml_co2", "reported_levels"])) == PARTIAL
        served.replaced.clear()
        assert exit_code(collect(platform, only=["noaa_gml_co2", "reported_levels"])) == 0
        served.forget()
        assert exit_code(collect(platform, only=["noaa_gml_co2", "reported_levels"])) == 0
        assert served.statuses("co2_mm_mlo.csv") == [304]
        assert values_of(platform.catalog, "noaa_gml_co2")


def test_an_edition_that_lost_rows_is_no_reason_to_distrust_the_first(small_mirror: Path, tmp_path: Path) -> None:
    """A provider falls back to an old edition: it is refused, said every time, and what rests on it stays accepted."""
    old = (small_mirror / CO2).read_bytes()
    lines = old.splitlines(keepends=True)
    first = b"".join(lines[:-40])
    with opened(tmp_path / "home", small_mirror) as platform:
        for content, code in ((first, 0), (old, 0), (first, PARTIAL), (first, PARTIAL), (old, 0)):
            put(small_mirror, CO2, content)
            assert exit_code(collect(platform, only=["noaa_gml_co2", "reported_levels"])) == code
        states = rows(platform.catalog, "SELECT state FROM granule WHERE dataset_id = 'noaa_gml_co2'")
        assert states == [("accepted",), ("accepted",)]
        refused = rows(platform.catalog, "SELECT error FROM retrieval WHERE error IS NOT NULL")
        assert len(refused) == 2
        assert all("has lost 40 of" in error for (error,) in refused)


def test_a_listing_that_breaks_off_keeps_what_it_named(small_mirror: Path, tmp_path: Path) -> None:
    folder = small_mirror / Path(first_day(small_mirror)).parent
    (folder.parent / "209901").mkdir()
    (folder.parent / "209901" / "oisst-avhrr-v02r01.20990199.nc").write_bytes(b"no such day")
    with opened(tmp_path / "home", small_mirror) as platform:
        from datetime import UTC, datetime

        from caspian_env.model import Window

        always = Window(datetime(1981, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))
        daily, reported = collect(platform, only=["noaa_oisst_v2_1", "reported_levels"], window=always)
    assert (daily.status, daily.fetched, reported.status) == ("partial", 3, "ok")
    assert "broke off after 3 granules" in daily.problems[0]


def test_synthetic_and_hand_made_files_are_in_place(small_mirror: Path) -> None:
    """What the tests above damage is the whole of what a run collects."""
    assert {path.name for path in small_mirror.rglob("*.nc")} >= {Path(ersst.ADDRESS).name}
    assert len(list((small_mirror / oisst.FOLDER).rglob("*.nc"))) == 3
