"""Every method of Compute that this provider calls, and how often a project may.

Source of the limits: compute/docs/api/rate-limits. A quota is a minute's; it is refilled as the
next minute begins.
"""

from __future__ import annotations

import msgspec
from cloudfail.throttle import Limit


class Method(msgspec.Struct, frozen=True):
    """`client` is a client of the SDK, or `Rest`; `call` its method, `group` the quota."""

    client: str
    call: str
    group: str
    mutating: bool = False


METHODS = {
    "forwardingRules.list": Method("ForwardingRulesClient", "list", "lists"),
    "forwardingRules.setTarget": Method(
        "ForwardingRulesClient", "set_target_unary", "queries", mutating=True
    ),
    "routes.list": Method("RoutesClient", "list", "lists"),
    "routes.get": Method("RoutesClient", "get", "reads"),
    "routes.insert": Method("RoutesClient", "insert_unary", "queries", mutating=True),
    "routes.delete": Method("RoutesClient", "delete_unary", "queries", mutating=True),
    "routes.testIamPermissions": Method("RoutesClient", "test_iam_permissions", "queries"),
    "addresses.testIamPermissions": Method("AddressesClient", "test_iam_permissions", "queries"),
    "addresses.list": Method("AddressesClient", "list", "lists"),
    "subnetworks.testIamPermissions": Method(
        "SubnetworksClient", "test_iam_permissions", "queries"
    ),
    "subnetworks.get": Method("SubnetworksClient", "get", "reads"),
    "routers.list": Method("RoutersClient", "list", "lists"),
    "instances.get": Method("InstancesClient", "get", "reads"),
    "instances.updateNetworkInterface": Method("Rest", "patch", "queries", mutating=True),
    "instances.addAccessConfig": Method(
        "InstancesClient", "add_access_config_unary", "queries", mutating=True
    ),
    "instances.deleteAccessConfig": Method(
        "InstancesClient", "delete_access_config_unary", "queries", mutating=True
    ),
    "instances.testIamPermissions": Method("InstancesClient", "test_iam_permissions", "queries"),
    "instances.aggregatedList": Method("InstancesClient", "aggregated_list", "lists"),
    "targetInstances.aggregatedList": Method("TargetInstancesClient", "aggregated_list", "lists"),
    "targetInstances.testIamPermissions": Method(
        "TargetInstancesClient", "test_iam_permissions", "queries"
    ),
    "zoneOperations.list": Method("Rest", "list", "lists"),
    "zoneOperations.wait": Method("Rest", "wait", "operation-reads"),
    "regionOperations.list": Method("Rest", "list", "lists"),
    "regionOperations.wait": Method("Rest", "wait", "operation-reads"),
    "globalOperations.list": Method("Rest", "list", "lists"),
    "globalOperations.wait": Method("Rest", "wait", "operation-reads"),
}
# Of operations, `collection.type`: those that this provider begins, and so may find under way.
BEGUN = frozenset(name.lower() for name, method in METHODS.items() if method.mutating)
LIMIT = Limit(capacity=1500, refill=25)


def is_mutating(verb: str, path: str) -> bool:
    """True unless the HTTP request is known only to look."""
    return verb != "GET" and not path.endswith(("/wait", "/testIamPermissions"))
