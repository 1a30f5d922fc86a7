"""Outside of Google Cloud, where an interface and a project are configured."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Any

import pytest
from cloudfail.errors import ConfigError, DeniedError, NotFoundError, UnreachableError
from cloudfail.lab.cloud.faults import Faults
from cloudfail.lab.cloud.gcp.embedded import EmbeddedGcp
from cloudfail.model import ForwardingRule, Owner, PrivateIp, PublicIp
from cloudfail.promote import promote
from cloudfail.testing.runs import ready_run

from cloudfail_gcp.settings import GcpSettings
from providers.gcp.nodes import ALIAS, PUBLIC, Node, NodeMaker, edit_interfaces, nic_of
from providers.gcp.test_credential_files import person, write
from providers.gcp.token_server import token_server

PROJECT = "lab-project"
NIC = f"projects/{PROJECT}/zones/europe-west1-b/instances/a/networkInterfaces/nic0"
CLAIMS = (
    ForwardingRule(name="edge"),
    PrivateIp(address=ip_address(ALIAS)),
    PublicIp(address=ip_address(PUBLIC)),
)


@pytest.fixture
def node(cloud: EmbeddedGcp, node_of: NodeMaker, tmp_path: Any, request: Any) -> Any:
    """Build node a where no metadata server is, with credentials of a file."""
    with token_server() as server:
        file = write(tmp_path, person(server))

        def make(interface_id: str = NIC, project: str = PROJECT) -> Node:
            settings = GcpSettings(endpoint=cloud.endpoint, credentials_file=file, project=project)
            cloud.faults = Faults(metadata_down=True)
            return node_of("a", settings=settings, interface_id=interface_id)

        yield make


def test_the_api_says_what_the_metadata_server_would(
    cloud: EmbeddedGcp, node: Any, node_of: NodeMaker
) -> None:
    there = node_of("a").provider.identify()
    found = node().provider.identify()
    assert (found.ref, found.addresses) == (there.ref, there.addresses)
    different = {"mac", "identity"}
    assert {**found.facts, "mac": ""} == {
        **{k: v for k, v in there.facts.items() if k not in different},
        "mac": "",
        "identity": "api",
    }


def test_another_interface_is_its_own(cloud: EmbeddedGcp, node: Any) -> None:
    found = node(NIC.replace("nic0", "nic1")).provider.identify()
    assert (found.facts["network"], found.facts["primary"]) == ("other", "10.8.0.10")


def test_a_node_takes_everything_all_the_same(cloud: EmbeddedGcp, node: Any) -> None:
    provider = node().provider
    assert promote(provider, CLAIMS, ready_run()).exit_code == 0
    assert {holding.owner for holding in provider.observe(CLAIMS)} == {Owner.MINE}
    assert nic_of(cloud, "a")["accessConfigs"][0]["natIP"] == PUBLIC
    asked = [call for call in cloud.calls if call.params.get("filter") == 'name = "a"']
    assert len(asked) == 1  # who it is, is asked once


@pytest.mark.parametrize(
    ("interface_id", "project", "kind", "words"),
    [
        ("nic0", PROJECT, ConfigError, "write it as projects/P/zones"),
        (NIC, "other", ConfigError, "is not of project other"),
        (NIC.replace("nic0", "nic7"), PROJECT, ConfigError, "which has .*nic0, .*nic1"),
        (NIC.replace("/a/", "/gone/"), PROJECT, NotFoundError, "no instance projects/.*gone"),
        ("", PROJECT, UnreachableError, "Is this a Compute Engine instance"),
        (NIC, "", UnreachableError, "Is this a Compute Engine instance"),
    ],
)
def test_what_cannot_be_is_named(
    cloud: EmbeddedGcp,
    node: Any,
    interface_id: str,
    project: str,
    kind: type[Exception],
    words: str,
) -> None:
    with pytest.raises(kind, match=words):
        node(interface_id, project).provider.identify()


def test_without_metadata_the_machine_has_no_credentials(
    cloud: EmbeddedGcp, node_of: NodeMaker
) -> None:
    cloud.faults = Faults(metadata_down=True)
    settings = GcpSettings(endpoint=cloud.endpoint, project=PROJECT)
    node = node_of("a", settings=settings, interface_id=NIC)
    with pytest.raises(DeniedError, match=r"no Google credentials .*set credentials_file"):
        node.provider.identify()


@pytest.mark.parametrize(
    "six",
    [
        {"ipv6Address": "2001:db8:1:0:0:0:0:a"},
        {
            "ipv6AccessConfigs": [
                {"type": "DIRECT_IPV6", "name": "six", "externalIpv6": "2001:db8:1::a"}
            ]
        },
    ],
    ids=str,
)
def test_an_interface_may_have_ipv6_only(cloud: EmbeddedGcp, node: Any, six: Any) -> None:
    def strip(nic: dict[str, Any]) -> None:
        for name in ("networkIP", "aliasIpRanges", "accessConfigs", "ipv6Address"):
            nic.pop(name, None)
        nic.update(stackType="IPV6_ONLY", **six)

    edit_interfaces(cloud, strip, node="a")
    provider = node().provider
    found = provider.identify()
    assert (found.addresses, found.facts["primary"]) == (
        (ip_address("2001:db8:1::a"),),
        "2001:db8:1::a",
    )
    assert provider.observe(CLAIMS[:1])[0].owner is Owner.PEER


def test_an_interface_without_an_address_is_named(cloud: EmbeddedGcp, node: Any) -> None:
    edit_interfaces(
        cloud,
        lambda nic: [nic.pop(n, None) for n in ("networkIP", "aliasIpRanges", "ipv6Address")],
        node="a",
    )
    with pytest.raises(ConfigError, match="nic0 has no address"):
        node().provider.identify()
