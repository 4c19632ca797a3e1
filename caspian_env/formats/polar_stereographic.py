"""The north polar stereographic projection of an ellipsoid, both ways.

Snyder, J. P. (1987): Map projections - a working manual. USGS Professional Paper 1395, doi:10.3133/pp1395, pages 160-162:
equations 15-9, 14-15, 21-34 forward and 7-9 (iterated) backward.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

_ITERATIONS = 8  # each gains more than two digits on an ellipsoid like the Earth's


@dataclass(frozen=True, slots=True)
class PolarStereographic:
    """Semi-axes in metres, the latitude of true scale and the longitude that points down the map, in degrees."""

    semi_major: float
    semi_minor: float
    true_scale: float
    straight_down: float

    def forward(self, longitude: ArrayLike, latitude: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """``x`` and ``y`` (m, any shape) of places in degrees."""
        import numpy as np

        phi = np.deg2rad(np.asarray(latitude, dtype=np.float64))
        turned = np.deg2rad(np.asarray(longitude, dtype=np.float64) - self.straight_down)
        rho = self._scale() * self._t(phi)
        return rho * np.sin(turned), -rho * np.cos(turned)

    def inverse(self, x: ArrayLike, y: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Longitude (-180..180) and latitude in degrees (any shape) of places in metres."""
        import numpy as np

        x, y = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
        t, e = np.hypot(x, y) / self._scale(), self._eccentricity()
        phi = np.pi / 2 - 2 * np.arctan(t)
        for _ in range(_ITERATIONS):
            bent = e * np.sin(phi)
            phi = np.pi / 2 - 2 * np.arctan(t * ((1 - bent) / (1 + bent)) ** (e / 2))
        longitude = np.rad2deg(np.arctan2(x, -y)) + self.straight_down
        return (longitude + 180) % 360 - 180, np.rad2deg(phi)

    def _eccentricity(self) -> float:
        return float((1 - (self.semi_minor / self.semi_major) ** 2) ** 0.5)

    def _scale(self) -> float:
        """Metres on the map for one unit of ``t``."""
        import numpy as np

        phi, e = np.deg2rad(self.true_scale), self._eccentricity()
        m = np.cos(phi) / np.sqrt(1 - (e * np.sin(phi)) ** 2)
        return float(self.semi_major * m / self._t(phi))

    def _t(self, phi: NDArray[np.float64]) -> NDArray[np.float64]:
        import numpy as np

        e = self._eccentricity()
        bent = e * np.sin(phi)
        result: NDArray[np.float64] = np.tan(np.pi / 4 - phi / 2) / ((1 - bent) / (1 + bent)) ** (e / 2)
        return result
