"""Which nodes there are, a file each or an id each of a file, and everything that each says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from msgspec import Struct

from cloudfail.keepalived.importer.global_defs import read_global_defs
from cloudfail.keepalived.importer.groups import Group, grouped, read_groups
from cloudfail.keepalived.importer.instance import Instance, Known, read_instances
from cloudfail.keepalived.importer.note import Ledger, UnfitError
from cloudfail.keepalived.importer.section import Section
from cloudfail.keepalived.importer.trackers import Trackers, read_trackers
from cloudfail.keepalived.importer.values import fit
from cloudfail.keepalived.origin import GENERATED
from cloudfail.keepalived.syntax import Place, Tree, read_files

_USUAL = frozenset({"", "/", "etc", "keepalived", "local", "usr", "conf"})
_INCLUDED = (
    "what it says is in the toml now, or noted here; take it out of what the generated file includes "
    "before you install that, or keepalived reads it twice"
)
_FETCH = "of another node fetch what it includes too, and write the include as a relative name"
_OUR_BLOCKS = frozenset(
    {"global_defs", "vrrp_instance", "vrrp_sync_group", "vrrp_script"}
    | {"track_file", "vrrp_track_file", "vrrp_track_process"}
)
_ELSEWHERE = "cloudfail.toml has no word for it: it belongs into conf.d"


class Source(Struct, frozen=True):
    """One node's configuration; `hint` is what its file or its condition calls it."""

    path: Path
    tree: Tree
    hint: str
    ledger: Ledger

    @property
    def is_generated(self) -> bool:
        """A file of `cloudfail generate`: what it does not say, is not wanted."""
        first = next(iter(self.tree.comments), None)
        return first is not None and first.text.startswith(GENERATED)


def read_sources(paths: Sequence[Path]) -> tuple[Source, ...]:
    """Return the nodes. Raises ConfigError for a file that cannot be read."""
    found: list[Source] = []
    conditional: dict[bytes, Source] = {}
    for path in paths:
        tree = read_files([path])
        if tree.node_ids == (None,):
            found.append(_source(path, tree, hint_of(path)))
            continue
        first = conditional.get(path.read_bytes())
        if first is not None:
            why = f"it is {first.path} again, and its nodes are there already"
            first.ledger.say(Place(str(path), 1), "changed", "this file", why)
            continue
        nodes = [
            _source(path, read_files([path], config_id=one), one or f"not-{tree.config_ids[0]}")
            for one in tree.node_ids
        ]
        conditional[path.read_bytes()] = nodes[0]
        found += nodes
    return tuple(found)


def names_of(sources: Sequence[Source]) -> tuple[str, ...]:
    """Return a name for each: the router_id where each has its own, else by the file."""
    for wanted in ([_router_id(one) for one in sources], [one.hint for one in sources]):
        names = [_plain(name) for name in wanted]
        if all(names) and len(set(names)) == len(names):
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
    source = Source(path, tree, hint, ledger)
    for one in () if source.is_generated else tree.empty:
        ledger.miss(one.place, one.kind, f"{one.message}; {_FETCH}")
    for name in tree.files[1:]:
        is_beside = Path(name).absolute().is_relative_to(path.parent.absolute())
        ledger.say(Place(name, 1), "changed", "this included file", _INCLUDED)
        if not is_beside:
            ledger.miss(Place(name, 1), "this included file", f"it is this machine's; {_FETCH}")
    return source


def _router_id(source: Source) -> str:
    blocks = source.tree.find("global_defs")
    found = [one.value for block in blocks for one in block.find("router_id")]
    return found[-1] if found else ""


def _plain(name: str) -> str:
    try:
        return fit(name, "plain")
    except UnfitError:
        return ""


class Node(Struct, frozen=True):
    name: str
    source: Source
    shared: Section
    trackers: Mapping[str, Trackers]
    groups: tuple[Group, ...]
    instances: tuple[Instance, ...]

    @property
    def ledger(self) -> Ledger:
        return self.source.ledger

    @property
    def router_id(self) -> str:
        text: str = self.shared.get("router_id", "")
        return "" if text == self.name else text


def read_node(source: Source, name: str) -> Node:
    tree, ledger = source.tree, source.ledger
    ledger.node = name
    for statement in tree.statements:
        if statement.keyword not in _OUR_BLOCKS:
            ledger.leave_out(statement, _ELSEWHERE, home="")
    shared = read_global_defs(tree, ledger)
    trackers = read_trackers(tree, ledger)
    groups = tuple(read_groups(tree, trackers, ledger))
    known = Known(trackers, shared, grouped(tree))
    instances = read_instances(tree, known, ledger)
    return Node(name, source, shared, trackers, groups, instances)
