"""A process that reads files alike: pickled requests on its input, pickled answers on its output.

``python -m caspian_env.workflows.reading_process`` is started by `Readers` and ends when its input does, so that nothing
is left when the collection is killed. HDF5 is never entered by two threads: each process has one.
"""

from __future__ import annotations

import os
import pickle
import queue
import select
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from caspian_env.settings import environment_over
from caspian_env.workflows.alike_days import Cells, Means, Plan, means_of

PATIENCE_SECONDS = 60.0  # a file alike is read in milliseconds
MOST_READERS = 8
# glibc gives the memory of every inflated chunk back and takes it anew, which costs a third of a reader's time.
KEPT_MEMORY = {"MALLOC_TRIM_THRESHOLD_": "134217728", "MALLOC_MMAP_THRESHOLD_": "134217728"}


@dataclass(slots=True)
class Readers:
    """Up to ``count`` processes, each serving one thread of ours at a time; a context manager that ends them."""

    count: int
    idle: queue.SimpleQueue[subprocess.Popen[bytes] | None] = field(default_factory=queue.SimpleQueue)
    plans: dict[int, Plan | Cells] = field(default_factory=dict)

    def __enter__(self) -> Readers:
        """Places for processes, which are started when they are wanted."""
        for _ in range(self.count):
            self.idle.put(None)
        return self

    def __exit__(self, *failure: object) -> None:
        """End every process: the end of its input is its end."""
        for _ in range(self.count):
            process = self.idle.get()
            if process is not None:
                _end(process)

    def ask(self, path: Path, plan: Plan | Cells) -> Means | None:
        """As `alike_days.means_of`, in another process; a process that dies or gives no answer is replaced once.

        None where that happens again or none can be started: who asked reads the bytes then, and says what is wrong with them.
        """
        process = self.idle.get()
        try:
            for _ in range(2):
                try:
                    process = process or _started()
                except OSError:  # no more processes, or no memory for one: that is not the fault of the bytes
                    return None
                try:
                    found: Means | None = self._told(process, path, plan)
                except (EOFError, OSError, pickle.UnpicklingError):
                    process.kill()
                    _end(process)
                    self.plans.pop(process.pid, None)
                    process = None
                else:
                    return found
            return None
        finally:
            self.idle.put(process)

    def _told(self, process: subprocess.Popen[bytes], path: Path, plan: Plan | Cells) -> Any:
        assert process.stdin is not None
        assert process.stdout is not None
        known = self.plans.get(process.pid) is plan
        pickle.dump((str(path), None if known else plan), process.stdin)
        process.stdin.flush()
        if not select.select([process.stdout], [], [], PATIENCE_SECONDS)[0]:
            raise TimeoutError("a reading process gives no answer")
        found = pickle.load(process.stdout)  # our own process wrote it
        self.plans[process.pid] = plan
        return found


def readers_here() -> Readers:
    """As many as this machine has cores."""
    return Readers(max(1, min(MOST_READERS, os.cpu_count() or 1)))


def _started() -> subprocess.Popen[bytes]:
    words = [sys.executable, "-m", "caspian_env.workflows.reading_process"]
    environment = environment_over(KEPT_MEMORY)
    return subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment)


def _end(process: subprocess.Popen[bytes]) -> None:
    with process:
        for pipe in (process.stdin, process.stdout):
            assert pipe is not None
            try:
                pipe.close()
            except OSError:  # what it did not take any more
                process.kill()


def serve(requests: IO[bytes], answers: IO[bytes]) -> None:
    """Answer requests until there are no more."""
    plan: Plan | Cells | None = None
    while True:
        try:
            path, given = pickle.load(requests)  # our own parent wrote it
        except EOFError:
            return
        plan = given or plan
        assert plan is not None
        pickle.dump(means_of(Path(path), plan), answers)
        answers.flush()


if __name__ == "__main__":
    try:
        serve(sys.stdin.buffer, sys.stdout.buffer)
    except (BrokenPipeError, KeyboardInterrupt):
        sys.exit(1)
