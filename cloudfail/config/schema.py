"""The JSON Schema of cloudfail.toml, from the Structs and the installed providers' settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from cloudfail import registry
from cloudfail.config.file import FileTable


def json_schema(distribution: str = "") -> dict[str, Any]:
    """Return a JSON Schema (draft 2020-12) that editors can complete and check the file with.

    With a `distribution`, only the providers that come with it are in it.
    """
    specs = {
        name: listed.spec
        for name, listed in registry.available().items()
        if listed.spec is not None and distribution in {"", listed.distribution}
    }
    types = (FileTable, *(spec.settings for spec in specs.values()))
    schemas, components = msgspec.json.schema_components(types, ref_template="#/$defs/{name}")
    providers: Mapping[str, Any] = dict(zip(specs, schemas[1:], strict=True))
    for reference in providers.values():
        components[reference["$ref"].rpartition("/")[2]]["additionalProperties"] = False
    root = components.pop(FileTable.__name__)
    root["properties"]["provider"] = {
        "type": "object",
        "description": "Settings of each provider.",
        "properties": dict(providers),
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **root,
        "title": "cloudfail.toml",
        "$defs": components,
    }
