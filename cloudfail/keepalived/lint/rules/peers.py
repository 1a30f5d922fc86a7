"""Who hears whom: unicast, its addresses and its peers."""

from __future__ import annotations

from collections.abc import Iterator

from cloudfail.keepalived.lint.node import NodeConf
from cloudfail.keepalived.lint.rule import ERROR, INFO, WARNING, FileRule, Hit
from cloudfail.keepalived.lint.view import parse_address
from cloudfail.keepalived.lint.wording import several
from cloudfail.keepalived.options import knows
from cloudfail.keepalived.version import Version

_FAULT = "unicast_fault_no_peer"
_UNICAST = """\
vrrp_instance VI_1 {
  unicast_src_ip 10.99.0.11
  unicast_peer {
    10.99.0.12
  }
}
"""


def _multicast(conf: NodeConf, version: Version) -> Iterator[Hit]:
    del version
    for instance in conf.instances:
        if not instance.has("unicast_peer"):
            yield Hit(instance.place, f"{instance.name} sends its adverts by multicast")


def _no_peer(conf: NodeConf, version: Version) -> Iterator[Hit]:
    del version
    for instance in conf.instances:
        if instance.is_unicast or not instance.has("unicast_peer"):
            continue
        what = "stays in FAULT" if instance.has(_FAULT) else "falls back to multicast"
        yield Hit(
            instance.place_of("unicast_peer"),
            f"{instance.name} has a unicast_peer without an address, and {what}",
        )


def _own_address(conf: NodeConf, version: Version) -> Iterator[Hit]:
    del version
    for instance in conf.instances:
        for peer in instance.peers:
            if peer.address is not None and peer.address == instance.source:
                yield Hit(peer.place, f"{instance.name} has its own address {peer.address} as peer")


def _no_address(conf: NodeConf, version: Version) -> Iterator[Hit]:
    del version
    for instance in conf.instances:
        source = instance.get("unicast_src_ip")
        if source is not None and source.value and instance.source is None:
            yield Hit(source.place, f'unicast_src_ip "{source.value}" is no address')
        for peer in instance.peers:
            if peer.address is None:
                yield Hit(peer.place, f'the peer "{peer.text}" is no address')


def _family(conf: NodeConf, version: Version) -> Iterator[Hit]:
    del version
    for instance in conf.instances:
        found = [(peer.address, peer.place) for peer in instance.peers]
        found.append((instance.source, instance.place_of("unicast_src_ip")))
        for address, place in found:
            if address is not None and address.version != instance.family:
                yield Hit(
                    place,
                    f"{address} is not of the family of {instance.name}: IPv{instance.family}",
                )


def _no_source(conf: NodeConf, version: Version) -> Iterator[Hit]:
    del version
    for instance in conf.instances:
        if instance.is_unicast and not instance.has("unicast_src_ip"):
            yield Hit(instance.place_of("unicast_peer"), f"{instance.name} has no unicast_src_ip")


def _anybody(conf: NodeConf, version: Version) -> Iterator[Hit]:
    del version
    found = [one for one in conf.instances if one.is_unicast and not conf.checks_source(one)]
    if found:
        yield Hit(
            found[0].place_of("unicast_peer"),
            f"adverts of anybody, not of its peers alone, count for {several(found)}",
        )


def _no_fault(conf: NodeConf, version: Version) -> Iterator[Hit]:
    if not knows(version, "vrrp_instance", _FAULT):
        return
    for instance in conf.instances:
        if instance.has("unicast_peer") and not instance.has(_FAULT):
            yield Hit(instance.place_of("unicast_peer"), f"{instance.name} has no {_FAULT}")


def _more_words(conf: NodeConf, version: Version) -> Iterator[Hit]:
    del version
    for instance in conf.instances:
        source = instance.get("unicast_src_ip")
        if source is not None and len(source.args) > 1:
            rest = " ".join(source.args[1:])
            yield Hit(source.place, f'unicast_src_ip takes an address only: "{rest}" is ignored')


def _twice(conf: NodeConf, version: Version) -> Iterator[Hit]:
    del version
    for instance in conf.instances:
        seen = set()
        for peer in instance.peers:
            if peer.address is not None and peer.address in seen:
                yield Hit(peer.place, f"{instance.name} has the peer {peer.address} twice")
            seen.add(peer.address)


def _vips_only(conf: NodeConf, version: Version) -> Iterator[Hit]:
    """A virtual address that is a peer's or one's own: it would move the address itself."""
    del version
    for instance in conf.instances:
        fixed = {peer.address: "a peer" for peer in instance.peers}
        fixed[instance.source or parse_address("")] = "the node itself"
        for one in (*instance.addresses, *instance.excluded):
            if one.address is not None and one.address in fixed:
                yield Hit(
                    one.place, f"{one.address} is virtual, and the address of {fixed[one.address]}"
                )


RULES = (
    FileRule(
        code="KA001",
        title="Multicast in a cloud",
        severity=ERROR,
        why="AWS, Azure and Google Cloud forward no multicast: each node hears nobody and becomes "
        "master about 3.4 s after its start. On a layer 2 of your own multicast works: say so once for "
        "the file.",
        remedy="add unicast_src_ip, and unicast_peer with the other nodes; where multicast works: "
        "`# cloudfail: ignore-file KA001 REASON`",
        example="vrrp_instance VI_1 {\n  interface eth0\n}\n",
        repaired=_UNICAST,
        check=_multicast,
    ),
    FileRule(
        code="KA002",
        title="No usable peer",
        severity=ERROR,
        why="With an empty peer list, or when every line was skipped, keepalived falls back to multicast "
        "(a deprecation warning, `-t` exits 5); with unicast_fault_no_peer it goes to FAULT.",
        remedy="list the addresses of the other nodes, one a line",
        example="vrrp_instance VI_1 {\n  unicast_peer {\n  }\n}\n",
        repaired=_UNICAST,
        check=_no_peer,
    ),
    FileRule(
        code="KA003",
        title="A node is its own peer",
        severity=ERROR,
        why="keepalived accepts it (`-t` exits 0), then says every second `equal priority advert "
        "received from remote host with our IP address`. It is the sign of a file that was copied "
        "from the other node without being mirrored.",
        remedy="take the line out, and look whether the other node is listed",
        example="vrrp_instance VI_1 {\n  unicast_src_ip 10.99.0.11\n  unicast_peer {\n"
        "    10.99.0.11\n    10.99.0.12\n  }\n}\n",
        repaired=_UNICAST,
        check=_own_address,
    ),
    FileRule(
        code="KA004",
        title="A name instead of an address",
        severity=ERROR,
        why="keepalived resolves no names: `malformed unicast peer address[node-b]. Skipping...`. The "
        "peer is missing then; without any peer it falls back to multicast.",
        remedy="write the node's address",
        example="vrrp_instance VI_1 {\n  unicast_peer {\n    node-b\n  }\n}\n",
        repaired=_UNICAST,
        check=_no_address,
    ),
    FileRule(
        code="KA005",
        title="Source and peers of two families",
        severity=ERROR,
        why="Source, peers and virtual addresses have to be of one family, which the first address of "
        "the block decides: `MUST be of the same family !!! Skipping...`, `-t` exits 5.",
        remedy="give each family an instance of its own, or put its addresses into virtual_ipaddress_excluded",
        example="vrrp_instance VI_1 {\n  unicast_src_ip 10.99.0.11\n  unicast_peer {\n"
        "    fd00::12\n  }\n}\n",
        repaired=_UNICAST,
        check=_family,
    ),
    FileRule(
        code="KA006",
        title="No unicast_src_ip",
        severity=WARNING,
        why="keepalived then sends from the interface's first address. With several, as a cloud's "
        "secondary addresses are, that need not be the one that the peers expect, and a peer with "
        "vrrp_check_unicast_src drops the adverts: two masters. With IPv6 it is the link-local one, to which "
        "keepalived cannot bind: `bind unicast_src fe80::... failed 99`, and FAULT for ever.",
        remedy="add unicast_src_ip with this node's own address",
        example="vrrp_instance VI_1 {\n  unicast_peer {\n    10.99.0.12\n  }\n}\n",
        repaired=_UNICAST,
        check=_no_source,
    ),
    FileRule(
        code="KA007",
        title="Adverts from anybody are obeyed",
        severity=WARNING,
        why="vrrp_check_unicast_src is off by default. Measured: a node whose peer list lacked the "
        "sender still gave way to it. Any machine in the subnet can take the role away.",
        remedy="add vrrp_check_unicast_src to global_defs, on every node",
        example=_UNICAST,
        repaired=f"global_defs {{\n  vrrp_check_unicast_src\n}}\n{_UNICAST}",
        check=_anybody,
    ),
    FileRule(
        code="KA008",
        title="No unicast_fault_no_peer",
        severity=INFO,
        why="When every peer line is skipped, keepalived falls back to multicast and becomes master. With "
        "this option (2.2.7 and newer) it goes to FAULT instead.",
        remedy="add unicast_fault_no_peer to the instance",
        example=_UNICAST,
        repaired=_UNICAST.replace("  unicast_peer", "  unicast_fault_no_peer\n  unicast_peer"),
        check=_no_fault,
    ),
    FileRule(
        code="KA009",
        title="Words after unicast_src_ip",
        severity=WARNING,
        why="Its handler reads one word, in every version up to 2.4; there is no `dev`. What follows is "
        "ignored without a message, and `-t` exits 0.",
        remedy="leave them out; the instance's interface is the device",
        example="vrrp_instance VI_1 {\n  unicast_src_ip 10.99.0.11 dev eth0\n}\n",
        repaired=_UNICAST,
        check=_more_words,
    ),
    FileRule(
        code="KA010",
        title="A peer twice",
        severity=WARNING,
        why="Each advert is sent to it twice; from 2.3.3 on keepalived rejects the second line.",
        remedy="leave one of them",
        example="vrrp_instance VI_1 {\n  unicast_peer {\n    10.99.0.12\n    10.99.0.12\n  }\n}\n",
        repaired=_UNICAST,
        check=_twice,
    ),
    FileRule(
        code="KA011",
        title="A node's own address is virtual",
        severity=ERROR,
        why="The master adds the address and a backup removes it: the node loses the address that its "
        "adverts come from, and both become master.",
        remedy="name only addresses that move, never one of a node",
        example="vrrp_instance VI_1 {\n  unicast_src_ip 10.99.0.11\n  virtual_ipaddress {\n"
        "    10.99.0.11/32\n  }\n}\n",
        repaired=_UNICAST,
        check=_vips_only,
    ),
)
