"""Which nodes there are: a file each, or an id each of a file with `@` conditions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct

from cloudfail.keepalived.importer.note import Ledger, UnfitError
from cloudfail.keepalived.importer.values import fit
from cloudfail.keepalived.syntax import Place, Tree, read_files

_USUAL = frozenset({"", "/", "etc", "keepalived", "local", "usr", "conf"})


class Source(Struct, frozen=True):
    """One node's configuration; `hint` is what its file or its condition calls it."""

    path: Path
    tree: Tree
    hint: str
    ledger: Ledger


def read_sources(paths: Sequence[Path]) -> tuple[Source, ...]:
    """Return the nodes. Raises ConfigError for a file that cannot be read."""
    found: list[Source] = []
    for path in paths:
        tree = read_files([path])
        if not tree.config_ids:
            found.append(_source(path, tree, hint_of(path)))
        found += [_source(path, read_files([path], config_id=one), one) for one in tree.config_ids]
    return tuple(found)


def names_of(sources: Sequence[Source]) -> tuple[str, ...]:
    """Return a name for each: the router_id where each has its own, else by the file."""
    for wanted in ([_router_id(one) for one in sources], [one.hint for one in sources]):
        names = [_plain(name) for name in wanted]
        if all(names) and max(Counter(names).values()) == 1:
            return tuple(names)
    return tuple(f"node{number}" for number in range(1, len(sources) + 1))


def hint_of(path: Path) -> str:
    """Say what a path calls its node: `keepalived-a.conf` and `a/keepalived.conf` are both a."""
    stem = path.name.replace(".conf", "").replace("keepalived", "").strip("-_. ")
    if stem:
        return stem
    return next((part for part in reversed(path.parts[:-1]) if part not in _USUAL), "")


def _source(path: Path, tree: Tree, hint: str) -> Source:
    ledger = Ledger()
    for finding in tree.findings:
        kind = finding.kind
        if kind in {"include", "limit"}:
            ledger.miss(finding.place, kind, f"{finding.message}; what it says is not imported")
        else:
            ledger.say(finding.place, "changed", kind, finding.message)
    for name in tree.files[1:]:
        ledger.say(
            Place(name, 1),
            "changed",
            "this included file",
            "what it says is in the toml now, or noted here; take it out of what the generated "
            "file includes before you install that, or keepalived reads it twice",
        )
    return Source(path, tree, hint, ledger)


def _router_id(source: Source) -> str:
    blocks = source.tree.find("global_defs")
    found = [one.value for block in blocks for one in block.find("router_id")]
    return found[-1] if found else ""


def _plain(name: str) -> str:
    try:
        return fit(name, "plain")
    except UnfitError:
        return ""
