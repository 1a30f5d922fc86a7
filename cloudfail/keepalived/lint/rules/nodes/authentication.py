"""The same secret on every node."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import permutations

from cloudfail.keepalived.lint.node import NodeConf
from cloudfail.keepalived.lint.rule import ERROR, Hit, NodesRule
from cloudfail.keepalived.lint.rules.nodes.example import node
from cloudfail.keepalived.lint.rules.nodes.router import Side, compare, differing, routers
from cloudfail.keepalived.version import Version

_V2 = 2
_LENGTH = 8
_HMAC = Version(2, 4)
_TYPES = frozenset({"PASS", "AH"})


def _type(confs: Sequence[NodeConf], version: Version) -> Iterator[Hit]:
    del version
    yield from compare(confs, "authentication", _type_of)


def _password(confs: Sequence[NodeConf], version: Version) -> Iterator[Hit]:
    del version
    for router in routers(confs):
        for side, usual in differing(router, _secret_of):
            written = side.instance.authentication
            if written is not None and _type_of(side) == _type_of(usual):
                yield Hit(
                    written.secret_place,
                    f"auth_pass of {side.instance.name} is not that of {usual.at('authentication')}",
                )


def _type_of(side: Side) -> str | None:
    """None in version 3, which has none, and where it may be in a file that was not read."""
    written = side.instance.authentication
    if side.instance.version != _V2 or side.instance.has("auth_hmac"):
        return None
    if written is None and any(one.kind == "include" for one in side.conf.tree.findings):
        return None
    complete = written is not None and written.type in _TYPES and written.secret
    return written.type if written is not None and complete else "none"


def _secret_of(side: Side) -> str | None:
    """What counts of it. Never shown."""
    written = side.instance.authentication
    if written is None or _type_of(side) in (None, "none"):
        return None
    return written.secret[:_LENGTH]


def _hmac(confs: Sequence[NodeConf], version: Version) -> Iterator[Hit]:
    if version < _HMAC:
        return
    for router in routers(confs):
        for sender, receiver in permutations(router, 2):
            if sender.instance.has("auth_hmac") and not _accepts(receiver, sender):
                yield Hit(
                    receiver.instance.place_of("auth_hmac"),
                    f"{receiver.instance.name} does not know the active key of "
                    f"{sender.at('auth_hmac')}",
                )


def _accepts(receiver: Side, sender: Side) -> bool:
    """Whether the key that the sender uses is known to the receiver; of files nothing is known."""
    block = receiver.instance.get("auth_hmac")
    if block is None:
        return False
    mode = block.first("mode")
    if mode is not None and mode.value != "enforce":
        return True
    active = _active(sender)
    known = _keys(receiver).get(active, "")
    sent = _keys(sender).get(active, "")
    return known.startswith("file:") if sent.startswith("file:") else known == sent


def _active(side: Side) -> str:
    block = side.instance.get("auth_hmac")
    line = block.first("active_key") if block else None
    return line.value if line else ""


def _keys(side: Side) -> dict[str, str]:
    block = side.instance.get("auth_hmac")
    return {line.value: " ".join(line.args[1:]) for line in (block.find("key") if block else ())}


def _pass(secret: str) -> tuple[str, ...]:
    return ("auth_type PASS", f"auth_pass {secret}")


def _key(letter: str) -> tuple[str, ...]:
    return (f"key 1 hex:{letter * 64}", "active_key 1")


_WITH = node(1, vrrp_version="2", authentication=_pass("s3cr3t78"))
_SAME = (_WITH, node(2, vrrp_version="2", authentication=_pass("s3cr3t78")))

RULES = (
    NodesRule(
        code="KA109",
        title="Different auth_type",
        severity=ERROR,
        why="Two masters (measured with 2.2.7). Between PASS and none each node says `received a 0 auth, "
        "expecting 1!`; with AH on one side nothing is logged, its adverts are another IP protocol (51).",
        remedy="write the same authentication block on all nodes, or none",
        example=(_WITH, node(2, vrrp_version="2")),
        repaired=_SAME,
        check=_type,
    ),
    NodesRule(
        code="KA110",
        title="Different auth_pass",
        severity=ERROR,
        why="`received an invalid passwd!`, and the advert is dropped: two masters (measured with 2.2.7). "
        "Eight characters count.",
        remedy="write the same auth_pass on all nodes",
        example=(_WITH, node(2, vrrp_version="2", authentication=_pass("another"))),
        repaired=_SAME,
        check=_password,
    ),
    NodesRule(
        code="KA111",
        title="Different keys of auth_hmac",
        severity=ERROR,
        why="`invalid authentication HMAC from ...`, and two masters (measured with 2.4.3, version 3, "
        "0.1 s). A key can be changed without that: first add it on all nodes, then make it active.",
        remedy="give all nodes the active key of each, under the same number",
        example=(node(1, auth_hmac=_key("a")), node(2, auth_hmac=_key("b"))),
        repaired=(node(1, auth_hmac=_key("a")), node(2, auth_hmac=_key("a"))),
        version=Version(2, 4, 2),
        check=_hmac,
    ),
)
