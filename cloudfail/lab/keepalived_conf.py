"""The files of a lab node: what `cloudfail generate` writes from its cloudfail.toml."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from cloudfail.config import load
from cloudfail.keepalived.generate import files_of, site_of
from cloudfail.keepalived.generate.files import Generated
from cloudfail.keepalived.version import Version, installed_version
from cloudfail.lab.topology import Topology

_UNKNOWN = Version(2, 2, 7)  # nothing will read it where keepalived is not installed
_NOTIFY = re.compile(r"  # Every change of role.*(?=^}$)", re.DOTALL | re.MULTILINE)


def keepalived_conf(
    topology: Topology, config: Path, node: str, environ: Mapping[str, str] | None = None
) -> str:
    """Return the file for one node; a bare one has the line of the README instead of ours.

    `environ` says what is elsewhere here than on the node.
    """
    text = _files(config, node, environ).main.text
    return with_bare_line(text, topology.provider) if topology.bare else text


def host_file(
    config: Path, node: str, directory: str, environ: Mapping[str, str] | None = None
) -> str:
    """Return the node's generated file in `directory`, like /etc/sysctl.d; empty: it has none."""
    files = _files(config, node, environ).files
    return next((file.text for file in files if file.path.startswith(f"{directory}/")), "")


def with_bare_line(text: str, provider: str) -> str:
    """Replace the commands of a generated instance by `notify_master "cloudfail promote ..."`."""
    return _NOTIFY.sub(f'  notify_master "cloudfail promote --provider {provider}"\n', text)


def _files(config: Path, node: str, environ: Mapping[str, str] | None) -> Generated:
    version = installed_version() or _UNKNOWN
    return files_of(site_of(load(config, environ or {}), node, version))
