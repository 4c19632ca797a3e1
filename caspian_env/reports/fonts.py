"""The one type family of every page: Noto Sans, cut down to Latin and Cyrillic with the letters of the four languages.

Noto Sans is under the SIL Open Font License 1.1, which allows to embed and to subset it; the file comes from the package
``fontpkg-noto-sans``.
"""

from __future__ import annotations

import base64
import io
from functools import lru_cache
from importlib.resources import files

# Latin with its extensions, ə, modifier letters, Cyrillic with Kazakh, punctuation, superscripts, arrows, mathematics.
RANGES = ((0x20, 0x17F), (0x18F, 0x18F), (0x259, 0x259), (0x2B0, 0x2DC), (0x400, 0x4FF), (0x2000, 0x206F), (0x2070, 0x209F),
          (0x20A0, 0x20BF), (0x2190, 0x2193), (0x2200, 0x2265))  # fmt: skip


@lru_cache(maxsize=1)
def embedded() -> str:
    """The subset with its weights from 400 to 700 as a ``data:`` address of WOFF2; the same bytes on every day."""
    from fontTools import subset
    from fontTools.ttLib import TTFont
    from fontTools.varLib import instancer

    path = files("fontpkg_noto_sans") / "files" / "NotoSans[wdth,wght].ttf"
    font = TTFont(io.BytesIO(path.read_bytes()), recalcTimestamp=False)
    options = subset.Options(layout_features=["kern", "mark", "mkmk", "ccmp", "locl", "tnum"], hinting=False)
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=[code for first, last in RANGES for code in range(first, last + 1)])
    cutter.subset(font)
    font = instancer.instantiateVariableFont(font, {"wdth": 100, "wght": (400, 700)})
    font.flavor = "woff2"
    written = io.BytesIO()
    font.save(written)
    return "data:font/woff2;base64," + base64.b64encode(written.getvalue()).decode()
