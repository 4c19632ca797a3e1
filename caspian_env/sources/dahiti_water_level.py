"""Level of the Caspian from several altimeters: DAHITI (DGFI-TUM), target 39. Needs a free key.

The answer to a POST is one JSON document with the whole record. Names of its fields have changed between versions of
the interface; every known spelling is read. Errors come as JSON too, sometimes with HTTP status 200.

Two versions of the interface are hosts of the seed. Version 2 is documented and asked first; version 3 takes over where
version 2 no longer answers. Of version 3 only the request is known, from the provider's client dahitiapi 0.0.41: a POST
of the same parameters as JSON, which version 2 takes as well. Its answer is read by the same rules, and an answer in
another layout is refused and kept, not guessed at.

Heights are above the datum of the product, which the answer does not name; it is not the Baltic system.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from caspian_env.errors import BadGranule
from caspian_env.formats.first_bytes import expect_text
from caspian_env.formats.table_text import number, time_series
from caspian_env.model import GranuleRef, Http, Window

if TYPE_CHECKING:
    import xarray as xr

_DATASET = "dahiti_water_level"
_TARGET = "39"
_PATH = "download-water-level/"
_TIME = ("date", "datetime")
_HEIGHT = ("height", "wse", "water_level")
_ERROR = ("error", "wse_u")


def list_granules(window: Window, http: Http) -> Iterator[GranuleRef]:
    """The one answer that holds the whole record."""
    yield GranuleRef(path=_PATH, form={"dahiti_id": _TARGET, "format": "json"}, protocol="json_post")


def read_granule(path: Path) -> xr.Dataset:
    """Heights of target 39 by epoch, with the provider's formal error.

    Returns
    -------
    xarray.Dataset, dims (time,)
        ``height`` and ``error``, m above the datum of the product.

    Raises
    ------
    BadGranule
        When the answer is an error, another target, incomplete or not JSON.
    """
    target, rows = _answer(expect_text(path, _DATASET))
    times = [_moment(_field(row, _TIME)) for row in rows]
    columns = {
        "height": [_metres(_field(row, _HEIGHT)) for row in rows],
        "error": [_metres(_field(row, _ERROR, None)) for row in rows],
    }
    software = target.get("software")
    return time_series(
        times, columns, _DATASET, units=dict.fromkeys(columns, "m"), product_version=str(software) if software else None
    )


def _answer(text: str) -> tuple[Mapping[str, Any], Sequence[Mapping[str, Any]]]:
    try:
        body = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadGranule(
            _DATASET, f"the JSON breaks off or is damaged at byte {getattr(error, 'pos', 0)}", "fetch it again"
        ) from error
    if not isinstance(body, dict) or not isinstance(body.get("data"), list):
        said = body.get("message", "no message") if isinstance(body, dict) else "no message"
        raise BadGranule(
            _DATASET, f"an answer without data: {str(said)[:120]}", "is the key valid and the target known?"
        )
    if str(body.get("code", 200)) != "200":
        raise BadGranule(_DATASET, f"code {body['code']}: {str(body.get('message'))[:120]}", "is the key valid?")
    target, rows = body.get("target"), body["data"]
    if not isinstance(target, dict) or not all(isinstance(row, dict) for row in rows):
        raise BadGranule(_DATASET, "target or epochs are not JSON objects", "has the layout changed?")
    if str(target.get("id", target.get("dahiti_id", ""))) != _TARGET:
        raise BadGranule(_DATASET, f"the answer is for target {target.get('id')} and not {_TARGET}", "fetch it again")
    if "points" in target and str(target["points"]) != str(len(rows)):
        problem = f"{len(rows)} epochs where the answer announces {target['points']}"
        raise BadGranule(_DATASET, problem, "fetch it again")
    return target, rows


_REQUIRED = object()


def _field(row: Mapping[str, Any], spellings: Sequence[str], default: Any = _REQUIRED) -> Any:
    for name in spellings:
        if name in row:
            return row[name]
    if default is _REQUIRED:
        raise BadGranule(_DATASET, f"an epoch has none of the fields {', '.join(spellings)}", "has the layout changed?")
    return default


def _moment(text: Any) -> datetime:
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError as error:
        raise BadGranule(_DATASET, f"{text!r} is not a date", "has the layout changed?") from error
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment


def _metres(value: Any) -> float:
    return float("nan") if value is None else number(str(value), _DATASET)
