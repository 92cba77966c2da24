"""The text of a schema is the same whichever version of the library made it, and differs where the meaning does."""

from typing import Any

import pytest

from brokerlaw.spec.history import schema


def test_order_and_indent_that_say_nothing_do_not_show() -> None:
    one: dict[str, Any] = {
        "title": "Record",
        "description": "One line.\n\nAnother.\n    An indented one.",
        "properties": {"key": {"type": ["null", "string"]}, "value": {"anyOf": [{"type": "null"}, {"$ref": "#/x"}]}},
        "required": ["key", "value"],
        "$defs": {"x": {"enum": ["b", "a", 1]}, "y": {}},
    }
    other: dict[str, Any] = {
        "$defs": {"y": {}, "x": {"enum": [1, "a", "b"]}},
        "required": ["value", "key"],
        "properties": {"value": {"anyOf": [{"$ref": "#/x"}, {"type": "null"}]}, "key": {"type": ["string", "null"]}},
        "description": "One line.\n\n    Another.\n        An indented one.\n    ",
        "title": "Record",
    }
    assert schema.text(one) == schema.text(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"prefixItems": [{"type": "null"}, {}]}, {"prefixItems": [{}, {"type": "null"}]}),
        ({"default": {"required": ["b", "a"]}}, {"default": {"required": ["a", "b"]}}),
        ({"description": "One.\nTwo.\n  Three."}, {"description": "One.\nTwo.\nThree."}),
        ({"required": ["a"]}, {"required": ["a", "b"]}),
    ],
)
def test_what_means_something_else_has_another_text(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert schema.text(one) != schema.text(other)


def test_a_property_may_be_named_like_a_keyword() -> None:
    one = {"properties": {"description": {"type": ["null", "string"]}, "default": {"required": ["b", "a"]}}}
    other = {"properties": {"default": {"required": ["a", "b"]}, "description": {"type": ["string", "null"]}}}
    assert schema.text(one) == schema.text(other)
