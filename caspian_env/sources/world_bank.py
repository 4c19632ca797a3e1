"""Population, product, water stress and renewables of the littoral states: World Bank, World Development Indicators.

The answer of the interface (version 2) is a list of two: what the page is, and its rows. Errors come with HTTP status 200
as a list of one, an empty result as ``null``; without ``per_page`` an answer is cut to 50 rows.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from caspian_env.errors import BadGranule
from caspian_env.formats.country_years import LITTORAL, by_country_and_year
from caspian_env.formats.first_bytes import expect_text
from caspian_env.model import GranuleRef, Http, Window

if TYPE_CHECKING:
    import xarray as xr

_DATASET = "world_bank"
# The provider's codes, and the units that its names state.
_UNITS = {
    "SP.POP.TOTL": "1",
    "NY.GDP.MKTP.CD": "1",
    "ER.H2O.FWST.ZS": "percent",
    "EG.FEC.RNEW.ZS": "percent",
}
_PAGE = "country/{countries}/indicator/{code}?format=json&per_page=1000"


def list_granules(window: Window, http: Http) -> Iterator[GranuleRef]:
    """One answer for each indicator, with the whole record of the five states."""
    for code in _UNITS:
        yield GranuleRef(path=_PAGE.format(countries=";".join(LITTORAL), code=code))


def read_granule(path: Path) -> xr.Dataset:
    """The yearly values of one indicator.

    Returns
    -------
    xarray.Dataset, dims (time, location)
        One variable, named by the provider's code; ``product_version`` is the date of the provider's last update.

    Raises
    ------
    BadGranule
        When the answer is an error, one page of several, incomplete, of another indicator, or not JSON.
    """
    page, rows = _answer(expect_text(path, _DATASET))
    codes = {str(row["indicator"]["id"]) for row in rows}
    if len(codes) != 1 or not codes <= set(_UNITS):
        raise BadGranule(_DATASET, f"an answer about {', '.join(sorted(codes))}", "has the address changed?")
    (code,) = codes
    cells = ((str(row["countryiso3code"]), int(row["date"]), code, _value(row["value"])) for row in rows)
    return by_country_and_year(
        cells, _DATASET, units={code: _UNITS[code]}, product_version=str(page.get("lastupdated", ""))
    )


def _answer(text: str) -> tuple[Mapping[str, Any], Sequence[Mapping[str, Any]]]:
    try:
        body = json.loads(text.removeprefix("\ufeff"))
    except (ValueError, RecursionError) as error:
        raise BadGranule(
            _DATASET, f"the JSON breaks off or is damaged at byte {getattr(error, 'pos', 0)}", "fetch it again"
        ) from error
    if not isinstance(body, list) or not body or not isinstance(body[0], dict):
        raise BadGranule(_DATASET, "is not the list of page and rows", "has the interface changed?")
    if messages := body[0].get("message"):
        said = "; ".join(str(m.get("value")) for m in messages) if isinstance(messages, list) else str(messages)
        raise BadGranule(_DATASET, f"an error sent as an answer: {said[:120]}", "is the indicator still published?")
    page, rows = body[0], body[1] if len(body) > 1 else None
    if not rows:
        raise BadGranule(_DATASET, "an answer without rows", "is the indicator still published?")
    if str(page.get("pages", 1)) != "1" or str(page.get("total", len(rows))) != str(len(rows)):
        problem = f"page {page.get('page')} of {page.get('pages')}, {len(rows)} of {page.get('total')} rows"
        raise BadGranule(_DATASET, problem, "ask for all rows on one page")
    try:
        for row in rows:
            _ = row["indicator"]["id"], row["countryiso3code"], int(row["date"]), row["value"]
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise BadGranule(_DATASET, f"a row lacks {error}", "has the interface changed?") from error
    return page, rows


def _value(given: Any) -> float:
    if given is None:
        return float("nan")
    if isinstance(given, bool) or not isinstance(given, (int, float)):
        raise BadGranule(_DATASET, f"{given!r} is not a number", "has the interface changed?")
    return float(given)
