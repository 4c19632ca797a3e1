"""Documents in the registry of Nationally Determined Contributions, as the public list ``ndcs.csv`` has them.

A list of documents holds no measurement. What is counted is how many documents a Party filed on a day, translations left
out; which ones, in what state and where they are, stands in the note of the value. A document that is exchanged
without a new date, or archived, thus shows as a new vintage of the same count. Targets are read by people, not here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from caspian_env.errors import BadGranule
from caspian_env.formats.country_years import LITTORAL
from caspian_env.formats.provider_csv import csv_rows
from caspian_env.model import GranuleRef, Http, Window

if TYPE_CHECKING:
    import xarray as xr

_DATASET = "ndc_registry"
# Names were capitalised until 2025 and are not now; those of 2017 (ISO3, Filename, Number) belong to another layout,
# whose dates have day and month exchanged.
_NEEDED = ("code", "party", "title", "filetype", "language", "version", "status", "submissiondate", "encodedabsurl")
_TRANSLATION = "Translation"
_COUNT = "number_of_documents"

Documents = Mapping[tuple[str, datetime], Sequence[Mapping[str, str]]]


def list_granules(window: Window, http: Http) -> Iterator[GranuleRef]:
    """The one list."""
    yield GranuleRef(path="openclimatedata/ndcs/main/data/ndcs.csv")


def read_granule(path: Path) -> xr.Dataset:
    """Documents filed by the littoral states, by day of submission.

    Returns
    -------
    xarray.Dataset, dims (time, location)
        ``number_of_documents`` (1); ``source_note`` (time, location) names them.

    Raises
    ------
    BadGranule
        When the layout is another, or a date cannot be read.
    """
    import numpy as np
    import xarray as xr

    filed = _filed(path)
    days, places = sorted({day for _, day in filed}), sorted({code for code, _ in filed})
    count = np.full((len(days), len(places)), np.nan)
    notes = np.full((len(days), len(places)), "", dtype=object)
    for (code, day), documents in filed.items():
        at = days.index(day), places.index(code)
        count[at], notes[at] = len(documents), " | ".join(map(_words, documents))
    table = xr.Dataset(coords={"time": np.array(days, dtype="datetime64[ns]"), "location": places})
    table[_COUNT] = (("time", "location"), count, {"units": "1"})
    table["source_note"] = (("time", "location"), notes)
    table["status"] = ("time", np.full(len(days), "reported", dtype=object))
    return table


def _filed(path: Path) -> Documents:
    filed: dict[tuple[str, datetime], list[Mapping[str, str]]] = defaultdict(list)
    for row in csv_rows(path, _DATASET, needed=_NEEDED, lower_case=True, ended=True):
        if row["code"] in LITTORAL and row["filetype"] != _TRANSLATION:
            filed[row["code"], _day(row)].append(row)
    if not filed:
        raise BadGranule(_DATASET, "names no document of the littoral states", "is the list whole?")
    return filed


def _day(row: Mapping[str, str]) -> datetime:
    try:
        return datetime.strptime(row["submissiondate"], "%Y-%m-%d")
    except ValueError as error:
        problem = f"{row['submissiondate']!r} is not the date of {row['title']!r}"
        raise BadGranule(_DATASET, problem, "has the provider changed its layout?") from error


def _words(row: Mapping[str, str]) -> str:
    version = f", version {row['version']}" if row["version"] else ""
    return f"{row['title']} ({row['filetype']}, {row['language']}, {row['status']}{version}), {row['encodedabsurl']}"
