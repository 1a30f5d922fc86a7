"""From one cloudfail.toml: everything that keepalived and the host of a node need."""

from __future__ import annotations

from cloudfail.keepalived.generate.files import Generated, GeneratedFile, files_of, secret_of
from cloudfail.keepalived.generate.site import (
    Member,
    Site,
    device_here,
    names_of,
    node_here,
    real_server_site,
    site_of,
)

__all__ = [
    "Generated",
    "GeneratedFile",
    "Member",
    "Site",
    "device_here",
    "files_of",
    "names_of",
    "node_here",
    "real_server_site",
    "secret_of",
    "site_of",
]
