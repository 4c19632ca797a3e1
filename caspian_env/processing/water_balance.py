"""The yearly water balance of the sea, with the error of each term carried through by a Monte Carlo simulation.

In a year the level changes by what rivers, groundwater and rain bring less what evaporates and what flows into the
Kara-Bogaz-Gol; what is left over is the residual. Each term has an error of its own, relative or absolute, normal and
independent of the others; within a term it is common to the whole year. The random numbers are seeded by the numbers that
enter, so that the same inputs give the same bytes.

Area grows with the level along a straight line through one printed area; it needs no datum, as only differences
of the level from that of the printed year enter.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from caspian_env.errors import NotComputable

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]

DRAWS = 20_000  # Monte Carlo error of a 5 % quantile: about 0.015 standard uncertainties
MM_PER_KM, CM_PER_KM, M_PER_KM = 1e6, 1e5, 1e3

GAINS = ("rivers", "other_rivers", "groundwater", "precipitation")
LOSSES = ("evaporation", "kara_bogaz_gol")
TERMS = (*GAINS, *LOSSES, "precipitation_less_evaporation", "expected_change", "observed_change", "residual")


@dataclass(frozen=True, slots=True)
class Year:
    """What a year of the balance is made from; ``evaporation`` is None where it is what is asked for.

    Rivers in km3, precipitation and evaporation in mm over the sea, the change of the level from the first to the last day
    and its mean departure from the printed year in m.
    """

    rivers: float
    precipitation: float
    evaporation: float | None
    level_change: float
    above_anchor: float


@dataclass(frozen=True, slots=True)
class Constants:
    """What no dataset gives, and how well everything is known; the seeds state the source of each.

    ``other_rivers``, ``groundwater``, ``kara_bogaz_gol`` in km3 a year; ``anchor_area`` in km2 and its ``widening`` in km2 per
    metre of level; ``u_`` are standard uncertainties, relative except those of groundwater (km3), level and steric (m).
    """

    other_rivers: float
    groundwater: float
    kara_bogaz_gol: float
    anchor_area: float
    widening: float
    u_rivers: float
    u_other_rivers: float
    u_groundwater: float
    u_kara_bogaz_gol: float
    u_precipitation: float
    u_evaporation: float
    u_area: float
    u_level: float
    u_steric: float

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> Constants:
        """The constants of a seed; NotComputable names what is missing or unknown."""
        wanted = set(cls.__slots__)
        if set(given) != wanted:
            wrong = ", ".join(sorted(wanted ^ set(given)))
            raise NotComputable("water balance", f"its constants lack or do not know {wrong}", "mend the seed")
        return cls(**{name: float(value) for name, value in given.items()})


@dataclass(frozen=True, slots=True)
class Spread:
    """A quantity: its value, and the same quantity in every draw."""

    value: float
    draws: Numbers

    def interval(self, ci_level: float) -> tuple[float, float]:
        """The two quantiles of the draws that hold ``ci_level``, and the value in any case."""
        low, high = np.quantile(self.draws, [0.5 - ci_level / 2, 0.5 + ci_level / 2])
        return min(float(low), self.value), max(float(high), self.value)

    @property
    def std_uncertainty(self) -> float:
        """Standard deviation of the draws."""
        return float(self.draws.std(ddof=1))


def volumes(year: Year, constants: Constants) -> dict[str, Spread]:
    """All terms of a year in km3, ``area`` in km2; losses are positive, the residual is observed less expected change.

    Without an evaporation the terms that need it are left out, and ``evaporation`` is what the others leave for it.
    """
    random = np.random.default_rng(_seed(year, constants))
    error = {name: random.standard_normal(DRAWS) for name in (*GAINS, *LOSSES, "area", "level", "steric")}
    known = constants

    def relative(name: str, value: float) -> Spread:
        return Spread(value, value * (1 + getattr(known, f"u_{name}") * error[name]))

    area = relative("area", known.anchor_area + known.widening * year.above_anchor)

    def depth(name: str, mm: float) -> Spread:
        """Millimetres over an area that is itself uncertain."""
        return _times(relative(name, mm / MM_PER_KM), area)

    terms = {
        "rivers": relative("rivers", year.rivers),
        "other_rivers": relative("other_rivers", known.other_rivers),
        "groundwater": Spread(known.groundwater, known.groundwater + known.u_groundwater * error["groundwater"]),
        "kara_bogaz_gol": relative("kara_bogaz_gol", known.kara_bogaz_gol),
        "precipitation": depth("precipitation", year.precipitation),
    }
    change = year.level_change + known.u_level * error["level"] + known.u_steric * error["steric"]
    terms["observed_change"] = _times(Spread(year.level_change / M_PER_KM, change / M_PER_KM), area)
    brought = _sum(terms, GAINS)
    if year.evaporation is None:
        terms["evaporation"] = _less(_less(brought, terms["kara_bogaz_gol"]), terms["observed_change"])
        return terms | {"area": area}
    terms["evaporation"] = depth("evaporation", year.evaporation)
    terms["precipitation_less_evaporation"] = _less(terms["precipitation"], terms["evaporation"])
    terms["expected_change"] = _less(brought, _sum(terms, LOSSES))
    terms["residual"] = _less(terms["observed_change"], terms["expected_change"])
    return terms | {"area": area}


def over_area(term: Spread, area: Spread, per_km: float) -> Spread:
    """A volume (km3) as a depth: ``per_km`` is `MM_PER_KM` or `CM_PER_KM`."""
    return Spread(term.value / area.value * per_km, term.draws / area.draws * per_km)


def _seed(year: Year, constants: Constants) -> int:
    """A number that is another for other inputs, and the same for the same ones."""
    named = [(name, getattr(one, name)) for one in (year, constants) for name in one.__slots__]
    written = json.dumps([(name, None if value is None else float(value).hex()) for name, value in named])
    return int.from_bytes(hashlib.sha256(written.encode()).digest()[:8], "big")


def _times(one: Spread, other: Spread) -> Spread:
    return Spread(one.value * other.value, one.draws * other.draws)


def _less(one: Spread, other: Spread) -> Spread:
    return Spread(one.value - other.value, one.draws - other.draws)


def _sum(terms: Mapping[str, Spread], names: tuple[str, ...]) -> Spread:
    return Spread(sum(terms[n].value for n in names), np.sum([terms[n].draws for n in names], axis=0))
