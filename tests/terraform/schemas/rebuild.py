"""A provider's schema, in the shape of `terraform providers schema -json`, from its bindings.

Bindings carry neither descriptions nor validators, nor which change replaces an object, nor a
maximum of items above one, nor what is sensitive: the last comes from `wanted`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from terraform.schemas import wanted
from terraform.schemas.bindings import Attribute, Bindings, Class, Hcl, Reference, read

Json = dict[str, Any]

COLLECTIONS: dict[str, Any] = {
    "StringMap": ["map", "string"],
    "NumberMap": ["map", "number"],
    "BooleanMap": ["map", "bool"],
    "AnyMap": ["map", "dynamic"],
    "StringMapList": ["list", ["map", "string"]],
}
ELEMENTS: dict[str, Any] = {
    "string": "string",
    "number": "number",
    "boolean": "bool",
    "stringList": ["list", "string"],
    "numberList": ["list", "number"],
    "stringMap": ["map", "string"],
    "numberMap": ["map", "number"],
    "booleanMap": ["map", "bool"],
}
NOTHING = Class("", {}, None, {})


def schema(wheel: Path, provider: str) -> Json:
    names = wanted.names(provider)
    folders = {wanted.folder(name) for name in names} | {"provider"}
    version, bindings = read(wheel, lambda folder: folder.removesuffix("-a") in folders)
    kinds: Json = {"provider": {}, "resource_schemas": {}, "data_source_schemas": {}}
    for each in bindings:
        _add(kinds, each, names)
    missing = (
        names
        - set(kinds["resource_schemas"])
        - {f"data.{name}" for name in kinds["data_source_schemas"]}
    )
    if missing:
        raise LookupError(f"{wheel.name} has no {', '.join(sorted(missing))}")
    address = f"registry.terraform.io/hashicorp/{provider}"
    return {
        "format_version": "1.0",
        "provider_version": version,
        "provider_schemas": {address: kinds},
    }


def _add(kinds: Json, bindings: Bindings, names: frozenset[str]) -> None:
    builder = _Builder(bindings)
    for each in bindings.classes.values():
        if each.terraform_type is None:
            continue
        name = each.terraform_type
        if each.base == "TerraformProvider":
            kinds["provider"] = {"version": 0, "block": builder.provider(each)}
        elif each.base == "TerraformDataSource" and f"data.{name}" in names:
            block = builder.block(each.attributes, each.hcl)
            wanted.mark_sensitive(f"data.{name}", block)
            kinds["data_source_schemas"][name] = {"version": 0, "block": block}
        elif each.base == "TerraformResource" and name in names:
            block = builder.block(each.attributes, each.hcl)
            wanted.mark_sensitive(name, block)
            kinds["resource_schemas"][name] = {"version": 0, "block": block}


def _struct(name: str) -> tuple[str, str]:
    for suffix in ("OutputReference", "List", "Map"):
        if name.endswith(suffix):
            return name.removesuffix(suffix), suffix
    return name, ""


class _Builder:
    def __init__(self, bindings: Bindings) -> None:
        self._bindings = bindings
        self._within: list[str] = []

    def block(self, attributes: dict[str, Attribute], table: dict[str, Hcl]) -> Json:
        block: Json = {"attributes": {}, "block_types": {}}
        for name, attribute in attributes.items():
            hcl = table.get(name)
            if hcl is not None and hcl.is_block and _is_block(attribute):
                nested = self._nested(attribute, hcl)
                if nested is not None:
                    block["block_types"][name] = nested
            else:
                block["attributes"][name] = self._attribute(attribute, hcl)
        return {key: value for key, value in block.items() if value or key == "attributes"}

    def provider(self, each: Class) -> Json:
        """A provider's blocks have no classes of their own: HCL tables are all there is of them."""
        table = {name: hcl for name, hcl in each.hcl.items() if name != "alias"}
        return self._from_table(table, each.attributes)

    def _from_table(self, table: dict[str, Hcl], attributes: dict[str, Attribute]) -> Json:
        block: Json = {"attributes": {}, "block_types": {}}
        for name, hcl in table.items():
            flags = attributes[name].flags if name in attributes else frozenset({"optional"})
            if hcl.is_block:
                inner = self._from_table(self._bindings.table(hcl.element.removesuffix("List")), {})
                block["block_types"][name] = _nesting(hcl, inner)
            else:
                block["attributes"][name] = {"type": _element(hcl), **_true(flags)}
        return block

    def _nested(self, attribute: Attribute, hcl: Hcl) -> Json | None:
        struct, suffix = _struct(_reference(attribute).name)
        if struct in self._within:
            return None
        inner = self._bindings.classes.get(f"{struct}OutputReference", NOTHING)
        self._within.append(struct)
        nested = _nesting(hcl, self.block(inner.attributes, self._bindings.table(struct)))
        self._within.pop()
        if "required" in attribute.flags:
            nested["min_items"] = 1
        if suffix == "OutputReference" and nested["nesting_mode"] in {"list", "set"}:
            nested["max_items"] = 1
        return nested

    def _attribute(self, attribute: Attribute, hcl: Hcl | None) -> Json:
        kind = self._type(attribute)
        if hcl is not None and hcl.collection == "set" and kind[0] == "list":
            kind = ["set", kind[1]]
        if hcl is not None and hcl.collection in {"list", "set"} and kind[0] == "object":
            kind = [hcl.collection, kind]
        return {"type": kind, **_true(attribute.flags)}

    def _type(self, attribute: Attribute) -> Any:
        if not isinstance(attribute.type, Reference):
            return attribute.type
        if attribute.type.name in COLLECTIONS:
            return COLLECTIONS[attribute.type.name]
        struct, suffix = _struct(attribute.type.name)
        inner = self._object(struct)
        if suffix == "List":
            return ["set" if attribute.type.is_set else "list", inner]
        return ["map", inner] if suffix == "Map" else inner

    def _object(self, struct: str) -> Any:
        each = self._bindings.classes.get(f"{struct}OutputReference")
        if each is None or struct in self._within:
            return "dynamic"
        self._within.append(struct)
        members = {name: self._type(attribute) for name, attribute in each.attributes.items()}
        self._within.pop()
        return ["object", members]


def _is_block(attribute: Attribute) -> bool:
    """No block is computed: what is, though written as one, is an attribute of objects."""
    is_struct = isinstance(attribute.type, Reference) and attribute.type.name not in COLLECTIONS
    return is_struct and "computed" not in attribute.flags


def _reference(attribute: Attribute) -> Reference:
    assert isinstance(attribute.type, Reference)
    return attribute.type


def _nesting(hcl: Hcl, block: Json) -> Json:
    return {
        "nesting_mode": "single" if hcl.collection == "struct" else hcl.collection,
        "block": block,
    }


def _true(flags: frozenset[str]) -> Json:
    return {flag: True for flag in ("computed", "optional", "required") if flag in flags}


def _element(hcl: Hcl) -> Any:
    kind = ELEMENTS.get(hcl.element, "dynamic")
    if hcl.collection == "set" and kind != "dynamic":
        return ["set", kind[1]]
    return (
        [hcl.collection, kind] if kind == "dynamic" and hcl.collection in {"list", "set"} else kind
    )
