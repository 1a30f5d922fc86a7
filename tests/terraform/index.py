"""A package index of what this virtual environment has: wheels put together again from what is installed."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import Distribution, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

_NOT_OF_A_WHEEL = {"RECORD", "INSTALLER", "REQUESTED", "direct_url.json"}


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its own
        del format, args


def needed_by(requirements: list[str]) -> dict[str, Distribution]:
    """Every distribution that these requirements need here, themselves included."""
    found: dict[str, Distribution] = {}
    wanted = [Requirement(text) for text in requirements]
    while wanted:
        one = wanted.pop()
        name = canonicalize_name(one.name)
        if name not in found or one.extras:
            found[name] = distribution(name)
            wanted += _requirements_of(found[name], one.extras)
    return found


def _requirements_of(dist: Distribution, extras: set[str]) -> Iterator[Requirement]:
    for text in dist.requires or ():
        one = Requirement(text)
        if one.marker is None or any(one.marker.evaluate({"extra": e}) for e in extras or {""}):
            yield one


def pack(dist: Distribution, folder: Path) -> Path:
    """Write the distribution's wheel."""
    info = next(file.parts[0] for file in dist.files or () if file.name == "WHEEL")
    tags = [line[5:] for line in (dist.read_text("WHEEL") or "").splitlines() if line[:4] == "Tag:"]
    name, version = info.removesuffix(".dist-info").split("-")
    path = folder / canonicalize_name(name) / f"{name}-{version}-{tags[-1]}.whl"
    path.parent.mkdir(parents=True)
    members = [
        file
        for file in dist.files or ()
        if ".." not in file.parts
        and file.suffix != ".pyc"
        and not (file.parts[0] == info and file.name in _NOT_OF_A_WHEEL)
    ]
    with zipfile.ZipFile(path, "w") as wheel:
        for file in members:
            wheel.write(str(file.locate()), str(file))
        record = "".join(f"{file},,\n" for file in [*members, f"{info}/RECORD"])
        wheel.writestr(f"{info}/RECORD", record)
    return path


def serve(folder: Path) -> ThreadingHTTPServer:
    """A server of the folder's wheels, as `pip --index-url http://127.0.0.1:PORT/` asks for them."""
    return ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder)))
