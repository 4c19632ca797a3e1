"""A made-up surface of the Caspian Sea: where the water is, how warm it is, where it freezes.

Nothing here is an observation. The mean (15.6 degC, 1989-2019, as reported by the Isfahan group) and the warming
(0.035 degC a year, Ginzburg et al. 2021) are published figures; the outline is drawn by hand to a tenth of a degree, and
seasons, gradient, weather and ice are chosen so that the fields look like those of the providers.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from caspian_env.demo.noise import Floats, red_noise

FIRST_DAY, LAST_DAY = date(1981, 1, 1), date(2026, 1, 31)

MEAN, MEAN_YEAR, MEAN_LATITUDE = 15.6, 2004.5, 41.5
WARMING = 0.035
CLIMATOLOGY_YEAR = 1986.0  # middle of 1971-2000, the base of the providers' anomalies

# Degrees east and north, against the clock from the Volga delta; Kara-Bogaz-Gol belongs to it, as in the providers' masks.
OUTLINE = (
    (47.6, 45.5), (47.2, 45.2), (46.8, 44.5), (47.1, 44.2), (47.4, 43.7), (47.5, 43.0), (48.0, 42.4), (48.5, 41.9),
    (49.1, 41.3), (49.4, 40.8), (50.2, 40.4), (49.6, 40.1), (49.1, 39.7), (49.2, 39.1), (48.8, 38.9), (48.8, 38.2),
    (49.0, 37.5), (49.9, 37.3), (50.5, 36.9), (51.4, 36.6), (52.6, 36.6), (53.9, 36.8), (54.1, 37.1), (53.8, 37.6),
    (53.9, 38.9), (53.4, 39.2), (53.2, 39.9), (52.9, 40.2), (53.0, 40.8), (54.5, 40.8), (54.7, 41.3), (54.2, 42.2),
    (53.1, 42.2), (52.5, 41.8), (52.5, 42.5), (52.6, 42.8), (51.5, 43.1), (51.2, 43.6), (50.5, 44.1), (50.4, 44.6),
    (51.4, 44.5), (51.3, 45.1), (52.6, 45.5), (53.2, 46.0), (53.2, 46.9), (52.0, 47.2), (50.6, 46.8), (49.7, 46.6),
    (48.7, 46.0),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Weather:
    """Departures of every day from ``FIRST_DAY`` on, degC: of the whole sea, and of its west against its east."""

    whole: Floats
    contrast: Floats


def make_weather() -> Weather:
    """The same weather every time, whichever part of it an edition shows."""
    generator = np.random.default_rng(1981)
    days = (LAST_DAY - FIRST_DAY).days + 1
    whole = red_noise(generator, days, 0.93, 0.5) + red_noise(generator, days, 0.995, 0.3)
    return Weather(whole, red_noise(generator, days, 0.97, 0.4))


def is_sea(lat: Floats, lon: Floats) -> NDArray[np.bool_]:
    """Whether the centre of each cell lies within the outline.

    Parameters
    ----------
    lat, lon : arrays (dims: lat; lon), degrees north and east
    """
    from shapely import Polygon, contains_xy

    east, north = np.meshgrid(lon, lat)
    inside: NDArray[np.bool_] = contains_xy(Polygon(OUTLINE), east, north)
    return inside


def climatology(day: date, lat: Floats, year: float = CLIMATOLOGY_YEAR) -> Floats:
    """Temperature to be expected on this day of the year, as if in ``year``, degC; it may lie below freezing."""
    season = np.cos(2 * np.pi * (day.timetuple().tm_yday - 217) / 365.25)
    north = lat - MEAN_LATITUDE
    return np.asarray(MEAN + WARMING * (year - MEAN_YEAR) - 0.85 * north + (9.6 + 0.6 * north) * season)


def temperature(weather: Weather, day: date, lat: Floats, lon: Floats) -> Floats:
    """Temperature of a day, degC; it may lie below freezing, which :func:`ice_fraction` makes ice of.

    Parameters
    ----------
    weather : Weather
    day : date
        From ``FIRST_DAY`` to ``LAST_DAY``.
    lat, lon : arrays (dims: lat; lon), degrees north and east
    """
    number = (day - FIRST_DAY).days
    east, north = np.meshgrid(lon, lat)
    eddies = 0.2 * np.sin(2 * np.pi * (east / 2.2 + number / 17)) * np.cos(2 * np.pi * (north / 3.1 - number / 23))
    contrast = weather.contrast[number] * (east - 50.5) / 3.0
    year = day.year + day.timetuple().tm_yday / 365.25
    return np.asarray(climatology(day, north, year) + weather.whole[number] + contrast + eddies)


def ice_fraction(celsius: Floats, lat: Floats) -> Floats:
    """Share of each cell under ice (1), north of 44.5 degrees only; NaN below 0.15, as the providers leave it out."""
    share = np.clip((0.6 - celsius) / 2.5, 0.0, 0.95)
    return np.where((share >= 0.15) & (lat[:, np.newaxis] > 44.5), share, np.nan)


def days(start: date, stop: date) -> list[date]:
    """Every day from ``start`` to ``stop``, both included."""
    return [start + timedelta(days=n) for n in range((stop - start).days + 1)]
