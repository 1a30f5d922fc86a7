"""External addresses of network interfaces."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cloudfail.lab.cloud.gcp.addresses import find_address, users_of
from cloudfail.lab.cloud.gcp.answers import ComputeError, Json, invalid
from cloudfail.lab.cloud.gcp.links import region_of
from cloudfail.lab.cloud.gcp.nics import Seat
from cloudfail.lab.cloud.gcp.store import Store


def require_no_config(configs: Sequence[Any]) -> None:
    """Reference, NetworkInterface.accessConfigs: "only one access config [...] is supported"."""
    if configs:
        message = "At most one access config currently supported."
        raise ComputeError(400, message, "invalid", "INVALID_USAGE")


def require_config(configs: Sequence[Json], name: str) -> Json:
    """Reference, instances.deleteAccessConfig: "The name of the access config to delete"."""
    for config in configs:
        if config["name"] == name:
            return config
    raise invalid("accessConfig", name, "The access config was not found.")


def require_reserved(store: Store, seat: Seat, value: str) -> Json:
    """Reference, AccessConfig.natIP: "static external IP address available to the project".

    "it must live in the same region as the zone of the instance"
    """
    found = find_address(store, value)
    if found is None or found[1].get("addressType", "EXTERNAL") != "EXTERNAL":
        raise invalid("resource.natIP", value, "The specified external IP address was not found.")
    path, address = found
    region = region_of(seat.instance)
    if region_of(path) != region:
        why = f"The specified external IP address '{value}' was not found in region '{region}'."
        raise invalid("resource.natIP", value, why)
    return address


def require_unused(store: Store, value: str) -> None:
    """Reference, AccessConfig.natIP: "Specify an unused static external IP address"."""
    if users_of(store, value):
        why = "External IP address is already in-use."
        raise invalid("resource.natIP", value, why, "INVALID_USAGE")


def require_tier(config: Json, address: Json) -> None:
    """Reference, AccessConfig.networkTier.

    "it must match that of the networkTier associated with the Address resource owning that IP"
    """
    given, wanted = config.get("networkTier", "PREMIUM"), address.get("networkTier", "PREMIUM")
    if given != wanted:
        why = f"The network tier of the external IP address is {wanted}; they must match."
        raise invalid("resource.networkTier", given, why)
