"""Columns in Parquet files, by pyarrow: numbers, and bytes."""

from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import parquet

from brokerlaw.spec.history.columns import Ints
from brokerlaw.spec.history.validate import HistoryError


def write(path: Path, columns: Mapping[str, Any]) -> None:
    """Write columns of one length. Raises `OSError`."""
    typed = {name: pa.array(each, pa.binary()) if isinstance(each, list) else each for name, each in columns.items()}
    table = pa.table(typed)
    numbers = [name for name in table.column_names if pa.types.is_integer(table.schema.field(name).type)]
    encoding = dict.fromkeys(numbers, "DELTA_BINARY_PACKED")
    parquet.write_table(table, path, compression="lz4", use_dictionary=False, column_encoding=encoding or None)


def numbers(path: Path, names: Sequence[str]) -> tuple[int, Callable[[str], Ints]]:
    """How many rows there are, and what reads a column of these names. Raises `HistoryError`, `OSError`."""
    file = _opened(path)
    for name in names:
        if not pa.types.is_integer(_type(path, file, name)):
            raise HistoryError(f"{path}: the column {name} is not of integers")
    return file.metadata.num_rows, cache(partial(_numbers, path, file))


def _numbers(path: Path, file: Any, name: str) -> Ints:
    column = _column(path, file, name)
    if column.null_count:
        raise HistoryError(f"{path}: the column {name} has nulls")
    return np.asarray(column.to_numpy(), dtype=np.int64)


def values(path: Path) -> tuple[int, Callable[[], list[bytes]]]:
    """How many bytes there are in the column `value`, and what reads them. Raises `HistoryError`, `OSError`."""
    file = _opened(path)
    if not pa.types.is_binary(_type(path, file, "value")):
        raise HistoryError(f"{path}: the column value is not of bytes")
    return file.metadata.num_rows, partial(_values, path, file)


def _values(path: Path, file: Any) -> list[bytes]:
    found: list[bytes] = _column(path, file, "value").to_pylist()
    if None in found:
        raise HistoryError(f"{path}: the column value has nulls")
    return found


def _opened(path: Path) -> Any:
    if not path.is_file():
        raise HistoryError(f"{path} is missing")
    try:
        return parquet.ParquetFile(path)
    except pa.ArrowException as error:
        raise HistoryError(f"{path}: {_first_line(error)}") from error


def _type(path: Path, file: Any, name: str) -> Any:
    if name not in file.schema_arrow.names:
        raise HistoryError(f"{path}: there is no column {name}")
    return file.schema_arrow.field(name).type


def _column(path: Path, file: Any, name: str) -> Any:
    try:
        return file.read(columns=[name])[name].combine_chunks()
    except pa.ArrowException as error:
        raise HistoryError(f"{path}: {_first_line(error)}") from error


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0]
