"""The rows of the tables of numbers: what is the same at several places stands once, with all of their names."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Generic

from caspian_env.reports import text
from caspian_env.reports.numbers import Refusal, Value


@dataclass(frozen=True, slots=True)
class Row(Generic[text.RowT]):
    """One row: the entry, the places it holds for, and whether the row above is of the same indicator."""

    entry: text.RowT
    places: tuple[str, ...]
    again: bool


def value_rows(values: Iterable[Value]) -> list[Row[Value]]:
    """Values in order; those that would be printed alike but for their place share a row, where the first stands."""
    return _rows([(value, _printed(value)) for value in values])


def refusal_rows(refusals: Iterable[Refusal]) -> list[Row[Refusal]]:
    """Refusals in order; those of one indicator and period with the same reason share a row."""
    return _rows(
        [(r, (r.indicator_id, r.period_start, r.period_end, r.reason, r.n_valid, r.n_expected)) for r in refusals]
    )


def _rows(keyed: Iterable[tuple[text.RowT, tuple[object, ...]]]) -> list[Row[text.RowT]]:
    groups: dict[tuple[object, ...], list[text.RowT]] = {}
    for entry, key in keyed:
        groups.setdefault(key, []).append(entry)
    found: list[Row[text.RowT]] = []
    for entries in groups.values():
        again = bool(found) and found[-1].entry.indicator_id == entries[0].indicator_id
        found.append(Row(entries[0], tuple(dict.fromkeys(entry.location_title for entry in entries)), again))
    return found


def _printed(v: Value) -> tuple[object, ...]:
    return (
        v.indicator_id, v.period_start, v.period_end, text.quantity(v.value, v.decimals, v.unit), text.span(v),
        text.uncertainty(v.std_uncertainty, v.decimals), v.ci_level, v.n_valid, v.n_expected, v.status, v.qc_flag,
        v.confidence, v.datum_id, tuple(sorted({g.dataset_id for g in v.granules})),
    )  # fmt: skip
