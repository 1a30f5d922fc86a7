"""Doing a step: one mutating call, and the answers of EC2 that mean "done already"."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from ipaddress import ip_network

from cloudfail.errors import ConflictError, ProviderError
from cloudfail.model import Route, Step

from cloudfail_aws.api import Api
from cloudfail_aws.objects import Interface, RouteTable

_RELEASED_WORDS = ("not mapped", "not assigned", "not associated", "does not exist", "some of")


def execute(api: Api, step: Step) -> None:
    """Send the step's request. Safe to repeat. Raises what `Writer.execute` allows."""
    do = _HANDLERS.get(step.call)
    if do is None:
        raise ProviderError(f"AWS has no step {step.call!r}: the plan was made by another provider")
    do(api, step)


def subject_of(step: Step) -> str:
    """Name the object of a step's call, for messages."""
    params = step.params
    if "RouteTableId" in params:
        return f"{params['RouteTableId']} {_destination(step)}"
    return str(params.get("AllocationId") or params.get("NetworkInterfaceId", ""))


def role_of(step: Step) -> str:
    """Return the role that the step's claim names; empty: the settings' own."""
    return next((claim.role_arn for claim in step.claims if isinstance(claim, Route)), "")


def _call(api: Api, step: Step) -> None:
    api.call(step.call, step.params, role_arn=role_of(step), subject=subject_of(step))


def _replace_route(api: Api, step: Step) -> None:
    """Replace; when the route is gone, create it.

    EC2 answers a ReplaceRoute without a route with InvalidParameterValue, not with NotFound.
    """
    try:
        _call(api, step)
    except ProviderError as error:
        if not _is_absent(error):
            raise
        _create_route(api, step)


def _create_route(api: Api, step: Step) -> None:
    """Create; a route that is there after all is done if it points here, else a conflict.

    It is not replaced: nobody has looked whose it is, and it may be a stranger's.
    """
    try:
        api.call("CreateRoute", step.params, role_arn=role_of(step), subject=subject_of(step))
    except ProviderError as error:
        if error.code != "RouteAlreadyExists":
            raise
        if _points_here(api, step):
            return
        raise ConflictError(
            f"{subject_of(step)}: somebody created the route meanwhile: look again",
            code=error.code,
            request_id=error.request_id,
        ) from error


def _points_here(api: Api, step: Step) -> bool:
    filters = [{"Name": "route-table-id", "Values": [step.params["RouteTableId"]]}]
    answer = api.call("DescribeRouteTables", {"Filters": filters}, role_arn=role_of(step))
    wanted = ip_network(_destination(step))
    found = [RouteTable.read(table).route(wanted) for table in answer.get("RouteTables", [])]
    return any(route and route.holder == step.params["NetworkInterfaceId"] for route in found)


def _is_absent(error: ProviderError) -> bool:
    if error.code == "InvalidRoute.NotFound":
        return True
    return error.code == "InvalidParameterValue" and "no route" in str(error).lower()


def _release_ipv6(api: Api, step: Step) -> None:
    try:
        _call(api, step)
    except ProviderError as error:
        if error.code == "InvalidNetworkInterfaceID.NotFound":
            return
        text = str(error).lower()
        if error.code.startswith("Invalid") and any(word in text for word in _RELEASED_WORDS):
            return
        raise


def _assign_ipv6(api: Api, step: Step) -> None:
    try:
        _call(api, step)
    except ProviderError as error:
        if not error.code.startswith("Invalid"):
            raise
        if _has_all(api, step):
            return
        raise ConflictError(
            f"{error}; somebody else took the address meanwhile: look again",
            code=error.code,
            request_id=error.request_id,
        ) from error


def _has_all(api: Api, step: Step) -> bool:
    interface_id = step.params["NetworkInterfaceId"]
    filters = [{"Name": "network-interface-id", "Values": [interface_id]}]
    answer = api.call("DescribeNetworkInterfaces", {"Filters": filters})
    here = [Interface.read(nic).addresses for nic in answer.get("NetworkInterfaces", [])]
    texts = {str(address) for addresses in here for address in addresses}
    return texts.issuperset(step.params["Ipv6Addresses"])


def _destination(step: Step) -> str:
    params = step.params
    return str(params.get("DestinationCidrBlock") or params.get("DestinationIpv6CidrBlock", ""))


_HANDLERS: Mapping[str, Callable[[Api, Step], None]] = {
    "AssociateAddress": _call,
    "AssignPrivateIpAddresses": _call,
    "UnassignIpv6Addresses": _release_ipv6,
    "AssignIpv6Addresses": _assign_ipv6,
    "ReplaceRoute": _replace_route,
    "CreateRoute": _create_route,
}
