"""Where a Python interpreter imports from, read from the file system; it is never started.

Starting it to ask would run, as root, what others may have written. The layout is that of CPython
(Modules/getpath.py), of site.py, of Debian's dist-packages and of Fedora's lib64.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

import msgspec

from cloudfail.keepalived.command.tree import Tree

_VERSION = re.compile(r"(\d+\.\d+)")
_LIBS = ("lib", "lib64")
_SITES = ("site-packages", "dist-packages")


class Environment(msgspec.Struct, frozen=True):
    """`config` is the pyvenv.cfg of a virtual environment; empty without one."""

    prefix: str
    base: str
    versions: tuple[str, ...]
    config: str = ""
    system_site: bool = True

    def library(self, tree: Tree) -> tuple[str, ...]:
        """Return the directories of the standard library, and the zip file that may replace it."""
        found: list[str] = []
        for version in self.versions:
            found.append(f"{self.base}/lib/python{version.replace('.', '')}.zip")
            found += [f"{self.base}/{lib}/python{version}" for lib in _LIBS]
        return _present(tree, found)

    def sites(self, tree: Tree) -> tuple[str, ...]:
        """Return the directories whose .pth files are read, the user's own left out."""
        prefixes = [self.prefix] if self.config else []
        if self.system_site:
            prefixes.append(self.base)
        if self.system_site and self.base == "/usr":
            prefixes.append("/usr/local")
        found = [
            f"{prefix}/{lib}/python{version}/{site}"
            for prefix in prefixes
            for version in (*self.versions, "3")
            for lib in _LIBS
            for site in _SITES
        ]
        return _present(tree, found)

    def user_sites(self, home: str) -> tuple[str, ...]:
        """Return the user's own packages; a virtual environment without the system's has none."""
        if not self.system_site:
            return ()
        return tuple(f"{home}/.local/lib/python{v}/site-packages" for v in self.versions)


def environment_of(tree: Tree, invoked: str) -> Environment | None:
    """Return the environment of the interpreter as it is invoked, its links not yet followed.

    None when no standard library is found where CPython would look.
    """
    way = tree.walk(invoked)
    if way.error:
        return None
    config, settings = _config(tree, posixpath.dirname(invoked))
    real = posixpath.dirname(way.real)
    home = tree.walk(settings.get("home", "")).real if settings.get("home") else real
    for start in dict.fromkeys((home, real)):
        for base in _upwards(start):
            versions = tuple(_versions(tree, base, posixpath.basename(way.real)))
            if versions:
                prefix = posixpath.dirname(config) if config else base
                system = not config or settings.get("include-system-site-packages") == "true"
                return Environment(prefix, base, versions, config, system)
    return None


def virtual_environment(tree: Tree, invoked: str) -> str:
    """Return the pyvenv.cfg that applies to an interpreter invoked by this path; "" for none."""
    return _config(tree, posixpath.dirname(invoked))[0]


def _config(tree: Tree, directory: str) -> tuple[str, dict[str, str]]:
    for place in (directory, posixpath.dirname(directory)):
        path = posixpath.join(place, "pyvenv.cfg")
        if not tree.is_file(path):
            continue
        pairs = (line.partition("=") for line in tree.text(path).splitlines())
        return path, {key.strip().lower(): value.strip() for key, _, value in pairs}
    return "", {}


def _upwards(directory: str) -> Iterator[str]:
    while directory not in {"", "/"}:
        directory = posixpath.dirname(directory)
        yield directory.rstrip("/")


def _versions(tree: Tree, base: str, name: str) -> Iterator[str]:
    """Yield the version that the program's name has, else each one with a standard library."""
    named = _VERSION.search(name)
    found: list[str] = []
    for lib in _LIBS:
        if named:
            found.append(named[1])
            continue
        children = tree.entries(f"{base}/{lib}")
        names = (posixpath.basename(step.path) for step in children)
        found += [n.removeprefix("python") for n in names if re.fullmatch(r"python\d+\.\d+", n)]
    for version in dict.fromkeys(found):
        if any(tree.is_file(f"{base}/{lib}/python{version}/os.py") for lib in _LIBS):
            yield version


def _present(tree: Tree, paths: list[str]) -> tuple[str, ...]:
    """Leave out what is missing, but for the zip file: it would be read before the library."""
    found: dict[str, str] = {}  # by what it really is: lib64 often is a link to lib
    for path in paths:
        way = tree.walk(path)
        if path.endswith(".zip") or not way.error:
            found.setdefault(way.real or path, path)
    return tuple(found.values())
