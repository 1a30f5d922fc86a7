"""Where .pth files lead: the directories they name, and what their import lines add.

site.py executes a line that starts with `import`. What such a line, or the finder module of an
editable install that it imports, writes as an absolute path between quotes is taken as a place that
code comes from. Paths that are computed are not seen.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

import msgspec

from cloudfail.keepalived.command.tree import Tree

_QUOTED = re.compile(r"""(['"])(/[^'"\\\n]*)\1""")
_ADDS = re.compile(r"addsitedir|sys\s*\.\s*path")
_FINDER = re.compile(r"\b(__editable__\w+)")


class Target(msgspec.Struct, frozen=True):
    """`is_site`: the .pth files in there are read as well."""

    path: str
    pth: str
    is_site: bool = False


def targets(tree: Tree, site: str) -> Iterator[Target]:
    """Yield what the .pth files of one directory lead to."""
    for step in tree.entries(site):
        if step.path.endswith(".pth"):
            for line in tree.text(step.path).splitlines():
                yield from _line(tree, site, step.path, line.rstrip())


def _line(tree: Tree, site: str, pth: str, line: str) -> Iterator[Target]:
    if not line.strip() or line.startswith("#"):
        return
    if not line.startswith(("import ", "import\t")):
        yield Target(posixpath.normpath(posixpath.join(site, line)), pth)
        return
    adds = _ADDS.search(line) is not None
    for path in _quoted(line):
        if adds or not tree.walk(path).error:
            yield Target(path, pth, is_site="addsitedir" in line)
    for module in dict.fromkeys(_FINDER.findall(line)):
        for path in _quoted(tree.text(f"{site}/{module}.py")):
            yield Target(path, pth)


def _quoted(text: str) -> Iterator[str]:
    return (posixpath.normpath(found[2]) for found in _QUOTED.finditer(text))
