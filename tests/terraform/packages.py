"""A repository for apt with a package of this machine, put together again from what is installed."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from pathlib import Path

_INFO = Path("/var/lib/dpkg/info")


def repository(name: str, folder: Path) -> None:
    """Make `folder` a flat repository of the package, for `deb [trusted=yes] file://FOLDER ./`."""
    tree = folder / "tree"
    for line in _said("dpkg", "-L", name).splitlines():
        source = Path(line)
        target = tree / line.lstrip("/")
        if source.is_dir():  # /lib as well, which is a link: dpkg follows it
            target.mkdir(parents=True, exist_ok=True)
        elif source.exists():
            shutil.copy2(source, target, follow_symlinks=False)
    control = tree / "DEBIAN"
    control.mkdir()
    for kind in ("conffiles", "preinst", "postinst", "prerm", "postrm"):
        if (script := _INFO / f"{name}.{kind}").exists():
            shutil.copy(script, control / kind)
    fields = ["Package", "Version", "Architecture", "Maintainer", "Depends", "Description"]
    lines = [
        f"{field}: {_said('dpkg-query', '-W', '-f', f'${{{field}}}', name)}" for field in fields
    ]
    text = "\n".join(line for line in lines if not line.endswith(": ")) + "\n"
    (control / "control").write_text(text, encoding="utf-8")
    package = folder / f"{name}.deb"
    _said("dpkg-deb", "--root-owner-group", "-Znone", "--build", str(tree), str(package))
    shutil.rmtree(tree)
    content = package.read_bytes()
    entry = f"{text}Filename: ./{package.name}\nSize: {len(content)}\n"
    digest = hashlib.sha256(content).hexdigest()
    (folder / "Packages").write_text(f"{entry}SHA256: {digest}\n\n", encoding="utf-8")


def _said(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout
