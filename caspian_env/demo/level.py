"""A made-up level of the Caspian Sea that passes through published annual means. Not an observation, nor an estimate.

Between the published years the annual level runs straight; a seasonal cycle and random weather are added. Two altimetry
products see it, each above the datum of its own.
"""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np

from caspian_env.demo.noise import Floats, red_noise

# Year and mean level, m in the Baltic system.
ANNUAL_LEVELS = (
    # 0.39 m below the peak: a rise of 13 cm a year from 1978 to 1995 (Kazhydromet, quoted by The Astana Times).
    (1992, -27.01),
    # Kazhydromet, https://www.kazhydromet.kz/en/post/1057 (2021-07-30), for the whole sea; also the value of 2020.
    (1995, -26.62),
    # 2.14 m above the value that the line below gives for 2024: the fall from 2006 to 2024 in the Kazakh part, as given
    # by the Central Asian experts whom The Astana Times quotes (September 2025).
    (2006, -26.99),
    (2020, -28.23),
    # Ministry of Ecology and Natural Resources of Kazakhstan, The Astana Times 2026-03-10; for the Kazakh sector.
    (2025, -29.35),
    # A fall of 9.6 cm a year, as given by the Ministry of Water Resources and Irrigation of Kazakhstan.
    (2026, -29.446),
)
# An early summer maximum after the Volga flood and a winter minimum; the half range, m, is chosen.
SEASONAL_AMPLITUDE, DAY_OF_MAXIMUM = 0.15, 185
# Above the Baltic system, m: about half a metre, as altimetry products of this sea are.
PRODUCT_OFFSET = 0.50

START, END = datetime(1992, 9, 1, tzinfo=UTC), datetime(2026, 1, 31, 23, 59, tzinfo=UTC)
LAST_DAY = {1: datetime(2025, 12, 31, 23, 59, tzinfo=UTC), 2: END}
REPEAT_DAYS = 9.9156  # the cycle of TOPEX/Poseidon, the Jasons and Sentinel-6


def baltic_level(times: list[datetime]) -> Floats:
    """The made-up level of the whole sea at these moments, m in the Baltic system.

    Parameters
    ----------
    times : list of datetime
        From ``START`` to ``END``, UTC.
    """
    years, levels = zip(*ANNUAL_LEVELS, strict=True)
    moments = np.array([decimal_year(time) for time in times])
    season = np.cos(2 * np.pi * (moments - DAY_OF_MAXIMUM / 365.25))
    annual = np.interp(moments, np.array(years) + 0.5, levels)
    return np.asarray(annual + SEASONAL_AMPLITUDE * season + _weather(times))


def decimal_year(time: datetime) -> float:
    """Year and the part of it that has passed."""
    first, after = datetime(time.year, 1, 1, tzinfo=UTC), datetime(time.year + 1, 1, 1, tzinfo=UTC)
    return time.year + (time - first) / (after - first)


def _weather(times: list[datetime]) -> Floats:
    days = red_noise(np.random.default_rng(270), (END - START).days + 1, 0.9, 0.03)
    return days[[(time - START).days for time in times]]
