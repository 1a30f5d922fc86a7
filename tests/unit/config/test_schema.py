"""The JSON Schema accepts what `load` accepts, and refuses what it refuses."""

from __future__ import annotations

import tomllib

import jsonschema  # type: ignore[import-untyped]
import pytest
from cloudfail.config.schema import json_schema

from .test_load import FULL
from .test_mistakes import MISTAKES

# What only a look at the whole file, at addresses or at the disk can tell.
_SHAPE = {
    "unknown table", "unknown key", "far-off key", "unknown node key", "unknown claim key",
    "text for a number", "number for text", "true for a number", "text for a list",
    "number in a list", "empty list", "instance no table", "instance as array", "node as table",
    "node as text", "claim as text", "guard as array", "provider missing", "deadline zero",
    "node without name", "node with empty name", "priority 0", "priority 255", "vrid 0", "vrid 256",
    "no kind", "unknown kind", "kind is a number", "missing field", "missing tables",
    "field of another kind", "own_egress", "provider setting", "setting of a wrong type", "secret",
    "secret elsewhere", "secret in a claim", "journal",
}  # fmt: skip


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(json_schema())


def test_a_right_file_is_valid() -> None:
    jsonschema.validate(tomllib.loads(FULL), json_schema())


@pytest.mark.parametrize("name", sorted(_SHAPE))
def test_a_wrong_shape_is_invalid(name: str) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(tomllib.loads(MISTAKES[name][0]), json_schema())


def test_only_the_providers_of_a_distribution_are_in_it() -> None:
    providers = json_schema("cloudfail")["properties"]["provider"]["properties"]
    assert set(providers) == {"cloud", "ranged", "single", "strict"}
    assert json_schema("another")["properties"]["provider"]["properties"] == {}
