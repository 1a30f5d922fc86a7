"""Would these lanes work? Asked of EC2 without changing anything."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from cloudfail.errors import ProviderError
from cloudfail.model import Finding, Lane, Node, Severity, Step

from cloudfail_aws.api import Api
from cloudfail_aws.egress import default_route, leaves_without_public_ip
from cloudfail_aws.execute import role_of, subject_of
from cloudfail_aws.look import Looker, Read, in_parallel
from cloudfail_aws.objects import Interface, RouteTable

DRY_RUNS = frozenset({"AssociateAddress", "ReplaceRoute", "CreateRoute"})
_ROUTES = frozenset({"ReplaceRoute", "CreateRoute"})
_SLOTS = {"AssignPrivateIpAddresses": "PrivateIpAddresses", "AssignIpv6Addresses": "Ipv6Addresses"}


def check_lanes(api: Api, looker: Looker, node: Node, lanes: Sequence[Lane]) -> list[Finding]:
    """Return a finding for everything that was proven, disproven, or could not be proven."""
    steps = [step for lane in lanes for step in lane.steps]
    reads: dict[str, Read] = {
        f"dry-run {number}": partial(_rehearse, api, step) for number, step in enumerate(steps)
    }
    reads["interface"] = partial(looker.interfaces, {"network-interface-id": [node.ref]})
    reads["tables"] = partial(_own_tables, looker, node)
    answers, failures = in_parallel(reads)
    found = [
        finding
        for name in reads
        if name in answers and name.startswith("dry")
        for finding in answers[name]
    ]
    found += [_unproven(name, error) for name, error in failures.items()]
    for nic in answers.get("interface", ()):
        found += _source_dest_check(nic, steps)
        found += _slots(api, node, nic, steps)
        found += _egress(nic, node, steps, answers.get("tables"))
    found += _replies(steps, answers.get("tables"))
    return found


def _rehearse(api: Api, step: Step) -> list[Finding]:
    """Let EC2 check permission and parameters where the call can: DryRun."""
    subject = f"{step.call} on {subject_of(step)}"
    if step.call not in DRY_RUNS:
        return [
            Finding(
                severity=Severity.WARNING,
                subject=subject,
                message=f"unproven: {step.call} has no DryRun",
                remedy=f"make sure that ec2:{step.call} is allowed; see `cloudfail policy aws`",
            )
        ]
    try:
        api.call(
            step.call,
            {**step.params, "DryRun": True},
            role_arn=role_of(step),
            subject=subject_of(step),
        )
    except ProviderError as error:
        if error.code != "DryRunOperation":
            remedy = "mend it now: promote would fail the same way"
            return [_finding(Severity.ERROR, subject, str(error), remedy)]
    return [_finding(Severity.OK, subject, "EC2 says it would have succeeded (DryRun)")]


def _source_dest_check(nic: Interface, steps: Sequence[Step]) -> Iterator[Finding]:
    if not any(step.call in _ROUTES for step in steps):
        return
    if nic.source_dest_check:
        remedy = (
            "aws ec2 modify-network-interface-attribute --network-interface-id "
            f"{nic.interface_id} --no-source-dest-check"
        )
        message = "the source/destination check is on: EC2 drops what is routed through this node"
        yield _finding(Severity.ERROR, nic.interface_id, message, remedy)
    else:
        yield _finding(Severity.OK, nic.interface_id, "the source/destination check is off")


def _slots(api: Api, node: Node, nic: Interface, steps: Sequence[Step]) -> Iterator[Finding]:
    more: Counter[str] = Counter()
    for step in steps:
        if step.call in _SLOTS:  # one call a holder, for IPv6
            more[step.call] += len(step.params[_SLOTS[step.call]])
    if not more:
        return
    kind = node.facts.get("instance_type", "")
    if not kind:
        yield _unproven("free address slots", "the instance type is not known here")
        return
    try:
        answer = api.call("DescribeInstanceTypes", {"InstanceTypes": [kind]}, subject=kind)
    except ProviderError as error:
        yield _unproven("free address slots", error)
        return
    kinds: Sequence[Mapping[str, Any]] = answer.get("InstanceTypes", [])
    limits = kinds[0].get("NetworkInfo", {}) if kinds else {}
    for call, version, key in (
        ("AssignPrivateIpAddresses", 4, "Ipv4AddressesPerInterface"),
        ("AssignIpv6Addresses", 6, "Ipv6AddressesPerInterface"),
    ):
        if call in more:
            used = sum(address.version == version for address in nic.addresses)
            yield _room(nic, used + more[call], int(limits.get(key, 0)), f"IPv{version}", kind)


def _room(nic: Interface, wanted: int, most: int, family: str, kind: str) -> Finding:
    if not most:
        return _unproven("free address slots", f"EC2 does not say how many a {kind} has")
    text = f"{wanted} of {most} {family} addresses that a {kind} takes would be in use"
    if wanted <= most:
        return _finding(Severity.OK, nic.interface_id, text)
    remedy = "free an address on the interface, or use a larger instance type"
    return _finding(Severity.ERROR, nic.interface_id, text, remedy)


def _egress(
    nic: Interface, node: Node, steps: Sequence[Step], tables: Sequence[RouteTable] | None
) -> Iterator[Finding]:
    """Say whether this node still reaches EC2 once a peer has taken the Elastic IP back."""
    seats = [s.params["PrivateIpAddress"] for s in steps if s.call == "AssociateAddress"]
    primary = node.facts.get("primary", "")
    if primary not in seats:
        return
    subject = f"way of {node.ref} to the EC2 API"
    if tables is None:
        yield _unproven(subject, "the subnet's route table could not be read")
        return
    way = default_route(tables)
    if leaves_without_public_ip(way, node):
        holder = way.holder if way is not None else ""
        yield _finding(Severity.OK, subject, f"proven: its subnet leaves through {holder}")
        return
    displaced = next((str(p) for a, p in nic.public.items() if str(a) == primary), "none")
    yield _finding(
        Severity.WARNING,
        subject,
        f"not proven: {primary} leaves by its public address (now: {displaced}), which the claimed "
        "one displaces; when a peer takes that back, the node is left without any",
        "make a VPC endpoint for EC2, or put the claimed address on a secondary private_address; "
        "a NAT gateway is no help, since an Elastic IP does not answer behind one",
    )


def _replies(steps: Sequence[Step], tables: Sequence[RouteTable] | None) -> Iterator[Finding]:
    """Say when whoever asks an Elastic IP would get no answer from it.

    Behind NAT packets come in by the internet gateway and answers leave from another address:
    "Public and private subnets" in AWS's VPC_Internet_Gateway.
    """
    way = default_route(tables or ())
    takes = [step for step in steps if step.call == "AssociateAddress"]
    if not takes or way is None or not way.holder.startswith("nat-"):
        return
    yield _finding(
        Severity.WARNING,
        f"answers from {subject_of(takes[0])}",
        f"this node's subnet leaves through {way.holder}: an Elastic IP does not answer there",
        "let the subnet's default route lead to the internet gateway, and make a VPC endpoint for "
        "EC2",
    )


def _own_tables(looker: Looker, node: Node) -> Sequence[RouteTable]:
    subnet, vpc = node.facts.get("subnet_id", ""), node.facts.get("vpc_id", "")
    explicit = looker.tables({"association.subnet-id": [subnet]})
    return explicit or looker.tables({"association.main": ["true"], "vpc-id": [vpc]})


def _unproven(subject: str, why: object) -> Finding:
    return _finding(Severity.WARNING, subject, f"unproven: {why}")


def _finding(severity: Severity, subject: str, message: str, remedy: str = "") -> Finding:
    return Finding(severity=severity, subject=subject, message=message, remedy=remedy)
