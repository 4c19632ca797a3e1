"""Tables in JSON-stat 2.0 (json-stat.org/format), in which statistical offices publish cubes of numbers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any


def json_stat_cells(path: Path) -> Iterator[tuple[dict[str, str], float | None]]:
    """Each cell of a dataset, as the labels of its categories by dimension and its value (None where there is none).

    A category without a label is named by its code. Values may be a list of all cells, in row-major order, or a mapping
    of the places that are filled.

    Raises
    ------
    ValueError
        When the file is no JSON-stat 2.0 dataset, or does not hold as many values as its dimensions say.
    """
    try:
        content = json.loads(path.read_bytes())
        names, sizes, values = content["id"], content["size"], content["value"]
        labels = [_labels(content["dimension"][name]["category"]) for name in names]
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"a part of it is missing or of another kind ({error!r:.60})") from error
    if [len(found) for found in labels] != sizes:
        raise ValueError(f"its dimensions have {[len(found) for found in labels]} categories, its size is {sizes}")
    cells = list(product(*labels))
    filled = values if isinstance(values, dict) else {str(place): value for place, value in enumerate(values)}
    if isinstance(values, list) and len(values) != len(cells):
        raise ValueError(f"it has {len(values)} values for {len(cells)} cells")
    for place, cell in enumerate(cells):
        value = filled.get(str(place))
        if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
            raise ValueError(f"{value!r} is not a number")
        yield dict(zip(names, cell, strict=True)), value


def _labels(category: dict[str, Any]) -> list[str]:
    """The labels of a dimension's categories, in their order; ``index`` is a list of codes or their places by code."""
    index, label = category.get("index"), category.get("label", {})
    if isinstance(index, dict):
        codes = sorted(index, key=lambda code: int(index[code]))
    else:
        codes = list(label if index is None else index)
    return [label.get(code, code) for code in codes]
