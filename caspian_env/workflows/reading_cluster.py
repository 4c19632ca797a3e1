"""Reading files alike on the dask cluster of the settings, by the same few words as in processes of this machine.

Workers read bytes of the archive and give back numbers; they never touch the catalog, and write nothing. A worker that is
lost costs its files again. Where no cluster answers, or it is lost, processes of this machine read what is left.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from caspian_env.settings import VERSION, Settings
from caspian_env.wiring import cluster_of
from caspian_env.workflows.alike_days import Cells, Means, Plan, read_by
from caspian_env.workflows.reading_process import Readers, readers_here

PATIENCE_SECONDS = 120.0  # a worker has to load its libraries first, and may have other work
MOST_AT_ONCE = 32
_LOG = logging.getLogger(__name__)
_ONE_AT_A_TIME = threading.Lock()  # HDF5 must not be entered by two threads of a worker


class FileReaders(Protocol):
    """Who reads files by a plan, ``count`` of them at a time."""

    count: int

    def ask(self, path: Path, plan: Plan | Cells) -> Means | None:
        """As `alike_days.means_of`, somewhere else; it may be called in ``count`` threads."""


@contextmanager
def readers_of(settings: Settings) -> Iterator[FileReaders]:
    """The cluster of the settings where it answers, or else processes of this machine; they end with the block."""
    client = cluster_of(settings)
    with readers_here() as here:
        yield (
            here if client is None else OnCluster(client, here, min(MOST_AT_ONCE, 2 * sum(client.nthreads().values())))
        )


@dataclass(slots=True)
class OnCluster:
    """The workers behind a client, until one of them cannot do what it is asked; from then on processes ``here``."""

    client: Any
    here: Readers
    count: int
    given_up: threading.Event = field(default_factory=threading.Event)

    def ask(self, path: Path, plan: Plan | Cells) -> Means | None:
        """As `Readers.ask`, on a worker; what is to be kept of the cells is kept by this process."""
        if not self.given_up.is_set():
            try:
                future = self.client.submit(read_there, VERSION, str(path), plan, pure=False)
                found: Means | None
                found, content = future.result(timeout=PATIENCE_SECONDS)
            except Exception as error:  # no scheduler, no worker, other libraries: whatever it is, the files are here
                self._give_up(error)
            else:
                if plan.spool and content:
                    plan.spool.keep(path.name, content)
                return found
        return self.here.ask(path, plan)

    def _give_up(self, error: Exception) -> None:
        if not self.given_up.is_set():
            self.given_up.set()
            _LOG.warning("the cluster does not read files (%s: %s), so they are read here", type(error).__name__, error)


def read_there(version: str, path: str, plan: Plan | Cells) -> tuple[Means | None, bytes | None]:
    """On a worker: what `alike_days.read_by` gives.

    Raises
    ------
    RuntimeError
        When the worker has another version of the code.
    FileNotFoundError
        When it does not see the archive.
    """
    if version != VERSION:
        raise RuntimeError(f"a worker has caspian-env {VERSION} and not {version}")
    if not Path(path).is_file():
        raise FileNotFoundError(f"a worker does not see {path}: share the home with it, under the same path")
    with _ONE_AT_A_TIME:
        return read_by(Path(path), plan)
