"""From the tables of a case to the generated files of a node."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from cloudfail.config import Config, load
from cloudfail.keepalived.generate import Generated, Site, files_of, secret_of, site_of
from cloudfail.keepalived.version import Version

from keepalived.generate.matrix import SECRET, Document, toml

INSTALLED = Version(2, 2, 7)


def write_config(tables: Document, directory: Path) -> Path:
    """Write cloudfail.toml and the secret it names."""
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / "cloudfail.toml"
    path.write_text(toml(tables), encoding="utf-8")
    return path


def write_secret(directory: Path, secret: str = SECRET) -> Path:
    directory.mkdir(exist_ok=True)
    path = directory / "edge.secret"
    path.touch(0o600)
    path.write_text(f"{secret}\n")
    return path


def site(tables: Document, directory: Path, node: str = "a", version: Version = INSTALLED) -> Site:
    path = write_config(tables, directory)
    return site_of(_loaded(path, path.read_text(encoding="utf-8")), node, version)


@cache
def _loaded(path: Path, text: str) -> Config:
    """Read it once for all versions and nodes."""
    del text
    return load(path, {})


def generated(
    tables: Document, directory: Path, node: str = "a", version: Version = INSTALLED
) -> Generated:
    """Return all files of a node, with the secrets. Raises ConfigError."""
    return files_of(site(tables, directory, node, version), secret_of)
