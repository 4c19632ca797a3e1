"""PSMSL: one text a station, in the provider's encoding."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from caspian_env.errors import BadGranule
from caspian_env.model import Window
from caspian_env.seeds import load_datasets
from caspian_env.sources import psmsl_rlr as source

from .conftest import Collect

DATASET = load_datasets()["psmsl_rlr"]
TEXT = "  1952.8750;  6878; 0;000\n  1952.9583;-99999;00;000\n  1953.0417;  6990; 3;001\n  1953.1250;  7010;99;010\n"
URL = "https://www.psmsl.org/data/obtaining/rlr.monthly.data/{}.rlrdata"


@pytest.fixture
def read(tmp_path: Path) -> Callable:
    def now(text: str) -> object:
        (tmp_path / "granule").write_text(text, encoding="utf-8")
        return source.read_granule(tmp_path / "granule", options=DATASET.options)

    return now


def test_months_fills_and_flags(read: Callable) -> None:
    table = read(TEXT)
    assert [str(t)[:10] for t in table["time"].values] == ["1952-11-01", "1953-01-01", "1953-02-01"]
    assert table["level"].values.tolist() == [6878, 6990, 7010]
    assert table["status"].values.tolist() == ["final", "estimated", "final"]
    assert table["source_note"].values.tolist() == ["", "", "mean tide level in a record of mean sea level"]


def test_every_month_of_a_year_is_recognised(read: Callable) -> None:
    text = "".join(f"  {1990 + (month - 0.5) / 12:.4f};  7000; 0;000\n" for month in range(1, 13))
    assert [int(str(t)[5:7]) for t in read(text)["time"].values] == list(range(1, 13))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (TEXT.replace("1953.0417", "1953.5000"), "1953.5000 is not the middle of a month"),
        (TEXT.replace("; 3;001", "; 3"), "line 3 is no month"),
        (TEXT.replace("1953.0417", "1952.8750"), "stands twice"),
        (TEXT[:-1], "truncated"),
        ("<html></html>", "HTML page"),
        ("", "empty"),
        ("  1952.9583;-99999;00;000\n", "no row with a value"),
    ],
)
def test_what_is_not_promised_is_refused(read: Callable, text: str, problem: str) -> None:
    with pytest.raises(BadGranule, match=problem):
        read(text)


def test_it_lists_a_file_a_station(window: Window) -> None:
    refs = list(source.list_granules(window, None, options=DATASET.options))
    assert [ref.path for ref in refs] == [URL.format(n).removeprefix("https://www.psmsl.org/") for n in (41, 42, 215)]
    assert [ref.location.title for ref in refs if ref.location][2] == "PSMSL 215, Tuapse"


def test_no_station_lies_on_the_caspian() -> None:
    for place in DATASET.options["stations"].values():
        assert not (46 <= place["longitude"] <= 55 and 36 <= place["latitude"] <= 48)
    assert "no station" in DATASET.cannot


def test_it_is_collected_on_both_databases(collect: Collect) -> None:
    collected = collect("psmsl_rlr", {URL.format(n): TEXT.encode() for n in (41, 42)})
    assert collected.outcome.problems == [f"not published: {URL.format(215)}"]
    assert collected.values(location="psmsl_41") == {"1952-11-01": 6.878, "1953-01-01": 6.99, "1953-02-01": 7.01}
    assert {(r.location, r.datum) for r in collected.rows} == {("psmsl_41", "psmsl_rlr"), ("psmsl_42", "psmsl_rlr")}
