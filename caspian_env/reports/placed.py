"""Texts of a definition with their numbers, which stand in them by indicator and place."""

from __future__ import annotations

import re
from collections.abc import Iterable

from caspian_env.reports import text
from caspian_env.reports.numbers import Refusal, Value
from caspian_env.reports.voice import Voice

PLACE = re.compile(r"\{([a-z0-9_]+)@([a-z0-9_]+)(?:\|(number|period))?\}")


def placed(words: str, values: Iterable[Value], refusals: Iterable[Refusal], say: Voice) -> str:
    """A text with its numbers: ``{indicator@location}`` becomes the newest value with period, interval and status.

    ``|number`` gives number and unit alone, ``|period`` the period. Where there is no number the reason stands in its place.
    """
    newest = {(row.indicator_id, row.location_id): row for row in text.latest(values)}
    refused = {(row.indicator_id, row.location_id): row for row in text.latest(refusals)}

    def put(match: re.Match[str]) -> str:
        key, part = (match[1], match[2]), match[3]
        if key in newest:
            found = newest[key]
            when = say.period(found.period_start, found.period_end)
            if part:
                return when if part == "period" else say.quantity(found.value, found.decimals, found.unit)
            amount = say.quantity(found.value, found.decimals, found.unit)
            return f"{amount} ({'; '.join(filter(None, (when, say.interval(found), say.status(found.status))))})"
        if key in refused:
            return say.words("no number ({reason})", reason=say.name(refused[key].reason.rstrip(".")))
        return say.words("no number yet")

    return PLACE.sub(put, words)
