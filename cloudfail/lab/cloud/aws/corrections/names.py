"""Which ids a NotFound names: the missing ones, as EC2 writes them."""

from __future__ import annotations

from typing import Any

from cloudfail.lab.cloud.aws.corrections.rule import override, param, refuse, rule


def install() -> None:
    from moto.ec2.responses import EC2Response

    override(EC2Response, describe_addresses=name_the_missing(EC2Response.describe_addresses))


@rule(moto="names all ids that were asked for, as a Python list")
def name_the_missing(method: Any) -> Any:
    """NotFound of an EIP names the missing allocation ids or addresses."""

    def checked(response: Any) -> Any:
        ec2 = response.ec2_backend
        response.error_on_dryrun()
        refuse_unknown_allocations(ec2, param(response, "AllocationIds", []))
        refuse_unknown_addresses(ec2, param(response, "PublicIps", []))
        return method(response)

    return checked


def refuse_unknown_allocations(ec2: Any, asked: list[str]) -> None:
    known = {eip.allocation_id for eip in ec2.addresses}
    missing = [item for item in asked if item not in known]
    if len(missing) == 1:
        refuse("InvalidAllocationID.NotFound", f"The allocation ID '{missing[0]}' does not exist")
    if missing:
        refuse(
            "InvalidAllocationID.NotFound",
            f"The allocation IDs '{', '.join(missing)}' do not exist",
        )


def refuse_unknown_addresses(ec2: Any, asked: list[str]) -> None:
    known = {eip.public_ip for eip in ec2.addresses}
    for item in asked:
        if item not in known:
            refuse("InvalidAddress.NotFound", f"Address '{item}' not found.")
