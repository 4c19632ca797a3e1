"""PRIMAP-hist: two scenarios that are two series, national totals alone, the newest edition of several."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from caspian_env.errors import BadGranule, NotPublished, TransportError, Unreachable
from caspian_env.model import Document, Listing, Window
from caspian_env.seeds import load_datasets
from caspian_env.sources import primap_hist as source

from .conftest import Collect
from .emission_files import primap

OPTIONS = load_datasets()["primap_hist"].options
V27, V261 = (f"https://zenodo.org/{path}" for path in OPTIONS["editions"])
REPORTED, THIRD = (f"emission_of_greenhouse_gases_ar6_without_lulucf_{s}" for s in ("country_reported", "third_party"))


def write(tmp_path: Path, content: bytes) -> Path:
    path = tmp_path / "granule"
    path.write_bytes(content)
    return path


class Zenodo:
    def __init__(self, text: str | TransportError) -> None:
        self.text = text

    def listing(self, path: str) -> Listing:
        raise NotImplementedError

    def document(self, path: str, *, form: object = None) -> Document:
        if isinstance(self.text, TransportError):
            raise self.text
        return Document("https://zenodo.org/", self.text)


def test_scenarios_are_two_series_and_sectors_are_left_out(tmp_path: Path) -> None:
    read = source.read_granule(write(tmp_path, primap("2.7", [1990, 1991])), options=OPTIONS)
    assert list(read.data_vars) == [
        "KYOTOGHG (AR6GWP100), HISTCR",
        "KYOTOGHG (AR6GWP100), HISTTP",
        "CH4, HISTCR",
        "CH4, HISTTP",
    ]
    np.testing.assert_array_equal(read["KYOTOGHG (AR6GWP100), HISTCR"].sel(location="KAZ"), [250000, 251000])
    np.testing.assert_array_equal(read["KYOTOGHG (AR6GWP100), HISTTP"].sel(location="globe"), [55000000, 55001100])
    assert read.attrs == {"product_version": "PRIMAP-hist_v2.7_final", "edition": "2.7"}


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "empty"),
        (b"<html>", "HTML"),
        (primap("2.7", [1990])[:-1], "truncated"),
        (primap("2.7", [1990]).replace(b",unit", b"\r,unit", 1), "cannot be read as rows"),
        (primap("2.7", [1990]).replace(b"entity", b"gas"), "the header has no entity"),
        (primap("2.7", [1990], unit="CO2 * megatonne / a"), "the unit of KYOTOGHG .* is 'CO2 \\* megatonne / a'"),
        (primap("2.7", [1990]).replace(b"v2.7", b"v2.6", 1), "national totals of PRIMAP-hist_v2.6_final, PRIMAP"),
        (primap("2.7", [1990]).replace(b"M.0.EL", b"M.0.XX"), "national totals of no version"),
        (primap("2.7", [1990]).replace(b",250000.0", b",250000.0,1", 1), "a row has 9 cells and not 8"),
    ],
)
def test_another_file_is_refused(tmp_path: Path, content: bytes, problem: str) -> None:
    with pytest.raises(BadGranule, match=problem):
        source.read_granule(write(tmp_path, content), options=OPTIONS)


def test_the_newest_record_is_asked_first_and_the_known_editions_after_it(window: Window) -> None:
    names = [
        "x-PRIMAP-hist_v2.8_final_no_rounding_01-Feb-2026.csv",
        "x-PRIMAP-hist_v2.8_final_01-Feb-2026.csv",
        "a.yaml",
    ]
    answer = {"hits": {"hits": [{"id": 99, "files": [{"key": name} for name in names]}]}}
    (ref,) = source.list_granules(window, Zenodo(json.dumps(answer)), options=OPTIONS)
    assert ref.path == "records/99/files/x-PRIMAP-hist_v2.8_final_01-Feb-2026.csv"
    assert ref.editions == OPTIONS["editions"]
    away = NotPublished("zenodo", "is not there")
    (ref,) = source.list_granules(window, Zenodo(away), options=OPTIONS)
    assert [ref.path, *(ref.editions or ())] == OPTIONS["editions"]
    with pytest.raises(BadGranule, match="the list of editions is not read"):
        list(source.list_granules(window, Zenodo("{}"), options=OPTIONS))


def test_that_nobody_names_the_newest_edition_is_told_after_those_that_are_known(window: Window) -> None:
    found = source.list_granules(window, Zenodo(Unreachable("zenodo", "the server failed")), options=OPTIONS)
    ref = next(found)
    assert [ref.path, *(ref.editions or ())] == OPTIONS["editions"]
    with pytest.raises(Unreachable, match="the server failed"):
        next(found)


def test_the_newest_of_two_editions_is_collected(collect: Collect) -> None:
    collected = collect("primap_hist", {V27: primap("2.7", [1990, 1991]), V261: primap("2.6.1", [1990])})
    assert collected.outcome.problems == []
    assert "edition 2.6.1 is no newer edition than 2.7" in collected.outcome.notes[0]
    assert collected.values(REPORTED, "KAZ") == {"1990-01-01": 250, "1991-01-01": 251}
    assert collected.values(THIRD, "KAZ")["1990-01-01"] == pytest.approx(275)
    assert collected.values("emission_of_methane_mass_without_lulucf_country_reported", "TKM")[
        "1990-01-01"
    ] == pytest.approx(0.6)
