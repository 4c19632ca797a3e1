"""Bytes that ended, or may have harmed, the process that read them are read in a process of their own from then on.

The libraries that decode HDF5 and netCDF are written in C: a damaged file can end the process, never come back, or harm
the memory of the process, which then ends at another file; no ``except`` sees that. A mark stands beside the home while a file
is read, and stays where the process ends or the bytes are damaged. ``python -m caspian_env.workflows.trial_reading`` reads one
file.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from caspian_env.archive import Kept
from caspian_env.errors import BadGranule, DamagedGranule
from caspian_env.model import Dataset
from caspian_env.wiring import source_of

TRIAL_SECONDS = 180.0  # the largest granule is read in a fraction of that


@contextmanager
def marked(folder: Path, dataset: Dataset, kept: Kept) -> Iterator[bool]:
    """A block that reads ``kept``, told whether the bytes were under suspicion and passed their trial.

    Only one process reads a dataset at a time (its lease), so that a mark found is that of a process that is gone, or of
    bytes that were damaged when they were read before.

    Raises
    ------
    BadGranule
        When such a mark stands, and a trial shows that the bytes are damaged, or end or keep the process that reads them.
    """
    mark = folder / f"{dataset.id}-{kept.sha256}"
    if suspected := mark.exists():
        _try(dataset, kept)
    folder.mkdir(parents=True, exist_ok=True)
    mark.touch()
    try:
        yield suspected
    except DamagedGranule:
        raise
    except BaseException:
        mark.unlink(missing_ok=True)
        raise
    mark.unlink(missing_ok=True)


def _try(dataset: Dataset, kept: Kept) -> None:
    words = [sys.executable, "-m", "caspian_env.workflows.trial_reading"]
    remedy = "these bytes are tried again in every run; look at the file in the archive"
    try:
        done = subprocess.run(
            words, input=pickle.dumps((dataset, str(kept.path))), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            timeout=TRIAL_SECONDS, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        problem = f"reading these bytes takes longer than {TRIAL_SECONDS:.0f} s"
        raise BadGranule(dataset.id, problem, remedy) from error
    if done.returncode < 0:
        problem = f"reading these bytes ends the process that reads them (signal {-done.returncode})"
        raise BadGranule(dataset.id, problem, remedy)
    if done.stdout:
        raise DamagedGranule(dataset.id, *pickle.loads(done.stdout))  # our own process wrote it


def main() -> None:
    """Read the granule that the input names, and say how it is damaged; what else is raised its next reader sees again."""
    dataset, path = pickle.load(sys.stdin.buffer)  # our own parent wrote it
    answer = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what libraries print is no answer
    try:
        source_of(dataset).read_granule(Path(path)).load()
    except DamagedGranule as error:
        pickle.dump((error.problem, error.remedy), answer)
        answer.flush()


if __name__ == "__main__":
    main()
