"""Columns in Parquet files, by pyarrow: numbers, and bytes."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import parquet

from brokerlaw.spec.history.columns import Ints
from brokerlaw.spec.history.validate import HistoryError


def write(path: Path, columns: Mapping[str, Any]) -> None:
    """Write columns of one length. Raises `OSError`."""
    table = pa.table(dict(columns)) if columns else pa.table({})
    numbers = [name for name in table.column_names if pa.types.is_integer(table.schema.field(name).type)]
    encoding = dict.fromkeys(numbers, "DELTA_BINARY_PACKED")
    parquet.write_table(table, path, compression="zstd", use_dictionary=False, column_encoding=encoding or None)


def numbers(path: Path, names: Sequence[str]) -> dict[str, Ints]:
    """The columns of these names. Raises `HistoryError`, `OSError`."""
    table = _read(path)
    missing = [name for name in names if name not in table.column_names]
    if missing:
        raise HistoryError(f"{path}: there is no column {missing[0]}")
    try:
        return {name: np.ascontiguousarray(table[name].to_numpy().astype(np.int64, casting="safe")) for name in names}
    except TypeError as error:
        raise HistoryError(f"{path}: {error}") from error


def values(path: Path) -> list[bytes]:
    """The bytes of the column `value`. Raises `HistoryError`, `OSError`."""
    table = _read(path)
    if "value" not in table.column_names:
        raise HistoryError(f"{path}: there is no column value")
    found: list[bytes] = table["value"].to_pylist()
    if not all(isinstance(each, bytes) for each in found):
        raise HistoryError(f"{path}: the column value is not of bytes")
    return found


def _read(path: Path) -> Any:
    if not path.is_file():
        raise HistoryError(f"{path} is missing")
    try:
        return parquet.read_table(path)
    except pa.ArrowException as error:
        raise HistoryError(f"{path}: {str(error).splitlines()[0]}") from error
