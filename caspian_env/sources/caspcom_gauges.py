"""Monthly levels at the posts round the sea: the catalogue of CASPCOM, the committee of the five hydrometeorological services.

A page links to a zip, at an address that changes with each edition; in the zip lies one workbook a post. Its first column
begins with lines of text (``Post datum ____-28,00____``), then each row is a year and twelve monthly means in centimetres
above the post's zero. Level = centimetres / 100 + zero.

Rules of this reader
    * The zero is read from the workbook, with its sign, and must be the one that the seed knows of the post: another zero
      would move the whole record.
    * Posts of Iran stand on a height system of their own. Their levels are another variable, in another datum, and are
      never put together with those in the Baltic system.
    * Workbooks of posts that the seed does not know are left alone.

The layout is known from published code that reads it, not from the files themselves.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

from caspian_env.errors import BadGranule
from caspian_env.formats.archives import zip_members
from caspian_env.formats.workbooks import Cell, sheet_rows
from caspian_env.model import GranuleRef, Http, Window

if TYPE_CHECKING:
    import xarray as xr

_DATASET = "caspcom_gauges"
_PAGE = "%D1%83%D1%80%D0%BE%D0%B2%D0%B5%D0%BD%D1%8C/"  # "level", in Russian
_LINK = re.compile(r"""href\s*=\s*["']([^"']*Sea-level-EN[^"'/]*\.zip)["']""", re.IGNORECASE)
_MEANS = re.compile(r"^(.+)_av$", re.IGNORECASE)
_ZERO = re.compile(r"post datum[^_]*_+\s*([-\N{MINUS SIGN}\N{EN DASH}]?)\s*(\d+(?:[.,]\d+)?)[^_]*", re.IGNORECASE)
_YEAR = re.compile(r"1[89]\d\d|20\d\d")
_MISSING = ("", "-", "\N{EN DASH}", "\N{EM DASH}", "...", "\N{HORIZONTAL ELLIPSIS}")
_MONTHS = 12
_SAME_ZERO_M = 0.0005
_LAYOUT = "has the layout changed?"


def list_granules(window: Window, http: Http, *, options: Mapping[str, Any]) -> Iterator[GranuleRef]:
    """The zip that the page links to today; of several the one uploaded last."""
    page = http.document(_PAGE)
    links = {urljoin(f"{page.base.rstrip('/')}/{_PAGE}", link) for link in _LINK.findall(page.text)}
    if links:
        # The page writes plain http, which is never asked.
        yield GranuleRef(path=re.sub(r"^http://(?!127\.0\.0\.1)", "https://", max(links, key=_uploaded)))


def read_granule(path: Path, *, options: Mapping[str, Any]) -> xr.Dataset:
    """Monthly mean levels of the posts.

    Returns
    -------
    xarray.Dataset, dims (time, location)
        ``level_baltic`` (m in the Baltic system) and ``level_iran`` (m, posts of Iran), each NaN at the other's posts.

    Raises
    ------
    BadGranule
        When the zip holds no post, a zero is missing or another, or a month is no number.
    """
    levels: dict[str, Mapping[datetime, float]] = {}
    groups: dict[str, str] = {}
    for name, content in zip_members(path, _DATASET, wanted=lambda n: _code(n) in options["posts"], nested=True):
        post = options["posts"][_code(name)]
        if post["location"] in levels:
            raise BadGranule(_DATASET, f"the zip holds {_code(name)} twice", "look at the file in the archive")
        levels[post["location"]] = _levels(sheet_rows(content, _DATASET), _code(name), float(post["zero"]))
        groups[post["location"]] = str(post.get("system", "baltic"))
    if not levels:
        raise BadGranule(_DATASET, "the zip holds no workbook of a known post", _LAYOUT)
    return _together(levels, groups)


def _uploaded(link: str) -> tuple[str, str]:
    """Year and month of the upload, as the folders of the address tell."""
    folders = re.search(r"/(\d{4}/\d{2})/", link)
    return (folders[1] if folders else "", link)


def _code(name: str) -> str:
    """The post by the name of its workbook: ``AVERAGE/JILOY (Chilov)_av.xls`` is ``JILOYChilov``."""
    file = PurePosixPath(name)
    means = _MEANS.match(file.stem)
    return re.sub(r"[()\s]", "", means[1]) if means and file.suffix.lower() in (".xls", ".xlsx") else ""


def _levels(rows: Sequence[Sequence[Cell]], post: str, known_zero: float) -> Mapping[datetime, float]:
    """Levels by month, m; months without a value are left out."""
    zero: float | None = None
    levels: dict[datetime, float] = {}
    for row in rows:
        first = _text(row[0]) if row else ""
        if zero is None and (told := _ZERO.search(first)):
            zero = float(told[2].replace(",", ".")) * (-1 if told[1] else 1)
        if not _YEAR.fullmatch(first):
            continue
        if zero is None or abs(zero - known_zero) > _SAME_ZERO_M:
            problem = f"the zero of {post} is {'not told' if zero is None else f'{zero:g} m'}, and was {known_zero:g} m"
            raise BadGranule(_DATASET, problem, "if the service has levelled the post again, correct the seed")
        for month, cell in enumerate(row[1 : _MONTHS + 1], 1):
            if _text(cell) in _MISSING:
                continue
            moment = datetime(int(first), month, 1)
            if moment in levels:
                raise BadGranule(_DATASET, f"{post} has the year {first} twice", "look at the workbook")
            levels[moment] = _centimetres(cell, post, moment) / 100 + zero
    if not levels:
        raise BadGranule(_DATASET, f"the workbook of {post} has no year with a value", _LAYOUT)
    return levels


def _text(cell: Cell) -> str:
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() else str(cell)
    return "" if cell is None else str(cell).strip()


def _centimetres(cell: Cell, post: str, moment: datetime) -> float:
    try:
        return float(_text(cell).replace(",", "."))
    except ValueError as error:
        raise BadGranule(_DATASET, f"{post}, {moment:%Y-%m}: {_text(cell)[:40]!r} is not a number", _LAYOUT) from error


def _together(levels: Mapping[str, Mapping[datetime, float]], groups: Mapping[str, str]) -> xr.Dataset:
    import numpy as np
    import xarray as xr

    times = sorted({moment for series in levels.values() for moment in series})
    coords = {"time": np.asarray(times, dtype="datetime64[ns]"), "location": list(levels)}
    table = xr.Dataset(coords=coords)
    for group in ("baltic", "iran"):
        values = np.array([
            [series.get(moment, np.nan) if groups[place] == group else np.nan for place, series in levels.items()]
            for moment in times
        ])  # fmt: skip
        table[f"level_{group}"] = (("time", "location"), values, {"units": "m"})
    return table
