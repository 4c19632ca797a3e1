"""GPCP 2.2, superseded: a real year through the normal path, equal to a few lines of NumPy, and bytes that are no year."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from caspian_env.catalog.query import ask
from caspian_env.errors import BadGranule
from caspian_env.model import Window
from caspian_env.seeds import load_datasets
from caspian_env.sources import gpcp_v2_2 as source
from caspian_env.workflows.freshness import freshness
from tests.sources.conftest import Collect
from tests.sources.independent import mean_by_points
from tests.sources.pages import Pages

DATASET = load_datasets()["gpcp_v2_2"]
BASE = DATASET.hosts[0]
HEADER = (
    "size=(char*576) header + (real*4)x144x72x12) data file=gpcp_v2.2_psg.1987  title=GPCP Version 2.2 Combined Data Sets"
    " version=2.2 creation_date=20120731 variable=precip technique=satellite/gauge units=mm/day year=1987 months=1-12"
    " grid=2.5x2.5 deg lon/lat 1st_box_center=(88.75N,1.25E) missing_value=-99999."
)


def made_up(header: str = HEADER, months: int = 12) -> bytes:
    rate = np.full((months, 72, 144), 1.5, ">f4")
    rate[:, 18, 24] = -99999  # 43.75 N, 61.25 E, on land
    return header.ljust(576).encode("ascii") + rate.tobytes()


def read(tmp_path: Path, content: bytes):
    (tmp_path / "granule").write_bytes(content)
    return source.read_granule(tmp_path / "granule")


def test_the_years_of_the_window_are_listed() -> None:
    http = Pages(BASE, {"": ["../", "gpcp_v2.2_psg.1986", "gpcp_v2.2_psg.1987", "gpcp_v2.2_psg.1988", "readme"]})
    refs = list(source.list_granules(Window.parse("1987-06-01/1988-01-01"), http))
    assert [ref.path for ref in refs] == ["gpcp_v2.2_psg.1987"]


def test_fills_are_no_zeros_and_a_year_in_the_making_is_read(tmp_path: Path) -> None:
    year = read(tmp_path, made_up(HEADER.replace("months=1-12", "months=1-3"), 3))
    assert list(year["time"].dt.strftime("%Y-%m").values) == ["1987-01", "1987-02", "1987-03"]
    assert np.isnan(year["precip"].sel(lat=43.75, lon=61.25)).all()
    assert (year["precip"].sel(lat=41.25, lon=51.25) == 1.5).all()


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "is empty without"),
        (b"<html>down</html>", "is an HTML page without"),
        (made_up()[:-1], "has 498239 bytes, its header says 498240"),
        (made_up() + b"\0", "has 498241 bytes"),
        (made_up()[:576], "has 576 bytes"),
        (made_up()[:300], "has 300 bytes"),
        (made_up(HEADER.replace("version=2.2", "version=2.3")), "of version 2.3"),
        (made_up(HEADER.replace("units=mm/day", "units=mm/month")), "in mm/month"),
        (made_up(HEADER.replace("months=1-12", "months=1-13"), 13), "13 months of 1987"),
        (made_up(HEADER.replace("88.75N,1.25E", "88.75S,1.25E")), "without the header of a year"),
    ],
)
def test_other_bytes_are_refused(tmp_path: Path, content: bytes, problem: str) -> None:
    with pytest.raises(BadGranule, match=problem):
        read(tmp_path, content)


def test_a_real_year_is_collected_when_asked_for_and_its_state_has_date_and_successor(
    shared: Callable[..., Path], collect: Collect
) -> None:
    content = shared("samples", "gpcp", "gpcp_v2.2_psg.1987").read_bytes()
    found = collect(DATASET.id, {f"{BASE}gpcp_v2.2_psg.1987": content}, window=Window.parse("1987-01-01/1988-01-01"))
    assert found.outcome.status == "ok", found.outcome.problems
    months = np.frombuffer(content, ">f4", offset=576).reshape(12, 72, 144)
    lat, lon = 88.75 - 2.5 * np.arange(72), 1.25 + 2.5 * np.arange(144)
    for place in ("caspian_sea", "caspian_box"):
        geometry = found.platform.seeds.locations[place].geometry
        assert geometry is not None
        expected = [mean_by_points(month, lat, lon, geometry)[0] for month in months]
        assert list(found.values(location=place)) == [f"1987-{n:02}-01" for n in range(1, 13)]
        assert list(found.values(location=place).values()) == pytest.approx(expected, rel=0.01)
    rows = ask(
        found.platform.catalog,
        "SELECT state, state_since, successor FROM v_dataset WHERE dataset_id = 'gpcp_v2_2'",
    ).rows
    assert [tuple(row) for row in rows] == [("frozen", "2016", "gpcp")]
    judged = {one.dataset_id: one for one in freshness(found.platform)}[DATASET.id]
    assert judged.sentence == "frozen since 2016, followed by gpcp: nothing new is expected"
    assert (judged.state, f"{judged.newest_observation:%Y-%m}") == ("retired", "1987-12")
    assert DATASET.id not in {dataset.id for dataset in found.platform.collected()}
