"""Cut the typeface of every page and print anew: ``python -m tests.reports.cut_font``.

Noto Sans down to Latin and Cyrillic with the letters of the four languages, weights from 400 to 700. It takes seconds,
so that the result is kept in the package; ``test_fonts.py`` holds that it is what this makes.
"""

from __future__ import annotations

import io
from importlib.resources import files

from caspian_env.reports.fonts import FILE, PRINT_FILE, RANGES


def cut(flavor: str | None = "woff2") -> bytes:
    """The subset as WOFF2, or as plain TrueType; the same bytes on every day."""
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
    font.flavor = flavor
    written = io.BytesIO()
    font.save(written)
    return written.getvalue()


if __name__ == "__main__":
    FILE.write_bytes(cut())
    PRINT_FILE.write_bytes(cut(None))
