"""Vulnerability and readiness of the littoral states: ND-GAIN Country Index (University of Notre Dame).

One table for each score, a row for each country and a column for each year. The tables look alike, so a seed entry says
which score its file holds.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from caspian_env.errors import BadGranule
from caspian_env.formats.country_years import by_country_and_year, cell_value
from caspian_env.formats.provider_csv import rows_of
from caspian_env.formats.table_text import read_lines
from caspian_env.model import GranuleRef, Http, Window

if TYPE_CHECKING:
    import xarray as xr


def list_granules(window: Window, http: Http, *, options: Mapping[str, Any]) -> Iterator[GranuleRef]:
    """The table of the score that the dataset is about."""
    yield GranuleRef(path=f"{options['score']}.csv")


def read_granule(path: Path, *, options: Mapping[str, Any]) -> xr.Dataset:
    """The yearly score.

    Returns
    -------
    xarray.Dataset, dims (time, location)
        ``score``, dimensionless.

    Raises
    ------
    BadGranule
        When the header is another one, a row has another number of cells, or none of the states is there.
    """
    dataset = str(options["dataset"])
    header, *rows = list(rows_of(csv.reader(read_lines(path, dataset)), dataset)) or [[]]
    if header[:2] != ["ISO3", "Name"] or not all(re.fullmatch(r"\d{4}", year) for year in header[2:]):
        raise BadGranule(dataset, f"the header is {','.join(header)[:80]!r}", "has the provider changed its layout?")
    if wrong := [row for row in rows if len(row) != len(header)]:
        raise BadGranule(
            dataset, f"the row of {wrong[0][:1]} has {len(wrong[0])} cells and not {len(header)}", "fetch it again"
        )
    cells = (
        (row[0], int(year), "score", cell_value(text, dataset))
        for row in rows
        for year, text in zip(header[2:], row[2:], strict=True)
    )
    return by_country_and_year(cells, dataset, units={"score": "1"})
