"""Files with what cloudfail.toml has no word for: for conf.d, and for each instance."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from cloudfail.keepalived.importer.joined import Joined
from cloudfail.keepalived.importer.node import Node
from cloudfail.keepalived.importer.note import Extra

_UNFIT = re.compile(r"[^A-Za-z0-9_.-]")
OUTSIDE = "conf.d/extras.conf"
_HEAD = (
    "# By `cloudfail import`: what cloudfail.toml has no word for. Put it where the generated\n"
    "# keepalived.conf looks: /etc/keepalived/{name}\n"
)


def extras_of(nodes: Sequence[Node], joined: Sequence[Joined]) -> dict[str, str]:
    """Return the text of each file by its name beneath /etc/keepalived; only those there are."""
    outside = [extra for node in nodes for extra in node.ledger.extras if not extra.inside]
    files = {OUTSIDE: extras_file(OUTSIDE, outside, [node.name for node in nodes])}
    for one in joined:
        name = inside_of(one.name)
        files[name] = extras_file(name, _inside(one), [m.node.name for m in one.members])
    return {name: text for name, text in files.items() if text}


def has_extras(joined: Joined) -> bool:
    return bool(_inside(joined))


def _inside(joined: Joined) -> list[Extra]:
    return [
        extra
        for member in joined.members
        for extra in member.node.ledger.extras
        if extra.inside == member.instance.name
    ]


def inside_of(instance: str) -> str:
    """Return the file that an instance includes, beneath /etc/keepalived."""
    return f"instance.d/{_UNFIT.sub('_', instance)}.conf"


def extras_file(name: str, extras: Sequence[Extra], nodes: Sequence[str]) -> str:
    """Return the file of that name, empty where there is nothing for it.

    What not every node had is there as a comment, with the node's name: the file goes to all.
    """
    shared: dict[tuple[str, str], list[str]] = {}
    for extra in extras:
        shared.setdefault((extra.home, extra.text), []).append(extra.node)
    homes = dict.fromkeys(home for home, _ in shared)
    lines = [line for home in homes for line in _section(home, shared, nodes)]
    return "\n".join([_HEAD.format(name=name), *lines]) + "\n" if lines else ""


def _section(
    home: str, shared: dict[tuple[str, str], list[str]], nodes: Sequence[str]
) -> Iterator[str]:
    blocks = home.split()
    for depth, block in enumerate(blocks):
        yield f"{'    ' * depth}{block} {{"
    margin = "    " * len(blocks)
    for (where, text), owners in shared.items():
        if where != home:
            continue
        names = dict.fromkeys(owners)
        mark = "" if set(names) >= set(nodes) else "# "
        if mark:
            yield f"{margin}# of {', '.join(names)} only:"
        yield from (f"{margin}{mark}{line}" for line in text.split("\n"))
    for depth in range(len(blocks) - 1, -1, -1):
        yield f"{'    ' * depth}}}"
    yield ""
