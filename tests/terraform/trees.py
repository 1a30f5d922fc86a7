"""The modules and examples of this tree, found by their files: a new one cannot be forgotten."""

from __future__ import annotations

import json
import re
from pathlib import Path

from terraform.stubs import MAJORS, SCHEMAS
from terraform.workspace import REPOSITORY

PROVIDER = re.compile(r'source += "hashicorp/(\w+)"\s+version = ">= ([\d.]+), < ([\d.]+)"')
MODULES = sorted({path.parent for path in REPOSITORY.glob("terraform/*/*.tf")})
EXAMPLES = sorted({path.parent for path in REPOSITORY.glob("examples/*/terraform/*.tf")})


def name(directory: Path) -> str:
    return str(directory.relative_to(REPOSITORY))


def required(directory: Path) -> tuple[str, str, str] | None:
    """The provider of a directory, the lowest version and the one that is too new; none needs none."""
    text = "\n".join(path.read_text(encoding="utf-8") for path in sorted(directory.glob("*.tf")))
    found = PROVIDER.findall(text)
    if "required_providers" in text and len(found) != 1:
        raise LookupError(f"{name(directory)}: not one provider with a range like >= 1.0, < 3.0")
    return found[0] if found else None


def schemas(directory: Path) -> tuple[str, ...]:
    """The schemas that a directory is proven with, oldest first."""
    needed = required(directory)
    if needed is None:
        return ()
    return next(majors for majors in MAJORS.values() if majors[0].startswith(needed[0]))


def version(schema: str) -> tuple[int, ...]:
    """The version of the provider that a schema is of."""
    stored = json.loads((SCHEMAS / f"{schema}.json").read_text(encoding="utf-8"))
    return numbers(stored["provider_version"])


def numbers(dotted: str) -> tuple[int, ...]:
    return tuple(int(part) for part in dotted.split("."))
