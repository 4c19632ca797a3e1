"""Every reader against spoiled bytes: refused in its own words, or read without a value out of nothing.

``python -m tests.torture.fuzz [--inputs 100000] [--corpus FOLDER] [--only DATASET]`` prints what was tried and what
was found. Processes read the mutants under limits of memory and time; one that dies or hangs is a finding and is
replaced. The same numbers make the same mutants.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import resource
import select
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from .mutation import mutant

MEMORY_BYTES = 3 * 2**30
SECONDS = 20  # of one input
BATCH = 50
OURS = f"{os.sep}caspian_env{os.sep}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Try, count, print; 1 where anything was found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--inputs", type=int, default=100_000, help="of all readers together")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--minutes", type=float, default=30, help="after which no more are begun")
    parser.add_argument("--corpus", type=Path, help="folder that keeps the samples and every finding")
    parser.add_argument("--only", help="id of one dataset")
    parser.add_argument("--start", type=int, default=0, help="number of the first mutant: the seed")
    chosen = parser.parse_args(arguments)
    corpus = chosen.corpus or Path(tempfile.gettempdir()) / "caspian-env-corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    return 1 if hunt(corpus, chosen) else 0


def hunt(corpus: Path, chosen: argparse.Namespace) -> Counter[str]:
    """Findings by what was raised where; the quick readers take what the slow ones leave."""
    from .samples import samples

    kept = []
    for n, (dataset, name, content) in enumerate(samples(corpus / "made-up", chosen.only)):
        path = corpus / f"{dataset}-{n}.sample"
        path.write_bytes(content)
        kept.append({"dataset": dataset, "name": name, "path": str(path), "next": chosen.start, "spent": 0.0})
    _say(f"{len(kept)} samples of {len({one['dataset'] for one in kept})} readers")
    tried: Counter[str] = Counter()
    findings: Counter[str] = Counter()
    finish = time.monotonic() + 60 * chosen.minutes

    def work(_: int) -> None:
        reader = _Reader()
        while kept and tried.total() < chosen.inputs and time.monotonic() < finish:
            one = min(kept, key=lambda one: one["spent"])  # equal time for every sample
            first, one["next"] = one["next"], one["next"] + BATCH
            start = time.monotonic()
            one["spent"] += 0.05  # so that the others take another meanwhile
            answers = reader.batch({**one, "first": first, "count": BATCH, "corpus": str(corpus)})
            one["spent"] += time.monotonic() - start
            tried[one["dataset"]] += BATCH
            for number, answer in enumerate(answers, first):
                if answer not in ("refused", "read"):
                    if not findings[f"{one['dataset']}: {answer}"]:
                        _say(f"{one['dataset']} {one['name']} {number}: {answer}")
                    findings[f"{one['dataset']}: {answer}"] += 1
                verdicts[answer if answer in ("refused", "read") else "found"] += 1
        peaks.append(reader.end())

    verdicts: Counter[str] = Counter()
    peaks: list[int] = []
    with ThreadPoolExecutor(chosen.processes) as pool:
        list(pool.map(work, range(chosen.processes)))
    _say(f"inputs {tried.total():,}: {dict(verdicts)}; largest process {max(peaks) / 2**10:,.0f} MB")
    _say("by reader: " + ", ".join(f"{k} {v:,}" for k, v in sorted(tried.items()) if v))
    for what, count in findings.most_common():
        _say(f"FOUND {count} x {what}")
    return findings


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


class _Reader:
    """A process that reads mutants, replaced when it dies or gives no sign of life."""

    def __init__(self) -> None:
        self.process: subprocess.Popen[bytes] | None = None
        self.peak = 0
        self.heard = b""

    def batch(self, order: dict[str, Any]) -> list[str]:
        """What became of each mutant of the order."""
        answers: list[str] = []
        while len(answers) < order["count"]:
            rest = {**order, "first": order["first"] + len(answers), "count": order["count"] - len(answers)}
            self._tell(rest)
            while len(answers) < order["count"]:
                said = self._line()
                if said is None:
                    answers.append(self._ended())
                    break
                self.peak = max(self.peak, said["peak"])
                answers.append(said["answer"])
        return answers

    def end(self) -> int:
        """The largest memory seen, in kB."""
        if self.process:
            self.process.kill()
            self.process.wait()
        return self.peak

    def _tell(self, order: dict[str, Any]) -> None:
        if self.process is None:
            words = [sys.executable, "-m", "tests.torture.fuzz_process"]
            self.process = subprocess.Popen(
                words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, bufsize=0
            )
        assert self.process.stdin
        self.process.stdin.write(json.dumps(order).encode() + b"\n")

    def _line(self) -> dict[str, Any] | None:
        assert self.process and self.process.stdout
        while b"\n" not in self.heard:
            if not select.select([self.process.stdout], [], [], 3 * SECONDS)[0]:
                return None
            piece = os.read(self.process.stdout.fileno(), 65536)
            if not piece:
                return None
            self.heard += piece
        line, _, self.heard = self.heard.partition(b"\n")
        found: dict[str, Any] = json.loads(line)
        return found

    def _ended(self) -> str:
        assert self.process
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(2)
        code = self.process.poll()
        self.heard = b""
        self.process.kill()
        self.process.wait()
        self.process = None
        return "hang" if code is None else f"the process died with {code}"


def serve() -> None:
    """Read mutants as told on the input, say on the output what became of each."""
    from caspian_env.seeds import load_datasets
    from caspian_env.wiring import source_of

    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # what libraries print is no answer
    datasets = load_datasets()
    with tempfile.TemporaryDirectory(prefix="caspian-fuzz-") as folder:
        path = Path(folder) / "granule"
        for line in sys.stdin:
            order = json.loads(line)
            sample, sample_name = Path(order["path"]).read_bytes(), Path(order["path"]).stem
            for number in range(order["first"], order["first"] + order["count"]):
                content = mutant(sample, order["name"], number)
                path.unlink(missing_ok=True)
                path.write_bytes(content)
                start = time.monotonic()
                answer = verdict(source_of(datasets[order["dataset"]]), path)
                if time.monotonic() - start > SECONDS:
                    answer = f"slow: {answer}"
                if answer not in ("refused", "read"):
                    Path(order["corpus"], f"{sample_name}-{number}.finding").write_bytes(content)
                peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
                answers.write(json.dumps({"answer": answer, "peak": peak}) + "\n")


def verdict(source: Any, path: Path) -> str:
    """What a reader makes of a file: ``read``, ``refused`` in its own words, or what it did that it must not."""
    import numpy as np

    from caspian_env.errors import BadGranule, NotPublished

    try:
        found = source.read_granule(path).load()
    except (BadGranule, NotPublished) as error:
        return "refused" if "\n" not in error.problem else "a refusal of several lines"
    except BaseException as error:
        frames = traceback.extract_tb(error.__traceback__)
        ours = [frame for frame in frames if OURS in frame.filename]
        where = f"{Path(ours[-1].filename).name}:{ours[-1].lineno}" if ours else "?"
        return f"{type(error).__name__} at {where}"
    for name, values in found.variables.items():
        if values.dtype.kind == "f" and np.isinf(values.values).any():
            return f"infinity in {name}"
    if "time" in found.variables and found["time"].dtype.kind == "M" and np.isnat(found["time"].values).any():
        return "a time that is none"
    return "read"


if __name__ == "__main__":
    sys.exit(main())
