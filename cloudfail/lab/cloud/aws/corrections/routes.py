"""Routes: a DryRun changes nothing, a destination has one route, a dead target is a blackhole."""

from __future__ import annotations

import ipaddress
from typing import Any

from cloudfail.lab.cloud.aws.corrections.rule import override, param, refuse, rule


def install() -> None:
    from moto.ec2.models.route_tables import Route
    from moto.ec2.responses import EC2Response

    override(
        EC2Response,
        create_route=honour_dry_run(refuse_duplicate_route(EC2Response.create_route)),
        replace_route=honour_dry_run(EC2Response.replace_route),
        delete_route=honour_dry_run(EC2Response.delete_route),
        describe_route_tables=honour_dry_run(EC2Response.describe_route_tables),
    )
    override(Route, state=property(state_of), instance_id=property(instance_of))


@rule(moto="executes route calls although DryRun is set")
def honour_dry_run(method: Any) -> Any:
    """A DryRun of a route call answers DryRunOperation, and changes nothing."""

    def checked(response: Any) -> Any:
        table = param(response, "RouteTableId")
        if table:
            response.ec2_backend.get_route_table(table)
        response.error_on_dryrun()
        return method(response)

    return checked


@rule(moto="replaces the route when the target is an interface")
def refuse_duplicate_route(method: Any) -> Any:
    """CreateRoute refuses a destination that the table has: RouteAlreadyExists."""

    def checked(response: Any) -> Any:
        table = response.ec2_backend.get_route_table(param(response, "RouteTableId"))
        asked = _destination(
            param(response, "DestinationCidrBlock"), param(response, "DestinationIpv6CidrBlock")
        )
        for route in table.routes:
            has = _destination(route.destination_cidr_block, route.destination_ipv6_cidr_block)
            if asked and asked == has:
                refuse(
                    "RouteAlreadyExists",
                    f"The route identified by {asked} already exists.",
                )
        return method(response)

    return checked


@rule(moto="calls every route active")
def state_of(route: Any) -> str:
    """A route whose interface is gone, or whose instance does not run, is a blackhole."""
    eni = route.interface
    if eni is None:
        return "active"
    ec2 = route.route_table.ec2_backend
    runs = eni.instance is not None and eni.instance._state.name == "running"  # noqa: SLF001
    return "active" if runs and eni.id in ec2.enis else "blackhole"


@rule(moto="does not name the instance behind a route's interface")
def instance_of(route: Any) -> str | None:
    """DescribeRouteTables names the instance that the route's interface is attached to."""
    holder = route.instance or (route.interface.instance if route.interface else None)
    return None if holder is None else str(holder.id)


def _destination(ipv4: str | None, ipv6: str | None) -> Any:
    block = ipv4 or ipv6
    return ipaddress.ip_network(block, strict=False) if block else None
