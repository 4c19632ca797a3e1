"""Level of the Caspian in near real time: Copernicus Land Monitoring Service, Lake Water Level version 2.

The catalogue is open to everybody; a download needs an account (protocol ``cdse_token``). Every product is the whole
series of one lake, issued again: the newest one counts. The body is a JSON document, or a zip that holds one.

Which product is the Caspian? Its name says ``CASPIAN``, as those of 2020 did, or carries a number that nobody has told
us. A product with a number is taken for the Caspian where its point lies on the open middle or southern sea, and the
document must then name it too.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from caspian_env.errors import BadGranule
from caspian_env.formats.archives import zip_members
from caspian_env.formats.first_bytes import expect_text, kind
from caspian_env.formats.table_text import number, time_series
from caspian_env.model import GranuleRef, Http, Window

if TYPE_CHECKING:
    import xarray as xr

_DATASET = "clms_lake_water_level"
_PRODUCT = "c_gls_WL_"
_BOX = "POLYGON((46 36,55 36,55 48,46 48,46 36))"
_SAFE = (
    "$(),;:='"  # signs that may stand in a query, so that the address is short enough for the name of a mirror's file
)
_OPEN_SEA = (50.9, 52.2, 38.5, 42.5)  # degrees, west to east and south to north: water everywhere
_NAME = re.compile(r"c_gls_WL_\d{12}_(\w+?)_ALTI_V\d")  # names sort by the moment of issue
_ID = re.compile(r"[0-9A-Za-z-]{8,64}")
_PAGES, _PER_PAGE = 20, 1000
_LAKE = "caspian"
_DATUM = "EGM2008"
_HEIGHT = ("water_surface_height_above_reference_datum", "orthometric_height_of_water_surface_at_reference_position")
_UNCERTAINTY = ("water_surface_height_uncertainty", "associated_uncertainty")
_FILL = 9999.999
_LAYOUT = "has the layout changed?"


def list_granules(window: Window, http: Http, *, options: Mapping[str, Any]) -> Iterator[GranuleRef]:
    """The newest issue of the series of the Caspian."""
    for product in _catalogue(http, str(options["catalogue"])):
        named = _NAME.search(str(product.get("Name")))
        if named and _ID.fullmatch(str(product.get("Id"))) and _is_caspian(named[1], product, options):
            yield GranuleRef(path=f"{options['download']}Products({product['Id']})/$value", protocol="cdse_token")
            return


def read_granule(path: Path, *, options: Mapping[str, Any]) -> xr.Dataset:
    """Heights by epoch, with the provider's uncertainty.

    Returns
    -------
    xarray.Dataset, dims (time,)
        ``height`` and ``uncertainty``, m above EGM2008.

    Raises
    ------
    BadGranule
        When the product is another lake, stands on another reference, or is damaged.
    """
    feature = _feature(_document(path))
    told = feature["properties"]
    names = [str(told.get(name, "")) for name in ("resource", "lake", "river", "basin")]
    if not any(_LAKE in name.lower() for name in names):
        raise BadGranule(_DATASET, f"the product is {' '.join(names).strip()[:60]!r} and not the Caspian", _LAYOUT)
    reference = str(told.get("water_surface_reference_name", told.get("water_surface_reference_datum_name", "")))
    if _DATUM not in reference.upper().replace(" ", ""):
        raise BadGranule(_DATASET, f"heights stand on {reference[:40]!r} and not on {_DATUM}", "that is another datum")
    fills = [_FILL, *(float(v) for v in [told.get("missing_value")] if isinstance(v, int | float))]
    rows = feature["data"]
    columns = {
        "height": [_metres(row, _HEIGHT, fills, needed=True) for row in rows],
        "uncertainty": [_metres(row, _UNCERTAINTY, fills) for row in rows],
    }
    version = told.get("product_version") or told.get("processing_version")
    return time_series(
        [_moment(row.get("datetime")) for row in rows], columns, _DATASET, units=dict.fromkeys(columns, "m"),
        product_version=str(version) if version else None,
    )  # fmt: skip


def _catalogue(http: Http, base: str) -> Iterator[Mapping[str, Any]]:
    """The products in the box, newest first, page by page."""
    wanted = f"contains(Name,'{_PRODUCT}') and OData.CSC.Intersects(area=geography'SRID=4326;{_BOX}')"
    for page in range(_PAGES):
        asked = {"$filter": wanted, "$orderby": "Name desc", "$top": str(_PER_PAGE)}
        if page:
            asked["$skip"] = str(page * _PER_PAGE)
        text = http.document(f"{base}Products?{urlencode(asked, quote_via=quote, safe=_SAFE)}").text
        try:
            products = json.loads(text)["value"]
        except (ValueError, KeyError, TypeError) as error:
            raise BadGranule(_DATASET, "the catalogue answered with something else than products", _LAYOUT) from error
        yield from (product for product in products if isinstance(product, dict))
        if len(products) < _PER_PAGE:
            return


def _is_caspian(lake: str, product: Mapping[str, Any], options: Mapping[str, Any]) -> bool:
    if lake in options["lakes"]:
        return True
    place = product.get("GeoFootprint")
    point = place.get("coordinates") if isinstance(place, dict) and place.get("type") == "Point" else None
    if not (isinstance(point, list) and len(point) >= 2 and all(isinstance(v, int | float) for v in point)):
        return False
    west, east, south, north = _OPEN_SEA
    return bool(west <= point[0] <= east and south <= point[1] <= north)


def _document(path: Path) -> Any:
    if kind(path) == "a zip archive":
        inside = list(zip_members(path, _DATASET, wanted=lambda name: name.lower().endswith(("json",))))
        if len(inside) != 1:
            raise BadGranule(_DATASET, f"the zip holds {len(inside)} JSON documents and not one", _LAYOUT)
        text = inside[0][1].decode("utf-8-sig", errors="strict")
    else:
        text = expect_text(path, _DATASET)
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        problem = f"the JSON breaks off or is damaged at character {getattr(error, 'pos', 0)}"
        raise BadGranule(_DATASET, problem, "fetch it again") from error


def _feature(body: Any) -> Mapping[str, Any]:
    """The one feature with ``properties`` and ``data``, alone or in a collection."""
    if isinstance(body, dict) and body.get("type") == "FeatureCollection":
        features = body.get("features")
        body = features[0] if isinstance(features, list) and len(features) == 1 else None
    data = body.get("data") if isinstance(body, dict) else None
    if not (isinstance(body, dict) and isinstance(body.get("properties"), dict) and isinstance(data, list)):
        said = str(body.get("detail") or body.get("message") or "")[:80] if isinstance(body, dict) else ""
        raise BadGranule(_DATASET, f"a document without properties and data {said}".strip(), "is the key valid?")
    if not all(isinstance(row, dict) for row in data):
        raise BadGranule(_DATASET, "the epochs are not JSON objects", _LAYOUT)
    return body


def _metres(row: Mapping[str, Any], spellings: Sequence[str], fills: Sequence[float], *, needed: bool = False) -> float:
    for name in spellings:
        if row.get(name) is not None:
            return number(str(row[name]), _DATASET, fills)
    if needed and not set(spellings) & set(row):
        raise BadGranule(_DATASET, f"an epoch has none of the fields {', '.join(spellings)}", _LAYOUT)
    return float("nan")


def _moment(text: Any) -> datetime:
    try:
        return datetime.strptime(str(text), "%Y/%m/%d %H:%M")
    except ValueError as error:
        raise BadGranule(_DATASET, f"{text!r} is not a time like YYYY/MM/DD HH:MM", _LAYOUT) from error
