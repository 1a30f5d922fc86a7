from __future__ import annotations

import json
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cloudfail.errors import ConfigError, NotFoundError, UnreachableError
from cloudfail.lab.cloud.aws.embedded import EmbeddedAws
from cloudfail.lab.cloud.faults import Faults
from cloudfail.model import Node as Machine_
from cloudfail.provider import Setup

from cloudfail_aws.identity import find_node
from cloudfail_aws.metadata import Metadata
from cloudfail_aws.settings import AwsSettings
from providers.aws.nodes import NodeMaker


@pytest.fixture
def of_m(cloud: EmbeddedAws) -> Iterator[Metadata]:
    """The metadata service of `m`, which has two interfaces."""
    metadata = Metadata(cloud.metadata_endpoint("m"))
    yield metadata
    metadata.close()


def setup(**changes: Any) -> Setup:
    return Setup(**{"settings": AwsSettings(), **changes})


def test_the_metadata_service_says_who_this_is(node_of: NodeMaker, cloud: EmbeddedAws) -> None:
    node = node_of("a", name="alpha").provider.identify()
    known = cloud.built.nodes["a"]
    assert (node.ref, node.name) == (known.interface_id, "alpha")
    assert ip_address("10.0.1.10") in node.addresses
    assert ip_address("2001:db8:0:1::a") in node.addresses
    facts = {
        "region": cloud.built.region,
        "account": cloud.built.account,
        "zone": "eu-central-1a",
        "instance_id": known.instance_id,
        "mac": known.mac,
        "subnet_id": known.subnet_id,
        "vpc_id": known.vpc_id,
        "primary": "10.0.1.10",
        "subnet_cidr": "10.0.1.0/24",
        "identity": "metadata",
    }
    assert facts.items() <= node.facts.items()


def test_asking_twice_asks_the_metadata_service_once(
    node_of: NodeMaker, cloud: EmbeddedAws
) -> None:
    provider = node_of().provider
    first = provider.identify()
    cloud.faults = Faults(metadata_down=True)
    assert provider.identify() == first


def interface(cloud: EmbeddedAws, number: int) -> Any:
    (found,) = (i for i in cloud.built.nodes["m"].interfaces if i.device_number == number)
    return found


@pytest.mark.parametrize("number", [0, 1])
def test_the_configured_interface_is_taken(cloud: EmbeddedAws, of_m: Metadata, number: int) -> None:
    wanted = interface(cloud, number)
    node = find_node(of_m, setup(interface_id=wanted.interface_id))
    assert (node.ref, node.facts["primary"]) == (wanted.interface_id, wanted.address)


@pytest.mark.parametrize("number", [0, 1])
def test_of_several_interfaces_the_one_with_the_unicast_address_is_taken(
    cloud: EmbeddedAws, of_m: Metadata, number: int
) -> None:
    wanted = interface(cloud, number)
    assert find_node(of_m, setup(address=ip_address(wanted.address))).ref == wanted.interface_id


@pytest.mark.parametrize("number", [0, 1])
def test_of_several_interfaces_the_one_of_the_device_is_taken(
    cloud: EmbeddedAws,
    of_m: Metadata,
    number: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wanted = interface(cloud, number)
    monkeypatch.setattr("cloudfail.machine.device.SYS_CLASS_NET", tmp_path)
    (tmp_path / "ens5").mkdir()
    (tmp_path / "ens5" / "address").write_text(wanted.mac.upper() + "\n")
    assert find_node(of_m, setup(interface="ens5")).ref == wanted.interface_id


@pytest.mark.parametrize("device", ["", "ens9", "../../etc"])
def test_with_nothing_to_go_by_the_first_device_is_taken(
    cloud: EmbeddedAws, of_m: Metadata, device: str
) -> None:
    node = find_node(of_m, setup(interface=device, address=ip_address("192.0.2.9")))
    assert node.ref == interface(cloud, 0).interface_id


def test_an_interface_of_another_machine_is_refused(cloud: EmbeddedAws, of_m: Metadata) -> None:
    other = cloud.built.nodes["a"].interface_id
    with pytest.raises(ConfigError, match=f"{other} is not an interface of this instance"):
        find_node(of_m, setup(interface_id=other))


def test_another_region_than_configured_is_refused_and_both_are_named(node_of: NodeMaker) -> None:
    node = node_of(settings=AwsSettings(region="us-east-1"))
    with pytest.raises(ConfigError, match=r"runs in eu-central-1, but .* says region us-east-1"):
        node.provider.identify()


def test_an_endpoint_does_not_switch_the_check_of_the_region_off(
    node_of: NodeMaker, cloud: EmbeddedAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", cloud.endpoint)
    settings = AwsSettings(region="us-east-1", endpoint=cloud.endpoint)
    with pytest.raises(ConfigError, match="region us-east-1"):
        node_of(settings=settings).provider.identify()


def test_a_metadata_service_that_is_down_is_unreachable_and_found_again(
    node_of: NodeMaker, cloud: EmbeddedAws
) -> None:
    cloud.faults = Faults(metadata_down=True)
    provider = node_of().provider
    with pytest.raises(UnreachableError, match="metadata service"):
        provider.identify()
    cloud.faults = Faults()
    assert provider.identify().facts["primary"] == "10.0.1.10"


def away_from_aws(node_of: NodeMaker, cloud: EmbeddedAws, **changes: Any) -> Any:
    """Return a provider on a machine that has no metadata service."""
    cloud.faults = Faults(metadata_down=True)
    return node_of(**changes).provider


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIATEST")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")


@pytest.mark.usefixtures("keys")
@pytest.mark.parametrize("variable", ["", "AWS_REGION", "AWS_DEFAULT_REGION"])
def test_with_interface_and_region_given_no_metadata_service_is_needed(
    node_of: NodeMaker, cloud: EmbeddedAws, variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    region = "" if variable else "eu-central-1"
    if variable:
        monkeypatch.setenv(variable, "eu-central-1")
    wanted = cloud.built.nodes["b"].interface_id
    settings = AwsSettings(region=region, endpoint=cloud.endpoint)
    provider = away_from_aws(node_of, cloud, interface_id=wanted, settings=settings)
    node: Machine_ = provider.identify()
    assert (node.ref, node.facts["primary"]) == (wanted, "10.0.1.11")
    assert node.facts["identity"] == "api"
    assert node.facts["region"] == "eu-central-1"
    assert provider.identify() is node


@pytest.mark.usefixtures("keys")
def test_an_interface_that_ec2_does_not_know_is_not_found(
    node_of: NodeMaker, cloud: EmbeddedAws
) -> None:
    settings = AwsSettings(region="eu-central-1", endpoint=cloud.endpoint)
    provider = away_from_aws(node_of, cloud, interface_id="eni-0bad", settings=settings)
    with pytest.raises(NotFoundError, match="no network interface eni-0bad in eu-central-1"):
        provider.identify()


def test_without_a_region_an_interface_alone_is_not_enough(
    node_of: NodeMaker, cloud: EmbeddedAws
) -> None:
    with pytest.raises(UnreachableError, match="metadata service"):
        away_from_aws(node_of, cloud, interface_id="eni-1").identify()


class Told(Metadata):
    """A metadata service that tells just this."""

    def __init__(self, values: dict[str, str]) -> None:
        super().__init__("http://told")
        self.values = values

    def text(self, path: str) -> str | None:
        return self.values.get(path)


MACS = "meta-data/network/interfaces/macs/"
BARE = {
    "meta-data/placement/region": "eu-west-1",
    MACS: "02:aa/",
    f"{MACS}02:aa/": "interface-id\nlocal-ipv4s\nowner-id",
    f"{MACS}02:aa/interface-id": "eni-1",
    f"{MACS}02:aa/local-ipv4s": "10.0.0.5\n10.0.0.6",
    f"{MACS}02:aa/owner-id": "111122223333",
    f"{MACS}02:aa/subnet-id": "subnet-1",
    f"{MACS}02:aa/vpc-id": "vpc-1",
}


def test_without_an_identity_document_the_plain_tree_will_do() -> None:
    node = find_node(Told(BARE), setup())
    assert node.ref == "eni-1"
    assert node.facts["region"] == "eu-west-1"
    assert node.facts["account"] == "111122223333"
    assert node.facts["primary"] == "10.0.0.5"
    assert len(node.addresses) == 2


def test_an_identity_document_that_is_garbage_is_said_so() -> None:
    document = {"dynamic/instance-identity/document": json.dumps(["no"])}
    with pytest.raises(UnreachableError, match="cannot be read"):
        find_node(Told({**BARE, **document}), setup())


@pytest.mark.parametrize("path", [MACS, f"{MACS}02:aa/interface-id", "meta-data/placement/region"])
def test_what_the_metadata_service_leaves_out_is_never_guessed(path: str) -> None:
    with pytest.raises(UnreachableError, match="has nothing at"):
        find_node(Told({**BARE, path: ""}), setup())


def test_interfaces_none_of_which_is_the_first_are_no_choice() -> None:
    told = Told({**BARE, MACS: "02:aa/\n02:bb/"})
    with pytest.raises(UnreachableError, match="names no primary interface among 02:aa, 02:bb"):
        find_node(told, setup())
