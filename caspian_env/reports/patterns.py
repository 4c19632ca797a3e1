"""Sentences of the indicators that hold numbers: each as one sentence with blanks, which the catalogues translate.

The reasons of refusals and the statistics are written in English where they arise, with their numbers in them; the
catalogues hold one sentence for all of them.
"""

from __future__ import annotations

import re

TEMPLATES = (
    "{n} of {m} months",
    "{n} of {m} days have enough values: a missing day may be the windy one",
    "{n} of {m} annual means",
    "{n} of {m} annual means; {year} has {k} of {l} months",
    "incomplete: {year} ({n} of {m} months)",
    "{n} of the {m} years {first}-{last} have a value; {k} are needed, one of them in the first and one in the last tenth",
    "{n} of {m} years in the seasonal cycle of its rarest month; {year} is not whole",
    "the base period {first}-{last} needs {n} of {m} years of every month, this record has {k} (within {start}-{end})",
    "the base period {first}-{last} needs {n} of {m} years of every month, this record has none",
    "needs the Baltic datum BS77, this series is in {name}",
    "kept back: it repeats a row that may not be passed on; get it from {source}",
    "kept back: it leads back to rows that may not be passed on; get it from {source}",
    "not reached at the rate of {rate} cm/yr ({low} to {high})",
    "not reached within the interval of the rate, {rate} cm/yr ({low} to {high})",
    "already below {low} m: the mean of {year} stands {n} m under it",
    "{low} m is not reached: the level rises by {n} cm a year",
    "no date for {low} m: the interval of the rate holds zero, so it may not be reached",
    "nothing was collected of {source}",
    "the outline of its place is awaited; this adds it: {source}",
    "awaits files: put them into the local folder as {source} (docs/local-data.md)",
    "{n} of {m} days have enough values: a count allows no missing day",
    "{n} annual values are too few; give at least {m}",
    "GHCN-Daily {name}",
    "no annual mean of {year}",
    "no annual mean of {year}, the year of what was printed on {name}",
    "no value of the base year {year} in this series",
    (
        "provisional: no source says to which zero the depth of {n} m ({name}) belongs, so no clearance is told; see the"
        " change of the depth"
    ),
    "mean annual increment of {n} annual means ({m} increments), interval with natural variability and its memory",
    "last of {n} annual means minus the first, divided by the {m} years between them; measurement error only",
    "mean over the year of each month minus its own normal of {first}-{last}, over the region",
    "rank among the annual means of the same series up to and including the year (from {year} on), 1 is the lowest",
)
NUMBER = r"[0-9]+(?:\.[0-9]+)?"
SIGNED = rf"[+-]?{NUMBER}"
BLANK = {"name": r"[\w.-]+", "source": r".+", "rate": SIGNED, "low": SIGNED, "high": SIGNED}


def match(english: str) -> tuple[str, dict[str, str]] | None:
    """The sentence with blanks that the words fill, and what fills them; None where there is none."""
    for template, known in _KNOWN:
        if found := known.fullmatch(english):
            return template, found.groupdict()
    return None


def _expression(template: str) -> re.Pattern[str]:
    parts = re.split(r"\{(\w+)\}", template)
    return re.compile(
        "".join(
            f"(?P<{part}>{BLANK.get(part, NUMBER)})" if at % 2 else re.escape(part) for at, part in enumerate(parts)
        )
    )


_KNOWN = tuple((template, _expression(template)) for template in TEMPLATES)
