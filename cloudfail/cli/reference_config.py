"""The reference page of cloudfail.toml: tables, keys, types, defaults, variables."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from cloudfail.config.environment import GENERAL, variable
from cloudfail.config.schema import json_schema

Schema = Mapping[str, Any]
_TABLES = (
    ("[instance.NAME]", "InstanceTable"),
    ("[[instance.NAME.node]]", "NodeTable"),
    ('[[instance.NAME.claim]] kind = "public-ip"', "PublicIpTable"),
    ('[[instance.NAME.claim]] kind = "private-ip"', "PrivateIpTable"),
    ('[[instance.NAME.claim]] kind = "route"', "RouteTable"),
    ("[instance.NAME.authentication]", "AuthenticationTable"),
    ("[instance.NAME.services]", "ServicesTable"),
    ("[[instance.NAME.hook]]", "HookTable"),
    ("[[instance.NAME.responder]]", "ResponderTable"),
    ("[agent]", "AgentTable"),
    ("[keepalived]", "KeepalivedTable"),
    ("[vrrp_script.NAME]", "ScriptTable"),
    ("[track_file.NAME]", "TrackFileTable"),
    ("[track_process.NAME]", "TrackProcessTable"),
    ("[vrrp_sync_group.NAME]", "SyncGroupTable"),
    ("[host]", "HostTable"),
    ("[guard]", "GuardTable"),
    ("[journal]", "JournalTable"),
)
_WITH_VARIABLES = {"[agent]": "agent", "[guard]": "guard", "[journal]": "journal"}


def config_page(note: str) -> str:
    """Return the page; the providers are those that are installed."""
    schema = json_schema("cloudfail")  # not what else is installed here
    parts = [
        "# Configuration",
        "",
        note,
        "",
        "`/etc/cloudfail/cloudfail.toml`, the same file on every node. A flag wins over a variable,",
        "a variable over the file. Unknown keys are errors. `cloudfail config check` names",
        "everything that is wrong, `cloudfail config schema` prints a JSON Schema for editors.",
        "",
    ]
    for title, name in _TABLES:
        parts += _table(title, schema["$defs"][name], _WITH_VARIABLES.get(title, ""))
    providers = schema["properties"]["provider"]["properties"]
    for provider, reference in sorted(providers.items()):
        settings = schema["$defs"][reference["$ref"].rpartition("/")[2]]
        parts += _table(f"[provider.{provider}]", settings, provider)
    return "\n".join([*parts, *_variables()]).rstrip() + "\n"


def _table(title: str, schema: Schema, table: str) -> Iterator[str]:
    yield from (f"## `{title}`", "", *_text(schema), "")
    head = ("key", "type", "default", *(("variable",) if table else ()), "meaning")
    yield from (f"| {' | '.join(head)} |", "|---" * len(head) + "|")
    for key, value in schema["properties"].items():
        if key == "kind":
            continue
        cells = [f"`{key}`", _type(value), default_of(key, value, schema)]
        if table:
            cells.append(f"`{variable(table, key)}`")
        yield f"| {' | '.join([*cells, _meaning(value)])} |"
    yield ""


def _text(schema: Schema) -> list[str]:
    return [" ".join(str(schema.get("description", "")).split())]


def _type(value: Schema) -> str:
    if "enum" in value:
        return " or ".join(f"`{json.dumps(one)}`" for one in value["enum"])
    if "anyOf" in value:
        kinds = [one for one in value["anyOf"] if one.get("type") != "null"]
        return _type(kinds[0])
    if "$ref" in value:
        return "table"
    if value.get("type") == "array":
        return _elements(value["items"])
    return {"string": "text", "integer": "number", "boolean": "true/false"}.get(
        value.get("type", ""), "number"
    ) + _bounds(value)


def _elements(items: Schema) -> str:
    kinds = [one.get("type", "table") for one in items.get("anyOf", (items,))]
    if "string" not in kinds:
        return "tables"
    return "list of text" if set(kinds) == {"string"} else "list of text or tables"


def _bounds(value: Schema) -> str:
    low = value.get("minimum", value.get("exclusiveMinimum"))
    if low is None:
        return ""
    high = value.get("maximum")
    return f", {low} to {high}" if high is not None else f", at least {low}"


def default_of(key: str, value: Schema, schema: Schema) -> str:
    """Return the default of a key as it stands in a table; empty where there is none."""
    if key in schema.get("required", ()):
        return "required"
    default = value.get("default")
    return "" if default is None or default in ("", [], ()) else f"`{json.dumps(default)}`"


def _meaning(value: Schema) -> str:
    described = [value, *value.get("anyOf", ())]
    text = next((one["description"] for one in described if "description" in one), "")
    examples = value.get("examples")
    example = f" Example: `{json.dumps(examples[0])}`." if examples else ""
    return f"{text}{example}".replace("|", "\\|")


def _variables() -> Iterator[str]:
    yield from ("## Variables", "")
    yield "Beside those of the tables above:"
    yield from ("", "| variable | meaning |", "|---|---|")
    yield from (f"| `{name}` | {meaning} |" for name, meaning in GENERAL.items())
