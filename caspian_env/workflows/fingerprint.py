"""What the result of an indicator depends on, as a hash: it is computed again only when the hash is another."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from typing import Any

from caspian_env.model import Indicator
from caspian_env.seeds.targets import whole_date
from caspian_env.wiring import Platform
from caspian_env.workflows.arguments import Argument


def promised(indicator: Indicator, moment: datetime) -> bool:
    """Whether the target that an indicator is about is promised at a moment; true where it is about none."""
    day = moment.date()
    begun = not indicator.valid_from or whole_date(indicator.valid_from) <= day
    return begun and not (indicator.valid_to and whole_date(indicator.valid_to) <= day)


def word_of(platform: Platform, indicator: Indicator, location: str) -> str | None:
    """The confidence word that a named person gave to an indicator at a place, or None."""
    entry = platform.seeds.confidence.get((indicator.id, location))
    return entry.confidence if entry else None


def method_of(indicator: Indicator) -> dict[str, Any]:
    """What turns inputs into values: function, version, parameters, units and datum."""
    return {
        "function": indicator.function,
        "method_version": indicator.method_version,
        "parameters": dict(indicator.parameters),
        "units": indicator.units,
        "datum": indicator.datum,
    }


def fingerprint_of(
    indicator: Indicator, arguments: list[Argument], moment: datetime, confidence: str | None = None
) -> str:
    """A hash of the method, a colon, and a hash of everything else that the result depends on."""
    method = hashlib.sha256(json.dumps(method_of(indicator), sort_keys=True).encode())
    digest = hashlib.sha256()
    for argument in arguments:
        identity = [argument.name, argument.series_id, argument.units, argument.datum, argument.licence]
        digest.update(json.dumps([*identity, *argument.vintages]).encode())
        if argument.grid is not None:
            digest.update(json.dumps(argument.grid.identity).encode())
        # A period that was not over becomes publishable by the passing of time alone.
        year_end = datetime(argument.last_year + 1, 1, 1, tzinfo=UTC)
        digest.update(f"{min(moment, year_end):%Y-%m}".encode())
    if not promised(indicator, moment):
        digest.update(b"promised no longer")
    if confidence:
        digest.update(f"confidence {confidence}".encode())
    return f"{method.hexdigest()}:{digest.hexdigest()}"
