"""Braces: which statement is in which block."""

from __future__ import annotations

from cloudfail.keepalived.syntax.frames import Line
from cloudfail.keepalived.syntax.notes import Notes
from cloudfail.keepalived.syntax.tree import Place, Statement, Word

DEPTH_LIMIT = 64  # keepalived's own keywords nest less than ten deep

# They have a block wherever they occur: without its `{` keepalived takes it as opened.
ALWAYS_BLOCKS = frozenset(
    {
        "global_defs",
        "vrrp_instance",
        "vrrp_sync_group",
        "vrrp_script",
        "vrrp_track_process",
        "vrrp_track_file",
        "bfd_instance",
        "garp_group",
        "virtual_server",
        "virtual_server_group",
        "authentication",
        "unicast_peer",
        "virtual_ipaddress",
        "virtual_ipaddress_excluded",
        "virtual_routes",
        "virtual_rules",
        "notification_email",
        "static_ipaddress",
        "static_routes",
        "static_rules",
    }
)


class _Node:
    """A statement that may still get a block; frozen when the block around it ends."""

    __slots__ = ("children", "line", "words")

    def __init__(self, words: tuple[Word, ...], line: Line) -> None:
        self.words = words
        self.line = line
        self.children: tuple[Statement, ...] | None = None

    def freeze(self) -> Statement:
        line = self.line
        return Statement(self.words, line.place, line.condition, self.children, line.comment)

    def is_alternative_of(self, other: _Node) -> bool:
        """`@a vrrp_instance X {` and `@b vrrp_instance Y {`: one of both opens the block."""
        return (
            bool(self.line.condition and other.line.condition)
            and self.line.condition != other.line.condition
            and self.words[0].text == other.words[0].text
        )


class _Block:
    """`owners` are alternatives with the same children; none where the brace had no keyword."""

    __slots__ = ("children", "opened", "owners")

    def __init__(self, owners: list[_Node], opened: Place) -> None:
        self.owners = owners
        self.opened = opened
        self.children: list[_Node] = []

    def close(self) -> None:
        children = tuple([child.freeze() for child in self.children])
        for owner in self.owners:
            owner.children = children


class Blocks:
    """Takes statements and braces in their order, and gives the statements at the top."""

    def __init__(self, notes: Notes) -> None:
        self._notes = notes
        self._top = _Block([], Place("", 0))
        self._stack = [self._top]
        self._flat = 0  # braces opened beyond DEPTH_LIMIT

    def add(self, words: tuple[Word, ...], line: Line) -> None:
        node = _Node(words, line)
        self._open_forgotten(node)
        self._stack[-1].children.append(node)

    def open(self, line: Line) -> None:
        if len(self._stack) > DEPTH_LIMIT:
            self._flat += 1
            self._notes.find(line.place, f"nested deeper than {DEPTH_LIMIT}", "limit")
            return
        block = self._stack[-1]
        last = block.children[-1] if block.children else None
        if last is None or last.children is not None:
            self._notes.find(line.place, "unexpected {: no keyword before it", "brace")
            self._push_nameless(line)
            return
        if len(block.children) == 1 and any(map(last.is_alternative_of, block.owners)):
            self._share(block, block.children.pop())
            return
        self._push(self._alternatives(block), line)

    def close(self, line: Line) -> None:
        if self._flat:
            self._flat -= 1
        elif len(self._stack) == 1:
            self._notes.find(line.place, "extra }: no block is open", "brace")
        else:
            self._stack.pop().close()

    def finish(self) -> tuple[Statement, ...]:
        """Everything at the top; blocks that are still open are findings."""
        while len(self._stack) > 1:
            block = self._stack.pop()
            name = block.owners[0].words[0].text if block.owners else "{"
            self._notes.find(block.opened, f"missing }}: {name} is never closed", "brace")
            block.close()
        return tuple([child.freeze() for child in self._top.children])

    def _push(self, owners: list[_Node], line: Line) -> None:
        for owner in owners:
            owner.children = ()
        self._stack.append(_Block(owners, line.place))

    def _share(self, block: _Block, alternative: _Node) -> None:
        alternative.children = ()
        block.owners.append(alternative)
        self._stack[-2].children.append(alternative)

    def _push_nameless(self, line: Line) -> None:
        """The brace is ignored, as in keepalived: what is inside belongs to the block outside."""
        block = _Block([], line.place)
        block.children = self._stack[-1].children
        self._stack.append(block)

    @staticmethod
    def _alternatives(block: _Block) -> list[_Node]:
        last = block.children[-1]
        owners = [last]
        for node in reversed(block.children[:-1]):
            if node.children is not None or not last.is_alternative_of(node):
                break
            owners.append(node)
        return owners

    def _open_forgotten(self, node: _Node) -> None:
        block = self._stack[-1]
        last = block.children[-1] if block.children else None
        if last is None or last.children is not None or node.is_alternative_of(last):
            return
        name = last.words[0].text
        if name in ALWAYS_BLOCKS and len(self._stack) <= DEPTH_LIMIT:
            self._notes.find(last.line.place, f"missing {{ after {name}", "brace")
            self._push([last], last.line)
