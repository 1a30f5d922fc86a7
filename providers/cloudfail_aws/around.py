"""What is known beside EC2's answers: this node, its subnet, what its metadata says."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_address

import msgspec
from cloudfail.model import Address, Network, Node

from cloudfail_aws.arn import account_of
from cloudfail_aws.members import Members


class Around(msgspec.Struct, frozen=True, kw_only=True):
    """What is known beside EC2's answers.

    `told` are the addresses the machine itself is told to have and `publics` the public ones on
    its private ones (None: no telling); `claimed` the private-ip claims of the same look; `api`
    the API's addresses; `trusts_egress` the operator's word that the API stays reachable.
    """

    members: Members
    subnets: tuple[Network, ...] = ()
    told: frozenset[Address] | None = None
    publics: Mapping[Address, Address] | None = None
    claimed: frozenset[Address] = frozenset()
    api: tuple[Address, ...] = ()
    trusts_egress: bool = False

    @property
    def node(self) -> Node:
        return self.members.node


def primary_of(node: Node) -> Address | None:
    """Return the interface's primary IPv4 address; None in an IPv6-only subnet."""
    text = node.facts.get("primary", "")
    return ip_address(text) if text else None


def place(node: Node, role_arn: str = "") -> str:
    """Return "eu-central-1 of account 123456789012", as far as it is known."""
    account = account_of(role_arn) or node.facts.get("account", "")
    where = node.facts.get("region", "this region")
    return f"{where} of account {account}" if account else where
