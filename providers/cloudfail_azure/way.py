"""Whether this node still reaches ARM once a peer has taken the public address back."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address

from cloudfail.errors import CloudfailError
from cloudfail.model import Finding, Severity, Step

from cloudfail_azure.api import Api
from cloudfail_azure.egress import is_private
from cloudfail_azure.links import name_of
from cloudfail_azure.objects import Interface, Subnet


def way_findings(api: Api, step: Step, nic: Interface) -> Iterator[Finding]:
    """Say it for an address that this step puts on the primary ipConfiguration, the way out."""
    seats = {ip_address(one["privateIPAddress"]) for one in step.params.get("attach", ())}
    if nic.primary is None or nic.primary.address not in seats:
        return
    subject = f"way of {name_of(nic.id)} to Azure Resource Manager"
    if is_private(api.endpoint):
        message = f"proven: {api.endpoint} is inside of the network"
        yield Finding(severity=Severity.OK, subject=subject, message=message)
        return
    try:
        subnet = Subnet.read(api.call("subnets.get", nic.subnet).body)
    except CloudfailError as error:
        message = f"not proven: its subnet could not be read: {error}"
        yield Finding(severity=Severity.WARNING, subject=subject, message=message)
        return
    if subnet.nat:
        # virtual-network/nat-gateway: it takes precedence over an interface's own address.
        message = f"proven: its subnet leaves through the NAT gateway {name_of(subnet.nat)}"
        yield Finding(severity=Severity.OK, subject=subject, message=message)
        return
    displaced = name_of(nic.primary.public_ip) or "none"
    yield Finding(
        severity=Severity.WARNING,
        subject=subject,
        message=f"not proven: {nic.primary.address} leaves by its public address (now: "
        f"{displaced}), which the claimed one displaces; when a peer takes that back, only the "
        "subnet's default outbound access is left, if it has any",
        remedy="give the subnet a NAT gateway, or put the claimed address on a secondary "
        "ipConfiguration by private_address",
    )
