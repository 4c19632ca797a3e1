"""Numbers written with the digits that their uncertainty leaves them."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite

from caspian_env.errors import NotComputable


@dataclass(frozen=True, slots=True)
class Rounded:
    """A value and its standard uncertainty at ``decimals`` places; negative places are tens, hundreds …."""

    value: float
    std_uncertainty: float
    decimals: int

    def __str__(self) -> str:
        """For example ``-8.1 ± 0.6``."""
        places = max(0, self.decimals)
        return f"{self.value:.{places}f} ± {self.std_uncertainty:.{places}f}"


def to_uncertainty(value: float, u: float) -> Rounded:
    """The value rounded to the last digit that its uncertainty has.

    The uncertainty keeps one digit, or two where the first is a 1, so that rounding changes it by a third at the most
    (at most two digits: JCGM 100:2008, 7.2.6).

    Parameters
    ----------
    value, u : float
        A value and its standard uncertainty, in one unit.

    Raises
    ------
    NotComputable
        One of them is missing, or the uncertainty is not positive.

    Examples
    --------
    >>> str(to_uncertainty(-28.6312, 0.0312)), str(to_uncertainty(355_723, 1_340))
    ('-28.63 ± 0.03', '355700 ± 1300')
    """
    if not (isfinite(value) and isfinite(u) and u > 0):
        raise NotComputable("rounding", f"{value} ± {u} has no digits to go by", "give a positive uncertainty")
    decimals = places_of(u)
    return Rounded(round(value, decimals) + 0.0, round(u, decimals), decimals)  # + 0.0: no negative zero


def places_of(u: float) -> int:
    """Decimal places that an uncertainty leaves; negative for tens, hundreds …."""
    leading, order = f"{u:.1e}".split("e")  # rounded to two digits first: 0.0996 begins with a 1
    return (1 if leading.startswith("1") else 0) - int(order)
