"""Hold a table of the file against its Struct: every unknown key, missing key and wrong type."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from types import UnionType
from typing import Annotated, Any, Union, cast, get_args, get_origin

import msgspec

from cloudfail.config.problems import Problems, nearest

# Keys that carry a secret, in any cloud's words. `credentials_file` and `role_arn` are none.
_SECRET = re.compile(
    r"secret|passw|passphrase|token|private_key|access_?key|api_?key|sas_url|connection_string",
    re.IGNORECASE,
)
_LONGEST = 60
_PLAIN = {
    "int": "a whole number",
    "float": "a number",
    "str": "text in quotes",
    "bool": "true or false",
    "array": "an array",
    "object": "a table",
    "null": "left out",
}
# tomllib gives dates and times for bare 2024-01-01: msgspec has names of its own for those.
_GOT = {"int": "a number", "float": "a number", "str": "text", "bool": "true/false"}
_EXPECTED = re.compile(r"^Expected `([^`]+)`(?:, got `([^`]+)`| (.*))?$")


@cache
def fields_of(shape: type[msgspec.Struct]) -> Mapping[str, msgspec.structs.FieldInfo]:
    """Return what msgspec knows of each key. Finding it out costs a millisecond a Struct."""
    return {field.encode_name: field for field in msgspec.structs.fields(shape)}


def check_table(
    table: object, shape: type[msgspec.Struct], key: str, problems: Problems
) -> dict[str, Any]:
    """Return the values that are right, by key; add a problem for each one that is not."""
    if not isinstance(table, Mapping):
        remedy = f"write [[{key.rpartition('[')[0]}]]" if key.endswith("]") else f"write [{key}]"
        problems.add(key, f"must be a table, is {_kind_of(table)}", remedy)
        return {}
    if not table and len(shape.__struct_defaults__) == len(shape.__struct_fields__):
        return {}
    fields = fields_of(shape)
    for name in table:
        if name not in fields:
            add_unknown(f"{key}.{name}" if key else name, name, sorted(fields), problems)
    good: dict[str, Any] = {}
    for name, field in fields.items():
        if name in table:
            _check_value(table[name], field, f"{key}.{name}" if key else name, problems, good)
        elif field.required:
            problems.add(f"{key}.{name}" if key else name, f"is missing{_example(field)}")
    return good


def add_unknown(key: str, name: str, known: list[str], problems: Problems) -> None:
    """Add the problem of a key that does not belong here; a secret gets its own remedy."""
    if _SECRET.search(name):
        problems.add(
            key,
            "secrets do not belong in this file",
            "put the credentials into a file of their own, mode 0600, and name it here: "
            'credentials_file = "/etc/cloudfail/credentials"',
        )
        return
    remedy = nearest(name, known) or f"keys of this table: {', '.join(known)}"
    problems.add(key, "unknown key", remedy)


def _check_value(
    value: object,
    field: msgspec.structs.FieldInfo,
    key: str,
    problems: Problems,
    good: dict[str, Any],
) -> None:
    if not _check_tables_in(value, field.type, key, problems):
        return
    try:
        converted = msgspec.convert(value, cast("Any", field.type))
    except msgspec.ValidationError as error:
        text, _, path = str(error).partition(" - at `$")
        problems.add(key + path.rstrip("`"), plain(text, value), remedy_of(field))
        return
    if is_unprintable(converted):
        problems.add(key, f"{_shown(value)} holds control characters", "write plain text")
        return
    good[field.encode_name] = converted


def _check_tables_in(value: object, kind: object, key: str, problems: Problems) -> bool:
    """Check each table that a value is or holds; say whether they are all right."""
    before = problems.count()
    shape, is_list = _shape_in(kind)
    if shape is not None and not is_list:
        check_table(value, shape, key, problems)
    elif shape is not None and isinstance(value, list):
        for index, one in enumerate(value):
            if isinstance(one, Mapping):
                check_table(one, shape, f"{key}[{index}]", problems)
    return problems.count() == before


def _shape_in(kind: object) -> tuple[type[msgspec.Struct] | None, bool]:
    """Return the Struct that a type is, or is a tuple of (alone or beside text), and which."""
    plain_kind = get_args(kind)[0] if get_origin(kind) is Annotated else kind
    if isinstance(plain_kind, type) and issubclass(plain_kind, msgspec.Struct):
        return plain_kind, False
    for option in get_args(plain_kind) if isinstance(plain_kind, UnionType) else (plain_kind,):
        if get_origin(option) is tuple:
            found = [one for one in _alternatives(get_args(option)[0]) if _is_struct(one)]
            return (found[0] if found else None), True
    return None, False


def _alternatives(kind: object) -> tuple[Any, ...]:
    return get_args(kind) if get_origin(kind) in {Union, UnionType} else (kind,)


def _is_struct(kind: object) -> bool:
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct)


def is_unprintable(value: object) -> bool:
    """Say whether a text, or one of a list, would break a line, a path or a terminal."""
    if isinstance(value, tuple | list):
        return any(is_unprintable(one) for one in value)
    return isinstance(value, str) and not value.isprintable()


def remedy_of(field: msgspec.structs.FieldInfo) -> str:
    """Return an example of the field, or the words that it takes; empty where neither is known."""
    words = getattr(getattr(field.type, "__origin__", None), "__args__", ())
    if words and all(isinstance(word, str) for word in words):
        return f"write {' or '.join(_toml(word) for word in words)}"
    return _example(field).strip(" ,")


def plain(text: str, value: object) -> str:
    """Say msgspec's `Expected ...` in an operator's words."""
    found = _EXPECTED.match(text)
    if found is None:
        return f"{_shown(value)} is not allowed"
    expected, got, bound = found.groups()
    if got:
        wanted = " or ".join(_PLAIN.get(part.strip(), part) for part in expected.split("|"))
        return f"must be {wanted}, is {_got(got, value)}"
    return f"{_shown(value)} is out of bounds: must be {_bound(expected, bound or '')}"


def _got(kind: str, value: object) -> str:
    if kind == "float" and isinstance(value, float):
        return str(value)
    return _GOT.get(kind, _PLAIN.get(kind, kind))


def _bound(expected: str, bound: str) -> str:
    if bound.startswith("of length >="):
        return "text that is not empty" if expected == "str" else "not empty"
    return f"{_PLAIN.get(expected, expected)} {bound}".strip()


def _shown(value: object) -> str:
    try:
        text = f'"{value}"' if isinstance(value, str) else str(value)
    except ValueError:  # a number of thousands of digits, written as 0x...
        text = "a number"
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


def _example(field: msgspec.structs.FieldInfo) -> str:
    for meta in getattr(field.type, "__metadata__", ()):
        if meta.examples:
            return f", for example {field.encode_name} = {_toml(meta.examples[0])}"
    return ""


def _toml(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _kind_of(value: object) -> str:
    if isinstance(value, list):
        return "an array"
    return {bool: "true/false", str: "text"}.get(type(value), "a single value")
