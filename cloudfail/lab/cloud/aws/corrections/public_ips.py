"""Elastic IPs: one sits on one private address of one interface, and there is one on each."""

from __future__ import annotations

from ipaddress import IPv4Network
from typing import Any

from cloudfail.lab.cloud.aws.corrections.names import (
    refuse_unknown_addresses,
    refuse_unknown_allocations,
)
from cloudfail.lab.cloud.aws.corrections.rule import flag, override, param, refuse, rule

_POOL = IPv4Network("203.0.113.0/24")  # TEST-NET-3: nobody's, and the lab's router knows it


def install() -> None:
    from moto.ec2.models.elastic_ip_addresses import ElasticAddress
    from moto.ec2.responses import EC2Response

    override(
        EC2Response,
        associate_address=associate_address,
        disassociate_address=then_show(EC2Response.disassociate_address),
        release_address=then_show(EC2Response.release_address),
    )
    override(
        ElasticAddress,
        __init__=from_a_pool(ElasticAddress.__init__),
        private_ip_address=property(private_address_of),
        network_interface_id=property(interface_of),
        instance_id=property(instance_of),
    )


def associate_address(response: Any) -> Any:
    """AssociateAddress as EC2 does it, in place of moto's."""
    from moto.core.responses import ActionResult

    ec2 = response.ec2_backend
    eip = _address(response)
    eni = _interface(response)
    private = private_address_asked(response, eni)
    response.error_on_dryrun()
    if not reassociation_allowed(response):
        _refuse_what_is_taken(ec2, eip, eni, private)
    displace(ec2, eip, eni, private)
    if (eip.eni, private_address_of(eip)) != (eni, private) or not eip.association_id:
        _place(eip, eni, private)
    show(ec2)
    return ActionResult({"AssociationId": eip.association_id})


@rule(moto="allocates loopback addresses, which no client can send to")
def from_a_pool(method: Any) -> Any:
    """AllocateAddress gives a public address that no other Elastic IP has."""

    def allocated(eip: Any, ec2: Any, domain: str, address: Any = None, tags: Any = None) -> None:
        taken = {other.public_ip for other in ec2.addresses}
        free_ones = (str(one) for one in _POOL.hosts() if str(one) not in taken)
        method(eip, ec2, domain, address or next(free_ones, None), tags)

    return allocated


@rule(moto="refuses to move an EIP unless AllowReassociation is true")
def reassociation_allowed(response: Any) -> bool:
    """Reassociation is automatic; only an explicit AllowReassociation=false prevents it."""
    return flag(response, "AllowReassociation", default=True)


@rule(moto="takes the first interface of an instance that has several")
def only_interface_of(instance: Any) -> Any:
    """AssociateAddress by InstanceId needs an instance with exactly one interface.

    Code and message as in hashicorp/terraform #31744 and cilium/cilium #39654.
    """
    if len(instance.nics) > 1:
        refuse(
            "InvalidInstanceID",
            f"There are multiple interfaces attached to instance '{instance.id}'. "
            "Please specify an interface ID for the operation instead.",
        )
    return instance.nics[0]


@rule(moto="ignores PrivateIpAddress: an EIP is always on the primary address")
def private_address_asked(response: Any, eni: Any) -> str:
    """PrivateIpAddress names the address that the EIP sits on: one that the interface has."""
    asked = param(response, "PrivateIpAddress") or eni.private_ip_address
    if asked not in [item["PrivateIpAddress"] for item in eni.private_ip_addresses]:
        refuse(
            "InvalidParameterValue",
            f"The private IP address {asked} is not assigned to the interface {eni.id}",
        )
    return str(asked)


@rule(moto="leaves two EIPs on one private address")
def displace(ec2: Any, eip: Any, eni: Any, private: str) -> None:
    """An EIP takes the place of another on that private address, which stays allocated."""
    for other in ec2.addresses:
        if other is not eip and other.eni is eni and private_address_of(other) == private:
            free(other)


def private_address_of(eip: Any) -> str | None:
    if eip.eni is None:
        return None
    chosen: str | None = getattr(eip, "lab_private_address", None)
    return chosen or eip.eni.private_ip_address


@rule(moto="shows an empty interface id for an EIP that nobody holds")
def interface_of(eip: Any) -> str | None:
    """DescribeAddresses leaves out the interface and instance of an EIP that nobody holds."""
    return None if eip.eni is None else str(eip.eni.id)


def instance_of(eip: Any) -> str | None:
    return None if eip.instance is None else str(eip.instance.id)


def free(eip: Any) -> None:
    """Nobody holds it any more; it stays allocated."""
    eip.eni = eip.instance = eip.association_id = None
    eip.lab_private_address = None


def show(ec2: Any) -> None:
    """Write each EIP onto the private address that it sits on, where describes look for it."""
    for eni in ec2.enis.values():
        eni.public_ip = None
        for item in eni.private_ip_addresses:
            item.pop("Association", None)
    for eip in ec2.addresses:
        if eip.eni is not None:
            _show_on(eip.eni, eip)


def then_show(method: Any) -> Any:
    """Moto's own method of a response, followed by `show`."""

    def shown(response: Any) -> Any:
        result = method(response)
        for eip in response.ec2_backend.addresses:
            if eip.eni is None:
                free(eip)
        show(response.ec2_backend)
        return result

    return shown


def _show_on(eni: Any, eip: Any) -> None:
    private = private_address_of(eip)
    if private == eni.private_ip_address:
        eni.public_ip = eip.public_ip
    for item in eni.private_ip_addresses:
        if item["PrivateIpAddress"] == private:
            item["Association"] = {
                "AllocationId": eip.allocation_id,
                "AssociationId": eip.association_id,
                "IpOwnerId": eni.owner_id,
                "PublicIp": eip.public_ip,
            }


def _address(response: Any) -> Any:
    ec2 = response.ec2_backend
    allocation, public = param(response, "AllocationId"), param(response, "PublicIp")
    if allocation:
        refuse_unknown_allocations(ec2, [allocation])
        return ec2.address_by_allocation([allocation])[0]
    if not public:
        refuse("MissingParameter", "Either public IP or allocation id must be specified")
    refuse_unknown_addresses(ec2, [public])
    return ec2.address_by_ip([public])[0]


def _interface(response: Any) -> Any:
    ec2 = response.ec2_backend
    interface, instance = param(response, "NetworkInterfaceId"), param(response, "InstanceId")
    if interface:
        return ec2.get_network_interface(interface)
    if not instance:
        refuse("MissingParameter", "Either instance id or network interface id must be specified")
    return only_interface_of(ec2.get_instance(instance))


def _refuse_what_is_taken(ec2: Any, eip: Any, eni: Any, private: str) -> None:
    """Messages as in ansible/ansible #27385 and aws-quickstart/quickstart-linux-bastion #21."""
    if eip.eni is not None and (eip.eni, private_address_of(eip)) != (eni, private):
        refuse(
            "Resource.AlreadyAssociated",
            f"resource {eip.allocation_id} is already associated with associate-id "
            f"{eip.association_id}",
        )
    for other in ec2.addresses:
        if other is not eip and other.eni is eni and private_address_of(other) == private:
            refuse(
                "Resource.AlreadyAssociated",
                f"resource {eni.id} and {private} is already associated with public address "
                f"{other.public_ip}",
            )


def _place(eip: Any, eni: Any, private: str) -> None:
    from moto.ec2.utils import random_eip_association_id

    eip.eni, eip.instance = eni, eni.instance
    eip.lab_private_address = private
    eip.association_id = random_eip_association_id()
