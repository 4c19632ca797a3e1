"""A report's numbers as Parquet: the rows and columns of its CSV, with types, and the notes of the CSV as metadata.

The same report gives the same bytes with the same version of the library; no clock is asked.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from caspian_env.errors import SettingsError
from caspian_env.reports import spreadsheet
from caspian_env.reports.model import Report
from caspian_env.reports.page import file_names, without_bare_rates
from caspian_env.reports.spreadsheet import Cell

if TYPE_CHECKING:
    import pyarrow as pa

TIMES = frozenset({"period_start", "period_end", "time"})
NUMBERS = frozenset({"value_printed", "value", "std_uncertainty", "ci_low", "ci_high", "ci_level"})
COUNTS = frozenset({"n_valid", "n_expected", "qc_flag"})
NOTES = b"notes"  # key of the metadata: a JSON list, the comment lines of the CSV


def require_pyarrow() -> None:
    """SettingsError where the package that writes Parquet is not installed."""
    if find_spec("pyarrow") is None:
        raise SettingsError("--format parquet", "needs the package pyarrow", 'pip install "caspian-env[parquet]"')


def build_parquet(report: Report) -> dict[str, bytes]:
    """File name to bytes: indicator values, and the chart rows that may be handed on, named like the CSV.

    Raises
    ------
    SettingsError
        When pyarrow is not installed.
    """
    require_pyarrow()
    honest = without_bare_rates(report)
    _, values, rows = (name.rpartition(".")[0] for name in file_names(report))
    return {
        f"{values}.parquet": _file(
            spreadsheet.VALUE_COLUMNS, spreadsheet.value_rows(honest), spreadsheet.value_notes(honest)
        ),
        f"{rows}.parquet": _file(
            spreadsheet.OBSERVATION_COLUMNS, spreadsheet.observation_rows(honest), spreadsheet.observation_notes(honest)
        ),
    }


def _file(columns: Sequence[str], rows: Sequence[Sequence[Cell]], notes: Sequence[str]) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    held: Mapping[str, Sequence[Cell]] = {name: [row[n] for row in rows] for n, name in enumerate(columns)}
    schema = pa.schema(
        [pa.field(name, _type(name)) for name in columns], metadata={NOTES: json.dumps(notes, ensure_ascii=False)}
    )
    arrays = [pa.array([_typed(name, cell) for cell in held[name]], type=_type(name)) for name in columns]
    out = io.BytesIO()
    pq.write_table(pa.Table.from_arrays(arrays, schema=schema), out, compression="zstd")
    return out.getvalue()


def _type(name: str) -> pa.DataType:
    import pyarrow as pa

    if name in TIMES:
        return pa.timestamp("us", tz="UTC")
    if name in NUMBERS:
        return pa.float64()
    if name in COUNTS:
        return pa.int32()
    return pa.bool_() if name == "synthetic" else pa.string()


def _typed(name: str, cell: Cell) -> Any:
    """The cell of the CSV with its type; what is empty there is null."""
    if cell is None or cell == "":
        return None
    if name in TIMES:
        return datetime.fromisoformat(str(cell))
    if name in NUMBERS:
        return float(cell)
    return cell == "true" if name == "synthetic" else cell
