"""What the keepalived at hand can: an option it lacks is an error, or a comment that says so."""

from __future__ import annotations

from cloudfail.errors import ConfigError
from cloudfail.keepalived.options import option
from cloudfail.keepalived.version import Version


class Gate:
    """Asked for every option that is younger than keepalived 2.0.

    `missing` collects, in order, what was left out with a comment in its place.
    """

    def __init__(self, version: Version) -> None:
        self.version = version
        self.missing: list[str] = []

    def has(self, block: str, keyword: str) -> bool:
        return self.version >= since(block, keyword)

    def without(self, block: str, keyword: str, effect: str) -> str:
        """Note that an option of ours is missing; return the comment that stands in its place."""
        sentence = f"keepalived {self.version} has no {keyword} (from {since(block, keyword)} on): {effect}"
        self.note(sentence)
        return sentence

    def note(self, sentence: str) -> None:
        """Note what this keepalived lacks, once; it becomes a comment and a warning."""
        if sentence not in self.missing:
            self.missing.append(sentence)

    def require(self, block: str, keyword: str, key: str) -> None:
        """Raise ConfigError when the key of the configuration needs a newer keepalived."""
        if not self.has(block, keyword):
            raise ConfigError(
                f"{key}: keepalived {self.version} has no {keyword}, it came with "
                f"{since(block, keyword)}; remove the key, or upgrade keepalived on all nodes"
            )

    def require_version(self, least: Version, what: str, key: str) -> None:
        if self.version < least:
            raise ConfigError(
                f"{key}: {what} needs keepalived {least} or newer, here is {self.version}; upgrade "
                "all nodes, or remove it"
            )


def since(block: str, keyword: str) -> Version:
    """Return the first version that knows the keyword."""
    known = option(block, keyword)
    if known is None:
        raise LookupError(f"{keyword} is no keyword of {block}")
    return known.since
