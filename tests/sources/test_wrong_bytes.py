"""What is empty, a page, a pointer or noise is refused by every source with one clear clause, and never taken for data."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from caspian_env.errors import BadGranule
from caspian_env.seeds import load_datasets
from caspian_env.wiring import source_of

DATASETS = load_datasets()
WRONG = {
    "empty": b"",
    "page": b"<!DOCTYPE html>\n<html><head><title>502</title></head><body>Bad gateway</body></html>\n",
    "pointer": b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 12345\n",
    "error": b'{"code": 403, "message": "permission denied"}',
    "half a netCDF": b"\x89HDF\r\n\x1a\n" + bytes(200),
    "half a zip": b"PK\x03\x04" + bytes(60),
    "half a gzip": b"\x1f\x8b\x08\x00" + bytes(20),
    "noise": np.random.default_rng(5).bytes(4096),
}


@pytest.mark.parametrize("name", DATASETS)
@pytest.mark.parametrize("what", WRONG)
def test_every_source_refuses_it(tmp_path: Path, name: str, what: str) -> None:
    path = tmp_path / "granule"
    path.write_bytes(WRONG[what])
    with pytest.raises(BadGranule) as refused:
        source_of(DATASETS[name]).read_granule(path)
    assert refused.value.problem and "\n" not in refused.value.problem
