"""The one type family of every page: Noto Sans, cut down to Latin and Cyrillic with the letters of the four languages.

Noto Sans is under the SIL Open Font License 1.1 (``type/OFL.txt``), which allows to embed and to subset it. The subset is
kept, since to cut it takes longer than to make a report; ``tests/reports/cut_font.py`` is the recipe.
"""

from __future__ import annotations

import base64
from functools import lru_cache
from pathlib import Path

FILE = Path(__file__).parent / "type" / "NotoSans-subset.woff2"
PRINT_FILE = FILE.with_suffix(".ttf")  # the same cut, for print: typst reads no WOFF2

# Latin with its extensions, ə, modifier letters, Cyrillic with Kazakh, punctuation, superscripts, arrows, mathematics.
RANGES = ((0x20, 0x17F), (0x18F, 0x18F), (0x259, 0x259), (0x2B0, 0x2DC), (0x400, 0x4FF), (0x2000, 0x206F), (0x2070, 0x209F),
          (0x20A0, 0x20BF), (0x2190, 0x2193), (0x2200, 0x2265))  # fmt: skip


@lru_cache(maxsize=1)
def embedded() -> str:
    """The subset with its weights from 400 to 700 as a ``data:`` address of WOFF2."""
    return "data:font/woff2;base64," + base64.b64encode(FILE.read_bytes()).decode()
