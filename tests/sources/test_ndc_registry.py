"""The NDC list: what is counted, what the note says, exchanged documents as vintages, layouts old and new."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from caspian_env.catalog.query import ask
from caspian_env.errors import BadGranule
from caspian_env.model import Window
from caspian_env.sources import ndc_registry as source

from .conftest import Collect
from .emission_files import ndcs

URL = "https://raw.githubusercontent.com/openclimatedata/ndcs/main/data/ndcs.csv"
PLACE = ("raw.githubusercontent.com", "openclimatedata", "ndcs", "main", "data", "ndcs.csv")
KAZ = [
    "KAZ",
    "Kazakhstan",
    "Made-up NDC",
    "NDC",
    "Russian",
    "",
    "Active",
    "2031-02-03",
    "https://example.org/a.pdf",
    "a.pdf",
]
TRANSLATED = [
    "KAZ",
    "Kazakhstan",
    "Made-up NDC",
    "Translation",
    "English",
    "",
    "Active",
    "2031-02-03",
    "https://example.org/b.pdf",
    "b",
]
ADDED = [
    "KAZ",
    "Kazakhstan",
    'Made-up, "added"',
    "Addendum",
    "Russian",
    "1",
    "Archived",
    "2031-02-03",
    "https://example.org/c.pdf",
    "c",
]
AZE = [
    "AZE",
    "Azerbaijan",
    "Another",
    "NDC",
    "English",
    "2",
    "Archived",
    "2030-01-01",
    "https://example.org/d.pdf",
    "d.pdf",
]
OTHER = ["FJI", "Fiji", "Fiji", "NDC", "English", "1", "Active", "", "https://example.org/e.pdf", "e.pdf"]
ALL = [KAZ, TRANSLATED, ADDED, AZE, OTHER]


def write(tmp_path: Path, content: bytes) -> Path:
    path = tmp_path / "granule"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("capitals", [True, False])
def test_documents_of_a_day_are_counted_without_translations(tmp_path: Path, capitals: bool) -> None:
    read = source.read_granule(write(tmp_path, ndcs(ALL, capitals=capitals)))
    assert read["location"].values.tolist() == ["AZE", "KAZ"]
    np.testing.assert_array_equal(read["number_of_documents"], [[1, np.nan], [np.nan, 2]])
    assert read["source_note"].sel(location="KAZ").values[1] == (
        "Made-up NDC (NDC, Russian, Active), https://example.org/a.pdf"
        ' | Made-up, "added" (Addendum, Russian, Archived, version 1), https://example.org/c.pdf'
    )


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "empty"),
        (b"<html>", "HTML"),
        (ndcs([OTHER]), "names no document of the littoral states"),
        (ndcs([[*KAZ[:7], "03.02.2031", *KAZ[8:]]]), "'03.02.2031' is not the date of 'Made-up NDC'"),
        (ndcs(ALL)[:-20], "truncated"),
        (ndcs([*ALL, KAZ[:9]]), "line 7 has 9 cells and not 10"),
        (
            b"ISO3,Party,Title,FileType,Language,Filename,Number,SubmissionDate,EncodedAbsUrl\n",
            "the header has no code",
        ),
    ],
)
def test_another_layout_is_refused(tmp_path: Path, content: bytes, problem: str) -> None:
    with pytest.raises(BadGranule, match=problem):
        source.read_granule(write(tmp_path, content))


def test_the_layout_of_2017_is_refused(shared: Callable[..., Path]) -> None:
    with pytest.raises(BadGranule, match="the header has no code, version, status"):
        source.read_granule(shared("samples", "broken", "ndcs__old_column_names_2017.csv"))


def test_one_address_is_listed(window: Window) -> None:
    (ref,) = source.list_granules(window, None)
    assert f"https://raw.githubusercontent.com/{ref.path}" == URL


def test_an_exchanged_document_is_a_new_vintage_of_the_same_count(collect: Collect) -> None:
    first = collect("ndc_registry", {URL: ndcs(ALL)})
    assert first.values(location="KAZ") == {"2031-02-03": 2}
    assert first.values(location="AZE") == {"2030-01-01": 1}
    exchanged = [*AZE[:8], "https://example.org/d_updated.pdf", "d_updated.pdf"]
    second = collect("ndc_registry", {URL: ndcs([KAZ, TRANSLATED, ADDED, exchanged, OTHER])})
    assert (second.outcome.first, second.outcome.revised) == (0, 1)
    notes = ask(
        second.platform.catalog,
        "SELECT source_note FROM observation WHERE value = 1 ORDER BY known_from",
        {},
        limit=None,
    )
    assert [row[0].rpartition("/")[2] for row in notes.rows] == ["d.pdf", "d_updated.pdf"]


@pytest.mark.parametrize(
    ("vintage", "filed"),
    [
        ("2025-07", {"AZE": 2, "KAZ": 2, "RUS": 1, "TKM": 2}),
        ("2025-11", {"AZE": 3, "KAZ": 3, "RUS": 2, "TKM": 2}),
        ("2026-08", {"AZE": 3, "KAZ": 3, "RUS": 2, "TKM": 2}),
    ],
)
def test_real_lists_against_pandas(shared: Callable[..., Path], vintage: str, filed: dict[str, int]) -> None:
    path = shared("archive", vintage, *PLACE)
    read, frame = source.read_granule(path), pd.read_csv(path).rename(columns=str.lower)
    assert {str(p): int(read["number_of_documents"].sel(location=p).sum()) for p in read["location"].values} == filed
    frame = frame[frame["code"].isin(filed) & (frame["filetype"] != "Translation")]
    for (code, day), count in frame.groupby(["code", "submissiondate"]).size().items():
        assert int(read["number_of_documents"].sel(location=code, time=day)) == count
    url = str(read["source_note"].sel(location="AZE").values[-1] if vintage == "2025-07" else
              read["source_note"].sel(location="AZE", time="2025-11-05").item())  # fmt: skip
    assert url.endswith("_UPD.pdf") == (vintage == "2026-08")
