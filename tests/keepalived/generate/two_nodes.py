"""The smallest pair: a and b, one instance on eth0."""

from __future__ import annotations

from pathlib import Path

from cloudfail.config import load
from cloudfail.keepalived.generate import Site, site_of
from cloudfail.keepalived.version import Version

TEXT = """
[instance.edge]
provider = "aws"
interface = "eth0"
virtual_router_id = 51
node = [
  {{ name = "a", address = "10.0.1.10", priority = {} }},
  {{ name = "b", address = "10.0.1.11", priority = 100 }},
]
"""


def write_pair(directory: Path, more: str = "", priority: int = 150) -> Path:
    """Write its cloudfail.toml; `more` are other tables."""
    path = directory / "cloudfail.toml"
    path.write_text(TEXT.format(priority) + more)
    return path


def node_a(directory: Path, more: str = "", priority: int = 150) -> Site:
    """Return node a of it, with keepalived 2.2.7."""
    return site_of(load(write_pair(directory, more, priority), {}), "a", Version(2, 2, 7))
