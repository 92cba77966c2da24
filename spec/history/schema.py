"""JSON Schemas (2020-12) of what is written down; here of a history file, line by line."""

import inspect
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import msgspec

from brokerlaw.spec.history.rows import Line

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
HISTORY: Final = Path(__file__).with_name("history.schema.json")
"""The schema of a line of a history file, as it is shipped."""

DATA: Final = {"const", "default", "examples"}
"""Keywords that hold data, which stays as it is."""
NAMED: Final = {"$defs", "properties"}
"""Keywords that hold schemas by name: a name there is no keyword."""
SETS: Final = {"anyOf", "enum", "oneOf", "required", "type"}
"""Keywords whose lists say the same in any order."""


def history() -> str:
    """Give the text of `HISTORY`: each line is a header, a row or a footer."""
    return text(union("A line of a brokerlaw history: one header, then rows, then one footer", Line))


def union(title: str, kind: Any) -> dict[str, Any]:
    """Give the schema of any of the structs of a union."""
    (schema,), defined = components([kind])
    return {"$schema": DIALECT, "title": title, **schema, "$defs": defined}


def components(kinds: Iterable[Any]) -> tuple[tuple[dict[str, Any], ...], dict[str, Any]]:
    """Give the schema of each type, and the definitions that they share."""
    return msgspec.json.schema_components(kinds, ref_template="#/$defs/{name}")


def text(schema: dict[str, Any]) -> str:
    """Give a schema as the text of its file: one text for all versions of the library that made it."""
    return json.dumps(normal(schema), indent=2, sort_keys=True) + "\n"


def normal(schema: Any) -> Any:
    """Give a schema with its texts dedented, and its lists sorted where their order says nothing."""
    if isinstance(schema, list):
        return [normal(part) for part in schema]
    if isinstance(schema, dict):
        return {keyword: _normal_value(keyword, value) for keyword, value in schema.items()}
    return schema


def _normal_value(keyword: str, value: Any) -> Any:
    if keyword in DATA:
        return value
    if keyword in NAMED:
        return {name: normal(part) for name, part in value.items()}
    if keyword == "description":
        return inspect.cleandoc(value)
    if keyword in SETS and isinstance(value, list):
        return sorted(map(normal, value), key=lambda part: json.dumps(part, sort_keys=True))
    return normal(value)
