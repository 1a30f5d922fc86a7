"""Commands that keepalived starts: which keyword, which text, as whom."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from cloudfail.keepalived.syntax import Place, Statement

FIFO_SCRIPTS = ("notify_fifo_script", "vrrp_notify_fifo_script")
GLOBAL_SCRIPTS = (*FIFO_SCRIPTS, "startup_script", "shutdown_script")


class Command(msgspec.Struct, frozen=True, kw_only=True):
    """`text` is what is in the quotes; `user` and `group` are the words behind it, or empty.

    `rest` are all words behind it, `is_rest_quoted` whether one is in quotes. `of` names the instance, group or script that it belongs to;
    empty in global_defs.
    """

    keyword: str
    text: str
    user: str = ""
    group: str = ""
    rest: tuple[str, ...] = ()
    quoted: bool = False
    is_rest_quoted: bool = False
    of: str = ""
    place: Place

    def __str__(self) -> str:
        return f"{self.keyword} of {self.of}" if self.of else self.keyword


def commands_of(block: Statement, keywords: Iterable[str], of: str = "") -> Iterator[Command]:
    """Yield the commands with these keywords in a block, in the order of the text."""
    wanted = frozenset(keywords)
    for line in block.children or ():
        if line.keyword in wanted and line.value:
            yield command_of(line, of)


def command_of(line: Statement, of: str = "") -> Command:
    user, group = (*line.args[1:3], "", "")[:2]
    return Command(
        keyword=line.keyword,
        text=line.value,
        user=user,
        group=group,
        rest=line.args[1:],
        quoted=line.words[1].quoted,
        is_rest_quoted=any(word.quoted for word in line.words[2:]),
        of=of,
        place=line.place,
    )
