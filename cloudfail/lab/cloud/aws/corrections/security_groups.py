"""Rules of security groups: what VRRP (112) and AH (51) are let through by."""

from __future__ import annotations

from typing import Any

from cloudfail.lab.cloud.aws.corrections.rule import override, rule

_WITH_PORTS = frozenset({"tcp", "6", "udp", "17", "icmp", "1", "icmpv6", "58"})


def install() -> None:
    from moto.ec2.models.security_groups import SecurityGroupRule

    override(
        SecurityGroupRule,
        __init__=without_ports(SecurityGroupRule.__init__),
        description=property(description_of),
    )


@rule(moto="fails without a port range, and keeps the one that is given")
def without_ports(method: Any) -> Any:
    """A protocol besides TCP, UDP and ICMP has no ports, whatever range is given, or none.

    IpPermission in the API reference: such a rule "allows traffic on all ports, regardless of any
    port range you specify".
    """

    def made(
        group_rule: Any,
        ec2: Any,
        protocol: str,
        group: str,
        first: Any,
        last: Any,
        *more: Any,
        **by_name: Any,
    ) -> None:
        if str(protocol).lower() in _WITH_PORTS:
            method(group_rule, ec2, protocol, group, first, last, *more, **by_name)
            return
        method(group_rule, ec2, protocol, group, "-1", "-1", *more, **by_name)
        group_rule.from_port = group_rule.to_port = None

    return made


@rule(moto="shows none for a rule that names a group")
def description_of(group_rule: Any) -> str | None:
    """A rule shows the description that it was given, whatever it lets in: network or group."""
    given = group_rule.ip_range.get("Description") or group_rule.source_group.get("Description")
    return None if given is None else str(given)
