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


def write_marked(path: Path, name: str, text: str) -> None:
    """Put the text between the comments that bear this name; a file without them, or none, is left alone."""
    if path.exists():
        old = path.read_text(encoding="utf-8")
        path.write_text(_marked(name).sub(lambda at: f"{at[1]}{text.strip()}\n{at[3]}", old), encoding="utf-8")


def read_marked(path: Path, name: str) -> str:
    """What stands between the comments that bear this name; AttributeError where they are not there."""
    return _marked(name).search(path.read_text(encoding="utf-8"))[2].strip()


def _marked(name: str) -> re.Pattern[str]:
    return re.compile(rf"(<!-- {re.escape(name)} -->\n)(.*?)(<!-- end of {re.escape(name)} -->)", re.DOTALL)
