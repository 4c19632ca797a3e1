"""One file of benchmarks, a part of it for each: a part that is measured again takes the place of the old one."""

from __future__ import annotations

import re
from pathlib import Path


def write_section(path: Path, title: str, text: str) -> None:
    """Put ``# title`` and the text in place of the part of that title, or at the end of the file."""
    old = path.read_text(encoding="utf-8") if path.exists() else ""
    parts = [part for part in re.split(r"(?m)^(?=# )", old) if part.strip()]
    new = f"# {title}\n\n{text.strip()}\n"
    found = [number for number, part in enumerate(parts) if part.splitlines()[0] == f"# {title}"]
    if found:
        parts[found[0]] = new
    else:
        parts.append(new)
    path.write_text("\n".join(part.rstrip("\n") + "\n" for part in parts), encoding="utf-8")
