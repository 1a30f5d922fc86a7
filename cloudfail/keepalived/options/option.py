"""What is known of one keyword."""

from __future__ import annotations

from typing import Literal

import msgspec

from cloudfail.keepalived.version import OLDEST, Version, parse_version

# flag: nothing, a word after it is ignored. bool: on|off|true|false|yes|no, and alone it is on.
# value: one word. optional: one word or none. values: several words. script: one quoted command,
# then perhaps a user and a group. list: a block whose lines are entries, not keywords (their
# words are in ENTRY_WORDS). block: a block of keywords. foreign: a block of the checkers or of
# BFD, which cloudfail leaves alone.
Takes = Literal["flag", "bool", "value", "optional", "values", "script", "list", "block", "foreign"]


class Option(msgspec.Struct, frozen=True, kw_only=True):
    """A keyword. `since` is OLDEST for one that 2.0.0 had; `until` is the first one without it.

    `source` says where `since` is proven: "ChangeLog" (of 2.0.20), "release notes" (of that
    version), "parser" (read in the source of that version; it may be older), "man page".
    `needs` is a word of the config options that `keepalived --version` prints: a build without
    it does not know the keyword. `note` is a sentence on what changed, or on a trap.
    """

    takes: Takes
    since: Version = OLDEST
    until: Version | None = None
    source: str = ""
    needs: str = ""
    note: str = ""

    def known_to(self, version: Version) -> bool:
        return self.since <= version and (self.until is None or version < self.until)


def old(takes: Takes, *names: str, needs: str = "", note: str = "") -> dict[str, Option]:
    """Keywords that every supported version has.

    They are in parsers of 2.0, and neither the ChangeLog of 2.0.1 to 2.0.20 nor later release
    notes speak of them as new.
    """
    return dict.fromkeys(names, Option(takes=takes, needs=needs, note=note))


def new(
    since: str, source: str, takes: Takes, *names: str, needs: str = "", note: str = ""
) -> dict[str, Option]:
    """Keywords of a version above 2.0.0, and where that is proven."""
    known = Option(takes=takes, since=parse_version(since), source=source, needs=needs, note=note)
    return dict.fromkeys(names, known)
