"""What one node sees in its keepalived.conf, typed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path

import msgspec

from cloudfail.keepalived.lint.command import (
    GLOBAL_SCRIPTS,
    Command,
    command_of,
    commands_of,
)
from cloudfail.keepalived.lint.instance import VrrpInstance
from cloudfail.keepalived.syntax import NOTIFY, Place, Statement, Tree, read_files, read_text
from cloudfail.keepalived.syntax.values import OFF, number_of

_TTL = frozenset({"min_ttl", "max_ttl"})
_TRACK_FILES = ("track_file", "vrrp_track_file")


@dataclass(frozen=True, eq=False)
class NodeConf:
    """One file with its includes, as one node reads it: nothing in `tree` has a condition.

    `config_id` is the id that chose among the `@` conditions; None where the file has none, and
    empty for a node whose id the file does not name.
    """

    tree: Tree
    file: str
    config_id: str | None = field(default=None)

    @cached_property
    def name(self) -> str:
        """What people call the node: its config id, its router_id, or its file."""
        return self.config_id or self.global_text("router_id") or self.file

    @property
    def place(self) -> Place:
        """The first line, for what is missing in the whole file."""
        first = self.tree.statements[0].place if self.tree.statements else Place(self.file, 1)
        return self.global_defs.place if self.global_defs else first

    @cached_property
    def global_defs(self) -> Statement | None:
        return self.tree.first("global_defs")

    def globals_of(self, keyword: str) -> tuple[Statement, ...]:
        """Every line with the keyword, in any global_defs."""
        return tuple(self._globals.get(keyword, ()))

    def get_global(self, keyword: str) -> Statement | None:
        """The last line with the keyword: that one counts."""
        return self._globals.get(keyword, [None])[-1]

    def has_global(self, keyword: str) -> bool:
        return self.get_global(keyword) is not None

    def global_text(self, keyword: str, default: str = "") -> str:
        found = self.get_global(keyword)
        return found.value if found is not None and found.value else default

    def is_global_on(self, keyword: str, *, default: bool = False) -> bool:
        """Whether a flag or `keyword [BOOL]` is on; `default` where it is not written."""
        found = self.get_global(keyword)
        return default if found is None else found.value not in OFF

    @cached_property
    def instances(self) -> tuple[VrrpInstance, ...]:
        written = number_of(self.global_text("vrrp_version"))
        version = written if written in (2, 3) else 2
        return tuple(VrrpInstance(one, version) for one in self.tree.find("vrrp_instance"))

    @cached_property
    def scripts(self) -> tuple[Statement, ...]:
        return tuple(self.tree.find("vrrp_script"))

    @cached_property
    def sync_groups(self) -> tuple[Statement, ...]:
        return tuple(self.tree.find("vrrp_sync_group"))

    @cached_property
    def track_files(self) -> tuple[Statement, ...]:
        return tuple(one for one in self.tree.statements if one.keyword in _TRACK_FILES)

    @cached_property
    def track_processes(self) -> tuple[Statement, ...]:
        return tuple(self.tree.find("vrrp_track_process"))

    def weights_of(self, keyword: str) -> Mapping[str, tuple[str, ...]]:
        """The words of the `weight` lines of what a list tracks, by its name."""
        return self._weights.get(keyword, {})

    def checks_source(self, instance: VrrpInstance) -> bool:
        """Whether adverts count only when they come from a peer."""
        words = {word for peer in instance.peers for word in peer.options}
        return (
            self.has_global("vrrp_check_unicast_src")
            or instance.has("check_unicast_src")
            or not _TTL.isdisjoint(words)
        )

    def answers_lower(self, instance: VrrpInstance) -> bool:
        """Whether it tells a master of lower priority that it is one: higher_prio_send_advert."""
        default = self.is_global_on("vrrp_higher_prio_send_advert")
        return instance.is_on("higher_prio_send_advert", default=default)

    def place_of_answer(self, instance: VrrpInstance) -> Place:
        """Where that is written: in the instance, for all, or nowhere yet."""
        for_all = self.get_global("vrrp_higher_prio_send_advert")
        own = instance.get("higher_prio_send_advert") or for_all
        return own.place if own else instance.place

    @cached_property
    def has_fifo(self) -> bool:
        """Whether every event reaches a FIFO: vrrp_notify_fifo or notify_fifo."""
        return self.has_global("vrrp_notify_fifo") or self.has_global("notify_fifo")

    @cached_property
    def commands(self) -> tuple[Command, ...]:
        """Everything that the VRRP side starts: notify, FIFO, tracking, startup and shutdown."""
        return tuple(self._commands())

    @cached_property
    def _globals(self) -> dict[str, list[Statement]]:
        found: dict[str, list[Statement]] = {}
        for block in self.tree.find("global_defs"):
            for line in block.children or ():
                found.setdefault(line.keyword, []).append(line)
        return found

    @cached_property
    def _weights(self) -> dict[str, dict[str, tuple[str, ...]]]:
        blocks = {
            "track_script": self.scripts,
            "track_file": self.track_files,
            "track_process": self.track_processes,
        }
        return {
            keyword: {
                one.value: tuple(word.text for word in line.words)
                for one in found
                if (line := one.first("weight")) is not None
            }
            for keyword, found in blocks.items()
        }

    def _commands(self) -> Iterator[Command]:
        for block in self.tree.statements:
            if block.keyword == "global_defs":
                yield from commands_of(block, GLOBAL_SCRIPTS)
            elif block.keyword in ("vrrp_instance", "vrrp_sync_group"):
                yield from commands_of(block, NOTIFY, block.value)
            elif block.keyword == "vrrp_script":
                yield from _track_script(block)


def confs_of(path: Path) -> tuple[NodeConf, ...]:
    """Read a file once per node that it is for. Raises ConfigError when it cannot be read."""
    tree = read_files([path])
    return tuple(
        NodeConf(tree if name is None else read_files([path], config_id=name), str(path), name)
        for name in tree.node_ids
    )


def confs_of_text(
    text: str, name: str = "keepalived.conf", base: Path | None = None
) -> tuple[NodeConf, ...]:
    """As `confs_of`, of a text whose includes are looked for in `base`, or nowhere."""
    read = partial(read_text, text, name, base=base)
    tree = read()
    return tuple(
        NodeConf(tree if one is None else read(config_id=one), name, one) for one in tree.node_ids
    )


def _track_script(block: Statement) -> Iterator[Command]:
    """`script` with the user of the block's own `user` line."""
    user = block.first("user")
    name, group = (*(user.args if user else ()), "", "")[:2]
    for line in block.find("script"):
        if line.value:
            yield msgspec.structs.replace(command_of(line, block.value), user=name, group=group)
