"""The IPv6 blocks of a subnet, as whoever makes one waits for them."""

from __future__ import annotations

from typing import Any

from cloudfail.lab.cloud.aws.corrections.filters import AnyOf
from cloudfail.lab.cloud.aws.corrections.rule import override, rule

_MEMBERS = {"association-id": "associationId", "ipv6-cidr-block": "ipv6CidrBlock"}


def install() -> None:
    from moto.ec2.models.subnets import Subnet

    shown: Any = Subnet.ipv6_cidr_block_association_set
    override(
        Subnet,
        get_filter_value=filter_by_ipv6_block(Subnet.get_filter_value),
        ipv6_cidr_block_association_set=property(state_of_ipv6_block(shown.fget)),
    )


@rule(moto="fails on these filters")
def filter_by_ipv6_block(method: Any) -> Any:
    """DescribeSubnets filters by a subnet's IPv6 blocks, and by the ids of their associations."""

    def value_of(subnet: Any, filter_name: str, method_name: str | None = None) -> Any:
        head, _, name = filter_name.partition(".")
        if head != "ipv6-cidr-block-association" or name not in _MEMBERS:
            return method(subnet, filter_name, method_name)
        return AnyOf(one[_MEMBERS[name]] for one in subnet.ipv6_cidr_block_association_set)

    return value_of


@rule(moto="shows a structure where the state is a word")
def state_of_ipv6_block(method: Any) -> Any:
    """The state of a subnet's IPv6 block is a word, like associated."""

    def associations(subnet: Any) -> Any:
        return [
            {**one, "ipv6CidrBlockState": {"state": one["ipv6CidrBlockState"]["state"]["State"]}}
            for one in method(subnet)
        ]

    return associations
