"""A pair for a test, and what its import gives."""

from __future__ import annotations

from pathlib import Path

from cloudfail.config import Config, load
from cloudfail.keepalived.importer import Imported

from keepalived.importer.again import written


def pair(directory: Path, first: str = "", second: str = "", name: str = "VI_1") -> list[Path]:
    """Two nodes by unicast, each with lines of its own."""
    files = {}
    for node, own, peer, more in (("a", 10, 20, first), ("b", 20, 10, second)):
        priority = "" if "priority" in more else f"priority {100 + own}\n"
        files[f"{node}.conf"] = (
            f"vrrp_instance {name} {{\ninterface eth0\nvirtual_router_id 51\n{priority}"
            f"unicast_src_ip 10.0.1.{own}\nunicast_peer {{\n10.0.1.{peer}\n}}\n{more}\n}}\n"
        )
    return written(files, directory)


def script_of(tmp_path: Path, text: str) -> list[Path]:
    script = tmp_path / "master.sh"
    script.write_text(text)
    line = f'notify_master "{script} 203.0.113.9"'
    return pair(tmp_path, line, line)


def told(found: Imported, kind: str = "") -> list[str]:
    return [f"{note.what}: {note.why}" for note in found.notes if kind in ("", note.kind)]


def config_of(found: Imported, directory: Path) -> Config:
    path = directory / "cloudfail.toml"
    path.write_text(found.toml)
    return load(path, {})
