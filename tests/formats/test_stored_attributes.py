"""Attributes as they are stored: what differs in a file is seen, also where the bytes are the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from caspian_env.formats.alike import bytes_of


@pytest.fixture
def attributes(tmp_path: Path) -> Any:
    """Of a variable in a synthetic file."""
    with h5py.File(tmp_path / "synthetic.h5", "w") as file:
        yield file.create_dataset("sst", data=1).attrs


def held(attributes: Any, value: Any) -> bytes:
    attributes["told"] = value
    return bytes_of(h5py.h5a.open(attributes._id, b"told"))


SAME_BYTES = [np.float32(1), np.int32(0x3F800000), np.uint32(0x3F800000), np.bytes_(b"\x00\x00\x80?")]


def test_the_same_bytes_of_another_type_are_another_statement(attributes: Any) -> None:
    assert len({held(attributes, value) for value in SAME_BYTES}) == len(SAME_BYTES)


@pytest.mark.parametrize(
    ("one", "other"),
    [(np.float32(0.01), np.float32(0.1)), (np.bytes_("Celsius"), np.bytes_("Kelvin")), ("Celsius", "Kelvin"),
     (np.array([1, 2]), np.array([1, 3])), (np.array(["a", "b"], dtype=object), np.array(["a", "c"], dtype=object))],
    ids=["number", "text", "text of any length", "numbers", "texts"],
)  # fmt: skip
def test_another_value_is_another_statement(attributes: Any, one: Any, other: Any) -> None:
    assert held(attributes, one) == held(attributes, one) != held(attributes, other)


def test_an_attribute_that_holds_nothing_is_no_file_alike(attributes: Any) -> None:
    with pytest.raises(TypeError):  # which whoever reads files alike takes for "read it with care"
        held(attributes, h5py.Empty("f4"))
