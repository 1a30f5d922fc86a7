"""The types of azure-mgmt-network: its generated models, as what a JSON value may be.

The models come from Microsoft's specification; a field that none of them has is none of Azure's.
"""

from __future__ import annotations

import datetime
import enum
import functools
import importlib
import types
import typing
from collections.abc import Collection, Iterator
from typing import Any, NamedTuple

from cloudfail.errors import ProviderMissingError

_PACKAGE = "azure.mgmt.network"


@functools.cache
def models() -> types.ModuleType:
    """Import the models, once a process; ProviderMissingError without the package."""
    try:
        return importlib.import_module(f"{_PACKAGE}.models")
    except ImportError as exc:
        raise ProviderMissingError(
            "the embedded Azure needs azure-mgmt-network: pip install 'cloudfail[lab]'"
        ) from exc


@functools.cache
def _names() -> dict[str, Any]:
    found = models()
    known = {name: getattr(found, name) for name in dir(found) if not name.startswith("_")}
    return {**vars(typing), "datetime": datetime, **known, "_models": found, "_types": found}


@functools.cache
def fields_of(model: Any) -> dict[str, Any]:
    """Return the type of each field of a model, by its name in JSON."""
    model()  # an instance's creation is what fills the class' table of fields
    hints: dict[str, Any] = {}
    for base in reversed(model.__mro__):
        if base.__module__.startswith(_PACKAGE):
            hints.update(typing.get_type_hints(base, _names(), {"list": list}))
    return {field.name: hints.get(attribute, Any) for attribute, field in _table(model).items()}


def read_only(name: str) -> frozenset[str]:
    """Return the fields of a model that only the service sets."""
    model = getattr(models(), name)
    fields_of(model)
    return frozenset(field.name for field in _table(model).values() if field.is_read_only)


class Field(NamedTuple):
    """A field of a model: its name in JSON, and whether only the service sets it."""

    name: str
    is_read_only: bool


def _table(model: Any) -> dict[str, Field]:
    # The generated models have no public description of themselves.
    return {
        attribute: Field(field._rest_name, field._visibility == ["read"])  # noqa: SLF001
        for attribute, field in model._attr_to_rest_field.items()  # noqa: SLF001
    }


def check(kind: Any, value: Any, path: str, also: Collection[str]) -> Iterator[str]:
    """Tell what is wrong with a value; fields in `also` may be anywhere."""
    origin = typing.get_origin(kind)
    if origin is typing.Union:
        yield from _check_union(typing.get_args(kind), value, path, also)
    elif origin is list:
        yield from _check_list(typing.get_args(kind)[0], value, path, also)
    elif origin is dict:
        if not isinstance(value, dict):
            yield f"{path}: expected an object, got {value!r}"
    elif isinstance(kind, type):
        yield from _check_plain(kind, value, path, also)


def _check_union(
    options: tuple[Any, ...], value: Any, path: str, also: Collection[str]
) -> Iterator[str]:
    if value is None:
        return
    for option in options:
        if isinstance(option, type) and issubclass(option, enum.Enum) and isinstance(value, str):
            known = [str(member.value) for member in option]
            if value.lower() not in {text.lower() for text in known}:
                yield f"{path}: {value!r} is not one of {', '.join(known)}"
            return
    real = [option for option in options if option is not type(None)]
    yield from min((list(check(option, value, path, also)) for option in real), key=len)


def _check_list(kind: Any, value: Any, path: str, also: Collection[str]) -> Iterator[str]:
    if not isinstance(value, list):
        yield f"{path}: expected an array, got {value!r}"
        return
    for number, item in enumerate(value):
        yield from check(kind, item, f"{path}[{number}]", also)


def _check_plain(kind: type[Any], value: Any, path: str, also: Collection[str]) -> Iterator[str]:
    if kind.__module__.startswith(_PACKAGE) and not issubclass(kind, enum.Enum):
        yield from _check_model(kind, value, path, also)
    elif kind is bool and not isinstance(value, bool):
        yield f"{path}: expected a boolean, got {value!r}"
    elif kind is int and (not isinstance(value, int) or isinstance(value, bool)):
        yield f"{path}: expected an integer, got {value!r}"
    elif kind is str and not isinstance(value, str):
        yield f"{path}: expected a string, got {value!r}"


def _check_model(model: Any, value: Any, path: str, also: Collection[str]) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{path}: expected an object, got {value!r}"
        return
    known = fields_of(model)
    for name, item in value.items():
        where = f"{path}.{name}" if path else name
        if name in known:
            yield from check(known[name], item, where, also)
        elif name not in also:
            yield f"Could not find member '{name}' on object of type '{model.__name__}': {where}"
