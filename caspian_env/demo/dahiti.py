"""Synthetic answer of DAHITI (DGFI-TUM) for target 39: a JSON document with the whole record."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial

import numpy as np

from caspian_env.demo import level
from caspian_env.demo.changes import Difference

DATASET = "dahiti_water_level"
ADDRESS = "dahiti.dgfi.tum.de/api/v2/download-water-level/%3Fdahiti_id=39&format=json"
FIRST_EPOCH = datetime(1992, 9, 28, tzinfo=UTC)
GAP_EVERY = 53  # epochs that no edition has, as in the real record with its gaps of twenty days
OUTLIERS = {268: 0.71, 655: -0.62, 941: 0.88}  # epoch and metres: isolated, for quality control to find
CORRECTED, CORRECTION = 1205, 0.07
WITHDRAWN = 1160


def files(edition: int) -> dict[str, Callable[[], bytes]]:
    """The one address, with the function that makes its bytes."""
    return {ADDRESS: partial(_file_bytes, edition)}


def differences() -> list[Difference]:
    """One epoch corrected by several centimetres, one taken back, and the epochs of the new month."""
    first, second = _heights(1), _heights(2)
    found = []
    for time in sorted(first.keys() | second.keys()):
        old, new = first.get(time), second.get(time)
        if old != new:
            kind = "new" if old is None else "withdrawn" if new is None else "corrected"
            found.append(Difference(DATASET, "height", time, old, new, kind))
    return found


def _heights(edition: int) -> dict[datetime, float]:
    """Height of each epoch, m above the datum of the product."""
    count = int((level.END - FIRST_EPOCH) / timedelta(days=level.REPEAT_DAYS)) + 1
    times = [_midnight(FIRST_EPOCH + timedelta(days=level.REPEAT_DAYS * number)) for number in range(count)]
    noise = np.random.default_rng(39).normal(0.0, 0.02, count)
    heights = level.baltic_level(times) + level.PRODUCT_OFFSET + noise
    known: dict[datetime, float] = {}
    for number, time in enumerate(times):
        gone = number % GAP_EVERY == GAP_EVERY - 1 or (edition == 2 and number == WITHDRAWN)
        if gone or time > level.LAST_DAY[edition]:
            continue
        revision = CORRECTION if edition == 2 and number == CORRECTED else 0.0
        known[time] = round(float(heights[number]) + OUTLIERS.get(number, 0.0) + revision, 3)
    return known


def _midnight(time: datetime) -> datetime:
    return time.replace(hour=0, minute=0, second=0, microsecond=0)


def _file_bytes(edition: int) -> bytes:
    heights = _heights(edition)
    # The formal error of the real record is 0.000 to 0.002 m.
    data = [
        {"date": f"{time:%Y-%m-%dT%H:%M:%S}", "height": height, "error": time.day % 3 / 1000}
        for time, height in heights.items()
    ]
    target = {"id": "39", "target_name": "Caspian Sea (SYNTHETIC demonstration data)", "points": len(data)}
    answer = {"code": 200, "message": "Request successful!", "target": target, "data": data}
    return json.dumps(answer).encode("ascii")
