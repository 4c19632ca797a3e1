"""What the compliance checker of IOOS has to say of a netCDF file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest


def shortcomings(path: Path, checker: str) -> list[Any]:
    """The results of one checker (`cf:1.11`, `acdd:1.3`) that are not full marks; the test is skipped without the package."""
    pytest.importorskip("compliance_checker", reason="compliance-checker is not installed")
    from compliance_checker.runner import CheckSuite

    suite = CheckSuite()
    suite.load_all_available_checkers()
    with_file = suite.load_dataset(str(path))
    results, failures = suite.run_all(with_file, [checker], [])[checker]
    with_file.close()
    assert failures == {}
    assert len(results) > 15, "the checker did look"
    return [one for one in results if one.value[0] < one.value[1]]
