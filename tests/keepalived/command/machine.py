"""A machine's files in a directory: programs that are only recognised, never started."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from cloudfail.keepalived.command import Code, Effect, Examiner, Weakness

NEEDS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
ALICE = 4242
PYTHON = "/usr/bin/python3.11"
LIBRARY = "/usr/lib/python3.11"


class Machine:
    """Paths are those of the machine. Everything belongs to root and is closed, unless said."""

    def __init__(self, root: Path) -> None:
        self.root = root
        root.chmod(0o755)
        for name in ("bash", "dash", "curl", "env", "python3.11"):
            self.write(f"/usr/bin/{name}", b"\x7fELF")
        self.link("/bin", "usr/bin")
        self.link("/usr/bin/python3", "python3.11")
        self.write(f"{LIBRARY}/os.py", "", 0o644)
        self.write(f"{LIBRARY}/json/__init__.py", "", 0o644)
        self.directory("/usr/lib/python3/dist-packages")
        self.directory("/root", 0o700)

    def at(self, path: str) -> Path:
        return self.root / path.lstrip("/")

    def directory(self, path: str, mode: int = 0o755, uid: int = 0, gid: int = 0) -> str:
        place = self.root
        for part in path.strip("/").split("/"):
            place /= part
            if not place.exists():
                place.mkdir()
                place.chmod(0o755)
        _give(place, uid, gid)
        place.chmod(mode)
        return path

    def write(self, path: str, text: str | bytes, mode: int = 0o755, uid: int = 0) -> str:
        if not self.at(path).parent.exists():
            self.directory(path.rpartition("/")[0])
        self.at(path).write_bytes(text.encode() if isinstance(text, str) else text)
        _give(self.at(path), uid)
        self.at(path).chmod(mode)
        return path

    def link(self, path: str, target: str) -> str:
        if not self.at(path).parent.exists():
            self.directory(path.rpartition("/")[0])
        self.at(path).unlink(missing_ok=True)
        self.at(path).symlink_to(target)
        return path

    def venv(self, home: str = "/opt/app", system: str = "false") -> str:
        """Make a virtual environment with a command `app`; return its site-packages."""
        text = f"home = /usr/bin\ninclude-system-site-packages = {system}\nversion = 3.11.2\n"
        self.write(f"{home}/pyvenv.cfg", text, 0o644)
        self.link(f"{home}/bin/python", "/usr/bin/python3")
        self.write(f"{home}/bin/app", f"#!{home}/bin/python\nimport app\n")
        return self.directory(f"{home}/lib/python3.11/site-packages")

    def examine(self, command: str, *who: str, **options: bool) -> tuple[Weakness, ...]:
        return Examiner(self.root, **options).examine(command, *who)  # type: ignore[arg-type]

    def found(self, command: str, *who: str, **options: bool) -> set[tuple[Code, Effect, str]]:
        weaknesses = self.examine(command, *who, **options)
        return {(weak.code, weak.effect, weak.path) for weak in weaknesses}


def _give(path: Path, uid: int, gid: int = 0) -> None:
    """Only root gives files away; the tests that look at owners need it."""
    if os.geteuid() == 0:
        os.chown(path, uid, gid)
