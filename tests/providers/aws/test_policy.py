from __future__ import annotations

import json
import warnings
from collections.abc import Iterator, Mapping, Sequence
from importlib.resources import files
from ipaddress import ip_address, ip_network
from typing import Any

import msgspec
import pytest
from cloudfail.errors import CloudfailError
from cloudfail.lab.cloud.aws.embedded import EmbeddedAws
from cloudfail.model import Claim, PrivateIp, PublicIp, Route
from cloudfail.outcome import Outcome
from cloudfail.promote import promote
from cloudfail.testing.runs import ready_run

from cloudfail_aws import SPEC
from cloudfail_aws.arn import DNS_SUFFIXES, partition_of
from cloudfail_aws.operations import READS, WRITES
from cloudfail_aws.policy import catalogue, policy
from cloudfail_aws.settings import AwsSettings
from providers.aws.nodes import V6, NodeMaker

with warnings.catch_warnings():
    # parliament leaves the files that it reads at import to the garbage collector.
    warnings.simplefilter("ignore", ResourceWarning)
    import parliament

REGION = "eu-central-1"
VIP = PublicIp(address=ip_address("203.0.113.7"))
SEATED = PublicIp(address=ip_address("203.0.113.8"), private_address=ip_address("10.0.1.100"))
PRIVATE = PrivateIp(address=ip_address("10.0.1.100"))
PRIVATE6 = PrivateIp(address=ip_address(V6))
OLD = Route(table="rtb-1", destination=ip_network("10.99.0.0/16"))
NEW = Route(table="rtb-1", destination=ip_network("10.98.0.0/16"))
FOREIGN = Route(
    table="rtb-9",
    destination=ip_network("10.99.0.0/16"),
    role_arn="arn:aws:iam::210987654321:role/network",
)

SETS: dict[str, tuple[Claim, ...]] = {
    "public-ip": (VIP,),
    "seated public-ip": (SEATED, PRIVATE),
    "private-ip": (PRIVATE,),
    "private-ip IPv6": (PRIVATE6,),
    "route": (OLD, NEW),
    "everything": (VIP, SEATED, PRIVATE, PRIVATE6, OLD, NEW),
}
NEEDED = {
    "public-ip": {"DescribeAddresses", "AssociateAddress"},
    "seated public-ip": {
        "DescribeAddresses",
        "DescribeNetworkInterfaces",
        "AssociateAddress",
        "AssignPrivateIpAddresses",
    },
    "private-ip": {"DescribeNetworkInterfaces", "AssignPrivateIpAddresses"},
    "private-ip IPv6": {
        "DescribeNetworkInterfaces",
        "AssignIpv6Addresses",
        "UnassignIpv6Addresses",
    },
    "route": {"DescribeNetworkInterfaces", "DescribeRouteTables", "ReplaceRoute", "CreateRoute"},
    "everything": {*READS, *WRITES} - {"DescribeInstanceTypes"},
}


def statements(document: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(document)["Statement"]
    return found


def actions(document: str) -> set[str]:
    return {action for statement in statements(document) for action in statement["Action"]}


def test_the_file_knows_every_operation_and_no_other() -> None:
    assert set(catalogue()) == {f"ec2:{name}" for name in READS + WRITES} | {"sts:AssumeRole"}
    text = files("cloudfail_aws").joinpath("permissions.json").read_text()
    assert json.loads(text).keys() == catalogue().keys()


@pytest.mark.parametrize("name", SETS)
def test_only_the_actions_that_these_claims_need_are_granted(name: str) -> None:
    documents = policy(SETS[name], AwsSettings())
    wanted = {f"ec2:{operation}" for operation in NEEDED[name]}
    assert actions(documents["write"]) == wanted
    assert actions(documents["read"]) == {a for a in wanted if a.startswith("ec2:Describe")}


def test_check_needs_more_and_it_is_listed_apart() -> None:
    extra = [p for p in SPEC.permissions([PRIVATE]) if p.method == "check"]
    assert [p.action for p in extra] == ["ec2:DescribeInstanceTypes"]


def test_every_permission_says_what_for() -> None:
    listed = SPEC.permissions([*SETS["everything"], FOREIGN])
    assert {p.action for p in listed} == set(catalogue())
    assert {p.action for p in listed if p.write} == {f"ec2:{name}" for name in WRITES}
    assert all(p.why and p.method for p in listed)


def resources(document: str, sid: str) -> Any:
    (found,) = (s["Resource"] for s in statements(document) if s["Sid"] == sid)
    return found


def test_resources_are_as_narrow_as_what_is_known() -> None:
    known = msgspec.structs.replace(VIP, resource_id="eipalloc-1")
    document = policy([known, OLD], AwsSettings(region=REGION))["write"]
    here = f"arn:aws:ec2:{REGION}:*"
    assert resources(document, "AssociateAddressElasticIp") == f"{here}:elastic-ip/eipalloc-1"
    assert resources(document, "AssociateAddressNetworkInterface") == f"{here}:network-interface/*"
    assert resources(document, "ReplaceRoute") == f"{here}:route-table/rtb-1"
    look = next(s for s in statements(document) if s["Sid"] == "Look")
    assert look["Condition"] == {"StringEquals": {"ec2:Region": REGION}}


def test_an_address_without_an_allocation_id_is_bound_by_a_condition() -> None:
    known = msgspec.structs.replace(SEATED, resource_id="eipalloc-1")
    found = statements(policy([VIP, known], AwsSettings())["write"])
    by_address = next(s for s in found if s["Sid"] == "AssociateAddressElasticIpByAddress")
    assert by_address["Condition"] == {"StringEquals": {"ec2:PublicIpAddress": "203.0.113.7"}}
    assert by_address["Resource"] == "arn:aws:ec2:*:*:elastic-ip/*"


@pytest.mark.parametrize(
    ("region", "partition"),
    [
        ("cn-north-1", "aws-cn"),
        ("us-gov-west-1", "aws-us-gov"),
        ("eu-isoe-west-1", "aws-iso-e"),
        ("eu-west-1", "aws"),
    ],
)
def test_china_and_govcloud_are_partitions_of_their_own(region: str, partition: str) -> None:
    document = policy([OLD], AwsSettings(region=region))["write"]
    assert resources(document, "ReplaceRoute").startswith(f"arn:{partition}:ec2:{region}:")


def test_a_table_elsewhere_is_in_the_document_of_its_role() -> None:
    documents = policy([VIP, FOREIGN], AwsSettings(region=REGION))
    assert "ec2:ReplaceRoute" not in actions(documents["write"])
    assert resources(documents["write"], "AssumeRole") == FOREIGN.role_arn
    there = documents[FOREIGN.role_arn]
    assert actions(there) == {"ec2:DescribeRouteTables", "ec2:ReplaceRoute", "ec2:CreateRoute"}
    arn = f"arn:aws:ec2:{REGION}:210987654321:route-table/rtb-9"
    assert resources(there, "ReplaceRoute") == arn


def test_with_a_role_for_everything_the_node_itself_may_only_assume_it() -> None:
    arn = "arn:aws:iam::123456789012:role/failover"
    documents = policy([OLD], AwsSettings(role_arn=arn))
    assert actions(documents["read"]) == actions(documents["write"]) == {"sts:AssumeRole"}
    role = documents[arn]
    assert resources(role, "ReplaceRoute") == "arn:aws:ec2:*:123456789012:route-table/rtb-1"


@pytest.mark.parametrize("region", ["", REGION])
@pytest.mark.parametrize("name", [*SETS, "foreign"])
def test_every_document_is_clean_under_parliament(name: str, region: str) -> None:
    claims = SETS.get(name, (VIP, FOREIGN))
    for document in policy(claims, AwsSettings(region=region)).values():
        analyzed = parliament.analyze_policy_string(document)
        assert [str(finding) for finding in analyzed.findings] == []


# Proven: the embedded cloud judges each request by moto's own evaluator.


@pytest.fixture
def enforced(cloud: EmbeddedAws) -> Iterator[EmbeddedAws]:
    yield cloud
    cloud.relax_iam()


def here(claims: Sequence[Claim], cloud: EmbeddedAws, *, by_id: bool) -> list[Claim]:
    """Return the claims with the ids of this cloud."""
    found: list[Claim] = []
    for claim in claims:
        if isinstance(claim, Route):
            found.append(msgspec.structs.replace(claim, table=cloud.built.tables["t"]))
        elif isinstance(claim, PublicIp) and by_id:
            allocation = cloud.built.public_ips[str(claim.address)]
            found.append(msgspec.structs.replace(claim, resource_id=allocation))
        else:
            found.append(claim)
    return found


def failover(node_of: NodeMaker, claims: Sequence[Claim]) -> Outcome:
    run = ready_run()
    node = node_of("a", before_write=run.before_write, on_call=run.on_call)
    return promote(node.provider, claims, run)


def prepare(cloud: EmbeddedAws) -> None:
    """Put the seated address elsewhere: then it has to be moved, not only dragged along."""
    cloud.client().associate_address(
        AllocationId=cloud.built.public_ips["203.0.113.8"],
        NetworkInterfaceId=cloud.built.nodes["b"].interface_id,
        PrivateIpAddress=cloud.built.nodes["b"].address,
        AllowReassociation=True,
    )


@pytest.mark.parametrize("by_id", [True, False], ids=["by-id", "by-address"])
@pytest.mark.parametrize("name", SETS)
def test_the_policy_is_enough_for_a_failover(
    name: str, by_id: bool, enforced: EmbeddedAws, node_of: NodeMaker
) -> None:
    claims = here(SETS[name], enforced, by_id=by_id)
    document = policy(claims, AwsSettings(region=REGION))["write"]
    enforced.enforce_iam([json.loads(document)])
    outcome = failover(node_of, claims)
    assert [result.error for result in outcome.results] == [None] * len(claims)


def without(document: str, action: str) -> Mapping[str, Any]:
    """Return the document less one action, with any resource: only actions count here."""
    kept = []
    for statement in statements(document):
        left = [one for one in statement["Action"] if one != action]
        if left:
            kept.append({"Effect": "Allow", "Action": left, "Resource": "*"})
    return {"Version": "2012-10-17", "Statement": kept}


@pytest.mark.parametrize(
    ("name", "operation"),
    [(name, operation) for name in SETS for operation in sorted(NEEDED[name])],
)
def test_no_action_of_the_policy_can_be_left_out(
    name: str, operation: str, enforced: EmbeddedAws, node_of: NodeMaker
) -> None:
    prepare(enforced)
    claims = here(SETS[name], enforced, by_id=False)
    action = f"ec2:{operation}"
    document = policy(claims, AwsSettings())["write"]
    enforced.enforce_iam([without(document, action)])
    assert action in _denial(node_of, claims)


def _denial(node_of: NodeMaker, claims: Sequence[Claim]) -> str:
    try:
        outcome = failover(node_of, claims)
    except CloudfailError as error:
        return str(error)
    assert outcome.exit_code != 0
    return " ".join(str(result.error) for result in outcome.results)


def test_reading_needs_no_more_than_the_read_document(
    enforced: EmbeddedAws, node_of: NodeMaker
) -> None:
    claims = here(SETS["everything"], enforced, by_id=False)
    document = policy(claims, AwsSettings(region=REGION))["read"]
    enforced.enforce_iam([json.loads(document)])
    holdings = node_of("a").provider.observe(claims)
    assert {holding.obstacle for holding in holdings} == {""}


def test_a_role_elsewhere_needs_no_more_than_its_own_document(
    enforced: EmbeddedAws, node_of: NodeMaker
) -> None:
    arn = f"arn:aws:iam::{enforced.built.account}:role/network"
    claims = [
        msgspec.structs.replace(claim, role_arn=arn)
        for claim in here((OLD, NEW), enforced, by_id=True)
        if isinstance(claim, Route)
    ]
    documents = {k: [json.loads(v)] for k, v in policy(claims, AwsSettings()).items()}
    enforced.enforce_iam(documents["write"], {arn: documents[arn]})
    assert [result.error for result in failover(node_of, claims).results] == [None, None]


def test_every_partition_of_the_sdk_is_known() -> None:
    path = files("cloudfail_aws") / "sdk_model" / "data" / "partitions.json"
    known = json.loads(path.read_bytes())["partitions"]
    for partition in known:
        region = next(name for name in partition["regions"] if not name.endswith("global"))
        assert partition_of(region) == partition["id"]
        outputs = partition["outputs"]
        assert {outputs["dnsSuffix"], outputs["dualStackDnsSuffix"]} <= set(DNS_SUFFIXES)
