"""The classes of generated CDK bindings, as far as a provider's schema can be read from them.

A wheel of bindings holds a JavaScript package; the source maps of that hold the TypeScript, with a
comment for each attribute (`// arn - computed: true, optional: false, required: false`) and, for
each block, a table of how it is written in HCL.
"""

from __future__ import annotations

import base64
import io
import json
import re
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

TYPES = {
    "getStringAttribute": "string",
    "getNumberAttribute": "number",
    "getBooleanAttribute": "bool",
    "getListAttribute": ["list", "string"],
    "getNumberListAttribute": ["list", "number"],
    "getStringMapAttribute": ["map", "string"],
    "getNumberMapAttribute": ["map", "number"],
    "getBooleanMapAttribute": ["map", "bool"],
    "getAnyMapAttribute": ["map", "dynamic"],
}
FILE = re.compile(r"package/lib/([^/]+)/.*\.js$")
SOURCE_MAP = re.compile(r"sourceMappingURL=data:application/json;base64,(\S+)")
CLASS = re.compile(
    r"^export class (\w+) extends cdkt[fn]\.(\w+) \{\n(.*?)^\}", re.DOTALL | re.MULTILINE
)
ATTRIBUTE = re.compile(
    r"^  // (\w+) - computed: (true|false), optional: (true|false), required: (true|false)\n"
    r"(.*?)(?=^  // \w+ - computed|^  // =====|^\}|\Z)",
    re.DOTALL | re.MULTILINE,
)
HCL_FUNCTION = re.compile(r"^export function (\w+)ToHclTerraform\(.*?^\}", re.DOTALL | re.MULTILINE)
HCL_ENTRY = re.compile(
    r'^\s+"?(\w+)"?: \{\s*value: .*?,\s*isBlock: (true|false),\s*type: "(\w+)",\s*storageClassType: "(\w+)"',
    re.DOTALL | re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class Reference:
    """An attribute whose type is another class; `is_set` where the order means nothing."""

    name: str
    is_set: bool


@dataclass(frozen=True, slots=True)
class Attribute:
    type: Reference | str | list[object]
    flags: frozenset[str]


@dataclass(frozen=True, slots=True)
class Hcl:
    """How one argument is written: as a block or not, its collection, its element."""

    is_block: bool
    collection: str
    element: str


@dataclass(frozen=True, slots=True)
class Class:
    base: str
    attributes: dict[str, Attribute]
    terraform_type: str | None
    hcl: dict[str, Hcl]


@dataclass(slots=True)
class Bindings:
    """What one folder of the package says: its classes, and the HCL tables of its blocks."""

    classes: dict[str, Class] = field(default_factory=dict)
    hcl: dict[str, dict[str, Hcl]] = field(default_factory=dict)

    def read(self, source: str) -> None:
        for name, base, body in CLASS.findall(source):
            self.classes[name] = _class(name, base, body)
        for match in HCL_FUNCTION.finditer(source):
            self.hcl[match.group(1)] = _hcl(match.group(0))

    def table(self, struct: str) -> dict[str, Hcl]:
        return self.hcl.get(struct[0].lower() + struct[1:], {})


def read(wheel: Path, is_wanted: Callable[[str], bool]) -> tuple[str, list[Bindings]]:
    """The provider's version, and the bindings of each folder that is wanted."""
    folders: dict[str, Bindings] = {}
    version = ""
    for path, text in _files(wheel):
        if path == "package/package.json":
            version = json.loads(text)["cdktf"]["provider"]["version"]
        match = FILE.match(path)
        if match is None or not is_wanted(match.group(1)):
            continue
        source = SOURCE_MAP.search(text)
        if source is not None:
            typescript = json.loads(base64.b64decode(source.group(1)))["sourcesContent"][0]
            folders.setdefault(match.group(1), Bindings()).read(typescript)
    return version, list(folders.values())


def _files(wheel: Path) -> Iterator[tuple[str, str]]:
    with zipfile.ZipFile(wheel) as archive:
        package = next(name for name in archive.namelist() if name.endswith(".jsii.tgz"))
        data = io.BytesIO(archive.read(package))
    with tarfile.open(fileobj=data) as files:
        for member in files:
            content = files.extractfile(member) if member.name.endswith((".js", ".json")) else None
            if content is not None:
                yield member.name, content.read().decode()


def _class(name: str, base: str, body: str) -> Class:
    attributes = {
        attribute: Attribute(
            _type(attribute, code),
            frozenset(flag for flag, value in _flags(*values) if value == "true"),
        )
        for attribute, *values, code in ATTRIBUTE.findall(body)
    }
    kind = re.search(r'tfResourceType = "(\w+)"', body)
    table = _hcl(body[body.find("synthesizeHclAttributes") :]) if kind else {}
    return Class(base, attributes, kind.group(1) if kind else None, table)


def _flags(computed: str, optional: str, required: str) -> tuple[tuple[str, str], ...]:
    return ("computed", computed), ("optional", optional), ("required", required)


def _type(name: str, code: str) -> Reference | str | list[object]:
    made = re.search(rf'= new (?:cdkt[fn]\.)?(\w+)\(this, "{name}"(?:, (true|false))?\)', code)
    if made is not None:
        return Reference(made.group(1), made.group(2) == "true")
    getter = re.search(r"public get \w+\(\)[^{]*\{\s*return (.*?);", code, re.DOTALL)
    expression = getter.group(1) if getter else ""
    call = re.search(r"this\.(get\w+Attribute)\(", expression)
    known = TYPES.get(call.group(1), "dynamic") if call else "dynamic"
    if isinstance(known, str):
        return known
    return ["set", known[1]] if "Fn.tolist" in expression else [*known]


def _hcl(text: str) -> dict[str, Hcl]:
    return {
        name: Hcl(is_block == "true", collection, element)
        for name, is_block, collection, element in HCL_ENTRY.findall(text)
    }
