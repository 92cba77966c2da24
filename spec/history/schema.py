"""JSON Schemas (2020-12) of what is written down; here of a history file, line by line."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import msgspec

from brokerlaw.spec.history.rows import Line

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
HISTORY: Final = Path(__file__).with_name("history.schema.json")
"""The schema of a line of a history file, as it is shipped."""


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
    """Give a schema as the text of its file."""
    return json.dumps(schema, indent=2) + "\n"
