"""JSON Schemas (2020-12) of everything on the wire, for authors of adapters in other languages.

`request` is what the suite writes, `message` what the program writes; `value` has, for each request, the value with
which it is completed when it is ok (any operation that is not there: null).
"""

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final

import msgspec

from brokerlaw.adapters import wire
from brokerlaw.adapters.contract import CAPABILITIES, Description
from brokerlaw.spec.operations import OPERATIONS

FOLDER: Final = Path(__file__).with_name("schemas")
DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"


def schemas() -> dict[str, str]:
    """File name → text, as they are shipped in `FOLDER`."""
    built: dict[str, Callable[[], dict[str, Any]]] = {"request": _request, "message": _message, "value": _value}
    return {f"{name}.json": json.dumps(build(), indent=2) + "\n" for name, build in built.items()}


def _request() -> dict[str, Any]:
    return _union("A line that brokerlaw writes to an adapter", wire.AnyRequest)


def _message() -> dict[str, Any]:
    return _union("A line that an adapter writes to brokerlaw", wire.AnyMessage)


def _union(title: str, kind: Any) -> dict[str, Any]:
    (schema,), components = _components([kind])
    return {"$schema": DIALECT, "title": title, **schema, "$defs": components}


def _value() -> dict[str, Any]:
    returns = {"hello": Description} | {name: op.returns for name, op in OPERATIONS.items() if op.returns is not None}
    answers, components = _components(returns.values())
    components["Description"]["properties"]["capabilities"]["propertyNames"] = {"enum": list(CAPABILITIES)}
    title = "The value of an ok outcome, by what was asked"
    properties = dict(zip(returns, answers, strict=True))
    return {"$schema": DIALECT, "title": title, "properties": properties, "$defs": components}


def _components(kinds: Iterable[Any]) -> tuple[tuple[dict[str, Any], ...], dict[str, Any]]:
    return msgspec.json.schema_components(kinds, ref_template="#/$defs/{name}")
