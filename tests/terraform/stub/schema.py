"""A provider's schema as it is stored, as Terraform wants it, and as a way through values."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from terraform.stub.protocol import is_unknown, message

Json = dict[str, Any]
NESTING = {"single": 1, "list": 2, "set": 3, "map": 4, "group": 5}
# name of the attribute, its schema, its value -> the value it shall have
Visit = Callable[[str, Json, Any], Any]


class Schemas(NamedTuple):
    address: str
    version: str
    provider: Json
    resources: Json
    data_sources: Json


def load(path: Path) -> Schemas:
    stored = json.loads(path.read_text(encoding="utf-8"))
    ((address, kinds),) = stored["provider_schemas"].items()
    return Schemas(
        address,
        stored["provider_version"],
        kinds["provider"],
        kinds["resource_schemas"],
        kinds["data_source_schemas"],
    )


def to_message(schemas: Schemas) -> Any:
    # Terraform asks once a command, not once for each walk and run of a test.
    capabilities = message("Capabilities", get_provider_schema_optional=True)
    return message(
        "Schemas",
        server_capabilities=capabilities,
        provider=_schema(schemas.provider),
        resource_schemas={name: _schema(each) for name, each in schemas.resources.items()},
        data_source_schemas={name: _schema(each) for name, each in schemas.data_sources.items()},
    )


def _schema(stored: Json) -> Any:
    return message("Schema", version=stored["version"], block=_block(stored["block"]))


def _block(block: Json) -> Any:
    attributes = [
        message(
            "Attribute",
            name=name,
            type=json.dumps(each["type"], separators=(",", ":")).encode(),
            **{
                flag: True
                for flag in ("required", "optional", "computed", "sensitive")
                if each.get(flag)
            },
        )
        for name, each in block["attributes"].items()
    ]
    nested = [
        message(
            "NestedBlock",
            type_name=name,
            nesting=NESTING[each["nesting_mode"]],
            block=_block(each["block"]),
            min_items=each.get("min_items", 0),
            max_items=each.get("max_items", 0),
        )
        for name, each in block.get("block_types", {}).items()
    ]
    return message("Block", attributes=attributes, block_types=nested)


def walk(block: Json, value: Any, visit: Visit) -> Any:
    """The value with each attribute as the visit says, also in nested blocks; all of them are named."""
    if value is None or is_unknown(value):
        return value
    result = {
        name: visit(name, each, value.get(name)) for name, each in block["attributes"].items()
    }
    for name, each in block.get("block_types", {}).items():
        result[name] = _nested(each, value.get(name), visit)
    return result


def _nested(nested: Json, value: Any, visit: Visit) -> Any:
    mode, block = nested["nesting_mode"], nested["block"]
    if is_unknown(value):
        return value
    if mode in {"list", "set"}:
        return [walk(block, each, visit) for each in value or ()]
    if mode == "map":
        return {key: walk(block, each, visit) for key, each in (value or {}).items()}
    return walk(block, value, visit)


def attributes(block: Json, value: Any) -> Iterator[tuple[str, Json, Any]]:
    """Every attribute of a value, with its schema, also those in nested blocks."""
    found: list[tuple[str, Json, Any]] = []

    def visit(name: str, each: Json, of: Any) -> Any:
        found.append((name, each, of))
        return of

    walk(block, value, visit)
    return iter(found)
