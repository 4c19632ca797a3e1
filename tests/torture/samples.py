"""Which files each reader takes, real ones first, cut short where the reader takes the short one too."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from itertools import chain, islice
from pathlib import Path

from caspian_env.demo import co2, dahiti, ersst, gistemp, gwm, oisst
from caspian_env.model import Dataset
from caspian_env.seeds import load_datasets
from caspian_env.wiring import source_of
from tests.torture.made_up import collect

SHARED = Path(__file__).resolve().parents[3] / "shared"
DATA = Path(__file__).resolve().parent.parent / "data"
LARGEST = 2_500_000  # bytes
PER_READER = 3


def samples(folder: Path, named: str | None = None) -> Iterator[tuple[str, str, bytes]]:
    """Dataset, name of the sample and its bytes; a dataset whose reader takes none of the files is not among them.

    Where few real files are at hand, those that the tests of the reader make up, which are kept in ``folder``.
    """
    found = _bodies()
    if not folder.exists():
        collect(folder, LARGEST)
    for dataset in load_datasets().values():
        if named not in (None, dataset.id):
            continue
        real = sorted(found, key=lambda name: (not _likely(name, dataset), len(found[name])))
        made = sorted(folder.glob(f"{dataset.module}/*"), key=lambda path: path.stat().st_size)
        offered = chain(((name, found[name]) for name in real), ((f"made up/{p.name}", p.read_bytes()) for p in made))
        taken = ((name, content) for name, content in offered if takes(dataset, content))
        for name, content in islice(taken, PER_READER):
            yield dataset.id, name, _short(dataset, content)


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
