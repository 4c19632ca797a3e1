"""Which real files each reader takes, cut short where the reader takes the short one too."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from caspian_env.demo import co2, dahiti, ersst, gistemp, gwm, oisst
from caspian_env.model import Dataset
from caspian_env.seeds import load_datasets
from caspian_env.wiring import source_of

SHARED = Path(__file__).resolve().parents[3] / "shared"
DATA = Path(__file__).resolve().parent.parent / "data"
LARGEST = 2_500_000  # bytes
PER_READER = 3


def samples(named: str | None = None) -> Iterator[tuple[str, str, bytes]]:
    """Dataset, name of the sample and its bytes; a dataset whose reader takes none of the files is not among them."""
    found = _bodies()
    for dataset in load_datasets().values():
        if named not in (None, dataset.id):
            continue
        taken = 0
        for name in sorted(found, key=lambda name: (not _likely(name, dataset), len(found[name]))):
            if taken < PER_READER and takes(dataset, found[name]):
                taken += 1
                yield dataset.id, name, _short(dataset, found[name])


def takes(dataset: Dataset, content: bytes) -> bool:
    """Whether the reader of the dataset makes something of these bytes."""
    with tempfile.NamedTemporaryFile(prefix="caspian-sample-") as file:
        file.write(content)
        file.flush()
        try:
            source_of(dataset).read_granule(Path(file.name)).load()
        except Exception:  # the hunt itself comes later
            return False
    return True


def _likely(name: str, dataset: Dataset) -> bool:
    return any(word in name.lower() for word in dataset.id.split("_") if len(word) > 3)


def _bodies() -> Mapping[str, bytes]:
    found: dict[str, bytes] = {}
    for member in (co2, dahiti, ersst, gistemp, gwm, oisst):
        files = member.files(1)
        for address in sorted(files)[:1]:
            found[f"synthetic/{address}"] = files[address]()
    for root in (DATA, SHARED / "archive", SHARED / "samples"):
        for path in sorted(root.rglob("*")):
            plain = path.suffix in (".md", ".py") or path.name == "MANIFEST.csv"
            if path.is_file() and not plain and 0 < path.stat().st_size <= LARGEST:
                found[str(path.relative_to(root))] = path.read_bytes()
    return found


def _short(dataset: Dataset, content: bytes) -> bytes:
    if b"\x00" in content[:4096]:
        return content
    lines = content.splitlines(keepends=True)
    for count in (20, 60, 200, 800):
        short = b"".join(lines[:count])
        if count < len(lines) and takes(dataset, short):
            return short
    return content
