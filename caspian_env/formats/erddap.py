"""ERDDAP griddap: the axes of a product, the moments it holds, and the address of a piece of it.

What is asked follows from what the server says about itself: the order of the axes from ``.dds``, their first and last
labels before any window is sent (a bound outside of an axis is answered with 404), descending latitudes from north to
south, and full time stamps, since a bare date lies as far from yesterday's noon as from today's.

A 404 for a piece may mean that it is empty; a 404 for ``.dds`` or an axis can only mean that the server does not know
the dataset, for good or because it is loading its catalogue again. The wording of messages is not looked at: newer servers
garble it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

from caspian_env.errors import NotPublished, RefusedAnswer, TransportError, Unreachable
from caspian_env.formats.mirror_addresses import join_address
from caspian_env.model import Http, Window, as_utc

TIME, LATITUDE, LONGITUDE = "time", "latitude", "longitude"
UNKNOWN = "does not know the dataset: it was retired, or the server is loading its catalogue again"
_AXIS = re.compile(r"\[(\w+) = (\d+)\]")
_PLAIN = "():,.-"  # what may stand in a query beside letters and digits; brackets may not


@dataclass(frozen=True, slots=True)
class Product:
    """One variable of a gridded dataset on one server, and its axes in their order with their lengths."""

    base: str
    dataset: str
    variable: str
    axes: tuple[tuple[str, int], ...]

    def length(self, axis: str) -> int:
        """How many labels an axis has; 0 where the variable lacks it."""
        return dict(self.axes).get(axis, 0)


@dataclass(frozen=True, slots=True)
class Box:
    """A window in degrees, and every how many cells one is taken."""

    west: float
    east: float
    south: float
    north: float
    stride: int = 1

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> Box:
        """The ``box`` (west, east, south, north) and ``stride`` of a seed's options."""
        west, east, south, north = map(float, options["box"])
        return cls(west, east, south, north, int(options.get("stride", 1)))


def product_at(http: Http, base: str, dataset: str, variable: str) -> Product:
    """The axes of a variable as its ``.dds`` states them.

    Raises
    ------
    Unreachable
        When the server does not know the dataset (now), or answers with something else, such as a page of its proxy.
    RefusedAnswer
        When the dataset has no such variable on a grid.
    """
    text = _text(http, base, f"{dataset}.dds")
    if not text.lstrip().startswith("Dataset {"):
        raise Unreachable(join_address(base, f"{dataset}.dds"), "answered with something else than axes", "try later")
    found = re.search(rf"ARRAY:\s*\w+ {re.escape(variable)}((?:\[\w+ = \d+\])+);", text)
    if not found:
        raise RefusedAnswer(join_address(base, dataset), f"has no grid {variable}", "compare the seed with the server")
    axes = tuple((name, int(length)) for name, length in _AXIS.findall(found[1]))
    return Product(base, dataset, variable, axes)


def first_product(http: Http, servers: Iterable[Mapping[str, str]]) -> Product:
    """The product at the first server that has it now (``base``, ``dataset``, ``variable`` each).

    Raises
    ------
    TransportError
        Of the first server, when none has it.
    """
    failure: TransportError | None = None
    for server in servers:
        try:
            return product_at(http, server["base"], server["dataset"], server["variable"])
        except TransportError as error:
            failure = failure or error
    raise failure or NotPublished("erddap", "no server is named", "name one in the seed")


def moments(http: Http, product: Product, window: Window) -> Sequence[datetime]:
    """The time stamps of a product inside a window, UTC, ascending: those that exist, not those that ought to.

    Raises
    ------
    Unreachable
        As ``product_at``.
    """
    first, last = (as_utc(datetime.fromisoformat(label)) for label in _ends(http, product, TIME))
    start, end = max(first, window.start), min(last, window.end)
    if start > end:
        return ()
    labels = _labels(http, product, f"{TIME}[({_stamp(start)}):1:({_stamp(end)})]")
    found = sorted({as_utc(datetime.fromisoformat(label)) for label in labels})
    return [moment for moment in found if window.start <= moment < window.end]  # the server takes the nearest labels


def spans(http: Http, product: Product, box: Box) -> Mapping[str, str]:
    """The constraints on latitude and longitude: clipped to the axes, in their direction.

    Raises
    ------
    Unreachable
        As ``product_at``.
    RefusedAnswer
        When the grid does not reach the box.
    """
    found = {}
    for axis, lower, upper in ((LATITUDE, box.south, box.north), (LONGITUDE, box.west, box.east)):
        first, last = (float(label) for label in _ends(http, product, axis))
        lower, upper = max(lower, min(first, last)), min(upper, max(first, last))
        if lower >= upper:
            raise RefusedAnswer(join_address(product.base, product.dataset), f"its {axis} does not reach the Caspian")
        start, stop = (lower, upper) if first <= last else (upper, lower)
        found[axis] = f"[({start:g}):{box.stride}:({stop:g})]"
    return found


def piece(product: Product, within: Mapping[str, str], moment: datetime | None = None, *also: str) -> str:
    """The path, below the server's base, of the netCDF file of one moment inside the spans; levels must be single.

    Parameters
    ----------
    within : mapping
        From ``spans``.
    also : str
        Further variables on the same axes.

    Raises
    ------
    RefusedAnswer
        When the product has an axis of several labels that nobody chose from.
    """
    constraint = ""
    for axis, length in product.axes:
        if axis in within:
            constraint += within[axis]
        elif axis == TIME and moment is not None:
            constraint += f"[({_stamp(moment)}):1:({_stamp(moment)})]"
        elif length == 1:
            constraint += "[0:1:0]"
        else:
            problem = f"has {length} labels along {axis}, of which none was chosen"
            raise RefusedAnswer(join_address(product.base, product.dataset), problem, "has its layout changed?")
    query = ",".join(f"{name}{constraint}" for name in (product.variable, *also))
    return f"{product.dataset}.nc?{quote(query, safe=_PLAIN)}"


def _ends(http: Http, product: Product, axis: str) -> tuple[str, str]:
    """The first and last label of an axis, in one request."""
    length = product.length(axis)
    if length == 0:
        raise RefusedAnswer(join_address(product.base, product.dataset), f"has no axis {axis}", "compare with the seed")
    span = "[0]" if length == 1 else f"[0:{length - 1}:{length - 1}]"
    labels = _labels(http, product, f"{axis}{span}")
    return labels[0], labels[-1]


def _labels(http: Http, product: Product, query: str) -> list[str]:
    path = f"{product.dataset}.json?{quote(query, safe=_PLAIN)}"
    text = _text(http, product.base, path)
    try:
        table: dict[str, Any] = json.loads(text)["table"]
        labels = [str(row[0]) for row in table["rows"]]
    except (ValueError, KeyError, TypeError, IndexError):
        labels = []
    if not labels:
        raise Unreachable(join_address(product.base, path), "answered with something else than labels", "try later")
    return labels


def _text(http: Http, base: str, path: str) -> str:
    address = join_address(base, path)
    try:
        return http.document(address).text
    except NotPublished as error:
        raise Unreachable(address, UNKNOWN, "try again in a quarter of an hour") from error


def _stamp(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"
