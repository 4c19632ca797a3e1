"""Published figures beside our own: writes the tables of docs/verification.md.

    python -m tests.published            # prints the tables
    python -m tests.published --write    # and puts them into docs/verification.md

Needs the shared material beside the project, or where CASPIAN_ENV_TEST_SHARED says.
"""

from __future__ import annotations

import argparse
import re
import sys

from .facts import PAGE
from .tables import TABLES


def main() -> None:
    """Makes the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="put the tables into docs/verification.md")
    write = parser.parse_args().write
    page = PAGE.read_text(encoding="utf-8")
    for name, make in TABLES.items():
        made = make()
        sys.stdout.write(made + "\n")
        page, count = re.subn(
            rf"(<!-- {name} -->\n).*?(<!-- end -->)", lambda m, t=made: m[1] + t + "\n" + m[2], page, flags=re.DOTALL
        )
        if count != 1:
            raise SystemExit(f"{PAGE} has no place for {name}")
    if write:
        PAGE.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
