"""cloudfail.toml as text, from its Structs: what has its default is left out."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

_ARRAYS = ("node", "claim", "hook")
_BARE = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")
_WIDTH = 96
Comments = Mapping[str, tuple[str, ...]]


class Writer:
    """`comments` are lines by the dotted path of a key or a table, above which they stand."""

    def __init__(self, comments: Comments) -> None:
        self._comments = comments
        self._lines: list[str] = []

    def text(self, head: tuple[str, ...], tables: Mapping[str, Any]) -> str:
        """Return the document; `tables` are Structs, or maps of names to Structs."""
        self._say(head)
        for name, one in tables.items():
            if isinstance(one, msgspec.Struct):
                self._table(name, one)
                continue
            for key, table in one.items():
                self._table(f"{name}.{_key(key)}", table)
        return "\n".join(self._lines) + "\n"

    def _table(self, path: str, table: msgspec.Struct | Mapping[str, Any]) -> None:
        pairs = dict(_pairs(table))
        arrays = {name: pairs.pop(name) for name in _ARRAYS if name in pairs}
        if pairs or arrays or path.startswith("instance."):
            self._head(f"[{path}]", path)
            self._pairs(path, pairs)
        for name, entries in arrays.items():
            for index, entry in enumerate(entries):
                self._head(f"[[{path}.{name}]]", f"{path}.{name}[{index}]")
                self._pairs(f"{path}.{name}[{index}]", dict(_pairs(entry)))
        self._say(self._comments.get(f"{path}.end", ()))

    def _head(self, text: str, path: str) -> None:
        self._lines.append("")
        self._say(self._comments.get(path, ()))
        self._lines.append(text)

    def _pairs(self, path: str, pairs: Mapping[str, Any]) -> None:
        for key, value in pairs.items():
            self._say(self._comments.get(f"{path}.{key}", ()))
            line = f"{_key(key)} = {_value(value)}"
            if len(line) > _WIDTH and isinstance(value, tuple):
                line = f"{_key(key)} = [\n" + "".join(f"  {_value(one)},\n" for one in value) + "]"
            self._lines.append(line)

    def _say(self, lines: tuple[str, ...]) -> None:
        self._lines += [f"# {_printable(line)}" if line else "" for line in lines]


def _pairs(table: msgspec.Struct | Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    if isinstance(table, Mapping):
        yield from table.items()
        return
    tag = table.__struct_config__.tag_field
    if tag is not None:
        yield tag, table.__struct_config__.tag
    for field in msgspec.structs.fields(table):
        value = getattr(table, field.name)
        if field.required or value != field.default:
            yield field.encode_name, value


def _value(value: Any) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case float():
            return str(int(value)) if value.is_integer() else f"{value:.6f}".rstrip("0")
        case str():
            return _quoted(value)
        case tuple():
            return f"[{', '.join(map(_value, value))}]"
        case _:
            inner = ", ".join(f"{_key(key)} = {_value(one)}" for key, one in _pairs(value))
            return f"{{ {inner} }}"


def _key(name: str) -> str:
    return name if name and set(name) <= _BARE else _quoted(name)


def _quoted(text: str) -> str:
    """JSON's escapes are TOML's too; TOML wants DEL escaped as well."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _printable(text: str) -> str:
    return "".join(char if char.isprintable() else "?" for char in text)
