"""Bytes whose reading ended a process are read in a process of their own before they are read again.

The libraries that decode HDF5 and netCDF are written in C: a damaged file can end the process or never come back, which
no ``except`` sees. A mark stands beside the home while a file is read; one that is found standing tells that whoever put it
there did not come back. ``python -m caspian_env.workflows.trial_reading`` reads one file and says nothing.
"""

from __future__ import annotations

import pickle
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from caspian_env.archive import Kept
from caspian_env.errors import BadGranule
from caspian_env.model import Dataset
from caspian_env.wiring import source_of

TRIAL_SECONDS = 180.0  # the largest granule is read in a fraction of that


@contextmanager
def marked(folder: Path, dataset: Dataset, kept: Kept) -> Iterator[bool]:
    """A block that reads ``kept``, told whether the bytes were under suspicion and passed their trial.

    The mark is taken away whether the block succeeds or raises, and stays where the process ends.
    Only one process reads a dataset at a time (its lease), so that a mark found is that of a process that is gone.

    Raises
    ------
    BadGranule
        When such a mark stands, and a trial shows that these bytes end the process that reads them, or keep it.
    """
    mark = folder / f"{dataset.id}-{kept.sha256}"
    if suspected := mark.exists():
        _try(dataset, kept)
    folder.mkdir(parents=True, exist_ok=True)
    mark.touch()
    try:
        yield suspected
    finally:
        mark.unlink(missing_ok=True)


def _try(dataset: Dataset, kept: Kept) -> None:
    words = [sys.executable, "-m", "caspian_env.workflows.trial_reading"]
    remedy = "these bytes are tried again in every run; look at the file in the archive"
    try:
        done = subprocess.run(
            words, input=pickle.dumps((dataset, str(kept.path))), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            timeout=TRIAL_SECONDS, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        problem = f"reading these bytes takes longer than {TRIAL_SECONDS:.0f} s"
        raise BadGranule(dataset.id, problem, remedy) from error
    if done.returncode < 0:
        problem = f"reading these bytes ends the process that reads them (signal {-done.returncode})"
        raise BadGranule(dataset.id, problem, remedy)


def main() -> None:
    """Read the granule that the input names; what it raises is seen again by who reads it next."""
    dataset, path = pickle.load(sys.stdin.buffer)  # our own parent wrote it
    source_of(dataset).read_granule(Path(path)).load()


if __name__ == "__main__":
    main()
