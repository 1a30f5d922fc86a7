"""Writes the schemas beside this file anew from wheels of PyPI, each pinned by its digest.

    cd tests && ../.venv/bin/python -m terraform.schemas.regenerate [--wheels DIR]

Two majors a provider: the lowest version that the modules allow, and the newest that is known.
A wheel that is not in DIR (default: a temporary one) is downloaded: 20 to 70 MB each.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from terraform.schemas.rebuild import Json, schema

HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Pin:
    provider: str
    wheel: str
    sha256: str

    def path(self, directory: Path) -> Path:
        """The wheel in the directory, downloaded when it is not there; its digest is checked."""
        path = directory / f"{self.wheel}-py3-none-any.whl"
        if not path.exists():
            name, version = self.wheel.rsplit("-", 1)
            command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
            subprocess.run([*command, "--dest", str(directory), f"{name}=={version}"], check=True)
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        if digest != self.sha256:
            raise SystemExit(
                f"{path}: its digest is {digest}, not {self.sha256}: not the pinned wheel"
            )
        return path


PINS = (
    Pin(
        "aws",
        "cdktf_cdktf_provider_aws-19.29.0",
        "4e7683b8b951867ffd8533fdea9faf506dda6b1337e2e119e22f5ae0b1e4057e",
    ),
    Pin(
        "aws",
        "cdktn_provider_aws-25.8.1",
        "2ffa579cb88b063cb3a9937e43c519391e876845768f51638a848bdf2ce9f354",
    ),
    Pin(
        "azurerm",
        "cdktf_cdktf_provider_azurerm-13.0.0",
        "08341887daaed1c0ca14d5e34a53fd5de1f0fdaf1767da319588837ee420f608",
    ),
    Pin(
        "azurerm",
        "cdktn_provider_azurerm-18.9.0",
        "83dc7e7d1e8e0dcc62d0ceeb8aff741bf70f5132548d9b47169f619425a6b4e1",
    ),
    Pin(
        "google",
        "cdktf_cdktf_provider_google-14.0.0",
        "ee7c43782592de9123e5e92ef16f933775349104e198552445038d32a40da052",
    ),
    Pin(
        "google",
        "cdktn_provider_google-21.1.0",
        "157dead5025d5db5abe48e40cc49f0b6a4d8088fd0498eb17ad5a36bca811b2a",
    ),
)


def text(schemas: Json) -> str:
    """One line a resource, so that a difference says which one."""
    lines: list[str] = []
    for kind, members in next(iter(schemas["provider_schemas"].values())).items():
        if kind == "provider":
            lines.append(f'"provider":{_line(members)}')
            continue
        inner = ",\n".join(f"{_line(name)}:{_line(members[name])}" for name in sorted(members))
        lines.append(f'"{kind}":{{\n{inner}\n}}')
    address = _line(next(iter(schemas["provider_schemas"])))
    head = f'"format_version":"1.0","provider_version":{_line(schemas["provider_version"])}'
    return f'{{{head},"provider_schemas":{{{address}:{{\n' + ",\n".join(lines) + "\n}}}\n"


def _line(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), sort_keys=True)


def regenerate(wheels: Path) -> None:
    for pin in PINS:
        schemas = schema(pin.path(wheels), pin.provider)
        major = schemas["provider_version"].partition(".")[0]
        path = HERE / f"{pin.provider}-{major}.json"
        path.write_text(text(schemas), encoding="utf-8")
        print(
            f"{path.name}: {pin.provider} {schemas['provider_version']}, {path.stat().st_size} bytes"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description="Write the provider schemas anew.")
    parser.add_argument("--wheels", type=Path, help="where the wheels are, or are downloaded to")
    arguments = parser.parse_args()
    if arguments.wheels is not None:
        regenerate(arguments.wheels)
        return
    with tempfile.TemporaryDirectory() as directory:
        regenerate(Path(directory))


if __name__ == "__main__":
    main()
