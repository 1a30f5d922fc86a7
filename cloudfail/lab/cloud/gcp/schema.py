"""Values held to a discovery document's schemas: types, ranges, enums, unknown fields."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from typing import Any

Schema = Mapping[str, Any]
_RANGES = {
    "int32": (-(2**31), 2**31 - 1),
    "uint32": (0, 2**32 - 1),
    "int64": (-(2**63), 2**63 - 1),
    "uint64": (0, 2**64 - 1),
}
_URL_SAFE = str.maketrans("-_", "+/")


class Schemas:
    """`method` names the method whose request is checked; "" for an answer.

    An answer's 64-bit integers are strings, a request's may be numbers too.
    """

    def __init__(self, schemas: Mapping[str, Schema]) -> None:
        self._schemas = schemas

    def check(self, schema: Schema, value: Any, method: str, where: str = "") -> Iterator[str]:
        """Tell each violation in one sentence."""
        if "$ref" in schema:
            schema = {**self._schemas[schema["$ref"]], **schema}
        match schema.get("type"):
            case "object":
                yield from self._object(schema, value, method, where)
            case "array":
                yield from self._array(schema, value, method, where)
            case "string":
                yield from _string(schema, value, method, where or "body")
            case kind:
                yield from _plain(str(kind), schema, value, where or "body")

    def _object(self, schema: Schema, value: Any, method: str, where: str) -> Iterator[str]:
        if not isinstance(value, dict):
            yield f"{where or 'body'}: expected an object, got {value!r}"
            return
        known = schema.get("properties", {})
        others = schema.get("additionalProperties")
        for name, item in value.items():
            here = f"{where}.{name}".lstrip(".")
            if name not in known and others is None:
                yield f'Unknown name "{name}" at "{where or "body"}": Cannot find field.'
            else:
                yield from self.check(known.get(name, others), item, method, here)
        for name, item in known.items():
            if method in item.get("annotations", {}).get("required", ()) and name not in value:
                yield f"Required field '{f'{where}.{name}'.lstrip('.')}' not specified"

    def _array(self, schema: Schema, value: Any, method: str, where: str) -> Iterator[str]:
        if not isinstance(value, list):
            yield f"{where or 'body'}: expected an array, got {value!r}"
            return
        for number, item in enumerate(value):
            yield from self.check(schema["items"], item, method, f"{where}[{number}]")


def _string(schema: Schema, value: Any, method: str, where: str) -> Iterator[str]:
    form = schema.get("format")
    if form in _RANGES:
        yield from _integer(form, value, where, numbers=bool(method))
        return
    if not isinstance(value, str):
        yield f"{where}: expected a string, got {value!r}"
        return
    if form == "byte" and not _is_base64(value):
        yield f"{where}: {value!r} is not base64"
    if "enum" in schema and value not in schema["enum"]:
        yield f"{where}: {value!r} is not one of {', '.join(schema['enum'])}"
    if method and "pattern" in schema and not re.fullmatch(schema["pattern"], value):
        yield f"{where}: {value!r} does not match {schema['pattern']}"


def _plain(kind: str, schema: Schema, value: Any, where: str) -> Iterator[str]:
    match kind:
        case "integer":
            yield from _integer(schema.get("format", "int32"), value, where, strings=False)
        case "number" if isinstance(value, bool) or not isinstance(value, int | float):
            yield f"{where}: expected a number, got {value!r}"
        case "boolean" if not isinstance(value, bool):
            yield f"{where}: expected a boolean, got {value!r}"


def _integer(
    form: str, value: Any, where: str, *, numbers: bool = True, strings: bool = True
) -> Iterator[str]:
    is_number = numbers and isinstance(value, int) and not isinstance(value, bool)
    is_text = strings and isinstance(value, str) and re.fullmatch(r"-?\d+", value)
    if not (is_number or is_text):
        yield f"{where}: expected {form}, got {value!r}"
        return
    lowest, highest = _RANGES[form]
    if not lowest <= int(value) <= highest:
        yield f"{where}: {value} is outside of {form}"


def _is_base64(text: str) -> bool:
    try:
        base64.b64decode(text.translate(_URL_SAFE), validate=True)
    except binascii.Error:
        return False
    return True
