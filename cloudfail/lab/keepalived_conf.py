"""keepalived.conf of a lab node: what `cloudfail generate` writes from its cloudfail.toml."""

from __future__ import annotations

import re
from pathlib import Path

from cloudfail.config import load
from cloudfail.keepalived.generate import files_of, site_of
from cloudfail.keepalived.version import Version, installed_version
from cloudfail.lab.topology import Topology

_UNKNOWN = Version(2, 2, 7)  # nothing will read it where keepalived is not installed
_NOTIFY = re.compile(r"  # Every change of role.*(?=^}$)", re.DOTALL | re.MULTILINE)


def keepalived_conf(topology: Topology, config: Path, node: str) -> str:
    """Return the file for one node; a bare one has the line of the README instead of ours."""
    version = installed_version() or _UNKNOWN
    text = files_of(site_of(load(config, {}), node, version)).main.text
    return with_bare_line(text, topology.provider) if topology.bare else text


def with_bare_line(text: str, provider: str) -> str:
    """Replace the commands of a generated instance by `notify_master "cloudfail promote ..."`."""
    return _NOTIFY.sub(f'  notify_master "cloudfail promote --provider {provider}"\n', text)
