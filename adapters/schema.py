"""JSON Schemas (2020-12) of everything on the wire, for authors of adapters in other languages.

`request` is what the suite writes, `message` what the program writes; `value` has, for each request, the value with
which it is completed when it is ok (any operation that is not there: null).
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from brokerlaw.adapters import wire
from brokerlaw.adapters.contract import CAPABILITIES, Description
from brokerlaw.spec.history.operations import OPERATIONS
from brokerlaw.spec.history.schema import DIALECT, components, text, union

FOLDER: Final = Path(__file__).with_name("schemas")


def schemas() -> dict[str, str]:
    """File name → text, as they are shipped in `FOLDER`."""
    built: dict[str, Callable[[], dict[str, Any]]] = {"request": _request, "message": _message, "value": _value}
    return {f"{name}.json": text(build()) for name, build in built.items()}


def _request() -> dict[str, Any]:
    return union("A line that brokerlaw writes to an adapter", wire.AnyRequest)


def _message() -> dict[str, Any]:
    return union("A line that an adapter writes to brokerlaw", wire.AnyMessage)


def _value() -> dict[str, Any]:
    returns = {"hello": Description} | {name: op.returns for name, op in OPERATIONS.items() if op.returns is not None}
    answers, defined = components(returns.values())
    defined["Description"]["properties"]["capabilities"]["propertyNames"] = {"enum": list(CAPABILITIES)}
    title = "The value of an ok outcome, by what was asked"
    properties = dict(zip(returns, answers, strict=True))
    return {"$schema": DIALECT, "title": title, "properties": properties, "$defs": defined}
