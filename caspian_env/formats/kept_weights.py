"""Areas of cells inside regions, kept from run to run: to cut a coast into cells takes longer than to read them.

A cache and nothing more: a file that is missing, cut or damaged, or cannot be written, only costs the cutting.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_DIGEST = 32


@dataclass(frozen=True, slots=True)
class KeptWeights:
    """Files below ``folder``, one for each grid, region and way of cutting, named by the sha256 of all three."""

    folder: Path

    def find(self, key: str, shape: tuple[int, int]) -> tuple[NDArray[np.float64], float] | None:
        """The areas (latitude, longitude) and that of the whole region, km2, if they were kept and are whole."""
        import numpy as np

        try:
            content = (self.folder / key).read_bytes()
        except OSError:
            return None
        digest, numbers = content[:_DIGEST], content[_DIGEST:]
        if len(numbers) != 8 * (1 + shape[0] * shape[1]) or hashlib.sha256(numbers).digest() != digest:
            return None
        whole = np.frombuffer(numbers, "<f8")
        return whole[1:].reshape(shape).astype(np.float64), float(whole[0])

    def keep(self, key: str, areas: NDArray[np.float64], region_area: float) -> None:
        """Keep them under a name that appears when they are complete; nothing is kept where nothing can be written."""
        import numpy as np

        numbers = np.concatenate(([region_area], areas.ravel())).astype("<f8").tobytes()
        part = self.folder / f"{key}.part"  # a killed process's is written over by the next one
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            part.write_bytes(hashlib.sha256(numbers).digest() + numbers)
            part.replace(self.folder / key)
        except OSError:
            return
