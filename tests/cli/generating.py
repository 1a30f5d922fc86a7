"""A pair in a file, and the real executable in namespaces that have its device and its user."""

from __future__ import annotations

import shlex
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cloudfail import process

from keepalived.generate.matrix import Document, toml
from keepalived.generate.place import run_inside

EXECUTABLE = Path(sys.executable).with_name("cloudfail")
SECRET = "Hq7.w-Zx"
PATHS = {
    "etc/keepalived/keepalived.conf": 0o644,
    "etc/keepalived/secret/edge.conf": 0o600,
    "etc/systemd/system/keepalived.service.d/cloudfail.conf": 0o644,
    "etc/systemd/system/cloudfail-agent.service": 0o644,
    "etc/tmpfiles.d/cloudfail.conf": 0o644,
    "etc/sysusers.d/cloudfail.conf": 0o644,
    "etc/sysctl.d/60-cloudfail.conf": 0o644,
}


@dataclass
class Pair:
    """`tables` is cloudfail.toml; each run writes it anew. `root` is the image it installs into."""

    path: Path
    tables: Document

    @property
    def root(self) -> Path:
        return self.path / "root"

    @property
    def edge(self) -> Document:
        found: Document = self.tables["instance"]["edge"]
        return found

    def write(self) -> Path:
        config = self.path / "cloudfail.toml"
        config.write_text(toml(self.tables), encoding="utf-8")
        return config

    def secret(self, text: str = SECRET) -> None:
        """Let the pair authenticate itself."""
        file = self.path / "edge.secret"
        file.touch(0o600)
        file.write_text(f"{text}\n")
        self.tables["keepalived"]["vrrp_version"] = 2
        self.edge["authentication"] = {"type": "PASS", "secret_file": str(file)}

    def command(self, *args: str) -> str:
        return shlex.join([str(EXECUTABLE), "generate", "--config", str(self.write()), *args])

    def run(self, *args: str, before: str = "", after: str = "") -> process.CompletedProcess[str]:
        """Run it inside, between two scripts; its exit code is that of the whole."""
        script = f"{before}\n{self.command(*args)}\ncode=$?\n{after}\nexit $code"
        return run_inside(script, self.path)

    def install(self, *args: str, **scripts: str) -> process.CompletedProcess[str]:
        return self.run("--node", "a", "--install", "--root", str(self.root), *args, **scripts)

    def diff(self) -> process.CompletedProcess[str]:
        return self.run("--node", "a", "--diff", "--root", str(self.root))

    def files(self) -> dict[str, str]:
        """Return what is in the image, but for backups."""
        return {
            str(path.relative_to(self.root)): path.read_text()
            for path in sorted(self.root.rglob("*"))
            if path.is_file() and "backups" not in path.parts
        }

    def backups(self) -> dict[str, str]:
        """Return what is in all backups, without their own names."""
        base = self.root / "var/backups/cloudfail"
        return {
            "/".join(path.relative_to(base).parts[1:]): path.read_text()
            for path in base.rglob("*")
            if path.is_file()
        }


def pair(path: Path) -> Pair:
    nodes: list[Any] = [
        {"name": name, "address": f"10.0.1.{number}", "priority": priority}
        for name, number, priority in (("a", 10, 150), ("b", 11, 100))
    ]
    tables: Document = {
        "instance": {
            "edge": {
                "provider": "cloud",
                "interface": "eth0",
                "virtual_router_id": 51,
                "node": nodes,
                "claim": [{"kind": "private-ip", "address": "10.0.1.100"}],
            }
        },
        "keepalived": {},
    }
    found = Pair(path, tables)
    found.root.mkdir()
    return found
