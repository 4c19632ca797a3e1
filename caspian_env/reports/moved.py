"""Which printed numbers have moved: what was printed against what is known now, number by number.

A number has moved beyond its rounding when it would be printed otherwise today, and beyond its uncertainty when what is
known today lies outside the interval that was printed with it. Where only a standard uncertainty was printed, the
interval is the 90 % one of a normal error, which is what is printed everywhere; where neither was, nobody can tell.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from caspian_env.reports import text

NORMAL_90 = 1.6448536269514722  # 0.95 quantile of the standard normal distribution
ROUNDING, UNCERTAINTY, INTERVAL, VANISHED, REFUSED, BASIS = (
    "rounding", "uncertainty", "interval", "vanished", "refused", "basis",
)  # fmt: skip
KEPT_BACK = "kept back"  # how a reason begins that stands in the place of a number which a licence forbids to pass on
IN_WORDS = {
    ROUNDING: "moved beyond its rounding", UNCERTAINTY: "moved beyond its uncertainty",
    INTERVAL: "its interval moved", VANISHED: "is not known any more", REFUSED: "is refused now",
    BASIS: "has another unit or datum now",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Printed:
    """One number with its uncertainty, or the reason that stands in its place.

    Parameters
    ----------
    value_id : str
        ``indicator@location@period``.
    value, std_uncertainty, ci_low, ci_high, ci_level : float or None
        In ``unit``; value is None where ``reason`` stands in its place.
    decimals : int
        Decimal places in print.
    datum_id : str
        Vertical reference; heights above two of them are never compared.
    known_from : datetime or None
        Start of the vintage.
    """

    value_id: str
    value: float | None
    std_uncertainty: float | None
    ci_low: float | None
    ci_high: float | None
    ci_level: float | None
    unit: str
    decimals: int
    printed: str = ""
    reason: str | None = None
    datum_id: str = "none"
    known_from: datetime | None = None


@dataclass(frozen=True, slots=True)
class Moved:
    """A printed number that is not what would be printed today, in which ways, and what would be."""

    value_id: str
    kinds: tuple[str, ...]
    old: Printed
    new: Printed | None

    @property
    def sentence(self) -> str:
        """What was printed, what is known now, and in which ways that differs."""
        ways = ", ".join(IN_WORDS[kind] for kind in self.kinds)
        return f"{self.value_id}: printed {shown(self.old)}, now {shown(self.new)}; {ways}"


def moved(old: Iterable[Printed], new: Mapping[str, Printed]) -> list[Moved]:
    """The numbers of ``old`` that have moved, in its order; a reason that was printed is no number and cannot move."""
    found = []
    for was in old:
        now = new.get(was.value_id)
        if was.value is not None and (kinds := _ways(was, now)):
            found.append(Moved(was.value_id, kinds, was, now))
    return found


def answered(old: Iterable[Printed], new: Mapping[str, Printed]) -> list[str]:
    """Ids of what was refused when it was printed and has a number now; what a licence keeps back had one all along."""
    refused = [one for one in old if one.value is None and not (one.reason or "").startswith(KEPT_BACK)]
    return [was.value_id for was in refused if (now := new.get(was.value_id)) and now.value is not None]


def shown(printed: Printed | None) -> str:
    """Value, unit and interval at the places of print, or what stands in their place."""
    if printed is None:
        return "nothing"
    if printed.value is None:
        return f"no number ({printed.reason})"
    words = text.quantity(printed.value, printed.decimals, printed.unit)
    if printed.ci_low is None or printed.ci_high is None:
        return words
    return f"{words} ({' to '.join(text.number(end, printed.decimals) for end in (printed.ci_low, printed.ci_high))})"


def beyond_uncertainty(old: Printed, value: float) -> bool | None:
    """Whether a value lies outside the interval that was printed with another; None where none was printed."""
    if old.ci_low is not None and old.ci_high is not None:
        return not old.ci_low <= value <= old.ci_high
    if old.std_uncertainty is None or old.value is None:
        return None
    return abs(value - old.value) > NORMAL_90 * old.std_uncertainty


def _ways(old: Printed, new: Printed | None) -> tuple[str, ...]:
    if new is None:
        return (VANISHED,)
    if new.value is None:
        return (REFUSED,)
    if old.value is None:
        return ()
    if (old.unit, old.datum_id) != (new.unit, new.datum_id):
        return (BASIS,)  # the numbers cannot be compared
    ways = []
    if _text(old.value, old.decimals) != _text(new.value, old.decimals):
        ways.append(ROUNDING)
    if beyond_uncertainty(old, new.value):
        ways.append(UNCERTAINTY)
    if any(_text(a, old.decimals) != _text(b, old.decimals) for a, b in zip(_ends(old), _ends(new), strict=True)):
        ways.append(INTERVAL)
    return tuple(ways)


def _ends(printed: Printed) -> tuple[float | None, float | None, float | None]:
    """Both ends of the interval, and the standard uncertainty that is printed beside it."""
    return printed.ci_low, printed.ci_high, printed.std_uncertainty


def _text(value: float | None, decimals: int) -> str:
    return "" if value is None else text.plain(value, decimals)
