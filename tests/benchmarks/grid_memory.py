"""``python -m tests.benchmarks.grid_memory HOME MIRROR``: seconds of a collection, and the peak memory of it, in kB."""

from __future__ import annotations

import resource
import sys
from pathlib import Path


def main() -> None:
    from .grid_runs import collect

    home, mirror = map(Path, sys.argv[1:])
    seconds = collect(home, mirror).seconds
    sys.stdout.write(f"{seconds} {peak_kilobytes()}\n")


def peak_kilobytes() -> int:
    """Of this process since it began; what ``getrusage`` says may be its parent's."""
    status = Path("/proc/self/status")
    if status.exists():
        return next(int(line.split()[1]) for line in status.read_text().splitlines() if line.startswith("VmHWM"))
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


if __name__ == "__main__":
    main()
