"""The same instance in the files of several nodes."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from cloudfail.keepalived.importer.instance import Instance
from cloudfail.keepalived.importer.node import Node


class Member(Struct, frozen=True):
    """What one node's file says of an instance."""

    node: Node
    instance: Instance


class Joined(Struct, frozen=True):
    """By the name that the first file has for it."""

    name: str
    members: tuple[Member, ...]

    @property
    def first(self) -> Member:
        return self.members[0]


def join(nodes: Sequence[Node]) -> tuple[Joined, ...]:
    """Match by name; what has another name, by its virtual_router_id and family of addresses."""
    found: dict[str, list[Member]] = {}
    for node in nodes:
        others = [one for one in node.instances if one.name not in found]
        for instance in node.instances:
            member = Member(node, instance)
            if instance.name in found:
                found[instance.name].append(member)
            elif twin := _twin(instance, found, node):
                why = f"called {twin} in the first file, which counts"
                node.ledger.change(instance.block, why)
                found[twin].append(member)
        for instance in others:
            if not any(one.instance is instance for group in found.values() for one in group):
                found[instance.name] = [Member(node, instance)]
    return tuple(Joined(name, tuple(members)) for name, members in found.items())


def _twin(instance: Instance, found: dict[str, list[Member]], node: Node) -> str:
    """Return the name of an instance with the same VRID that this node has under no other name."""
    own = {one.name for one in node.instances}
    for name, members in found.items():
        other = members[0].instance
        if name in own or members[-1].node is node:
            continue
        if _vrid(instance) and (_vrid(instance), family(instance)) == (_vrid(other), family(other)):
            return name
    return ""


def _vrid(instance: Instance) -> int:
    number: int = instance.section.get("virtual_router_id", 0)
    return number


def family(instance: Instance) -> int:
    """Return 4 or 6: of the unicast addresses, else of the virtual ones."""
    section = instance.section
    written = [section.get("address"), section.get("mcast_src_ip"), *instance.peers]
    versions = [one.version for one in written if one is not None]
    virtual = [6 if ":" in one.address else 4 for one in section.get("virtual_ipaddress", ())]
    return next(iter([*versions, *virtual]), 4)
