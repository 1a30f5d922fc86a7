"""The keys of an instance's role, where the metadata service or the role comes later than we do."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Any

import pytest
from cloudfail.errors import DeniedError, UnreachableError
from cloudfail.lab.cloud.aws.embedded import EmbeddedAws
from cloudfail.lab.cloud.faults import Faults
from cloudfail.model import Owner, PublicIp

from cloudfail_aws.credentials import Keys
from cloudfail_aws.machine import Machine
from cloudfail_aws.settings import AwsSettings
from providers.aws.nodes import Node, NodeMaker

VIP = PublicIp(address=ip_address("203.0.113.7"))


def made(node_of: NodeMaker, cloud: EmbeddedAws) -> Node:
    """A node whose configuration says who it is and where: only its role is asked for."""
    settings = AwsSettings(endpoint=cloud.endpoint, region="eu-central-1")
    return node_of(settings=settings, interface_id=cloud.built.nodes["a"].interface_id)


@pytest.fixture
def node(node_of: NodeMaker, cloud: EmbeddedAws) -> Node:
    """Made while the metadata service is down."""
    cloud.faults = Faults(metadata_down=True)
    return made(node_of, cloud)


def test_a_metadata_service_that_is_down_is_one_sentence_and_may_come_back(node: Node) -> None:
    with pytest.raises(UnreachableError, match=r"no AWS credentials are configured, and .* cannot"):
        node.provider.observe([VIP])


def test_once_the_metadata_service_is_up_its_role_is_used(node: Node, cloud: EmbeddedAws) -> None:
    """What was asked for in vain is not remembered: an agent would never get over it."""
    with pytest.raises(UnreachableError):
        node.provider.observe([VIP])
    cloud.faults = Faults()
    assert node.provider.observe([VIP])[0].owner is not Owner.UNKNOWN


def test_a_role_that_is_attached_later_is_used(
    node_of: NodeMaker, cloud: EmbeddedAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    node = made(node_of, cloud)
    real = Machine.keys
    found: list[Any] = [None]

    def keys(machine: Machine) -> Keys | None:
        return found.pop() if found else real(machine)

    monkeypatch.setattr(Machine, "keys", keys)
    with pytest.raises(DeniedError, match=r"no AWS credentials .* attach a role"):
        node.provider.observe([VIP])
    assert node.provider.observe([VIP])[0].owner is not Owner.UNKNOWN
