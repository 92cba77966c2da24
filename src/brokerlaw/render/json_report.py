"""A finished run as JSON, for programs."""

import msgspec

from brokerlaw.conformance.result import RunResult


def render(result: RunResult) -> str:
    """The result, its exit code and conclusion with it, indented."""
    data = msgspec.to_builtins(result) | {"exit_code": result.exit_code, "conclusion": result.conclusion}
    return msgspec.json.format(msgspec.json.encode(data), indent=2).decode() + "\n"
