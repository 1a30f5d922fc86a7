"""A file for conf.d, with what cloudfail.toml has no word for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cloudfail.keepalived.importer.note import Extra

_HEAD = (
    "# By `cloudfail import`: what cloudfail.toml has no word for. Put it where the generated\n"
    "# keepalived.conf looks: /etc/keepalived/conf.d/extras.conf\n"
)


def extras_file(extras: Sequence[Extra], nodes: Sequence[str]) -> str:
    """Return the file, empty where there is nothing for it.

    What not every node had is there as a comment, with the node's name: the file goes to all.
    """
    shared: dict[tuple[str, str], list[str]] = {}
    for extra in extras:
        shared.setdefault((extra.home, extra.text), []).append(extra.node)
    homes = dict.fromkeys(home for home, _ in shared)
    lines = [line for home in homes for line in _section(home, shared, nodes)]
    return "\n".join([_HEAD, *lines]) + "\n" if lines else ""


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
