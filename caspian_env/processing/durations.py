"""Calendar steps as seeds write them: ISO 8601 durations of whole hours, days, weeks, months or years."""

from __future__ import annotations

import calendar
import re
from datetime import datetime, timedelta

from caspian_env.errors import SeedError

_STEP = re.compile(r"P(\d+)([DWMY])|PT(\d+)(H)")
INSTANT = "instant"


def later(moment: datetime, duration: str, times: int = 1) -> datetime:
    """The moment that many steps later; the last day of a month where the month reached has no such day.

    Parameters
    ----------
    duration : str
        ``P1D``, ``P1W``, ``P1M``, ``P1Y``, ``PT6H`` and the like; ``instant`` is no step at all.

    Raises
    ------
    SeedError
        For anything else.
    """
    if duration == INSTANT:
        return moment
    found = _STEP.fullmatch(duration)
    if found is None:
        raise SeedError(duration, "is not a duration that is understood here", "write for example P1D, P10D or P1M")
    number, unit = int(found[1] or found[3]) * times, found[2] or found[4]
    if unit in "HDW":
        return moment + number * {"H": timedelta(hours=1), "D": timedelta(days=1), "W": timedelta(weeks=1)}[unit]
    months = moment.year * 12 + moment.month - 1 + number * (12 if unit == "Y" else 1)
    year, month = months // 12, months % 12 + 1
    return moment.replace(year=year, month=month, day=min(moment.day, calendar.monthrange(year, month)[1]))
