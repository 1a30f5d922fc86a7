"""Which keepalived knows which keyword, 2.0 to 2.4, as data.

Read for it: the parsers of 2.2.7, 2.3.3 and 2.3.4 in full, those of some commits of 2.0 and 2.2,
the ChangeLog up to 2.0.20, the release notes of 2.1.0 to 2.4.1 and the man pages of 2.2.7 and
2.4. Where only a parser proves a keyword, `since` may be later than the truth, never earlier.
No keyword of 2.0.0 has gone up to 2.3.4, and none is known to have gone since.
"""

from __future__ import annotations

from collections.abc import Mapping

from cloudfail.keepalived.options.entries import ENTRY_WORDS
from cloudfail.keepalived.options.global_defs import MISPRINTS, VRRP_GLOBALS
from cloudfail.keepalived.options.instance import AUTH_HMAC, AUTHENTICATION, VRRP_INSTANCE
from cloudfail.keepalived.options.option import Option, Takes
from cloudfail.keepalived.options.processes import OTHER_GLOBALS
from cloudfail.keepalived.options.top_level import DIRECTIVES, FOREIGN, TOP_LEVEL, TRACK_GROUP
from cloudfail.keepalived.options.trackers import (
    GARP_GROUP,
    TRACK_FILE,
    VRRP_SCRIPT,
    VRRP_SYNC_GROUP,
    VRRP_TRACK_PROCESS,
)
from cloudfail.keepalived.version import Version

__all__ = [
    "DIRECTIVES",
    "ENTRY_WORDS",
    "FOREIGN",
    "KEYWORDS",
    "MISPRINTS",
    "Option",
    "Takes",
    "entry_word",
    "knows",
    "option",
]

# By the keyword that opens the block; "" is outside any. A `list` has no keywords, and a
# `foreign` block none that are known here.
KEYWORDS: Mapping[str, Mapping[str, Option]] = {
    "": TOP_LEVEL,
    "global_defs": {**VRRP_GLOBALS, **OTHER_GLOBALS},
    "vrrp_instance": VRRP_INSTANCE,
    "authentication": AUTHENTICATION,
    "auth_hmac": AUTH_HMAC,
    "vrrp_sync_group": VRRP_SYNC_GROUP,
    "vrrp_script": VRRP_SCRIPT,
    "vrrp_track_file": TRACK_FILE,
    "track_file": TRACK_FILE,
    "vrrp_track_process": VRRP_TRACK_PROCESS,
    "track_group": TRACK_GROUP,
    "garp_group": GARP_GROUP,
}


def option(block: str, keyword: str) -> Option | None:
    """What is known of a keyword in a block ("" outside any); None for an unknown one."""
    return DIRECTIVES.get(keyword) or KEYWORDS.get(block, {}).get(keyword)


def entry_word(of: str, word: str) -> Option | None:
    """What is known of a word in the lines of a list, like `dev` in virtual_ipaddress."""
    return ENTRY_WORDS.get(of, {}).get(word)


def knows(version: Version, block: str, keyword: str) -> bool:
    """Whether that keepalived, built with everything, accepts the keyword in that block."""
    known = option(block, keyword)
    return known is not None and known.known_to(version)
