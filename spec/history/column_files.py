"""Histories as columns: a folder of Parquet files, one for each table, which are judged without being folded again.

`history.json` says what it is, and has what was said once (topics, clients, groups at rest); `TABLE.parquet` has the
columns of a table (`facts`, `tables`), `pool-NAME.parquet` and `pools.json` the values that these refer to by index.
Any tool that reads Parquet can look into it. pyarrow is an extra.
"""

from functools import cache
from pathlib import Path
from typing import Any, Final, get_args, get_origin, get_type_hints

import msgspec
import numpy as np

from brokerlaw.spec.history.columns import Pool, Table
from brokerlaw.spec.history.facts import Facts
from brokerlaw.spec.history.fold import Folded
from brokerlaw.spec.history.pools import Pools
from brokerlaw.spec.history.rows import Header
from brokerlaw.spec.history.validate import HistoryError

FORMAT: Final = "brokerlaw.columns"
VERSION: Final = 2
CONTENTS: Final = "history.json"
POOLS: Final = "pools.json"


class Contents(msgspec.Struct, forbid_unknown_fields=True):
    """What `history.json` holds; `said` are the facts that are no tables, by name."""

    header: Header
    said: dict[str, msgspec.Raw]
    format: str = FORMAT
    version: int = VERSION


def is_columns(folder: Path) -> bool:
    """Whether the folder says that it is a history in columns."""
    try:
        return FORMAT.encode() in (folder / CONTENTS).read_bytes()
    except OSError:
        return False


def write(folder: Path, history: Folded) -> None:
    """Write the folder, which must not exist. Raises `OSError`, `ImportError` without pyarrow."""
    parquet = _parquet()
    folder.mkdir(parents=True)
    header, pools, facts = history
    said = {name: msgspec.Raw(msgspec.json.encode(getattr(facts, name))) for name in _said()}
    for name in _tables():
        columns = {column: np.asarray(values) for column, values in getattr(facts, name).columns.items()}
        parquet.write(folder / f"{name}.parquet", columns)
    for name in _pools(of_bytes=True):
        parquet.write(folder / f"pool-{name}.parquet", {"value": getattr(pools, name).values})
    named = {name: getattr(pools, name).values for name in _pools(of_bytes=False)}
    (folder / POOLS).write_bytes(msgspec.json.encode(named))
    (folder / CONTENTS).write_bytes(msgspec.json.encode(Contents(header, said)))


def read(folder: Path) -> Folded:
    """Read a folder. Raises `HistoryError` for one that cannot be, `OSError`, `ImportError` without pyarrow."""
    parquet, facts, pools = _parquet(), Facts(), Pools()
    contents = _decoded(folder / CONTENTS, Contents)
    if (contents.format, contents.version) != (FORMAT, VERSION):
        raise HistoryError(f"{folder / CONTENTS}: this is {contents.format} {contents.version}; {VERSION} can be read")
    for name, kind in _said().items():
        setattr(facts, name, _typed(folder / CONTENTS, contents.said.get(name, msgspec.Raw(b"null")), kind))
    for name, table in _tables().items():
        setattr(facts, name, table.made_of(*parquet.numbers(folder / f"{name}.parquet", table.names)))
    named = _decoded(folder / POOLS, dict[str, msgspec.Raw])
    for name, kind in _pools(of_bytes=False).items():
        values = _typed(folder / POOLS, named.get(name, msgspec.Raw(b"null")), list[kind])  # type: ignore[valid-type]  # a type of this run
        getattr(pools, name).values.extend(values)
    for name in _pools(of_bytes=True):
        setattr(pools, name, Pool(*parquet.values(folder / f"pool-{name}.parquet")))
    return Folded(contents.header, pools, facts)


def _decoded(path: Path, kind: Any) -> Any:
    return _typed(path, path.read_bytes(), kind)


def _typed(path: Path, text: bytes | msgspec.Raw, kind: Any) -> Any:
    try:
        return msgspec.json.decode(text, type=kind)
    except (msgspec.DecodeError, RecursionError) as error:
        raise HistoryError(f"{path}: {error}") from error


@cache
def _tables() -> dict[str, type[Table[Any]]]:
    hints = {name: get_origin(hint) or hint for name, hint in get_type_hints(Facts).items()}
    return {name: kind for name, kind in hints.items() if isinstance(kind, type) and issubclass(kind, Table)}


@cache
def _said() -> dict[str, Any]:
    return {name: hint for name, hint in get_type_hints(Facts).items() if name not in _tables()}


@cache
def _pools(of_bytes: bool) -> dict[str, Any]:
    """The pools by name, each with the type of its values."""
    kinds = {name: get_args(hint)[0] for name, hint in get_type_hints(Pools).items()}
    return {name: kind for name, kind in kinds.items() if (kind is bytes) is of_bytes}


def _parquet() -> Any:
    from brokerlaw.spec.history import parquet  # pyarrow is an extra

    return parquet
